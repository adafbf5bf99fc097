/*
 * The face API3 without a store: the use cases are made up here, so that what is tested is the
 * translation alone. The fakes answer with fake.ret, hand out what is in `fake`, and note what
 * they were asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "faces/api3/api3.h"
#include "service/calendars.h"
#include "service/notices.h"
#include "service/results.h"
#include "service/secrets.h"

#define GUID(n) "63617269-6c6c-8000-8000-0000000000" n

enum { USER = 7, TENANT = 1, SCHEDULE = 0x2a, EXECUTION = 0x2b, TASK = 0x2c };

#define TIME(s) (INT64_C(1795331400000000) + (s)*SECOND_US) /* 2026-11-22T07:10:00Z */

static struct {
	int ret; /* of every use case */
	const char *text;

	struct schedule_view views[2];
	size_t view_count;
	struct execution executions[4];
	size_t execution_count;
	struct execution_place next_execution; /* of service_find_executions() */
	struct task tasks[3];
	size_t task_count;
	struct result output; /* id 0: there is none */
	struct occurrence occurrences[4];
	size_t occurrence_count;
	struct schedule_place next;
	struct explanation explanation;

	/* What the last use case was asked. */
	unsigned calls;
	uint64_t id, before;
	char name[64], other[64], email[64], key[64], method[64], after[64];
	int match, type, job_rights;
	bool flag, dry;
	struct schedule_query query; /* its pointers are gone */
	int64_t from_us, to_us, life_us;
	enum role role;
	uint64_t actor_user;
	struct buf kept; /* by service_once() */
} fake;

static struct arena arena;
static struct response res;
static char dir[] = "/tmp/test-api3-XXXXXX";
static struct face face = {.output_dir = dir, .time_zone = "UTC"};

/* ---- the use cases ---- */

static int
asked(const struct actor *actor, uint64_t id, struct err *err)
{
	fake.calls++;
	fake.id = id;
	fake.actor_user = actor ? actor->user_id : 0;
	return fake.ret ? err_fail(err, fake.ret, "%s", fake.text ? fake.text : "") : 0;
}

static void
note(char *to, const char *text)
{
	snprintf(to, sizeof fake.name, "%s", text ? text : "(none)");
}

int
service_system_actor(struct service *sv, struct arena *a, struct actor *actor, struct err *err)
{
	(void)sv, (void)a, (void)err;
	*actor = (struct actor){.tenant_id = TENANT,
	    .tenant = "main",
	    .name = "$system",
	    .role = ROLE_ENTERPRISE_ADMIN,
	    .scopes = SCOPE_ALL,
	    .job_rights = JOB_RIGHTS_ALL};
	return 0;
}

int
service_authenticate(struct service *sv, struct arena *a, int64_t now_us, const char *token,
    struct actor *actor, struct err *err)
{
	(void)sv, (void)a, (void)now_us;
	*actor = (struct actor){.user_id = USER,
	    .tenant_id = TENANT,
	    .tenant = "main",
	    .name = "ann",
	    .scopes = SCOPE_ALL,
	    .job_rights = JOB_READ};
	if (!strcmp(token, "admin"))
		actor->role = ROLE_DOMAIN_ADMIN;
	else if (!strcmp(token, "enterprise"))
		actor->role = ROLE_ENTERPRISE_ADMIN;
	else if (!strcmp(token, "reader")) {
		actor->role = ROLE_ENTERPRISE_ADMIN;
		actor->scopes = SCOPE_READ;
		actor->token_id = 9;
	} else if (!strcmp(token, "viewer"))
		actor->role = ROLE_VIEWER;
	else
		return err_fail(err, ERR_IDENTITY, "no such token");
	return 0;
}

int
service_login(struct service *sv, const struct login *who, const char *password,
    char token[TOKEN_TEXT], int64_t *locked_us, struct err *err)
{
	(void)sv;
	note(fake.name, who->name);
	*locked_us = fake.life_us;
	if (strcmp(password, "abc123!"))
		return err_fail(err, ERR_IDENTITY, "wrong");
	snprintf(token, TOKEN_TEXT, "dG9rZW4=");
	return asked(NULL, 0, err);
}

int
service_login_for(struct service *sv, const struct login *who, const char *admin_token,
    char token[TOKEN_TEXT], struct err *err)
{
	(void)sv;
	note(fake.name, who->name);
	note(fake.other, admin_token);
	snprintf(token, TOKEN_TEXT, "dG9rZW4=");
	return asked(NULL, 0, err);
}

/* Runs the work twice, as after a deadlock, unless there is an answer to repeat. */
int
service_once(struct service *sv, struct arena *a, const struct actor *actor, int64_t now_us,
    const struct once *once, int (*work)(void *ctx, struct buf *answer, struct err *err),
    void *ctx, bool *replayed, const char **answer, size_t *len, struct err *err)
{
	int ret;

	(void)sv, (void)now_us, (void)actor;
	note(fake.key, once->key);
	note(fake.method, once->method);
	*replayed = fake.kept.len > 0;
	if (!*replayed) {
		ret = work(ctx, &fake.kept, err);
		buf_reset(&fake.kept);
		if (!ret)
			ret = work(ctx, &fake.kept, err);
		if (ret)
			return ret;
	}
	*answer = arena_memdup(a, fake.kept.data, fake.kept.len);
	*len = fake.kept.len;
	return 0;
}

int
service_create_user(struct service *sv, const struct actor *actor, int64_t now_us,
    const struct user_new *n, uint64_t *id, struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.name, n->name);
	note(fake.other, n->password);
	note(fake.email, n->email);
	fake.role = n->role;
	fake.flag = n->disabled;
	fake.before = n->tenant_id;
	fake.job_rights = n->job_rights ? (int)*n->job_rights : -1;
	*id = USER;
	return asked(actor, 0, err);
}

int
service_update_user(struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id,
    const struct user_change *change, struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.other, change->password);
	note(fake.email, change->email);
	fake.role = change->role ? *change->role : 0;
	fake.flag = change->enabled && *change->enabled;
	fake.job_rights = change->job_rights ? (int)*change->job_rights : -1;
	return asked(actor, id, err);
}

int
service_delete_user(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	(void)sv, (void)now_us;
	return asked(actor, id, err);
}

int
service_change_password(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *old_password, const char *new_password, struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.name, old_password);
	note(fake.other, new_password);
	return asked(actor, 0, err);
}

int
service_list_users(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const char *query, const char *after, size_t cap, struct user_view **list,
    size_t *count, size_t *total, struct err *err)
{
	static struct user_view users[3];

	(void)sv, (void)now_us, (void)a;
	note(fake.name, query);
	note(fake.other, after);
	for (size_t i = 0; i < 3; i++)
		users[i].user = (struct user){.id = USER + i,
		    .name = i ? "bob" : "ann",
		    .role = ROLE_PRO,
		    .enabled = true,
		    .created_us = TIME(0),
		    .job_rights = JOB_READ | JOB_DELETE};
	users[0].user.email = "ann@example.test";
	users[0].locked_us = TIME(9);
	*list = users;
	*count = cap < 3 ? cap : 3;
	*total = 3;
	return asked(actor, 0, err);
}

int
service_find_user(struct service *sv, const struct actor *actor, const char *text, uint64_t *id,
    struct err *err)
{
	(void)sv;
	note(fake.name, text);
	*id = USER;
	return asked(actor, 0, err);
}

int
service_schedules_of(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t user_id, struct schedule_view **list, size_t *count, struct err *err)
{
	(void)sv, (void)a;
	*list = fake.views;
	*count = fake.view_count;
	return asked(actor, user_id, err);
}

static int
make_token(struct token_made *made, const struct actor *actor, uint64_t id, struct err *err)
{
	*made = (struct token_made){.id = 9, .expires_us = INSTANT_NEVER};
	snprintf(made->text, TOKEN_TEXT, "c2VjcmV0");
	return asked(actor, id, err);
}

int
service_create_token(struct service *sv, const struct actor *actor, int64_t now_us,
    const struct token_new *n, struct token_made *made, struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.name, n->user_name);
	note(fake.other, n->tag_count ? n->tags[n->tag_count - 1] : NULL);
	fake.life_us = n->life_us;
	fake.type = (int)n->scopes;
	return make_token(made, actor, n->user_id, err);
}

int
service_rotate_token(struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id,
    int64_t overlap_us, struct token_made *made, struct err *err)
{
	(void)sv, (void)now_us;
	fake.life_us = overlap_us;
	return make_token(made, actor, id, err);
}

int
service_revoke_token(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	(void)sv, (void)now_us;
	return asked(actor, id, err);
}

int
service_list_tokens(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, uint64_t user_id, struct token_place after, size_t cap, struct token **list,
    size_t *count, struct token_place *next, struct err *err)
{
	static const char *tags[] = {"sales"};
	static struct token tokens[2];

	(void)sv, (void)a, (void)now_us, (void)cap;
	tokens[0] = (struct token){.id = 9,
	    .user_id = USER,
	    .kind = TOKEN_KEY,
	    .created_us = TIME(0),
	    .expires_us = INSTANT_NEVER,
	    .name = "nightly",
	    .scopes = SCOPE_READ | SCOPE_RUN,
	    .tags = tags,
	    .tag_count = 1};
	tokens[1] = (struct token){.id = 10,
	    .user_id = USER,
	    .kind = TOKEN_SESSION,
	    .created_us = TIME(0),
	    .used_us = TIME(1),
	    .idle_us = 10 * SECOND_US,
	    .expires_us = INSTANT_NEVER,
	    .scopes = SCOPE_ALL};
	*list = tokens;
	*count = 2;
	*next = after.id ? (struct token_place){0} : (struct token_place){USER, 10};
	fake.before = after.id;
	return asked(actor, user_id, err);
}

int
service_create_tenant(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *name, uint64_t *id, struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.name, name);
	*id = TENANT;
	return asked(actor, 0, err);
}

int
service_update_tenant(struct service *sv, const struct actor *actor, int64_t now_us,
    uint64_t id, const char *name, const bool *enabled, struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.name, name);
	fake.flag = enabled && *enabled;
	return asked(actor, id, err);
}

int
service_delete_tenant(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	(void)sv, (void)now_us;
	return asked(actor, id, err);
}

int
service_list_tenants(struct service *sv, struct arena *a, const struct actor *actor,
    struct tenant **list, size_t *count, struct err *err)
{
	static struct tenant tenants[1];

	(void)sv, (void)a;
	tenants[0] = (struct tenant){
	    .id = TENANT, .name = "main", .enabled = true, .created_us = TIME(0)};
	*list = tenants;
	*count = 1;
	return asked(actor, 0, err);
}

/* Calendars, groups and secrets are proved from outside: tests/api/test_calendars.py,
 * test_groups.py, test_http.py. */
int
service_create_calendar(struct service *sv, const struct actor *actor, int64_t now_us,
    struct calendar *c, uint64_t *id, struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.name, c->name);
	*id = SCHEDULE;
	return asked(actor, 0, err);
}

int
service_update_calendar(struct service *sv, const struct actor *actor, int64_t now_us,
    uint64_t id, uint64_t version, struct calendar *c, struct err *err)
{
	(void)sv, (void)now_us, (void)version;
	note(fake.name, c->name);
	return asked(actor, id, err);
}

int
service_get_calendar(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t id, struct calendar_view *view, struct err *err)
{
	(void)sv, (void)a;
	*view = (struct calendar_view){.calendar = {.name = "", .description = ""}};
	return asked(actor, id, err);
}

int
service_calendar_by_name(struct service *sv, const struct actor *actor, const char *name,
    uint64_t *id, struct err *err)
{
	(void)sv;
	note(fake.name, name);
	*id = SCHEDULE;
	return asked(actor, 0, err);
}

int
service_list_calendars(struct service *sv, struct arena *a, const struct actor *actor,
    const char *after, size_t cap, struct calendar_view **list, size_t *count, struct err *err)
{
	(void)sv, (void)a, (void)after, (void)cap;
	*list = NULL;
	*count = 0;
	return asked(actor, 0, err);
}

int
service_delete_calendar(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	(void)sv, (void)now_us;
	return asked(actor, id, err);
}

int
service_set_group(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *name, uint32_t limit, struct err *err)
{
	(void)sv, (void)now_us, (void)limit;
	note(fake.name, name);
	return asked(actor, 0, err);
}

int
service_list_groups(struct service *sv, struct arena *a, const struct actor *actor,
    const char *after, size_t cap, struct group_view **list, size_t *count, struct err *err)
{
	(void)sv, (void)a, (void)after, (void)cap;
	*list = NULL;
	*count = 0;
	return asked(actor, 0, err);
}

int
service_set_secret(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *name, const char *value, struct err *err)
{
	(void)sv, (void)now_us, (void)value;
	note(fake.name, name);
	return asked(actor, 0, err);
}

int
service_list_secrets(struct service *sv, struct arena *a, const struct actor *actor,
    struct secret **list, size_t *count, struct err *err)
{
	(void)sv, (void)a;
	*list = NULL;
	*count = 0;
	return asked(actor, 0, err);
}

int
service_delete_secret(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *name, struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.name, name);
	return asked(actor, 0, err);
}

int
service_list_notices(struct service *sv, struct arena *a, const struct actor *actor,
    const struct notice_query *q, struct notice_view **list, size_t *count, uint64_t *next,
    struct err *err)
{
	(void)sv;
	(void)a;
	(void)actor;
	(void)q;
	(void)err;
	*list = NULL;
	*count = 0;
	*next = 0;
	return 0;
}

int
service_list_audit(struct service *sv, struct arena *a, const struct actor *actor,
    const struct audit_query *q, struct audit_entry **list, size_t *count, uint64_t *next,
    struct err *err)
{
	static struct audit_entry entries[1];

	(void)sv, (void)a;
	note(fake.name, q->action);
	fake.from_us = q->from_us;
	fake.to_us = q->to_us;
	fake.before = q->before;
	entries[0] = (struct audit_entry){.number = 5,
	    .time_us = TIME(0),
	    .actor_id = USER,
	    .actor_name = "ann",
	    .remote = "127.0.0.1",
	    .action = "user.create",
	    .subject_id = SCHEDULE,
	    .detail = "name bob"};
	*list = entries;
	*count = 1;
	*next = q->before ? 0 : 5;
	return asked(actor, 0, err);
}

int
service_verify_audit(struct service *sv, const struct actor *actor,
    struct audit_verdict *verdict, struct err *err)
{
	(void)sv;
	*verdict = (struct audit_verdict){.count = 7, .first_bad = fake.before};
	return asked(actor, 0, err);
}

int
service_create_schedule(struct service *sv, const struct actor *actor, int64_t now_us,
    struct schedule *s, uint64_t *id, struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.name, s->name);
	note(fake.other, s->trigger_count ? s->triggers[0].time_zone : NULL);
	*id = SCHEDULE;
	return asked(actor, 0, err);
}

int
service_get_schedule(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t id, struct schedule_view *view, struct err *err)
{
	(void)sv, (void)a;
	*view = fake.views[0];
	return asked(actor, id, err);
}

int
service_delete_schedule(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	(void)sv, (void)now_us;
	return asked(actor, id, err);
}

int
service_find_schedules(struct service *sv, struct arena *a, const struct actor *actor,
    const char *name, enum name_match match, int type, struct schedule_view **list,
    size_t *count, struct err *err)
{
	(void)sv, (void)a;
	note(fake.name, name);
	fake.match = (int)match;
	fake.type = type;
	*list = fake.views;
	*count = fake.view_count;
	return asked(actor, 0, err);
}

int
service_suspend_until(struct service *sv, const struct actor *actor, int64_t now_us,
    uint64_t id, int64_t until_us, const char *reason, struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.other, reason);
	fake.to_us = until_us;
	return asked(actor, id, err);
}

int
service_update_schedule(struct service *sv, const struct actor *actor, int64_t now_us,
    uint64_t id, uint64_t version, struct schedule *s, struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.name, s->name);
	fake.before = version;
	return asked(actor, id, err);
}

int
service_delete_schedules(struct service *sv, const struct actor *actor, int64_t now_us,
    const uint64_t *ids, size_t count, uint64_t *done, size_t *done_count, struct err *err)
{
	(void)sv, (void)now_us;
	*done_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (ids[i] == SCHEDULE || ids[i] == SCHEDULE + 1)
			done[(*done_count)++] = ids[i];
	}
	return asked(actor, count ? ids[0] : 0, err);
}

/* The tags as one word. */
static void
note_tags(const char *const *tags, size_t count)
{
	size_t len = 0;

	fake.other[0] = '\0';
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(
		    fake.other + len, sizeof fake.other - len, "%s%s", i ? "," : "", tags[i]);
}

int
service_suspend_tagged(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const struct schedule_tags *tags, int64_t until_us, const char *reason,
    uint64_t **done, size_t *done_count, struct err *err)
{
	static uint64_t ids[] = {SCHEDULE, SCHEDULE + 1};

	(void)sv, (void)a, (void)now_us;
	note_tags(tags->tags, tags->count);
	note(fake.name, reason);
	fake.to_us = until_us;
	*done = ids;
	*done_count = 2;
	return asked(actor, 0, err);
}

int
service_resume_tagged(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const struct schedule_tags *tags, uint64_t **done, size_t *done_count,
    struct err *err)
{
	(void)sv, (void)a, (void)now_us, (void)done;
	note_tags(tags->tags, tags->count);
	*done_count = 0;
	return asked(actor, 0, err);
}

int
service_list_schedules(struct service *sv, struct arena *a, const struct actor *actor,
    const struct schedule_query *q, struct schedule_view **list, size_t *count, size_t *total,
    struct schedule_place *next, struct err *err)
{
	(void)sv, (void)a;
	fake.query = *q;
	note(fake.name, q->text);
	note(fake.after, q->after.name);
	note_tags(q->tags, q->tag_count);
	*list = fake.views;
	*count = fake.view_count;
	*total = 7;
	*next = fake.next;
	return asked(actor, 0, err);
}

int
service_apply_schedules(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const struct schedule_set *set, struct applied **list, size_t *count,
    struct err *err)
{
	static struct applied applied[] = {
	    {.id = 0, .name = "new", .kind = APPLIED_CREATED},
	    {.id = SCHEDULE, .name = "other", .kind = APPLIED_CHANGED, {"tags", "tasks"}, 2},
	    {.id = SCHEDULE, .name = "same", .kind = APPLIED_UNCHANGED},
	    {.id = SCHEDULE, .name = "old", .kind = APPLIED_DELETED},
	};

	(void)sv, (void)a, (void)now_us;
	note(fake.name, set->owner);
	fake.match = (int)set->count;
	fake.flag = set->prune;
	fake.dry = set->dry_run;
	*list = applied;
	*count = 4;
	return asked(actor, 0, err);
}

static int
previewed(int64_t from_us, size_t cap, struct preview **list, size_t *count)
{
	static struct preview due[] = {
	    {.due_us = TIME(0),
		.trigger_count = 1,
		.time_zone = "Europe/Amsterdam",
		.offset_s = 3600},
	    {.due_us = TIME(60), .trigger_count = 2, .time_zone = "UTC"},
	};

	fake.from_us = from_us;
	fake.match = (int)cap;
	*list = due;
	*count = 2;
	return 0;
}

int
service_preview_schedule(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t id, const char *time_zone, int64_t from_us, size_t cap, struct preview **list,
    size_t *count, struct err *err)
{
	(void)sv, (void)a;
	note(fake.other, time_zone);
	return previewed(from_us, cap, list, count) ? ERR_IO : asked(actor, id, err);
}

int
service_preview_definition(struct service *sv, struct arena *a, const struct actor *actor,
    const struct schedule *s, const char *time_zone, int64_t from_us, size_t cap,
    struct preview **list, size_t *count, struct err *err)
{
	(void)sv, (void)a;
	note(fake.name, s->name);
	note(fake.other, time_zone);
	return previewed(from_us, cap, list, count) ? ERR_IO : asked(actor, 0, err);
}

int
service_explain_schedule(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, uint64_t id, int64_t at_us, const char *time_zone, struct explanation *e,
    struct err *err)
{
	(void)sv, (void)a, (void)now_us;
	note(fake.other, time_zone);
	*e = fake.explanation;
	e->at_us = at_us;
	return asked(actor, id, err);
}

int
service_resume_schedule(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	(void)sv, (void)now_us;
	return asked(actor, id, err);
}

int
service_run_schedule(struct service *sv, const struct actor *actor, int64_t now_us,
    uint64_t schedule_id, bool check_triggers, const char *args, uint64_t *execution_id,
    struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.other, args);
	fake.flag = check_triggers;
	*execution_id = EXECUTION;
	return asked(actor, schedule_id, err);
}

/* The execution with the id; any unknown id gets the first, so that a test need not care. */
int
service_get_execution(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t id, struct execution *e, struct task **tasks, size_t *task_count, struct err *err)
{
	(void)sv, (void)a;
	*e = fake.executions[0];
	for (size_t i = 0; i < fake.execution_count; i++) {
		if (fake.executions[i].id == id)
			*e = fake.executions[i];
	}
	*tasks = fake.tasks;
	*task_count = fake.task_count;
	return asked(actor, id, err);
}

int
service_get_task(struct service *sv, struct arena *a, const struct actor *actor, uint64_t id,
    struct task *task, struct execution *e, struct err *err)
{
	(void)sv, (void)a;
	*task = fake.tasks[0];
	*e = fake.executions[0];
	return asked(actor, id, err);
}

int
service_list_executions(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t schedule_id, uint64_t before, size_t cap, struct execution **list, size_t *count,
    struct err *err)
{
	size_t skip = 0;

	(void)sv, (void)a;
	fake.before = before;
	while (before && skip < fake.execution_count && fake.executions[skip].id >= before)
		skip++;
	*list = fake.executions + skip;
	*count = fake.execution_count - skip;
	if (*count > cap)
		*count = cap;
	return asked(actor, schedule_id, err);
}

int
service_find_executions(struct service *sv, struct arena *a, const struct actor *actor,
    const struct execution_query *q, struct execution **list, size_t *count,
    struct execution_place *next, struct err *err)
{
	size_t skip = 0;

	(void)sv, (void)a;
	fake.type = (int)q->schedule_id;
	fake.before = q->before.id;
	fake.from_us = q->from_us;
	fake.to_us = q->before.triggered_us;
	while (q->before.id && skip < fake.execution_count &&
	       fake.executions[skip].id >= q->before.id)
		skip++;
	*list = fake.executions + skip;
	*count = fake.execution_count - skip;
	*next = fake.next_execution;
	return asked(actor, q->schedule_id, err);
}

int
service_cancel_execution(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.name, "cancel");
	return asked(actor, id, err);
}

int
service_rerun_task(
    struct service *sv, const struct actor *actor, int64_t now_us, uint64_t id, struct err *err)
{
	(void)sv, (void)now_us;
	note(fake.name, "rerun");
	return asked(actor, id, err);
}

int
service_know_user(
    struct service *sv, const struct actor *actor, const char *text, struct err *err)
{
	(void)sv, (void)actor;
	note(fake.other, text);
	return strcmp(text, "nobody") ? 0 : err_fail(err, ERR_MISSING, "User not found");
}

/* The output that there is, if the test made one. */
int
service_list_results(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t task_id, struct result **list, size_t *count, struct err *err)
{
	(void)sv, (void)a;
	*list = &fake.output;
	*count = fake.output.id != 0;
	return asked(actor, task_id, err);
}

int
service_get_result(struct service *sv, struct arena *a, const struct actor *actor, uint64_t id,
    struct result *r, struct err *err)
{
	(void)sv, (void)a;
	*r = fake.output;
	return asked(actor, id, err);
}

int
service_result_path(
    struct service *sv, const struct result *r, char path[RESULT_PATH_TEXT], struct err *err)
{
	char sub[OUTPUT_DIR_TEXT];

	(void)sv, (void)r, (void)err;
	task_output_dir(&fake.tasks[0], sub);
	snprintf(path, RESULT_PATH_TEXT, "%s/1.stdout", sub);
	return 0;
}

int
service_list_occurrences(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t schedule_id, int64_t from_us, int64_t to_us, size_t cap, struct occurrence **list,
    size_t *count, struct err *err)
{
	size_t skip = 0;

	(void)sv, (void)a;
	fake.from_us = from_us;
	fake.to_us = to_us;
	while (skip < fake.occurrence_count && fake.occurrences[skip].due_us < from_us)
		skip++;
	*list = fake.occurrences + skip;
	*count = fake.occurrence_count - skip;
	if (*count > cap)
		*count = cap;
	return asked(actor, schedule_id, err);
}

/* ---- requests ---- */

static void
forget_response(void)
{
	buf_release(&res.headers);
	buf_release(&res.body);
	res = (struct response){0};
	arena_clear(&arena);
}

static int
set_up(void **state)
{
	(void)state;
	buf_release(&fake.kept);
	memset(&fake, 0, sizeof fake);
	fake.executions[0] = (struct execution){
	    .id = EXECUTION,
	    .tenant_id = TENANT,
	    .schedule_id = SCHEDULE,
	    .schedule_name = "Nightly",
	    .origin = ORIGIN_CALL,
	    .due_us = INSTANT_NEVER,
	    .triggered_us = TIME(0),
	    .start_us = TIME(1),
	    .end_us = INSTANT_NEVER,
	    .actor_id = USER,
	    .task_count = 1,
	};
	fake.execution_count = 1;
	fake.tasks[0] = (struct task){
	    .id = TASK,
	    .execution_id = EXECUTION,
	    .schedule_id = SCHEDULE,
	    .tenant_id = TENANT,
	    .def = {.name = "extract"},
	};
	fake.task_count = 1;
	fake.views[0] = (struct schedule_view){
	    .definition =
		{
		    .id = SCHEDULE,
		    .tenant_id = TENANT,
		    .version = 3,
		    .name = "Nightly",
		    .description = "",
		    .type = 1,
		    .start_us = INT64_MIN,
		    .end_us = INSTANT_NEVER,
		    .created_us = TIME(0),
		},
	    .state = {.schedule_id = SCHEDULE, .next_due_us = INSTANT_NEVER},
	    .next_run_us = INSTANT_NEVER,
	};
	fake.view_count = 1;
	forget_response();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	forget_response();
	arena_release(&arena);
	return 0;
}

static struct request
request_of(const char *path, const char *token, const char *body)
{
	char **params = arena_array(&arena, 2, sizeof *params);

	if (token)
		params[0] = arena_printf(&arena, "HTTP_PATOKEN=%s", token);
	return (struct request){
	    .arena = &arena,
	    .method = "POST",
	    .path = path,
	    .query = "",
	    .params = params,
	    .body = body,
	    .body_len = strlen(body),
	    .now_us = TIME(0),
	};
}

static void
send_request(const struct request *req)
{
	assert_true(api3_owns(req->path));
	api3_handle(&face, req, &res);
	buf_adds(&res.headers, "");
	buf_adds(&res.body, "");
}

static void
post_as(const char *token, const char *path, const char *body)
{
	struct request req;

	forget_response();
	req = request_of(path, token, body);
	send_request(&req);
}

/* Valid until the next call; the arena would be cleared before the path is read. */
static const char *
path_of(const char *service, const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "/API3/%s%s", service, name);
	return path;
}

static void
post(const char *path, const char *body)
{
	post_as("admin", path, body);
}

static void
assert_text(int status, const char *text)
{
	assert_int_equal(res.status, status);
	assert_string_equal(res.content_type, "text/plain;charset=utf-8");
	assert_string_equal(res.body.data, text);
}

static void
assert_json(const char *text)
{
	assert_string_equal(res.body.data, text);
	assert_int_equal(res.status, 200);
	assert_string_equal(res.content_type, "application/json;charset=utf-8");
}

static void
assert_headers(const char *lines)
{
	assert_string_equal(res.headers.data, lines);
}

#define NO_STORE "Cache-Control: no-store\r\n"

/* The value of a header, copied to the arena; fails if there is none. */
static const char *
header(const char *name)
{
	const char *line = arena_printf(&arena, "%s: ", name);
	const char *at = strstr(res.headers.data, line);

	if (!at)
		fail_msg("no header %s in %s", name, res.headers.data);
	at += strlen(line);
	return arena_memdup(&arena, at, strcspn(at, "\r"));
}

/* ---- paths and the order of checks ---- */

static void
everything_below_the_prefix_is_owned_in_any_case(void **state)
{
	(void)state;
	assert_true(api3_owns("/API3/tasks/findSchedule"));
	assert_true(api3_owns("/api3/nonsense"));
	assert_true(api3_owns("/Api3/"));
	assert_true(api3_owns("/API3"));
	assert_false(api3_owns("/API31/tasks/findSchedule"));
	assert_false(api3_owns("/tasks/1"));
}

static void
the_prefix_has_no_case_but_service_and_method_have(void **state)
{
	(void)state;
	post("/api3/tasks/findSchedule", "{}");
	assert_int_equal(res.status, 200);
	post("/aPi3/tasks/findSchedule", "{}");
	assert_int_equal(res.status, 200);
	post("/API3/tasks/FINDSCHEDULE", "{}");
	assert_text(404, "Unknown method");
	post("/API3/Tasks/findSchedule", "{}");
	assert_text(404, "Unknown method");
}

static void
unknown_paths_are_404_without_a_token_and_for_any_method(void **state)
{
	static const char *const paths[] = {
	    "/API3/tasks/nope",
	    "/API3/tasks/cancelTask",
	    "/API3/tasks/",
	    "/API3/tasks",
	    "/API3/",
	    "/API3/content/getItem",
	    "/API3/authentication/logOut",
	    "/API3/authentication/authenticateUser/x",
	    "/API3/auth/findSchedule",
	    "/API3/tasks/authenticateUser",
	    "/API3/tasks/authenticateUserSAML",
	    "/API3/tasks/findSchedule/",
	};
	struct request req;

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		post_as(NULL, paths[i], "");
		assert_text(404, "Unknown method");
	}
	forget_response();
	req = request_of("/API3/tasks/nope", NULL, "");
	req.method = "GET";
	send_request(&req);
	assert_text(404, "Unknown method");
	assert_headers(NO_STORE);
}

static void
other_methods_than_post_are_405_before_size_and_token(void **state)
{
	static const char *const methods[] = {"GET", "PUT", "HEAD", "OPTIONS", "post"};

	(void)state;
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		struct request req;

		forget_response();
		req = request_of("/API3/tasks/findSchedule", NULL, "");
		req.method = methods[i];
		req.body_too_large = true;
		send_request(&req);
		assert_text(405, "Method not allowed");
		assert_headers(NO_STORE "Allow: POST\r\n");
	}
}

static struct request
request_from(const char *origin, const char *method, const char *path)
{
	struct request req = request_of(path, NULL, "");
	char **params = arena_array(&arena, 2, sizeof *params);

	params[0] = arena_printf(&arena, "HTTP_ORIGIN=%s", origin);
	req.params = params;
	req.method = method;
	return req;
}

static void
a_listed_origin_is_allowed_in_every_answer_and_asked_for_by_options(void **state)
{
#define ALLOWED(origin) "Access-Control-Allow-Origin: " origin "\r\nVary: Origin\r\n"
	struct request req;

	(void)state;
	face.allowed_origins = "https://a.example http://b.example:8080";

	req = request_from("http://b.example:8080", "OPTIONS", "/API3/tasks/findSchedule");
	send_request(&req);
	assert_int_equal(res.status, 204);
	assert_null(res.content_type);
	assert_headers(
	    NO_STORE ALLOWED("http://b.example:8080") "Access-Control-Allow-Methods: POST\r\n"
						      "Access-Control-Allow-Headers: paToken, "
						      "Content-Type, Accept\r\n"
						      "Access-Control-Max-Age: 600\r\n");

	forget_response();
	req = request_from("https://a.example", "POST", "/API3/tasks/nope");
	send_request(&req);
	assert_text(404, "Unknown method");
	assert_headers(NO_STORE ALLOWED("https://a.example"));

	forget_response();
	req = request_from("https://a.example", "OPTIONS", "/API3/tasks/nope");
	send_request(&req);
	assert_text(404, "Unknown method");

	forget_response();
	face.allowed_origins = "https://a.example *";
	req = request_from("https://any.example", "POST", "/API3/tasks/nope");
	send_request(&req);
	assert_headers(NO_STORE ALLOWED("https://any.example"));
	face.allowed_origins = NULL;
}

static void
an_origin_that_is_not_listed_is_nobody_special(void **state)
{
	static const char *const origins[] = {"https://a.exampl", "https://a.example2",
	    "a.example", "HTTPS://A.EXAMPLE", "https://a.example http://b.example:8080", "",
	    " ", "null"};
	static const char *const lists[] = {"https://a.example http://b.example:8080", NULL};

	(void)state;
	for (size_t l = 0; l < 2; l++) {
		for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
			struct request req =
			    request_from(origins[i], "OPTIONS", "/API3/tasks/findSchedule");

			face.allowed_origins = lists[l];
			send_request(&req);
			assert_text(405, "Method not allowed");
			assert_null(strstr(res.headers.data, "Access-Control"));
			forget_response();
		}
	}
}

static void
a_large_body_is_413_before_the_token_is_looked_at(void **state)
{
	struct request req = request_of("/API3/tasks/findSchedule", NULL, "");

	(void)state;
	req.body_too_large = true;
	send_request(&req);
	assert_text(413, "Request body too large");
	assert_headers(NO_STORE);
}

static void
without_a_valid_token_it_is_401_with_a_challenge(void **state)
{
	static const char *const tokens[] = {NULL, "", "x", "Bearer admin"};

	(void)state;
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		post_as(tokens[i], "/API3/tasks/runOnDemandSchedules", "{");
		assert_text(401, "Invalid or missing token");
		assert_headers(NO_STORE "WWW-Authenticate: paToken realm=\"API3\"\r\n");
	}
}

static void
role_and_501_come_before_the_body(void **state)
{
	(void)state;
	post("/API3/tasks/runOnDemandSchedules", "{");
	assert_text(501, "Not implemented: runOnDemandSchedules");
	post_as("viewer", "/API3/tasks/suspendSchedule", "");
	assert_text(403, "Insufficient permissions");
	post("/API3/tasks/suspendSchedule", "");
	assert_text(400, "Request body is empty");
	assert_int_equal(fake.calls, 0);
}

static void
what_changes_things_needs_an_administrator_and_what_reads_does_not(void **state)
{
	static const char *const admins[] = {"tasks/suspendSchedule", "tasks/resumeSchedule",
	    "tasks/deleteSchedule", "tasks/deleteSchedules", "tasks/createSchedule",
	    "access/createUser", "access/updateUser", "access/deleteUser", "access/listUsers",
	    "audit/list", "audit/verify"};
	static const char *const all[] = {"tasks/findSchedule", "tasks/runSchedule",
	    "tasks/getScheduleExecutionStatus", "tasks/getTasks", "tasks/getTasksIds",
	    "tasks/getTaskData", "tasks/getExecutions", "tasks/getSchedule",
	    "tasks/getExecution", "tasks/listExecutions", "tasks/listOccurrences",
	    "tasks/getTaskLog", "tasks/getAttempt", "tasks/reRunTask", "tasks/getTaskOutputs",
	    "access/whoAmI"};

	(void)state;
	for (size_t i = 0; i < sizeof admins / sizeof *admins; i++) {
		post_as("viewer", path_of("", admins[i]), "");
		assert_text(403, "Insufficient permissions");
	}
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		post_as("viewer", path_of("", all[i]), "");
		assert_int_not_equal(res.status, 403);
		assert_int_not_equal(res.status, 404);
	}
}

static void
what_the_contract_has_and_we_do_not_serve_is_501(void **state)
{
	static const char *const names[] = {"runOnDemandSchedules"};
	static const char *const logins[] = {
	    "authenticateUserSAML", "authenticateUserWindowsAltEmbed"};
	char path[128], text[128];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "/API3/tasks/%s", names[i]);
		snprintf(text, sizeof text, "Not implemented: %s", names[i]);
		post(path, "");
		assert_text(501, text);
	}
	for (size_t i = 0; i < sizeof logins / sizeof *logins; i++) {
		snprintf(path, sizeof path, "/api3/auth/%s", logins[i]);
		snprintf(text, sizeof text, "Not implemented: %s", logins[i]);
		post_as(NULL, path, "");
		assert_text(501, text);
	}
}

static void
the_private_socket_needs_no_token(void **state)
{
	struct request req = request_of("/API3/access/whoAmI", NULL, "");

	(void)state;
	req.private_socket = true;
	send_request(&req);
	assert_json(
	    "{\"userName\":\"$system\",\"role\":\"enterpriseAdmin\",\"tenantId\":\"" GUID(
		"01") "\",\"tenant\":\"main\",\"jobRights\":[\"read\",\"create\",\"update\","
		      "\"delete\"]}");
}

static void
a_body_that_was_cut_short_is_not_read(void **state)
{
	struct request req = request_of("/API3/tasks/deleteSchedule", "admin", "4");

	(void)state;
	req.body_short = true;
	send_request(&req);
	assert_text(400, "Request body is incomplete");
	assert_int_equal(fake.calls, 0);
}

/* ---- log-in ---- */

static void
login_answers_the_bare_token(void **state)
{
	static const char *const paths[] = {"/api3/authentication/authenticateUser",
	    "/API3/authentication/authenticateUser", "/API3/auth/authenticateUser"};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		post_as("", paths[i], "{\"userName\":\"adminUser\",\"password\":\"abc123!\"}");
		assert_text(200, "dG9rZW4=");
		assert_headers(NO_STORE);
		assert_string_equal(fake.name, "adminUser");
	}
}

static void
both_spellings_of_the_user_name_are_read_and_the_camel_wins(void **state)
{
	static const char path[] = "/API3/auth/authenticateUser";

	(void)state;
	post_as(NULL, path, "{\"username\":\"low\",\"password\":\"abc123!\",\"domain\":7}");
	assert_text(200, "dG9rZW4=");
	assert_string_equal(fake.name, "low");
	post_as(NULL, path,
	    "{\"username\":\"low\",\"userName\":\"camel\",\"password\":\"abc123!\"}");
	assert_text(200, "dG9rZW4=");
	assert_string_equal(fake.name, "camel");
}

static void
a_login_that_fails_says_what_the_contract_says(void **state)
{
	static const struct {
		const char *body;
		int status;
		const char *text;
	} cases[] = {
	    {"{\"userName\":\"a\",\"password\":\"b\"}", 401, "Invalid user name or password"},
	    {"{}", 400, "Missing value: userName"},
	    {"{\"userName\":\"a\"}", 400, "Missing value: password"},
	    {"{\"userName\":1,\"password\":\"b\"}", 400, "Invalid value: userName"},
	    {"{\"userName\":\"a\",\"password\":null}", 400, "Missing value: password"},
	    {"", 400, "Request body is empty"},
	    {" \r\n", 400, "Request body is empty"},
	    {"[1]", 400, "Request body must be a JSON object"},
	    {"{\"userName\"", 400, "Request body is not valid JSON"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		post_as(NULL, "/API3/authentication/authenticateUser", cases[i].body);
		assert_text(cases[i].status, cases[i].text);
	}
}

/* ---- id bodies ---- */

static void
an_id_is_read_in_every_form_that_clients_send(void **state)
{
	static const char *const bodies[] = {
	    "\"" GUID("2b") "\"",
	    GUID("2b"),
	    "\"\\\"" GUID("2b") "\\\"\"",
	    " \t\r\n\"" GUID("2b") "\" \n",
	    "  " GUID("2b") "\r\n",
	    "{\"executionId\":\"" GUID("2b") "\"}",
	    "{\"executionsId\":\"" GUID("2b") "\"}",
	    "{\"id\":\"" GUID("2b") "\"}",
	    "{\"id\":\"" GUID("ff") "\",\"auth\":\"x\",\"executionId\":\"" GUID("2b") "\"}",
	    "\"63617269-6C6C-8000-8000-00000000002B\"",
	    "\"63617269000000000000002b\"",
	    "43",
	};

	(void)state;
	fake.tasks[0].status = TASK_RUNNING;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		fake.id = 0;
		post("/API3/tasks/getScheduleExecutionStatus", bodies[i]);
		assert_json("{\"status\":4}");
		assert_int_equal(fake.id, EXECUTION);
		assert_int_equal(fake.actor_user, USER);
	}
}

static void
an_id_that_is_none_is_400(void **state)
{
	char xs[202];
	const struct {
		const char *body, *text;
	} cases[] = {
	    {"", "Request body is empty"},
	    {" \n", "Request body is empty"},
	    {"\"\"", "Execution not found"},
	    {"\"" GUID("2b"), "Request body is not valid JSON"},
	    {"{\"executionId\":", "Request body is not valid JSON"},
	    {"{}", "Missing value: executionId"},
	    {"{\"taskId\":\"1\"}", "Missing value: executionId"},
	    {"{\"executionId\":43}", "Invalid value: executionId"},
	    {"{\"id\":[]}", "Invalid value: executionId"},
	    {"eeeeeeee-0000-4000-8000-000000000002", "Execution not found"},
	    {"\"a\\nb\"", "Invalid value: executionId"},
	    {"[\"43\"]", "Execution not found"},
	    {"0", "Execution not found"},
	    {xs, "Invalid value: executionId"},
	    {xs + 72, "Invalid value: executionId"},
	    {xs + 73, "Execution not found"},
	};

	(void)state;
	memset(xs, 'x', sizeof xs - 1);
	xs[sizeof xs - 1] = '\0';
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		post("/API3/tasks/getScheduleExecutionStatus", cases[i].body);
		assert_text(400, cases[i].text);
	}
	assert_int_equal(fake.calls, 0);
}

static void
a_nul_in_an_id_does_not_end_it(void **state)
{
	struct request req = request_of("/API3/tasks/deleteSchedule", "admin", "");

	(void)state;
	req.body = "42\0evil";
	req.body_len = 7;
	send_request(&req);
	assert_text(400, "Invalid value: scheduleId");
	assert_int_equal(fake.calls, 0);
}

/* ---- findSchedule and runSchedule ---- */

#define FIND "/API3/tasks/findSchedule"

static void
search_criteria_have_defaults_and_take_digits_for_numbers(void **state)
{
	static const struct {
		const char *body, *name;
		int match, type;
	} cases[] = {
	    {"{\"searchCriteria\":{\"searchValue\":\"My Demo Schedule\",\"searchMatchType\":2},"
	     "\"scheduleType\":1}",
		"My Demo Schedule", 2, 1},
	    {"{}", "(none)", 2, -1},
	    {"{\"searchCriteria\":null,\"scheduleType\":null}", "(none)", 2, -1},
	    {"{\"searchCriteria\":{\"searchValue\":null,\"searchMatchType\":null}}", "(none)",
		2, -1},
	    {"{\"searchCriteria\":{\"searchValue\":\"\",\"searchMatchType\":\"4\"},"
	     "\"scheduleType\":\"18\"}",
		"", 4, 18},
	    {"{\"searchCriteria\":{\"searchMatchType\":0,\"more\":1},\"scheduleType\":0}",
		"(none)", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		post(FIND, cases[i].body);
		assert_int_equal(res.status, 200);
		assert_string_equal(fake.name, cases[i].name);
		assert_int_equal(fake.match, cases[i].match);
		assert_int_equal(fake.type, cases[i].type);
	}
}

static void
search_criteria_out_of_range_are_named(void **state)
{
	static const struct {
		const char *body, *text;
	} cases[] = {
	    {"{\"searchCriteria\":{\"searchMatchType\":5}}", "Invalid value: searchMatchType"},
	    {"{\"searchCriteria\":{\"searchMatchType\":\"x\"}}",
		"Invalid value: searchMatchType"},
	    {"{\"searchCriteria\":{\"searchMatchType\":\"\"}}",
		"Invalid value: searchMatchType"},
	    {"{\"searchCriteria\":{\"searchMatchType\":\"-1\"}}",
		"Invalid value: searchMatchType"},
	    {"{\"searchCriteria\":{\"searchMatchType\":-1}}", "Invalid value: searchMatchType"},
	    {"{\"searchCriteria\":{\"searchMatchType\":2.0}}",
		"Invalid value: searchMatchType"},
	    {"{\"searchCriteria\":{\"searchMatchType\":true}}",
		"Invalid value: searchMatchType"},
	    {"{\"searchCriteria\":{\"searchMatchType\":\"99999999999999999999\"}}",
		"Invalid value: searchMatchType"},
	    {"{\"searchCriteria\":{\"searchValue\":5}}", "Invalid value: searchValue"},
	    {"{\"searchCriteria\":\"x\"}", "Invalid value: searchCriteria"},
	    {"{\"scheduleType\":99}", "Invalid value: scheduleType"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		post(FIND, cases[i].body);
		assert_text(400, cases[i].text);
	}
	assert_int_equal(fake.calls, 0);
}

static void
found_schedules_have_the_contracts_shape(void **state)
{
	struct trigger at = {.kind = TRIGGER_AT, .at_us = TIME(60)};
	struct trigger mixed[2] = {at, {.kind = TRIGGER_EVERY, .every_us = MINUTE_US}};

	(void)state;
	fake.view_count = 2;
	fake.views[1] = fake.views[0];
	fake.views[0].definition.triggers = mixed;
	fake.views[0].definition.trigger_count = 2;
	fake.views[0].definition.start_us = TIME(1);
	fake.views[0].definition.end_us = TIME(2);
	fake.views[0].definition.created_by = USER;
	fake.views[0].state.suspended = true;
	fake.views[0].finished = true;
	fake.views[1].finished = true;
	fake.views[1].definition.triggers = &at;
	fake.views[1].definition.trigger_count = 1;
	post(FIND, "{}");
	assert_json("[{\"scheduleId\":\"" GUID(
	    "2a") "\",\"name\":\"Nightly\",\"description\":\"\",\"type\":1,"
		  "\"createdDate\":\"2026-11-22T07:10:00.000Z\",\"createdBy\":\"" GUID(
		      "07") "\","
			    "\"startDate\":\"2026-11-22T07:10:01.000Z\",\"endDate\":\"2026-11-"
			    "22T07:10:02.000Z\","
			    "\"scheduleDataType\":1,\"status\":4,\"tenantId\":\"" GUID(
				"01") "\"},"
				      "{\"scheduleId\":\"" GUID(
					  "2a") "\",\"name\":\"Nightly\",\"description\":\"\","
						"\"type\":1,"
						"\"createdDate\":\"2026-11-22T07:10:00.000Z\","
						"\"createdBy\":\"00000000-0000-0000-0000-"
						"000000000000\","
						"\"scheduleDataType\":0,\"status\":2,"
						"\"tenantId\":\"" GUID("01") "\"}]");
	assert_headers(NO_STORE);

	fake.view_count = 1;
	fake.views[0].definition.trigger_count = 0;
	post(FIND, "{}");
	assert_non_null(strstr(res.body.data, "\"scheduleDataType\":2"));
	fake.view_count = 0;
	post(FIND, "{}");
	assert_json("[]");
}

#define RUN "/API3/tasks/runSchedule"

static void
check_triggers_is_read_as_clients_write_it(void **state)
{
	static const struct {
		const char *member;
		bool flag;
	} cases[] = {
	    {"", true},
	    {",\"checkTriggers\":null", true},
	    {",\"checkTriggers\":true", true},
	    {",\"checkTriggers\":\"True\"", true},
	    {",\"checkTriggers\":false", false},
	    {",\"checkTriggers\":\"false\"", false},
	    {",\"checkTriggers\":\"FALSE\"", false},
	};
	char body[128];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(body, sizeof body, "{\"scheduleId\":\"" GUID("2a") "\"%s}",
		    cases[i].member);
		post_as("viewer", RUN, body);
		assert_json("\"" GUID("2b") "\"");
		assert_int_equal(fake.id, SCHEDULE);
		assert_int_equal(fake.flag, cases[i].flag);
		assert_string_equal(fake.other, "(none)");
	}
}

static void
a_run_that_is_asked_for_wrongly_is_400(void **state)
{
	static const struct {
		const char *body, *text;
	} cases[] = {
	    {"{}", "Missing value: scheduleId"},
	    {"{\"scheduleId\":null}", "Missing value: scheduleId"},
	    {"{\"scheduleId\":42}", "Invalid value: scheduleId"},
	    {"{\"scheduleId\":\"aaaaaaaa-0000-4000-8000-000000000001\"}", "Schedule not found"},
	    {"{\"scheduleId\":\"42\",\"checkTriggers\":\"maybe\"}",
		"Invalid value: checkTriggers"},
	    {"{\"scheduleId\":\"42\",\"checkTriggers\":1}", "Invalid value: checkTriggers"},
	    {"\"42\"", "Request body must be a JSON object"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		post(RUN, cases[i].body);
		assert_text(400, cases[i].text);
	}
	assert_int_equal(fake.calls, 0);
}

static void
suspend_resume_and_delete_list_the_id(void **state)
{
	static const char *const names[] = {
	    "suspendSchedule", "resumeSchedule", "deleteSchedule"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		post(path_of("tasks/", names[i]), "42");
		assert_json(
		    "{\"success\":true,\"errorMessage\":\"\",\"modifiedList\":[{\"id\":\"" GUID(
			"2a") "\"}]}");
		assert_int_equal(fake.id, SCHEDULE);
	}
	assert_int_equal(fake.calls, 3);
}

static void
suspending_may_say_why_and_until_when(void **state)
{
	(void)state;
	post("/API3/tasks/suspendSchedule", "{\"scheduleId\":\"42\",\"reason\":\"migration\"}");
	assert_int_equal(res.status, 200);
	assert_string_equal(fake.other, "migration");
	assert_int_equal(fake.to_us, 0);
	post("/API3/tasks/suspendSchedule", "\"42\"");
	assert_string_equal(fake.other, "(none)");
	post("/API3/tasks/suspendSchedule",
	    "{\"scheduleId\":\"42\",\"until\":\"2026-11-22T08:10:01+01:00\"}");
	assert_int_equal(res.status, 200);
	assert_int_equal(fake.to_us, TIME(1));
	assert_int_equal(fake.calls, 3);
	post("/API3/tasks/suspendSchedule", "{\"scheduleId\":\"42\",\"reason\":1}");
	assert_text(400, "Invalid value: reason");
	post("/API3/tasks/suspendSchedule", "{\"scheduleId\":\"42\",\"until\":\"soon\"}");
	assert_text(400, "Invalid value: until");
	post("/API3/tasks/suspendSchedule",
	    "{\"scheduleId\":\"42\",\"until\":\"2026-11-22T07:10:00Z\"}");
	assert_text(400, "Invalid value: until: is past");
	post("/API3/tasks/suspendSchedule",
	    "{\"scheduleId\":\"42\",\"until\":\"1970-01-01T00:00:00Z\"}");
	assert_text(400, "Invalid value: until: is past");
	assert_int_equal(fake.calls, 3);
}

static void
schedules_are_suspended_and_resumed_by_their_tags(void **state)
{
	(void)state;
	post("/API3/tasks/suspendSchedules",
	    "{\"tags\":[\"a\",\"b c\"],\"until\":\"2026-11-22T07:10:01Z\",\"reason\":\"why\"}");
	assert_json("{\"success\":true,\"errorMessage\":\"\",\"modifiedList\":[{\"id\":\"" GUID(
	    "2a") "\"},{\"id\":\"" GUID("2b") "\"}]}");
	assert_string_equal(fake.other, "a,b c");
	assert_string_equal(fake.name, "why");
	assert_int_equal(fake.to_us, TIME(1));
	post("/API3/tasks/resumeSchedules", "{\"tags\":[\"a\"]}");
	assert_json("{\"success\":true,\"errorMessage\":\"\",\"modifiedList\":[]}");
	assert_string_equal(fake.other, "a");
	assert_int_equal(fake.calls, 2);
	post("/API3/tasks/suspendSchedules", "{}");
	assert_text(400, "Missing value: tags");
	post("/API3/tasks/resumeSchedules", "{\"tags\":[]}");
	assert_text(400, "Invalid value: tags: must have an entry");
	post("/API3/tasks/suspendSchedules", "{\"tags\":[1]}");
	assert_text(400, "Invalid value: tags");
	post_as("viewer", "/API3/tasks/suspendSchedules", "{\"tags\":[\"a\"]}");
	assert_text(403, "Insufficient permissions");
	assert_int_equal(fake.calls, 2);
}

#define TASKS_OF_ONE "\"tasks\":[{\"name\":\"t\",\"command\":[\"/bin/true\"]}]"

static void
an_update_is_a_definition_with_id_and_version(void **state)
{
	static const struct {
		const char *body, *text;
	} bad[] = {
	    {"{}", "Missing value: scheduleId"},
	    {"{\"scheduleId\":\"42\",\"name\":\"n\"," TASKS_OF_ONE "}",
		"Missing value: version"},
	    {"{\"scheduleId\":\"42\",\"version\":0,\"name\":\"n\"," TASKS_OF_ONE "}",
		"Invalid value: version"},
	    {"{\"scheduleId\":\"42\",\"version\":\"x\",\"name\":\"n\"," TASKS_OF_ONE "}",
		"Invalid value: version"},
	    {"{\"scheduleId\":\"42\",\"version\":1," TASKS_OF_ONE "}", "Missing value: name"},
	    {"{\"scheduleId\":\"42\",\"version\":1,\"nme\":\"n\"}",
		"Invalid value: nme: there is no such member"},
	    {"{\"scheduleId\":\"none\",\"version\":1,\"name\":\"n\"," TASKS_OF_ONE "}",
		"Schedule not found"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		post("/API3/tasks/updateSchedule", bad[i].body);
		assert_text(400, bad[i].text);
	}
	assert_int_equal(fake.calls, 0);
	post("/API3/tasks/updateSchedule",
	    "{\"scheduleId\":\"42\",\"version\":3,\"name\":\"other\"," TASKS_OF_ONE "}");
	assert_json("{\"success\":true,\"errorMessage\":\"\",\"modifiedList\":[{\"id\":\"" GUID(
	    "2a") "\"}]}");
	assert_string_equal(fake.name, "other");
	assert_int_equal(fake.id, SCHEDULE);
	assert_int_equal(fake.before, 3);
	fake.ret = ERR_CONFLICT;
	fake.text = "Version is 4, not 3";
	post("/API3/tasks/updateSchedule",
	    "{\"scheduleId\":\"42\",\"version\":3,\"name\":\"other\"," TASKS_OF_ONE "}");
	assert_text(409, "Version is 4, not 3");
}

static void
what_get_schedule_answers_can_be_sent_back(void **state)
{
	const char *argv[] = {"/bin/true", NULL};
	struct task_def def = {
	    .name = "t", .argv = argv, .argc = 1, .kill_grace_us = 10 * SECOND_US};
	struct schedule_view *v = &fake.views[0];
	char body[2048];

	(void)state;
	v->definition.tasks = &def;
	v->definition.task_count = 1;
	v->definition.owner = "site";
	v->definition.keep_us = 7 * DAY_US;
	v->next_run_us = TIME(60);
	v->state.last_execution_id = EXECUTION;
	v->state.suspended = true;
	v->state.suspended_us = TIME(-60);
	v->state.suspended_until_us = TIME(30);
	post("/API3/tasks/getSchedule", "\"42\"");
	assert_int_equal(res.status, 200);
	assert_non_null(strstr(res.body.data, "\"owner\":\"site\""));
	assert_non_null(strstr(res.body.data, "\"until\":\"2026-11-22T07:10:30.000Z\""));
	snprintf(body, sizeof body, "%s", res.body.data);
	post("/API3/tasks/updateSchedule", body);
	assert_int_equal(res.status, 200);
	assert_int_equal(fake.before, 3);
}

static void
a_suspension_is_over_when_its_end_has_come(void **state)
{
	struct schedule_view *v = &fake.views[0];

	(void)state;
	v->state.suspended = true;
	v->state.suspended_until_us = TIME(1);
	post("/API3/tasks/findSchedule", "{}");
	assert_non_null(strstr(res.body.data, "\"status\":4"));
	v->state.suspended_until_us = TIME(0);
	post("/API3/tasks/findSchedule", "{}");
	assert_non_null(strstr(res.body.data, "\"status\":0"));
	v->finished = true;
	post("/API3/tasks/findSchedule", "{}");
	assert_non_null(strstr(res.body.data, "\"status\":2"));
}

static void
many_are_deleted_and_the_first_unknown_is_named(void **state)
{
	(void)state;
	post("/API3/tasks/deleteSchedules", "[\"42\",\"" GUID("2b") "\",\"42\"]");
	assert_non_null(strstr(res.body.data, "{\"success\":true,\"errorMessage\":\"\","));
	post("/API3/tasks/deleteSchedules", "[\"nobody\",\"42\",\"99\"]");
	assert_json("{\"success\":false,\"errorMessage\":\"Schedule not found: "
		    "nobody\",\"modifiedList\":[{\"id\":\"" GUID("2a") "\"}]}");
	post("/API3/tasks/deleteSchedules", "[\"42\",\"99\"]");
	assert_non_null(strstr(res.body.data, "\"Schedule not found: 99\""));
	post("/API3/tasks/deleteSchedules", "[]");
	assert_json("{\"success\":true,\"errorMessage\":\"\",\"modifiedList\":[]}");
	assert_int_equal(fake.calls, 4);
	post("/API3/tasks/deleteSchedules", "[42]");
	assert_text(400, "Invalid value: scheduleId");
	post("/API3/tasks/deleteSchedules", "[\"42\",null]");
	assert_text(400, "Invalid value: scheduleId");
	post("/API3/tasks/deleteSchedules", "[\"4\\u0001\"]");
	assert_text(400, "Invalid value: scheduleId");
	post("/API3/tasks/deleteSchedules", "{\"scheduleId\":\"42\"}");
	assert_text(400, "Request body must be a JSON array");
	post("/API3/tasks/deleteSchedules", "\"42\"");
	assert_text(400, "Request body must be a JSON array");
	post("/API3/tasks/deleteSchedules", "");
	assert_text(400, "Request body is empty");
	post("/API3/tasks/deleteSchedules", "[\"42\"");
	assert_text(400, "Request body is not valid JSON");
	assert_int_equal(fake.calls, 4);
}

static void
a_list_of_schedules_is_asked_for_in_api3s_words(void **state)
{
	static const struct {
		const char *body, *text;
	} bad[] = {
	    {"{\"status\":6}", "Invalid value: status"},
	    {"{\"status\":[]}", "Invalid value: status"},
	    {"{\"status\":[0,\"x\"]}", "Invalid value: status"},
	    {"{\"type\":19}", "Invalid value: type"},
	    {"{\"query\":1}", "Invalid value: query"},
	    {"{\"tags\":\"a\"}", "Invalid value: tags"},
	    {"{\"limit\":0}", "Invalid value: limit"},
	    {"{\"limit\":1001}", "Invalid value: limit"},
	    {"{\"cursor\":\"x\"}", "Invalid value: cursor"},
	    {"{\"sort\":\"size\"}",
		"Invalid value: sort: must be name, nextRun or createdDate, "
		"with - in front to turn it round"},
	};

	(void)state;
	post_as("viewer", "/API3/tasks/listSchedules",
	    "{\"query\":\"night\",\"tags\":[\"a\",\"b\"],\"status\":[0,\"4\"],\"type\":3,"
	    "\"sort\":\"-nextRun\",\"limit\":5}");
	assert_int_equal(res.status, 200);
	assert_string_equal(fake.name, "night");
	assert_string_equal(fake.other, "a,b");
	assert_int_equal(
	    fake.query.statuses & ~(unsigned)STATUS_OTHER, STATUS_IDLE | STATUS_SUSPENDED);
	assert_int_equal(fake.query.type, 3);
	assert_int_equal(fake.query.order, ORDER_NEXT_RUN);
	assert_true(fake.query.descending);
	assert_int_equal(fake.query.cap, 5);
	assert_non_null(
	    strstr(res.body.data, "{\"items\":[{\"scheduleId\":\"" GUID("2a") "\""));
	assert_non_null(strstr(res.body.data, "],\"total\":7}"));
	post("/API3/tasks/listSchedules", "{}");
	assert_int_equal(fake.query.statuses, 0);
	assert_int_equal(fake.query.type, -1);
	assert_int_equal(fake.query.order, ORDER_NAME);
	assert_int_equal(fake.query.cap, 100);
	post("/API3/tasks/listSchedules", "{\"status\":3}");
	assert_int_equal(fake.query.statuses, STATUS_OTHER);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		post("/API3/tasks/listSchedules", bad[i].body);
		assert_text(400, bad[i].text);
	}
	assert_int_equal(fake.calls, 3);
}

/* The answer's cursor, in a body with other members; valid until the next. */
static const char *
with_cursor(const char *members)
{
	static char body[4096];
	const char *at = strstr(res.body.data, "\"cursor\":\"");

	assert_non_null(at);
	at += strlen("\"cursor\":\"");
	snprintf(
	    body, sizeof body, "{%s\"cursor\":\"%.*s\"}", members, (int)strcspn(at, "\""), at);
	return body;
}

static void
a_list_of_schedules_goes_on_where_it_ended(void **state)
{
	(void)state;
	fake.next = (struct schedule_place){.name = "N\xc3\xa4me", .id = 5};
	post("/API3/tasks/listSchedules", "{}");
	post("/API3/tasks/listSchedules", with_cursor(""));
	assert_string_equal(fake.after, "N\xc3\xa4me");
	assert_int_equal(res.status, 200);
	post("/API3/tasks/listSchedules", with_cursor("\"type\":1,"));
	assert_text(400, "Invalid value: cursor");

	fake.next = (struct schedule_place){.key = -9, .id = 5};
	post("/API3/tasks/listSchedules", "{\"sort\":\"createdDate\"}");
	post("/API3/tasks/listSchedules", with_cursor("\"sort\":\"createdDate\","));
	assert_int_equal(fake.query.after.key, -9);
	assert_int_equal(fake.query.after.id, 5);
	post("/API3/tasks/listSchedules", with_cursor("\"sort\":\"-createdDate\","));
	assert_text(400, "Invalid value: cursor");
}

static void
a_set_is_applied_and_told_by_what_became_of_each(void **state)
{
	static const struct {
		const char *body, *text;
	} bad[] = {
	    {"{}", "Missing value: owner"},
	    {"{\"owner\":1,\"schedules\":[]}", "Invalid value: owner"},
	    {"{\"owner\":\"o\"}", "Missing value: schedules"},
	    {"{\"owner\":\"o\",\"schedules\":{}}",
		"Invalid value: schedules: must be an array"},
	    {"{\"owner\":\"o\",\"schedules\":[],\"prune\":1}", "Invalid value: prune"},
	    {"{\"owner\":\"o\",\"schedules\":[],\"dryRun\":\"maybe\"}",
		"Invalid value: dryRun"},
	    {"{\"owner\":\"o\",\"schedules\":[{\"name\":\"a\"," TASKS_OF_ONE
	     "},{\"name\":\"b\"}]}",
		"Missing value: schedules[1].tasks"},
	    {"{\"owner\":\"o\",\"schedules\":[{\"name\":\"a\",\"type\":1," TASKS_OF_ONE "}]}",
		"Invalid value: schedules[0].type: there is no such member"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		post("/API3/tasks/applySchedules", bad[i].body);
		assert_text(400, bad[i].text);
	}
	assert_int_equal(fake.calls, 0);
	post("/API3/tasks/applySchedules",
	    "{\"owner\":\"site\",\"schedules\":[{\"name\":\"new\"," TASKS_OF_ONE
	    "}],\"prune\":true,\"dryRun\":false}");
	assert_json("{\"created\":[{\"name\":\"new\"}],\"changed\":[{\"scheduleId\":\"" GUID(
	    "2a") "\",\"name\":\"other\",\"members\":[\"tags\",\"tasks\"]}],\"unchanged\":[{"
		  "\"scheduleId\":\"" GUID("2a") "\",\"name\":\"same\"}],\"deleted\":[{"
						 "\"scheduleId\":\"" GUID(
						     "2a") "\",\"name\":\"old\"}]}");
	assert_string_equal(fake.name, "site");
	assert_int_equal(fake.match, 1);
	assert_true(fake.flag);
	assert_false(fake.dry);
	post_as("viewer", "/API3/tasks/applySchedules", "{\"owner\":\"o\",\"schedules\":[]}");
	assert_text(403, "Insufficient permissions");
}

static void
a_preview_is_of_a_schedule_or_of_a_definition(void **state)
{
	static const struct {
		const char *body, *text;
	} bad[] = {
	    {"{}", "Missing value: scheduleId"},
	    {"{\"scheduleId\":\"42\",\"definition\":{}}",
		"Invalid value: definition: there is a scheduleId too"},
	    {"{\"definition\":{\"name\":\"n\"}}", "Missing value: tasks"},
	    {"{\"definition\":7}", "Invalid value: definition: must be an object"},
	    {"{\"scheduleId\":\"42\",\"count\":0}", "Invalid value: count"},
	    {"{\"scheduleId\":\"42\",\"count\":1001}", "Invalid value: count"},
	    {"{\"scheduleId\":\"42\",\"from\":\"now\"}", "Invalid value: from"},
	    {"{\"scheduleId\":\"none\"}", "Schedule not found"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		post("/API3/tasks/previewSchedule", bad[i].body);
		assert_text(400, bad[i].text);
	}
	assert_int_equal(fake.calls, 0);
	post_as("viewer", "/API3/tasks/previewSchedule", "{\"scheduleId\":\"42\"}");
	assert_json("[{\"due\":\"2026-11-22T07:10:00.000Z\",\"local\":\"2026-11-22T08:10:00."
		    "000+01:00\","
		    "\"timeZone\":\"Europe/Amsterdam\"},{\"due\":\"2026-11-22T07:11:00.000Z\","
		    "\"local\":\"2026-11-22T07:11:00.000+00:00\",\"timeZone\":\"UTC\","
		    "\"note\":\"2 triggers are due at once: one run\"}]");
	assert_int_equal(fake.from_us, TIME(0));
	assert_int_equal(fake.match, 10);
	post("/API3/tasks/previewSchedule",
	    "{\"definition\":{\"name\":\"n\"," TASKS_OF_ONE
	    "},\"from\":\"2026-11-22T07:10:05Z\",\"count\":1000}");
	assert_int_equal(res.status, 200);
	assert_string_equal(fake.name, "n");
	assert_int_equal(fake.from_us, TIME(5));
	assert_int_equal(fake.match, 1000);
}

static void
an_explanation_has_only_what_is_known(void **state)
{
	(void)state;
	fake.explanation = (struct explanation){.due_us = INSTANT_NEVER,
	    .verdict = "not_due",
	    .reason = "Nothing is due.",
	    .late_us = -1};
	post_as("viewer", "/API3/tasks/explainSchedule",
	    "{\"scheduleId\":\"42\",\"at\":\"2026-11-22T07:10:09Z\"}");
	assert_json("{\"scheduleId\":\"" GUID(
	    "2a") "\",\"at\":\"2026-11-22T07:10:09.000Z\","
		  "\"verdict\":\"not_due\",\"reason\":\"Nothing is due.\"}");
	fake.explanation = (struct explanation){.due_us = TIME(0),
	    .verdict = "ran",
	    .reason = "It ran.",
	    .execution_id = EXECUTION,
	    .trigger = "cron 0 8 * * *",
	    .time_zone = "Europe/Amsterdam",
	    .offset_s = 3600,
	    .late_us = 12345,
	    .suspended = true,
	    .suspended_by = USER,
	    .suspended_us = TIME(1)};
	post("/API3/tasks/explainSchedule",
	    "{\"scheduleId\":\"42\",\"at\":\"2026-11-22T07:10:09Z\"}");
	assert_json("{\"scheduleId\":\"" GUID(
	    "2a") "\",\"at\":\"2026-11-22T07:10:09.000Z\","
		  "\"due\":\"2026-11-22T07:10:00.000Z\",\"verdict\":\"ran\",\"reason\":\"It "
		  "ran.\","
		  "\"executionId\":\"" GUID(
		      "2b") "\",\"trigger\":\"cron 0 8 * * *\","
			    "\"local\":\"2026-11-22T08:10:00.000+01:00\",\"timeZone\":\"Europe/"
			    "Amsterdam\","
			    "\"latenessMs\":12,\"suspended\":{\"by\":\"" GUID(
				"07") "\","
				      "\"since\":\"2026-11-22T07:10:01.000Z\"}}");
	post("/API3/tasks/explainSchedule", "{\"scheduleId\":\"42\"}");
	assert_text(400, "Missing value: at");
	post("/API3/tasks/explainSchedule", "{\"at\":\"2026-11-22T07:10:09Z\"}");
	assert_text(400, "Missing value: scheduleId");
	post("/API3/tasks/explainSchedule", "{\"scheduleId\":\"42\",\"at\":\"now\"}");
	assert_text(400, "Invalid value: at");
}

static void
every_error_of_a_use_case_has_its_answer(void **state)
{
	static const struct {
		int code;
		const char *path;
		int status;
		const char *text, *headers;
	} cases[] = {
	    {ERR_INPUT, "deleteSchedule", 400, "the text", NO_STORE},
	    {ERR_MISSING, "deleteSchedule", 400, "Schedule not found", NO_STORE},
	    {ERR_MISSING, "getTasks", 400, "Execution not found", NO_STORE},
	    {ERR_MISSING, "getTaskData", 400, "Task not found", NO_STORE},
	    {ERR_IDENTITY, "getTaskData", 401, "Invalid or missing token",
		NO_STORE "WWW-Authenticate: paToken realm=\"API3\"\r\n"},
	    {ERR_DENIED, "getTaskData", 403, "Insufficient permissions", NO_STORE},
	    {ERR_CONFLICT, "deleteSchedule", 409, "the text", NO_STORE},
	    {ERR_BUSY, "deleteSchedule", 503, "Service unavailable",
		NO_STORE "Retry-After: 1\r\n"},
	    {ERR_IO, "deleteSchedule", 500, "Internal server error", NO_STORE},
	    {ERR_RECOVER, "deleteSchedule", 503, "Service unavailable", NO_STORE},
	    {-77, "deleteSchedule", 500, "Internal server error", NO_STORE},
	};

	(void)state;
	fake.text = "the text";
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fake.ret = cases[i].code;
		post(path_of("tasks/", cases[i].path), "42");
		assert_text(cases[i].status, cases[i].text);
		assert_headers(cases[i].headers);
		assert_int_equal(res.recover, cases[i].code == ERR_RECOVER);
	}
}

static void
an_answer_that_is_not_utf8_is_a_500_and_nothing_of_it_leaves(void **state)
{
	(void)state;
	fake.views[0].definition.description = "\xff";
	post(FIND, "{}");
	assert_text(500, "Internal server error");
}

/* ---- executions and tasks ---- */

static void
an_execution_folds_its_tasks(void **state)
{
	static const struct {
		enum task_status of[3];
		size_t count;
		int status;
	} cases[] = {
	    {{TASK_WAITING}, 1, 0},
	    {{TASK_PENDING}, 1, 0},
	    {{TASK_STARTING}, 1, 0},
	    {{TASK_RETRYING}, 1, 0},
	    {{TASK_RETRYING, TASK_SUCCEEDED}, 2, 4},
	    {{TASK_RUNNING}, 1, 4},
	    {{TASK_SUCCEEDED}, 1, 1},
	    {{TASK_FAILED}, 1, 3},
	    {{TASK_TIMED_OUT}, 1, 3},
	    {{TASK_LOST}, 1, 3},
	    {{TASK_CANCELLED}, 1, 8},
	    {{TASK_CONDITION}, 1, 13},
	    {{TASK_CANCELLING}, 1, 4},
	    {{TASK_CANCELLING, TASK_CANCELLED}, 2, 4},
	    {{TASK_PENDING, TASK_WAITING}, 2, 0},
	    {{TASK_SUCCEEDED, TASK_WAITING}, 2, 4},
	    {{TASK_FAILED, TASK_RUNNING, TASK_WAITING}, 3, 4},
	    {{TASK_SUCCEEDED, TASK_SUCCEEDED}, 2, 1},
	    {{TASK_FAILED, TASK_TIMED_OUT}, 2, 3},
	    {{TASK_CANCELLED, TASK_CANCELLED}, 2, 8},
	    {{TASK_CONDITION, TASK_CONDITION}, 2, 13},
	    {{TASK_FAILED, TASK_SUCCEEDED}, 2, 5},
	    /* One that was skipped says nothing: what it was skipped for does. */
	    {{TASK_SUCCEEDED, TASK_SKIPPED}, 2, 1},
	    {{TASK_SKIPPED, TASK_CANCELLED}, 2, 8},
	    {{TASK_FAILED, TASK_SKIPPED, TASK_SUCCEEDED}, 3, 5},
	    {{TASK_SKIPPED, TASK_PENDING}, 2, 4},
	    {{TASK_SKIPPED, TASK_SKIPPED}, 2, 3},
	    {{TASK_FAILED, TASK_SKIPPED}, 2, 3},
	    {{TASK_FAILED, TASK_CANCELLED}, 2, 3},
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fake.task_count = cases[i].count;
		for (size_t j = 0; j < 3; j++)
			fake.tasks[j].status = cases[i].of[j];
		post("/API3/tasks/getScheduleExecutionStatus", "43");
		snprintf(text, sizeof text, "{\"status\":%d}", cases[i].status);
		assert_json(text);
	}
}

static void
tasks_are_listed_by_id_in_their_order(void **state)
{
	(void)state;
	fake.task_count = 2;
	fake.tasks[1] = fake.tasks[0];
	fake.tasks[1].id = TASK + 1;
	post("/API3/tasks/getTasksIds", "\"43\"");
	assert_json("[{\"id\":\"" GUID("2c") "\"},{\"id\":\"" GUID("2d") "\"}]");
}

#define TASK_HEAD "{\"id\":\"" GUID("2c") "\",\"description\":\"Nightly\",\"status\":"
#define TASK_MID  ",\"resultType\":0,\"executorId\":\"" GUID("07") "\""

static void
a_task_shows_what_it_has_and_nothing_else(void **state)
{
	struct attempt tries[2] = {
	    {.number = 1, .start_us = TIME(1), .end_us = TIME(2), .exit_code = 9},
	    {.number = 2, .start_us = TIME(3), .end_us = INSTANT_NEVER, .exit_code = -1},
	};

	(void)state;
	post("/API3/tasks/getTaskData", "44");
	assert_json(TASK_HEAD "0" TASK_MID "}");
	assert_int_equal(fake.id, TASK);

	fake.tasks[0].attempts = tries;
	fake.tasks[0].attempt_count = 2;
	fake.tasks[0].status = TASK_RUNNING;
	fake.executions[0].actor_id = 0;
	post("/API3/tasks/getTaskData", "44");
	assert_json(TASK_HEAD "4,\"resultType\":0,\"startDate\":\"2026-11-22T07:10:01.000Z\"}");

	fake.executions[0].actor_id = USER;
	fake.tasks[0].status = TASK_SUCCEEDED;
	tries[1].end_us = TIME(4);
	tries[1].exit_code = 0;
	post("/API3/tasks/getTaskData", "44");
	assert_json(TASK_HEAD "1" TASK_MID ",\"summary\":\"Succeeded\","
			      "\"startDate\":\"2026-11-22T07:10:01.000Z\",\"endDate\":\"2026-"
			      "11-22T07:10:04.000Z\"}");
}

static void
a_task_that_failed_says_why(void **state)
{
	struct attempt try = {
	    .number = 1, .start_us = TIME(1), .end_us = TIME(2), .exit_code = 3};
	static const char fine[] = TASK_HEAD
	    "3" TASK_MID
	    ",\"summary\":\"Exit code 3\",\"taskSummary\":{\"message\":\"Exit code 3\","
	    "\"params\":[],\"error\":{\"exceptionCategory\":0,\"msg\":\"Exit code "
	    "3\",\"code\":3,"
	    "\"params\":[],\"customData\":{},\"stackTrace\":\"\",\"showErrorPopUpDialog\":"
	    "false}},"
	    "\"startDate\":\"2026-11-22T07:10:01.000Z\",\"endDate\":\"2026-11-22T07:10:02."
	    "000Z\"}";

	(void)state;
	fake.tasks[0].status = TASK_FAILED;
	fake.tasks[0].attempts = &try;
	fake.tasks[0].attempt_count = 1;
	post("/API3/tasks/getTaskData", "44");
	assert_json(fine);
	post("/API3/tasks/getTasks", "43");
	assert_json(arena_printf(&arena, "[%s]", fine));

	try.exit_code = -1;
	try.signal = 9;
	post("/API3/tasks/getTaskData", "44");
	assert_non_null(strstr(res.body.data, "\"summary\":\"Ended by signal 9\""));
	assert_non_null(strstr(res.body.data, "\"code\":0"));
	try.reason = "killed: too much output";
	post("/API3/tasks/getTaskData", "44");
	assert_non_null(strstr(res.body.data, "\"summary\":\"killed: too much output\""));
}

static void
a_task_that_never_ran_ended_with_its_execution(void **state)
{
	(void)state;
	fake.tasks[0].status = TASK_CONDITION;
	fake.executions[0].end_us = TIME(5);
	post("/API3/tasks/getTaskData", "44");
	assert_json(TASK_HEAD "13" TASK_MID ",\"summary\":\"Not run: the trigger said no\","
			      "\"endDate\":\"2026-11-22T07:10:05.000Z\"}");
}

static void
an_execution_counts_each_task_once(void **state)
{
	(void)state;
	fake.task_count = 3;
	fake.tasks[2] = fake.tasks[1] = fake.tasks[0];
	fake.tasks[0].status = TASK_LOST;
	fake.tasks[1].status = TASK_SKIPPED;
	fake.tasks[2].status = TASK_SUCCEEDED;
	post("/API3/tasks/getExecutions", "42");
	assert_int_equal(fake.before, 0);
	assert_non_null(strstr(res.body.data,
	    "[{\"id\":\"" GUID(
		"2b") "\",\"startDate\":\"2026-11-22T07:10:01.000Z\",\"outputType\":6,"
		      "\"successPct\":33.33,\"successCount\":1,"
		      "\"partialSuccessPct\":0,\"partialSuccessCount\":0,"
		      "\"failedPct\":33.33,\"failedCount\":1,"
		      "\"canceledPct\":33.33,\"canceledCount\":1,"
		      "\"runningPct\":0,\"runningCount\":0,\"pendingPct\":0,\"pendingCount\":0,"
		      "\"triggerStoppedPct\":0,\"triggerStoppedCount\":0,\"items\":[" TASK_HEAD
		      "3"));
	assert_non_null(
	    strstr(res.body.data, "],\"error\":\"Lost: how it ended is not known\"}]"));

	fake.execution_count = 0;
	post("/API3/tasks/getExecutions", "42");
	assert_json("[]");
}

/* ---- native ---- */

static void
a_definition_becomes_a_schedule(void **state)
{
	(void)state;
	post("/API3/tasks/createSchedule",
	    "{\"name\":\"Nightly\",\"triggers\":[{\"cron\":\"30 2 * * *\"}],"
	    "\"tasks\":[{\"name\":\"t\",\"command\":[\"/bin/true\"]}]}");
	assert_json("\"" GUID("2a") "\"");
	assert_string_equal(fake.name, "Nightly");
	assert_string_equal(fake.other, "UTC");
	assert_int_equal(fake.actor_user, USER);

	fake.calls = 0;
	post("/API3/tasks/createSchedule",
	    "{\"tasks\":[{\"name\":\"t\",\"command\":[\"/bin/true\"]}]}");
	assert_text(400, "Missing value: name");
	assert_int_equal(fake.calls, 0);
}

static void
a_schedule_shows_its_definition_and_its_state(void **state)
{
	const char *argv[] = {"/bin/true", NULL};
	struct task_def def = {.name = "t", .argv = argv, .argc = 1};
	static const char head[] =
	    "{\"scheduleId\":\"" GUID("2a") "\",\"version\":3,\"status\":0,"
					    "\"createdDate\":\"2026-11-22T07:10:00.000Z\","
					    "\"nextRun\":\"2026-11-22T07:11:00.000Z\","
					    "\"lastExecution\":\"" GUID("2b") "\",";

	(void)state;
	fake.views[0].definition.tasks = &def;
	fake.views[0].definition.task_count = 1;
	fake.views[0].next_run_us = TIME(60);
	fake.views[0].state.last_execution_id = EXECUTION;
	post_as("viewer", "/API3/tasks/getSchedule", "\"42\"");
	assert_int_equal(res.status, 200);
	assert_memory_equal(res.body.data, head, sizeof head - 1);
	assert_non_null(strstr(res.body.data, "\"name\":\"Nightly\""));

	fake.views[0].state.suspended = true;
	fake.views[0].state.suspended_by = USER;
	fake.views[0].state.suspended_us = TIME(3);
	fake.views[0].state.suspended_reason = "migration";
	fake.views[0].next_run_us = INSTANT_NEVER;
	post("/API3/tasks/getSchedule", "\"42\"");
	assert_non_null(strstr(res.body.data,
	    "\"suspended\":{\"by\":\"" GUID(
		"07") "\","
		      "\"reason\":\"migration\",\"since\":\"2026-11-22T07:10:03.000Z\"}"));
	assert_non_null(strstr(res.body.data, "\"status\":4"));
	assert_null(strstr(res.body.data, "nextRun"));
}

#define RUN_JSON(id)                                                                    \
	"{\"executionId\":\"" GUID(id) "\",\"scheduleId\":\"" GUID(                     \
	    "2a") "\",\"status\":4,"                                                    \
		  "\"origin\":\"call\",\"triggeredDate\":\"2026-11-22T07:10:00.000Z\"," \
		  "\"startDate\":\"2026-11-22T07:10:01.000Z\",\"actor\":\"" GUID("07") "\","

static void
an_execution_shows_its_tasks_and_their_attempts(void **state)
{
	struct attempt tries[2] = {
	    {.number = 1,
		.pid = 77,
		.start_us = TIME(1),
		.end_us = TIME(2),
		.exit_code = 3,
		.reason = "exit code 3"},
	    {.number = 2,
		.pid = 78,
		.start_us = TIME(3),
		.end_us = INSTANT_NEVER,
		.exit_code = -1},
	};

	(void)state;
	fake.tasks[0].status = TASK_RUNNING;
	fake.tasks[0].attempts = tries;
	fake.tasks[0].attempt_count = 2;
	fake.executions[0].args = "a b";
	post("/API3/tasks/getExecution", "\"43\"");
	assert_json(RUN_JSON("2b") "\"args\":\"a b\",\"tasks\":[{\"taskId\":\"" GUID(
	    "2c") "\","
		  "\"name\":\"extract\",\"status\":4,\"attempts\":["
		  "{\"attempt\":1,\"pid\":77,\"startDate\":\"2026-11-22T07:10:01.000Z\","
		  "\"endDate\":\"2026-11-22T07:10:02.000Z\",\"exitCode\":3,\"reason\":\"exit "
		  "code 3\"},"
		  "{\"attempt\":2,\"pid\":78,\"startDate\":\"2026-11-22T07:10:03.000Z\"}]}]}");
}

/* The cursor in the last answer, copied. */
static char *
cursor_of(char *to, size_t size)
{
	const char *at = strstr(res.body.data, "\"cursor\":\"");

	assert_non_null(at);
	at += strlen("\"cursor\":\"");
	snprintf(to, size, "%.*s", (int)strcspn(at, "\""), at);
	return to;
}

static void
executions_come_in_pages_until_there_are_no_more(void **state)
{
	char body[320], cursor[128];

	(void)state;
	fake.task_count = 0;
	fake.execution_count = 3;
	for (size_t i = 1; i < 3; i++)
		fake.executions[i] = fake.executions[0];
	fake.executions[0].id = EXECUTION + 2;
	fake.executions[1].id = EXECUTION + 1;
	post("/API3/tasks/listExecutions", "{\"scheduleId\":\"42\",\"limit\":2}");
	assert_int_equal(res.status, 200);
	assert_non_null(strstr(res.body.data, "{\"items\":[{\"executionId\":\"" GUID("2d")));
	assert_non_null(strstr(res.body.data, "{\"executionId\":\"" GUID("2c")));
	assert_null(strstr(res.body.data, "{\"executionId\":\"" GUID("2b")));

	snprintf(body, sizeof body, "{\"scheduleId\":\"42\",\"limit\":2,\"cursor\":\"%s\"}",
	    cursor_of(cursor, sizeof cursor));
	post("/API3/tasks/listExecutions", body);
	assert_int_equal(res.status, 200);
	assert_int_equal(fake.before, EXECUTION + 1);
	assert_non_null(strstr(res.body.data, "{\"items\":[{\"executionId\":\"" GUID("2b")));
	assert_null(strstr(res.body.data, "cursor"));
}

static void
executions_are_asked_for_by_schedule_status_and_time(void **state)
{
	(void)state;
	fake.tasks[0].status = TASK_SUCCEEDED;
	post_as("viewer", "/API3/tasks/listExecutions", "{}");
	assert_int_equal(res.status, 200);
	assert_int_equal(fake.type, 0);
	assert_int_equal(fake.from_us, INT64_MIN);
	assert_int_equal(fake.to_us, INSTANT_NEVER);
	assert_non_null(strstr(res.body.data, "\"status\":1"));

	post("/API3/tasks/listExecutions",
	    "{\"scheduleId\":\"42\",\"status\":[3,1],\"from\":\"2026-11-22T07:00:00Z\","
	    "\"to\":\"2026-11-22T08:00:00Z\"}");
	assert_int_equal(fake.type, SCHEDULE);
	assert_int_equal(fake.from_us, TIME(-600));
	assert_int_equal(fake.to_us, TIME(3000));
	assert_non_null(strstr(res.body.data, "{\"items\":[{\"executionId\":\"" GUID("2b")));
	post("/API3/tasks/listExecutions", "{\"status\":3}");
	assert_json("{\"items\":[]}");
}

/* A history in which nothing fits is not walked to its end in one call. */
static void
a_page_of_executions_looks_at_so_many_and_goes_on_with_the_next(void **state)
{
	char body[256], cursor[128];
	unsigned calls;

	(void)state;
	fake.tasks[0].status = TASK_SUCCEEDED;
	fake.next_execution = (struct execution_place){TIME(7), 5};
	post("/API3/tasks/listExecutions", "{\"status\":[3]}");
	assert_int_equal(res.status, 200);
	assert_non_null(strstr(res.body.data, "{\"items\":[],\"cursor\":\""));
	calls = fake.calls;
	assert_in_range(calls, 2, 50);
	snprintf(body, sizeof body, "{\"status\":[3],\"cursor\":\"%s\"}",
	    cursor_of(cursor, sizeof cursor));
	fake.next_execution = (struct execution_place){0, 0};
	post("/API3/tasks/listExecutions", body);
	assert_json("{\"items\":[]}");
	assert_int_equal(fake.before, 5);
	assert_int_equal(fake.to_us, TIME(7));
	snprintf(body, sizeof body, "{\"status\":[1],\"cursor\":\"%s\"}", cursor);
	post("/API3/tasks/listExecutions", body);
	assert_text(400, "Invalid value: cursor");
}

static void
a_list_of_executions_names_the_member_that_is_wrong(void **state)
{
	static const struct {
		const char *body, *text;
	} cases[] = {
	    {"{\"scheduleId\":5}", "Invalid value: scheduleId"},
	    {"{\"scheduleId\":\"none\"}", "Schedule not found"},
	    {"{\"scheduleId\":\"none\",\"status\":16}", "Invalid value: status"},
	    {"{\"status\":[]}", "Invalid value: status"},
	    {"{\"status\":[1,\"x\"]}", "Invalid value: status"},
	    {"{\"from\":\"yesterday\"}", "Invalid value: from"},
	    {"{\"to\":5}", "Invalid value: to"},
	    {"{\"limit\":0}", "Invalid value: limit"},
	    {"{\"cursor\":\"\"}", "Invalid value: cursor"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		post("/API3/tasks/listExecutions", cases[i].body);
		assert_text(400, cases[i].text);
	}
	assert_int_equal(fake.calls, 0);
}

static void
cancel_and_rerun_name_what_they_changed(void **state)
{
	(void)state;
	post_as("viewer", "/API3/tasks/cancelExecution", "\"43\"");
	assert_json("{\"success\":true,\"errorMessage\":\"\",\"modifiedList\":[{\"id\":\"" GUID(
	    "2b") "\"}]}");
	assert_string_equal(fake.name, "cancel");
	assert_int_equal(fake.id, EXECUTION);
	post("/API3/tasks/cancelExecution", "\"none\"");
	assert_text(400, "Execution not found");

	post_as("viewer", "/API3/tasks/reRunTask", "{\"taskId\":\"44\"}");
	assert_json("{\"success\":true,\"errorMessage\":\"\",\"modifiedList\":[{\"id\":\"" GUID(
	    "2c") "\"}]}");
	assert_string_equal(fake.name, "rerun");
	assert_int_equal(fake.id, TASK);
	fake.ret = ERR_INPUT;
	fake.text = "Task is still running";
	post("/API3/tasks/reRunTask", "44");
	assert_text(400, "Task is still running");
}

static void
a_task_without_outputs_has_an_empty_list_for_whoever_asks(void **state)
{
	(void)state;
	post_as("viewer", "/API3/tasks/getTaskOutputs", "\"44\"");
	assert_json("[]");
	assert_int_equal(fake.id, TASK);
	post_as("viewer", "/API3/tasks/getTaskOutputsForUser", "{\"taskId\":\"44\"}");
	assert_json("[]");
	post_as("viewer", "/API3/tasks/getTaskOutputsForUser",
	    "{\"taskId\":\"44\",\"userId\":\"ann\"}");
	assert_json("[]");
	assert_string_equal(fake.other, "ann");
	post("/API3/tasks/getTaskOutputsForUser", "{\"taskId\":\"44\",\"userId\":\"nobody\"}");
	assert_text(400, "User not found");
	post("/API3/tasks/getTaskOutputsForUser", "{\"taskId\":\"44\",\"userId\":5}");
	assert_text(400, "Invalid value: userId");
	post("/API3/tasks/getTaskOutputsForUser", "{\"userId\":\"ann\"}");
	assert_text(400, "Missing value: taskId");
	post("/API3/tasks/getTaskOutputsForUser", "{\"taskId\":\"none\"}");
	assert_text(400, "Task not found");
	fake.ret = ERR_MISSING;
	post("/API3/tasks/getTaskOutputs", "\"44\"");
	assert_text(400, "Task not found");
}

static void
the_ledger_comes_in_pages_and_ranges_are_one_entry(void **state)
{
	char body[320], cursor[128];

	(void)state;
	fake.occurrences[0] =
	    (struct occurrence){SCHEDULE, TIME(0), TIME(0), 1, VERDICT_RAN, EXECUTION};
	fake.occurrences[1] = (struct occurrence){
	    SCHEDULE, TIME(60), TIME(180), 3, VERDICT_MISSED_DOWN, 0, "the scheduler was down"};
	fake.occurrences[2] =
	    (struct occurrence){SCHEDULE, TIME(240), TIME(240), 1, VERDICT_RAN, EXECUTION};
	fake.occurrence_count = 3;
	post("/API3/tasks/listOccurrences",
	    "{\"scheduleId\":\"42\",\"limit\":2,"
	    "\"from\":\"2026-11-22T07:00:00Z\",\"to\":\"2026-11-22T08:00:00Z\"}");
	cursor_of(cursor, sizeof cursor);
	assert_json(arena_printf(&arena,
	    "{\"items\":[{\"due\":\"2026-11-22T07:10:00.000Z\",\"verdict\":\"ran\","
	    "\"executionId\":\"" GUID("2b") "\"},"
					    "{\"due\":\"2026-11-22T07:11:00.000Z\",\"to\":"
					    "\"2026-11-22T07:13:00.000Z\",\"count\":3,"
					    "\"verdict\":\"missed_down\",\"reason\":\"the "
					    "scheduler was down\"}],\"cursor\":\"%s\"}",
	    cursor));
	assert_int_equal(fake.from_us, TIME(-600));
	assert_int_equal(fake.to_us, TIME(3000));

	snprintf(body, sizeof body,
	    "{\"scheduleId\":\"42\",\"limit\":2,\"from\":\"2026-11-22T07:00:00Z\","
	    "\"to\":\"2026-11-22T08:00:00Z\",\"cursor\":\"%s\"}",
	    cursor);
	post("/API3/tasks/listOccurrences", body);
	assert_json("{\"items\":[{\"due\":\"2026-11-22T07:14:00.000Z\",\"verdict\":\"ran\","
		    "\"executionId\":\"" GUID("2b") "\"}]}");
	assert_int_equal(fake.from_us, TIME(240));
	assert_int_equal(fake.to_us, TIME(3000));

	/* It belongs to its query: not to another schedule, range or method. */
	snprintf(body, sizeof body, "{\"scheduleId\":\"43\",\"cursor\":\"%s\"}", cursor);
	post("/API3/tasks/listOccurrences", body);
	assert_text(400, "Invalid value: cursor");
	snprintf(body, sizeof body,
	    "{\"scheduleId\":\"42\",\"to\":\"2026-11-22T07:11:00Z\",\"cursor\":\"%s\"}",
	    cursor);
	post("/API3/tasks/listOccurrences", body);
	assert_text(400, "Invalid value: cursor");
	snprintf(body, sizeof body, "{\"scheduleId\":\"42\",\"cursor\":\"%s\"}", cursor);
	post("/API3/tasks/listExecutions", body);
	assert_text(400, "Invalid value: cursor");
}

static void
lists_name_the_member_that_is_wrong(void **state)
{
	static const struct {
		const char *body, *text;
	} cases[] = {
	    {"{}", "Missing value: scheduleId"},
	    {"{\"scheduleId\":\"42\",\"limit\":0}", "Invalid value: limit"},
	    {"{\"scheduleId\":\"42\",\"limit\":1001}", "Invalid value: limit"},
	    {"{\"scheduleId\":\"42\",\"limit\":\"5\"}", "Invalid value: limit"},
	    {"{\"scheduleId\":\"42\",\"cursor\":\"\"}", "Invalid value: cursor"},
	    {"{\"scheduleId\":\"42\",\"cursor\":\"o2a-\"}", "Invalid value: cursor"},
	    {"{\"scheduleId\":\"42\",\"cursor\":\"o2a-zz\"}", "Invalid value: cursor"},
	    {"{\"scheduleId\":\"42\",\"cursor\":\"o2a-00000000000000001\"}",
		"Invalid value: cursor"},
	    {"{\"scheduleId\":\"42\",\"from\":\"yesterday\"}", "Invalid value: from"},
	    {"{\"scheduleId\":\"42\",\"to\":5}", "Invalid value: to"},
	    {"{\"scheduleId\":\"none\"}", "Schedule not found"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		post("/API3/tasks/listOccurrences", cases[i].body);
		assert_text(400, cases[i].text);
	}
	assert_int_equal(fake.calls, 0);
}

#define MODIFIED(id) \
	"{\"success\":true,\"errorMessage\":\"\",\"modifiedList\":[{\"id\":\"" id "\"}]}"

static void
users_are_made_and_changed(void **state)
{
	(void)state;
	post("/API3/access/createUser",
	    "{\"userName\":\"bob\",\"password\":\"pw\",\"role\":\"pro\","
	    "\"email\":\"b@x.test\",\"enabled\":false}");
	assert_json("\"" GUID("07") "\"");
	assert_string_equal(fake.name, "bob");
	assert_string_equal(fake.other, "pw");
	assert_string_equal(fake.email, "b@x.test");
	assert_int_equal(fake.role, ROLE_PRO);
	assert_true(fake.flag);
	assert_int_equal(fake.before, 0);
	assert_int_equal(fake.job_rights, -1);
	post("/API3/access/createUser",
	    "{\"userName\":\"bob\",\"role\":\"pro\",\"jobRights\":[\"update\",\"read\"]}");
	assert_int_equal(fake.job_rights, JOB_READ | JOB_UPDATE);
	post("/API3/access/createUser", "{\"userName\":\"bob\",\"role\":\"domainAdmin\"}");
	assert_string_equal(fake.other, "(none)");
	assert_false(fake.flag);
	post("/API3/access/createUser", "{\"userName\":\"bob\",\"role\":\"king\"}");
	assert_text(400, "Invalid value: role");
	post("/API3/access/createUser", "{\"userName\":\"bob\"}");
	assert_text(400, "Missing value: role");

	post("/API3/access/updateUser",
	    "{\"userId\":\"7\",\"role\":\"viewer\",\"enabled\":true}");
	assert_json(MODIFIED(GUID("07")));
	assert_int_equal(fake.role, ROLE_VIEWER);
	assert_true(fake.flag);
	assert_string_equal(fake.email, "(none)");
	assert_int_equal(fake.job_rights, -1);
	post("/API3/access/updateUser", "{\"userId\":\"7\",\"jobRights\":[]}");
	assert_int_equal(fake.job_rights, 0);
	post("/API3/access/updateUser", "{\"userId\":\"nobody\",\"jobRights\":[\"run\"]}");
	assert_text(400, "Invalid value: jobRights");
	post("/API3/access/updateUser", "{\"userId\":\"7\",\"email\":\"\"}");
	assert_string_equal(fake.email, "");
	assert_int_equal(fake.role, 0);
	post("/API3/access/updateUser", "{\"userId\":\"nobody\",\"role\":\"king\"}");
	assert_text(400, "Invalid value: role");
	post("/API3/access/updateUser", "{\"userId\":\"nobody\",\"role\":\"pro\"}");
	assert_text(400, "User not found");
	post("/API3/access/deleteUser", "\"7\"");
	assert_json(MODIFIED(GUID("07")));
	post_as("viewer", "/API3/access/changePassword",
	    "{\"oldPassword\":\"a\",\"newPassword\":\"b\"}");
	assert_json(MODIFIED(GUID("07")));
	assert_string_equal(fake.other, "b");
}

/* The member `cursor` of the last answer. */
static const char *
cursor_of_answer(void)
{
	static char cursor[700];
	const char *at = strstr(res.body.data, "\"cursor\":\"");

	assert_non_null(at);
	at += strlen("\"cursor\":\"");
	snprintf(cursor, sizeof cursor, "%.*s", (int)strcspn(at, "\""), at);
	return cursor;
}

/* A body with a cursor in it; valid until the next. */
static const char *PRINTF_LIKE(1, 2) body_of(const char *fmt, ...)
{
	static char body[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(body, sizeof body, fmt, ap);
	va_end(ap);
	return body;
}

static void
users_come_in_pages_of_their_query(void **state)
{
	const char *cursor;

	(void)state;
	post("/API3/access/listUsers", "{\"query\":\"n\",\"limit\":1}");
	assert_string_equal(fake.name, "n");
	assert_string_equal(fake.other, "(none)");
	assert_non_null(strstr(res.body.data,
	    "{\"items\":[{\"userId\":\"" GUID("07") "\",\"userName\":\"ann\",\"role\":\"pro\","
						    "\"enabled\":true,\"email\":\"ann@example."
						    "test\",\"jobRights\":[\"read\",\"delete\"]"
						    ",\"createdDate\":\"2026-11-22T07:10:"
						    "00.000Z\",\"lockedUntil\":\"2026-11-22T07:"
						    "10:09.000Z\"}],\"cursor\":\""));
	assert_non_null(strstr(res.body.data, "\",\"total\":3}"));
	cursor = cursor_of_answer();
	post("/API3/access/listUsers",
	    body_of("{\"query\":\"n\",\"limit\":1,\"cursor\":\"%s\"}", cursor));
	assert_string_equal(fake.other, "ann");
	post("/API3/access/listUsers", "{\"limit\":1}");
	cursor = cursor_of_answer();
	post("/API3/access/listUsers", body_of("{\"query\":\"n\",\"cursor\":\"%s\"}", cursor));
	assert_text(400, "Invalid value: cursor");
	post("/API3/access/listUsers", "{\"cursor\":\"x\"}");
	assert_text(400, "Invalid value: cursor");
}

static void
tokens_are_made_rotated_and_revoked(void **state)
{
	(void)state;
	post("/API3/access/createToken", "{\"userName\":\"bob\"}");
	assert_json("{\"tokenId\":\"" GUID("09") "\",\"token\":\"c2VjcmV0\"}");
	assert_int_equal(fake.life_us, 0);
	assert_int_equal(fake.type, 0);
	post_as("viewer", "/API3/access/createToken",
	    "{\"expiresIn\":\"2h\",\"scopes\":[\"read\",\"run\"],\"tags\":[\"a\",\"sales\"],"
	    "\"name\":\"x\"}");
	assert_int_equal(res.status, 200);
	assert_string_equal(fake.name, "(none)");
	assert_int_equal(fake.life_us, 2 * HOUR_US);
	assert_int_equal(fake.type, SCOPE_READ | SCOPE_RUN);
	assert_string_equal(fake.other, "sales");
	fake.ret = ERR_MISSING;
	post("/API3/access/createToken", "{\"userName\":\"eve\"}");
	assert_text(400, "User not found");
	fake.ret = 0;
	post("/API3/access/rotateToken", "{\"tokenId\":\"9\",\"overlap\":\"1h\"}");
	assert_json("{\"tokenId\":\"" GUID("09") "\",\"token\":\"c2VjcmV0\"}");
	assert_int_equal(fake.life_us, HOUR_US);
	assert_int_equal(fake.id, 9);
	post_as("viewer", "/API3/access/revokeToken", "\"9\"");
	assert_json(MODIFIED(GUID("09")));
	post("/API3/access/revokeToken", "\"nothing\"");
	assert_text(400, "Token not found");
}

static void
a_token_that_is_asked_for_wrongly_is_400(void **state)
{
	static const struct {
		const char *body, *text;
	} cases[] = {
	    {"{\"expiresIn\":\"0s\"}", "Invalid value: expiresIn"},
	    {"{\"expiresIn\":5}", "Invalid value: expiresIn"},
	    {"{\"scopes\":[]}", "Invalid value: scopes"},
	    {"{\"scopes\":[\"all\"]}", "Invalid value: scopes"},
	    {"{\"scopes\":[\"read\",\"read\"]}", "Invalid value: scopes"},
	    {"{\"scopes\":\"read\"}", "Invalid value: scopes"},
	    {"{\"tags\":[]}", "Invalid value: tags"},
	    {"{\"tags\":[\"a\\u0001\"]}", "Invalid value: tags"},
	    {"{\"tags\":[5]}", "Invalid value: tags"},
	    {"{\"name\":\"\"}", "Invalid value: name"},
	    {"{\"userId\":\"nobody\"}", "User not found"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		post("/API3/access/createToken", cases[i].body);
		assert_text(400, cases[i].text);
	}
	assert_int_equal(fake.calls, 0);
	post_as("viewer", "/API3/access/createToken", "{\"userId\":\"nobody\"}");
	assert_text(403, "Insufficient permissions");
}

static void
tokens_are_listed_without_their_secrets(void **state)
{
	const char *cursor;

	(void)state;
	post("/API3/access/listTokens", "{}");
	assert_non_null(strstr(res.body.data,
	    "{\"items\":[{\"tokenId\":\"" GUID("09") "\",\"userId\":\"" GUID(
		"07") "\",\"name\":\"nightly\",\"kind\":\"key\",\"scopes\":[\"read\",\"run\"],"
		      "\"tags\":[\"sales\"],\"createdDate\":\"2026-11-22T07:10:00.000Z\"},"
		      "{\"tokenId\":\"" GUID("0a") "\",\"userId\":\"" GUID(
			  "07") "\",\"kind\":\"session\",\"createdDate\":\"2026-11-22T07:10:00."
				"000Z\","
				"\"usedDate\":\"2026-11-22T07:10:01.000Z\","
				"\"expiresDate\":\"2026-11-22T07:10:11.000Z\"}],\"cursor\":"
				"\""));
	cursor = cursor_of_answer();
	post("/API3/access/listTokens", body_of("{\"cursor\":\"%s\"}", cursor));
	assert_int_equal(fake.before, 10);
	assert_null(strstr(res.body.data, "cursor"));
}

static void
tenants_are_an_enterprise_admins(void **state)
{
	(void)state;
	post("/API3/access/createTenant", "{\"name\":\"acme\"}");
	assert_text(403, "Insufficient permissions");
	post_as("enterprise", "/API3/access/createTenant", "{\"name\":\"acme\"}");
	assert_json("\"" GUID("01") "\"");
	post_as("enterprise", "/API3/access/updateTenant",
	    "{\"tenantId\":\"1\",\"name\":\"b\",\"enabled\":true}");
	assert_json(MODIFIED(GUID("01")));
	assert_true(fake.flag);
	post_as("enterprise", "/API3/access/updateTenant", "{\"tenantId\":\"none\"}");
	assert_text(400, "Tenant not found");
	post_as("enterprise", "/API3/access/deleteTenant", "\"1\"");
	assert_json(MODIFIED(GUID("01")));
	post_as("enterprise", "/API3/access/listTenants", "");
	assert_json("{\"items\":[{\"tenantId\":\"" GUID(
	    "01") "\",\"name\":\"main\",\"enabled\":true,"
		  "\"createdDate\":\"2026-11-22T07:10:00.000Z\"}]}");
}

#define ZEROES_32 "00000000000000000000000000000000"

static void
the_audit_is_listed_and_verified(void **state)
{
	const char *cursor;

	(void)state;
	post("/API3/audit/list",
	    "{\"from\":\"2026-11-22T07:10:00Z\",\"action\":\"user\",\"limit\":1}");
	assert_string_equal(fake.name, "user");
	assert_int_equal(fake.from_us, TIME(0));
	assert_non_null(strstr(res.body.data,
	    "{\"items\":[{\"number\":5,\"time\":\"2026-11-22T07:10:00.000Z\",\"actor\":\"" GUID(
		"07") "\",\"actorName\":\"ann\",\"remote\":\"127.0.0.1\","
		      "\"action\":\"user.create\",\"subject\":\"" GUID(
			  "2a") "\",\"detail\":\"name bob\",\"hash\":\"" ZEROES_32 ZEROES_32
				"\"}],\"cursor\":\""));
	cursor = cursor_of_answer();
	post("/API3/audit/list",
	    body_of("{\"from\":\"2026-11-22T07:10:00Z\",\"action\":\"user\",\"cursor\":\"%s\"}",
		cursor));
	assert_int_equal(fake.before, 5);
	post("/API3/audit/list", body_of("{\"cursor\":\"%s\"}", cursor));
	assert_text(400, "Invalid value: cursor");
	fake.before = 0;
	post("/API3/audit/verify", "");
	assert_json("{\"valid\":true,\"count\":7,\"head\":\"" ZEROES_32 ZEROES_32 "\"}");
	fake.before = 3;
	post("/API3/audit/verify", "");
	assert_json("{\"valid\":false,\"count\":7,\"head\":\"" ZEROES_32 ZEROES_32
		    "\",\"firstBad\":3}");
	post_as("viewer", "/API3/audit/verify", "");
	assert_text(403, "Insufficient permissions");
}

static void
who_am_i_needs_no_body(void **state)
{
	(void)state;
	post_as("viewer", "/API3/access/whoAmI", "");
	assert_json("{\"userId\":\"" GUID(
	    "07") "\",\"userName\":\"ann\",\"role\":\"viewer\","
		  "\"tenantId\":\"" GUID(
		      "01") "\",\"tenant\":\"main\",\"jobRights\":[\"read\"]}");
	post_as("reader", "/API3/access/whoAmI", "");
	assert_non_null(strstr(res.body.data,
	    "\"tokenId\":\"" GUID("09") "\",\"jobRights\":[\"read\"],\"scopes\":[\"read\"]}"));
}

static void
a_scope_that_a_token_lacks_is_403_whatever_the_role(void **state)
{
	static const struct {
		const char *path;
		int status;
	} cases[] = {
	    {"/API3/tasks/findSchedule", 200},
	    {"/API3/tasks/runSchedule", 403},
	    {"/API3/tasks/suspendSchedule", 403},
	    {"/API3/tasks/createSchedule", 403},
	    {"/API3/tasks/getTaskOutputs", 403},
	    {"/API3/access/listUsers", 403},
	    {"/API3/access/createToken", 403},
	    {"/API3/access/listTenants", 403},
	    {"/API3/access/whoAmI", 200},
	    {"/API3/audit/list", 403},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		post_as("reader", cases[i].path, "{}");
		assert_int_equal(res.status, cases[i].status);
	}
}

static void
an_administrators_token_gets_a_session_for_another(void **state)
{
	(void)state;
	post_as(NULL, "/API3/authentication/authenticateUserByToken",
	    "{\"userIdentity\":\"viewer\",\"token\":\"T\"}");
	assert_text(200, "dG9rZW4=");
	assert_string_equal(fake.name, "viewer");
	assert_string_equal(fake.other, "T");
	post_as(NULL, "/API3/auth/authenticateUserByToken", "{\"userIdentity\":\"viewer\"}");
	assert_text(400, "Missing value: token");
	fake.ret = ERR_IDENTITY;
	post_as(NULL, "/API3/auth/authenticateUserByToken",
	    "{\"userIdentity\":\"viewer\",\"token\":\"T\"}");
	assert_text(401, "Invalid or missing token");
	fake.ret = ERR_MISSING;
	post_as(NULL, "/API3/auth/authenticateUserByToken",
	    "{\"userIdentity\":\"viewer\",\"token\":\"T\"}");
	assert_text(400, "User not found");
}

static void
a_locked_log_in_says_when_to_come_again(void **state)
{
	(void)state;
	fake.life_us = 1500 * 1000;
	post_as(NULL, "/API3/auth/authenticateUser", "{\"userName\":\"a\",\"password\":\"x\"}");
	assert_text(401, "Invalid user name or password");
	assert_non_null(strstr(res.headers.data, "Retry-After: 2\r\n"));
}

static void
schedules_of_a_user_are_found_by_his_id_or_name(void **state)
{
	(void)state;
	post_as("viewer", "/API3/tasks/getSchedulesForUser", "\"ann\"");
	assert_string_equal(fake.name, "ann");
	assert_int_equal(fake.id, USER);
	assert_int_equal(res.status, 200);
	post_as("viewer", "/API3/tasks/getSchedulesForUser", "{\"userId\":\"" GUID("07") "\"}");
	assert_string_equal(fake.name, GUID("07"));
	post_as("viewer", "/API3/tasks/getSchedulesForUser", "");
	assert_text(400, "Request body is empty");
	fake.ret = ERR_DENIED;
	post_as("viewer", "/API3/tasks/getSchedulesForUser", "\"eve\"");
	assert_text(403, "Insufficient permissions");
}

/* ---- XML ---- */

#define XML_DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static void
post_xml(const char *path, const char *body)
{
	static char token[] = "HTTP_PATOKEN=admin", type[] = "CONTENT_TYPE=application/xml",
		    accept[] = "HTTP_ACCEPT=application/xml";
	static char *params[] = {token, type, accept, NULL};
	struct request req;

	forget_response();
	req = request_of(path, "admin", body);
	req.params = params;
	send_request(&req);
}

static void
assert_xml(const char *text)
{
	assert_string_equal(res.body.data, arena_printf(&arena, XML_DECLARATION "%s", text));
	assert_int_equal(res.status, 200);
	assert_string_equal(res.content_type, "application/xml;charset=utf-8");
}

static void
an_id_in_xml_is_a_value_or_a_member(void **state)
{
	static const char *bodies[] = {"<value>42</value>", "<value>\n\t42\n</value>\n",
	    "<value>" GUID("2a") "</value>", "<object><scheduleId>42</scheduleId></object>",
	    "<object><auth><a/></auth><id>42</id></object>"};
	static const struct {
		const char *body, *text;
	} bad[] = {
	    {"", "Request body is empty"},
	    {"42", "Request body is not valid XML"},
	    {"\"42\"", "Request body is not valid XML"},
	    {"{\"scheduleId\":\"42\"}", "Request body is not valid XML"},
	    {"<!DOCTYPE value><value>42</value>", "Request body is not valid XML"},
	    {"<value/>", "Schedule not found"},
	    {"<object/>", "Missing value: scheduleId"},
	    {"<object><scheduleId><a/></scheduleId></object>", "Invalid value: scheduleId"},
	    {"<list><item>42</item></list>", "Invalid value: scheduleId"},
	    {"<value>4\t2</value>", "Invalid value: scheduleId"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		fake.id = 0;
		post_xml("/API3/tasks/resumeSchedule", bodies[i]);
		assert_xml("<object><success>true</success><errorMessage></errorMessage>"
			   "<modifiedList><item><id>" GUID("2a") "</id></item></modifiedList>"
								 "</object>");
		assert_int_equal(fake.id, 42);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		post_xml("/API3/tasks/resumeSchedule", bad[i].body);
		assert_text(400, bad[i].text);
	}
}

static void
an_object_in_xml_is_read_as_json_is(void **state)
{
	(void)state;
	fake.view_count = 0;
	post_xml("/API3/tasks/runSchedule",
	    "<object><scheduleId>42</scheduleId><checkTriggers>false</checkTriggers></object>");
	assert_xml("<value>" GUID("2b") "</value>");
	assert_false(fake.flag);
	post_xml("/API3/tasks/findSchedule",
	    "<object><searchCriteria><searchValue>7</searchValue><searchMatchType>3"
	    "</searchMatchType></searchCriteria><scheduleType>1</scheduleType></object>");
	assert_xml("<list></list>");
	assert_string_equal(fake.name, "7");
	assert_int_equal(fake.match, 3);
	assert_int_equal(fake.type, 1);
	post_xml("/API3/tasks/findSchedule", "<object><searchCriteria/></object>");
	assert_xml("<list></list>");
	post_xml("/API3/tasks/findSchedule", "<value>x</value>");
	assert_text(400, "Request body must be an XML object");
	post_xml("/API3/tasks/findSchedule", "<list/>");
	assert_text(400, "Request body must be an XML object");
	post_xml("/API3/tasks/findSchedule", "<object><scheduleType>x</scheduleType></object>");
	assert_text(400, "Invalid value: scheduleType");
}

static void
a_token_and_a_failure_stay_plain_text(void **state)
{
	(void)state;
	post_xml("/API3/authentication/authenticateUser",
	    "<object><userName>ann</userName><password>abc123!</password></object>");
	assert_text(200, "dG9rZW4=");
	post_xml("/API3/tasks/nope", "<object/>");
	assert_text(404, "Unknown method");
}

/* ---- Idempotency-Key ---- */

static void
post_with_key(const char *path, const char *body)
{
	static char token[] = "HTTP_PATOKEN=admin", key[] = "HTTP_IDEMPOTENCY_KEY=k-1";
	static char *params[] = {token, key, NULL};
	struct request req;

	forget_response();
	req = request_of(path, "admin", body);
	req.params = params;
	send_request(&req);
}

static void
a_repeated_call_gets_the_same_bytes_and_does_nothing(void **state)
{
	(void)state;
	post_with_key("/API3/tasks/suspendSchedule", "\"42\"");
	assert_json(MODIFIED(GUID("2a")));
	assert_string_equal(fake.key, "k-1");
	assert_string_equal(fake.method, "1/suspendSchedule");
	/* The fake runs it twice, as after a deadlock: nothing of the first stays. */
	assert_int_equal(fake.calls, 2);
	assert_null(strstr(res.headers.data, "Idempotency-Replayed"));
	post_with_key("/API3/tasks/suspendSchedule", "\"42\"");
	assert_json(MODIFIED(GUID("2a")));
	assert_int_equal(fake.calls, 2);
	assert_non_null(strstr(res.headers.data, "Idempotency-Replayed: true\r\n"));
}

static void
a_failure_and_what_only_reads_are_not_kept(void **state)
{
	(void)state;
	fake.ret = ERR_CONFLICT;
	fake.text = "taken";
	post_with_key("/API3/tasks/suspendSchedule", "\"42\"");
	assert_text(409, "taken");
	assert_int_equal(fake.kept.len, 0);
	fake.ret = 0;
	fake.key[0] = '\0';
	post_with_key("/API3/tasks/findSchedule", "{}");
	assert_int_equal(res.status, 200);
	assert_string_equal(fake.key, "");
}

/* ---- logs ---- */

#define LOG "/API3/tasks/getTaskLog"

/* The path of a file of the task's output, in a directory that exists. */
static const char *
output_path(const char *file)
{
	static char path[256];
	char sub[OUTPUT_DIR_TEXT];

	task_output_dir(&fake.tasks[0], sub);
	snprintf(path, sizeof path, "%s/%s/", dir, sub);
	for (char *p = path + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
	snprintf(path + strlen(path), sizeof path - strlen(path), "%s", file);
	return path;
}

static void
write_output(const char *file, const char *text)
{
	int fd = open(output_path(file), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static struct attempt log_tries[2];

static void
with_two_attempts(void)
{
	log_tries[0] = (struct attempt){.number = 1, .start_us = TIME(1), .end_us = TIME(2)};
	log_tries[1] =
	    (struct attempt){.number = 2, .start_us = TIME(3), .end_us = INSTANT_NEVER};
	fake.tasks[0].status = TASK_RUNNING;
	fake.tasks[0].attempts = log_tries;
	fake.tasks[0].attempt_count = 2;
	write_output("1.stdout", "first\n");
	write_output("2.stdout", "0123456789");
	write_output("2.stderr", "oops\n");
}

static void
assert_log(const char *text, const char *offset, const char *next, const char *complete)
{
	assert_text(200, text);
	assert_string_equal(header("X-Log-Offset"), offset);
	assert_string_equal(header("X-Log-Next-Offset"), next);
	assert_string_equal(header("X-Log-Complete"), complete);
}

static void
a_log_is_read_from_an_offset_on(void **state)
{
	(void)state;
	with_two_attempts();
	post(LOG, "{\"taskId\":\"44\"}");
	assert_log("0123456789", "0", "10", "false");
	post(LOG, "{\"taskId\":\"44\",\"offset\":3,\"limit\":4}");
	assert_log("3456", "3", "7", "false");
	post(LOG, "{\"taskId\":\"44\",\"offset\":10}");
	assert_log("", "10", "10", "false");
	post(LOG, "{\"taskId\":\"44\",\"offset\":99}");
	assert_log("", "99", "99", "false");
	post(LOG, "{\"taskId\":\"44\",\"stream\":\"stderr\"}");
	assert_log("oops\n", "0", "5", "false");
}

static void
a_log_is_complete_when_the_attempt_has_ended_and_all_was_read(void **state)
{
	(void)state;
	with_two_attempts();
	post(LOG, "{\"taskId\":\"44\",\"attempt\":1}");
	assert_log("first\n", "0", "6", "true");
	post(LOG, "{\"taskId\":\"44\",\"attempt\":1,\"limit\":5}");
	assert_log("first", "0", "5", "false");
	post(LOG, "{\"taskId\":\"44\",\"attempt\":1,\"stream\":\"stderr\"}");
	assert_log("", "0", "0", "true");
	post(LOG, "{\"taskId\":\"44\",\"attempt\":3}");
	assert_text(400, "Invalid value: attempt");
}

static void
a_task_without_an_attempt_has_an_empty_log(void **state)
{
	(void)state;
	post(LOG, "{\"taskId\":\"44\"}");
	assert_log("", "0", "0", "false");
	fake.tasks[0].status = TASK_CONDITION;
	post(LOG, "{\"taskId\":\"44\"}");
	assert_log("", "0", "0", "true");
}

static void
a_log_is_at_most_a_mebibyte(void **state)
{
	char *big = malloc((1 << 20) + 2);

	(void)state;
	with_two_attempts();
	memset(big, 'x', (1 << 20) + 1);
	big[(1 << 20) + 1] = '\0';
	write_output("2.stdout", big);
	free(big);
	post(LOG, "{\"taskId\":\"44\"}");
	assert_int_equal(res.body.len, 1 << 20);
	assert_string_equal(header("X-Log-Next-Offset"), "1048576");
	post(LOG, "{\"taskId\":\"44\",\"limit\":1048577}");
	assert_text(400, "Invalid value: limit");
	post(LOG, "{\"taskId\":\"44\",\"offset\":-1}");
	assert_text(400, "Invalid value: offset");
	post(LOG, "{\"taskId\":\"44\",\"stream\":\"../2.stdout\"}");
	assert_text(400, "Invalid value: stream");
}

static void
a_link_or_a_fifo_in_place_of_a_log_is_refused(void **state)
{
	(void)state;
	with_two_attempts();
	unlink(output_path("2.stdout"));
	assert_int_equal(symlink("1.stdout", output_path("2.stdout")), 0);
	post(LOG, "{\"taskId\":\"44\"}");
	assert_text(500, "Internal server error");
	assert_headers(NO_STORE);
	unlink(output_path("2.stdout"));
	assert_int_equal(mkfifo(output_path("2.stdout"), 0600), 0);
	post(LOG, "{\"taskId\":\"44\"}");
	assert_text(500, "Internal server error");
	unlink(output_path("2.stdout"));
}

static void
post_behind_nginx(const char *path, const char *body)
{
	static char accel[] = "CARILLON_ACCEL=/accel/";
	struct request req;
	char **params;

	forget_response();
	req = request_of(path, "admin", body);
	params = arena_array(&arena, 3, sizeof *params);
	params[0] = req.params[0];
	params[1] = accel;
	req.params = params;
	send_request(&req);
}

/* What is written to still, or asked for in pieces, comes from here. */
static void
a_whole_log_that_has_ended_is_the_web_servers_to_send(void **state)
{
	char sub[OUTPUT_DIR_TEXT], uri[128];

	(void)state;
	with_two_attempts();
	task_output_dir(&fake.tasks[0], sub);
	snprintf(uri, sizeof uri, "/accel/%s/1.stdout", sub);
	post_behind_nginx(LOG, "{\"taskId\":\"44\",\"attempt\":1}");
	assert_log("", "0", "6", "true");
	assert_string_equal(header("X-Accel-Redirect"), uri);

	static const struct {
		const char *body, *text;
	} cases[] = {
	    {"{\"taskId\":\"44\"}", "0123456789"},
	    {"{\"taskId\":\"44\",\"attempt\":1,\"offset\":1}", "irst\n"},
	    {"{\"taskId\":\"44\",\"attempt\":1,\"limit\":5}", "first"},
	    {"{\"taskId\":\"44\",\"attempt\":1,\"stream\":\"stderr\"}", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		post_behind_nginx(LOG, cases[i].body);
		assert_text(200, cases[i].text);
		assert_null(strstr(res.headers.data, "X-Accel"));
	}
}

/* What a command writes need not be text. */
static void
a_log_is_passed_on_byte_for_byte(void **state)
{
	(void)state;
	with_two_attempts();
	write_output("2.stdout", "\xff\x01\xc3");
	post(LOG, "{\"taskId\":\"44\"}");
	assert_log("\xff\x01\xc3", "0", "3", "false");
}

/* ---- outputs ---- */

static void
with_output(void)
{
	static struct attempt attempt = {
	    .number = 1, .results = 1, .start_us = TIME(1), .end_us = TIME(2)};

	fake.output = (struct result){.id = 0x50,
	    .name = "r\xc3\xa9.csv",
	    .bytes = 6,
	    .task_id = TASK,
	    .state = RESULT_AVAILABLE};
	fake.tasks[0].status = TASK_SUCCEEDED;
	fake.tasks[0].attempts = &attempt;
	fake.tasks[0].attempt_count = 1;
}

static void
an_output_is_listed_by_name_and_shown_with_its_task(void **state)
{
	static const char *const methods[] = {"getTaskData", "getTasks", "getExecutions"};
	char path[64];

	(void)state;
	with_output();
	post_as("viewer", "/API3/tasks/getTaskOutputs", "\"44\"");
	assert_json("[{\"id\":\"" GUID("50") "\",\"name\":\"r\xc3\xa9.csv\"}]");
	post_as("viewer", "/API3/tasks/getTaskOutputsForUser", "{\"taskId\":\"44\"}");
	assert_json("[{\"id\":\"" GUID("50") "\",\"name\":\"r\xc3\xa9.csv\"}]");
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "/API3/tasks/%s", methods[i]);
		post_as("viewer", path, "\"44\"");
		assert_int_equal(res.status, 200);
		assert_non_null(
		    strstr(res.body.data, "\"resultType\":2,\"outputId\":\"" GUID(
					      "50") "\",\"result\":\"r\xc3\xa9.csv\""));
	}
	fake.output.state = RESULT_EXPIRED;
	post_as("viewer", "/API3/tasks/getTaskData", "\"44\"");
	assert_non_null(strstr(res.body.data, "\"resultType\":6,\"outputId\""));
}

static void
an_output_is_sent_as_it_is_or_said_to_be_gone(void **state)
{
	(void)state;
	with_two_attempts();
	with_output();
	post_as("viewer", "/API3/tasks/getTaskOutput", "{\"outputId\":\"80\"}");
	assert_int_equal(res.status, 200);
	assert_string_equal(res.content_type, "text/csv");
	assert_string_equal(header("Content-Disposition"), "attachment;filename=\"r_.csv\"");
	assert_int_equal(res.file->bytes, 6);
	assert_int_equal(fake.id, 80);
	response_release(&res);

	fake.output.bytes = 7;
	post("/API3/tasks/getTaskOutput", "\"80\"");
	assert_text(400, "Output was removed");
	post("/API3/tasks/getTaskOutput", "\"none\"");
	assert_text(400, "Output not found");
	fake.ret = ERR_MISSING;
	post("/API3/tasks/getTaskOutput", "\"80\"");
	assert_text(400, "Output not found");
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int
remove_dir(void **state)
{
	static const char *const files[] = {"1.stdout", "2.stdout", "2.stderr"};

	(void)state;
	fake.tasks[0].execution_id = EXECUTION;
	for (size_t i = 0; i < 3; i++)
		unlink(output_path(files[i]));
	/* Up to our own directory and no further: an empty /tmp can be removed, too. */
	for (char *path = arena_strdup(&arena, output_path("")), *slash;
	     strlen(path) > strlen(dir) && (slash = strrchr(path, '/'));) {
		*slash = '\0';
		if (rmdir(path))
			break;
	}
	arena_release(&arena);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(everything_below_the_prefix_is_owned_in_any_case),
	    TEST(the_prefix_has_no_case_but_service_and_method_have),
	    TEST(unknown_paths_are_404_without_a_token_and_for_any_method),
	    TEST(other_methods_than_post_are_405_before_size_and_token),
	    TEST(a_listed_origin_is_allowed_in_every_answer_and_asked_for_by_options),
	    TEST(an_origin_that_is_not_listed_is_nobody_special),
	    TEST(a_large_body_is_413_before_the_token_is_looked_at),
	    TEST(without_a_valid_token_it_is_401_with_a_challenge),
	    TEST(role_and_501_come_before_the_body),
	    TEST(what_changes_things_needs_an_administrator_and_what_reads_does_not),
	    TEST(what_the_contract_has_and_we_do_not_serve_is_501),
	    TEST(the_private_socket_needs_no_token),
	    TEST(a_body_that_was_cut_short_is_not_read),
	    TEST(login_answers_the_bare_token),
	    TEST(both_spellings_of_the_user_name_are_read_and_the_camel_wins),
	    TEST(a_login_that_fails_says_what_the_contract_says),
	    TEST(an_id_is_read_in_every_form_that_clients_send),
	    TEST(an_id_that_is_none_is_400),
	    TEST(a_nul_in_an_id_does_not_end_it),
	    TEST(search_criteria_have_defaults_and_take_digits_for_numbers),
	    TEST(search_criteria_out_of_range_are_named),
	    TEST(found_schedules_have_the_contracts_shape),
	    TEST(check_triggers_is_read_as_clients_write_it),
	    TEST(a_run_that_is_asked_for_wrongly_is_400),
	    TEST(suspend_resume_and_delete_list_the_id),
	    TEST(suspending_may_say_why_and_until_when),
	    TEST(schedules_are_suspended_and_resumed_by_their_tags),
	    TEST(an_update_is_a_definition_with_id_and_version),
	    TEST(what_get_schedule_answers_can_be_sent_back),
	    TEST(a_suspension_is_over_when_its_end_has_come),
	    TEST(many_are_deleted_and_the_first_unknown_is_named),
	    TEST(a_list_of_schedules_is_asked_for_in_api3s_words),
	    TEST(a_list_of_schedules_goes_on_where_it_ended),
	    TEST(a_set_is_applied_and_told_by_what_became_of_each),
	    TEST(a_preview_is_of_a_schedule_or_of_a_definition),
	    TEST(an_explanation_has_only_what_is_known),
	    TEST(every_error_of_a_use_case_has_its_answer),
	    TEST(an_answer_that_is_not_utf8_is_a_500_and_nothing_of_it_leaves),
	    TEST(an_execution_folds_its_tasks),
	    TEST(tasks_are_listed_by_id_in_their_order),
	    TEST(a_task_shows_what_it_has_and_nothing_else),
	    TEST(a_task_that_failed_says_why),
	    TEST(a_task_that_never_ran_ended_with_its_execution),
	    TEST(an_execution_counts_each_task_once),
	    TEST(a_definition_becomes_a_schedule),
	    TEST(a_schedule_shows_its_definition_and_its_state),
	    TEST(an_execution_shows_its_tasks_and_their_attempts),
	    TEST(executions_come_in_pages_until_there_are_no_more),
	    TEST(executions_are_asked_for_by_schedule_status_and_time),
	    TEST(a_page_of_executions_looks_at_so_many_and_goes_on_with_the_next),
	    TEST(a_list_of_executions_names_the_member_that_is_wrong),
	    TEST(cancel_and_rerun_name_what_they_changed),
	    TEST(a_task_without_outputs_has_an_empty_list_for_whoever_asks),
	    TEST(the_ledger_comes_in_pages_and_ranges_are_one_entry),
	    TEST(lists_name_the_member_that_is_wrong),
	    TEST(users_are_made_and_changed),
	    TEST(users_come_in_pages_of_their_query),
	    TEST(tokens_are_made_rotated_and_revoked),
	    TEST(a_token_that_is_asked_for_wrongly_is_400),
	    TEST(tokens_are_listed_without_their_secrets),
	    TEST(tenants_are_an_enterprise_admins),
	    TEST(the_audit_is_listed_and_verified),
	    TEST(who_am_i_needs_no_body),
	    TEST(a_scope_that_a_token_lacks_is_403_whatever_the_role),
	    TEST(an_administrators_token_gets_a_session_for_another),
	    TEST(a_locked_log_in_says_when_to_come_again),
	    TEST(schedules_of_a_user_are_found_by_his_id_or_name),
	    TEST(an_id_in_xml_is_a_value_or_a_member),
	    TEST(an_object_in_xml_is_read_as_json_is),
	    TEST(a_token_and_a_failure_stay_plain_text),
	    TEST(a_repeated_call_gets_the_same_bytes_and_does_nothing),
	    TEST(a_failure_and_what_only_reads_are_not_kept),
	    TEST(a_log_is_read_from_an_offset_on),
	    TEST(a_log_is_complete_when_the_attempt_has_ended_and_all_was_read),
	    TEST(a_task_without_an_attempt_has_an_empty_log),
	    TEST(a_log_is_at_most_a_mebibyte),
	    TEST(a_link_or_a_fifo_in_place_of_a_log_is_refused),
	    TEST(a_whole_log_that_has_ended_is_the_web_servers_to_send),
	    TEST(a_log_is_passed_on_byte_for_byte),
	    TEST(an_output_is_listed_by_name_and_shown_with_its_task),
	    TEST(an_output_is_sent_as_it_is_or_said_to_be_gone),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
