/* Which boot this is: see boot.h. */
#include "proc/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ID_LENGTH = 36, LINE = 1024, START_FIELD = 22 };

static int
read_line(const char *proc, const char *file, char out[LINE], struct err *err)
{
	char path[LINE];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof path, "%s/%s", proc, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, out, LINE - 1);
	if (n < 0)
		err_errno(err, ERR_IO, errno, "%s", path);
	if (fd >= 0)
		close(fd);
	out[n > 0 ? n : 0] = '\0';
	return n < 0 ? ERR_IO : 0;
}

/* Behind the command's name, which may hold blanks and parentheses itself. */
static const char *
field(const char *line, int number)
{
	const char *at = strrchr(line, ')');

	for (int i = 2; at && i < number; i++) {
		at = strchr(at, ' ');
		if (at)
			at++;
	}
	return at;
}

int
boot_identity(const char *proc, char out[BOOT_TEXT], struct err *err)
{
	char id[LINE], line[LINE];
	const char *start;
	int rc;

	if (!proc)
		proc = "/proc";
	rc = read_line(proc, "sys/kernel/random/boot_id", id, err);
	if (!rc)
		rc = read_line(proc, "1/stat", line, err);
	if (rc)
		return rc;
	id[strcspn(id, "\n")] = '\0';
	start = field(line, START_FIELD);
	if (strlen(id) != ID_LENGTH || !start || !*start)
		return err_fail(err, ERR_IO, "%s does not say which boot this is", proc);
	snprintf(out, BOOT_TEXT, "%.*s/%.*s", ID_LENGTH, id, (int)(strcspn(start, " \n") % 24),
	    start);
	return 0;
}
