/* Control groups of commands: see cgroup.h. */
#include "runner/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "proc/fd.h"

static const char prefix[] = "task-";

static int
put(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC), rc;

	if (fd < 0)
		return ERR_IO;
	rc = fd_write_all(fd, text, strlen(text));
	fd_drop(&fd);
	return rc;
}

/* ---- the directory ---- */

static void
remove_left(struct cgroups *all)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->left_count; i++) {
		if (unlinkat(all->root, all->left[i], AT_REMOVEDIR) && errno == EBUSY)
			all->left[kept++] = all->left[i];
		else
			free(all->left[i]);
	}
	all->left_count = kept;
}

static void
remember(struct cgroups *all, const char *name)
{
	all->left = mem_resize(all->left, (all->left_count + 1) * sizeof *all->left);
	all->left[all->left_count++] = mem_strdup(name);
}

static void
find_left(struct cgroups *all)
{
	int copy = fcntl(all->root, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!dir) {
		fd_drop(&copy);
		return;
	}
	while ((entry = readdir(dir))) {
		if (!strncmp(entry->d_name, prefix, sizeof prefix - 1))
			remember(all, entry->d_name);
	}
	closedir(dir);
	remove_left(all);
}

int
cgroups_open(struct cgroups *all, const char *path, struct err *err)
{
	static const char *const controllers[] = {"+memory", "+pids"};

	*all = (struct cgroups)CGROUPS_INIT;
	if (!path || !*path)
		return 0;
	all->path = path;
	all->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (all->root < 0)
		return err_errno(err, ERR_IO, errno, "control group %s", path);
	if (faccessat(all->root, "cgroup.procs", W_OK, AT_EACCESS)) {
		int saved = errno;

		fd_drop(&all->root);
		return err_errno(err, ERR_IO, saved, "control group %s: cgroup.procs", path);
	}
	/* Which of them there are shows where a limit is to be set. */
	for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++)
		(void)!put(all->root, "cgroup.subtree_control", controllers[i]);
	find_left(all);
	return 0;
}

void
cgroups_close(struct cgroups *all)
{
	for (size_t i = 0; i < all->left_count; i++)
		free(all->left[i]);
	free(all->left);
	fd_drop(&all->root);
	*all = (struct cgroups)CGROUPS_INIT;
}

/* ---- the group of an attempt ---- */

static int
set_limit(const struct cgroup *g, const struct channel_message *start, enum channel_limit limit,
    const char *file, const char *controller, struct err *err)
{
	char text[32];

	if (!(start->limited & 1U << limit))
		return 0;
	snprintf(text, sizeof text, "%" PRIu64, start->limits[limit]);
	if (!put(g->dir, file, text))
		return 0;
	if (errno == ENOENT)
		return err_fail(err, ERR_IO,
		    "cannot set %s of its control group: the controller %s is not delegated to "
		    "it",
		    file, controller);
	return err_errno(err, ERR_IO, errno, "cannot set %s of its control group", file);
}

int
cgroup_make(
    struct cgroups *all, const struct channel_message *start, struct cgroup *g, struct err *err)
{
	int rc = 0;

	*g = (struct cgroup)CGROUP_INIT;
	if (!all->path)
		return 0;
	if (all->root < 0)
		return err_fail(err, ERR_IO, "the control group %s cannot be used", all->path);
	snprintf(g->name, sizeof g->name, "%s%" PRIu64 "-%" PRIu32, prefix, start->task_id,
	    start->attempt);
	/* One of the same attempt may be left from a runner that died. */
	if (mkdirat(all->root, g->name, 0755) && errno != EEXIST)
		return err_errno(err, ERR_IO, errno, "make the control group %s", g->name);
	g->dir = openat(all->root, g->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g->dir >= 0)
		g->procs = openat(g->dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (g->procs < 0)
		rc = err_errno(err, ERR_IO, errno, "enter the control group %s", g->name);
	if (!rc)
		rc = set_limit(g, start, CHANNEL_MEMORY, "memory.max", "memory", err);
	if (!rc)
		rc = set_limit(g, start, CHANNEL_PROCESSES, "pids.max", "pids", err);
	/* A command that has lost one of its processes is not to go on without it. */
	if (!rc && start->limited & 1U << CHANNEL_MEMORY)
		(void)!put(g->dir, "memory.oom.group", "1");
	if (rc)
		cgroup_end(all, g);
	return rc;
}

void
cgroup_kill(const struct cgroup *g)
{
	/* A kernel that has not learnt it yet leaves it to the keeper. */
	if (g->dir >= 0)
		(void)!put(g->dir, "cgroup.kill", "1");
}

void
cgroup_end(struct cgroups *all, struct cgroup *g)
{
	if (!g->name[0])
		return;
	fd_drop(&g->procs);
	fd_drop(&g->dir);
	if (unlinkat(all->root, g->name, AT_REMOVEDIR) && errno == EBUSY)
		remember(all, g->name);
	g->name[0] = '\0';
	remove_left(all);
}
