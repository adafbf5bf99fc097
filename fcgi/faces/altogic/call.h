/*
 * One call: what the files of this face share. altogic_handle() makes the checks in the order of
 * wire/altogic.md section 2; a handler then finds everything checked that can be checked without
 * the body. It answers 0 with a complete response, or an ERR_ code, which altogic_fail() turns
 * into one unless the handler has made an answer of its own (altogic_refuse()).
 */
#ifndef FACES_ALTOGIC_CALL_H
#define FACES_ALTOGIC_CALL_H

#include "app/request.h"
#include "wire/json.h"

struct call {
	const struct face *face;
	const struct request *req;
	struct response *res;
	const char *name;	 /* of the call, for the log */
	const char *environment; /* as in the path; NULL: the default one */
	const char *id;		 /* behind "task/"; NULL where there is none */
	struct actor actor;
	struct err err;
};

/* ---- answer.c ---- */

#define ALTOGIC_JSON "application/json"

/* Answer with an error. `field`: the member that it is about; NULL: none. */
void altogic_error(
    struct response *res, int status, const char *code, const char *message, const char *field);

/* The same, as a handler's result: an ERR_ code for which altogic_fail() leaves the answer. */
MUST_CHECK int altogic_refuse(
    struct call *c, int status, const char *code, const char *message, const char *field);

/* 400 for a member (or `taskId`) that is absent. */
MUST_CHECK int altogic_missing(struct call *c, const char *field);

/* Answer as it belongs to an ERR_ code and c->err, unless there is an answer already. */
void altogic_fail(struct call *c, int code);

/* 200 with what the writer wrote. */
struct json_writer *altogic_begin(struct call *c);
MUST_CHECK int altogic_answer(struct call *c, struct json_writer *w);

/* An id as 24 hex digits. */
void altogic_write_id(struct json_writer *w, const char *name, uint64_t id);
void altogic_write_string(struct json_writer *w, const char *name, const char *value);
void altogic_write_instant(struct json_writer *w, const char *name, int64_t us);

/* The body, which must be an object. */
MUST_CHECK int altogic_read_body(struct call *c, const struct json **body);

/* A member that must be a string and not empty. */
MUST_CHECK int altogic_need_string(
    struct call *c, const struct json *body, const char *name, const char **value);

/* ---- task.c ---- */

int altogic_run_once(struct call *c);
int altogic_get_task_status(struct call *c);

/* ---- auth.c ---- */

int altogic_sign_in(struct call *c);
int altogic_sign_out(struct call *c);

#endif
