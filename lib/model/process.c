/* What a command's process is like: see process.h. */
#include "model/process.h"

#include <string.h>

#include "base/utf8.h"

static const struct {
	const char *name;
	uint64_t min, max;
	const char *bounds;
} limits[PROCESS_LIMITS] = {
    [PROCESS_CPU] = {"cpu", 1, UINT64_C(365) * 86400, "within 1s and 365d, in whole seconds"},
    [PROCESS_MEMORY] = {"memory", UINT64_C(1) << 20, UINT64_C(1) << 50,
	"within 1MiB and 1024TiB"},
    [PROCESS_FILES] = {"files", 8, 1 << 20, "within 8 and 1048576"},
    [PROCESS_PROCESSES] = {"processes", 1, 1 << 22, "within 1 and 4194304"},
    [PROCESS_FILE_SIZE] = {"fileSize", 0, UINT64_C(1) << 50, "at most 1024TiB"},
    [PROCESS_CORE] = {"core", 0, UINT64_C(1) << 50, "at most 1024TiB"},
};

const char *
process_limit_name(enum process_limit limit)
{
	return limits[limit].name;
}

bool
process_has_limit(const struct task_process *p, enum process_limit limit)
{
	return p->limited & 1U << limit;
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool
process_equals(const struct task_process *a, const struct task_process *b)
{
	if (!same(a->input, b->input) || !same(a->user, b->user) || !same(a->group, b->group) ||
	    a->has_umask != b->has_umask || (a->has_umask && a->umask != b->umask) ||
	    a->nice != b->nice || a->limited != b->limited)
		return false;
	for (int i = 0; i < PROCESS_LIMITS; i++) {
		if (process_has_limit(a, (enum process_limit)i) && a->limits[i] != b->limits[i])
			return false;
	}
	return true;
}

static size_t
text_bytes(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

size_t
process_bytes(const struct task_process *p)
{
	return text_bytes(p->input) + text_bytes(p->user) + text_bytes(p->group);
}

static int
invalid(struct err *err, const char *of, const char *member, const char *mend)
{
	return err_fail(err, ERR_INPUT, "Invalid value: %s.%s: %s", of, member, mend);
}

/* What the system's own tools take for a name, roughly; it is looked up anyway. */
static int
check_name(const char *name, const char *of, const char *member, struct err *err)
{
	if (!name)
		return 0;
	if (!*name)
		return err_fail(err, ERR_INPUT, "Missing value: %s.%s", of, member);
	if (strlen(name) > PROCESS_USER_MAX)
		return invalid(err, of, member, "must have at most 64 bytes");
	for (const char *p = name; *p; p++) {
		if (*p <= ' ' || *p > '~' || *p == ':' || *p == ',' || *p == '/')
			return invalid(err, of, member,
			    "must be a name that the system knows, not a number");
	}
	if (*name == '-' || strspn(name, "0123456789") == strlen(name))
		return invalid(
		    err, of, member, "must be a name that the system knows, not a number");
	return 0;
}

static int
check_limits(const struct task_process *p, const char *of, struct err *err)
{
	for (int i = 0; i < PROCESS_LIMITS; i++) {
		if (process_has_limit(p, (enum process_limit)i) &&
		    (p->limits[i] < limits[i].min || p->limits[i] > limits[i].max))
			return err_fail(err, ERR_INPUT,
			    "Invalid value: %s.limits.%s: must be %s", of, limits[i].name,
			    limits[i].bounds);
	}
	return 0;
}

int
process_validate(const struct task_process *p, const char *of, struct err *err)
{
	int ret = check_name(p->user, of, "user", err);

	if (!ret)
		ret = check_name(p->group, of, "group", err);
	if (ret)
		return ret;
	if (p->group && !p->user)
		return invalid(err, of, "group", "needs a user, of whose groups it is one");
	if (p->input && !utf8_valid(p->input, strlen(p->input)))
		return invalid(err, of, "stdin", "must be UTF-8");
	if (p->input && strlen(p->input) > PROCESS_INPUT_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: %s.stdin: must have at most %d bytes", of,
		    PROCESS_INPUT_MAX);
	if (p->has_umask && p->umask > 0777)
		return invalid(err, of, "umask", "must be within 0000 and 0777");
	if (p->nice < -20 || p->nice > 19)
		return invalid(err, of, "nice", "must be within -20 and 19");
	return check_limits(p, of, err);
}

bool
process_user_is_listed(const char *const *list, const char *user)
{
	for (; list && *list; list++) {
		if (!strcmp(*list, user))
			return true;
	}
	return false;
}
