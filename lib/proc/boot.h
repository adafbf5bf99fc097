/* Which boot of the machine this is. */
#ifndef PROC_BOOT_H
#define PROC_BOOT_H

#include "base/err.h"

enum { BOOT_TEXT = 96 };

/*
 * The identity of the boot that the machine runs since, as a word: the kernel's boot id, and when
 * process 1 was started, because a container is booted while its kernel runs on. Two boots never have
 * the same, and one boot has one, whatever the clock shows.
 *
 * `proc` is the directory where /proc is; NULL means that.
 *
 * Fails: ERR_IO when the kernel does not tell: then no boot can be told from another.
 */
MUST_CHECK int boot_identity(const char *proc, char out[BOOT_TEXT], struct err *err);

#endif
