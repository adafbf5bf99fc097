/* The log: see log.h. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *identity = "carillon";

void
log_identity(const char *role)
{
	identity = role;
}

static void
line(const char *level, const char *fmt, va_list ap)
{
	char raw[1024], out[sizeof raw * 4 + 64];
	int saved = errno;
	size_t len;

	vsnprintf(raw, sizeof raw, fmt, ap);
	len = (size_t)snprintf(out, 64, "%s[%d]: %s: ", identity, (int)getpid(), level);
	for (const unsigned char *p = (const unsigned char *)raw; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			len += (size_t)snprintf(out + len, sizeof out - len, "\\x%02x", *p);
		else
			out[len++] = (char)*p;
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
