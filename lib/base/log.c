/* The log: see log.h. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

static const char *identity = "carillon";

void
log_identity(const char *role)
{
	identity = role;
}

/* Bytes of the character at `p` that may stand in a line as they are; 0 if it must be escaped. */
static size_t
printable(const unsigned char *p)
{
	size_t len = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;

	if (strnlen((const char *)p, len) < len || !utf8_valid((const char *)p, len))
		return 0;
	/* A terminal takes U+009B for ESC and [. */
	return utf8_control((const char *)p) ? 0 : len;
}

static void PRINTF_LIKE(2, 0) line(const char *level, const char *fmt, va_list ap)
{
	/* All of it escaped is less than PIPE_BUF, which is what a pipe keeps in one piece. */
	char raw[1000], out[sizeof raw * 4 + 64];
	int saved = errno;
	size_t len, n;

	vsnprintf(raw, sizeof raw, fmt, ap);
	len = (size_t)snprintf(out, 64, "%s[%d]: %s: ", identity, (int)getpid(), level);
	for (const unsigned char *p = (const unsigned char *)raw; *p; p += n ? n : 1) {
		n = printable(p);
		if (n)
			memcpy(out + len, p, n);
		len += n ? n : (size_t)snprintf(out + len, sizeof out - len, "\\x%02x", *p);
	}
	out[len++] = '\n';
	/* A log that cannot be written has nowhere to complain. */
	if (write(STDERR_FILENO, out, len) < 0)
		errno = saved;
	errno = saved;
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("error", fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("warn", fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("info", fmt, ap);
	va_end(ap);
}
