/* What the use cases of this folder share and nobody else needs. */
#ifndef SERVICE_INTERNAL_H
#define SERVICE_INTERNAL_H

#include "base/err.h"
#include "model/account.h"
#include "service/service.h"

/* Fails: ERR_DENIED unless the actor is an Enterprise or Domain Admin. */
MUST_CHECK int require_admin(const struct actor *actor, struct err *err);

/* Fails: ERR_DENIED unless the actor's token may be used for it. */
MUST_CHECK int require_scope(const struct actor *actor, enum scope scope, struct err *err);

/* Both. */
MUST_CHECK int require_admin_scope(
    const struct actor *actor, enum scope scope, struct err *err);

/* For what would show more than the tags of a token do. Fails: ERR_DENIED if it has some. */
MUST_CHECK int require_no_tags(const struct actor *actor, struct err *err);

/*
 * For what lets somebody in, or gives him more than he had: a log-in knows neither the scopes
 * nor the tags of the token that it was set up with. Fails: ERR_DENIED unless the actor's has all
 * scopes and no tags.
 */
MUST_CHECK int require_unlimited(const struct actor *actor, struct err *err);

/* A user of the actor's tenant. Fails: ERR_MISSING. */
MUST_CHECK int own_user(struct txn *txn, struct arena *a, const struct actor *actor,
    uint64_t id, struct user *u, struct err *err);

/* The schedule, if it is one that the actor sees. Fails: ERR_MISSING. */
MUST_CHECK int own_schedule(struct txn *txn, struct arena *a, const struct actor *actor,
    uint64_t id, struct schedule *s, struct err *err);

/* The execution, the task (and its execution), if the actor sees it. Fails: ERR_MISSING. */
MUST_CHECK int own_execution(struct txn *txn, struct arena *a, const struct actor *actor,
    uint64_t id, struct execution *e, struct err *err);
MUST_CHECK int own_task(struct txn *txn, struct arena *a, const struct actor *actor,
    uint64_t id, struct task *t, struct execution *e, struct err *err);

/* ---- sight.c ---- */

/* Which schedules an actor sees, as far as it was asked. Zeroed: nothing was yet. */
struct sights {
	struct sight *slots;
	size_t count, cap;
};

/* Does the actor see what belongs to this schedule? What belonged to one that was deleted only
 * who has no tags sees. */
MUST_CHECK int sights_ask(struct txn *txn, struct arena *a, struct sights *s,
    const struct actor *actor, uint64_t schedule_id, bool *seen, struct err *err);
void sights_release(struct sights *s);

/* Who does what, and when. */
struct deed {
	struct service *sv;
	const struct actor *actor;
	int64_t now_us;
};

/* ---- schedules.c ---- */

/* What only the system and the actor can tell of a definition. Fails: ERR_INPUT, ERR_DENIED. */
MUST_CHECK int check_definition(const struct deed *d, struct schedule *s, struct err *err);

/* Store a new schedule with its state and plan it; s->id is set. */
MUST_CHECK int make_schedule(
    struct txn *txn, const struct deed *d, struct schedule *s, struct err *err);

/* The schedule as the actor sees it. Fails: ERR_MISSING. */
MUST_CHECK int view_schedule(struct txn *txn, struct arena *a, const struct deed *d,
    uint64_t id, struct schedule_view *view, struct err *err);

/* `part` within `text`, ASCII letters without regard to case. */
bool text_contains(const char *text, const char *part);

/* ---- runs.c ---- */

/* Fails: ERR_INPUT for what is no text, or too long. NULL is fine. */
MUST_CHECK int check_args(const char *args, struct err *err);

/* In the audit: an actor started an execution. */
MUST_CHECK int note_run(struct txn *txn, const struct deed *d, uint64_t schedule_id,
    uint64_t execution_id, struct err *err);

/* ---- list.c ---- */

/* Look at every schedule that the actor sees, by name, in transactions of some hundred: what is
 * made or deleted meanwhile may be among them or not. A view is borrowed for the call. */
MUST_CHECK int scan_schedules(const struct deed *d,
    void (*look)(void *ctx, const struct schedule_view *view), void *ctx, struct err *err);

/* ---- change.c ---- */

/* Where a definition leaves the anchor of an `every` trigger open, it stays that of the same
 * trigger in the definition before: writing it again does not shift a timetable. */
void keep_anchors(struct schedule *s, const struct schedule *before);

/* A schedule that is about to be changed, with what was due before settled. */
struct changing {
	struct deed deed;
	struct arena *arena;
	struct schedule s;
	struct schedule_state state;
	bool more; /* is due than fits into one transaction: that comes first */
	bool
	    hasten; /* what is due and waits for its jitter is settled too, because its definition
			goes. The caller's to set */
	const struct job
	    *job; /* what another definition is to keep; NULL: what there is, made to
				  agree with it. The caller's to set */
};

/* Load a schedule for a change. *c but deed, arena and job is set. Fails: ERR_MISSING. */
MUST_CHECK int change_begin(struct txn *txn, struct changing *c, uint64_t id, struct err *err);

/* Give a schedule another definition: its version goes up, what is queued keeps the old one, and
 * it is planned from now on. Fails: ERR_CONFLICT for a name that is taken. */
MUST_CHECK int change_definition(
    struct txn *txn, struct changing *c, struct schedule *s, struct err *err);

/* What waits is cancelled; what runs goes on. */
MUST_CHECK int change_delete(struct txn *txn, struct changing *c, struct err *err);

/* Tell the scheduler that there is something to look at: after the commit of what it finds, so
 * inside a transaction that is put off to its end. */
void ring(struct service *sv);

/* The key of all keyed hashes. Fails: ERR_IO without one. */
MUST_CHECK int store_key(
    struct txn *txn, struct arena *a, const unsigned char **key, struct err *err);

/*
 * Note what an actor does in the audit of his tenant: the last step of the transaction that does
 * it, because whoever notes something waits for whoever noted before. `detail` (a format; NULL:
 * none) is one line without secrets; more than some hundred bytes of it are cut off.
 */
MUST_CHECK int audit_note(struct txn *txn, const struct actor *actor, int64_t now_us,
    const char *action, uint64_t subject_id, struct err *err, const char *detail, ...)
    PRINTF_LIKE(7, 8);

/* ---- passwords ---- */

MUST_CHECK int check_password(const char *password, const char *member, struct err *err);
/* As secret_hash_password() and secret_password_matches(), not too many at once. Fails:
 * ERR_BUSY. */
MUST_CHECK int hash_password(
    struct service *sv, const char *password, char hash[SECRET_HASH_TEXT], struct err *err);
MUST_CHECK int match_password(
    struct service *sv, const char *hash, const char *password, bool *matches, struct err *err);

/* Count a password that a user was asked for again and did not know. Inside a transaction, which
 * fails with it, that is put off to its end: else nothing would be left of it. */
MUST_CHECK int count_wrong_password(
    struct service *sv, uint64_t user_id, int64_t now_us, struct err *err);

/* ---- login.c: failures in a row ---- */

struct lock_name {
	uint64_t tenant_id;
	const char *name;
	bool is_email; /* the name is an address, in small letters */
};

/* Until when nobody is let in under this name; 0: not locked. */
MUST_CHECK int lock_until(struct txn *txn, struct arena *a, struct lock_name name,
    int64_t now_us, int64_t *until_us, struct err *err);
/* Count one more; *until_us as above. */
MUST_CHECK int lock_failed(struct txn *txn, struct arena *a, struct lock_name name,
    int64_t now_us, int64_t *until_us, struct err *err);
MUST_CHECK int lock_reset(
    struct txn *txn, struct arena *a, struct lock_name name, struct err *err);

/* ---- tokens.c ---- */

/* Give a token an id and a secret and store it. */
MUST_CHECK int token_issue(
    struct txn *txn, struct arena *a, struct token *t, const char *text, struct err *err);
/* A new secret. */
void token_secret(struct service *sv, char text[TOKEN_TEXT]);

/* A session for a user who comes in as `who`, with what the token of an administrator who lets
 * him in (NULL: he came by himself) leaves of his rights. One user has a limited number of them:
 * the oldest gives way. */
struct holder;
MUST_CHECK int session_issue(struct txn *txn, struct arena *a, const struct service *sv,
    const struct user *user, const struct login *who, const struct holder *maker,
    const char *text, struct err *err);

/* A session is over, though its time is not: its user has changed, or what became of the
 * administrator who let him in. */
MUST_CHECK int session_is_over(struct txn *txn, struct arena *a, const struct token *t,
    const struct user *user, bool *over, struct err *err);

/* Remove a token before its time, and end what was made with it. */
MUST_CHECK int token_end(
    struct txn *txn, struct arena *a, const struct token *t, struct err *err);

/* ---- authenticate.c ---- */

/* A token that is alive, and whose it is. */
struct holder {
	struct token token;
	struct user user;
	struct tenant tenant;
};

/* What stands behind the text of a token. Fails: ERR_MISSING. */
MUST_CHECK int find_holder(struct txn *txn, struct arena *a, const char *text, int64_t now_us,
    struct holder *h, struct err *err);
/* Renew its idle life. */
MUST_CHECK int note_use(struct txn *txn, struct holder *h, int64_t now_us, struct err *err);
struct actor token_actor(const struct holder *h);

/* Someone who is a user, without a token: he may what his role allows. */
struct actor user_actor(const struct user *user, const struct tenant *tenant);

/* ---- tenants.c ---- */

/* The tenant, if there is one that can be worked in. Fails: ERR_MISSING. */
MUST_CHECK int live_tenant(
    struct txn *txn, struct arena *a, uint64_t id, struct tenant *t, struct err *err);

#endif
