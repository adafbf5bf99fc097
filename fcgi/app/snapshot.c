/* The configuration as it was at one moment: see snapshot.h. */
#include "app/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calendar/zone.h"
#include "proc/fd.h"

static int
copy(int from, int to)
{
	char block[4096];
	ssize_t n;

	while ((n = read(from, block, sizeof block)) > 0) {
		if (fd_write_all(to, block, (size_t)n))
			return -1;
	}
	return n < 0 ? -1 : fcntl(to, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
}

static int
copy_file(const char *path, struct snapshot *s, struct err *err)
{
	int from = open(path, O_RDONLY | O_CLOEXEC), rc = 0;

	s->fd = memfd_create("carillon.xml", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (from < 0 || s->fd < 0 || copy(from, s->fd))
		rc = err_errno(err, ERR_IO, errno, "%s: copy it", path);
	if (from >= 0)
		close(from);
	snprintf(s->path, sizeof s->path, "/proc/self/fd/%d", s->fd);
	return rc;
}

static int
check_zone(const struct snapshot *s, const char *path, struct err *err)
{
	struct zones *zones = zones_new(getenv("TZDIR"));
	const struct zone *zone;
	int rc = zones_get(zones, s->config.time_zone, &zone, err);

	zones_free(zones);
	return rc ? err_wrap(err, rc, "%s: timeZone", path) : 0;
}

int
snapshot_take(const char *path, struct snapshot *s, struct err *err)
{
	struct config named;
	int rc;

	*s = (struct snapshot)SNAPSHOT_INIT;
	/* First under its own name, for the sake of what is said about its faults. */
	rc = config_load(path, &named, err);
	config_release(&named);
	if (!rc)
		rc = copy_file(path, s, err);
	if (!rc && config_load(s->path, &s->config, err))
		rc = err_fail(
		    err, ERR_INPUT, "%s was changed while it was read: try again", path);
	if (!rc)
		rc = check_zone(s, path, err);
	if (rc)
		snapshot_release(s);
	return rc;
}

void
snapshot_release(struct snapshot *s)
{
	config_release(&s->config);
	fd_drop(&s->fd);
}
