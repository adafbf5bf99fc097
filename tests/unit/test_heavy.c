/* The few places for heavy work on the board, which all workers share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/board.h"
#include "proc/clock.h"

enum { DEADLINE_S = 30, WAITERS = 2 };

static struct board *board;
static int board_fd;

static int
make(void **state)
{
	struct err err;
	int rc = board_make(&board, &board_fd, &err);

	(void)state;
	if (!rc)
		board->heavy_waiters = WAITERS;
	return rc;
}

static int
drop(void **state)
{
	(void)state;
	return close(board_fd);
}

static void
fill(void)
{
	for (uint32_t slot = 0; slot < BOARD_HEAVY; slot++)
		assert_int_equal(board_enter_heavy(board, slot, 0), 0);
}

static void
there_are_only_so_many_places_and_one_is_for_who_leaves(void **state)
{
	(void)state;
	fill();
	assert_int_equal(board_enter_heavy(board, 9, 0), ERR_BUSY);
	board_leave_heavy(board, 1);
	assert_int_equal(board_enter_heavy(board, 9, 0), 0);
	assert_int_equal(board_enter_heavy(board, 1, 0), ERR_BUSY);
}

static void
leaving_without_having_entered_frees_nobody_elses_place(void **state)
{
	(void)state;
	fill();
	board_leave_heavy(board, 7);
	assert_int_equal(board_enter_heavy(board, 9, 0), ERR_BUSY);
}

static void
waiting_ends_in_time(void **state)
{
	int64_t before = clock_mono_us();

	(void)state;
	fill();
	assert_int_equal(board_enter_heavy(board, 9, 50 * 1000), ERR_BUSY);
	assert_true(clock_mono_us() - before >= 50 * 1000);
}

/* One alone may wait long; who comes then is not kept for a moment. */
static void
only_so_many_wait(void **state)
{
	pid_t pids[WAITERS];
	int64_t before;
	int status;

	(void)state;
	fill();
	for (uint32_t i = 0; i < WAITERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			alarm(DEADLINE_S);
			_exit(board_enter_heavy(board, 10 + i, INT64_C(1000000) * DEADLINE_S)
				  ? 1
				  : 0);
		}
		while (!board->waiting[i])
			usleep(1000);
	}
	before = clock_mono_us();
	assert_int_equal(board_enter_heavy(board, 9, INT64_C(1000000) * DEADLINE_S), ERR_BUSY);
	assert_true(clock_mono_us() - before < INT64_C(1000000) * DEADLINE_S / 2);
	/* One died while it waited: the master gives that place back, too. */
	assert_int_equal(kill(pids[0], SIGKILL), 0);
	assert_int_equal(waitpid(pids[0], &status, 0), pids[0]);
	board_leave_heavy(board, 10);
	assert_int_equal(board->waiting[0], 0);
	board_leave_heavy(board, 0);
	assert_int_equal(waitpid(pids[1], &status, 0), pids[1]);
	assert_int_equal(status, 0);
	assert_int_equal(board->waiting[1], 0);
}

/* The child waits in vain until this process, which it cannot see into, gives a place back. */
static void
a_place_that_another_process_gives_back_is_taken(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	fill();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(DEADLINE_S);
		/* So that the parent knows that the child is there. */
		board->slots[9].busy = 1;
		_exit(board_enter_heavy(board, 9, INT64_C(1000000) * DEADLINE_S) ? 1 : 0);
	}
	while (!board->slots[9].busy)
		usleep(1000);
	board_leave_heavy(board, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* It died with its place; the master gives that back for it. */
	assert_int_equal(board_enter_heavy(board, 0, 0), ERR_BUSY);
	board_leave_heavy(board, 9);
	assert_int_equal(board_enter_heavy(board, 0, 0), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(there_are_only_so_many_places_and_one_is_for_who_leaves),
	    TEST(leaving_without_having_entered_frees_nobody_elses_place),
	    TEST(waiting_ends_in_time),
	    TEST(only_so_many_wait),
	    TEST(a_place_that_another_process_gives_back_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
