/* Who leaves his command's session: forked twice, without its environment, its pipes, its parent. */
#include "runner_bench.h"

#include <limits.h>

#include "runner/keeper.h"

enum { BREED = 300 };

/* ---- what the commands are: this program with a word ---- */

/* Each lives for a moment, in a session of its own, and has one child. */
static _Noreturn void
be_chain(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid != 0)
			_exit(pid < 0);
		setsid();
	}
}

/* One that has child after child, each in a session of its own and deaf to TERM. */
static _Noreturn void
be_breeder(void)
{
	signal(SIGTERM, SIG_IGN);
	for (int i = 0; i < BREED; i++) {
		if (fork() == 0) {
			setsid();
			for (;;)
				pause();
		}
	}
	for (;;)
		pause();
}

static _Noreturn void
be_daemon(bool deaf)
{
	FILE *f;

	if (fork() != 0)
		_exit(0);
	setsid();
	if (fork() != 0)
		_exit(0);
	if (deaf)
		signal(SIGTERM, SIG_IGN);
	f = fopen("escaped.new", "w");
	fprintf(f, "%d\n", (int)getpid());
	fclose(f);
	rename("escaped.new", "escaped");
	for (;;)
		pause();
}

static const char *
self(struct bench *b)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

	assert_true(n > 0);
	path[n] = '\0';
	return arena_printf(&b->arena, "%s", path);
}

/* `%s` in the script is this program, which knows nothing of the task's environment. */
static struct channel_message
escaping(
    struct bench *b, uint64_t task_id, const char *before, const char *word, const char *after)
{
	struct channel_message m = bench_shell(b, task_id,
	    arena_printf(&b->arena, "%s; env -i %s %s </dev/null >/dev/null 2>&1 %s", before,
		self(b), word, after));

	m.kill_grace_us = 200 * MS;
	return m;
}

/* Nobody is left whom the runner would have inherited. */
static bool
nobody_is_left(struct bench *b)
{
	pid_t list[1];

	return process_children_of(b->runner, list, 1) == 0;
}

/* ---- */

static void
a_timeout_ends_who_forked_twice_and_left(void **state)
{
	struct bench *b = *state;
	struct channel_message start = escaping(b, 1, ":", "deaf", "; exec sleep 1000");
	struct channel_message ended;

	start.timeout_us = 1500 * MS;
	ended = bench_run_to_end(b, &start);
	assert_true(ended.timed_out);
	assert_false(bench_lives(bench_pid(b, "escaped")));
	assert_true(nobody_is_left(b));
}

static void
a_kill_asks_who_left_first_too(void **state)
{
	struct bench *b = *state;
	struct channel_message start = escaping(b, 1, ":", "polite", "; exec sleep 1000");
	struct channel_message ended;
	pid_t escaped;

	start.kill_grace_us = PATIENCE_US;
	bench_send(b, &start);
	bench_order(b, CHANNEL_RELEASE, 1);
	escaped = bench_pid(b, "escaped");
	bench_order(b, CHANNEL_KILL, 1);
	/* Nobody waits for the grace to be over. */
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_true(ended.killed);
	assert_int_equal(ended.signal, SIGTERM);
	assert_false(bench_lives(escaped));
}

static void
a_kill_is_over_when_the_deaf_who_left_are_dead_too(void **state)
{
	struct bench *b = *state;
	struct channel_message start =
	    escaping(b, 1, "trap 'exit 3' TERM", "deaf", "; while :; do sleep 0.05; done");
	struct channel_message ended;
	pid_t escaped;

	bench_send(b, &start);
	bench_order(b, CHANNEL_RELEASE, 1);
	escaped = bench_pid(b, "escaped");
	bench_order(b, CHANNEL_KILL, 1);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_int_equal(ended.exit_code, 3);
	assert_false(bench_lives(escaped));
}

static void
a_chain_of_short_lives_is_caught(void **state)
{
	struct bench *b = *state;
	struct channel_message start =
	    escaping(b, 1, ":", "chain", "; touch begun; exec sleep 1000");

	bench_send(b, &start);
	bench_order(b, CHANNEL_RELEASE, 1);
	WAIT_UNTIL(bench_exists(b, "begun"));
	bench_order(b, CHANNEL_KILL, 1);
	assert_true(bench_expect(b, CHANNEL_ENDED, 1).killed);
	assert_true(nobody_is_left(b));
}

static void
begin_chain(void *ctx, pid_t parent)
{
	(void)ctx;
	(void)parent;
	be_chain();
}

/* Nobody looks who lives here, and nobody could be quick enough. */
static void
a_keeper_kills_all_without_help(void **state)
{
	struct keeper k;
	struct err err;
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(keeper_start(&k, begin_chain, NULL, &pid, &err), 0);
	WAIT_UNTIL(keeper_tells_end(&k, &status));
	assert_int_equal(keeper_others(&k, pid), 1);
	assert_true(keeper_kill_all(&k));
	WAIT_UNTIL(keeper_others(&k, pid) == 0);
	keeper_end(&k);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void
one_that_forks_all_the_time_is_caught_with_all_it_had(void **state)
{
	struct bench *b = *state;
	struct channel_message start = escaping(b, 1, ":", "breeder", "& touch begun; wait");

	bench_send(b, &start);
	bench_order(b, CHANNEL_RELEASE, 1);
	WAIT_UNTIL(bench_exists(b, "begun"));
	bench_order(b, CHANNEL_KILL, 1);
	assert_true(bench_expect(b, CHANNEL_ENDED, 1).killed);
	assert_true(nobody_is_left(b));
}

static void
who_left_is_spared_where_the_command_ends_by_itself(void **state)
{
	struct bench *b = *state;
	struct channel_message start = escaping(b, 1, ":", "polite", "; exit 4");

	assert_int_equal(bench_run_to_end(b, &start).exit_code, 4);
	assert_true(bench_lives(bench_pid(b, "escaped")));
}

static void
a_runner_that_is_killed_takes_who_left_with_it(void **state)
{
	struct bench *b = *state;
	struct channel_message start = escaping(b, 1, ":", "deaf", "; exec sleep 1000");
	pid_t escaped;

	bench_send(b, &start);
	bench_order(b, CHANNEL_RELEASE, 1);
	escaped = bench_pid(b, "escaped");
	kill(b->runner, SIGKILL);
	bench_runner_end(b);
	WAIT_UNTIL(!bench_lives(escaped));
}

static void
a_command_does_not_outlive_its_keeper(void **state)
{
	struct bench *b = *state;
	struct channel_message ended;
	struct process p;
	pid_t pid = bench_run(b, 1, "echo $$ > ready; exec sleep 1000");

	bench_pid(b, "ready");
	assert_int_equal(process_read(pid, &p), 0);
	assert_int_not_equal(p.parent, b->runner);
	kill(p.parent, SIGKILL);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_true(ended.started);
	assert_int_equal(ended.signal, SIGKILL);
	/* It is an accident of one command, and no other's. */
	bench_run(b, 2, "exit 0");
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 2).exit_code, 0);
	assert_true(nobody_is_left(b));
}

static void
orphans_of_a_command_are_reaped_while_it_runs(void **state)
{
	struct bench *b = *state;
	pid_t orphan, pid = bench_run(b, 1,
			  "(sh -c 'echo $$ > orphan; exec sleep 0.1' &); exec sleep 1000");

	orphan = bench_pid(b, "orphan");
	WAIT_UNTIL(kill(orphan, 0) && errno == ESRCH);
	assert_true(bench_lives(pid));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    BENCH(a_timeout_ends_who_forked_twice_and_left),
	    BENCH(a_kill_asks_who_left_first_too),
	    BENCH(a_kill_is_over_when_the_deaf_who_left_are_dead_too),
	    BENCH(a_chain_of_short_lives_is_caught),
	    BENCH(a_keeper_kills_all_without_help),
	    BENCH(one_that_forks_all_the_time_is_caught_with_all_it_had),
	    BENCH(who_left_is_spared_where_the_command_ends_by_itself),
	    BENCH(a_runner_that_is_killed_takes_who_left_with_it),
	    BENCH(a_command_does_not_outlive_its_keeper),
	    BENCH(orphans_of_a_command_are_reaped_while_it_runs),
	};

	if (argc > 1 && !strcmp(argv[1], "chain"))
		be_chain();
	if (argc > 1 && !strcmp(argv[1], "breeder"))
		be_breeder();
	if (argc > 1)
		be_daemon(!strcmp(argv[1], "deaf"));
	return cmocka_run_group_tests_name("runner_escape", tests, NULL, NULL);
}
