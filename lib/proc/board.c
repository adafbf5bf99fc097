/* The board: see board.h. */
#include "proc/board.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "proc/clock.h"

int
board_map(int fd, struct board **board, struct err *err)
{
	void *p = mmap(NULL, sizeof **board, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return err_errno(err, ERR_IO, errno, "map the board");
	*board = p;
	return 0;
}

int
board_make(struct board **board, int *fd, struct err *err)
{
	int rc;

	*fd = memfd_create("carillon-board", 0);
	if (*fd < 0)
		return err_errno(err, ERR_IO, errno, "make the board");
	if (ftruncate(*fd, sizeof **board)) {
		rc = err_errno(err, ERR_IO, errno, "size the board");
		goto fail;
	}
	rc = board_map(*fd, board, err);
	if (rc)
		goto fail;
	return 0;

fail:
	close(*fd);
	*fd = -1;
	return rc;
}

void
board_busy(struct board_slot *slot, int64_t now_mono_us)
{
	slot->touched_mono_us = now_mono_us;
	slot->busy = 1;
}

void
board_idle(struct board_slot *slot, int64_t now_mono_us)
{
	slot->touched_mono_us = now_mono_us;
	slot->done++;
	slot->busy = 0;
}

bool
board_stuck(const struct board_slot *slot, int64_t now_mono_us, int64_t limit_us)
{
	return slot->busy && now_mono_us - slot->touched_mono_us > limit_us;
}

static bool
take_place(_Atomic uint32_t *places, uint32_t count, uint32_t slot)
{
	for (uint32_t i = 0; i < count && i < BOARD_SLOTS; i++) {
		uint32_t nobody = 0;

		if (atomic_compare_exchange_strong(&places[i], &nobody, slot + 1))
			return true;
	}
	return false;
}

static void
leave_place(_Atomic uint32_t *places, uint32_t count, uint32_t slot)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t own = slot + 1;

		atomic_compare_exchange_strong(&places[i], &own, 0);
	}
}

int
board_enter_heavy(struct board *board, uint32_t slot, int64_t wait_us)
{
	const struct timespec pause = {.tv_nsec = 2 * 1000 * 1000};
	int64_t until_mono_us = clock_mono_us() + wait_us;
	int rc = 0;

	if (take_place(board->heavy, BOARD_HEAVY, slot))
		return 0;
	if (!take_place(board->waiting, board->heavy_waiters, slot))
		return ERR_BUSY;
	/* By looking now and then: the work takes long against that, and a place that a killed
	 * process held wakes nobody. */
	while (!rc && !take_place(board->heavy, BOARD_HEAVY, slot)) {
		if (clock_mono_us() >= until_mono_us)
			rc = ERR_BUSY;
		else
			nanosleep(&pause, NULL);
	}
	leave_place(board->waiting, BOARD_SLOTS, slot);
	return rc;
}

void
board_leave_heavy(struct board *board, uint32_t slot)
{
	leave_place(board->heavy, BOARD_HEAVY, slot);
	leave_place(board->waiting, BOARD_SLOTS, slot);
}
