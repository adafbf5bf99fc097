/*
 * One call of the face: what its files share.
 *
 * openspecimen_handle() makes the checks in the order of wire/openspecimen.md 2.4 and reads path,
 * query and body; a handler then finds all of them readable. It answers 0 with a complete
 * response, or an ERR_ code with its text in `err`, which specimen_fail() turns into the answer.
 */
#ifndef FACES_OPENSPECIMEN_CALL_H
#define FACES_OPENSPECIMEN_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/query.h"
#include "app/request.h"
#include "base/id.h"
#include "service/jobs.h"
#include "wire/json.h"

/* A number that no thing has: what a caller says that can be no id. */
#define SPECIMEN_NO_ID (ID_MAX + 1)

#define SPECIMEN_JSON "application/json"

/* What is missing when a use case misses something. */
enum specimen_subject { SPECIMEN_JOB, SPECIMEN_RUN };

struct call;

struct specimen_route {
	const char *method;
	const char
	    *path; /* below a base; a segment `#` is an id, of the job, then of the run */
	enum specimen_subject subject;
	bool anybody;	 /* no credentials needed, and none looked at */
	bool takes_body; /* a JSON object, required */
	int (*handle)(struct call *c);
};

/* Users that an answer names, so that each is looked up once. */
struct specimen_user {
	struct user user;
	bool known; /* false: there is none, or no more */
	struct specimen_user *next;
};

struct call {
	const struct face *face;
	const struct request *req;
	struct response *res;
	const struct specimen_route *route;
	const char *context; /* where its cookie counts: "/openspecimen", "/" */
	struct actor actor;  /* empty where anybody may call */
	uint64_t job_id, run_id;
	struct query_pair *query;
	size_t query_count;
	const struct json *body; /* the object; NULL where none is taken */
	struct job_faults faults;
	struct specimen_user *users;
	struct err err;
};

/* ---- routes.c ---- */

/* The path below a base, without a slash at its end, and where its cookie counts below `at`; NULL
 * when it is none of this face's. */
const char *specimen_below_base(
    struct arena *a, const char *at, const char *path, const char **context);

/*
 * Find who answers; NULL when nobody does. *known: there is such a path. *allow: its methods, in
 * a header's form. ids[]: what stands in it in place of the route's `#`.
 */
enum { SPECIMEN_IDS_MAX = 2 };
const struct specimen_route *specimen_find_route(struct arena *a, const char *method,
    const char *path, bool *known, const char **allow, const char *ids[SPECIMEN_IDS_MAX]);

/* ---- credentials.c ---- */

/* Work out who calls. Fails: ERR_IDENTITY; as service_authenticate(). */
MUST_CHECK int specimen_authenticate(struct call *c);

/* There is a cookie of ours, whatever it says. */
bool specimen_has_cookie(const struct request *req);

/* `token` NULL: the browser is to forget the cookie. */
void specimen_set_cookie(struct call *c, const char *token);

/* ---- read.c ---- */

/* Whole bodies and paths. Fails: ERR_INPUT with the contract's text. */
MUST_CHECK int specimen_read_body(struct call *c);
MUST_CHECK int specimen_read_ids(struct call *c, const char *const ids[SPECIMEN_IDS_MAX]);

/* Fails with the texts of INVALID_REQUEST: `type` is what the text should have been. */
int specimen_unreadable(struct call *c, const char *type, const char *name, const char *text);
int specimen_wrong_json(struct call *c, const char *name);

/* Any spelling of an id; SPECIMEN_NO_ID for a number that is none. Fails: ERR_INPUT. */
MUST_CHECK int specimen_parse_id(
    struct call *c, const char *name, const char *text, uint64_t *id);

/* Without the blanks around it; NULL when nothing is left. */
const char *specimen_trim(struct arena *a, const char *text);

/*
 * Members of an object. `null`, absent and a text of blanks are the same and leave *value as it
 * was. Numbers and booleans may stand in strings, and where a text is wanted they become one.
 * Fails: ERR_INPUT.
 */
MUST_CHECK int specimen_text(
    struct call *c, const struct json *object, const char *name, const char **value);
MUST_CHECK int specimen_number(
    struct call *c, const struct json *object, const char *name, int64_t *value);
MUST_CHECK int specimen_flag(
    struct call *c, const struct json *object, const char *name, enum job_flag *value);
MUST_CHECK int specimen_id(
    struct call *c, const struct json *object, const char *name, uint64_t *id);

/* The member that is an object with an id; an object without one: SPECIMEN_NO_ID. */
MUST_CHECK int specimen_reference(
    struct call *c, const struct json *object, const char *name, uint64_t *id);
/* The member that is an array of such objects. */
MUST_CHECK int specimen_references(struct call *c, const struct json *object, const char *name,
    const uint64_t **ids, size_t *count);

/* A date as a member, also in milliseconds since the epoch, and as a text of its own. */
MUST_CHECK int specimen_date(
    struct call *c, const struct json *object, const char *name, int64_t *us);
MUST_CHECK int specimen_parse_date(
    struct call *c, const char *name, const char *text, int64_t *us);

/* Parameters of the query; what is empty is as if absent. Fails: ERR_INPUT. */
const char *specimen_query(const struct call *c, const char *name);
MUST_CHECK int specimen_query_size(
    struct call *c, const char *name, size_t most, size_t *value);
MUST_CHECK int specimen_query_date(struct call *c, const char *name, int64_t *us);
/* One of `words`, which end with NULL: *at is where it stands. */
MUST_CHECK int specimen_query_word(
    struct call *c, const char *name, const char *const *words, int *at);

/* ---- input.c ---- */

/* The body as a job. */
MUST_CHECK int specimen_read_job(struct call *c, struct job_new *n);

/* The words of the contract, in the order of their numbers, from 1 on; NULL at the end. */
extern const char *const specimen_repeats[], *const specimen_weekdays[],
						 *const specimen_types[];

/* ---- answer.c ---- */

/* Answer with the status and the array that belong to an ERR_ code, c->err and c->faults. */
void specimen_fail(struct call *c, int code);
/* Answer with an array of one. */
void specimen_refuse(struct call *c, int status, const char *code, const char *message);

/* Begin a JSON answer; specimen_answer() ends it: 200, or ERR_IO if the writer failed. Nothing may
 * fail in between. */
struct json_writer *specimen_begin(struct call *c);
MUST_CHECK int specimen_answer(struct call *c, struct json_writer *w);

/* ---- view.c ---- */

/* A member with a text or null; with milliseconds since the epoch, or null for `none`. */
void specimen_write_text(struct json_writer *w, const char *name, const char *text);
void specimen_write_date(struct json_writer *w, const char *name, int64_t us, int64_t none);

/* Whom the objects below name, looked up before they are written. */
MUST_CHECK int specimen_meet_job(struct call *c, const struct job_view *v);
MUST_CHECK int specimen_meet_run(struct call *c, const struct job_run *r);

/* The objects of wire/openspecimen.md 3.1 and 3.2. */
void specimen_write_job(struct call *c, struct json_writer *w, const struct job_view *v);
void specimen_write_run(struct call *c, struct json_writer *w, const struct job_run *r);

/* A user as a session shows him. */
MUST_CHECK int specimen_get_user(struct call *c, uint64_t id, const struct user **user);
/* Members `firstName` and `lastName`, which users of other servers have. */
void specimen_write_names(struct json_writer *w, const char *name);

/* ---- the calls ---- */

int specimen_log_in(struct call *c);
int specimen_log_out(struct call *c);

int specimen_list_jobs(struct call *c);
int specimen_count_jobs(struct call *c);
int specimen_get_job(struct call *c);
int specimen_create_job(struct call *c);
int specimen_update_job(struct call *c);
int specimen_delete_job(struct call *c);

int specimen_run_job(struct call *c);
int specimen_list_runs(struct call *c);
int specimen_get_run(struct call *c);
int specimen_send_result(struct call *c);

#endif
