/* What a command's process is like: see attributes.h. */
#include "runner/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "proc/fd.h"

/* Between SIGXCPU and SIGKILL. */
enum { CPU_GRACE_S = 5, LOOKUP_BYTES_MAX = 1 << 20 };

/* ---- before the fork ---- */

/* A file of its own, because a pipe holds only so much, and somebody would have to fill it. */
static int
make_input(const char *text, int *fd, struct err *err)
{
	size_t len = strlen(text);

	*fd = memfd_create("stdin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0 || fd_write_all(*fd, text, len) || lseek(*fd, 0, SEEK_SET) ||
	    fcntl(*fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL))
		return err_errno(err, ERR_IO, errno, "make its standard input");
	return 0;
}

static bool
is_listed(const char *const *list, const char *name)
{
	while (list && *list && strcmp(*list, name) != 0)
		list++;
	return list && *list;
}

/* The user's entry; its texts are in *room, which is the caller's. */
static int
look_up(const char *name, struct passwd *entry, char **room, struct err *err)
{
	struct passwd *found = NULL;
	size_t size = 4096;
	int rc;

	do {
		*room = mem_resize(*room, size);
		rc = getpwnam_r(name, entry, *room, size, &found);
		size *= 2;
	} while (rc == ERANGE && size <= LOOKUP_BYTES_MAX);
	if (rc)
		return err_errno(err, ERR_IO, rc, "look the user %s up", name);
	if (!found)
		return err_fail(err, ERR_INPUT, "there is no user %s", name);
	return 0;
}

static void
find_groups(struct attributes *a, const char *name)
{
	a->group_count = 32;
	do {
		a->groups = mem_resize(a->groups, (size_t)a->group_count * sizeof *a->groups);
	} while (getgrouplist(name, a->gid, a->groups, &a->group_count) < 0);
}

static int
choose_group(struct attributes *a, const char *name, struct err *err)
{
	/* Nobody else runs in this process that could ask for a group meanwhile. */
	const struct group *g = getgrnam(name);

	for (int i = 0; g && i < a->group_count; i++) {
		if (a->groups[i] == g->gr_gid) {
			a->gid = g->gr_gid;
			return 0;
		}
	}
	return err_fail(err, ERR_INPUT, "%s is no group of the user %s", name, a->user);
}

static int
find_user(struct attributes *a, const char *const *run_as, const struct channel_message *m,
    struct err *err)
{
	struct passwd entry;
	char *room = NULL;
	int rc;

	if (!is_listed(run_as, m->user))
		return err_fail(err, ERR_DENIED, "the setting runAs does not list %s", m->user);
	rc = look_up(m->user, &entry, &room, err);
	if (!rc) {
		a->change = true;
		a->uid = entry.pw_uid;
		a->gid = entry.pw_gid;
		a->user = mem_strdup(m->user);
		a->home = mem_strdup(entry.pw_dir && *entry.pw_dir ? entry.pw_dir : "/");
		find_groups(a, m->user);
	}
	free(room);
	return rc || !m->group ? rc : choose_group(a, m->group, err);
}

int
attributes_find(struct attributes *a, const char *const *run_as,
    const struct channel_message *m, struct err *err)
{
	int rc = 0;

	*a = (struct attributes)ATTRIBUTES_INIT;
	a->umask = (mode_t)m->umask;
	a->nice = m->nice;
	a->limited = m->limited;
	memcpy(a->limits, m->limits, sizeof a->limits);
	if (m->user)
		rc = find_user(a, run_as, m, err);
	if (!rc && m->input)
		rc = make_input(m->input, &a->input, err);
	return rc ? err_wrap(err, rc, "cannot prepare to run %s", m->argv[0]) : 0;
}

void
attributes_release(struct attributes *a)
{
	fd_drop(&a->input);
	free(a->groups);
	free(a->user);
	free(a->home);
	*a = (struct attributes)ATTRIBUTES_INIT;
}

/* ---- in the child ---- */

static int
set_limits(const struct attributes *a)
{
	static const int resources[CHANNEL_LIMITS] = {
	    [CHANNEL_CPU] = RLIMIT_CPU,
	    [CHANNEL_MEMORY] = RLIMIT_AS,
	    [CHANNEL_FILES] = RLIMIT_NOFILE,
	    [CHANNEL_PROCESSES] = RLIMIT_NPROC,
	    [CHANNEL_FILE_SIZE] = RLIMIT_FSIZE,
	    [CHANNEL_CORE] = RLIMIT_CORE,
	};

	for (int i = 0; i < CHANNEL_LIMITS; i++) {
		struct rlimit r = {a->limits[i], a->limits[i]};

		if (!(a->limited & 1U << i))
			continue;
		if (i == CHANNEL_CPU)
			r.rlim_max += CPU_GRACE_S;
		if (setrlimit(resources[i], &r))
			return ATTRIBUTE_LIMIT + i;
	}
	return 0;
}

static int
drop_privileges(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};

	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ||
	       syscall(SYS_capset, &head, none);
}

int
attributes_assume(const struct attributes *a)
{
	int failed = set_limits(a);

	if (failed)
		return failed;
	if (a->nice && setpriority(PRIO_PROCESS, 0, a->nice))
		return ATTRIBUTE_NICE;
	if (a->change &&
	    (setgroups((size_t)a->group_count, a->groups) ||
		setresgid(a->gid, a->gid, a->gid) || setresuid(a->uid, a->uid, a->uid)))
		return ATTRIBUTE_USER;
	if ((geteuid() && drop_privileges()) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return ATTRIBUTE_PRIVILEGES;
	umask(a->umask);
	return 0;
}

const char *
attribute_text(int attribute)
{
	switch (attribute) {
	case ATTRIBUTE_USER:
		return "become its user";
	case ATTRIBUTE_NICE:
		return "set its nice value";
	case ATTRIBUTE_LIMIT + CHANNEL_CPU:
		return "set its limit of CPU time";
	case ATTRIBUTE_LIMIT + CHANNEL_MEMORY:
		return "set its limit of memory";
	case ATTRIBUTE_LIMIT + CHANNEL_FILES:
		return "set its limit of open files";
	case ATTRIBUTE_LIMIT + CHANNEL_PROCESSES:
		return "set its limit of processes";
	case ATTRIBUTE_LIMIT + CHANNEL_FILE_SIZE:
		return "set its limit of file size";
	case ATTRIBUTE_LIMIT + CHANNEL_CORE:
		return "set its limit of core files";
	default:
		return "give up its privileges";
	}
}
