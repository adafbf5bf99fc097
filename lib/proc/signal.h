/*
 * Signals without handlers: all are blocked, and those that mean something are read from a
 * descriptor.
 *
 * Nothing is ever interrupted, and a signal is an event like any other in the loop.
 */
#ifndef PROC_SIGNAL_H
#define PROC_SIGNAL_H

#include <stddef.h>

#include "base/err.h"

/* Block every signal that can be blocked. The process's first act, before anything can be sent
 * to it. */
void signals_block(void);

/*
 * A descriptor, non-blocking and close-on-exec, that becomes readable when one of the `count`
 * signals is pending.
 *
 * Owns:  *fd is the caller's.
 */
MUST_CHECK int signals_open(const int *signals, size_t count, int *fd, struct err *err);

/* The next pending signal's number, or 0 when there is none. Several SIGCHLD may have become
 * one. */
int signals_take(int fd);

/* Give every signal its default action and unblock all: in a child, before exec. Safe between
 * fork and exec. */
void signals_reset(void);

#endif
