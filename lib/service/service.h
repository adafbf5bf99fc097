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
#include "base/err.h"
#include "model/account.h"
#include "model/execution.h"
#include "model/schedule.h"
#include "service/secret.h"
#include "store/store.h"

struct service {
	struct store *store;
	struct zones *zones;
	const char *const *command_allow; /* see config.h; NULL at the end */
	int64_t session_idle_us;
	void (*random)(void *buf, size_t len); /* unpredictable bytes */
	void (*ring)(void *ctx); /* wake the scheduler; called after commits only */
	void *ring_ctx;
};

/* ---- who ---- */

/* Put what a new store needs: the secret key for token hashes and the first tenant. Run once,
 * by `carillonctl init`; again it changes nothing. */
MUST_CHECK int service_init(struct service *sv, struct err *err);

/* The administrator's command: everything, in the first tenant. */
MUST_CHECK int service_system_actor(
    struct service *sv, struct arena *a, struct actor *actor, struct err *err);

/* Fails: ERR_IDENTITY for a wrong pair and for an unknown or disabled user, after the same work
 * each. */
MUST_CHECK int service_login(struct service *sv, int64_t now_us, const char *name,
    const char *password, char token[TOKEN_TEXT], struct err *err);

/* Work out who holds a token and renew its idle life. Fails: ERR_IDENTITY. */
MUST_CHECK int service_authenticate(struct service *sv, struct arena *a, int64_t now_us,
    const char *token, struct actor *actor, struct err *err);

/* `password` may be NULL: no log-in. Fails: ERR_CONFLICT when the name is taken; ERR_DENIED
 * unless the actor is an administrator. */
MUST_CHECK int service_create_user(struct service *sv, const struct actor *actor,
    int64_t now_us, const char *name, const char *password, enum role role, uint64_t *id,
    struct err *err);

/* A token for a user, by his name. life_us 0: does not expire. The text is handed out once. */
MUST_CHECK int service_create_token(struct service *sv, const struct actor *actor,
    int64_t now_us, const char *user_name, int64_t life_us, char token[TOKEN_TEXT],
    struct err *err);

/* ---- schedules ---- */

/* A schedule as callers see it. */
struct schedule_view {
	struct schedule definition;
	struct schedule_state state;
	bool finished; /* it has triggers, and none is due any more */
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

/* Suspending twice and resuming what is not suspended succeed. A running execution goes on. */
MUST_CHECK int service_suspend_schedule(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, const char *reason, struct err *err);
MUST_CHECK int service_resume_schedule(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t id, struct err *err);

/* ---- runs ---- */

/*
 * Start an execution now. It and its tasks are durable before this returns; whether it begins
 * at once or waits for its turn is the scheduler's to decide. `args` may be NULL.
 * check_triggers: what would keep a trigger from firing (suspension, start and end) ends the
 * execution at once with TASK_CONDITION.
 */
MUST_CHECK int service_run_schedule(struct service *sv, const struct actor *actor,
    int64_t now_us, uint64_t schedule_id, bool check_triggers, const char *args,
    uint64_t *execution_id, struct err *err);

MUST_CHECK int service_get_execution(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t id, struct execution *e, struct task **tasks,
    size_t *task_count, struct err *err);
MUST_CHECK int service_get_task(struct service *sv, struct arena *a, const struct actor *actor,
    uint64_t id, struct task *task, struct execution *e, struct err *err);
MUST_CHECK int service_list_executions(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t schedule_id, uint64_t before, size_t cap,
    struct execution **list, size_t *count, struct err *err);
MUST_CHECK int service_list_occurrences(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t schedule_id, int64_t from_us, int64_t to_us, size_t cap,
    struct occurrence **list, size_t *count, struct err *err);

#endif
