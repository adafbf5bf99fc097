/*
 * Control groups of commands: entering, killing and removing with the kernel's own, where it lets us make
 * one; limits with files that stand in for those of the controllers.
 */
#include "runner_bench.h"

#include <sys/vfs.h>

#include <linux/magic.h>

static char group[128];

/* The runner of this bench is started anew with a directory of groups. */
static void
with_groups(struct bench *b, const char *path)
{
	FILE *f = fopen(b->config, "w");

	kill(b->runner, SIGKILL);
	bench_runner_end(b);
	fprintf(f,
	    "<carillon><outputDir>%s/out</outputDir><cgroupDir>%s</cgroupDir></carillon>\n",
	    b->dir, path);
	fclose(f);
	bench_close_channel(b);
	bench_open_channel(b);
	bench_start_runner(b);
	bench_settle(b);
}

/* A group of the kernel's, or the test is left out. */
static void
with_real_groups(struct bench *b)
{
	static const char *const roots[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};
	struct statfs fs;

	for (size_t i = 0; i < 2; i++) {
		if (statfs(roots[i], &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		snprintf(group, sizeof group, "%s/carillon-test-%d", roots[i], (int)getpid());
		if (!mkdir(group, 0755)) {
			with_groups(b, group);
			return;
		}
	}
	skip();
}

static int
close_groups(void **state)
{
	int rc = bench_close(state);

	/* What is dying may still be in it. */
	for (int i = 0; group[0] && rmdir(group) && errno != ENOENT && i < 1000; i++) {
		bench_kill_children();
		bench_nap();
	}
	group[0] = '\0';
	return rc;
}

/* With the group of one attempt made before: plain files, since there are no controllers. */
static const char *
with_a_stand_in(struct bench *b, const char *const *files)
{
	const char *root = bench_path(b, "groups");

	assert_int_equal(mkdir(root, 0755), 0);
	assert_int_equal(mkdir(bench_path(b, "groups/task-1-1"), 0755), 0);
	close(creat(bench_path(b, "groups/cgroup.procs"), 0644));
	close(creat(bench_path(b, "groups/cgroup.subtree_control"), 0644));
	for (; *files; files++)
		close(creat(
		    arena_printf(&b->arena, "%s/groups/task-1-1/%s", b->dir, *files), 0644));
	with_groups(b, root);
	return root;
}

static const char *
stand_in(struct bench *b, const char *file)
{
	return bench_read(b, arena_printf(&b->arena, "groups/task-1-1/%s", file));
}

static struct channel_message
limited(struct bench *b, const char *script)
{
	struct channel_message m = bench_shell(b, 1, script);

	m.limited = 1U << CHANNEL_MEMORY | 1U << CHANNEL_PROCESSES;
	m.limits[CHANNEL_MEMORY] = UINT64_C(1) << 30;
	m.limits[CHANNEL_PROCESSES] = 500;
	return m;
}

static void
a_command_and_all_that_it_starts_are_in_its_group(void **state)
{
	struct bench *b = *state;
	const char *name;

	with_real_groups(b);
	name = strrchr(group, '/');
	bench_run(b, 1,
	    "cat /proc/self/cgroup; setsid cat /proc/self/cgroup; grep -c . "
	    "/proc/$PPID/cgroup");
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 1).exit_code, 0);
	name = arena_printf(&b->arena, "0::%s/task-1-1\n", name);
	assert_non_null(strstr(bench_output(b, 1, "stdout"), name));
	assert_non_null(strstr(strstr(bench_output(b, 1, "stdout"), name) + 1, name));
	/* It is gone with the attempt. */
	assert_int_equal(access(arena_printf(&b->arena, "%s/task-1-1", group), F_OK), -1);
}

static void
a_kill_empties_the_group(void **state)
{
	struct bench *b = *state;
	struct channel_message start;
	pid_t left;

	with_real_groups(b);
	start = bench_shell(b, 1,
	    "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ > left; while :; do sleep 9; "
	    "done' & wait; while :; do sleep 9; done");
	start.kill_grace_us = 50 * MS;
	bench_send(b, &start);
	bench_order(b, CHANNEL_RELEASE, 1);
	left = bench_pid(b, "left");
	bench_order(b, CHANNEL_KILL, 1);
	assert_true(bench_expect(b, CHANNEL_ENDED, 1).killed);
	assert_false(bench_lives(left));
	assert_int_equal(access(arena_printf(&b->arena, "%s/task-1-1", group), F_OK), -1);
}

static void
a_group_with_somebody_in_it_is_removed_when_he_has_gone(void **state)
{
	struct bench *b = *state;
	const char *path;
	pid_t left;

	with_real_groups(b);
	path = arena_printf(&b->arena, "%s/task-1-1", group);
	bench_run(b, 1, "setsid sleep 1000 >/dev/null 2>&1 & echo $! > left; sleep 0.3");
	left = bench_pid(b, "left");
	bench_expect(b, CHANNEL_ENDED, 1);
	assert_int_equal(access(path, F_OK), 0);
	kill(left, SIGKILL);
	WAIT_UNTIL(kill(left, 0) && errno == ESRCH);
	/* With the next that ends. */
	bench_run(b, 2, "exit 0");
	bench_expect(b, CHANNEL_ENDED, 2);
	WAIT_UNTIL(access(path, F_OK));
}

static void
what_a_dead_runner_left_is_removed_by_the_next(void **state)
{
	struct bench *b = *state;

	with_real_groups(b);
	assert_int_equal(mkdir(arena_printf(&b->arena, "%s/task-7-1", group), 0755), 0);
	with_groups(b, group);
	assert_int_equal(access(arena_printf(&b->arena, "%s/task-7-1", group), F_OK), -1);
}

static void
a_limit_without_its_controller_fails_the_attempt(void **state)
{
	struct bench *b = *state;
	struct channel_message start, ended;

	with_real_groups(b);
	start = limited(b, "touch ran");
	start.limited = 1U << CHANNEL_MEMORY;
	if (!access(arena_printf(&b->arena, "%s/memory.max", group), F_OK))
		skip();
	bench_send(b, &start);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_false(ended.started);
	assert_string_equal(ended.reason, "cannot set memory.max of its control group: the "
					  "controller memory is not delegated "
					  "to it");
	assert_false(bench_exists(b, "ran"));
}

static void
limits_of_memory_and_processes_hold_for_the_whole_group(void **state)
{
	static const char *const files[] = {
	    "cgroup.procs", "memory.max", "pids.max", "memory.oom.group", "cgroup.kill", NULL};
	struct bench *b = *state;
	struct channel_message start;

	with_a_stand_in(b, files);
	start = limited(b, "trap '' TERM; echo $$ > ready; while :; do sleep 9; done");
	start.kill_grace_us = 50 * MS;
	bench_send(b, &start);
	bench_order(b, CHANNEL_RELEASE, 1);
	bench_pid(b, "ready");
	assert_string_equal(stand_in(b, "memory.max"), "1073741824");
	assert_string_equal(stand_in(b, "pids.max"), "500");
	assert_string_equal(stand_in(b, "memory.oom.group"), "1");
	assert_string_equal(stand_in(b, "cgroup.procs"), "0");
	assert_string_equal(stand_in(b, "cgroup.kill"), "");
	/* A plain file keeps the one order over the other. */
	assert_string_equal(bench_read(b, "groups/cgroup.subtree_control"), "+pidsry");
	bench_order(b, CHANNEL_KILL, 1);
	bench_expect(b, CHANNEL_ENDED, 1);
	assert_string_equal(stand_in(b, "cgroup.kill"), "1");
}

static void
without_limits_nothing_is_asked_of_controllers(void **state)
{
	static const char *const files[] = {"cgroup.procs", NULL};
	struct bench *b = *state;

	with_a_stand_in(b, files);
	bench_run(b, 1, "exit 0");
	assert_int_equal(bench_expect(b, CHANNEL_ENDED, 1).exit_code, 0);
}

static void
where_the_directory_is_none_no_command_starts(void **state)
{
	struct bench *b = *state;
	struct channel_message start = bench_shell(b, 1, "touch ran"), ended;
	const char *path = bench_path(b, "nothing");

	with_groups(b, path);
	bench_send(b, &start);
	ended = bench_expect(b, CHANNEL_ENDED, 1);
	assert_false(ended.started);
	assert_string_equal(
	    ended.reason, arena_printf(&b->arena, "the control group %s cannot be used", path));
	assert_false(bench_exists(b, "ran"));
}

#define GROUPS(name) cmocka_unit_test_setup_teardown(name, bench_open, close_groups)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    GROUPS(a_command_and_all_that_it_starts_are_in_its_group),
	    GROUPS(a_kill_empties_the_group),
	    GROUPS(a_group_with_somebody_in_it_is_removed_when_he_has_gone),
	    GROUPS(what_a_dead_runner_left_is_removed_by_the_next),
	    GROUPS(a_limit_without_its_controller_fails_the_attempt),
	    GROUPS(limits_of_memory_and_processes_hold_for_the_whole_group),
	    GROUPS(without_limits_nothing_is_asked_of_controllers),
	    GROUPS(where_the_directory_is_none_no_command_starts),
	};

	return cmocka_run_group_tests_name("runner_cgroup", tests, NULL, NULL);
}
