/*
 * What the tests of the store share: a directory of its own for each program, recovery in a
 * child as store.h asks, work in other processes with a deadline.
 */
#ifndef TESTS_STORE_SUPPORT_H
#define TESTS_STORE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store.h"

#define MAYBE_UNUSED __attribute__((unused))

enum { DEADLINE_S = 60 };

/* In memory where that can be: what these tests do to a store is death of processes, not of
 * the machine, and waiting for a disk would take most of their time. */
static char base_dir[] = "/dev/shm/test_store.XXXXXX";
static char dir[sizeof base_dir + 16];
static struct store_options options = {
    .dir = dir, .cache_bytes = 1 << 20, .reserve_bytes = 1 << 20};
static struct store *st;
static struct arena arena;
static struct err err;

/* What a child tells: it dies with its process otherwise. */
static struct told {
	int code;
	struct err err;
} * told;

/* ---- directories
 * ------------------------------------------------------------------------------------- */

static MAYBE_UNUSED void
shell(const char *fmt, ...)
{
	char command[512];
	va_list ap;
	pid_t pid;
	int status;

	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("%s: status %d", command, status);
}

static MAYBE_UNUSED int
make_base(void **state)
{
	(void)state;
	told =
	    mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		return -1;
	if (mkdtemp(base_dir))
		return 0;
	snprintf(base_dir, sizeof base_dir, "/tmp/test_store.XXXXXX");
	return !mkdtemp(base_dir);
}

static MAYBE_UNUSED int
remove_base(void **state)
{
	(void)state;
	shell("rm -rf %s", base_dir);
	return 0;
}

/* ---- other processes
 * --------------------------------------------------------------------------------- */

/* A child that runs `work` and exits with what it answers, or is killed after the deadline. */
static MAYBE_UNUSED pid_t
start(int (*work)(void *ctx), void *ctx)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(DEADLINE_S);
		_exit(work(ctx));
	}
	return pid;
}

static MAYBE_UNUSED int
finish(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int
recover_work(void *ctx)
{
	told->err.text[0] = '\0';
	told->code = store_recover(ctx, &told->err);
	return 0;
}

/* store_recover() in a child, with its error here. */
static MAYBE_UNUSED int
recover(void)
{
	int status = finish(start(recover_work, &options));

	if (status)
		fail_msg("recovery: wait status %d", status);
	err = told->err;
	return told->code;
}

/* ---- a store
 * ----------------------------------------------------------------------------------------- */

static MAYBE_UNUSED void
open_store(void)
{
	if (store_open(&options, &st, &err))
		fail_msg("open: %s", err.text);
}

static MAYBE_UNUSED void
close_store(void)
{
	store_close(st);
	st = NULL;
}

/* A new directory without a store in it. */
static MAYBE_UNUSED int
choose_dir(void **state)
{
	static int count;

	(void)state;
	snprintf(dir, sizeof dir, "%s/%d", base_dir, ++count);
	err.text[0] = '\0';
	return 0;
}

static MAYBE_UNUSED int
make_store(void **state)
{
	choose_dir(state);
	if (recover())
		fail_msg("recover: %s", err.text);
	open_store();
	return 0;
}

static MAYBE_UNUSED int
drop_store(void **state)
{
	(void)state;
	close_store();
	arena_release(&arena);
	shell("rm -rf %s", dir);
	return 0;
}

static MAYBE_UNUSED void
run(int (*body)(struct txn *txn, void *ctx, struct err *err), void *ctx)
{
	if (store_run(st, body, ctx, &err))
		fail_msg("run: %s", err.text);
}

/* ---- models
 * ------------------------------------------------------------------------------------------ */

static const char *echo_argv[] = {"/bin/echo", "hello", NULL};

static struct task_def echo_def = {.name = "echo", .argv = echo_argv, .argc = 2};

static MAYBE_UNUSED struct schedule
schedule_of(uint64_t tenant_id, uint64_t id, const char *name)
{
	return (struct schedule){
	    .id = id,
	    .tenant_id = tenant_id,
	    .version = 1,
	    .name = name,
	    .description = "",
	    .start_us = INT64_MIN,
	    .end_us = INSTANT_NEVER,
	    .tasks = &echo_def,
	    .task_count = 1,
	};
}

static MAYBE_UNUSED struct schedule_state
state_of(uint64_t id)
{
	return (struct schedule_state){.schedule_id = id,
	    .next_due_us = INSTANT_NEVER,
	    .range_due_us = INSTANT_NEVER,
	    .deferred_us = INSTANT_NEVER};
}

static MAYBE_UNUSED struct execution
execution_of(uint64_t schedule_id, uint64_t id)
{
	return (struct execution){
	    .id = id,
	    .tenant_id = 1,
	    .schedule_id = schedule_id,
	    .schedule_name = "a",
	    .origin = ORIGIN_CALL,
	    .due_us = INSTANT_NEVER,
	    .start_us = INSTANT_NEVER,
	    .end_us = INSTANT_NEVER,
	    .task_count = 1,
	};
}

static MAYBE_UNUSED struct task
task_of(const struct execution *e, uint64_t id, uint32_t ordinal)
{
	return (struct task){
	    .id = id,
	    .execution_id = e->id,
	    .schedule_id = e->schedule_id,
	    .tenant_id = e->tenant_id,
	    .ordinal = ordinal,
	    .status = TASK_PENDING,
	    .def = echo_def,
	    .output_bytes = -1,
	    .end_us = INSTANT_NEVER,
	};
}

static MAYBE_UNUSED struct result
result_of(const struct task *t, uint64_t id, uint32_t attempt, uint32_t number)
{
	return (struct result){
	    .id = id,
	    .tenant_id = t->tenant_id,
	    .schedule_id = t->schedule_id,
	    .execution_id = t->execution_id,
	    .task_id = t->id,
	    .attempt = attempt,
	    .number = number,
	    .name = "a.csv",
	    .state = RESULT_AVAILABLE,
	    .consumed_us = INSTANT_NEVER,
	    .deleted_us = INSTANT_NEVER,
	};
}

static MAYBE_UNUSED struct user
user_of(uint64_t tenant_id, uint64_t id, const char *name)
{
	return (struct user){.id = id,
	    .tenant_id = tenant_id,
	    .name = name,
	    .role = ROLE_VIEWER,
	    .enabled = true};
}

static MAYBE_UNUSED struct token
token_of(uint64_t id, uint64_t user_id, unsigned char mark)
{
	struct token t = {.id = id,
	    .user_id = user_id,
	    .tenant_id = 1,
	    .kind = TOKEN_KEY,
	    .expires_us = INSTANT_NEVER};

	memset(t.hash, mark, sizeof t.hash);
	return t;
}

#endif
