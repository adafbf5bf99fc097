/* Who lives: see family.h. */
#include "runner/family.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "proc/fd.h"

/* Read a small file of /proc whole, with a NUL behind it. */
static ssize_t
read_small(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	do
		n = read(fd, text, size - 1);
	while (n < 0 && errno == EINTR);
	close(fd);
	if (n >= 0)
		text[n] = '\0';
	return n;
}

int
process_read(pid_t pid, struct process *p)
{
	char path[40], text[1024], state;
	const char *rest;
	int group, session, threads;
	uint64_t ticks;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (read_small(path, text, sizeof text) <= 0)
		return ERR_MISSING;
	/* The name before may hold anything, also `)` and spaces, but nothing after it does. */
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest + 1,
			 " %c %*d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d "
			 "%*d %" SCNu64,
			 &state, &group, &session, &threads, &ticks) != 5)
		return ERR_MISSING;
	*p = (struct process){
	    .pid = pid,
	    .group = group,
	    .session = session,
	    .start_ticks = ticks,
	    /* A leading thread may be a zombie while others of its process go on. */
	    .dead = state == 'X' || (state == 'Z' && threads <= 1),
	};
	return 0;
}

long
process_children(void)
{
	char chunk[4096];
	long count = 0;
	ssize_t n;
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	/* Each number is followed by a space. */
	while ((n = read(fd, chunk, sizeof chunk)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			count += chunk[i] == ' ';
	}
	close(fd);
	return n < 0 ? -1 : count;
}

int
census_take(struct census *c, struct err *err)
{
	struct dirent *entry;
	DIR *dir;

	if (c->read)
		return 0;
	dir = opendir("/proc");
	if (!dir)
		return err_errno(err, ERR_IO, errno, "read /proc");
	c->count = 0;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (c->count == c->cap) {
			c->cap = c->cap ? c->cap * 2 : 256;
			c->list = mem_resize(c->list, c->cap * sizeof *c->list);
		}
		if (!process_read((pid_t)strtol(entry->d_name, NULL, 10), &c->list[c->count]))
			c->count++;
	}
	closedir(dir);
	c->read = true;
	return 0;
}

void
census_forget(struct census *c)
{
	c->read = false;
}

void
census_release(struct census *c)
{
	free(c->list);
	*c = (struct census)CENSUS_INIT;
}

/* Signal a process that may have ended since the census, and never one that was given its
 * number since. */
static void
signal_exactly(const struct process *p, int signal)
{
	struct process now;
	int fd = (int)syscall(SYS_pidfd_open, p->pid, 0);

	/* The descriptor is bound to a process; what /proc says after that is about it or about
	 * nobody. */
	if (fd >= 0) {
		if (!process_read(p->pid, &now) && now.start_ticks == p->start_ticks)
			syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0);
		close(fd);
	} else if (errno != ESRCH)
		kill(p->pid, signal);
}

static bool
is_member(const struct process *p, pid_t leader, uint64_t start_ticks)
{
	return p->session == leader && !p->dead && p->start_ticks >= start_ticks;
}

size_t
family_signal(
    const struct census *c, pid_t leader, uint64_t start_ticks, bool reaped, int signal)
{
	size_t living = 0, group = 0;

	/* Not a command's: the kernel's threads are in session 0, and whoever started us in our
	 * own. */
	if (leader <= 1 || leader == getsid(0))
		return 0;
	for (size_t i = 0; i < c->count; i++) {
		const struct process *p = &c->list[i];

		if (p->pid == leader && (reaped || p->start_ticks != start_ticks))
			return 0;
		group += is_member(p, leader, start_ticks) && p->group == leader;
	}
	/* At once for the whole group, so that no fork escapes. */
	if (signal && group)
		kill(-leader, signal);
	for (size_t i = 0; i < c->count; i++) {
		const struct process *p = &c->list[i];

		if (!is_member(p, leader, start_ticks))
			continue;
		living++;
		if (signal && p->group != leader)
			signal_exactly(p, signal);
	}
	return living;
}
