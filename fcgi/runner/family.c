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
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/mem.h"
#include "proc/fd.h"

enum { BOOT_SHIFT = 40, ENVIRON_BYTES = 256 * 1024 };

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

/* A number for the running kernel, above what ticks can reach: after a start of the machine
 * pids and ticks come round. */
static uint64_t
this_boot(void)
{
	static uint64_t boot;
	char text[64] = "";

	if (!boot) {
		uint32_t hash = 2166136261;

		(void)!read_small("/proc/sys/kernel/random/boot_id", text, sizeof text);
		for (const char *p = text; *p; p++)
			hash = (hash ^ (unsigned char)*p) * 16777619;
		/* 23 bits: the whole stays positive where it is kept with a sign; never 0. */
		boot = (uint64_t)((hash & 0x3fffff) | 0x400000) << BOOT_SHIFT;
	}
	return boot;
}

int
process_read(pid_t pid, struct process *p)
{
	char path[40], text[1024], state;
	const char *rest;
	int parent, group, session, threads;
	uint64_t ticks;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (read_small(path, text, sizeof text) <= 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? ERR_IO
									     : ERR_MISSING;
	/* The name before may hold anything, also `)` and spaces, but nothing after it does. */
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest + 1,
			 " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d "
			 "%*d %" SCNu64,
			 &state, &parent, &group, &session, &threads, &ticks) != 6)
		return ERR_MISSING;
	*p = (struct process){
	    .pid = pid,
	    .parent = parent,
	    .group = group,
	    .session = session,
	    .born = this_boot() + ticks,
	    /* A leading thread may be a zombie while others of its process go on. */
	    .dead = state == 'X' || (state == 'Z' && threads <= 1),
	};
	return 0;
}

bool
process_child_ended(pid_t pid, int *status)
{
	siginfo_t info = {.si_pid = 0};

	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid != pid)
		return false;
	*status = info.si_code == CLD_EXITED ? W_EXITCODE(info.si_status, 0)
					     : W_EXITCODE(0, info.si_status);
	return true;
}

static long
read_children(const char *path, pid_t *list, size_t cap)
{
	char chunk[4096];
	size_t count = 0;
	pid_t pid = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	/* Each number is followed by a space. */
	while ((n = read(fd, chunk, sizeof chunk)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (chunk[i] != ' ') {
				pid = pid * 10 + (chunk[i] - '0');
				continue;
			}
			if (count < cap)
				list[count] = pid;
			count++;
			pid = 0;
		}
	}
	close(fd);
	return n < 0 ? -1 : (long)count;
}

long
process_children(pid_t *list, size_t cap)
{
	return read_children("/proc/thread-self/children", list, cap);
}

long
process_children_of(pid_t pid, pid_t *list, size_t cap)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
	return read_children(path, list, cap);
}

/* The next process's number, 0 at the end, -1 when the list cannot be read. */
static pid_t
next_process(DIR *dir)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry && !isdigit((unsigned char)entry->d_name[0]));
	return entry ? (pid_t)strtol(entry->d_name, NULL, 10) : errno ? -1 : 0;
}

int
census_take(struct census *c, struct err *err)
{
	int rc = 0;
	pid_t pid;
	DIR *dir;

	if (c->read)
		return 0;
	dir = opendir("/proc");
	if (!dir)
		return err_errno(err, ERR_IO, errno, "read /proc");
	c->count = 0;
	while ((pid = next_process(dir)) > 0) {
		if (c->count == c->cap) {
			c->cap = c->cap ? c->cap * 2 : 256;
			c->list = mem_resize(c->list, c->cap * sizeof *c->list);
		}
		rc = process_read(pid, &c->list[c->count]);
		if (rc == ERR_IO)
			break;
		c->count += rc == 0;
	}
	/* Half a list would tell that the other half does not live. */
	rc = rc == ERR_IO || pid < 0 ? err_errno(err, ERR_IO, errno, "read /proc") : 0;
	closedir(dir);
	c->read = !rc;
	return rc;
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
	 * nobody. Without one there remains the moment between the two calls. */
	if (!process_read(p->pid, &now) && now.born == p->born) {
		if (fd >= 0)
			syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0);
		else
			kill(p->pid, signal);
	}
	fd_drop(&fd);
}

/* Was it started with this line in its environment? */
static bool
has_in_environment(pid_t pid, const char *line)
{
	char path[40];
	struct buf text = BUF_INIT;
	size_t at = 0;
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	do {
		n = read(fd, buf_reserve(&text, 4096), 4096);
		text.len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && text.len < ENVIRON_BYTES);
	close(fd);
	buf_add(&text, "", 1);
	while (at < text.len && strcmp(text.data + at, line))
		at += strlen(text.data + at) + 1;
	n = at < text.len;
	buf_release(&text);
	return n;
}

/* The kernel's threads are in session 0, and whoever started us in our own. */
static bool
can_be_a_family(const struct family *f)
{
	return f->leader > 1 && f->leader != getsid(0) &&
	       f->born >> BOOT_SHIFT == this_boot() >> BOOT_SHIFT;
}

static const struct process *
find_process(const struct census *c, pid_t pid)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->list[i].pid == pid)
			return &c->list[i];
	}
	return NULL;
}

/* Mark all who descend from the keeper. Parents mostly have the lower number, so one round is enough
 * mostly, and another tells so. */
static void
mark_descendants(const struct census *c, pid_t keeper, bool *marks)
{
	bool more = keeper > 1;

	while (more) {
		more = false;
		for (size_t i = 0; i < c->count; i++) {
			pid_t parent = c->list[i].parent;
			bool is = parent == keeper;

			for (size_t j = 0; !is && parent > 1 && !marks[i] && j < c->count; j++)
				is = marks[j] && c->list[j].pid == parent;
			more = more || (is && !marks[i]);
			marks[i] = marks[i] || is;
		}
	}
}

size_t
family_signal(const struct census *c, const struct family *f, int signal, size_t *unsure)
{
	const struct process *leader = find_process(c, f->leader);
	char line[32 + ID_GUID_LEN], guid[ID_GUID_LEN + 1];
	size_t living = 0, others = 0;
	bool *marks;

	if (unsure)
		*unsure = 0;
	if (!can_be_a_family(f) || (leader && leader->born != f->born))
		return 0;
	id_guid(f->task_id, guid);
	snprintf(line, sizeof line, "CARILLON_TASK_ID=%s", guid);
	marks = mem_alloc(c->count + 1);
	mark_descendants(c, f->keeper, marks);
	/* The whole group at once, so that no fork escapes. */
	if (signal && f->ours)
		kill(-f->leader, signal);
	for (size_t i = 0; i < c->count; i++) {
		const struct process *p = &c->list[i];

		if ((p->session != f->leader && !marks[i]) || p->dead || p->born < f->born)
			continue;
		if (!marks[i] && !leader && !f->ours && !has_in_environment(p->pid, line)) {
			others++;
			continue;
		}
		living++;
		if (signal && !(f->ours && p->group == f->leader))
			signal_exactly(p, signal);
	}
	free(marks);
	if (unsure)
		*unsure = others;
	return living;
}
