/* What the runner does with orders: the real program, spoken to as its scheduler does. */
#include "runner_bench.h"

#include <limits.h>

#include "base/buf.h"
#include "proc/excerpt.h"
#include "proc/outbox.h"

/* ---- held and released ---- */

static void
a_held_child_has_run_nothing_until_it_is_released(void **state)
{
	struct bench *b = *state;
	struct channel_message held = bench_hold(b, 1, "touch ran"), known, ended;
	char exe[512] = "", program[PATH_MAX];

	assert_true(held.pid > 1);
	bench_hello(b);
	known = bench_next(b);
	assert_int_equal(known.type, CHANNEL_KNOWN);
	assert_int_equal(known.phase, PHASE_HELD);
	assert_int_equal(known.pid, held.pid);
	assert_int_equal(bench_next(b).type, CHANNEL_READY);
	/* It is still the runner's program. */
	assert_true(readlink(arena_printf(&b->arena, "/proc/%d/exe", held.pid), exe,
			sizeof exe - 1) > 0);
	assert_non_null(realpath(b->program, program));
	assert_string_equal(exe, program);
	assert_false(bench_exists(b, "ran"));

	bench_order(b, CHANNEL_RELEASE, 1);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_true(ended.started);
	assert_int_equal(ended.exit_code, 0);
	assert_int_equal(ended.pid, held.pid);
	assert_int_equal(ended.pid_start_ticks, held.pid_start_ticks);
	assert_null(ended.reason);
	assert_true(bench_exists(b, "ran"));
}

static void
orders_that_come_twice_change_nothing_the_second_time(void **state)
{
	struct bench *b = *state;
	struct channel_message start =
	    bench_shell(b, 1, "echo x >> count; read x < gate; exit 4");
	struct channel_message held, again, ended;

	assert_int_equal(mkfifo(bench_path(b, "gate"), 0600), 0);
	bench_send(b, &start);
	bench_send(b, &start);
	held = bench_expect(b, CHANNEL_HELD, 1);
	again = bench_expect(b, CHANNEL_HELD, 1);
	assert_int_equal(held.pid, again.pid);

	bench_order(b, CHANNEL_RELEASE, 1);
	bench_order(b, CHANNEL_RELEASE, 1);
	bench_send(b, &start);
	again = bench_expect(b, CHANNEL_HELD, 1);
	assert_int_equal(held.pid, again.pid);
	bench_order(b, CHANNEL_FORGET, 1); /* it has not ended: not forgotten */
	close(open(bench_path(b, "gate"), O_WRONLY));
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 1).exit_code, 4);

	for (int i = 0; i < 2; i++) {
		bench_order(b, CHANNEL_RELEASE, 1);
		bench_order(b, CHANNEL_KILL, 1);
		bench_send(b, &start);
	}
	for (int i = 0; i < 6; i++) {
		ended = bench_expect(b, CHANNEL_ENDED, 1);
		assert_int_equal(ended.exit_code, 4);
		assert_false(ended.killed);
	}
	bench_order(b, CHANNEL_FORGET, 1);
	bench_order(b, CHANNEL_FORGET, 1);
	bench_order(b, CHANNEL_RELEASE, 1);
	bench_order(b, CHANNEL_KILL, 1);
	bench_hello(b);
	assert_int_equal(bench_next(b).type, CHANNEL_READY);
	assert_string_equal(bench_read(b, "count"), "x\n");
}

static void
a_held_one_that_is_killed_never_starts(void **state)
{
	struct bench *b = *state;
	struct channel_message ended;

	bench_hold(b, 1, "touch ran");
	bench_order(b, CHANNEL_KILL, 1);
	bench_order(b, CHANNEL_RELEASE, 1);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_false(ended.started);
	assert_true(ended.killed);
	assert_int_equal(ended.exit_code, -1);
	assert_string_equal(ended.reason, "stopped");
	assert_false(bench_exists(b, "ran"));
	/* The same attempt may then be made anew. */
	bench_order(b, CHANNEL_FORGET, 1);
	bench_run(b, 1, "touch ran");
	assert_true(bench_expect(b, CHANNEL_ENDED, 1).started);
	assert_true(bench_exists(b, "ran"));
}

static void
a_held_one_that_dies_at_its_gate_never_started(void **state)
{
	struct bench *b = *state;
	struct channel_message held = bench_hold(b, 1, "touch ran"), ended;

	kill(held.pid, SIGKILL);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	bench_order(b, CHANNEL_RELEASE, 1);
	assert_false(ended.started);
	assert_false(ended.killed);
	assert_string_equal(ended.reason, "ended before it was released");
	assert_false(bench_exists(b, "ran"));
}

/* ---- ends ---- */

static void
an_end_tells_code_signal_and_reason(void **state)
{
	static const struct {
		const char *script;
		int exit_code, signal;
		const char *reason;
	} cases[] = {
	    {"exit 0", 0, 0, NULL},
	    {"exit 3", 3, 0, "exit code 3"},
	    {"exit 255", 255, 0, "exit code 255"},
	    {"kill -TERM $$", -1, SIGTERM, "killed by signal 15"},
	    {"kill -KILL $$", -1, SIGKILL, "killed by signal 9"},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct channel_message ended;
		int64_t before_us = clock_wall_us();

		bench_run(b, i + 1, cases[i].script);
		ended = bench_expect(b, CHANNEL_ENDED, i + 1);
		assert_true(ended.started);
		assert_false(ended.killed || ended.timed_out);
		assert_int_equal(ended.exit_code, cases[i].exit_code);
		assert_int_equal(ended.signal, cases[i].signal);
		if (cases[i].reason)
			assert_string_equal(ended.reason, cases[i].reason);
		else
			assert_null(ended.reason);
		assert_in_range(ended.end_us, before_us, clock_wall_us());
	}
}

static char
state_of(struct bench *b, pid_t pid)
{
	char text[512] = "", *end;
	int fd = open(arena_printf(&b->arena, "/proc/%d/stat", pid), O_RDONLY);

	if (fd >= 0 && read(fd, text, sizeof text - 1) < 0)
		text[0] = '\0';
	close(fd);
	end = strrchr(text, ')');
	return end ? end[2] : '?';
}

static void
a_command_that_is_stopped_has_not_ended(void **state)
{
	struct bench *b = *state;
	pid_t pid = bench_run(b, 1, "kill -STOP $$; exit 1");

	WAIT_UNTIL(state_of(b, pid) == 'T');
	bench_hello(b);
	assert_int_equal(bench_next(b).phase, PHASE_RUNNING);
	kill(pid, SIGCONT);
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 1).exit_code, 1);
}

static void
what_cannot_be_run_never_started_and_tells_why(void **state)
{
	static const struct {
		const char *program, *cwd, *reason;
	} cases[] = {
	    {"/nonexistent/program", "/",
		"cannot run /nonexistent/program: No such file or directory"},
	    {"/etc", "/", "cannot run /etc: Permission denied"},
	    {"/etc/passwd", "/", "cannot run /etc/passwd: Permission denied"},
	    {"sh", "/", "cannot run sh: not an absolute path"},
	    {"", "/", "cannot run : not an absolute path"},
	    {NULL, "/", "cannot run nothing: not an absolute path"},
	    {"/bin/true", "/nonexistent",
		"cannot enter /nonexistent: No such file or directory"},
	    {"/bin/true", "/etc/passwd", "cannot enter /etc/passwd: Not a directory"},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct channel_message start = bench_shell(b, i + 1, ""), ended;

		start.argv[0] = cases[i].program;
		start.cwd = cases[i].cwd;
		bench_send(b, &start);
		bench_order(b, CHANNEL_RELEASE, i + 1);
		ended = bench_expect(b, CHANNEL_ENDED, i + 1);
		assert_string_equal(ended.reason, cases[i].reason);
		assert_false(ended.started || ended.killed);
		assert_int_equal(ended.exit_code, -1);
	}
}

static void
a_command_inherits_nothing_but_what_its_start_says(void **state)
{
	struct bench *b = *state;
	struct channel_message start = bench_shell(b, 1,
	    "cat /proc/$$/environ | tr '\\0' '\\n' | grep -v '^PWD=\\|^_=\\|^OLDPWD=';"
	    "ls /proc/$$/fd; readlink /proc/$$/fd/0;"
	    "grep '^Sig[BI]' /proc/$$/status; pwd; umask; ulimit -n;"
	    "read a b c d e sid rest < /proc/$$/stat; [ $sid = $$ ] && echo leads");
	const char *expected;

	start.env[1] = NULL;
	/* What it would inherit. */
	assert_true(dup(STDERR_FILENO) > 0);
	assert_int_equal(bench_run_to_end(b, &start).exit_code, 0);
	expected = arena_printf(&b->arena,
	    "PATH=/usr/bin:/bin\n0\n1\n2\n/dev/null\n"
	    "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n%s\n0022\n%d\nleads\n",
	    b->dir, FILES);
	assert_string_equal(bench_output(b, 1, "stdout"), expected);
}

/* ---- output ---- */

static void
output_goes_to_files_under_the_root_as_it_comes(void **state)
{
	struct bench *b = *state;
	struct channel_message ended;
	struct stat st;

	assert_int_equal(mkfifo(bench_path(b, "gate"), 0600), 0);
	bench_run(b, 1, "echo out; echo err >&2; read x < gate; echo more");
	WAIT_UNTIL(
	    bench_output(b, 1, "stdout") && !strcmp(bench_output(b, 1, "stdout"), "out\n"));
	close(open(bench_path(b, "gate"), O_WRONLY));
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_string_equal(bench_output(b, 1, "stdout"), "out\nmore\n");
	assert_string_equal(bench_output(b, 1, "stderr"), "err\n");
	assert_int_equal(ended.output_bytes, 13);
	assert_int_equal(stat(bench_path(b, "out/t/1/1.stdout"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(stat(bench_path(b, "out/t/1"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
}

static void
of_output_above_the_limit_head_and_tail_are_kept(void **state)
{
	struct bench *b = *state;
	struct channel_message start, ended;
	struct excerpt_view v;
	struct buf text = BUF_INIT;
	uint64_t at = 0;
	struct err err;

	/* More than pipes hold, so that it must have been drained. */
	start = bench_shell(b, 1,
	    "echo begun; head -c 3000000 /dev/zero | tr '\\0' x; echo ended; echo short >&2");
	ended = bench_run_to_end(b, &start);
	assert_int_equal(ended.exit_code, 0);
	assert_int_equal(ended.output_bytes, 3000018);
	assert_int_equal(strspn(ended.last_line, "x"), CHANNEL_LINE_MAX);
	assert_int_equal(excerpt_view(&v, bench_path(b, "out/t/1/1.stdout"), &err), 0);
	assert_int_equal(v.bytes, 3000012);
	assert_int_equal(v.head_bytes, OUTPUT_MAX / 2);
	assert_int_equal(v.bytes - v.tail_start, OUTPUT_MAX / 2);
	assert_int_equal(excerpt_read(&v, &at, 1000000, &text, &err), 0);
	excerpt_view_close(&v);
	assert_memory_equal(text.data, "begun\nxxx", 9);
	assert_memory_equal(text.data + text.len - 9, "xxxended\n", 9);
	buf_release(&text);
	assert_string_equal(bench_output(b, 1, "stderr"), "short\n");

	start = bench_shell(b, 3, "printf 12345");
	start.output_max_bytes = 5;
	bench_run_to_end(b, &start);
	assert_string_equal(bench_output(b, 3, "stdout"), "12345");
}

/* The times are cut out of each line. */
static const char *
without_times(struct bench *b, uint64_t task_id)
{
	char *text = bench_output(b, task_id, "both"), *out = text;

	for (char *line = text, *next; *line; line = next) {
		size_t len;

		next = strchr(line, '\n') + 1;
		len = (size_t)(next - line) - 25;

		assert_true(line[10] == 'T' && line[19] == '.' && line[23] == 'Z');
		memmove(out, line + 25, len);
		out += len;
	}
	*out = '\0';
	return text;
}

static void
both_streams_are_seen_in_the_order_of_their_coming(void **state)
{
	struct bench *b = *state;
	struct channel_message start;

	assert_int_equal(mkfifo(bench_path(b, "gate"), 0600), 0);
	start = bench_shell(b, 1,
	    "echo one; echo two; read x < gate; echo oops >&2; read x < gate; printf pie; "
	    "read x < gate; echo ce; printf last");
	bench_send(b, &start);
	bench_order(b, CHANNEL_RELEASE, 1);
	WAIT_UNTIL(bench_output(b, 1, "both") && strstr(bench_output(b, 1, "both"), "two"));
	close(open(bench_path(b, "gate"), O_WRONLY));
	WAIT_UNTIL(strstr(bench_output(b, 1, "both"), "oops"));
	close(open(bench_path(b, "gate"), O_WRONLY));
	WAIT_UNTIL(strstr(bench_output(b, 1, "both"), "pie"));
	close(open(bench_path(b, "gate"), O_WRONLY));
	bench_expect(b, CHANNEL_ENDED, 1);
	assert_string_equal(without_times(b, 1),
	    "stdout F one\nstdout F two\nstderr F oops\nstdout P pie\nstdout F ce\n"
	    "stdout P last\n");
}

static void
a_runner_that_is_killed_leaves_what_was_written_to_be_read(void **state)
{
	struct bench *b = *state;
	struct excerpt_view v;
	struct buf text = BUF_INIT;
	uint64_t at = 0;
	struct err err;

	bench_run(b, 1,
	    "head -c 3000000 /dev/zero | tr '\\0' x; echo the end; echo $$ > ready; exec sleep "
	    "1000");
	bench_pid(b, "ready");
	WAIT_UNTIL(!excerpt_view(&v, bench_path(b, "out/t/1/1.stdout"), &err) &&
		   (excerpt_view_close(&v), v.bytes == 3000008));
	kill(b->runner, SIGKILL);
	bench_runner_end(b);
	assert_int_equal(excerpt_view(&v, bench_path(b, "out/t/1/1.stdout"), &err), 0);
	assert_int_equal(excerpt_read(&v, &at, 1000000, &text, &err), 0);
	assert_int_equal(at, 3000008);
	assert_memory_equal(text.data + text.len - 9, "xthe end\n", 9);
	excerpt_view_close(&v);
	buf_release(&text);
}

/* Told apart from the beginning of the line that is cut, and whatever pieces it comes in. */
static void
an_end_tells_the_last_line_of_stdout_that_is_not_empty(void **state)
{
	static const struct {
		const char *script, *line;
	} cases[] = {
	    {"exit 0", NULL},
	    {"echo one; echo two", "two"},
	    {"printf one", "one"},
	    {"printf 'one\\n\\n\\r\\n'", "one"},
	    {"printf '\\n\\n'", NULL},
	    {"printf '10%%\\r20%%\\r\\n'", "20%"},
	    {"echo out; echo err >&2", "out"},
	    {"printf 'a\\tb\\033c\\000d\\377'", "a\tb\xef\xbf\xbd"
						"c\xef\xbf\xbd"
						"d\xef\xbf\xbd"},
	    {"printf on; read x < gate; printf e; read x < gate; echo ' more'", "one more"},
	    {"printf 'one\\ntw'; read x < gate; printf 'o\\n'; read x < gate; printf '\\n'",
		"two"},
	};
	struct bench *b = *state;

	assert_int_equal(mkfifo(bench_path(b, "gate"), 0600), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct channel_message ended;
		size_t seen = 0;

		bench_run(b, i + 1, cases[i].script);
		/* Each piece is in its file before the next is written. */
		for (const char *p = cases[i].script; (p = strstr(p, "gate")); p++) {
			WAIT_UNTIL(bench_output(b, i + 1, "stdout") &&
				   strlen(bench_output(b, i + 1, "stdout")) > seen);
			seen = strlen(bench_output(b, i + 1, "stdout"));
			close(open(bench_path(b, "gate"), O_WRONLY));
		}
		ended = bench_expect(b, CHANNEL_ENDED, i + 1);
		if (cases[i].line)
			assert_string_equal(ended.last_line, cases[i].line);
		else
			assert_null(ended.last_line);
	}
}

static void
a_last_line_is_cut_to_whole_characters_also_beyond_the_limit(void **state)
{
	struct bench *b = *state;
	struct channel_message start, ended;

	bench_run(b, 1, "head -c 499 /dev/zero | tr '\\0' x; printf '\\303\\274more\\n'");
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_int_equal(strlen(ended.last_line), 499);
	assert_int_equal(ended.last_line[498], 'x');

	start = bench_shell(b, 2, "head -c 300000 /dev/zero; echo; echo end");
	ended = bench_run_to_end(b, &start);
	assert_string_equal(ended.last_line, "end");
	bench_hello(b);
	assert_int_equal(bench_next(b).task_id, 1);
	assert_string_equal(bench_next(b).last_line, "end");
}

static void
output_stays_below_its_root(void **state)
{
	static const char *const dirs[] = {"../outside", "/tmp", "", ".", "..",
	    "t/../../outside", "t//1", "t/./1", "link/1", "t/link", "file/1"};
	struct bench *b = *state;

	bench_settle(b); /* the root is there */
	assert_int_equal(mkdir(bench_path(b, "outside"), 0700), 0);
	assert_int_equal(mkdir(bench_path(b, "out/t"), 0700), 0);
	assert_int_equal(symlink("../outside", bench_path(b, "out/link")), 0);
	assert_int_equal(symlink("../../outside", bench_path(b, "out/t/link")), 0);
	close(open(bench_path(b, "out/file"), O_CREAT | O_WRONLY, 0600));
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		struct channel_message start = bench_shell(b, i + 1, "touch ran"), ended;

		start.output_dir = dirs[i];
		bench_send(b, &start);
		ended = bench_expect(b, CHANNEL_ENDED, i + 1);
		assert_false(ended.started);
		assert_non_null(strstr(ended.reason, "output directory"));
	}
	assert_false(bench_exists(b, "ran"));
	/* Nothing was made in it, so it can be removed. */
	assert_int_equal(rmdir(bench_path(b, "outside")), 0);
}

static void
an_output_file_that_is_a_link_is_not_followed(void **state)
{
	struct bench *b = *state;
	struct channel_message start = bench_shell(b, 1, "echo bad");

	bench_settle(b);
	assert_int_equal(mkdir(bench_path(b, "out/t"), 0700), 0);
	assert_int_equal(mkdir(bench_path(b, "out/t/1"), 0700), 0);
	close(open(bench_path(b, "victim"), O_CREAT | O_WRONLY, 0600));
	assert_int_equal(symlink("../../../victim", bench_path(b, "out/t/1/1.stdout")), 0);
	bench_send(b, &start);
	assert_false(bench_expect(b, CHANNEL_ENDED, 1).started);
	assert_string_equal(bench_read(b, "victim"), "");
}

/* ---- time and stops ---- */

static void
a_timeout_asks_first_and_kills_after_the_grace(void **state)
{
	struct bench *b = *state;
	struct channel_message start, ended;
	int64_t began_us;

	start = bench_shell(b, 1, "trap 'exit 7' TERM; while :; do read x < gate; done");
	start.timeout_us = 1500 * MS;
	assert_int_equal(mkfifo(bench_path(b, "gate"), 0600), 0);
	ended = bench_run_to_end(b, &start);
	assert_true(ended.timed_out);
	assert_false(ended.killed);
	assert_int_equal(ended.exit_code, 7);
	assert_string_equal(ended.reason, "timed out after 1500ms");

	start = bench_shell(b, 2, "trap '' TERM; while :; do read x < gate; done");
	start.timeout_us = 1000 * MS;
	start.kill_grace_us = 200 * MS;
	began_us = clock_mono_us();
	ended = bench_run_to_end(b, &start);
	assert_true(clock_mono_us() - began_us >= 1200 * MS);
	assert_true(ended.timed_out);
	assert_int_equal(ended.signal, SIGKILL);
	assert_string_equal(ended.reason, "timed out after 1s");
}

static void
time_in_the_held_state_does_not_count(void **state)
{
	struct bench *b = *state;
	struct channel_message start = bench_shell(b, 1, "exit 0"), ended;
	int64_t held_us;

	start.timeout_us = 1500 * MS;
	bench_send(b, &start);
	bench_expect(b, CHANNEL_HELD, 1);
	held_us = clock_mono_us();
	WAIT_UNTIL(clock_mono_us() - held_us > 1600 * MS);
	bench_order(b, CHANNEL_RELEASE, 1);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_int_equal(ended.exit_code, 0);
	assert_false(ended.timed_out);
}

static void
a_kill_asks_first_and_kills_after_the_grace(void **state)
{
	struct bench *b = *state;
	struct channel_message start, ended;

	assert_int_equal(mkfifo(bench_path(b, "gate"), 0600), 0);
	bench_run(b, 1, "trap 'exit 7' TERM; echo $$ > ready; while :; do read x < gate; done");
	bench_pid(b, "ready");
	bench_order(b, CHANNEL_KILL, 1);
	bench_order(b, CHANNEL_KILL, 1);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_true(ended.started && ended.killed);
	assert_int_equal(ended.exit_code, 7);
	assert_string_equal(ended.reason, "stopped");

	start = bench_shell(
	    b, 2, "trap '' TERM; echo $$ > ready2; while :; do read x < gate; done");
	start.kill_grace_us = 50 * MS;
	bench_send(b, &start);
	bench_order(b, CHANNEL_RELEASE, 2);
	bench_pid(b, "ready2");
	bench_order(b, CHANNEL_KILL, 2);
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 2).signal, SIGKILL);

	/* Also one that is stopped. */
	start = bench_shell(b, 3, "echo $$ > ready3; kill -STOP $$");
	start.kill_grace_us = 50 * MS;
	bench_send(b, &start);
	bench_order(b, CHANNEL_RELEASE, 3);
	bench_pid(b, "ready3");
	bench_order(b, CHANNEL_KILL, 3);
	assert_true(bench_expect(b, CHANNEL_ENDED, 3).killed);
}

static void
one_that_has_just_ended_by_itself_was_not_stopped(void **state)
{
	struct bench *b = *state;
	struct channel_message ended;
	pid_t pid;

	assert_int_equal(mkfifo(bench_path(b, "gate"), 0600), 0);
	pid = bench_run(b, 1, "echo $$ > ready; read x < gate; exit 3");
	bench_pid(b, "ready");
	/* The order and the end come together. */
	kill(b->runner, SIGSTOP);
	WAIT_UNTIL(state_of(b, b->runner) == 'T');
	close(open(bench_path(b, "gate"), O_WRONLY));
	WAIT_UNTIL(state_of(b, pid) == 'Z');
	bench_order(b, CHANNEL_KILL, 1);
	kill(b->runner, SIGCONT);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_int_equal(ended.exit_code, 3);
	assert_false(ended.killed);
}

static void
a_stop_ends_all_and_the_runner_goes_on(void **state)
{
	struct bench *b = *state;
	struct channel_message start, ended;
	pid_t pids[4];

	pids[0] = bench_run(b, 1, "echo $$ > ready1; exec sleep 1000");
	pids[1] = bench_run(b, 2, "echo $$ > ready2; exec sleep 1000");
	start =
	    bench_shell(b, 3, "trap '' TERM; echo $$ > ready3; while :; do sleep 1000; done");
	start.kill_grace_us = 50 * MS;
	bench_send(b, &start);
	pids[2] = bench_expect(b, CHANNEL_HELD, 3).pid;
	bench_order(b, CHANNEL_RELEASE, 3);
	pids[3] = bench_hold(b, 4, "touch ran").pid;
	bench_pid(b, "ready1");
	bench_pid(b, "ready2");
	bench_pid(b, "ready3");
	bench_send(b, &(struct channel_message){.type = CHANNEL_STOP});
	for (uint64_t id = 1; id <= 4; id++) {
		ended = bench_expect(b, CHANNEL_ENDED, id);
		assert_true(ended.killed);
		assert_int_equal(ended.started, id != 4);
		assert_int_equal(ended.signal, id == 4 ? 0 : id == 3 ? SIGKILL : SIGTERM);
		assert_false(bench_lives(pids[id - 1]));
	}
	assert_false(bench_exists(b, "ran"));
	bench_run(b, 5, "exit 0");
	assert_false(bench_expect(b, CHANNEL_ENDED, 5).killed);
}

/* ---- families ---- */

static void
what_a_command_leaves_in_its_session_is_ended_and_holds_nothing_up(void **state)
{
	struct bench *b = *state;
	struct channel_message ended;
	pid_t left;

	/* It holds the pipes. */
	bench_run(b, 1, "sleep 1000 & echo $! > left; exit 3");
	left = bench_pid(b, "left");
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_int_equal(ended.exit_code, 3);
	assert_false(ended.killed || ended.timed_out);
	assert_false(bench_lives(left));

	/* It does not, ignores TERM, and is in a group of its own. */
	bench_run(b, 2,
	    "set -m; (trap '' TERM; while :; do sleep 1000; done) >/dev/null 2>&1 & "
	    "echo $! > left2; exit 4");
	left = bench_pid(b, "left2");
	ended = bench_expect(b, CHANNEL_ENDED, 2);
	assert_int_equal(ended.exit_code, 4);
	assert_false(bench_lives(left));
}

static void
a_grandchild_that_ends_soon_has_its_words_kept(void **state)
{
	struct bench *b = *state;

	bench_run(b, 1, "(sleep 0.2; echo last) & exit 0");
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 1).exit_code, 0);
	assert_string_equal(bench_output(b, 1, "stdout"), "last\n");
}

static void
who_makes_a_session_of_its_own_lives_on_and_holds_nothing_up(void **state)
{
	struct bench *b = *state;
	pid_t left;

	/* With the pipes in its hands. */
	bench_run(b, 1, "setsid sleep 1000 & echo $! > left; exit 0");
	left = bench_pid(b, "left");
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 1).exit_code, 0);
	assert_true(bench_lives(left));
	/* It holds up nobody else either, and is reaped at its end. */
	bench_run(b, 2, "sleep 0");
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 2).exit_code, 0);
	kill(left, SIGKILL);
	WAIT_UNTIL(kill(left, 0) && errno == ESRCH);
}

static void
a_stop_reaches_the_whole_session(void **state)
{
	struct bench *b = *state;
	struct channel_message start;
	pid_t left;

	start = bench_shell(b, 1,
	    "set -m; (trap '' TERM; echo $$ > ready; while :; do sleep 1000; done) & "
	    "echo $! > left; wait; wait");
	start.kill_grace_us = 100 * MS;
	bench_send(b, &start);
	bench_order(b, CHANNEL_RELEASE, 1);
	bench_pid(b, "ready");
	left = bench_pid(b, "left");
	bench_order(b, CHANNEL_KILL, 1);
	assert_true(bench_expect(b, CHANNEL_ENDED, 1).killed);
	assert_false(bench_lives(left));
}

/* ---- schedulers come and go ---- */

static void
a_new_scheduler_learns_what_is_held_runs_and_has_ended(void **state)
{
	static const enum attempt_phase phases[] = {PHASE_HELD, PHASE_RUNNING, PHASE_ENDED};
	struct bench *b = *state;
	pid_t pids[3];

	pids[0] = bench_hold(b, 1, "exit 0").pid;
	pids[1] = bench_run(b, 2, "exec sleep 1000");
	pids[2] = bench_run(b, 3, "exit 9");
	bench_expect(b, CHANNEL_ENDED, 3);
	for (int round = 0; round < 2; round++) {
		bench_hello(b);
		for (int i = 0; i < 3; i++) {
			struct channel_message known = bench_next(b);

			assert_int_equal(known.type, CHANNEL_KNOWN);
			assert_int_equal(known.task_id, i + 1);
			assert_int_equal(known.phase, phases[i]);
			assert_int_equal(known.pid, pids[i]);
			assert_int_equal(known.started, i > 0);
			assert_int_equal(known.exit_code, i == 2 ? 9 : -1);
		}
		assert_int_equal(bench_next(b).type, CHANNEL_READY);
	}
	bench_order(b, CHANNEL_FORGET, 3);
	bench_order(b, CHANNEL_FORGET, 2);
	bench_hello(b);
	assert_int_equal(bench_next(b).task_id, 1);
	assert_int_equal(bench_next(b).task_id, 2);
	assert_int_equal(bench_next(b).type, CHANNEL_READY);
}

static void
an_end_that_nobody_heard_is_told_to_the_next_scheduler(void **state)
{
	struct bench *b = *state;
	struct channel_message known;

	/* The scheduler dies here; its end of the channel stays open in the master. */
	bench_run(b, 1, "exit 5");
	WAIT_UNTIL(bench_exists(b, "out/t/1/1.stdout"));
	bench_expect(b, CHANNEL_ENDED, 1);
	for (int i = 0; i < 3; i++) {
		bench_hello(b);
		known = bench_next(b);
		assert_int_equal(known.phase, PHASE_ENDED);
		assert_int_equal(known.exit_code, 5);
		assert_string_equal(known.reason, "exit code 5");
		assert_int_equal(bench_next(b).type, CHANNEL_READY);
	}
}

static void
a_scheduler_that_does_not_read_loses_nothing(void **state)
{
	enum { REPEATS = 3000 };
	struct bench *b = *state;

	bench_run(b, 1, "exit 5");
	bench_expect(b, CHANNEL_ENDED, 1);
	/* Each is answered, and the channel has no room for all answers. */
	for (int i = 0; i < REPEATS; i++)
		bench_order(b, CHANNEL_KILL, 1);
	bench_run(b, 2, "exit 6");
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 2).exit_code, 6);
	for (int i = 0; i < REPEATS; i++)
		assert_int_equal(bench_next(b).task_id, 1);
	bench_settle(b);
}

static void
what_cannot_be_understood_is_dropped_and_the_rest_is_done(void **state)
{
	struct bench *b = *state;
	static const char garbage[] = "\x07 another version";

	assert_int_equal(send(b->scheduler_end, garbage, sizeof garbage, 0), sizeof garbage);
	bench_order(b, CHANNEL_HELD, 1); /* not one for a runner */
	bench_run(b, 1, "exit 0");
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 1).exit_code, 0);
}

static void
two_hundred_at_once_each_end_as_they_should(void **state)
{
	enum { MANY = 200 };
	struct bench *b = *state;
	bool ended[MANY + 1] = {false};
	struct outbox o;
	struct err err;

	outbox_init(&o, b->scheduler_end);
	for (uint64_t id = 1; id <= MANY; id++) {
		struct channel_message start = bench_shell(b, id, "echo $N; exit $((N % 7))");

		start.env[2] = arena_printf(&b->arena, "N=%d", (int)id);
		outbox_put(&o, &start);
	}
	for (int left = MANY; left > 0;) {
		struct channel_message m;

		assert_int_equal(outbox_flush(&o, &err), 0);
		if (channel_receive(b->scheduler_end, &b->arena, &m, &err)) {
			bench_nap();
			continue;
		}
		if (m.type == CHANNEL_HELD) {
			m.type = CHANNEL_RELEASE;
			outbox_put(&o, &m);
			continue;
		}
		assert_int_equal(m.type, CHANNEL_ENDED);
		assert_false(ended[m.task_id]);
		ended[m.task_id] = true;
		assert_int_equal(m.exit_code, m.task_id % 7);
		assert_int_equal(
		    strtol(bench_output(b, m.task_id, "stdout"), NULL, 10), m.task_id);
		m.type = CHANNEL_FORGET;
		outbox_put(&o, &m);
		left--;
	}
	while (outbox_waits(&o))
		assert_int_equal(outbox_flush(&o, &err), 0);
	outbox_release(&o);
	bench_hello(b);
	assert_int_equal(bench_next(b).type, CHANNEL_READY);
}

static void
where_files_run_short_what_was_begun_can_still_end(void **state)
{
	enum { MANY = 40 };
	struct bench *b = *state;
	struct channel_message m;
	int held = 0;

	kill(b->runner, SIGKILL);
	bench_runner_end(b);
	b->files_max = 64;
	bench_start_runner(b);
	/* To end each of them the runner must look who lives; and none gives a file back before
	 * it has ended, because strangers hold its pipes. */
	for (uint64_t id = 1; id <= MANY; id++) {
		m = bench_shell(b, id,
		    "while ! [ -e go ]; do sleep 0.02; done;"
		    "setsid sleep 1000 & sleep 1000 & exit 5");
		bench_send(b, &m);
		m = bench_next(b);
		if (m.type == CHANNEL_HELD) {
			held++;
			bench_order(b, CHANNEL_RELEASE, id);
			continue;
		}
		assert_int_equal(m.type, CHANNEL_ENDED);
		assert_false(m.started);
		assert_non_null(strstr(m.reason, "Too many open files"));
		bench_order(b, CHANNEL_FORGET, id);
	}
	assert_in_range(held, 5, MANY - 1);
	close(open(bench_path(b, "go"), O_CREAT | O_WRONLY, 0600));
	for (; held > 0; held--)
		assert_int_equal(bench_expect(b, CHANNEL_ENDED, 0).exit_code, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BENCH(a_held_child_has_run_nothing_until_it_is_released),
	    BENCH(orders_that_come_twice_change_nothing_the_second_time),
	    BENCH(a_held_one_that_is_killed_never_starts),
	    BENCH(a_held_one_that_dies_at_its_gate_never_started),
	    BENCH(an_end_tells_code_signal_and_reason),
	    BENCH(a_command_that_is_stopped_has_not_ended),
	    BENCH(what_cannot_be_run_never_started_and_tells_why),
	    BENCH(a_command_inherits_nothing_but_what_its_start_says),
	    BENCH(output_goes_to_files_under_the_root_as_it_comes),
	    BENCH(of_output_above_the_limit_head_and_tail_are_kept),
	    BENCH(both_streams_are_seen_in_the_order_of_their_coming),
	    BENCH(a_runner_that_is_killed_leaves_what_was_written_to_be_read),
	    BENCH(an_end_tells_the_last_line_of_stdout_that_is_not_empty),
	    BENCH(a_last_line_is_cut_to_whole_characters_also_beyond_the_limit),
	    BENCH(output_stays_below_its_root),
	    BENCH(an_output_file_that_is_a_link_is_not_followed),
	    BENCH(a_timeout_asks_first_and_kills_after_the_grace),
	    BENCH(time_in_the_held_state_does_not_count),
	    BENCH(a_kill_asks_first_and_kills_after_the_grace),
	    BENCH(one_that_has_just_ended_by_itself_was_not_stopped),
	    BENCH(a_stop_ends_all_and_the_runner_goes_on),
	    BENCH(what_a_command_leaves_in_its_session_is_ended_and_holds_nothing_up),
	    BENCH(a_grandchild_that_ends_soon_has_its_words_kept),
	    BENCH(who_makes_a_session_of_its_own_lives_on_and_holds_nothing_up),
	    BENCH(a_stop_reaches_the_whole_session),
	    BENCH(a_new_scheduler_learns_what_is_held_runs_and_has_ended),
	    BENCH(an_end_that_nobody_heard_is_told_to_the_next_scheduler),
	    BENCH(a_scheduler_that_does_not_read_loses_nothing),
	    BENCH(what_cannot_be_understood_is_dropped_and_the_rest_is_done),
	    BENCH(where_files_run_short_what_was_begun_can_still_end),
	    BENCH(two_hundred_at_once_each_end_as_they_should),
	};

	return cmocka_run_group_tests_name("runner", tests, NULL, NULL);
}
