/* Tasks and results as objects; every attribute is always there. wire/ricloud.md 3.1, 3.2. */
#include <stdio.h>
#include <string.h>

#include "calendar/civil.h"
#include "faces/ricloud/call.h"
#include "model/http.h"
#include "service/results.h"
#include "service/tasks.h"

const char *
ricloud_task_state(enum task_status status)
{
	switch (status) {
	case TASK_WAITING:
		return "suspended";
	case TASK_PENDING:
	case TASK_STARTING:
	case TASK_RETRYING:
		return "pending";
	case TASK_RUNNING:
	case TASK_CANCELLING:
		return "processing";
	case TASK_SUCCEEDED:
		return "succeeded";
	case TASK_FAILED:
	case TASK_TIMED_OUT:
	case TASK_CANCELLED:
	case TASK_LOST:
	case TASK_SKIPPED:
	case TASK_CONDITION:
		break;
	}
	return "failed";
}

/* The code of what did not succeed; NULL while it may. */
static const char *
error_of(enum task_status status)
{
	switch (status) {
	case TASK_FAILED:
	case TASK_LOST:
		return "task-failed";
	case TASK_TIMED_OUT:
		return "task-timeout";
	case TASK_CANCELLED:
		return "task-canceled";
	case TASK_SKIPPED:
	case TASK_CONDITION:
		return "task-skipped";
	case TASK_WAITING:
	case TASK_PENDING:
	case TASK_STARTING:
	case TASK_RUNNING:
	case TASK_CANCELLING:
	case TASK_RETRYING:
	case TASK_SUCCEEDED:
		break;
	}
	return NULL;
}

const char *
ricloud_result_state(enum result_state state)
{
	switch (state) {
	case RESULT_AVAILABLE:
		return "available";
	case RESULT_CONSUMED:
		return "consumed";
	case RESULT_EXPIRED:
		break;
	}
	return "expired";
}

const char *
ricloud_source_type(int schedule_type)
{
	static const char *const names[SCHEDULE_TYPE_MAX + 1] = {"printing", "etl",
	    "machine_learning", "user_groups", "logs_clean", "provision", "recommendation",
	    "image_snapshot", "alert", "clean_db", "upgrade_hierarchy_security",
	    "image_snapshot_now", "print_etl", "subscription", "schedules_cleaner",
	    "clean_presentation_documents", "upgrade_te_outputs",
	    "upgrade_content_snapshot_results", "update_private_roles"};

	return schedule_type >= 0 && schedule_type <= SCHEDULE_TYPE_MAX ? names[schedule_type]
									: NULL;
}

bool
ricloud_poll(int64_t due_us, int64_t *poll)
{
	*poll = due_us / 1000;
	return due_us != INSTANT_NEVER;
}

/* ---- members ---- */

static void
number(struct json_writer *w, const char *name, uint64_t n)
{
	json_name(w, name);
	json_number(w, (int64_t)n);
}

/* Null for 0. */
static void
reference(struct json_writer *w, const char *name, uint64_t id)
{
	json_name(w, name);
	if (id)
		json_number(w, (int64_t)id);
	else
		json_null(w);
}

/* Null for NULL. */
static void
text(struct json_writer *w, const char *name, const char *s)
{
	json_name(w, name);
	if (s)
		json_string(w, s);
	else
		json_null(w);
}

/* Null for INSTANT_NEVER. */
static void
date(struct json_writer *w, const char *name, int64_t us)
{
	char out[RICLOUD_DATE_TEXT];

	if (us != INSTANT_NEVER)
		ricloud_date_format(us, out);
	text(w, name, us != INSTANT_NEVER ? out : NULL);
}

static void
poll(struct json_writer *w, int64_t due_us)
{
	int64_t at;

	json_name(w, "poll");
	if (ricloud_poll(due_us, &at))
		json_number(w, at);
	else
		json_null(w);
}

static void
checksum(struct json_writer *w, const unsigned char md5[RESULT_MD5_BYTES])
{
	char hex[2 * RESULT_MD5_BYTES + 1];

	for (size_t i = 0; i < RESULT_MD5_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", md5[i]);
	text(w, "checksum", hex);
}

/* ---- objects ---- */

int
ricloud_write_result(
    struct ricloud_call *c, struct json_writer *w, const struct result *r, int64_t due_us)
{
	char path[RESULT_PATH_TEXT];
	int ret = service_result_path(c->face->service, r, path, &c->err);

	if (ret)
		return ret;
	json_object(w);
	number(w, "id", r->id);
	text(w, "resource", "result");
	number(w, "task", r->task_id);
	poll(w, due_us);
	text(w, "identifier", r->name);
	text(w, "type", r->json ? "json" : "file");
	text(
	    w, "url", arena_printf(c->req->arena, "local://%s/%s", c->face->output_path, path));
	checksum(w, r->md5);
	number(w, "size", r->bytes);
	text(w, "state", ricloud_result_state(r->state));
	date(w, "date_created", r->created_us);
	date(w, "date_consumed", r->consumed_us);
	date(w, "date_deleted", r->deleted_us);
	json_end_object(w);
	return 0;
}

/* Most tasks leave none, and the record of one says so. */
static bool
has_results(const struct task *t)
{
	for (size_t i = 0; i < t->attempt_count; i++) {
		if (t->attempts[i].results)
			return true;
	}
	return false;
}

static int
write_results(struct ricloud_call *c, struct json_writer *w, const struct task_line *line,
    const struct task *t)
{
	struct result *list = NULL;
	size_t count = 0;
	int ret = 0;

	if (has_results(t))
		ret = service_list_results(
		    c->face->service, c->req->arena, &c->actor, t->id, &list, &count, &c->err);
	json_name(w, "results");
	json_array(w);
	for (size_t i = 0; !ret && i < count; i++)
		ret = ricloud_write_result(c, w, &list[i], line->due_us);
	json_end_array(w);
	return ret;
}

/* A program, or the host that is asked. */
static const char *
target_of(struct ricloud_call *c, const struct task_def *t)
{
	const char *host;
	size_t len;

	if (!t->http)
		return t->argc ? t->argv[0] : NULL;
	len = http_host(t->http->url, &host);
	return arena_memdup(c->req->arena, host, len);
}

int
ricloud_write_task(struct ricloud_call *c, struct json_writer *w, const struct task_line *line,
    const struct task *t)
{
	int ret;

	json_object(w);
	number(w, "id", line->id);
	text(w, "resource", "task");
	number(w, "organisation", c->actor.tenant_id);
	number(w, "key", line->key_id);
	reference(w, "user", line->actor_id);
	reference(w, "source", line->schedule_id);
	reference(w, "session", line->execution_id);
	poll(w, line->due_us);
	text(w, "source_type", ricloud_source_type(line->schedule_type));
	text(w, "type", RICLOUD_TASK_TYPE);
	text(w, "target", target_of(c, &t->def));
	text(w, "state", ricloud_task_state(line->status));
	ret = write_results(c, w, line, t);
	text(w, "error", error_of(line->status));
	date(w, "date_created", line->triggered_us);
	date(w, "date_started", line->start_us);
	date(w, "date_completed", line->end_us);
	json_end_object(w);
	return ret;
}
