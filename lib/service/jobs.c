/* Scheduled jobs: make, change, remove, show, list. See jobs.h. */
#include "service/jobs.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "service/job_internal.h"

/* ---- what a job is as a schedule ---- */

/* Words of `text` behind the registered arguments. */
static void
set_argv(struct arena *a, const struct job_command *c, const char *text, struct task_def *t)
{
	const char *blanks = " \t\r\n";
	const char **argv;
	size_t len;

	if (!text)
		text = "";
	argv = arena_array(a, c->argc + strlen(text) / 2 + 2, sizeof *argv);
	for (t->argc = 0; t->argc < c->argc; t->argc++)
		argv[t->argc] = c->argv[t->argc];
	for (text += strspn(text, blanks); *text; text += len + strspn(text + len, blanks)) {
		len = strcspn(text, blanks);
		argv[t->argc++] = arena_memdup(a, text, len);
	}
	t->argv = argv;
}

static void
make_tasks(struct arena *a, const struct service *sv, const struct job *job, struct schedule *s)
{
	struct task_def *t = arena_array(a, 1, sizeof *t);

	*t = (struct task_def){
	    .name = "job", .kill_grace_us = TASK_GRACE_US, .accept_args = true};
	set_argv(a, job_command(sv, job->task, job->query_id), job->fixed_args, t);
	if (job->type == JOB_QUERY)
		t->result_file = arena_printf(a, "scheduled_query_%llu_${executionId}.csv",
		    (unsigned long long)job->query_id);
	s->tasks = t;
	s->task_count = 1;
}

static bool
same_command(const struct job *a, const struct job *b)
{
	return a->type == b->type && same_text(a->task, b->task) &&
	       a->query_id == b->query_id && same_text(a->fixed_args, b->fixed_args);
}

/* The end of a job is the last moment at which it runs, that of a schedule the first at which it
 * does not. */
static int64_t
end_of(const struct job_new *n)
{
	return n->end_us == INSTANT_NEVER ? INSTANT_NEVER : n->end_us + 1;
}

struct edit {
	struct changing changing; /* of a new one the deed and the arena alone */
	const struct job_new *n;
	struct job_faults *faults;
	struct job_view *view;
	struct arena *out; /* of the view and the faults */
	uint64_t id;
};

static int
fail_faults(const struct edit *c, struct err *err)
{
	return err_fail(err, ERR_INPUT, "%s", c->faults->list[0].message);
}

/* Judge what was said, and let *s be it. *before is *s as it is shown, NULL for a new one. */
static int
define(struct txn *txn, struct edit *c, const struct job *before, struct schedule *s,
    struct err *err)
{
	const struct deed *d = &c->changing.deed;
	struct job *job = arena_array(c->out, 1, sizeof *job);
	struct job_judging j = {.deed = d,
	    .arena = c->out,
	    .n = c->n,
	    .before = before,
	    .start_us = c->n->start_us == JOB_UNSAID ? s->start_us : c->n->start_us,
	    .faults = c->faults};
	struct job_zone zone;
	int rc = job_zone(d->sv, &zone, err);

	if (!rc)
		rc = job_judge(txn, &j, job, err);
	if (rc || c->faults->count)
		return rc ? rc : fail_faults(c, err);
	s->name = c->n->name;
	s->start_us = j.start_us;
	s->end_us = end_of(c->n);
	s->job = c->changing.job = job;
	if (!before || !job_rule_same(&before->rule, &job->rule))
		rc = job_rule_triggers(
		    &job->rule, &zone, d->now_us, c->out, &s->triggers, &s->trigger_count, err);
	if (!rc && (!before || !same_command(before, job)))
		make_tasks(c->out, d->sv, job, s);
	if (!rc)
		rc = schedule_validate(s, err);
	if (rc == ERR_INPUT)
		job_fault(c->faults, "INVALID_REQUEST",
		    arena_printf(
			c->out, "Failed to convert value of type 'job': %s", err->text));
	return rc;
}

/* The one conflict that there can be. */
static int
name_is_taken(struct edit *c, struct err *err)
{
	job_fault(
	    c->faults, "SCHEDULED_JOB_DUP_JOB_NAME", "A job with same name already exists.");
	return fail_faults(c, err);
}

static int
note(struct txn *txn, const struct edit *c, const char *action, const struct schedule *s,
    struct err *err)
{
	const struct deed *d = &c->changing.deed;

	return audit_note(txn, d->actor, d->now_us, action, s->id, err, "name %s", s->name);
}

/* It is gone, and shown as it was. */
static int
remove_job(struct txn *txn, struct edit *c, struct err *err)
{
	int rc = change_delete(txn, &c->changing, err);

	c->view->disabled = true;
	c->view->active = false;
	c->view->next_run_us = INSTANT_NEVER;
	return rc ? rc : note(txn, c, "schedule.delete", &c->changing.s, err);
}

static int
show_and_perhaps_remove(struct txn *txn, struct edit *c, uint64_t id, struct err *err)
{
	struct changing *g = &c->changing;
	int rc = view_job(txn, c->out, &g->deed, id, c->view, err);

	if (rc || c->n->status != JOB_DISABLED)
		return rc;
	g->s = c->view->schedule.definition;
	g->state = c->view->schedule.state;
	return remove_job(txn, c, err);
}

/* ---- make ---- */

static int
create_body(struct txn *txn, void *ctx, struct err *err)
{
	struct edit *c = ctx;
	const struct deed *d = &c->changing.deed;
	struct schedule s = {
	    .description = "",
	    .type = SCHEDULE_TYPE_DEFAULT,
	    .start_us = d->now_us,
	    .overlap = OVERLAP_SKIP,
	    .misfire = MISFIRE_SKIP,
	    .misfire_window_us = SCHEDULE_WINDOW_US,
	    .keep_us = SCHEDULE_KEEP_US,
	    .tags = d->actor->tags,
	    .tag_count = d->actor->tag_count ? 1 : 0, /* else the token would not see it */
	};
	int rc = define(txn, c, NULL, &s, err);

	if (rc)
		return rc;
	rc = make_schedule(txn, d, &s, err);
	if (rc == ERR_CONFLICT)
		return name_is_taken(c, err);
	if (!rc)
		rc = note(txn, c, "schedule.create", &s, err);
	return rc ? rc : show_and_perhaps_remove(txn, c, s.id, err);
}

int
service_create_job(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const struct job_new *n, struct job_faults *faults, struct job_view *view,
    struct err *err)
{
	struct edit c = {.changing = {.deed = {sv, actor, now_us}, .arena = a},
	    .n = n,
	    .faults = faults,
	    .view = view,
	    .out = a};
	int rc = require_job_right(actor, JOB_CREATE, SCOPE_MANAGE, err);

	faults->count = 0;
	if (!rc)
		rc = store_has_room(sv->store, err);
	if (!rc)
		rc = store_run(sv->store, create_body, &c, err);
	if (!rc)
		ring(sv);
	return rc;
}

/* ---- change and remove ---- */

/* The creator's, whatever it is shared with. */
static int
require_creator(
    const struct actor *actor, const struct schedule *s, enum job_right right, struct err *err)
{
	int rc = require_job_right(actor, right, SCOPE_MANAGE, err);

	if (!rc && !actor_is_admin(actor) && s->created_by != actor->user_id)
		rc = err_fail(err, ERR_DENIED, JOB_NOT_YOURS);
	return rc;
}

static int
update(struct txn *txn, struct edit *c, struct err *err)
{
	struct changing *g = &c->changing;
	struct schedule s = g->s;
	struct job_zone zone;
	struct job before;
	int rc = require_creator(g->deed.actor, &g->s, JOB_UPDATE, err);

	if (!rc)
		rc = job_zone(g->deed.sv, &zone, err);
	if (rc)
		return rc;
	before = job_shown(g->deed.sv, &zone, &g->s);
	rc = define(txn, c, &before, &s, err);
	if (rc)
		return rc;
	rc = change_definition(txn, g, &s, err);
	if (rc == ERR_CONFLICT)
		return name_is_taken(c, err);
	if (!rc)
		rc = note(txn, c, "schedule.update", &s, err);
	return rc ? rc : show_and_perhaps_remove(txn, c, s.id, err);
}

/* The name is free again. */
static const char *
name_of_removed(struct arena *a, const char *name, int64_t now_us)
{
	enum { KEPT_MAX = 241 };
	size_t len = 0;

	for (size_t n = 0; name[len]; len++) {
		bool begins = ((unsigned char)name[len] & 0xc0) != 0x80;

		if (begins && n++ == KEPT_MAX)
			break;
	}
	return arena_printf(a, "%.*s_%lld", (int)len, name, (long long)(now_us / 1000));
}

static int
discard(struct txn *txn, struct edit *c, struct err *err)
{
	struct changing *g = &c->changing;
	int rc = require_creator(g->deed.actor, &g->s, JOB_DELETE, err);

	if (!rc)
		rc = view_job(txn, c->out, &g->deed, c->id, c->view, err);
	if (!rc)
		rc = remove_job(txn, c, err);
	if (!rc)
		c->view->schedule.definition.name =
		    name_of_removed(c->out, g->s.name, g->deed.now_us);
	return rc;
}

/* While more is due than fits into one transaction only that is done. */
static int
change_body(struct txn *txn, void *ctx, struct err *err)
{
	struct edit *c = ctx;
	int rc;

	c->changing.hasten = c->n;
	rc = change_begin(txn, &c->changing, c->id, err);
	if (rc)
		return rc;
	if (c->changing.more)
		return store_state_put(txn, &c->changing.state, err);
	return c->n ? update(txn, c, err) : discard(txn, c, err);
}

static int
change(struct edit *c, struct err *err)
{
	struct service *sv = c->changing.deed.sv;
	int rc;

	do {
		rc = store_run(sv->store, change_body, c, err);
	} while (!rc && c->changing.more);
	if (!rc)
		ring(sv);
	return rc;
}

int
service_update_job(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, uint64_t id, const struct job_new *n, struct job_faults *faults,
    struct job_view *view, struct err *err)
{
	struct edit c = {.changing = {.deed = {sv, actor, now_us}, .arena = a},
	    .n = n,
	    .faults = faults,
	    .view = view,
	    .out = a,
	    .id = id};
	int rc = store_has_room(sv->store, err);

	faults->count = 0;
	return rc ? rc : change(&c, err);
}

int
service_delete_job(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, uint64_t id, struct job_view *view, struct err *err)
{
	struct edit c = {.changing = {.deed = {sv, actor, now_us}, .arena = a},
	    .view = view,
	    .out = a,
	    .id = id};

	return change(&c, err);
}

/* ---- show ---- */

struct get {
	struct deed deed;
	struct arena *arena;
	uint64_t id;
	struct job_view *view;
};

static int
get_body(struct txn *txn, void *ctx, struct err *err)
{
	struct get *c = ctx;
	int rc = view_job(txn, c->arena, &c->deed, c->id, c->view, err);

	if (!rc)
		rc = require_job_right(c->deed.actor, JOB_READ, SCOPE_READ, err);
	if (!rc)
		rc = require_shared(c->deed.actor, &c->view->schedule.definition, err);
	return rc;
}

int
service_get_job(struct service *sv, struct arena *a, const struct actor *actor, int64_t now_us,
    uint64_t id, struct job_view *view, struct err *err)
{
	struct get c = {{sv, actor, now_us}, a, id, view};

	return store_run(sv->store, get_body, &c, err);
}

/* ---- list ---- */

struct list {
	struct deed deed;
	struct arena *arena;
	const struct job_query *q;
	uint64_t *ids; /* that match; free() */
	size_t id_count, id_cap;
	size_t at, end; /* of the page among the ids */
	struct job_view *views;
	size_t view_count, step_count;
};

static void
note_job(void *ctx, const struct schedule_view *view)
{
	struct list *c = ctx;
	const struct schedule *s = &view->definition;
	const struct job_query *q = c->q;

	if (!job_is_shared(c->deed.actor, s) || (q->text && !text_contains(s->name, q->text)) ||
	    (q->type && (s->job ? s->job->type : JOB_INTERNAL) != q->type))
		return;
	if (c->id_count == c->id_cap) {
		c->id_cap = c->id_cap ? c->id_cap * 2 : 256;
		c->ids = mem_resize(c->ids, c->id_cap * sizeof *c->ids);
	}
	c->ids[c->id_count++] = s->id;
}

static int
newest_first(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return (*a < *b) - (*a > *b);
}

/* So many in one transaction. */
enum { PAGE_STEP = 100 };

static int
page_body(struct txn *txn, void *ctx, struct err *err)
{
	struct list *c = ctx;
	int rc;

	c->step_count = 0;
	for (size_t i = c->at; i < c->end && i < c->at + PAGE_STEP; i++) {
		struct job_view *view = &c->views[c->view_count + c->step_count];

		/* What is due next of many triggers, and the last of many runs, take their time. */
		service_progress(c->deed.sv);
		rc = view_job(txn, c->arena, &c->deed, c->ids[i], view, err);
		if (rc == ERR_MISSING)
			continue; /* removed since it was counted */
		if (!rc)
			rc = job_last_start(txn, c->ids[i], &view->last_start_us, err);
		if (rc)
			return rc;
		c->step_count++;
	}
	return 0;
}

static int
read_page(struct list *c, struct err *err)
{
	int rc = 0;

	c->at = c->q->start < c->id_count ? c->q->start : c->id_count;
	c->end = c->q->cap < c->id_count - c->at ? c->at + c->q->cap : c->id_count;
	c->views = arena_array(c->arena, c->end - c->at, sizeof *c->views);
	for (; !rc && c->at < c->end; c->at += PAGE_STEP) {
		rc = store_run(c->deed.sv->store, page_body, c, err);
		if (!rc)
			c->view_count += c->step_count;
	}
	return rc;
}

int
service_list_jobs(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const struct job_query *q, struct job_view **list, size_t *count,
    size_t *total, struct err *err)
{
	struct list c = {.deed = {sv, actor, now_us}, .arena = a, .q = q};
	int rc = require_job_right(actor, JOB_READ, SCOPE_READ, err);

	if (!rc)
		rc = scan_schedules(&c.deed, note_job, &c, err);
	if (!rc && c.id_count > 0)
		qsort(c.ids, c.id_count, sizeof *c.ids, newest_first);
	if (!rc)
		rc = read_page(&c, err);
	free(c.ids);
	*list = c.views;
	*count = c.view_count;
	*total = c.id_count;
	return rc;
}

/* ---- users ---- */

struct see {
	const struct actor *actor;
	struct arena *arena;
	uint64_t id;
	struct user *user;
};

static int
see_body(struct txn *txn, void *ctx, struct err *err)
{
	struct see *c = ctx;
	int rc = own_user(txn, c->arena, c->actor, c->id, c->user, err);

	c->user->password_hash = NULL;
	return rc;
}

int
service_see_user(struct service *sv, struct arena *a, const struct actor *actor, uint64_t id,
    struct user *u, struct err *err)
{
	struct see c = {actor, a, id, u};

	return store_run(sv->store, see_body, &c, err);
}
