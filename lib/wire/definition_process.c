/* What the process of a task is like, in a definition: see definition.h and model/process.h. Only
 * what is given is written. */
#include <inttypes.h>
#include <string.h>

#include "wire/member.h"

enum { SIZE_TEXT = 32 };

/* "0027" */
int
read_umask(struct reader *r, const struct json *value, void *at)
{
	static const char mend[] = "must be an octal mode such as \"0027\"";
	struct task_def *t = at;
	const char *text;
	size_t len;
	int ret = read_string(r, value, &text);

	if (ret)
		return ret;
	len = strlen(text);
	if (!len || len > 4 || strspn(text, "01234567") != len)
		return refuse(r, mend);
	t->process.umask = (uint32_t)strtoul(text, NULL, 8);
	t->process.has_umask = true;
	return 0;
}

int
read_nice(struct reader *r, const struct json *value, void *at)
{
	int64_t n = 0;
	int ret = read_number(r, value, -20, 19, &n);

	*(int32_t *)at = (int32_t)n;
	return ret;
}

static const struct {
	const char *name;
	unsigned shift;
} units[] = {{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"", 0}};

/* As the settings write sizes: `64MiB`, or plain bytes. */
static int
read_size(struct reader *r, const struct json *value, uint64_t *bytes)
{
	static const char mend[] =
	    "must be a size such as \"64MiB\" (units KiB MiB GiB TiB, or plain bytes)";
	const char *text;
	size_t digits;
	int ret = read_string(r, value, &text);

	if (ret)
		return ret;
	digits = strspn(text, "0123456789");
	if (!digits || digits > 15)
		return refuse(r, mend);
	for (size_t i = 0; i < COUNT(units); i++) {
		if (strcmp(text + digits, units[i].name) != 0)
			continue;
		*bytes = strtoull(text, NULL, 10);
		/* Far beyond any bound: it is refused as too large, not as no size. */
		*bytes = *bytes > UINT64_MAX >> units[i].shift ? UINT64_MAX
							       : *bytes << units[i].shift;
		return 0;
	}
	return refuse(r, mend);
}

static int
read_limit(struct reader *r, const struct json *value, struct task_process *p,
    enum process_limit limit)
{
	int64_t n = 0;
	int ret;

	if (limit == PROCESS_CPU) {
		ret = read_duration(r, value, &n);
		if (!ret && n % SECOND_US)
			ret = refuse(r, "must be in whole seconds");
		p->limits[limit] = n < 0 ? 0 : (uint64_t)(n / SECOND_US);
	} else if (limit == PROCESS_FILES || limit == PROCESS_PROCESSES) {
		ret = read_number(r, value, 0, INT32_MAX, &n);
		p->limits[limit] = (uint64_t)n;
	} else {
		ret = read_size(r, value, &p->limits[limit]);
	}
	p->limited |= (uint8_t)(1U << limit);
	return ret;
}

#define READ_LIMIT(function, limit)                                               \
	static int function(struct reader *r, const struct json *value, void *at) \
	{                                                                         \
		return read_limit(r, value, at, limit);                           \
	}

READ_LIMIT(read_cpu, PROCESS_CPU)
READ_LIMIT(read_memory, PROCESS_MEMORY)
READ_LIMIT(read_files, PROCESS_FILES)
READ_LIMIT(read_processes, PROCESS_PROCESSES)
READ_LIMIT(read_file_size, PROCESS_FILE_SIZE)
READ_LIMIT(read_core, PROCESS_CORE)

static const struct field limit_fields[] = {
    {"cpu", read_cpu, 0},
    {"memory", read_memory, 0},
    {"files", read_files, 0},
    {"processes", read_processes, 0},
    {"fileSize", read_file_size, 0},
    {"core", read_core, 0},
};

int
read_limits(struct reader *r, const struct json *value, void *at)
{
	return read_members(r, value, limit_fields, COUNT(limit_fields), at);
}

/* ---- writing ---- */

static void
write_size(struct json_writer *w, const char *name, uint64_t bytes)
{
	char text[SIZE_TEXT];
	size_t i = 0;

	while (units[i].shift && (!bytes || bytes & ((UINT64_C(1) << units[i].shift) - 1)))
		i++;
	snprintf(text, sizeof text, "%" PRIu64 "%s", bytes >> units[i].shift, units[i].name);
	write_string(w, name, text);
}

static void
write_one_limit(struct json_writer *w, const struct task_process *p, enum process_limit limit)
{
	const char *name = process_limit_name(limit);

	if (limit == PROCESS_CPU) {
		write_duration(w, name, (int64_t)p->limits[limit] * SECOND_US);
	} else if (limit == PROCESS_FILES || limit == PROCESS_PROCESSES) {
		json_name(w, name);
		json_number(w, (int64_t)p->limits[limit]);
	} else {
		write_size(w, name, p->limits[limit]);
	}
}

void
write_process(struct json_writer *w, const struct task_process *p)
{
	char mask[8];

	if (p->input)
		write_string(w, "stdin", p->input);
	if (p->user)
		write_string(w, "user", p->user);
	if (p->group)
		write_string(w, "group", p->group);
	if (p->has_umask) {
		snprintf(mask, sizeof mask, "%04o", (unsigned)p->umask);
		write_string(w, "umask", mask);
	}
	if (p->nice) {
		json_name(w, "nice");
		json_number(w, p->nice);
	}
	if (!p->limited)
		return;
	json_name(w, "limits");
	json_object(w);
	for (int i = 0; i < PROCESS_LIMITS; i++) {
		if (process_has_limit(p, (enum process_limit)i))
			write_one_limit(w, p, (enum process_limit)i);
	}
	json_end_object(w);
}
