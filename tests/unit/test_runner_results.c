/*
 * What the runner makes of the files that a command leaves: the real program, and commands that do
 * their worst.
 */
#include "runner_bench.h"

#include <md5.h>

/* Run a script with a directory for result files, `$D` within it, to its end. */
static struct channel_message
leave(struct bench *b, uint64_t task_id, const char *script)
{
	struct channel_message start = bench_shell_with_results(b, task_id,
	    arena_printf(
		&b->arena, "D=\"$CARILLON_RESULT_DIR\"; cd \"$D\" || exit 99; %s", script));

	return bench_run_to_end(b, &start);
}

static const char *
result_path(struct bench *b, uint64_t task_id, uint32_t number)
{
	return arena_printf(&b->arena, "out/t/%" PRIu64 "/1.results/%" PRIu32, task_id, number);
}

/* The file is there, as long as it should be, and its sum is the one that was told. */
static void
assert_kept(struct bench *b, uint64_t task_id, const struct channel_result *r)
{
	const char *path = bench_path(b, result_path(b, task_id, r->number));
	char sum[MD5_DIGEST_STRING_LENGTH], told[MD5_DIGEST_STRING_LENGTH];
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(st.st_mode & 07777, 0440);
	assert_int_equal(st.st_size, r->bytes);
	assert_non_null(MD5File(path, sum));
	for (int i = 0; i < CHANNEL_MD5_BYTES; i++)
		snprintf(told + (size_t)2 * i, 3, "%02x", r->md5[i]);
	assert_string_equal(told, sum);
}

static void
a_command_that_leaves_nothing_leaves_no_directory_either(void **state)
{
	struct bench *b = *state;
	struct channel_message ended = leave(b, 1, "test -d \"$D\"");

	assert_int_equal(ended.exit_code, 0);
	assert_int_equal(ended.result_count, 0);
	assert_null(ended.reason);
	assert_false(bench_exists(b, "out/t/1/1.work"));
	assert_false(bench_exists(b, "out/t/1/1.results"));
}

static void
a_command_that_is_to_have_no_results_gets_no_directory(void **state)
{
	struct bench *b = *state;
	struct channel_message start =
	    bench_shell(b, 1, "test -z \"${CARILLON_RESULT_DIR+set}\"");

	assert_int_equal(bench_run_to_end(b, &start).exit_code, 0);
	assert_false(bench_exists(b, "out/t/1/1.work"));
}

static void
files_are_taken_by_name_and_told_with_size_sum_and_kind(void **state)
{
	static const struct {
		const char *name;
		uint64_t bytes;
		bool json;
	} files[] = {
	    {".hidden", 1, true},
	    {"a b.csv", 4, false},
	    {"b.json", 12, true},
	    {"c.json", 6, false},
	    {"empty", 0, false},
	    {"z\xc3\xa9", 2, false},
	};
	struct bench *b = *state;
	struct channel_message ended = leave(b, 1,
	    "printf 7 > .hidden; printf 'a,b\\n' > 'a b.csv'; echo '{\"a\": [1]} ' > b.json;"
	    "printf '[1]]  ' > c.json; : > empty; printf 'x\\n' > z\xc3\xa9");

	assert_int_equal(ended.exit_code, 0);
	assert_null(ended.reason);
	assert_int_equal(ended.result_count, 6);
	for (uint32_t i = 0; i < 6; i++) {
		const struct channel_result *r = &ended.results[i];

		assert_int_equal(r->number, i);
		assert_string_equal(r->name, files[i].name);
		assert_int_equal(r->bytes, files[i].bytes);
		assert_int_equal(r->json, files[i].json);
		assert_kept(b, 1, r);
	}
	assert_false(bench_exists(b, "out/t/1/1.work"));
}

static void
files_of_a_command_that_fails_or_is_killed_are_taken_too(void **state)
{
	struct bench *b = *state;
	struct channel_message start, ended = leave(b, 1, "echo x > f; exit 3");

	assert_int_equal(ended.exit_code, 3);
	assert_string_equal(ended.reason, "exit code 3");
	assert_int_equal(ended.result_count, 1);

	start = bench_shell_with_results(
	    b, 2, "echo x > $CARILLON_RESULT_DIR/f; echo go; exec sleep 1000");
	bench_send(b, &start);
	bench_expect(b, CHANNEL_HELD, 2);
	bench_order(b, CHANNEL_RELEASE, 2);
	WAIT_UNTIL(bench_output(b, 2, "stdout") && *bench_output(b, 2, "stdout"));
	bench_order(b, CHANNEL_KILL, 2);
	ended = bench_expect(b, CHANNEL_ENDED, 2);
	assert_true(ended.killed);
	assert_int_equal(ended.result_count, 1);
	assert_kept(b, 2, &ended.results[0]);
}

/* ---- commands that do their worst
 * -------------------------------------------------------------------- */

/* Each leaves `fine` beside it, which is taken, and nothing else is. */
static void
what_is_no_plain_file_with_a_decent_name_is_not_taken(void **state)
{
	static const struct {
		const char *script, *reason;
	} cases[] = {
	    {"ln -s /etc/passwd p", "not taken as a result: p: is a link"},
	    {"ln -s fine p", "not taken as a result: p: is a link"},
	    {"ln -s .. p", "not taken as a result: p: is a link"},
	    {"ln -s / p", "not taken as a result: p: is a link"},
	    {"mkdir p; echo x > p/x", "not taken as a result: p: is a directory"},
	    {"mkfifo p", "not taken as a result: p: is not a plain file"},
	    {"mkfifo p; (exec < p) & exec > /dev/null",
		"not taken as a result: p: is not a plain file"},
	    {"echo x > p; ln p ../p", "not taken as a result: p: has another name too"},
	    {"echo x > p; ln p q",
		"2 not taken as results, the first: p: has another name too"},
	    {"echo x > 'a\nb'", "not taken as a result: a\xef\xbf\xbd"
				"b: its name has control characters or is not UTF-8"},
	    {"echo x > \"$(printf 'a\\033b')\"",
		"not taken as a result: a\xef\xbf\xbd"
		"b: its name has control characters or is not UTF-8"},
	    {"echo x > \"$(printf 'a\\377')\"",
		"not taken as a result: a\xef\xbf\xbd: its name has control characters or is "
		"not UTF-8"},
	    {"echo x > \"$(printf 'a\\302\\205')\"",
		"not taken as a result: a\xef\xbf\xbd: its name has control characters or is "
		"not UTF-8"},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct channel_message ended = leave(
		    b, i + 1, arena_printf(&b->arena, "echo good > fine; %s", cases[i].script));

		assert_int_equal(ended.exit_code, 0);
		assert_string_equal(ended.reason, cases[i].reason);
		assert_int_equal(ended.result_count, 1);
		assert_string_equal(ended.results[0].name, "fine");
		assert_kept(b, i + 1, &ended.results[0]);
		/* It lies where it was. */
		assert_true(
		    bench_exists(b, arena_printf(&b->arena, "out/t/%zu/1.work", i + 1)));
		assert_false(bench_exists(b, result_path(b, i + 1, 1)));
	}
}

static void
a_name_of_any_letters_is_only_ever_a_text(void **state)
{
	static const char *const names[] = {
	    "..a", "...", " ", "-rf", "a\\b", "%00", "'\"", "$(id)", "..\xe2\x88\x95x"};
	struct bench *b = *state;
	struct channel_message ended = leave(b, 1,
	    "echo 1 > ..a; echo 1 > ...; echo 1 > ' '; echo 1 > ./-rf;"
	    "echo 1 > 'a\\b'; echo 1 > %00; echo 1 > \"'\\\"\"; echo 1 > '$(id)';"
	    "echo 1 > ..\xe2\x88\x95x");
	size_t found = 0;

	assert_null(ended.reason);
	assert_int_equal(ended.result_count, 9);
	for (uint32_t i = 0; i < 9; i++) {
		for (size_t n = 0; n < 9; n++)
			found += !strcmp(names[n], ended.results[i].name);
		assert_kept(b, 1, &ended.results[i]);
	}
	assert_int_equal(found, 9);
}

static void
a_directory_that_was_removed_or_replaced_gives_nothing_away(void **state)
{
	static const struct {
		const char *script, *reason;
	} cases[] = {
	    {"rmdir \"$D\"", NULL},
	    {"rmdir \"$D\"; ln -s \"$SECRETS\" \"$D\"",
		"not taken as a result: the directory: Not a directory"},
	    {"rmdir \"$D\"; echo x > \"$D\"",
		"not taken as a result: the directory: Not a directory"},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct channel_message ended = leave(b, i + 1,
		    arena_printf(&b->arena,
			"SECRETS=%s/secrets; mkdir -p $SECRETS; echo s > $SECRETS/s; %s",
			b->dir, cases[i].script));

		assert_int_equal(ended.exit_code, 0);
		assert_int_equal(ended.result_count, 0);
		if (cases[i].reason)
			assert_string_equal(ended.reason, cases[i].reason);
		else
			assert_null(ended.reason);
	}
	assert_string_equal(bench_read(b, "secrets/s"), "s\n");
}

static void
what_stands_where_the_results_will_be_is_not_theirs(void **state)
{
	struct bench *b = *state;
	struct channel_message ended = leave(b, 1,
	    "echo good > fine; mkdir ../1.results; echo bad > ../1.results/0;"
	    "ln -s /tmp ../1.results/1");

	assert_int_equal(ended.result_count, 1);
	assert_kept(b, 1, &ended.results[0]);
	assert_string_equal(bench_read(b, "out/t/1/1.results/0"), "good\n");
	assert_false(bench_exists(b, "out/t/1/1.results/1"));
	assert_string_equal(bench_read(b, "out/t/1/1.results.1/0"), "bad\n");

	ended = leave(b, 2, "echo good > fine; ln -s /tmp ../1.results");
	assert_int_equal(ended.result_count, 1);
	assert_kept(b, 2, &ended.results[0]);
}

static void
no_more_than_so_many_files_are_taken(void **state)
{
	struct bench *b = *state;
	struct channel_message ended =
	    leave(b, 1, "for i in $(seq 1000 1250); do echo $i > f$i; done");

	assert_int_equal(ended.result_count, CHANNEL_RESULTS_MAX);
	for (uint32_t i = 0; i < CHANNEL_RESULTS_MAX; i++) {
		assert_string_equal(
		    ended.results[i].name, arena_printf(&b->arena, "f%u", 1000 + i));
		assert_kept(b, 1, &ended.results[i]);
	}
	assert_string_equal(ended.reason,
	    "151 not taken as results, the first: f1100: there are more than 100");
	assert_true(bench_exists(b, "out/t/1/1.work/f1250"));
}

/* The names that a list may have at most fit into a message. */
static void
the_longest_list_arrives(void **state)
{
	struct bench *b = *state;
	struct channel_message ended =
	    leave(b, 1, "for i in $(seq 100 199); do n=$(printf '%0252d' 0)$i; : > $n; done");

	assert_null(ended.reason);
	assert_int_equal(ended.result_count, 100);
	assert_int_equal(strlen(ended.results[99].name), 255);
	bench_hello(b);
	ended = bench_next(b);
	assert_int_equal(ended.type, CHANNEL_KNOWN);
	assert_int_equal(ended.result_count, 100);
	assert_string_equal(ended.results[99].name + 252, "199");
}

static void
files_beyond_the_limit_of_bytes_stay_where_they_are(void **state)
{
	struct bench *b = *state;
	struct channel_message
	    start = bench_shell_with_results(b, 1,
		"cd $CARILLON_RESULT_DIR; head -c 600 /dev/zero > a; head -c 500 /dev/zero > b;"
		"head -c 400 /dev/zero > c; truncate -s 4E d 2>/dev/null || truncate -s 1T d"),
	    ended;

	start.results_max_bytes = 1000;
	ended = bench_run_to_end(b, &start);
	assert_int_equal(ended.result_count, 2);
	assert_string_equal(ended.results[0].name, "a");
	assert_string_equal(ended.results[1].name, "c");
	assert_int_equal(ended.results[1].number, 2);
	assert_kept(b, 1, &ended.results[1]);
	assert_string_equal(
	    ended.reason, "2 not taken as results, the first: b: File too large");
	assert_true(bench_exists(b, "out/t/1/1.work/b"));
}

static void
a_large_file_without_contents_is_read_while_others_run(void **state)
{
	struct bench *b = *state;
	struct channel_message start = bench_shell_with_results(
				   b, 1, "truncate -s 64M $CARILLON_RESULT_DIR/sparse"),
			       ended;
	struct stat st;

	bench_send(b, &start);
	bench_expect(b, CHANNEL_HELD, 1);
	bench_order(b, CHANNEL_RELEASE, 1);
	WAIT_UNTIL(bench_exists(b, "out/t/1/1.results/0"));
	/* Meanwhile the runner does what it always does. */
	bench_run(b, 2, "exit 0");
	bench_expect(b, CHANNEL_ENDED, 2);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_int_equal(ended.result_count, 1);
	assert_int_equal(ended.results[0].bytes, UINT64_C(64) << 20);
	/* And it takes no more room than it did. */
	assert_int_equal(stat(bench_path(b, "out/t/1/1.results/0"), &st), 0);
	assert_true(st.st_blocks < 1000);
}

/* A process in a session of its own outlives the command, and holds a file open for writing. */
static void
what_is_written_later_changes_nothing_that_was_taken(void **state)
{
	struct bench *b = *state;
	struct channel_message ended;
	char *text;

	assert_int_equal(mkfifo(bench_path(b, "gate"), 0600), 0);
	assert_int_equal(mkfifo(bench_path(b, "ready"), 0600), 0);
	ended = leave(b, 1,
	    arena_printf(&b->arena,
		"T=%s; exec 3> f; echo good >&3; setsid sh -c \"echo > $T/ready;"
		"read x < $T/gate; echo bad >&3; echo done > $T/done\" > /dev/null 2>&1 &"
		"read x < $T/ready",
		b->dir));
	assert_int_equal(ended.result_count, 1);
	assert_kept(b, 1, &ended.results[0]);
	close(open(bench_path(b, "gate"), O_WRONLY));
	WAIT_UNTIL((text = bench_read(b, "done")) && *text);
	assert_kept(b, 1, &ended.results[0]);
	assert_string_equal(bench_read(b, "out/t/1/1.results/0"), "good\n");
}

/* Whatever the names are at the moment when they are looked at: what is told is what is there, and
 * it is never anything but what the command made itself. */
static void
names_that_change_all_the_time_let_nothing_else_in(void **state)
{
	struct bench *b = *state;
	pid_t escaped[8];

	assert_int_equal(mkfifo(bench_path(b, "ready"), 0600), 0);
	for (uint64_t i = 0; i < 8; i++) {
		struct channel_message ended = leave(b, i + 1,
		    arena_printf(&b->arena,
			"T=%s; echo own > f; echo own > g; cat > swap <<E\n"
			"echo \\$\\$ > $T/pid; echo > $T/ready; i=0; while :; do"
			" ln -sfn /etc/passwd f; rm -f f; echo own > f; mv g h; mv h g;"
			" mkfifo f 2>/dev/null; done\n"
			"E\n"
			"setsid sh swap > /dev/null 2>&1 & read x < $T/ready",
			b->dir));

		escaped[i] = bench_pid(b, "pid");
		assert_int_equal(unlink(bench_path(b, "pid")), 0);
		for (uint32_t n = 0; n < ended.result_count; n++) {
			assert_kept(b, i + 1, &ended.results[n]);
			if (strcmp(ended.results[n].name, "swap") && ended.results[n].bytes)
				assert_string_equal(bench_read(b, result_path(b, i + 1,
								      ended.results[n].number)),
				    "own\n");
		}
		kill(escaped[i], SIGKILL);
		WAIT_UNTIL(!bench_lives(escaped[i]));
	}
}

/* ---- death and orders
 * ------------------------------------------------------------------------------- */

/* A child of the runner that collects. */
static pid_t
collector_of(struct bench *b, pid_t main_process)
{
	char text[512] = "", *next = text;
	int fd =
	    open(arena_printf(&b->arena, "/proc/%d/task/%d/children", b->runner, b->runner),
		O_RDONLY | O_CLOEXEC);
	pid_t found = 0;

	if (fd >= 0 && read(fd, text, sizeof text - 1) < 0)
		text[0] = '\0';
	close(fd);
	while (*next && !found) {
		pid_t pid = (pid_t)strtol(next, &next, 10);

		next += *next == ' ';
		found = pid != main_process ? pid : 0;
	}
	return found;
}

/* Begin to collect what takes a while. Answers who does it. */
static pid_t
begin_long_collecting(struct bench *b, uint64_t task_id)
{
	struct channel_message start = bench_shell_with_results(
				   b, task_id, "truncate -s 500G $CARILLON_RESULT_DIR/sparse"),
			       held;
	pid_t collector;

	start.kill_grace_us = 300 * MS;
	bench_send(b, &start);
	held = bench_expect(b, CHANNEL_HELD, task_id);
	bench_order(b, CHANNEL_RELEASE, task_id);
	WAIT_UNTIL(
	    bench_exists(b, arena_printf(&b->arena, "out/t/%" PRIu64 "/1.results/0", task_id)));
	WAIT_UNTIL((collector = collector_of(b, held.pid)));
	return collector;
}

static void
an_attempt_runs_until_its_results_are_collected(void **state)
{
	struct bench *b = *state;
	pid_t collector = begin_long_collecting(b, 1);
	struct channel_message known, ended;

	bench_hello(b);
	known = bench_next(b);
	assert_int_equal(known.type, CHANNEL_KNOWN);
	assert_int_equal(known.phase, PHASE_RUNNING);
	assert_int_equal(known.result_count, 0);
	/* Who collects dies: the end of the command is known all the same. */
	kill(collector, SIGKILL);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_true(ended.started);
	assert_int_equal(ended.exit_code, 0);
	assert_int_equal(ended.result_count, 0);
	assert_string_equal(ended.reason, "its result files could not be collected");
}

static void
a_kill_ends_the_collecting_after_its_grace(void **state)
{
	struct bench *b = *state;
	struct channel_message ended;
	pid_t collector = begin_long_collecting(b, 1);

	bench_order(b, CHANNEL_KILL, 1);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_false(ended.killed);
	assert_int_equal(ended.exit_code, 0);
	assert_string_equal(ended.reason, "its result files were not collected in time");
	WAIT_UNTIL(!bench_lives(collector));
}

static void
who_collects_dies_with_the_runner(void **state)
{
	struct bench *b = *state;
	pid_t collector = begin_long_collecting(b, 1);

	kill(b->runner, SIGKILL);
	bench_runner_end(b);
	WAIT_UNTIL(!bench_lives(collector));

	/* What it had begun to take is in nobody's way when the attempt is made again. */
	bench_close_channel(b);
	bench_open_channel(b);
	bench_start_runner(b);
	bench_hello(b);
	assert_int_equal(bench_next(b).type, CHANNEL_READY);
	{
		struct channel_message ended = leave(b, 1, "echo second > f");

		assert_int_equal(ended.result_count, 1);
		assert_kept(b, 1, &ended.results[0]);
		assert_string_equal(bench_read(b, "out/t/1/1.results/0"), "second\n");
	}
}

static void
the_end_of_the_service_does_not_wait_for_long_collecting(void **state)
{
	struct bench *b = *state;
	pid_t collector = begin_long_collecting(b, 1);

	/* As when the master dies: all have one second. */
	bench_close_channel(b);
	bench_runner_end(b);
	WAIT_UNTIL(!bench_lives(collector));
}

static void
a_scheduler_that_comes_later_learns_the_results(void **state)
{
	struct bench *b = *state;
	struct channel_message ended = leave(b, 1, "echo x > f"), known;

	for (int i = 0; i < 2; i++) {
		bench_hello(b);
		known = bench_next(b);
		assert_int_equal(known.type, CHANNEL_KNOWN);
		assert_int_equal(known.phase, PHASE_ENDED);
		assert_int_equal(known.result_count, 1);
		assert_string_equal(known.results[0].name, "f");
		assert_memory_equal(
		    known.results[0].md5, ended.results[0].md5, CHANNEL_MD5_BYTES);
		assert_int_equal(bench_next(b).type, CHANNEL_READY);
	}
}

static void
what_never_ran_leaves_no_directory(void **state)
{
	struct bench *b = *state;
	struct channel_message start = bench_shell_with_results(b, 1, "echo x");

	bench_send(b, &start);
	bench_expect(b, CHANNEL_HELD, 1);
	assert_true(bench_exists(b, "out/t/1/1.work"));
	bench_order(b, CHANNEL_KILL, 1);
	assert_false(bench_expect(b, CHANNEL_ENDED, 1).started);
	assert_false(bench_exists(b, "out/t/1/1.work"));
	/* Held again after a runner that was killed, it finds its own directory and is not
	 * disturbed. */
	bench_order(b, CHANNEL_FORGET, 1);
	assert_int_equal(mkdir(bench_path(b, "out/t/1/1.work"), 0700), 0);
	assert_int_equal(leave(b, 1, "echo x > f").result_count, 1);
}

/* More at once than may be collected at a time: all come to their end. */
static void
many_that_end_at_once_are_all_collected(void **state)
{
	struct bench *b = *state;
	uint64_t n;

	for (n = 1; n <= 30; n++) {
		struct channel_message start = bench_shell_with_results(
		    b, n, "echo $CARILLON_TASK_ID > $CARILLON_RESULT_DIR/f");

		bench_send(b, &start);
	}
	for (n = 1; n <= 30; n++) {
		bench_expect(b, CHANNEL_HELD, n);
		bench_order(b, CHANNEL_RELEASE, n);
	}
	for (n = 1; n <= 30; n++) {
		struct channel_message ended = bench_expect(b, CHANNEL_ENDED, n);

		assert_int_equal(ended.result_count, 1);
		assert_kept(b, n, &ended.results[0]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BENCH(a_command_that_leaves_nothing_leaves_no_directory_either),
	    BENCH(a_command_that_is_to_have_no_results_gets_no_directory),
	    BENCH(files_are_taken_by_name_and_told_with_size_sum_and_kind),
	    BENCH(files_of_a_command_that_fails_or_is_killed_are_taken_too),
	    BENCH(what_is_no_plain_file_with_a_decent_name_is_not_taken),
	    BENCH(a_name_of_any_letters_is_only_ever_a_text),
	    BENCH(a_directory_that_was_removed_or_replaced_gives_nothing_away),
	    BENCH(what_stands_where_the_results_will_be_is_not_theirs),
	    BENCH(no_more_than_so_many_files_are_taken),
	    BENCH(the_longest_list_arrives),
	    BENCH(files_beyond_the_limit_of_bytes_stay_where_they_are),
	    BENCH(a_large_file_without_contents_is_read_while_others_run),
	    BENCH(what_is_written_later_changes_nothing_that_was_taken),
	    BENCH(names_that_change_all_the_time_let_nothing_else_in),
	    BENCH(an_attempt_runs_until_its_results_are_collected),
	    BENCH(a_kill_ends_the_collecting_after_its_grace),
	    BENCH(who_collects_dies_with_the_runner),
	    BENCH(the_end_of_the_service_does_not_wait_for_long_collecting),
	    BENCH(a_scheduler_that_comes_later_learns_the_results),
	    BENCH(what_never_ran_leaves_no_directory),
	    BENCH(many_that_end_at_once_are_all_collected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
