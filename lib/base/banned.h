/*
 * Calls that are compile errors here. Put before every source by the Makefile.
 *
 * Unbounded string functions, conversions that hide errors, a shell behind the caller's back;
 * and the C library's local time, which reads TZ and global state: in a scheduler a stray
 * localtime() is a class of bug of its own.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(f) sorry_##f##_is_a_banned_function

#undef strcpy
#define strcpy(x, y) BANNED(strcpy)
#undef strcat
#define strcat(x, y) BANNED(strcat)
#undef strncpy
#define strncpy(x, y, n) BANNED(strncpy)
#undef strtok
#define strtok(x, y) BANNED(strtok)
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef atoi
#define atoi(x) BANNED(atoi)
#undef localtime
#define localtime(t) BANNED(localtime)
#undef localtime_r
#define localtime_r(t, r) BANNED(localtime_r)
#undef gmtime
#define gmtime(t) BANNED(gmtime)
#undef mktime
#define mktime(t) BANNED(mktime)
#undef system
#define system(c) BANNED(system)
#undef popen
#define popen(c, m) BANNED(popen)

#endif
