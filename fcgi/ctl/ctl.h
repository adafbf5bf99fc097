/*
 * carillonctl: what its commands share.
 *
 * main.c reads the command line and calls one command. A command answers 0 or an ERR_ code with
 * a sentence in `err`, which main.c prints; it writes to standard output only what it was asked
 * for, and nothing before it is certain.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"
#include "ctl/client.h"
#include "wire/json.h"

#define CTL_CONFIG "/etc/carillon/carillon.xml"

enum { CTL_FILE_MAX = 1024 * 1024 };

/* What carillonctl exits with. */
enum ctl_exit { CTL_DONE = 0, CTL_USAGE = 1, CTL_FAILED = 2, CTL_RUN_FAILED = 3 };

/* The options of all commands; NULL and false where they were not given. */
struct ctl_options {
	const char *config, *socket;
	const char *role, *password_file, *expires, *task;
	const char *email, *tenant, *user, *name, *scopes, *tags, *overlap, *job_rights;
	const char *from, *count, *owner, *until, *reason, *time_zone;
	bool json, wait, err_stream, both_streams, sample, schema, test, enable, disable, prune,
	    dry_run, file, client_key, needs_session, replace;
};

struct ctl {
	struct ctl_options options;
	char **operands; /* what stands behind the command; as many as it takes */
	int operand_count;
	struct arena arena;
	struct config config;
	bool configured;
	enum ctl_exit exit; /* of a command that answered 0 */
};

/* ---- settings.c ---- */

/* Read the configuration file unless it was read before. */
MUST_CHECK int ctl_configure(struct ctl *ctl, struct err *err);

/* ---- input.c ---- */

/* The whole of a file, "-" for standard input. Fails: ERR_INPUT when it holds more than `max`
 * bytes, ERR_IO. */
MUST_CHECK int ctl_read_file(const char *path, size_t max, struct buf *out, struct err *err);

/* The first line of a file, or of standard input: without echo where that is a terminal. Fails:
 * ERR_INPUT when it is empty. */
MUST_CHECK int ctl_read_password(const char *path, struct buf *out, struct err *err);

/* 100 random bits, in letters and digits that are hard to mistake. */
MUST_CHECK int ctl_make_password(struct buf *out, struct err *err);

/* ---- call.c ---- */

/* A request's JSON body in the making. */
struct ctl_request {
	struct buf body;
	struct json_writer *w;
};

/* An answer; all of it lives in the arena that was passed in. */
struct ctl_reply {
	const char *text; /* NUL behind it */
	size_t len;
	const struct json *value; /* what ctl_ask() read it as */
};

void ctl_request_begin(struct ctl_request *rq);

/*
 * Call a method ("tasks/findSchedule") with the body that `rq` holds, which is released
 * whatever happens. ctl_send() takes the answer as it is, ctl_ask() and ctl_ask_id() read it as
 * JSON. ctl_ask_text() sends a text of the caller's.
 *
 * Fails: ERR_BUSY when the service is not running or cannot answer now; ERR_INPUT,
 * ERR_IDENTITY, ERR_DENIED, ERR_CONFLICT with what it said; ERR_IO.
 */
MUST_CHECK int ctl_send(struct ctl *ctl, struct arena *a, const char *method,
    struct ctl_request *rq, struct ctl_reply *reply, struct err *err);
MUST_CHECK int ctl_ask(struct ctl *ctl, struct arena *a, const char *method,
    struct ctl_request *rq, struct ctl_reply *reply, struct err *err);
MUST_CHECK int ctl_ask_id(struct ctl *ctl, struct arena *a, const char *method, uint64_t id,
    struct ctl_reply *reply, struct err *err);
MUST_CHECK int ctl_ask_text(struct ctl *ctl, struct arena *a, const char *method,
    const char *text, size_t len, struct ctl_reply *reply, struct err *err);

/* A member of a request; nothing for NULL. */
void ctl_write_string(struct json_writer *w, const char *name, const char *value);

/* An array of the words between the commas; nothing for NULL. */
void ctl_write_words(
    struct json_writer *w, struct arena *a, const char *name, const char *list);

/* The words of an array, with commas between; NULL where there is none. */
const char *ctl_words(struct arena *a, const struct json *array);

/* What an id on the command line means. Fails: ERR_INPUT. */
MUST_CHECK int ctl_id(const char *word, const char *what, uint64_t *id, struct err *err);

/* A schedule by id or, if the word is not spelled as one, by its exact name. Fails:
 * ERR_MISSING; as ctl_ask(). */
MUST_CHECK int ctl_schedule_id(
    struct ctl *ctl, const char *word, uint64_t *id, struct err *err);

/* The id that a member holds, in decimal: what people type. "" where there is none. Lives in
 * the arena. */
const char *ctl_member_id(struct arena *a, const struct json *object, const char *name);

/* The same for a value that is an id. */
const char *ctl_text_id(struct arena *a, const struct json *value);

/* A member's text; NULL where there is none or it is no string or number. */
const char *ctl_member(const struct json *object, const char *name);

/* A user, a tenant by id or name. Fails: ERR_MISSING; as ctl_ask(). */
MUST_CHECK int ctl_user_id(struct ctl *ctl, const char *word, uint64_t *id, struct err *err);
MUST_CHECK int ctl_tenant_id(struct ctl *ctl, const char *word, uint64_t *id, struct err *err);

/* ---- list.c ---- */

/* Call `item` for each element of a list, of all of its pages. `query` (may be NULL) adds what
 * is asked for to the request. */
MUST_CHECK int ctl_each(struct ctl *ctl, const char *method,
    void (*query)(void *ctx, struct json_writer *w),
    void (*item)(void *ctx, const struct json *value), void *ctx, struct err *err);

struct table;

/* Print a list as a table, or with --json its first page as it came. `ctx` is query's. */
MUST_CHECK int ctl_list(struct ctl *ctl, const char *method,
    void (*query)(void *ctx, struct json_writer *w), void *ctx, const char *const *titles,
    size_t columns, void (*row)(struct ctl *ctl, struct table *t, const struct json *value),
    struct err *err);

/* ---- output.c ---- */

/* Write to standard output. main.c tells whether that worked. */
void ctl_put(const struct buf *text);
void ctl_put_line(const char *text);

/* With --json: the answer as it came, and true. */
bool ctl_put_json(const struct ctl *ctl, const struct ctl_reply *reply);

/* API3 TaskStatus in a word: wire/api3.md 3.8. */
const char *ctl_status_word(int64_t status);
bool ctl_status_ended(int64_t status);

/* ---- the commands ---- */

int ctl_init(struct ctl *ctl, struct err *err);
int ctl_check(struct ctl *ctl, struct err *err);
int ctl_user_add(struct ctl *ctl, struct err *err);
int ctl_user_list(struct ctl *ctl, struct err *err);
int ctl_user_update(struct ctl *ctl, struct err *err);
int ctl_user_delete(struct ctl *ctl, struct err *err);
int ctl_token_create(struct ctl *ctl, struct err *err);
int ctl_token_list(struct ctl *ctl, struct err *err);
int ctl_token_rotate(struct ctl *ctl, struct err *err);
int ctl_token_revoke(struct ctl *ctl, struct err *err);
int ctl_tenant_add(struct ctl *ctl, struct err *err);
int ctl_tenant_list(struct ctl *ctl, struct err *err);
int ctl_audit_list(struct ctl *ctl, struct err *err);
int ctl_audit_verify(struct ctl *ctl, struct err *err);
int ctl_schedule_add(struct ctl *ctl, struct err *err);
int ctl_schedule_list(struct ctl *ctl, struct err *err);
int ctl_schedule_show(struct ctl *ctl, struct err *err);
int ctl_schedule_run(struct ctl *ctl, struct err *err);
int ctl_schedule_suspend(struct ctl *ctl, struct err *err);
int ctl_schedule_resume(struct ctl *ctl, struct err *err);
int ctl_schedule_delete(struct ctl *ctl, struct err *err);
int ctl_schedule_ledger(struct ctl *ctl, struct err *err);
int ctl_schedule_update(struct ctl *ctl, struct err *err);
int ctl_schedule_apply(struct ctl *ctl, struct err *err);
int ctl_schedule_preview(struct ctl *ctl, struct err *err);
int ctl_schedule_explain(struct ctl *ctl, struct err *err);
int ctl_group_list(struct ctl *ctl, struct err *err);
int ctl_group_set(struct ctl *ctl, struct err *err);
int ctl_calendar_list(struct ctl *ctl, struct err *err);
int ctl_calendar_show(struct ctl *ctl, struct err *err);
int ctl_calendar_import(struct ctl *ctl, struct err *err);
int ctl_calendar_delete(struct ctl *ctl, struct err *err);
int ctl_execution_list(struct ctl *ctl, struct err *err);
int ctl_execution_cancel(struct ctl *ctl, struct err *err);
int ctl_execution_show(struct ctl *ctl, struct err *err);
int ctl_execution_log(struct ctl *ctl, struct err *err);
int ctl_config(struct ctl *ctl, struct err *err);

#endif
