/* access: tokens. A secret is in the answer that it was made for, and in no other. */
#include "base/pack.h"
#include "base/utf8.h"
#include "calendar/civil.h"
#include "faces/api3/call.h"

#include <string.h>

enum { SCOPES_MAX = 16, TAG_LENGTH_MAX = 255 /* code points */ };

static int
invalid(struct call *c, const char *name)
{
	return err_fail(&c->err, ERR_INPUT, "Invalid value: %s", name);
}

/* A line of some length, for people. */
static bool
is_line(const char *text, size_t max)
{
	if (!*text || utf8_length(text, strlen(text)) > max)
		return false;
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	}
	return true;
}

/* Absent and empty differ: a token without any scope would be of no use. */
static int
read_scopes(struct call *c, uint32_t *scopes)
{
	const char **names;
	enum scope one;
	size_t count;

	*scopes = 0;
	if (api3_strings(c->req->arena, c->body, "scopes", SCOPES_MAX, &names, &count, &c->err))
		return ERR_INPUT;
	if (api3_has(c->body, "scopes") && !count)
		return invalid(c, "scopes");
	for (size_t i = 0; i < count; i++) {
		if (scope_parse(names[i], &one))
			return invalid(c, "scopes");
		*scopes |= one;
	}
	return 0;
}

static int
read_tags(struct call *c, struct token_new *n)
{
	if (api3_strings(c->req->arena, c->body, "tags", SCHEDULE_TAGS_MAX, &n->tags,
		&n->tag_count, &c->err))
		return ERR_INPUT;
	if (api3_has(c->body, "tags") && !n->tag_count)
		return invalid(c, "tags");
	for (size_t i = 0; i < n->tag_count; i++) {
		if (!is_line(n->tags[i], TAG_LENGTH_MAX))
			return invalid(c, "tags");
	}
	return 0;
}

static int
read_duration(struct call *c, const char *name, int64_t *us)
{
	const char *text = NULL;

	if (api3_string(c->body, name, &text, &c->err))
		return ERR_INPUT;
	return text && duration_parse(text, us) ? invalid(c, name) : 0;
}

static int
read_kind(struct call *c, struct token_new *n)
{
	const char *kind = NULL;

	if (api3_string(c->body, "kind", &kind, &c->err))
		return ERR_INPUT;
	n->is_client_key = kind && !strcmp(kind, token_kind_name(TOKEN_CLIENT));
	if (kind && !n->is_client_key && strcmp(kind, token_kind_name(TOKEN_KEY)))
		return invalid(c, "kind");
	return api3_bool(c->body, "needsSession", &n->needs_session, &c->err);
}

static int
read_new(struct call *c, struct token_new *n)
{
	int id, ret;

	/* A fault of form is told before what only the store knows. */
	id = api3_id(c->body, "userId", &n->user_id, &c->err);
	if (id && id != ERR_MISSING)
		return id;
	ret = api3_string(c->body, "userName", &n->user_name, &c->err);
	if (!ret)
		ret = api3_string(c->body, "name", &n->name, &c->err);
	if (!ret && n->name && !is_line(n->name, TOKEN_NAME_MAX))
		ret = invalid(c, "name");
	if (!ret)
		ret = read_kind(c, n);
	if (!ret)
		ret = read_scopes(c, &n->scopes);
	if (!ret)
		ret = read_tags(c, n);
	if (!ret)
		ret = read_duration(c, "expiresIn", &n->life_us);
	/* "0s" asks for a token that is dead at once, and would get one that never dies. */
	if (!ret && !n->life_us && api3_has(c->body, "expiresIn"))
		ret = invalid(c, "expiresIn");
	if (ret)
		return ret;
	return id && !actor_is_admin(&c->actor) ? ERR_DENIED : id;
}

static int
answer_made(struct call *c, const struct token_made *made)
{
	struct json_writer *w = api3_begin(c);

	json_object(w);
	json_name(w, "tokenId");
	json_guid(w, made->id);
	api3_write_string(w, "token", made->text);
	api3_write_instant(w, "expiresDate", made->expires_us);
	json_end_object(w);
	return api3_answer(c, w);
}

int
api3_create_token(struct call *c)
{
	struct token_new n = {0};
	struct token_made made;
	int ret = read_new(c, &n);

	if (!ret)
		ret = service_create_token(
		    c->face->service, &c->actor, c->req->now_us, &n, &made, &c->err);
	return ret ? ret : answer_made(c, &made);
}

int
api3_rotate_token(struct call *c)
{
	struct token_made made;
	int64_t overlap_us = 0;
	uint64_t id;
	int form, ret;

	form = api3_need_id(c->body, "tokenId", &id, &c->err);
	if (form && form != ERR_MISSING)
		return form;
	ret = read_duration(c, "overlap", &overlap_us);
	if (!ret)
		ret = form;
	if (!ret)
		ret = service_rotate_token(c->face->service, &c->actor, c->req->now_us, id,
		    overlap_us, &made, &c->err);
	return ret ? ret : answer_made(c, &made);
}

int
api3_revoke_token(struct call *c)
{
	int ret =
	    service_revoke_token(c->face->service, &c->actor, c->req->now_us, c->id, &c->err);

	return ret ? ret : api3_answer_modified(c, c->id);
}

/* ---- list ---- */

void
api3_write_limits(
    struct json_writer *w, uint32_t scopes, const char *const *tags, size_t tag_count)
{
	if (scopes != SCOPE_ALL) {
		json_name(w, "scopes");
		json_array(w);
		for (unsigned bit = 1; bit < SCOPE_ALL; bit <<= 1) {
			if (scopes & bit)
				json_string(w, scope_name(bit));
		}
		json_end_array(w);
	}
	if (!tag_count)
		return;
	json_name(w, "tags");
	json_array(w);
	for (size_t i = 0; i < tag_count; i++)
		json_string(w, tags[i]);
	json_end_array(w);
}

static void
write_token(struct json_writer *w, const struct token *t)
{
	json_object(w);
	json_name(w, "tokenId");
	json_guid(w, t->id);
	api3_write_user(w, "userId", t->user_id);
	api3_write_string(w, "name", t->name);
	api3_write_string(w, "kind", token_kind_name(t->kind));
	if (t->kind == TOKEN_CLIENT) {
		json_name(w, "needsSession");
		json_bool(w, t->needs_session);
	}
	api3_write_limits(w, t->scopes, t->tags, t->tag_count);
	api3_write_instant(w, "createdDate", t->created_us);
	if (t->used_us)
		api3_write_instant(w, "usedDate", t->used_us);
	api3_write_instant(w, "expiresDate",
	    t->idle_us && t->used_us + t->idle_us < t->expires_us ? t->used_us + t->idle_us
								  : t->expires_us);
	json_end_object(w);
}

static int
read_place(struct call *c, const struct api3_page *page, struct token_place *at)
{
	struct unpack u;

	*at = (struct token_place){0};
	if (!page->at_len)
		return 0;
	unpack_init(&u, page->at, page->at_len);
	at->user_id = unpack_u64(&u);
	at->id = unpack_u64(&u);
	return unpack_finish(&u) ? invalid(c, "cursor") : 0;
}

static void
write_place(struct json_writer *w, const struct api3_page *page, struct token_place next)
{
	struct buf at = BUF_INIT;

	pack_u64(&at, next.user_id);
	pack_u64(&at, next.id);
	api3_write_cursor(w, page, at.data, at.len);
	buf_release(&at);
}

int
api3_list_tokens(struct call *c)
{
	static const char *const members[] = {"userId", NULL};
	struct token_place after, next;
	struct api3_page page;
	struct json_writer *w;
	struct token *list;
	uint64_t user_id;
	size_t count;
	int id, ret;

	id = api3_id(c->body, "userId", &user_id, &c->err);
	if (id && id != ERR_MISSING)
		return id;
	ret = api3_read_page(c, members, &page);
	if (!ret)
		ret = read_place(c, &page, &after);
	/* To whoever may not look there is no difference between another and nobody. */
	if (!ret && id)
		ret = actor_is_admin(&c->actor) ? id : ERR_DENIED;
	if (!ret)
		ret = service_list_tokens(c->face->service, c->req->arena, &c->actor,
		    c->req->now_us, user_id, after, (size_t)page.limit, &list, &count, &next,
		    &c->err);
	if (ret)
		return ret;
	w = api3_begin_items(c);
	for (size_t i = 0; i < count; i++)
		write_token(w, &list[i]);
	json_end_array(w);
	if (next.id)
		write_place(w, &page, next);
	json_end_object(w);
	return api3_answer(c, w);
}
