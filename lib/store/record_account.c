/* Who may: tenants, users and tokens, and what they did, as bytes: see record.h. */
#include "store/record.h"

void
pack_tenant(struct buf *b, const struct tenant *t)
{
	pack_str(b, t->name);
	pack_bool(b, t->enabled);
	pack_bool(b, t->deleted);
	pack_i64(b, t->created_us);
}

void
unpack_tenant(struct unpack *u, struct arena *a, struct tenant *t)
{
	t->name = unpack_text(u, a);
	t->enabled = unpack_bool(u);
	t->deleted = unpack_bool(u);
	t->created_us = unpack_i64(u);
}

void
pack_user(struct buf *b, const struct user *user)
{
	pack_u64(b, user->tenant_id);
	pack_str(b, user->name);
	pack_str(b, user->email);
	pack_str(b, user->password_hash);
	pack_u8(b, (uint8_t)user->role);
	pack_bool(b, user->enabled);
	pack_i64(b, user->created_us);
	pack_u32(b, user->epoch);
	pack_u32(b, user->grants);
	pack_u32(b, user->job_rights);
}

void
unpack_user(struct unpack *u, struct arena *a, struct user *user)
{
	user->tenant_id = unpack_u64(u);
	user->name = unpack_text(u, a);
	user->email = unpack_str(u, a);
	user->password_hash = unpack_str(u, a);
	user->role = unpack_word(u, ROLE_VIEWER, ROLE_ENTERPRISE_ADMIN);
	user->enabled = unpack_bool(u);
	user->created_us = unpack_i64(u);
	user->epoch = unpack_u32(u);
	user->grants = unpack_u32(u);
	user->job_rights = unpack_u32(u);
	u->failed = u->failed || user->job_rights > JOB_RIGHTS_ALL;
}

void
pack_token(struct buf *b, const struct token *t)
{
	pack_u64(b, t->id);
	pack_u64(b, t->user_id);
	pack_u64(b, t->tenant_id);
	pack_u8(b, (uint8_t)t->kind);
	pack_i64(b, t->created_us);
	pack_i64(b, t->used_us);
	pack_i64(b, t->idle_us);
	pack_i64(b, t->expires_us);
	pack_str(b, t->name);
	/* All of them is a word of its own: it covers scopes that are still to come. */
	pack_u32(b, t->scopes == SCOPE_ALL ? 0 : t->scopes);
	pack_texts(b, t->tags, t->tag_count);
	pack_u32(b, t->epoch);
	pack_bool(b, t->needs_session);
	pack_u64(b, t->made_by);
	pack_u64(b, t->made_with);
	pack_u32(b, t->grants);
	pack_bool(b, t->lets_in);
	pack_bool(b, t->is_old);
	pack_bool(b, t->has_old);
	if (t->has_old)
		pack_bytes(b, t->old_hash, sizeof t->old_hash);
}

void
unpack_token(struct unpack *u, struct arena *a, struct token *t)
{
	t->id = unpack_u64(u);
	t->user_id = unpack_u64(u);
	t->tenant_id = unpack_u64(u);
	t->kind = unpack_word(u, TOKEN_SESSION, TOKEN_CLIENT);
	t->created_us = unpack_i64(u);
	t->used_us = unpack_i64(u);
	t->idle_us = unpack_i64(u);
	t->expires_us = unpack_i64(u);
	t->name = unpack_str(u, a);
	t->scopes = unpack_u32(u);
	if (t->scopes == 0)
		t->scopes = SCOPE_ALL;
	else if (t->scopes >= SCOPE_ALL)
		u->failed = true;
	t->tags = unpack_texts(u, a, &t->tag_count);
	t->epoch = unpack_u32(u);
	t->needs_session = unpack_bool(u);
	t->made_by = unpack_u64(u);
	t->made_with = unpack_u64(u);
	t->grants = unpack_u32(u);
	t->lets_in = unpack_bool(u);
	t->is_old = unpack_bool(u);
	t->has_old = unpack_bool(u);
	if (t->has_old)
		unpack_hash(u, a, t->old_hash, sizeof t->old_hash);
}

void
pack_failures(struct buf *b, const struct failures *f)
{
	pack_u32(b, f->count);
	pack_i64(b, f->last_us);
	pack_i64(b, f->until_us);
}

void
unpack_failures(struct unpack *u, struct failures *f)
{
	f->count = unpack_u32(u);
	f->last_us = unpack_i64(u);
	f->until_us = unpack_i64(u);
}

void
pack_answer(struct buf *b, const struct answer *n)
{
	pack_i64(b, n->made_us);
	pack_bytes(b, n->request, sizeof n->request);
	pack_bytes(b, n->data, n->len);
}

void
unpack_answer(struct unpack *u, struct arena *a, struct answer *n)
{
	n->made_us = unpack_i64(u);
	unpack_hash(u, a, n->request, sizeof n->request);
	n->data = unpack_bytes(u, a, &n->len);
}

void
pack_audit(struct buf *b, const struct audit_entry *e)
{
	pack_i64(b, e->time_us);
	pack_u64(b, e->actor_id);
	pack_u64(b, e->token_id);
	pack_str(b, e->actor_name);
	pack_str(b, e->remote);
	pack_str(b, e->action);
	pack_u64(b, e->subject_id);
	pack_str(b, e->detail);
	pack_bytes(b, e->hash, sizeof e->hash);
}

void
unpack_audit(struct unpack *u, struct arena *a, struct audit_entry *e)
{
	e->time_us = unpack_i64(u);
	e->actor_id = unpack_u64(u);
	e->token_id = unpack_u64(u);
	e->actor_name = unpack_text(u, a);
	e->remote = unpack_str(u, a);
	e->action = unpack_text(u, a);
	e->subject_id = unpack_u64(u);
	e->detail = unpack_str(u, a);
	unpack_hash(u, a, e->hash, sizeof e->hash);
}
