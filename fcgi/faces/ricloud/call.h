/* What the files of the face ricloud share: wire/ricloud.md. */
#ifndef FACES_RICLOUD_CALL_H
#define FACES_RICLOUD_CALL_H

#include "app/request.h"
#include "model/execution.h"
#include "model/result.h"
#include "wire/json.h"

#define RICLOUD_JSON "application/json"

/* What a path names. */
enum ricloud_what {
	RICLOUD_TASKS,
	RICLOUD_TASK,
	RICLOUD_RESULTS,
	RICLOUD_RESULT,
	RICLOUD_ACKNOWLEDGE,
};

struct ricloud_route {
	enum ricloud_what what;
	uint64_t id; /* nothing may have it */
};

/* What is wrong with a parameter; the list is in the order in which it was noticed. */
struct ricloud_fault {
	const char *param, *text;
	struct ricloud_fault *next;
};

struct ricloud_call {
	const struct face *face;
	const struct request *req;
	struct response *res;
	struct ricloud_route route;
	struct actor actor;
	struct err err;
	struct ricloud_fault *faults;
};

/* ---- route.c ---- */

/* Plain decimal, as ids are written: without a sign or a leading zero. */
bool ricloud_is_number(const char *text);

/* The number that a text begins with; UINT64_MAX for all that are larger. */
uint64_t ricloud_number(const char *text);

/* False when the path names nothing. */
bool ricloud_find_route(const char *path, struct ricloud_route *route);

/* ---- date.c ---- */

enum { RICLOUD_DATE_TEXT = 32 };

/* 2018-10-01T17:04:34.154530Z */
void ricloud_date_format(int64_t us, char out[RICLOUD_DATE_TEXT]);

/*
 * Read a date or a datetime as far as it is given: a day, a minute, a second, or a fraction of
 * one. It begins at *first_us and ends with *last_us.
 *
 * Fails: ERR_INPUT.
 */
MUST_CHECK int ricloud_date_read(const char *text, int64_t *first_us, int64_t *last_us);

/* ---- view.c ---- */

/* The words of `state`. */
const char *ricloud_task_state(enum task_status status);
const char *ricloud_result_state(enum result_state state);
/* Is it one that tasks, or results, may have? */
bool ricloud_is_task_state(const char *word);
bool ricloud_is_result_state(const char *word);

/* "etl"; NULL for a number that is no type. */
const char *ricloud_source_type(int schedule_type);

#define RICLOUD_TASK_TYPE "schedule.run.command"

/* Write a task: `t` gives what a line does not have. */
MUST_CHECK int ricloud_write_task(struct ricloud_call *c, struct json_writer *w,
    const struct task_line *line, const struct task *t);

MUST_CHECK int ricloud_write_result(
    struct ricloud_call *c, struct json_writer *w, const struct result *r, int64_t due_us);

/* As the client reads due times: milliseconds; `false` when it has none. */
bool ricloud_poll(int64_t due_us, int64_t *poll);

/* ---- filter.c ---- */

/* What a list can be filtered by. */
enum ricloud_field {
	FIELD_KEY,
	FIELD_USER,
	FIELD_SOURCE,
	FIELD_SESSION,
	FIELD_POLL,
	FIELD_TASK,
	FIELD_SOURCE_TYPE,
	FIELD_TYPE,
	FIELD_STATE,
	FIELD_IDENTIFIER,
	FIELD_CREATED,
	FIELD_STARTED,
	FIELD_COMPLETED,
	FIELD_CONSUMED,
	FIELD_COUNT,
};

/* What an item has there: a text, or a number (also instants). */
struct ricloud_value {
	bool none;
	const char *text;
	int64_t number;
};

struct ricloud_condition {
	enum ricloud_field field;
	bool equality; /* those of one field are alternatives */
	const char *text;
	int64_t first, last; /* without a text: from, to */
};

struct ricloud_list {
	struct ricloud_condition *conditions;
	size_t count;
	uint64_t limit;
	uint64_t after_id;  /* only smaller ids are shown */
	uint64_t before_id; /* only greater ones */
};

/* Read the query of a list. Fails: ERR_INPUT, with what is wrong noted in the call; and as the
 * look-up of users. */
MUST_CHECK int ricloud_read_list(struct ricloud_call *c, struct ricloud_list *list);

bool ricloud_has_condition(const struct ricloud_list *list, enum ricloud_field field);

/* Does an item fulfil all conditions? `get` tells what it has. */
bool ricloud_matches(const struct ricloud_list *list,
    struct ricloud_value (*get)(const void *item, enum ricloud_field field), const void *item);

/* Is it within the cursors? */
bool ricloud_is_within(const struct ricloud_list *list, uint64_t id);

/* ---- lists.c ---- */

MUST_CHECK int ricloud_list_tasks(struct ricloud_call *c);
MUST_CHECK int ricloud_list_results(struct ricloud_call *c);

/* ---- answer.c ---- */

/* Note a fault of a parameter; `param` and `text` live as long as the call. */
void ricloud_note_fault(struct ricloud_call *c, const char *param, const char *text);

/* Answer with a status of the contract's table; `allow` for 405. */
void ricloud_refuse(struct response *res, int status);

/* Answer what a use case failed with. */
void ricloud_fail(struct ricloud_call *c, int code);

/* Begin a body that is fine, and end it. Fails: ERR_IO. */
struct json_writer *ricloud_begin(struct ricloud_call *c);
MUST_CHECK int ricloud_finish(struct ricloud_call *c, struct json_writer *w);

#endif
