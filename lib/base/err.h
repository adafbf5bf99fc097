/*
 * Errors: a code that names the reaction, and one sentence that names the cause.
 *
 * Functions that can fail return 0 or one of these codes. Where the reason matters to
 * somebody, the last parameter is a `struct err *`: the place of failure writes what it
 * was doing, each level that passes it on puts in front which thing it was about, so that
 * the whole reads `schedule 17: plan: lock not granted`. Who handles an error logs it,
 * who passes it on does not.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define MUST_CHECK	  __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

enum {
	ERR_INPUT = -1,	   /* the caller must mend the request; the text is for him */
	ERR_MISSING = -2,  /* no such thing, or none that the caller may see */
	ERR_IDENTITY = -3, /* the caller must say (again) who he is */
	ERR_DENIED = -4,   /* the caller is known and may not */
	ERR_CONFLICT = -5, /* the thing's state forbids it: exists, changed, running */
	ERR_BUSY = -6,	   /* nothing was done; the same call may succeed later */
	ERR_IO = -7,	   /* a resource failed; nothing was done; an operator must look */
	ERR_RECOVER = -8,  /* the store must be recovered: leave the process at once */
};

struct err {
	char text[512]; /* no newline; "" while nothing failed */
};

/* Write the text and answer `code`, so that a failure is one `return`. `err` may be NULL. */
int err_fail(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* As err_fail(), followed by ": " and the text of `errnum`, an errno value. */
int err_errno(struct err *err, int code, int errnum, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Put "<words>: " in front of the text; a text that becomes too long loses its tail. Answers
 * `code`. */
int err_wrap(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
