/*
 * Descriptors: the few things that everyone who passes them to children needs.
 *
 * Every descriptor is close-on-exec from its making; one that a child must keep is named to
 * fd_close_except().
 */
#ifndef PROC_FD_H
#define PROC_FD_H

#include <stddef.h>

#include "base/err.h"

/*
 * Write all `len` bytes, waiting as often as it takes on a descriptor that blocks.
 *
 * Fails: ERR_BUSY when a non-blocking descriptor took nothing; ERR_IO. Part may have been
 * written; errno tells the cause.
 */
MUST_CHECK int fd_write_all(int fd, const void *data, size_t len);

MUST_CHECK int fd_set_nonblocking(int fd, struct err *err);
MUST_CHECK int fd_set_cloexec(int fd, struct err *err);

/* Close *fd unless it is -1, and make it -1. */
void fd_drop(int *fd);

/* Open /dev/null in the places of stdin, stdout and stderr that are closed, so that no other
 * descriptor lands there. */
MUST_CHECK int fd_open_standard(struct err *err);

/*
 * Close every descriptor from 3 on except those in keep[0..count), which is sorted in place.
 * Safe between fork and exec.
 */
void fd_close_except(int *keep, size_t count);

#endif
