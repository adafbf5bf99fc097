/* The board: see board.h. */
#include "proc/board.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

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
