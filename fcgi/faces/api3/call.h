/*
 * One call of a method: what the files of this face share.
 *
 * api3_handle() finds the method in the table, makes the checks in the order of
 * wire/api3.md 3.1 and reads the body; a handler then finds everything checked that can be
 * checked without knowing the method. It answers 0 with a complete response, or an ERR_ code
 * with its text in `err`, which api3_fail() turns into the answer.
 */
#ifndef FACES_API3_CALL_H
#define FACES_API3_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/request.h"
#include "service/results.h"
#include "wire/json.h"

enum api3_service { API3_AUTHENTICATION, API3_TASKS, API3_ACCESS, API3_AUDIT };

/* Who may call. */
enum api3_who {
	API3_ANYBODY, /* no token needed: a log-in */
	API3_ALL_ROLES,
	API3_ADMINS,
	API3_ENTERPRISE,
};

/* Any scope of a token will do. */
enum { API3_ANY_SCOPE = 0 };

enum api3_takes {
	API3_OBJECT,  /* an object */
	API3_LIST,    /* an array */
	API3_ID,      /* an id of the subject, in any form of wire/api3.md section 4 */
	API3_ID_TEXT, /* the same, as a text that need not be an id */
	API3_NOTHING, /* the body does not matter */
};

/* What a method is about: the name of its id and what is "not found" if it is not. */
enum api3_subject {
	API3_SCHEDULE,
	API3_EXECUTION,
	API3_TASK,
	API3_USER,
	API3_TOKEN,
	API3_TENANT,
	API3_OUTPUT,
	API3_SECRET,
	API3_GROUP,
	API3_CALENDAR,
};

/* What a method may be called again for. */
enum api3_effect {
	API3_READS,
	API3_WRITES, /* with an Idempotency-Key it happens once */
};

struct call;

struct api3_method {
	enum api3_service service;
	const char *name;
	enum api3_who who;
	unsigned scope; /* of a token that may be used: enum scope, or API3_ANY_SCOPE */
	enum api3_subject subject;
	enum api3_takes takes;
	enum api3_effect effect;
	int (*handle)(struct call *c); /* NULL: in the contract, and not served */
};

struct call {
	const struct face *face;
	const struct request *req;
	struct response *res;
	const struct api3_method *method;
	const char *name;	 /* of the method, as it was called */
	struct actor actor;	 /* empty where no token is needed */
	const struct json *body; /* NULL unless the body is an object, or the array asked for */
	uint64_t id;		 /* of the subject, where the method takes one */
	const char *id_text;	 /* as it was sent, for API3_ID_TEXT */
	struct err err;
};

/* ---- methods.c ---- */

/* The method that a path names, and its name in the path; NULL if none. */
const struct api3_method *api3_find_method(const char *path, const char **name);

/* ---- cors.c ---- */

/* Say in the answer that its page may read it, if its origin is listed; answers whether it is. */
bool api3_allow_origin(
    const struct face *face, const struct request *req, struct response *res);

/* The answer to a browser that asks before it calls a method. */
void api3_answer_preflight(struct response *res);

/* ---- openapi.c ---- */

/* The path of the description of all this; whoever asks may read it. */
bool api3_is_openapi(const char *path);
void api3_answer_openapi(const struct request *req, struct response *res);

/* ---- media.c ---- */

/* The body is declared to be XML. */
bool api3_sends_xml(const struct request *req);
/* XML is named among what is accepted, and weighs more than JSON. */
bool api3_wants_xml(const struct request *req);

/* ---- body.c ---- */

/* Read the body as the method takes it. Fails: ERR_INPUT with the contract's text; ERR_MISSING
 * for an id that cannot exist. */
MUST_CHECK int api3_read_body(struct call *c);

/*
 * Members of an object, NULL where there is none. `null` counts as absent, and what is absent
 * leaves *value as it was. Fails: ERR_INPUT `Invalid value: <name>`.
 */
MUST_CHECK int api3_string(
    const struct json *object, const char *name, const char **value, struct err *err);
MUST_CHECK int api3_integer(const struct json *object, const char *name, int64_t min,
    int64_t max, int64_t *value, struct err *err);
/* As an integer or as a string of digits, 0 to max. */
MUST_CHECK int api3_enum(
    const struct json *object, const char *name, int max, int *value, struct err *err);
/* Numbers from 0 to max, one alone or several in an array, as bits of *set. */
MUST_CHECK int api3_enums(
    const struct json *object, const char *name, int max, uint32_t *set, struct err *err);
/* As true, false, or these words in a string, in any case. */
MUST_CHECK int api3_bool(
    const struct json *object, const char *name, bool *value, struct err *err);
MUST_CHECK int api3_instant(
    const struct json *object, const char *name, int64_t *us, struct err *err);

/* As api3_string(), but absent is ERR_INPUT `Missing value: <name>`. */
MUST_CHECK int api3_need_string(
    const struct json *object, const char *name, const char **value, struct err *err);
/* An id in any spelling, required. Fails: also ERR_MISSING when there can be no such thing. */
MUST_CHECK int api3_need_id(
    const struct json *object, const char *name, uint64_t *id, struct err *err);

/* The ids of an array, in any spelling, into ids[0..c->body->count); 0 for what can be no id. */
MUST_CHECK int api3_ids(struct call *c, const char *name, uint64_t *ids);

/* An object without some of its members; NULL behind the last name. Lives in the arena. */
const struct json *api3_without(
    struct arena *a, const struct json *object, const char *const *names);

/* There is a member of this name, and it is not null. */
bool api3_has(const struct json *object, const char *name);

/* Strings in an array, none of them twice or empty; absent leaves *count at 0. */
MUST_CHECK int api3_strings(struct arena *a, const struct json *object, const char *name,
    size_t max, const char ***values, size_t *count, struct err *err);
/* As api3_need_id(), but absent is 0. */
MUST_CHECK int api3_id(
    const struct json *object, const char *name, uint64_t *id, struct err *err);

/* ---- once.c ---- */

/* Call the handler; once for each key, where there is an Idempotency-Key and the method writes.
 */
MUST_CHECK int api3_call_once(struct call *c);

/* ---- cursor.c ---- */

enum { API3_LIMIT_DEFAULT = 100, API3_LIMIT_MAX = 1000, API3_CURSOR_BYTES_MAX = 1100 };

/* A page of a list. The cursor of another query is refused, and not silently read as something
 * else: `query` tells queries apart. */
struct api3_page {
	uint64_t query;
	int64_t limit;
	unsigned char at[API3_CURSOR_BYTES_MAX + 1]; /* where it goes on; a NUL behind it */
	size_t at_len;				     /* 0: from the beginning */
};

/* Read `limit` and `cursor`. The query is the method and the members named, NULL at the end, as
 * they were sent. Fails: ERR_INPUT. */
MUST_CHECK int api3_read_page(
    struct call *c, const char *const *members, struct api3_page *page);
/* Write the member `cursor`. */
void api3_write_cursor(
    struct json_writer *w, const struct api3_page *page, const void *at, size_t len);

/* How many of the items that were asked for, one more than the page takes, stand in it. */
static inline size_t
api3_page_shown(const struct api3_page *page, size_t count)
{
	return count > (size_t)page->limit ? (size_t)page->limit : count;
}

/* Where pages go on behind a name: it; NULL: from the beginning. */
static inline const char *
api3_page_name(const struct api3_page *page)
{
	return page->at_len ? (const char *)page->at : NULL;
}
void api3_write_name_cursor(
    struct json_writer *w, const struct api3_page *page, const char *name);

/* Where pages go on at a number: it; 0: from the beginning. Fails: ERR_INPUT for a cursor that
 * api3_write_number_cursor() has not written. */
MUST_CHECK int api3_page_number(struct call *c, const struct api3_page *page, uint64_t *number);
void api3_write_number_cursor(
    struct json_writer *w, const struct api3_page *page, uint64_t number);

/* ---- answer.c ---- */

#define API3_TEXT "text/plain;charset=utf-8"
#define API3_JSON "application/json;charset=utf-8"
#define API3_XML  "application/xml;charset=utf-8"

/* Answer with the status and text that belong to an ERR_ code and c->err. */
void api3_fail(struct call *c, int code);

/* Begin an answer in the form that is wanted; api3_answer() ends it: 200, or ERR_IO if the
 * writer failed. Nothing may fail in between. */
struct json_writer *api3_begin(struct call *c);

/* Begin an answer that is a list: within the object its `items` is open. */
struct json_writer *api3_begin_items(struct call *c);
MUST_CHECK int api3_answer(struct call *c, struct json_writer *w);

/* A whole answer: a string with its quotes; an id; a ModifiedItemsResult with one id. */
MUST_CHECK int api3_answer_string(struct call *c, const char *s);
MUST_CHECK int api3_answer_id(struct call *c, uint64_t id);

/* A header for each line of schedule_advice(), before the answer is written. */
void api3_warn(struct call *c, const struct schedule *s);
MUST_CHECK int api3_answer_modified(struct call *c, uint64_t id);
/* A ModifiedItemsResult with any number of ids; `fault` NULL: success. */
MUST_CHECK int api3_answer_modified_all(
    struct call *c, const uint64_t *ids, size_t count, const char *fault);

/* ---- view.c ---- */

/* API3 TaskStatus, wire/api3.md 3.8: the numbers that are sent. */
enum {
	API3_PENDING = 0,
	API3_FINISHED = 1,
	API3_ERROR = 3,
	API3_RUNNING = 4,
	API3_FINISHED_WITH_ERRORS = 5,
	API3_STOPPED_WITHOUT_RUNNING = 6,
	API3_CANCELED = 8,
	API3_CANCELING = 9,
	API3_STOPPED_AFTER_EVALUATION = 13,
	API3_TASK_STATUS_MAX = 15,
};

/* An execution with its tasks. */
struct api3_run {
	struct execution execution;
	struct task *tasks;
	size_t task_count;
	struct result *outputs; /* the first of each task; id 0: it has none */
};

int api3_task_status(enum task_status status);

/* The status of an execution, folded from its tasks: wire/api3.md 3.5. */
int api3_run_status(const struct api3_run *run);

/* ScheduleStatus: wire/api3.md 3.8. */
enum { API3_IDLE = 0, API3_SCHEDULE_FINISHED = 2, API3_HOLD = 4, API3_SCHEDULE_STATUS_MAX = 5 };

/* 4 suspended, 2 finished, else 0. */
int api3_schedule_status(const struct schedule_view *v, int64_t now_us);

/*
 * The executions of a schedule with id below `before` (0: from the newest), newest first, with
 * their tasks; `cap` at most. *last: the id of the last one looked at; *more: older ones may
 * follow.
 */
MUST_CHECK int api3_runs(struct call *c, uint64_t schedule_id, uint64_t before, size_t cap,
    struct api3_run **runs, size_t *count, uint64_t *last, bool *more);

/* The first output of a task, as it stands in TaskViewData; its id is 0 if there is none. */
MUST_CHECK int api3_first_output(struct call *c, const struct task *t, struct result *output);
/* Those of the tasks of a run. */
MUST_CHECK int api3_load_outputs(struct call *c, struct api3_run *run);

/* A member with an instant, a user's id; nothing where there is none (INSTANT_NEVER, NULL). */
/* The members of an attempt, into an object that is open. */
void api3_write_attempt(struct json_writer *w, const struct attempt *at);
void api3_write_instant(struct json_writer *w, const char *name, int64_t us);
void api3_write_user(struct json_writer *w, const char *name, uint64_t user_id);
void api3_write_string(struct json_writer *w, const char *name, const char *value);

/* The members `scopes` and `tags`, where there are such limits. */
void api3_write_limits(
    struct json_writer *w, uint32_t scopes, const char *const *tags, size_t tag_count);

/* The member `suspended`. */
struct api3_suspension {
	uint64_t by;
	const char *reason;	    /* NULL: none */
	int64_t since_us, until_us; /* 0: not known, none */
};
void api3_write_suspended(struct json_writer *w, const struct api3_suspension *s);

/* The objects of wire/api3.md 3.7. */
void api3_write_schedule(struct json_writer *w, const struct schedule_view *v, int64_t now_us);
void api3_write_task(struct json_writer *w, const struct execution *e, const struct task *t,
    const struct result *output);
void api3_write_execution(struct json_writer *w, const struct api3_run *run);

/* ---- the methods ---- */

int api3_authenticate_user(struct call *c);

int api3_find_schedule(struct call *c);
int api3_run_schedule(struct call *c);
int api3_suspend_schedule(struct call *c);
int api3_resume_schedule(struct call *c);
int api3_get_execution_status(struct call *c);
int api3_get_tasks_ids(struct call *c);
int api3_get_tasks(struct call *c);
int api3_get_task_data(struct call *c);
int api3_get_executions(struct call *c);

int api3_create_schedule(struct call *c);
int api3_get_schedule(struct call *c);
int api3_update_schedule(struct call *c);
int api3_delete_schedule(struct call *c);
int api3_delete_schedules(struct call *c);
int api3_list_schedules(struct call *c);
int api3_apply_schedules(struct call *c);
int api3_preview_schedule(struct call *c);
int api3_explain_schedule(struct call *c);
int api3_suspend_schedules(struct call *c);
int api3_resume_schedules(struct call *c);
int api3_get_execution(struct call *c);
int api3_list_executions(struct call *c);
int api3_list_occurrences(struct call *c);
int api3_get_task_log(struct call *c);
int api3_get_attempt(struct call *c);

int api3_cancel_execution(struct call *c);
int api3_rerun_task(struct call *c);
int api3_get_task_outputs(struct call *c);
int api3_get_task_outputs_for_user(struct call *c);
int api3_get_task_output(struct call *c);

int api3_create_calendar(struct call *c);
int api3_update_calendar(struct call *c);
int api3_get_calendar(struct call *c);
int api3_list_calendars(struct call *c);
int api3_delete_calendar(struct call *c);
int api3_import_calendar(struct call *c);

int api3_authenticate_by_token(struct call *c);
int api3_get_schedules_for_user(struct call *c);

int api3_create_user(struct call *c);
int api3_update_user(struct call *c);
int api3_delete_user(struct call *c);
int api3_list_users(struct call *c);
int api3_change_password(struct call *c);
int api3_who_am_i(struct call *c);

int api3_create_token(struct call *c);
int api3_rotate_token(struct call *c);
int api3_revoke_token(struct call *c);
int api3_list_tokens(struct call *c);

int api3_set_secret(struct call *c);
int api3_delete_secret(struct call *c);
int api3_list_secrets(struct call *c);
int api3_set_group(struct call *c);
int api3_list_groups(struct call *c);
int api3_list_notifications(struct call *c);
int api3_create_tenant(struct call *c);
int api3_update_tenant(struct call *c);
int api3_delete_tenant(struct call *c);
int api3_list_tenants(struct call *c);

int api3_list_audit(struct call *c);
int api3_verify_audit(struct call *c);

#endif
