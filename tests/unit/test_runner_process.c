/* What a command's process is like: who it runs as, what it reads, what it may have, what it used. */
#include "runner_bench.h"

#include <pwd.h>
#include <sys/stat.h>

#include "proc/started.h"

/* What a script says on its standard output. */
static const char *
said(struct bench *b, struct channel_message *start)
{
	struct channel_message ended = bench_run_to_end(b, start);

	assert_null(ended.reason);
	assert_int_equal(ended.exit_code, 0);
	return bench_output(b, start->task_id, "stdout");
}

static void
limit(struct channel_message *m, enum channel_limit which, uint64_t value)
{
	m->limited |= (uint8_t)(1U << which);
	m->limits[which] = value;
}

/* ---- for everybody ---- */

static void
a_command_reads_what_it_was_given_and_then_the_end(void **state)
{
	struct bench *b = *state;
	struct channel_message start =
	    bench_shell(b, 1, "wc -c; exec 3< /dev/stdin; wc -c <&3");
	char *text = arena_alloc(&b->arena, 100001);

	/* More than a pipe would hold, and nobody reads it for a while. */
	memset(text, 'x', 100000);
	start.input = text;
	assert_string_equal(said(b, &start), "100000\n100000\n");

	start = bench_shell(b, 2, "cat; wc -c");
	start.input = "";
	assert_string_equal(said(b, &start), "0\n");

	/* It can change nothing of it. */
	start = bench_shell(b, 3, "echo y 1>&0 2>/dev/null || echo refused; cat");
	start.input = "given\n";
	assert_string_equal(said(b, &start), "refused\ngiven\n");

	start = bench_shell(b, 4, "wc -c");
	assert_string_equal(said(b, &start), "0\n");
}

static void
umask_nice_and_limits_are_as_the_start_says(void **state)
{
	struct bench *b = *state;
	struct channel_message start = bench_shell(b, 1,
	    "umask; nice; ulimit -t; ulimit -v; ulimit -n; ulimit -f; ulimit -c; ulimit -Ht");

	start.umask = 0077;
	start.nice = 7;
	limit(&start, CHANNEL_CPU, 30);
	limit(&start, CHANNEL_MEMORY, UINT64_C(512) << 20);
	limit(&start, CHANNEL_FILES, 33);
	limit(&start, CHANNEL_FILE_SIZE, 1024);
	limit(&start, CHANNEL_CORE, 0);
	assert_string_equal(said(b, &start), "0077\n7\n30\n524288\n33\n2\n0\n35\n");
	/* Nothing of it stays for others. */
	start = bench_shell(b, 2, "umask; nice; ulimit -v");
	assert_string_equal(said(b, &start), "0022\n0\nunlimited\n");
}

static void
a_limit_that_is_met_says_so(void **state)
{
	struct bench *b = *state;
	struct channel_message start = bench_shell(b, 1, "while :; do :; done"), ended;

	limit(&start, CHANNEL_CPU, 1);
	ended = bench_run_to_end(b, &start);
	assert_int_equal(ended.signal, SIGXCPU);
	assert_string_equal(
	    ended.reason, "killed by signal 24: it used up its limit of CPU time");
	/* The limit goes by ticks of the clock, what was used by the scheduler's own measure: on a
	 * machine that is itself scheduled the two differ by much. */
	assert_true(ended.cpu_user_us + ended.cpu_system_us > 300 * MS);

	start = bench_shell(b, 2, "exec head -c 10000 /dev/zero > big");
	limit(&start, CHANNEL_FILE_SIZE, 100);
	ended = bench_run_to_end(b, &start);
	assert_int_equal(ended.signal, SIGXFSZ);
	assert_string_equal(ended.reason, "killed by signal 25: a file met its limit of size");
}

static void
what_cannot_be_set_never_started_and_tells_what(void **state)
{
	struct bench *b = *state;
	struct channel_message start = bench_shell(b, 1, "touch ran"), ended;

	/* More than the kernel lets anybody have. */
	limit(&start, CHANNEL_FILES, UINT64_C(1) << 60);
	bench_send(b, &start);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_false(ended.started);
	assert_string_equal(ended.reason,
	    "cannot run /bin/sh: cannot set its limit of open files: Operation not permitted");
	assert_int_equal(ended.memory_bytes, 0);

	start = bench_shell(b, 2, "touch ran");
	start.user = "root";
	bench_send(b, &start);
	ended = bench_expect(b, CHANNEL_ENDED, 2);
	assert_false(ended.started);
	assert_string_equal(ended.reason,
	    "cannot prepare to run /bin/sh: the setting runAs does not list root");
	assert_false(bench_exists(b, "ran"));
}

static void
no_command_gets_privileges_by_a_programs_setuid_bit(void **state)
{
	struct bench *b = *state;
	struct channel_message start =
	    bench_shell(b, 1, "grep NoNewPrivs /proc/self/status | tr -d '\\t'");

	assert_string_equal(said(b, &start), "NoNewPrivs:1\n");
}

static void
an_end_tells_what_was_used(void **state)
{
	struct bench *b = *state;
	/* A child of it that it waits for counts too. */
	struct channel_message start = bench_shell(b, 1,
	    "sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; "
	    "head -c 50000000 /dev/zero | tail -c 50000000 > /dev/null");
	struct channel_message ended = bench_run_to_end(b, &start);

	assert_true(ended.cpu_user_us > 10 * MS);
	assert_true(ended.cpu_system_us >= 0);
	assert_true(ended.memory_bytes > 50000000 && ended.memory_bytes < 200000000);
	/* The same is told again. */
	bench_hello(b);
	ended = bench_expect(b, CHANNEL_KNOWN, 1);
	assert_true(ended.memory_bytes > 50000000);
}

/* ---- as root ---- */

static bool
is_root(void)
{
	if (!geteuid())
		return true;
	print_message("[  SKIP    ] only root can become another user\n");
	return false;
}

static struct channel_message
as_user(struct bench *b, uint64_t task_id, const char *script)
{
	struct channel_message m = bench_shell(b, task_id, script);

	m.user = BENCH_USER;
	m.cwd = "/";
	return m;
}

static void
what_it_was_given_is_noted_before_it_runs_and_without_secrets(void **state)
{
	const char *shown[] = {"TOKEN=${secret:x}", NULL};
	struct bench *b = *state;
	struct channel_message start = bench_shell_with_results(b, 1, "exit 0");
	struct started s;
	struct err err;
	const char *path = bench_path(b, "out/t/1/1.start");

	start.env[2] = "TOKEN=abc";
	start.env[3] = NULL;
	start.shown = shown;
	start.umask = 027;
	bench_send(b, &start);
	bench_expect(b, CHANNEL_HELD, 1);
	assert_int_equal(started_read(&b->arena, path, &s, &err), 0);
	assert_string_equal(s.argv[2], "exit 0");
	assert_string_equal(s.env[0], start.env[0]);
	assert_string_equal(s.env[2], shown[0]);
	assert_non_null(strstr(s.env[3], "CARILLON_RESULT_DIR=/"));
	assert_null(s.env[4]);
	assert_string_equal(s.cwd, b->dir);
	assert_int_equal(s.umask, 027);
	assert_string_equal(s.user, getpwuid(geteuid())->pw_name);
	assert_null(strstr(bench_read(b, "out/t/1/1.start"), "abc"));
	assert_int_equal(
	    started_read(&b->arena, bench_path(b, "out/none"), &s, &err), ERR_MISSING);
}

static void
a_command_runs_as_its_user_with_his_groups_and_no_privileges(void **state)
{
	struct bench *b = *state;
	const struct passwd *pw = getpwnam(BENCH_USER);
	struct channel_message start;

	if (!is_root())
		skip();
	start = as_user(b, 1,
	    "id -u; id -G; grep -E '^Cap(Prm|Eff|Amb)' /proc/self/status | tr -d '\\t'; "
	    "echo $HOME $USER $LOGNAME; cat /etc/shadow 2>/dev/null || echo closed");
	assert_string_equal(
	    said(b, &start), arena_printf(&b->arena,
				 "%u\n%u\nCapPrm:0000000000000000\nCapEff:0000000000000000\n"
				 "CapAmb:0000000000000000\n%s %s %s\nclosed\n",
				 pw->pw_uid, pw->pw_gid, pw->pw_dir, BENCH_USER, BENCH_USER));
	/* What its definition says about HOME stays. */
	start = as_user(b, 2, "echo $HOME");
	start.env[2] = "HOME=/srv";
	assert_string_equal(said(b, &start), "/srv\n");
}

static void
a_group_must_be_one_of_the_users(void **state)
{
	struct bench *b = *state;
	struct channel_message start, ended;

	if (!is_root())
		skip();
	start = as_user(b, 1, "true");
	start.group = "root";
	bench_send(b, &start);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_false(ended.started);
	assert_string_equal(ended.reason,
	    "cannot prepare to run /bin/sh: root is no group of the user " BENCH_USER);
	start = as_user(b, 2, "id -gn");
	start.group = BENCH_USER;
	assert_string_equal(said(b, &start), BENCH_USER "\n");
}

static void
one_of_another_user_is_stopped_and_dies_with_the_runner(void **state)
{
	struct bench *b = *state;
	struct channel_message start, held;

	if (!is_root())
		skip();
	start = as_user(b, 1, "sleep 1000");
	bench_send(b, &start);
	held = bench_expect(b, CHANNEL_HELD, 1);
	bench_order(b, CHANNEL_RELEASE, 1);
	bench_order(b, CHANNEL_KILL, 1);
	assert_true(bench_expect(b, CHANNEL_ENDED, 1).killed);
	assert_false(bench_lives(held.pid));

	start = as_user(b, 2, "exec sleep 1000");
	bench_send(b, &start);
	held = bench_expect(b, CHANNEL_HELD, 2);
	bench_order(b, CHANNEL_RELEASE, 2);
	kill(b->runner, SIGKILL);
	bench_runner_end(b);
	WAIT_UNTIL(!bench_lives(held.pid));
}

static void
the_result_files_of_another_user_are_taken(void **state)
{
	struct bench *b = *state;
	struct channel_message start, ended;
	struct stat st;

	if (!is_root())
		skip();
	assert_int_equal(chmod(b->dir, 0711), 0);
	start = as_user(b, 1, "umask 077; echo hello > $CARILLON_RESULT_DIR/r.txt; ls -d .");
	start.results_max_bytes = 1000;
	ended = bench_run_to_end(b, &start);
	assert_null(ended.reason);
	assert_int_equal(ended.result_count, 1);
	assert_string_equal(ended.results[0].name, "r.txt");
	assert_string_equal(bench_read(b, "out/t/1/1.results/0"), "hello\n");
	assert_int_equal(stat(bench_path(b, "out/t/1/1.results/0"), &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_mode & 0777, 0440);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    BENCH(a_command_reads_what_it_was_given_and_then_the_end),
	    BENCH(umask_nice_and_limits_are_as_the_start_says),
	    BENCH(a_limit_that_is_met_says_so),
	    BENCH(what_cannot_be_set_never_started_and_tells_what),
	    BENCH(no_command_gets_privileges_by_a_programs_setuid_bit),
	    BENCH(an_end_tells_what_was_used),
	    BENCH(what_it_was_given_is_noted_before_it_runs_and_without_secrets),
	    BENCH(a_command_runs_as_its_user_with_his_groups_and_no_privileges),
	    BENCH(a_group_must_be_one_of_the_users),
	    BENCH(one_of_another_user_is_stopped_and_dies_with_the_runner),
	    BENCH(the_result_files_of_another_user_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
