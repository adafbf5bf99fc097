/*
 * Calls that may be repeated: the answer is kept with the effect, in one transaction, so that
 * there is neither one without the other.
 *
 * An answer may hold a secret that the store must not have, such as a new token. It is sealed
 * with a key made of the caller's own key for the call, of which the store has only a hash:
 * whoever has the store cannot open what a key that cannot be guessed has sealed.
 */
#include <string.h>

#include "base/pack.h"
#include "service/internal.h"
#include "service/secret.h"

/* Two calls with one key at the same time: one of them finds the other's answer next time. */
enum { ATTEMPTS_MAX = 3 };

struct work {
	struct service *sv;
	struct arena *arena;
	const struct actor *actor;
	int64_t now_us;
	const struct once *once;
	int (*work)(void *ctx, struct buf *answer, struct err *err);
	void *ctx;
	unsigned char place[DAILY_HASH_BYTES], seal[SECRET_KEY_BYTES],
	    request[DAILY_HASH_BYTES];
	struct buf answer;
	const char *found;
	size_t found_len;
	bool raced;
};

static bool
key_is_valid(const char *key)
{
	size_t len = strlen(key);

	if (len < 1 || len > ONCE_KEY_MAX)
		return false;
	for (; *key; key++) {
		if (*key <= 0x20 || *key >= 0x7f)
			return false;
	}
	return true;
}

static void
derive(const unsigned char *key, const struct work *c, const char *what,
    unsigned char out[SECRET_HASH_BYTES])
{
	struct buf b = BUF_INIT;

	pack_str(&b, what);
	pack_u64(&b, c->actor->user_id);
	pack_u64(&b, c->actor->tenant_id);
	pack_str(&b, c->once->key);
	secret_hash(key, b.data, b.len, out);
	buf_release(&b);
}

/* What the token leaves of the user's rights. */
static void
pack_limits(struct buf *b, const struct actor *actor)
{
	pack_u32(b, actor->scopes);
	pack_u32(b, (uint32_t)actor->tag_count);
	for (size_t i = 0; i < actor->tag_count; i++)
		pack_str(b, actor->tags[i]);
}

/* Where the answer stands, how it is sealed, and what was asked: with other limits it is another
 * request, or a token would get what was made for one that may more. */
static int
prepare(struct txn *txn, struct work *c, struct err *err)
{
	const unsigned char *key;
	struct buf b = BUF_INIT;
	int rc = store_key(txn, c->arena, &key, err);

	if (rc)
		return rc;
	derive(key, c, "once", c->place);
	derive(key, c, "seal", c->seal);
	pack_str(&b, c->once->method);
	pack_bytes(&b, c->once->body, c->once->body_len);
	pack_limits(&b, c->actor);
	secret_hash(key, b.data, b.len, c->request);
	buf_release(&b);
	return 0;
}

static int
open_answer(struct work *c, const struct answer *n, struct err *err)
{
	char *text;

	if (memcmp(n->request, c->request, sizeof c->request))
		return err_fail(
		    err, ERR_CONFLICT, "Idempotency-Key was used for another request");
	text = arena_alloc(c->arena, n->len + 1);
	if (secret_unseal(c->seal, n->data, n->len, (unsigned char *)text))
		return err_fail(err, ERR_IO, "a kept answer cannot be opened");
	c->found = text;
	c->found_len = n->len - SECRET_SEAL_BYTES;
	return 0;
}

static int
find_body(struct txn *txn, void *ctx, struct err *err)
{
	struct work *c = ctx;
	struct answer n;
	int rc;

	c->found = NULL;
	rc = prepare(txn, c, err);
	if (!rc)
		rc = store_answer_get(
		    txn, c->arena, c->actor->user_id, c->place, c->now_us, &n, err);
	if (rc)
		return rc == ERR_MISSING ? 0 : rc;
	return open_answer(c, &n, err);
}

static int
keep_body(struct txn *txn, void *ctx, struct err *err)
{
	struct work *c = ctx;
	unsigned char nonce[SECRET_NONCE_BYTES];
	struct answer n = {.made_us = c->now_us, .len = c->answer.len + SECRET_SEAL_BYTES};
	unsigned char *sealed = arena_alloc(c->arena, n.len);
	int rc;

	c->sv->random(nonce, sizeof nonce);
	secret_seal(c->seal, nonce, c->answer.len ? c->answer.data : "", c->answer.len, sealed);
	memcpy(n.request, c->request, sizeof n.request);
	n.data = sealed;
	rc = store_answer_insert(txn, c->actor->user_id, c->place, &n, err);
	c->raced = rc == ERR_CONFLICT;
	return rc;
}

static int
work_body(void *ctx, struct err *err)
{
	struct work *c = ctx;
	int rc;

	c->raced = false;
	buf_reset(&c->answer);
	rc = c->work(c->ctx, &c->answer, err);
	return rc ? rc : store_run(c->sv->store, keep_body, c, err);
}

int
service_once(struct service *sv, struct arena *a, const struct actor *actor, int64_t now_us,
    const struct once *once, int (*work)(void *ctx, struct buf *answer, struct err *err),
    void *ctx, bool *replayed, const char **answer, size_t *len, struct err *err)
{
	struct work c = {
	    .sv = sv,
	    .arena = a,
	    .actor = actor,
	    .now_us = now_us,
	    .once = once,
	    .work = work,
	    .ctx = ctx,
	};
	int rc = 0;

	*replayed = false;
	if (!key_is_valid(once->key))
		return err_fail(err, ERR_INPUT, "Invalid value: Idempotency-Key");
	for (int i = 0; i < ATTEMPTS_MAX; i++) {
		rc = store_run(sv->store, find_body, &c, err);
		*replayed = !rc && c.found;
		if (rc || *replayed)
			break;
		rc = service_together(sv, work_body, &c, err);
		if (!c.raced)
			break;
		rc = err_fail(err, ERR_BUSY, "another call with this key goes on");
	}
	if (!rc) {
		*answer = *replayed ? c.found : arena_memdup(a, c.answer.data, c.answer.len);
		*len = *replayed ? c.found_len : c.answer.len;
	}
	buf_release(&c.answer);
	return rc;
}
