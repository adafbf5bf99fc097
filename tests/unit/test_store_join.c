/* A store_run() inside another: one transaction, whatever the bodies make of it. */
#include "store_support.h"

#include <sched.h>

/* What an inner body does, and what the outer one makes of it. */
struct nest {
	bool inner_writes, outer_writes, outer_swallows;
	int inner_answer;
	unsigned outer_runs, inner_runs;
	int seen; /* what the inner store_run() answered */
	bool running;
};

static int
put(struct txn *txn, const char *name, struct err *e)
{
	return store_value_put(txn, name, "x", 1, e);
}

static int
inner_body(struct txn *txn, void *ctx, struct err *e)
{
	struct nest *n = ctx;

	n->inner_runs++;
	if (n->inner_writes && put(txn, "inner", e))
		return ERR_IO;
	return n->inner_answer ? err_fail(e, n->inner_answer, "as told") : 0;
}

static int
outer_body(struct txn *txn, void *ctx, struct err *e)
{
	struct nest *n = ctx;
	int code = 0;

	n->outer_runs++;
	n->running = store_is_running(st);
	if (n->outer_writes)
		code = put(txn, "outer", e);
	if (!code)
		n->seen = store_run(st, inner_body, n, e);
	if (code)
		return code;
	return n->outer_swallows ? 0 : n->seen;
}

struct look {
	const char *name;
	int code;
};

static int
look_body(struct txn *txn, void *ctx, struct err *e)
{
	struct look *l = ctx;
	const void *data;
	size_t len;

	l->code = store_value_get(txn, &arena, l->name, &data, &len, e);
	return 0;
}

static bool
stands(const char *name)
{
	struct look l = {.name = name};

	run(look_body, &l);
	return l.code == 0;
}

static void
both_bodies_become_durable_together(void **state)
{
	struct nest n = {.inner_writes = true, .outer_writes = true};

	(void)state;
	assert_false(store_is_running(st));
	run(outer_body, &n);
	assert_true(n.running);
	assert_false(store_is_running(st));
	close_store();
	open_store();
	assert_true(stands("inner") && stands("outer"));
}

static void
what_the_inner_wrote_goes_with_a_failure_of_the_outer(void **state)
{
	struct nest n = {.inner_writes = true, .inner_answer = ERR_CONFLICT};

	(void)state;
	assert_int_equal(store_run(st, outer_body, &n, &err), ERR_CONFLICT);
	assert_false(stands("inner"));
}

static void
a_failure_after_a_write_cannot_be_swallowed(void **state)
{
	struct nest n = {.inner_writes = true,
	    .outer_writes = true,
	    .outer_swallows = true,
	    .inner_answer = ERR_MISSING};

	(void)state;
	assert_int_equal(store_run(st, outer_body, &n, &err), ERR_MISSING);
	assert_int_equal(n.seen, ERR_MISSING);
	assert_int_equal(n.outer_runs, 1);
	assert_false(stands("inner") || stands("outer"));
}

static void
a_failure_before_any_write_may_be_swallowed(void **state)
{
	struct nest n = {
	    .outer_writes = true, .outer_swallows = true, .inner_answer = ERR_MISSING};

	(void)state;
	run(outer_body, &n);
	assert_int_equal(n.seen, ERR_MISSING);
	assert_true(stands("outer"));
}

/* ---- a deadlock inside ---- */

enum { TURNS = 2000 };

static struct shared {
	volatile int there;
	volatile unsigned repeats;
} * shared;

/* Two values in an order that the two processes do not share: the second write is the inner
 * body's. */
struct pair {
	const char *first, *second;
	unsigned outer_runs;
};

static int
second_body(struct txn *txn, void *ctx, struct err *e)
{
	return put(txn, ((struct pair *)ctx)->second, e);
}

static int
first_body(struct txn *txn, void *ctx, struct err *e)
{
	struct pair *p = ctx;
	int code = put(txn, p->first, e);

	p->outer_runs++;
	sched_yield(); /* the other has its chance to come in between */
	return code ? code : store_run(st, second_body, p, e);
}

static int
cross(void *ctx)
{
	struct pair p = *(struct pair *)ctx;

	if (store_open(&options, &st, &err))
		return 1;
	__atomic_add_fetch(&shared->there, 1, __ATOMIC_SEQ_CST);
	while (shared->there < 2)
		sched_yield();
	for (int i = 0; i < TURNS && !shared->repeats; i++) {
		p.outer_runs = 0;
		if (store_run(st, first_body, &p, &err))
			return 2;
		if (p.outer_runs > 1)
			shared->repeats++;
	}
	close_store();
	return 0;
}

/* Values far enough apart to stand on pages of their own. */
static int
fill_body(struct txn *txn, void *ctx, struct err *e)
{
	char page[900] = {0};
	int code = 0;

	(void)ctx;
	for (char name[] = "a"; !code && *name <= 'z'; ++*name)
		code = store_value_put(txn, name, page, sizeof page, e);
	return code;
}

static void
a_deadlock_inside_is_tried_again_from_the_outermost(void **state)
{
	struct pair there = {"a", "z", 0}, back = {"z", "a", 0};
	pid_t one, two;

	(void)state;
	shared = mmap(
	    NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	run(fill_body, NULL);
	one = start(cross, &there);
	two = start(cross, &back);
	assert_int_equal(finish(one), 0);
	assert_int_equal(finish(two), 0);
	assert_true(shared->repeats > 0);
}

#define ALONE(test) cmocka_unit_test_setup_teardown(test, make_store, drop_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ALONE(both_bodies_become_durable_together),
	    ALONE(what_the_inner_wrote_goes_with_a_failure_of_the_outer),
	    ALONE(a_failure_after_a_write_cannot_be_swallowed),
	    ALONE(a_failure_before_any_write_may_be_swallowed),
	    ALONE(a_deadlock_inside_is_tried_again_from_the_outermost),
	};

	return cmocka_run_group_tests(tests, make_base, remove_base);
}
