/* Result files, on the runner's side: see results.h. */
#include "runner/results.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/pack.h"
#include "proc/fd.h"

/* SAID_BYTES: more than a list can have. ASIDE_MAX: names for what stood in the way. */
enum { SAID_BYTES = 64 * 1024, ASIDE_MAX = 100, GENTLER = 5 };

void
results_work_name(uint32_t attempt, char name[RESULTS_NAME])
{
	snprintf(name, RESULTS_NAME, "%" PRIu32 ".work", attempt);
}

/* Only a store that was put back meets a directory with something in it. */
static int
move_aside(int dir, const char *name)
{
	char other[2 * RESULTS_NAME];

	for (int i = 1; i <= ASIDE_MAX; i++) {
		snprintf(other, sizeof other, "%s.%d", name, i);
		if (!renameat2(dir, name, dir, other, RENAME_NOREPLACE))
			return 0;
		if (errno != EEXIST)
			break;
	}
	return ERR_IO;
}

int
results_fresh_dir(int dir, const char *name, mode_t mode)
{
	if (!mkdirat(dir, name, mode))
		return 0;
	if (errno == EEXIST && unlinkat(dir, name, AT_REMOVEDIR) && errno != ENOENT &&
	    move_aside(dir, name))
		return ERR_IO;
	return mkdirat(dir, name, mode) ? ERR_IO : 0;
}

/* The runner stays in its group: it will move the files. And the way there must be open; what
 * lies beside it is not. */
static int
give_away(int task_dir, const char *name, uid_t owner)
{
	int ways[] = {task_dir, -1, -1}, rc = 0;

	ways[1] = openat(task_dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ways[2] = openat(task_dir, "../..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 3 && !rc; i++)
		rc = fchmod(ways[i], 0751);
	fd_drop(&ways[1]);
	fd_drop(&ways[2]);
	return rc || fchmodat(task_dir, name, 0770, 0) ||
	       fchownat(task_dir, name, owner, getegid(), AT_SYMLINK_NOFOLLOW);
}

int
results_make(int task_dir, uint32_t attempt, uid_t owner, struct err *err)
{
	char name[RESULTS_NAME];

	results_work_name(attempt, name);
	if (results_fresh_dir(task_dir, name, 0750) ||
	    (owner != geteuid() && give_away(task_dir, name, owner)))
		return err_errno(err, ERR_IO, errno, "result directory %s", name);
	return 0;
}

bool
results_drop(int task_dir, uint32_t attempt)
{
	char name[RESULTS_NAME];

	results_work_name(attempt, name);
	return !unlinkat(task_dir, name, AT_REMOVEDIR) || errno == ENOENT;
}

/* All signals stay blocked, as they are in the runner: only its end ends the child. */
static _Noreturn void
child(int task_dir, uint32_t attempt, uid_t owner, uint64_t max_bytes, pid_t runner, int pipe)
{
	int keep[] = {task_dir, pipe};
	struct buf said = BUF_INIT;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != runner)
		_exit(1);
	fd_close_except(keep, 2);
	(void)setpriority(PRIO_PROCESS, 0, GENTLER);
	collect(task_dir, attempt, owner, max_bytes, &said);
	_exit(fd_write_all(pipe, said.data, said.len) ? 1 : 0);
}

int
collector_begin(struct collector *c, int task_dir, uint32_t attempt, uid_t owner,
    uint64_t max_bytes, struct err *err)
{
	pid_t runner = getpid();
	int ends[2], rc;

	*c = (struct collector)COLLECTOR_INIT;
	if (pipe2(ends, O_CLOEXEC))
		return err_errno(err, ERR_IO, errno, "make a pipe");
	rc = fd_set_nonblocking(ends[0], err);
	if (!rc) {
		c->pid = fork();
		if (c->pid == 0)
			child(task_dir, attempt, owner, max_bytes, runner, ends[1]);
		if (c->pid < 0)
			rc = err_errno(err, ERR_IO, errno, "fork");
	}
	close(ends[1]);
	if (rc) {
		close(ends[0]);
		c->pid = 0;
		return rc;
	}
	c->pipe = ends[0];
	return 0;
}

bool
collector_read(struct collector *c)
{
	for (;;) {
		ssize_t n = read(c->pipe, buf_reserve(&c->said, 4096), 4096);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n <= 0)
			return true;
		c->said.len += (size_t)n;
		if (c->said.len > SAID_BYTES)
			return true;
	}
}

/* What the child said; fails when it was cut short. */
static int
unpack_said(const struct buf *said, struct arena *a, struct channel_result **list,
    uint32_t *count, const char **note)
{
	struct unpack u;

	unpack_init(&u, said->data, said->len);
	*count = unpack_u32(&u);
	if (*count > CHANNEL_RESULTS_MAX)
		return ERR_INPUT;
	*list = arena_array(a, *count, sizeof **list);
	for (uint32_t i = 0; i < *count; i++)
		unpack_channel_result(&u, a, &(*list)[i]);
	*note = unpack_str(&u, a);
	return unpack_finish(&u) || !*note ? ERR_INPUT : 0;
}

void
collector_end(struct collector *c, struct arena *a, struct channel_result **list,
    uint32_t *count, const char **note)
{
	if (unpack_said(&c->said, a, list, count, note)) {
		*list = NULL;
		*count = 0;
		*note = "its result files could not be collected";
	}
	/* It has nothing more to do than to exit. */
	while (c->pid && waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	fd_drop(&c->pipe);
	buf_release(&c->said);
	c->pid = 0;
}

void
collector_kill(struct collector *c)
{
	if (c->pid)
		kill(c->pid, SIGKILL);
	fd_drop(&c->pipe);
	buf_release(&c->said);
	c->pid = 0;
}
