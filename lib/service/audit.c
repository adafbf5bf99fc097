/*
 * The audit. An entry is written in the transaction of what it tells about, so that there is
 * neither one without the other.
 *
 * The hash of an entry is over the hash of the one before and over every field; what is hashed
 * is put together here, so that the chain outlives changes of the store's format.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/pack.h"
#include "service/internal.h"
#include "service/secret.h"

enum { DETAIL_BYTES_MAX = 512, VERIFY_STEP = 500, LIST_STEP = 200 };

static void
entry_hash(const unsigned char before[AUDIT_HASH_BYTES], const struct audit_entry *e,
    unsigned char hash[AUDIT_HASH_BYTES])
{
	struct buf b = BUF_INIT;

	buf_add(&b, before, AUDIT_HASH_BYTES);
	pack_u64(&b, e->tenant_id);
	pack_u64(&b, e->number);
	pack_i64(&b, e->time_us);
	pack_u64(&b, e->actor_id);
	pack_u64(&b, e->token_id);
	pack_str(&b, e->actor_name);
	pack_str(&b, e->remote);
	pack_str(&b, e->action);
	pack_u64(&b, e->subject_id);
	pack_str(&b, e->detail);
	secret_hash(NULL, b.data, b.len, hash);
	buf_release(&b);
}

/* Cut at the end of a character. */
static void
cut_utf8(char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max)
		return;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	text[max] = '\0';
}

int
audit_note(struct txn *txn, const struct actor *actor, int64_t now_us, const char *action,
    uint64_t subject_id, struct err *err, const char *detail, ...)
{
	struct arena scratch = ARENA_INIT;
	struct audit_entry last, e = {
				     .tenant_id = actor->tenant_id,
				     .number = 1,
				     .time_us = now_us,
				     .actor_id = actor->user_id,
				     .token_id = actor->token_id,
				     .actor_name = actor->name,
				     .remote = actor->remote,
				     .action = action,
				     .subject_id = subject_id,
				 };
	char text[DETAIL_BYTES_MAX + 8];
	va_list ap;
	int rc;

	if (detail) {
		va_start(ap, detail);
		vsnprintf(text, sizeof text, detail, ap);
		va_end(ap);
		cut_utf8(text, DETAIL_BYTES_MAX);
		e.detail = text;
	}
	rc = store_audit_last(txn, &scratch, e.tenant_id, &last, err);
	if (!rc)
		e.number = last.number + 1;
	if (!rc || rc == ERR_MISSING) {
		entry_hash(last.hash, &e, e.hash);
		rc = store_audit_insert(txn, &e, err);
	}
	arena_release(&scratch);
	return rc ? err_wrap(err, rc, "audit") : 0;
}

/* It names every schedule of the tenant. */
static int
require_reader(const struct actor *actor, struct err *err)
{
	int rc = require_admin_scope(actor, SCOPE_ACCESS, err);

	return rc ? rc : require_no_tags(actor, err);
}

/* ---- list ---- */

struct list {
	struct arena *arena;
	const struct actor *actor;
	const struct audit_query *q;
	struct audit_entry *items;
	size_t count;
	uint64_t next;
};

/* "user" means "user", and all that begins with "user.". */
static bool
action_matches(const char *wanted, const char *action)
{
	size_t len = wanted ? strlen(wanted) : 0;

	return !wanted ||
	       (!strncmp(wanted, action, len) && (action[len] == '\0' || action[len] == '.'));
}

static bool
is_wanted(const struct audit_query *q, const struct audit_entry *e)
{
	return e->time_us >= q->from_us && e->time_us < q->to_us &&
	       action_matches(q->action, e->action);
}

static int
list_body(struct txn *txn, void *ctx, struct err *err)
{
	struct list *c = ctx;
	const struct audit_query *q = c->q;
	uint64_t before = q->before;
	struct audit_entry *some;
	size_t n = LIST_STEP;
	int rc = 0;

	c->items = arena_array(c->arena, q->cap, sizeof *c->items);
	c->count = 0;
	c->next = 0;
	while (!rc && n == LIST_STEP && !c->next) {
		rc = store_audit_before(
		    txn, c->arena, c->actor->tenant_id, before, LIST_STEP, &some, &n, err);
		for (size_t i = 0; !rc && i < n; i++) {
			before = some[i].number;
			if (!is_wanted(q, &some[i]))
				continue;
			if (c->count == q->cap) {
				c->next = before + 1;
				break;
			}
			c->items[c->count++] = some[i];
		}
		/* The first of all has nothing before it. */
		if (before == 1)
			break;
	}
	return rc;
}

int
service_list_audit(struct service *sv, struct arena *a, const struct actor *actor,
    const struct audit_query *q, struct audit_entry **list, size_t *count, uint64_t *next,
    struct err *err)
{
	struct list c = {.arena = a, .actor = actor, .q = q};
	int rc = require_reader(actor, err);

	if (!rc)
		rc = store_run(sv->store, list_body, &c, err);
	if (rc)
		return rc;
	*list = c.items;
	*count = c.count;
	*next = c.next;
	return 0;
}

/* ---- verify ---- */

struct verify {
	struct arena arena;
	uint64_t tenant_id;
	uint64_t from;
	unsigned char head[AUDIT_HASH_BYTES];
	struct audit_verdict step;
	size_t n;
};

static int
verify_body(struct txn *txn, void *ctx, struct err *err)
{
	struct verify *c = ctx;
	struct audit_entry *some;
	unsigned char hash[AUDIT_HASH_BYTES];
	uint64_t expected = c->from;
	int rc;

	arena_clear(&c->arena);
	c->step = (struct audit_verdict){0};
	memcpy(c->step.head, c->head, sizeof c->head);
	rc = store_audit_from(
	    txn, &c->arena, c->tenant_id, c->from, VERIFY_STEP, &some, &c->n, err);
	for (size_t i = 0; !rc && i < c->n; i++) {
		entry_hash(c->step.head, &some[i], hash);
		if ((some[i].number != expected || memcmp(hash, some[i].hash, sizeof hash)) &&
		    !c->step.first_bad)
			c->step.first_bad = some[i].number;
		expected = some[i].number + 1;
		memcpy(c->step.head, some[i].hash, sizeof hash);
		c->step.count++;
	}
	return rc;
}

int
service_verify_audit(struct service *sv, const struct actor *actor,
    struct audit_verdict *verdict, struct err *err)
{
	struct verify c = {.tenant_id = actor->tenant_id, .from = 1, .n = VERIFY_STEP};
	int rc = require_reader(actor, err);

	*verdict = (struct audit_verdict){0};
	/* In steps of a transaction each: a long chain must not hold locks for long. */
	while (!rc && c.n == VERIFY_STEP) {
		rc = store_run(sv->store, verify_body, &c, err);
		if (rc)
			break;
		verdict->count += c.step.count;
		if (!verdict->first_bad)
			verdict->first_bad = c.step.first_bad;
		memcpy(c.head, c.step.head, sizeof c.head);
		c.from += c.step.count;
	}
	memcpy(verdict->head, c.head, sizeof c.head);
	arena_release(&c.arena);
	return rc;
}
