/* What every process is made of: descriptors, signals, the loop, the board, the clocks. */
#include "proc/board.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/boot.h"
#include "proc/clock.h"
#include "proc/fd.h"
#include "proc/loop.h"
#include "proc/signal.h"

#define SECOND_US INT64_C(1000000)

/* Run `body` in a child, because it changes what a process has only once. Answers its exit
 * code, or -1. */
static int
in_a_child(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(body());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- descriptors ---- */

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int
close_all_but_some(void)
{
	int keep[] = {40, 20, 2, 41};

	for (int fd = 3; fd < 60; fd++) {
		if (dup2(STDERR_FILENO, fd) < 0)
			return 2;
	}
	fd_close_except(keep, 4);
	for (int fd = 0; fd < 60; fd++) {
		if (is_open(fd) != (fd < 3 || fd == 20 || fd == 40 || fd == 41))
			return fd + 100;
	}
	fd_close_except(NULL, 0);
	for (int fd = 3; fd < 60; fd++) {
		if (is_open(fd))
			return fd + 100;
	}
	return 0;
}

static void
close_except_closes_all_but_the_named_and_the_standard_ones(void **state)
{
	(void)state;
	assert_int_equal(in_a_child(close_all_but_some), 0);
}

static int
open_what_is_closed(void)
{
	struct err err;

	close(STDIN_FILENO);
	close(STDERR_FILENO);
	if (fd_open_standard(&err) || is_open(3) != false)
		return 2;
	/* Without close-on-exec: they are everybody's. */
	return fcntl(STDIN_FILENO, F_GETFD) || fcntl(STDERR_FILENO, F_GETFD);
}

static int
with_nothing_else_open(void)
{
	fd_close_except(NULL, 0);
	return open_what_is_closed();
}

static void
closed_standard_descriptors_become_the_null_device(void **state)
{
	(void)state;
	assert_int_equal(in_a_child(with_nothing_else_open), 0);
}

static void
writing_all_tells_a_full_pipe_from_a_broken_one(void **state)
{
	static char data[1024 * 1024];
	struct err err;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fd_set_nonblocking(ends[1], &err), 0);
	assert_int_equal(fd_write_all(ends[1], "x", 1), 0);
	assert_int_equal(fd_write_all(ends[1], data, sizeof data), ERR_BUSY);
	fd_drop(&ends[0]);
	assert_int_equal(ends[0], -1);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(fd_write_all(ends[1], "x", 1), ERR_IO);
	fd_drop(&ends[1]);
	fd_drop(&ends[1]);
}

static void
flags_of_what_is_not_open_are_an_error_that_names_it(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(fd_set_cloexec(9999, &err), ERR_IO);
	assert_non_null(strstr(err.text, "9999"));
	assert_int_equal(fd_set_nonblocking(9999, &err), ERR_IO);
}

/* ---- signals ---- */

static int
signals_are_read(void)
{
	static const int wanted[] = {SIGTERM, SIGCHLD};
	struct err err;
	int fd, status;
	pid_t child;

	/* Ignored by whoever started it, SIGCHLD would let children vanish unheard. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	signals_block();
	if (signals_open(wanted, 2, &fd, &err))
		return 2;
	child = fork();
	if (child == 0)
		_exit(9);
	if (waitpid(child, &status, 0) != child || signals_take(fd) != SIGCHLD)
		return 6;
	if (signals_take(fd) != 0)
		return 3;
	kill(getpid(), SIGTERM);
	kill(getpid(), SIGINT);
	if (signals_take(fd) != SIGTERM || signals_take(fd) != 0)
		return 4;
	/* SIGINT still waits, and ends the process when its action is back. */
	signals_reset();
	return 5;
}

static void
signals_are_read_one_by_one_and_others_wait(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0)
		_exit(signals_are_read());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
}

/* What the kernel says is blocked or ignored, the C library's own signals included. */
static unsigned long long
blocked_or_ignored(void)
{
	unsigned long long all = 0, some;
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];

	while (f && fgets(line, sizeof line, f)) {
		if (sscanf(line, "SigBlk: %llx", &some) == 1 ||
		    sscanf(line, "SigIgn: %llx", &some) == 1)
			all |= some;
	}
	return f ? all : ~0ULL;
}

static int
nothing_is_left_over(void)
{
	/* As the kernel's struct sigaction begins. posix_spawn() leaves these two so to who is
	 * started by it, make(1) for one. */
	unsigned long ignore[4] = {(unsigned long)SIG_IGN};

	signals_block();
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	syscall(SYS_rt_sigaction, 32, ignore, NULL, 8);
	syscall(SYS_rt_sigaction, 33, ignore, NULL, 8);
	if (!blocked_or_ignored())
		return 2;
	signals_reset();
	return blocked_or_ignored() != 0;
}

static void
a_reset_leaves_no_signal_blocked_or_ignored(void **state)
{
	(void)state;
	assert_int_equal(in_a_child(nothing_is_left_over), 0);
}

/* ---- the loop ---- */

struct bench {
	struct loop *loop;
	struct loop_watch *watches[2];
	struct loop_timer *timers[2];
	int ends[2];
	int calls, events;
};

static int
open_bench(void **state)
{
	static struct bench b;
	struct err err;

	b = (struct bench){0};
	*state = &b;
	return loop_open(&b.loop, &err) || pipe2(b.ends, O_CLOEXEC | O_NONBLOCK);
}

static int
close_bench(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 2; i++) {
		loop_watch_free(b->watches[i]);
		loop_timer_free(b->timers[i]);
		fd_drop(&b->ends[i]);
	}
	loop_close(b->loop);
	return 0;
}

static void
count_events(void *ctx, int events)
{
	struct bench *b = ctx;

	b->calls++;
	b->events = events;
}

static void
count_time(void *ctx)
{
	struct bench *b = ctx;

	b->calls++;
}

static void
stop_on_time(void *ctx)
{
	struct bench *b = ctx;

	loop_stop(b->loop);
}

static void
a_descriptor_calls_again_while_it_is_ready_and_not_while_it_is_paused(void **state)
{
	struct bench *b = *state;
	char c;

	assert_int_equal(write(b->ends[1], "x", 1), 1);
	b->watches[0] = loop_watch_new(b->loop, b->ends[0], LOOP_READABLE, count_events, b);
	loop_run_once(b->loop);
	loop_run_once(b->loop);
	assert_int_equal(b->calls, 2);
	assert_int_equal(b->events, LOOP_READABLE);
	b->timers[0] = loop_timer_new(b->loop, stop_on_time, b);
	loop_watch_set(b->watches[0], 0);
	loop_timer_set(b->timers[0], 1000);
	loop_run(b->loop);
	assert_int_equal(b->calls, 2);
	loop_watch_set(b->watches[0], LOOP_READABLE);
	loop_run_once(b->loop);
	assert_int_equal(b->calls, 3);
	assert_int_equal(read(b->ends[0], &c, 1), 1);
	loop_timer_set(b->timers[0], 0);
	loop_run(b->loop);
	assert_int_equal(b->calls, 3);
}

static void
the_end_of_a_stream_makes_it_ready(void **state)
{
	struct bench *b = *state;

	b->watches[0] = loop_watch_new(b->loop, b->ends[0], LOOP_READABLE, count_events, b);
	fd_drop(&b->ends[1]);
	loop_run_once(b->loop);
	assert_int_equal(b->events & LOOP_READABLE, LOOP_READABLE);
}

/* Whichever is called first frees the other and itself. */
static void
free_both(void *ctx, int events)
{
	struct bench *b = ctx;

	(void)events;
	b->calls++;
	for (int i = 0; i < 2; i++) {
		loop_watch_free(b->watches[i]);
		b->watches[i] = NULL;
	}
}

static void
what_was_freed_in_a_callback_is_never_called_again(void **state)
{
	struct bench *b = *state;

	assert_int_equal(write(b->ends[1], "x", 1), 1);
	b->watches[0] = loop_watch_new(b->loop, b->ends[0], LOOP_READABLE, free_both, b);
	b->watches[1] = loop_watch_new(b->loop, b->ends[1], LOOP_WRITABLE, free_both, b);
	loop_run_once(b->loop);
	assert_int_equal(b->calls, 1);
	b->timers[0] = loop_timer_new(b->loop, stop_on_time, b);
	loop_timer_set(b->timers[0], 1000);
	loop_run(b->loop);
	assert_int_equal(b->calls, 1);
}

static void
a_timer_expires_once_for_each_setting_and_not_early(void **state)
{
	struct bench *b = *state;
	int64_t before_us = clock_mono_us();

	b->timers[0] = loop_timer_new(b->loop, count_time, b);
	b->timers[1] = loop_timer_new(b->loop, stop_on_time, b);
	loop_timer_set(b->timers[0], 3600 * SECOND_US);
	loop_timer_set(b->timers[0], 20000);
	loop_timer_set(b->timers[1], 60000);
	loop_run(b->loop);
	assert_int_equal(b->calls, 1);
	assert_true(clock_mono_us() - before_us >= 60000);
	loop_timer_set(b->timers[0], -5);
	loop_timer_set(b->timers[1], 1000);
	loop_run(b->loop);
	assert_int_equal(b->calls, 2);
	loop_timer_set(b->timers[0], 0);
	loop_timer_unset(b->timers[0]);
	loop_timer_unset(b->timers[0]);
	loop_timer_set(b->timers[1], 1000);
	loop_run(b->loop);
	assert_int_equal(b->calls, 2);
}

/* ---- the clocks ---- */

static void
a_jump_of_the_wall_clock_is_found_and_told_from_sleep(void **state)
{
	static const struct clock_offsets before = {1000 * SECOND_US, 5 * SECOND_US};
	static const struct {
		const char *label;
		int64_t wall_us, boot_us; /* by so much they moved */
		int64_t slept_us, set_us;
	} cases[] = {
	    {"nothing", 0, 0, 0, 0},
	    {"read at two instants", 249999, 0, 0, 0},
	    {"read at two instants, the other way", -249999, 0, 0, 0},
	    {"set forward", 3600 * SECOND_US, 0, 0, 3600 * SECOND_US},
	    {"set back", -3600 * SECOND_US, 0, 0, -3600 * SECOND_US},
	    {"a leap second", -SECOND_US, 0, 0, -SECOND_US},
	    {"suspended", 600 * SECOND_US, 600 * SECOND_US, 600 * SECOND_US, 0},
	    {"suspended, and corrected afterwards", 602 * SECOND_US, 600 * SECOND_US,
		600 * SECOND_US, 2 * SECOND_US},
	    {"suspended, and put back to where it was", 0, 600 * SECOND_US, 600 * SECOND_US,
		-600 * SECOND_US},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct clock_offsets now = {
		    before.wall_us + cases[i].wall_us, before.boot_us + cases[i].boot_us};
		struct clock_jump jump = clock_compare(before, now);

		if (jump.slept_us != cases[i].slept_us || jump.set_us != cases[i].set_us)
			fail_msg("%s: slept %lld, set %lld", cases[i].label,
			    (long long)jump.slept_us, (long long)jump.set_us);
	}
}

static void
the_clocks_of_this_machine_do_not_jump_between_two_looks(void **state)
{
	struct clock_jump jump = clock_compare(clock_offsets(), clock_offsets());

	(void)state;
	assert_int_equal(jump.slept_us, 0);
	assert_int_equal(jump.set_us, 0);
}

/* ---- the board ---- */

static void
a_slot_is_stuck_only_while_it_is_busy_and_untouched(void **state)
{
	struct board_slot slot = {0};

	(void)state;
	assert_false(board_stuck(&slot, 1000 * SECOND_US, SECOND_US));
	board_busy(&slot, 10 * SECOND_US);
	assert_false(board_stuck(&slot, 11 * SECOND_US, SECOND_US));
	assert_true(board_stuck(&slot, 11 * SECOND_US + 1, SECOND_US));
	board_busy(&slot, 11 * SECOND_US);
	assert_false(board_stuck(&slot, 11 * SECOND_US + 1, SECOND_US));
	board_idle(&slot, 12 * SECOND_US);
	assert_false(board_stuck(&slot, 1000 * SECOND_US, SECOND_US));
	assert_int_equal(slot.done, 1);
	/* The reader's clock may have been read before the writer's. */
	board_busy(&slot, 12 * SECOND_US);
	assert_false(board_stuck(&slot, 11 * SECOND_US, SECOND_US));
}

static void
a_board_is_one_for_all_who_map_it(void **state)
{
	struct board *made, *mapped;
	struct err err;
	int fd;

	(void)state;
	assert_int_equal(board_make(&made, &fd, &err), 0);
	/* For those who map it after exec. */
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	assert_int_equal(board_map(fd, &mapped, &err), 0);
	assert_ptr_not_equal(made, mapped);
	board_busy(&made->slots[BOARD_SLOTS - 1], 5);
	assert_int_equal(mapped->slots[BOARD_SLOTS - 1].busy, 1);
	assert_int_equal(mapped->slots[0].busy, 0);
	munmap(made, sizeof *made);
	munmap(mapped, sizeof *mapped);
	close(fd);
	assert_int_equal(board_map(fd, &mapped, &err), ERR_IO);
}

/* ---- the clocks ---- */

static void
the_clocks_tell_microseconds(void **state)
{
	int64_t mono_us = clock_mono_us(), wall_us = clock_wall_us();

	(void)state;
	assert_true(clock_mono_us() >= mono_us);
	/* Between 2020 and 2100. */
	assert_true(wall_us > INT64_C(1577836800) * SECOND_US);
	assert_true(wall_us < INT64_C(4102444800) * SECOND_US);
}

/* ---- boots ---- */

static void
put_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

#define BOOT_ID	    "01234567-89ab-cdef-0123-456789abcdef\n"
#define STAT(start) "1 (a ) (b) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 " start " 9 9\n"

static void
a_boot_is_told_from_another_by_the_kernels_word_and_the_start_of_process_one(void **state)
{
	static const struct {
		const char *id, *stat, *expected; /* NULL: it cannot be told */
	} cases[] = {
	    {BOOT_ID, STAT("77"), "01234567-89ab-cdef-0123-456789abcdef/77"},
	    {BOOT_ID, STAT("78"), "01234567-89ab-cdef-0123-456789abcdef/78"},
	    {"1" BOOT_ID, STAT("77"), NULL},
	    {"", STAT("77"), NULL},
	    {BOOT_ID, "1 (a) S 0", NULL},
	    {BOOT_ID, "", NULL},
	};
	static const char *const dirs[] = {"sys", "sys/kernel", "sys/kernel/random", "1"};
	char dir[] = "/tmp/carillon-boot-XXXXXX", sub[64], text[BOOT_TEXT];
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(boot_identity(dir, text, &err), ERR_IO);
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		snprintf(sub, sizeof sub, "%s/%s", dir, dirs[i]);
		assert_int_equal(mkdir(sub, 0700), 0);
	}
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int rc;

		put_file(dir, "sys/kernel/random/boot_id", cases[i].id);
		put_file(dir, "1/stat", cases[i].stat);
		rc = boot_identity(dir, text, &err);
		assert_int_equal(rc, cases[i].expected ? 0 : ERR_IO);
		if (!rc)
			assert_string_equal(text, cases[i].expected);
	}
	snprintf(sub, sizeof sub, "%s/1/stat", dir);
	assert_int_equal(unlink(sub), 0);
	snprintf(sub, sizeof sub, "%s/sys/kernel/random/boot_id", dir);
	assert_int_equal(unlink(sub), 0);
	for (size_t i = sizeof dirs / sizeof *dirs; i-- > 0;) {
		snprintf(sub, sizeof sub, "%s/%s", dir, dirs[i]);
		assert_int_equal(rmdir(sub), 0);
	}
	assert_int_equal(rmdir(dir), 0);
}

#define BENCH(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(close_except_closes_all_but_the_named_and_the_standard_ones),
	    cmocka_unit_test(closed_standard_descriptors_become_the_null_device),
	    cmocka_unit_test(writing_all_tells_a_full_pipe_from_a_broken_one),
	    cmocka_unit_test(flags_of_what_is_not_open_are_an_error_that_names_it),
	    cmocka_unit_test(signals_are_read_one_by_one_and_others_wait),
	    cmocka_unit_test(a_reset_leaves_no_signal_blocked_or_ignored),
	    BENCH(a_descriptor_calls_again_while_it_is_ready_and_not_while_it_is_paused),
	    BENCH(the_end_of_a_stream_makes_it_ready),
	    BENCH(what_was_freed_in_a_callback_is_never_called_again),
	    BENCH(a_timer_expires_once_for_each_setting_and_not_early),
	    cmocka_unit_test(a_slot_is_stuck_only_while_it_is_busy_and_untouched),
	    cmocka_unit_test(a_jump_of_the_wall_clock_is_found_and_told_from_sleep),
	    cmocka_unit_test(the_clocks_of_this_machine_do_not_jump_between_two_looks),
	    cmocka_unit_test(
		a_boot_is_told_from_another_by_the_kernels_word_and_the_start_of_process_one),
	    cmocka_unit_test(a_board_is_one_for_all_who_map_it),
	    cmocka_unit_test(the_clocks_tell_microseconds),
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
