/*
 * The log: one line on stderr for each event, written whole with one write().
 *
 * error: something was lost or an operator must act; warn: something went wrong and was dealt
 * with; info: a change of state that an operator may ask for later. Control characters in a
 * message, and what is no UTF-8, are escaped, so that nothing a client sends can make a line of
 * its own or speak to a terminal. A message is cut at some 1000 bytes.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

/* What stands before every message: the process's role, such as "worker". A literal; borrowed
 * for good. */
void log_identity(const char *role);

void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
