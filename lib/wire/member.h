/*
 * What reading and writing the objects of a definition have in common; for the files
 * definition*.c alone.
 *
 * One table of members for each kind of object says which members there are, where they go and
 * how they are read; whatever is in no table is refused. A member that is null counts as absent:
 * the default stays. Bounds are schedule_validate()'s business: lists are read only one entry
 * further than it allows, so that it sees that there are too many.
 *
 * Fails: everything that reads, ERR_INPUT `Invalid value: <path>: <mend>`.
 */
#ifndef WIRE_MEMBER_H
#define WIRE_MEMBER_H

#include "base/arena.h"
#include "base/err.h"
#include "model/schedule.h"
#include "wire/json.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct reader {
	struct arena *arena;
	struct err *err;
	const char *default_zone;
	int64_t now_us;
	uint64_t seed;	/* of H in cron expressions: the schedule's name */
	char path[192]; /* of the value that is read: `tasks[0].command` */
	size_t path_len;
};

struct field {
	const char *name;
	int (*read)(struct reader *r, const struct json *value, void *at);
	size_t offset; /* of `at` in the object that is filled */
};

/* Answers where path_pop() has to go back to. */
size_t path_push(struct reader *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
void path_pop(struct reader *r, size_t back);
size_t push_member(struct reader *r, const char *name);

/* At the present path. */
int refuse(struct reader *r, const char *mend);

/* Readers of one value; `at` is what the name says. */
int read_not_served(struct reader *r, const struct json *value, void *at);
int read_string(struct reader *r, const struct json *value, void *at); /* const char * */
int read_bool(struct reader *r, const struct json *value, void *at);
int read_number(
    struct reader *r, const struct json *value, int64_t min, int64_t max, int64_t *n);
int read_duration(struct reader *r, const struct json *value, void *at); /* int64_t, us */
/* int64_t, us, to the millisecond below: that is how far it can be written. */
int read_instant(struct reader *r, const struct json *value, void *at);
/* One of `count` words; its index is the number that is durable. */
int read_word(struct reader *r, const struct json *value, const char *const *words,
    size_t count, size_t *index);

int read_members(struct reader *r, const struct json *object, const struct field *fields,
    size_t count, void *into);
/* Memory for the entries of a list, `max` and one more at most. */
int read_list(struct reader *r, const struct json *value, size_t max, size_t size,
    void *entries, size_t *count);
/* With a NULL behind the last. */
int read_strings(
    struct reader *r, const struct json *value, size_t max, const char ***texts, size_t *count);

/* Is it there, and not null? */
bool has(const struct json *object, const char *name);

void write_string(struct json_writer *w, const char *name, const char *text);
void write_strings(struct json_writer *w, const char *name, const char **texts, size_t count);
void write_duration(struct json_writer *w, const char *name, int64_t us);
/* null for a bound that is none. */
void write_instant(struct json_writer *w, const char *name, int64_t us);
/* A duration; null for none. */
void write_limit(struct json_writer *w, const char *name, int64_t us);

/* definition_trigger.c: `at` is the schedule. */
int read_triggers(struct reader *r, const struct json *value, void *at);
void write_triggers(struct json_writer *w, const struct schedule *s);

/* definition_task.c: `at` is the schedule, and where the condition's pointer is. */
int read_tasks(struct reader *r, const struct json *value, void *at);
int read_condition(struct reader *r, const struct json *value, void *at);
void write_tasks(struct json_writer *w, const struct schedule *s);
void write_condition(struct json_writer *w, const struct schedule *s);

/* definition_http.c: `at` is where the request's pointer is. */
int read_http(struct reader *r, const struct json *value, void *at);
void write_http(struct json_writer *w, const struct http_def *h);

/* definition_process.c: `at` is the task; its int32_t; its struct task_process. */
int read_umask(struct reader *r, const struct json *value, void *at);
int read_nice(struct reader *r, const struct json *value, void *at);
int read_limits(struct reader *r, const struct json *value, void *at);
void write_process(struct json_writer *w, const struct task_process *p);

/* definition_notify.c: `at` is the schedule. */
int read_notify(struct reader *r, const struct json *value, void *at);
void write_notify(struct json_writer *w, const struct schedule *s);

#endif
