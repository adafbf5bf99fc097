/*
 * The use cases that every face and the administrator's command share: one transaction each,
 * authorisation included.
 *
 * A use case takes who does it (`actor`) and when (`now_us`), checks both, changes the store,
 * and rings the scheduler's bell after the commit if there is something to do. It never waits
 * for a run and never executes anything. What it hands out lives in the arena that was passed
 * in.
 *
 * Errors of every use case, unless it says otherwise: ERR_INPUT (text for the caller),
 * ERR_MISSING (the thing named by the first id or name; what another tenant owns is missing
 * too), ERR_IDENTITY, ERR_DENIED, ERR_CONFLICT, ERR_BUSY, ERR_IO, ERR_RECOVER.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/account.h"
#include "model/difference.h"
#include "model/execution.h"
#include "model/preview.h"
#include "model/schedule.h"
#include "service/secret.h"
#include "store/store.h"

struct job_settings;

struct service {
	struct store *store;
	struct zones *zones;
	const char *const *command_allow; /* see config.h; NULL at the end */
	const char *const *run_as;	  /* the same */
	const struct job_settings *jobs;  /* service/jobs.h */
	int64_t session_idle_us;
	bool sends_mail;		       /* notifications by mail are served */
	void (*random)(void *buf, size_t len); /* unpredictable bytes */
	void (*ring)(void *ctx); /* wake the scheduler; called after commits only */
	void *ring_ctx;
	/* Called between the transactions of what may take long: it is still at work. NULL: nobody
	 * wants to know. */
	void (*progress)(void *ctx);
	void *progress_ctx;
	/* Hashing a password takes much memory and time: it is done between these two. The
	 * first answers 0, or ERR_BUSY when too many do it. NULL: no bound. */
	int (*heavy_enter)(void *ctx);
	void (*heavy_leave)(void *ctx);
	void *heavy_ctx;
	bool must_ring; /* a use case that joined a transaction has something to look at */
	/* One that joined a transaction failed because a user's password was another. */
	struct {
		uint64_t user_id; /* 0: nobody's */
		int64_t now_us;
	} wrong_password;
};

/* Say that what may take long is still at work. */
void service_progress(struct service *sv);

/* ---- several as one ---- */

/*
 * Run use cases in one transaction: all of them happen, or none. The body may run several times
 * (see store_run()), so it begins from nothing each time.
 */
MUST_CHECK int service_together(
    struct service *sv, int (*body)(void *ctx, struct err *err), void *ctx, struct err *err);

/* A call that the caller may repeat without its effect happening twice. */
struct once {
	const char *key;    /* the caller's name for it, 1 to ONCE_KEY_MAX visible ASCII */
	const char *method; /* what is called */
	const void *body;   /* and with what */
	size_t body_len;
};

enum { ONCE_KEY_MAX = 128 };

/*
 * Run `work` once for each user and key within a day. Its answer is kept, durable with the
 * effect and readable to nobody without the key; a repetition hands it out again (*replayed) in
 * place of calling `work`. Only answers of 0 are kept.
 *
 * Owns:  *answer lives in the arena.
 * Fails: ERR_INPUT for a key that is none; ERR_CONFLICT when the key was used for another call;
 * as `work`.
 */
MUST_CHECK int service_once(struct service *sv, struct arena *a, const struct actor *actor,
    int64_t now_us, const struct once *once,
    int (*work)(void *ctx, struct buf *answer, struct err *err), void *ctx, bool *replayed,
    const char **answer, size_t *len, struct err *err);

/* ---- who ---- */

/* Put what a new store needs: the secret key for token hashes and the first tenant. Run once,
 * by `carillonctl init`; again it changes nothing. */
MUST_CHECK int service_init(struct service *sv, struct err *err);

/* The administrator's command: everything, in the first tenant. */
MUST_CHECK int service_system_actor(
    struct service *sv, struct arena *a, struct actor *actor, struct err *err);

/* Someone who wants to come in. */
struct login {
	const char *name;   /* what stands behind its last @ may be the name of a tenant; or, */
	const char *email;  /* where `name` is NULL: the address of a user */
	uint64_t tenant_id; /* of this tenant; 0: of the first */
	const char *remote; /* the address that the call came from; NULL: not known */
	int64_t now_us;
	int64_t idle_us; /* so long without use the session lives; 0: as the setting says */
};

/*
 * A session for a name or an address, and a password.
 *
 * After some failures in a row a name is locked for a while, known or not; *locked_us tells for
 * how long it is now, and is 0 otherwise. While it is locked nothing is tried. An address counts
 * apart from the name of its user: else a lock would tell whose it is.
 *
 * Fails: ERR_IDENTITY for a wrong pair and for an unknown or disabled user, after the same work
 * each; ERR_BUSY when too many try at once.
 */
MUST_CHECK int service_login(struct service *sv, const struct login *who, const char *password,
    char token[TOKEN_TEXT], int64_t *locked_us, struct err *err);

/* As service_login(), for one call (HTTP's Basic): no session comes of it, and none is noted in
 * the audit. The actor has no token. */
MUST_CHECK int service_login_once(struct service *sv, struct arena *a, const struct login *who,
    const char *password, struct actor *actor, int64_t *locked_us, struct err *err);

/*
 * A session for a user, without his password, for an administrator who shows his own token. It
 * may no more than that token, and ends with it, unless that is a session which dies of idleness;
 * and as soon as its maker is deleted, disabled, no longer above the user, or has another
 * password. Ending a session ends all that its user's sessions have let in.
 *
 * Fails: ERR_IDENTITY for the token; ERR_DENIED when its owner is no administrator, or below the
 * user, or was let in so himself; ERR_MISSING for the user.
 */
MUST_CHECK int service_login_for(struct service *sv, const struct login *who,
    const char *admin_token, char token[TOKEN_TEXT], struct err *err);

/* Work out who holds a token and renew its idle life; a client key is none here. Fails:
 * ERR_IDENTITY. */
MUST_CHECK int service_authenticate(struct service *sv, struct arena *a, int64_t now_us,
    const char *token, struct actor *actor, struct err *err);

/* What is wrong with the call of a client, in the order in which it is looked at: with one of the
 * last two the key is right. */
enum client_fault {
	CLIENT_FAULT_NONE = 0,
	CLIENT_FAULT_ENVIRONMENT, /* there is no such environment */
	CLIENT_FAULT_KEY,	  /* missing or unknown, also when it is of another tenant */
	CLIENT_FAULT_NO_SESSION,  /* needed, and none was shown */
	CLIENT_FAULT_SESSION,	  /* needed, and what was shown is none of the tenant's */
};

/* When a session must be shown beside the key. Where it need not be, it is not looked at. */
enum client_session {
	CLIENT_SESSION_AS_KEY_SAYS = 0,
	CLIENT_SESSION_NEVER,  /* to get one */
	CLIENT_SESSION_ALWAYS, /* to end one */
};

struct client_call {
	const char *environment; /* a tenant's name, or id in any spelling; NULL: the first */
	const char *key;	 /* NULL and "": none */
	const char *session;	 /* NULL and "": none */
	enum client_session session_needed;
	int64_t now_us;
};

/*
 * Work out who calls with a client key (Altogic's), and renew the idle life of the session.
 *
 * With a session the actor is its user, with what both the session and the key leave of his
 * rights, and actor->token_id is the session's; else he is the owner of the key.
 *
 * Fails: ERR_IDENTITY, *fault says why; it is CLIENT_FAULT_NONE after any other failure. ERR_DENIED
 * when session and key together leave nothing: the session is a good one all the same.
 */
MUST_CHECK int service_authenticate_client(struct service *sv, struct arena *a,
    const struct client_call *call, struct actor *actor, enum client_fault *fault,
    struct err *err);

/*
 * End a session: the one that the actor came with, or, with `token`, that one if it is his too.
 * A key is no session and stays; what is unknown or another's is left alone without a word.
 */
MUST_CHECK int service_logout(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *token, struct err *err);

/* ---- tenants: for Enterprise Admins ---- */

MUST_CHECK int service_create_tenant(struct service *sv, const struct actor *actor,
    int64_t now_us, const char *name, uint64_t *id, struct err *err);

/* What is NULL stays as it is. Fails: ERR_CONFLICT when the name is taken, and for disabling the
 * first tenant. */
MUST_CHECK int service_update_tenant(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, const char *name, const bool *enabled, struct err *err);

/* Fails: ERR_CONFLICT unless it has neither users nor schedules, and for the first tenant. */
MUST_CHECK int service_delete_tenant(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, struct err *err);

/* In the order in which they were made; ids are drawn and say nothing about it. */
MUST_CHECK int service_list_tenants(struct service *sv, struct arena *a,
    const struct actor *actor, struct tenant **list, size_t *count, struct err *err);

/* ---- users: for administrators; those of their own tenant ---- */

struct user_new {
	const char *name;
	const char *password; /* NULL: no log-in by password */
	const char *email;    /* NULL: none */
	enum role role;
	bool disabled;
	uint64_t tenant_id; /* 0: the actor's; another is an Enterprise Admin's to name */
	const unsigned *job_rights; /* of enum job_right; NULL: JOB_READ */
};

/* Fails: ERR_CONFLICT when the name or the address is taken; ERR_DENIED also for a role above
 * the actor's, and for a password by a token with less than all scopes, or with tags. */
MUST_CHECK int service_create_user(struct service *sv, const struct actor *actor,
    int64_t now_us, const struct user_new *n, uint64_t *id, struct err *err);

/* What is NULL stays as it is. */
struct user_change {
	const char *password;
	const char *email; /* "": none */
	const enum role *role;
	const bool *enabled;
	const unsigned *job_rights;
};

/*
 * A new password, a lower role and being disabled end the user's sessions, and those of others
 * whom he let in.
 *
 * Fails: ERR_DENIED also for a user or a role above the actor, and for a password, a role, rights
 * and being enabled by a token with less than all scopes, or with tags; ERR_CONFLICT for what
 * would leave the first tenant without an Enterprise Admin.
 */
MUST_CHECK int service_update_user(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, const struct user_change *change, struct err *err);

/* His tokens die, his schedules stay. Fails: as service_update_user(). */
MUST_CHECK int service_delete_user(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, struct err *err);

/* For oneself; ends one's other sessions. Fails: ERR_INPUT for a wrong old password, which counts
 * as a failed log-in. */
MUST_CHECK int service_change_password(struct service *sv, const struct actor *actor,
    int64_t now_us, const char *old_password, const char *new_password, struct err *err);

struct user_view {
	struct user user;
	int64_t locked_us; /* until when no log-in is tried; 0: not locked */
};

/* Users whose name or address contains `query` (ASCII letters without regard to case; NULL: all),
 * by name, behind the name `after` (NULL: from the first), `cap` at most; *total: how many there
 * are without `after` and `cap`. */
MUST_CHECK int service_list_users(struct service *sv, struct arena *a,
    const struct actor *actor, int64_t now_us, const char *query, const char *after, size_t cap,
    struct user_view **list, size_t *count, size_t *total, struct err *err);

/* The id of a user by id or name, in any spelling: one's own, or as an administrator any of the
 * tenant. Fails: ERR_DENIED; ERR_MISSING. */
MUST_CHECK int service_find_user(struct service *sv, const struct actor *actor,
    const char *text, uint64_t *id, struct err *err);

/* Is there such a user in the actor's tenant? By id or name; whoever asks. Fails: ERR_MISSING. */
MUST_CHECK int service_know_user(
    struct service *sv, const struct actor *actor, const char *text, struct err *err);

/* The id of the user of the actor's tenant who has this name, whoever asks; an id is no name.
 * Fails: ERR_MISSING. */
MUST_CHECK int service_user_by_name(struct service *sv, const struct actor *actor,
    const char *name, uint64_t *id, struct err *err);

/* ---- tokens: one's own, for administrators all of the tenant ---- */

struct token_new {
	uint64_t user_id;      /* whose; 0: by name, */
	const char *user_name; /* NULL too: one's own */
	const char *name;      /* NULL: none */
	bool is_client_key;    /* it has the scopes CLIENT_SCOPES at most */
	bool needs_session;    /* of a client key: a session must be shown beside it */
	uint32_t scopes;       /* of enum scope; 0: all that the actor has */
	const char **tags;     /* none: those that the actor has */
	size_t tag_count;
	int64_t life_us; /* 0: does not expire */
};

struct token_made {
	uint64_t id;
	char text[TOKEN_TEXT]; /* handed out this once */
	int64_t expires_us;    /* INSTANT_NEVER: does not */
};

/* Fails: ERR_DENIED for another's without being an administrator over him, and for more than the
 * actor has himself. */
MUST_CHECK int service_create_token(struct service *sv, const struct actor *actor,
    int64_t now_us, const struct token_new *n, struct token_made *made, struct err *err);

/* Another secret for a token, the old one goes on for `overlap_us`. */
MUST_CHECK int service_rotate_token(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, int64_t overlap_us, struct token_made *made, struct err *err);
MUST_CHECK int service_revoke_token(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, struct err *err);

/* Those that are alive; user_id 0: of all users for an administrator, else one's own. `after`
 * as in store_token_list(); *next is where to go on, {0, 0} at the end. */
MUST_CHECK int service_list_tokens(struct service *sv, struct arena *a,
    const struct actor *actor, int64_t now_us, uint64_t user_id, struct token_place after,
    size_t cap, struct token **list, size_t *count, struct token_place *next, struct err *err);

/* ---- the audit of the actor's tenant: for administrators ---- */

struct audit_query {
	int64_t from_us, to_us; /* entries with from <= time < to */
	const char *action;	/* NULL: all; "user" also means "user.create" and its kind */
	uint64_t before;	/* entries with a lower number; 0: from the newest */
	size_t cap;
};

/* Newest first; *next: where to go on, 0 at the end. */
MUST_CHECK int service_list_audit(struct service *sv, struct arena *a,
    const struct actor *actor, const struct audit_query *q, struct audit_entry **list,
    size_t *count, uint64_t *next, struct err *err);

struct audit_verdict {
	uint64_t count;			      /* entries */
	unsigned char head[AUDIT_HASH_BYTES]; /* of the newest; zeroes without one */
	uint64_t first_bad; /* the first entry that does not fit the one before; 0: none */
};

MUST_CHECK int service_verify_audit(struct service *sv, const struct actor *actor,
    struct audit_verdict *verdict, struct err *err);

/* ---- schedules ---- */

/* A schedule as callers see it. */
struct schedule_view {
	struct schedule definition;
	struct schedule_state state;
	bool finished; /* it has triggers, none is due any more, and it is not just held up by a
			  suspension */
	int64_t
	    next_run_us; /* when it runs next if nobody changes anything; INSTANT_NEVER: never */
};

/* Takes a definition as definition_read() gives it. Fails: ERR_CONFLICT when the name is taken;
 * ERR_INPUT when a command is not allowed. */
MUST_CHECK int service_create_schedule(struct service *sv, const struct actor *actor,
    int64_t now_us, struct schedule *s, uint64_t *id, struct err *err);
MUST_CHECK int service_get_schedule(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t id, struct schedule_view *view, struct err *err);
MUST_CHECK int service_delete_schedule(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, struct err *err);

/* API3 SearchMatchType, wire/api3.md 3.8. */
enum name_match {
	MATCH_CONTAINS = 0,
	MATCH_NOT_CONTAINS = 1,
	MATCH_EQUALS = 2,
	MATCH_STARTS = 3,
	MATCH_ENDS = 4
};

/*
 * Find schedules by name (ASCII letters without regard to case; NULL or "" matches all) and
 * type (-1: all). Names equal to `name` byte for byte come first, then byte order, then id.
 */
MUST_CHECK int service_find_schedules(struct service *sv, struct arena *a,
    const struct actor *actor, const char *name, enum name_match match, int type,
    struct schedule_view **list, size_t *count, struct err *err);

/* Those that a user has made, by name. */
MUST_CHECK int service_schedules_of(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t user_id, struct schedule_view **list, size_t *count,
    struct err *err);

/*
 * Give a schedule another definition, if it still has the version that the caller saw. It is
 * planned from now on; what is queued keeps the definition that it was made with, and what is
 * suspended stays so. An `every` trigger that leaves its anchor open keeps the one that it had.
 *
 * Fails: ERR_CONFLICT `Version is 3, not 2`, and when the name is taken; ERR_INPUT also as
 * service_create_schedule().
 */
MUST_CHECK int service_update_schedule(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, uint64_t version, struct schedule *s, struct err *err);

/* What a schedule is, one bit each. */
enum schedule_status {
	STATUS_IDLE = 1 << 0,
	STATUS_FINISHED = 1 << 1,
	STATUS_SUSPENDED = 1 << 2,
	STATUS_OTHER = 1 << 3, /* none is this: to ask for what there is not */
};

enum schedule_status schedule_status(const struct schedule_view *view, int64_t now_us);

enum schedule_order { ORDER_NAME, ORDER_NEXT_RUN, ORDER_CREATED };

/* Where a list goes on: behind this one. By name the name counts, else key and id. */
struct schedule_place {
	const char *name;
	int64_t key;
	uint64_t id; /* 0: from the first; as a result: the end */
};

struct schedule_query {
	const char *text; /* in name or description, ASCII letters of any case; NULL: any */
	const char *const *tags; /* all of them */
	size_t tag_count;
	unsigned statuses; /* of enum schedule_status; 0: all */
	int type;	   /* -1: all */
	enum schedule_order order;
	bool descending; /* those that never run again come last either way */
	int64_t now_us;
	struct schedule_place after;
	size_t cap;
};

/* *total: how many there are, without `after` and `cap`. */
MUST_CHECK int service_list_schedules(struct service *sv, struct arena *a,
    const struct actor *actor, const struct schedule_query *q, struct schedule_view **list,
    size_t *count, size_t *total, struct schedule_place *next, struct err *err);

/*
 * Suspending twice and resuming what is not suspended succeed. A running execution goes on.
 *
 * With `until_us` (0: none) it resumes by itself: what is due then, or later, runs. Said again
 * the latest end holds, and the reason if there is a new one; then it counts as suspended by
 * whoever said so, from then on.
 */
MUST_CHECK int service_suspend_until(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, int64_t until_us, const char *reason, struct err *err);
/* The same without an end. */
MUST_CHECK int service_suspend_schedule(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, const char *reason, struct err *err);
MUST_CHECK int service_resume_schedule(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, struct err *err);

/* Those of some schedules that are there are deleted, all at once: done[0..*done_count), which has
 * room for all. */
MUST_CHECK int service_delete_schedules(struct service *sv, const struct actor *actor,
    int64_t now_us, const uint64_t *ids, size_t count, uint64_t *done, size_t *done_count,
    struct err *err);

/* Suspend or resume all schedules with one of these tags, all at once; *done are those. */
struct schedule_tags {
	const char *const *tags;
	size_t count;
};
MUST_CHECK int service_suspend_tagged(struct service *sv, struct arena *a,
    const struct actor *actor, int64_t now_us, const struct schedule_tags *tags,
    int64_t until_us, const char *reason, uint64_t **done, size_t *done_count, struct err *err);
MUST_CHECK int service_resume_tagged(struct service *sv, struct arena *a,
    const struct actor *actor, int64_t now_us, const struct schedule_tags *tags,
    uint64_t **done, size_t *done_count, struct err *err);

/* A set of schedules that is kept as one: by whoever names himself its owner. */
struct schedule_set {
	const char *owner;
	struct schedule *schedules; /* as definition_read() gives them */
	size_t count;
	bool prune;   /* those of the owner that are not among them are deleted */
	bool dry_run; /* tell what would be done, and do nothing */
};

enum { OWNER_MAX = 100 /* code points */, SET_MAX = 1000 };

/* Name the schedule of a set in the text of a fault: `Invalid value: schedules[2].name`. Returns
 * `code`. */
int schedule_set_fault(size_t i, int code, struct err *err);

enum applied_kind { APPLIED_CREATED, APPLIED_CHANGED, APPLIED_UNCHANGED, APPLIED_DELETED };

/* What became, or would become, of one schedule. */
struct applied {
	uint64_t id; /* 0: it would be created */
	const char *name;
	enum applied_kind kind;
	const char *members[SCHEDULE_MEMBERS]; /* APPLIED_CHANGED: those that differ */
	size_t member_count;
};

/*
 * Make it so that the owner has these schedules, in one transaction. Schedules are told apart by
 * their names; one that is as it should be is not touched.
 *
 * Owns:  *list lives in the arena: in the order of the set, then what was deleted, by name.
 * Fails: ERR_CONFLICT when a name belongs to another owner or to none; ERR_INPUT, with
 * `schedules[2].` in front of what is wrong with one; ERR_BUSY.
 */
MUST_CHECK int service_apply_schedules(struct service *sv, struct arena *a,
    const struct actor *actor, int64_t now_us, const struct schedule_set *set,
    struct applied **list, size_t *count, struct err *err);

/* The due times of a schedule from `from_us` on, whether it is suspended or not: see
 * schedule_preview(). Times without a zone of their own are shown in `time_zone`. */
MUST_CHECK int service_preview_schedule(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t id, const char *time_zone, int64_t from_us, size_t cap,
    struct preview **list, size_t *count, struct err *err);
/* The same for a definition. */
MUST_CHECK int service_preview_definition(struct service *sv, struct arena *a,
    const struct actor *actor, const struct schedule *s, const char *time_zone, int64_t from_us,
    size_t cap, struct preview **list, size_t *count, struct err *err);

/* Why a schedule did or did not run at some time. */
struct explanation {
	int64_t at_us;
	int64_t due_us; /* the due time nearest to it within its minute; INSTANT_NEVER: none */
	const char *verdict;   /* the ledger's word, "not_due" or "future" */
	const char *reason;    /* one sentence */
	uint64_t execution_id; /* 0: none */
	const char *trigger;   /* `cron 30 2 * * 1-5`; NULL: none that is known now */
	const char *time_zone; /* in which `offset_s` holds; NULL: none */
	int32_t offset_s;
	int64_t late_us; /* how late it began, or was fired; -1: it did not run */
	/* The suspension that it met or will meet. */
	bool suspended;
	uint64_t suspended_by;
	const char *suspended_reason; /* NULL: none was given */
	int64_t suspended_us;
	int64_t suspended_until_us; /* 0: none, or no longer known */
};

MUST_CHECK int service_explain_schedule(struct service *sv, struct arena *a,
    const struct actor *actor, int64_t now_us, uint64_t id, int64_t at_us,
    const char *time_zone, struct explanation *e, struct err *err);

/* ---- runs ---- */

/*
 * Start an execution now. It and its tasks are durable before this returns; whether it begins
 * at once or waits for its turn is the scheduler's to decide. `args` may be NULL.
 * check_triggers: what would keep a trigger from firing (suspension, start and end, calendars) ends the
 * execution at once with TASK_CONDITION, and the schedule's condition is evaluated before its
 * tasks run.
 */
MUST_CHECK int service_run_schedule(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t schedule_id, bool check_triggers, const char *args,
    uint64_t *execution_id, struct err *err);

/* End an execution; one that has ended already is left as it is. What runs of it is being ended
 * when this returns. Fails: ERR_DENIED for who neither is an administrator nor started it. */
MUST_CHECK int service_cancel_execution(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, struct err *err);

/* A task that has ended runs again, as its next attempt, when it is its execution's turn. Fails:
 * ERR_INPUT when it has not ended, or its schedule was deleted. */
MUST_CHECK int service_rerun_task(struct service *sv, const struct actor *actor, int64_t now_us,
    uint64_t id, struct err *err);

MUST_CHECK int service_get_execution(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t id, struct execution *e, struct task **tasks,
    size_t *task_count, struct err *err);
MUST_CHECK int service_get_task(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t id, struct task *task, struct execution *e, struct err *err);
MUST_CHECK int service_list_executions(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t schedule_id, uint64_t before, size_t cap,
    struct execution **list, size_t *count, struct err *err);
/* Which executions, by when they were triggered. */
struct execution_query {
	uint64_t schedule_id; /* 0: all that the actor sees */
	int64_t from_us;
	struct execution_place before; /* the end, or where a page before ended */
	size_t looks;		       /* at most so many are looked at */
};

/* Newest first. *next is where to go on, {0, 0} at the end; with tags of a token there may be
 * fewer in a page, or none, and more behind it. */
MUST_CHECK int service_find_executions(struct service *sv, struct arena *a,
    const struct actor *actor, const struct execution_query *q, struct execution **list,
    size_t *count, struct execution_place *next, struct err *err);
MUST_CHECK int service_list_occurrences(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t schedule_id, int64_t from_us, int64_t to_us, size_t cap,
    struct occurrence **list, size_t *count, struct err *err);

/* ---- concurrency groups ---- */

/* How many executions of the schedules that name the group go on at a time, 1 to GROUP_LIMIT_MAX.
 * For administrators; not for tokens with tags. A smaller one ends nothing. */
MUST_CHECK int service_set_group(struct service *sv, const struct actor *actor, int64_t now_us,
    const char *name, uint32_t limit, struct err *err);

struct group_view {
	struct run_group group;
	size_t running, waiting; /* executions */
};

/* The groups of the actor's tenant that were set or ran, by name, behind `after` (NULL: from the
 * first), `cap` at most; the array is in the arena. Not for tokens with tags. */
MUST_CHECK int service_list_groups(struct service *sv, struct arena *a,
    const struct actor *actor, const char *after, size_t cap, struct group_view **list,
    size_t *count, struct err *err);

#endif
