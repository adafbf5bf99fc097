/* Who dies with whom: the runner, its master, its commands and what they have left behind. */
#include "runner_bench.h"

#include "proc/fd.h"
#include "runner/command.h"

/* ---- the runner is told to stop ---- */

static void
told_to_stop_it_ends_all_tells_it_and_leaves_with_0(void **state)
{
	struct bench *b = *state;
	struct channel_message ended, start = bench_shell(b, 3, "touch ran3");
	pid_t running, held;
	int status;

	running = bench_run(b, 1,
	    "trap 'echo $$ > asked; sleep 0.2; exit 7' TERM;"
	    "echo $$ > ready; while :; do sleep 0.01; done");
	held = bench_hold(b, 2, "touch ran").pid;
	bench_pid(b, "ready");
	kill(b->runner, SIGTERM);
	/* From now on nothing new is begun. */
	bench_pid(b, "asked");
	bench_send(b, &start);
	bench_order(b, CHANNEL_RELEASE, 3);
	status = bench_runner_end(b);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_int_equal(ended.exit_code, 7);
	assert_true(ended.killed);
	ended = bench_expect(b, CHANNEL_ENDED, 2);
	assert_false(ended.started);
	assert_false(bench_lives(running));
	assert_false(bench_lives(held));
	assert_int_equal(b->inbox_count, 0);
	assert_false(bench_exists(b, "ran"));
	assert_false(bench_exists(b, "ran3"));
}

static void
idle_it_leaves_at_once(void **state)
{
	struct bench *b = *state;
	int status;

	bench_settle(b);
	kill(b->runner, SIGTERM);
	status = bench_runner_end(b);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
what_waits_to_be_told_is_told_before_it_leaves(void **state)
{
	enum { REPEATS = 3000 };
	struct bench *b = *state;

	bench_run(b, 1, "exec sleep 1000");
	bench_run(b, 2, "exit 0");
	bench_expect(b, CHANNEL_ENDED, 2);
	/* Nobody reads: the channel is full when the end comes. */
	for (int i = 0; i < REPEATS; i++)
		bench_order(b, CHANNEL_KILL, 2);
	kill(b->runner, SIGTERM);
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 1).signal, SIGTERM);
	assert_int_equal(bench_runner_end(b), 0);
}

static void
signals_that_are_not_meant_for_it_change_nothing(void **state)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGPIPE, SIGALRM};
	struct bench *b = *state;

	bench_settle(b);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		kill(b->runner, signals[i]);
	bench_run(b, 1, "exit 0");
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 1).exit_code, 0);
}

/* ---- the runner dies ---- */

static void
killed_it_takes_held_and_running_commands_with_it(void **state)
{
	struct bench *b = *state;
	pid_t held = bench_hold(b, 1, "touch ran").pid;
	pid_t running = bench_run(b, 2, "trap '' TERM HUP; echo $$ > ready; exec sleep 1000");

	bench_pid(b, "ready");
	kill(b->runner, SIGKILL);
	bench_runner_end(b);
	WAIT_UNTIL(!bench_lives(held) && !bench_lives(running));
	assert_false(bench_exists(b, "ran"));
}

/* The gate of a child whose runner is gone, should the child still be there to see it. */
static void
a_gate_that_closes_lets_nothing_run(void **state)
{
	struct bench *b = *state;
	const char *argv[] = {"/usr/bin/touch", "ran", NULL}, *env[] = {NULL};
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), status;
	const struct attributes attributes = ATTRIBUTES_INIT;
	struct command_spec spec = {.argv = argv,
	    .env = env,
	    .attributes = &attributes,
	    .cwd = b->dir,
	    .null_fd = null_fd,
	    .cgroup_fd = -1,
	    .stdout_fd = null_fd,
	    .stderr_fd = null_fd,
	    .files = {FILES, FILES}};
	struct command cmd;
	struct err err;

	assert_int_equal(command_hold(&cmd, &spec, &err), 0);
	fd_drop(&cmd.gate);
	WAIT_UNTIL(command_ended(&cmd, &status));
	assert_false(command_release(&cmd));
	command_close(&cmd);
	assert_false(bench_exists(b, "ran"));
	/* The same one does run when it is released. */
	assert_int_equal(command_hold(&cmd, &spec, &err), 0);
	assert_true(command_release(&cmd));
	WAIT_UNTIL(command_ended(&cmd, &status));
	command_close(&cmd);
	assert_true(bench_exists(b, "ran"));
	close(null_fd);
}

/* What neither it nor a keeper takes with it the next runner finds. */
static void
what_outlives_a_runner_is_swept_by_the_next(void **state)
{
	struct bench *b = *state;
	struct channel_message held = bench_hold(b, 1,
	    "set -m; (trap '' TERM; echo $$ > ready; while :; do sleep 1000; done) & "
	    "echo $! > left; exec sleep 1000");
	struct channel_message swept;
	struct process p;
	pid_t left;

	bench_order(b, CHANNEL_RELEASE, 1);
	bench_pid(b, "ready");
	left = bench_pid(b, "left");
	assert_int_equal(process_read(held.pid, &p), 0);
	kill(b->runner, SIGSTOP);
	kill(p.parent, SIGKILL);
	kill(b->runner, SIGKILL);
	bench_runner_end(b);
	WAIT_UNTIL(!bench_lives(held.pid));
	assert_true(bench_lives(left));

	bench_close_channel(b);
	bench_open_channel(b);
	bench_start_runner(b);
	bench_hello(b);
	assert_int_equal(bench_next(b).type, CHANNEL_READY);
	held.type = CHANNEL_STALE;
	bench_send(b, &held);
	bench_send(b, &held);
	swept = bench_expect(b, CHANNEL_SWEPT, 1);
	assert_int_equal(swept.attempt, 1);
	assert_int_equal(swept.pid, held.pid);
	assert_int_equal(swept.pid_start_ticks, held.pid_start_ticks);
	assert_false(bench_lives(left));
}

/* ---- sweeping ---- */

/* A session with a leader and a member, neither of them the runner's. `task_id`: stands in
 * their environment; 0: it does not. */
struct session {
	pid_t leader, member;
	uint64_t born;
};

static _Noreturn void
be_a_session(int report, uint64_t task_id)
{
	char guid[ID_GUID_LEN + 1], line[64], *env[] = {line, NULL};
	pid_t member;

	id_guid(task_id, guid);
	snprintf(line, sizeof line, "%s=%s", task_id ? "CARILLON_TASK_ID" : "OTHER", guid);
	setsid();
	member = fork();
	if (member == 0) {
		execle("/bin/sleep", "sleep", "1000", (char *)NULL, env);
		_exit(127);
	}
	if (write(report, &member, sizeof member) < 0)
		_exit(127);
	execle("/bin/sleep", "sleep", "1000", (char *)NULL, env);
	_exit(127);
}

static struct session
make_session(uint64_t task_id)
{
	struct session s;
	struct process p;
	char exe[32] = "", path[32];
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	s.leader = fork();
	if (s.leader == 0)
		be_a_session(ends[1], task_id);
	close(ends[1]);
	assert_int_equal(read(ends[0], &s.member, sizeof s.member), sizeof s.member);
	close(ends[0]);
	/* The environment is there when the program is. */
	snprintf(path, sizeof path, "/proc/%d/exe", s.member);
	WAIT_UNTIL(readlink(path, exe, sizeof exe - 1) > 0 && strstr(exe, "sleep"));
	assert_int_equal(process_read(s.leader, &p), 0);
	s.born = p.born;
	return s;
}

static void
end_leader(const struct session *s)
{
	kill(s->leader, SIGKILL);
	WAIT_UNTIL(!bench_lives(s->leader));
}

static void
sweep(struct bench *b, const struct session *s, uint64_t task_id)
{
	bench_send(b, &(struct channel_message){.type = CHANNEL_STALE,
			  .task_id = task_id,
			  .attempt = 1,
			  .pid = s->leader,
			  .pid_start_ticks = s->born});
	bench_expect(b, CHANNEL_SWEPT, task_id);
}

static void
a_session_is_known_by_its_leader(void **state)
{
	struct bench *b = *state;
	struct session s = make_session(0);

	sweep(b, &s, 1);
	assert_false(bench_lives(s.leader) || bench_lives(s.member));
}

static void
without_a_leader_it_is_known_by_the_tasks_number(void **state)
{
	struct bench *b = *state;
	struct session s = make_session(1);

	end_leader(&s);
	sweep(b, &s, 2);
	assert_true(bench_lives(s.member));
	sweep(b, &s, 1);
	assert_false(bench_lives(s.member));
}

static void
a_stranger_who_was_given_the_number_later_is_not_touched(void **state)
{
	struct bench *b = *state;
	struct session s = make_session(1), stale = s;

	/* Another process was the leader. */
	stale.born--;
	sweep(b, &stale, 1);
	assert_true(bench_lives(s.leader) && bench_lives(s.member));
	stale.born += 2;
	sweep(b, &stale, 1);
	assert_true(bench_lives(s.leader) && bench_lives(s.member));
	/* Before the machine was last started. */
	stale.born = s.born ^ UINT64_C(1) << 41;
	sweep(b, &stale, 1);
	assert_true(bench_lives(s.leader) && bench_lives(s.member));
	/* Also where no leader could tell. */
	end_leader(&s);
	stale.born = s.born - (UINT64_C(1) << 40);
	sweep(b, &stale, 1);
	assert_true(bench_lives(s.member));
	/* The leader has gone, as that of a daemon does; its members came later. */
	s = make_session(0);
	end_leader(&s);
	stale = s;
	stale.born -= 5;
	sweep(b, &stale, 1);
	assert_true(bench_lives(s.member));
}

/* Whatever it is told, the runner does not end itself and who is beside it. */
static void
the_runners_own_session_is_nobodys_family(void **state)
{
	struct bench *b = *state;
	struct session s = {0};
	struct process leader;
	int ends[2];

	kill(b->runner, SIGKILL);
	bench_runner_end(b);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	s.leader = fork();
	if (s.leader == 0) {
		setsid();
		bench_start_runner(b);
		if (write(ends[1], "", 1) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ends[0], &(char){0}, 1), 1);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(process_read(s.leader, &leader), 0);
	s.born = leader.born;
	sweep(b, &s, 1);
	assert_true(bench_lives(s.leader));
	bench_settle(b);
}

static void
nonsense_is_swept_and_harms_nobody(void **state)
{
	struct bench *b = *state;
	struct process self;
	struct session cases[] = {{.leader = 0}, {.leader = 1}, {.leader = -1},
	    {.leader = getsid(0)}, {.leader = getpid()}, {.leader = 4194303}};

	assert_int_equal(process_read(getpid(), &self), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		sweep(b, &cases[i], i + 1);
		cases[i].born = self.born & ~((UINT64_C(1) << 40) - 1);
		sweep(b, &cases[i], i + 1);
	}
	bench_run(b, 100, "exit 0");
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 100).exit_code, 0);
}

static void
a_sweep_does_not_touch_the_runners_own_commands(void **state)
{
	struct bench *b = *state;
	struct channel_message held = bench_hold(b, 1, "exit 6");
	struct session stale = {.leader = held.pid, .born = held.pid_start_ticks - 1};

	sweep(b, &stale, 1);
	bench_order(b, CHANNEL_RELEASE, 1);
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 1).exit_code, 6);
}

static void
a_dead_commands_number_stays_its_own_until_its_family_has_ended(void **state)
{
	struct bench *b = *state;
	struct channel_message start = bench_shell(
	    b, 1, "(trap '' TERM; echo $$ > ready; while :; do sleep 1000; done) & exit 0");
	struct process leader;

	bench_send(b, &start);
	leader.pid = bench_expect(b, CHANNEL_HELD, 1).pid;
	bench_order(b, CHANNEL_RELEASE, 1);
	bench_pid(b, "ready");
	/* Its family has the session for a second or two yet. */
	WAIT_UNTIL(!process_read(leader.pid, &leader) && leader.dead);
	assert_int_equal(b->inbox_count, 0);
	bench_expect(b, CHANNEL_ENDED, 1);
	assert_int_equal(process_read(leader.pid, &leader), ERR_MISSING);
}

/* ---- the master dies ---- */

static void
when_the_channel_closes_all_is_ended_and_it_leaves(void **state)
{
	struct bench *b = *state;
	pid_t held, running, left;
	int status;

	held = bench_hold(b, 1, "touch ran").pid;
	running = bench_run(b, 2,
	    "trap '' TERM; (trap '' TERM; while :; do sleep 1000; done) & echo $! > left;"
	    "while :; do sleep 1000; done");
	left = bench_pid(b, "left");
	bench_close_channel(b);
	status = bench_runner_end(b);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_false(bench_lives(held) || bench_lives(running) || bench_lives(left));
	assert_false(bench_exists(b, "ran"));
}

/* The scheduler's end may outlive the master, so the channel does not tell. */
static void
when_the_master_is_killed_all_is_ended_and_it_leaves(void **state)
{
	struct bench *b = *state;
	pid_t master, runner, left;
	int ends[2];

	/* The runner of the bench is not needed: the one here has another parent. */
	kill(b->runner, SIGKILL);
	bench_runner_end(b);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	master = fork();
	if (master == 0) {
		bench_start_runner(b);
		if (write(ends[1], &b->runner, sizeof b->runner) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ends[0], &runner, sizeof runner), sizeof runner);
	close(ends[0]);
	close(ends[1]);
	bench_run(b, 1, "(trap '' TERM; while :; do sleep 1000; done) & echo $! > left; wait");
	left = bench_pid(b, "left");

	kill(master, SIGKILL);
	WAIT_UNTIL(!bench_lives(master));
	WAIT_UNTIL(!bench_lives(runner));
	assert_false(bench_lives(left));
	assert_true(bench_expect(b, CHANNEL_ENDED, 1).killed);
}

/* ---- it cannot begin ---- */

static void
without_a_channel_or_a_configuration_it_does_not_begin(void **state)
{
	struct bench *b = *state;
	const char *cases[][5] = {
	    {"--config", b->config},
	    {"--channel", "9"},
	    {"--config", b->config, "--channel", "x"},
	    {"--config", b->config, "--channel", "250"},
	    {"--config", "/nonexistent.xml", "--channel", "9"},
	    {"--config", b->config, "--unknown"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *const *c = cases[i];
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			dup2(b->runner_end, 9);
			execl(b->program, "carillon-runner", c[0], c[1], c[2], c[3],
			    (char *)NULL);
			_exit(126);
		}
		WAIT_UNTIL(waitpid(pid, &status, WNOHANG) == pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BENCH(told_to_stop_it_ends_all_tells_it_and_leaves_with_0),
	    BENCH(idle_it_leaves_at_once),
	    BENCH(what_waits_to_be_told_is_told_before_it_leaves),
	    BENCH(signals_that_are_not_meant_for_it_change_nothing),
	    BENCH(killed_it_takes_held_and_running_commands_with_it),
	    BENCH(a_gate_that_closes_lets_nothing_run),
	    BENCH(what_outlives_a_runner_is_swept_by_the_next),
	    BENCH(a_session_is_known_by_its_leader),
	    BENCH(without_a_leader_it_is_known_by_the_tasks_number),
	    BENCH(a_stranger_who_was_given_the_number_later_is_not_touched),
	    BENCH(the_runners_own_session_is_nobodys_family),
	    BENCH(nonsense_is_swept_and_harms_nobody),
	    BENCH(a_sweep_does_not_touch_the_runners_own_commands),
	    BENCH(a_dead_commands_number_stays_its_own_until_its_family_has_ended),
	    BENCH(when_the_channel_closes_all_is_ended_and_it_leaves),
	    BENCH(when_the_master_is_killed_all_is_ended_and_it_leaves),
	    BENCH(without_a_channel_or_a_configuration_it_does_not_begin),
	};

	return cmocka_run_group_tests_name("runner's death", tests, NULL, NULL);
}
