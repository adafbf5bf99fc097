/*
 * The store: model <-> durable records in one transactional Berkeley DB environment. The only
 * module that sees db.h.
 *
 * Calling sequence of a process: store_open() after fork, any number of store_run(),
 * store_close(). A child of the supervisor has called store_recover() before, while nobody else
 * had the store open. All changes happen inside the body of a store_run(): all of them become
 * durable together, or none happened.
 *
 * What a function hands out lives in the arena that was passed to it.
 *
 * Errors of every function here, unless it says otherwise:
 *   ERR_MISSING   no such record
 *   ERR_CONFLICT  the key exists already
 *   ERR_BUSY      locks; inside a body: return it at once, store_run() tries again
 *   ERR_IO        the disk or a damaged record; nothing changed
 *   ERR_RECOVER   the environment is lost: leave the process without another call
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/account.h"
#include "model/audit.h"
#include "model/calendar.h"
#include "model/clock_step.h"
#include "model/execution.h"
#include "model/group.h"
#include "model/notify.h"
#include "model/result.h"
#include "model/schedule.h"
#include "model/secret.h"

struct store;
struct txn;

struct store_options {
	const char *dir;      /* holds data/, log/, region/, format; made by store_recover() */
	uint64_t cache_bytes; /* shared memory pool */
	uint64_t reserve_bytes; /* new work is refused when the file system has less room than
				   this */
};

/* ---- the life of an environment ------------------------------------------------------------
 */

/*
 * Take the store's lock: `dir`/lock, flock(LOCK_EX | LOCK_NB). It is held until the last
 * process that inherited *fd has gone, so no one can recover while an orphan still has the
 * store open. Makes `dir` (mode 0700) if it is missing.
 *
 * Owns:  *fd is the caller's; it is NOT close-on-exec, so that children keep the lock.
 * Fails: ERR_BUSY when another process holds it; ERR_IO.
 */
MUST_CHECK int store_lock(const char *dir, int *fd, struct err *err);

/*
 * Make the store if `dir` has none, else recover it; then open and close every database once.
 * Idempotent: killed at any moment it is simply run again. Run it in a child process that then
 * exits.
 *
 * Fails: ERR_INPUT when `dir` holds something that is not a store, or a store of a newer format
 * (neither is touched); ERR_IO (disk full and the like), with the mend in the text.
 */
MUST_CHECK int store_recover(const struct store_options *options, struct err *err);

/*
 * Join the environment that store_recover() left. Never recovers.
 *
 * Owns:  the caller closes *st with store_close().
 */
MUST_CHECK int store_open(
    const struct store_options *options, struct store **st, struct err *err);
void store_close(struct store *st);

/* Bring the log's changes to the data files when `log_bytes` were written since the last time,
 * and remove logs no longer needed. */
MUST_CHECK int store_checkpoint(struct store *st, uint64_t log_bytes, struct err *err);

/*
 * Recover the store and check it while no other process has it open: every page, and that the
 * records agree with each other (see FORMAT.md, Invariants). `complain` is called for each
 * fault with a line about it; with faults in pages the records are not compared.
 *
 * Fails: ERR_IO when there was a fault or the check could not be made; ERR_INPUT as
 * store_recover().
 */
MUST_CHECK int store_verify(const struct store_options *options,
    void (*complain)(void *ctx, const char *line), void *ctx, struct err *err);

/* ---- transactions --------------------------------------------------------------------------
 */

/*
 * Run `body` in one transaction and commit it if it returns 0; abort it otherwise and answer
 * what it returned. After a deadlock it is aborted and the body runs again from its beginning,
 * so it must set its results afresh each time and touch nothing but the store and them.
 *
 * Returns 0 only when everything the body wrote is durable. A transaction that wrote nothing
 * waits for no disk.
 *
 * Called inside a body it joins the transaction under way: its body runs once, and what it wrote
 * becomes durable with the outermost, which is also the one that is tried again. If it fails
 * after it wrote something, the outermost fails too, whatever the bodies in between answer.
 *
 * Fails: as the body; ERR_BUSY after too many deadlocks; ERR_RECOVER when the outcome is
 * unknown.
 */
MUST_CHECK int store_run(struct store *st,
    int (*body)(struct txn *txn, void *ctx, struct err *err), void *ctx, struct err *err);

/* A transaction is under way in this process: what is written now is not durable yet. */
bool store_is_running(const struct store *st);

/* The next number of a tenant's sequence (base/id.h), for what belongs to it: from 1, ascending
 * in the order of commits, never given twice. 0: of the first tenant, which need not exist yet. */
MUST_CHECK int store_next_id(
    struct txn *txn, uint64_t tenant_id, uint64_t *id, struct err *err);

/*
 * The id of a tenant to be: it begins a sequence of its own, in the space `wish` (modulo their
 * number) or the next that is free. A deleted tenant's stays taken.
 *
 * Fails: ERR_CONFLICT when none is free.
 */
MUST_CHECK int store_new_tenant_id(
    struct txn *txn, uint32_t wish, uint64_t *id, struct err *err);

/* Fails: ERR_BUSY with text when less than the reserve is free: refuse new work before the disk
 * is full. */
MUST_CHECK int store_has_room(struct store *st, struct err *err);

/* ---- named values: small things that belong to the whole store ---- */

MUST_CHECK int store_value_get(struct txn *txn, struct arena *a, const char *name,
    const void **data, size_t *len, struct err *err);
MUST_CHECK int store_value_put(
    struct txn *txn, const char *name, const void *data, size_t len, struct err *err);

/* ---- secrets: see model/secret.h ---- */

/* Insert or overwrite one under its tenant and name. */
MUST_CHECK int store_secret_put(struct txn *txn, const struct secret *s, struct err *err);
MUST_CHECK int store_secret_get(struct txn *txn, struct arena *a, uint64_t tenant_id,
    const char *name, struct secret *s, struct err *err);
MUST_CHECK int store_secret_remove(
    struct txn *txn, uint64_t tenant_id, const char *name, struct err *err);
/* All of a tenant, in byte order of their names. */
MUST_CHECK int store_secret_list(struct txn *txn, struct arena *a, uint64_t tenant_id,
    struct secret **list, size_t *count, struct err *err);

/* ---- schedules ---- */

/* Insert or overwrite the definition under s->id, and its name. Fails: ERR_CONFLICT when
 * another live schedule of the tenant has the name; ERR_MISSING when a calendar that it names does
 * not exist. */
MUST_CHECK int store_schedule_put(struct txn *txn, const struct schedule *s, struct err *err);
MUST_CHECK int store_schedule_get(
    struct txn *txn, struct arena *a, uint64_t id, struct schedule *s, struct err *err);

/* The schedules of all tenants with ids above `after`, ascending, `cap` at most. */
MUST_CHECK int store_schedule_ids(
    struct txn *txn, uint64_t after, uint64_t *ids, size_t cap, size_t *count, struct err *err);

/* Remove definition, name, state and plan entry. Its ledger, executions and tasks stay
 * readable. */
MUST_CHECK int store_schedule_remove(
    struct txn *txn, const struct schedule *s, struct err *err);
MUST_CHECK int store_schedule_by_name(
    struct txn *txn, uint64_t tenant_id, const char *name, uint64_t *id, struct err *err);

/*
 * Visit the live schedules of a tenant in byte order of their names, starting after `after`
 * (NULL: from the first). `visit` answers 0 to go on, or something else, which ends the walk
 * and is returned. It must not write to the store.
 */
MUST_CHECK int store_schedule_names(struct txn *txn, uint64_t tenant_id, const char *after,
    int (*visit)(void *ctx, const char *name, uint64_t id), void *ctx, struct err *err);

MUST_CHECK int store_state_get(struct txn *txn, struct arena *a, uint64_t schedule_id,
    struct schedule_state *state, struct err *err);
MUST_CHECK int store_state_put(
    struct txn *txn, const struct schedule_state *state, struct err *err);

/* ---- calendars ---- */

/* Insert or overwrite under c->id, and its name. Fails: ERR_CONFLICT when another of the tenant has
 * the name. One that schedules name keeps its name: that is the caller's to see to. */
MUST_CHECK int store_calendar_put(struct txn *txn, const struct calendar *c, struct err *err);
MUST_CHECK int store_calendar_get(
    struct txn *txn, struct arena *a, uint64_t id, struct calendar *c, struct err *err);
MUST_CHECK int store_calendar_by_name(struct txn *txn, struct arena *a, uint64_t tenant_id,
    const char *name, struct calendar *c, struct err *err);
/* No schedule may name it any more. */
MUST_CHECK int store_calendar_remove(
    struct txn *txn, const struct calendar *c, struct err *err);
/* As store_schedule_names(). */
MUST_CHECK int store_calendar_names(struct txn *txn, uint64_t tenant_id, const char *after,
    int (*visit)(void *ctx, const char *name, uint64_t id), void *ctx, struct err *err);
/* The schedules that name a calendar, with ids above `after`, ascending, `cap` at most. */
MUST_CHECK int store_calendar_uses(struct txn *txn, uint64_t id, uint64_t after,
    uint64_t *schedule_ids, size_t cap, size_t *count, struct err *err);

/* ---- the plan: what is due next, ordered by time ---- */

struct firing {
	uint64_t schedule_id;
	int64_t due_us;
};

/* One entry for each schedule that has a next due time, at schedule_planned() of its state. */
MUST_CHECK int store_plan_put(struct txn *txn, struct firing f, struct err *err);
/* Removing what is not there is ERR_MISSING: the plan and the state disagree. */
MUST_CHECK int store_plan_remove(struct txn *txn, struct firing f, struct err *err);

MUST_CHECK int store_plan_has(struct txn *txn, struct firing f, bool *has, struct err *err);

/* The entries due at or before `until_us`, oldest first, `cap` at most. Takes nothing out.
 * Locks what it read for writing. */
MUST_CHECK int store_plan_due(struct txn *txn, int64_t until_us, struct firing *firings,
    size_t cap, size_t *count, struct err *err);

/* When the earliest entry is due; INSTANT_NEVER if the plan is empty. */
MUST_CHECK int store_plan_earliest(struct txn *txn, int64_t *due_us, struct err *err);

/* ---- the ledger ---- */

/* Never overwrites. Fails: ERR_CONFLICT when the due time has its entry already. */
MUST_CHECK int store_ledger_insert(
    struct txn *txn, const struct occurrence *o, struct err *err);

/* Let an existing entry (same schedule and due_us) cover a longer range. Fails: ERR_MISSING;
 * ERR_CONFLICT if it would shrink. */
MUST_CHECK int store_ledger_extend(
    struct txn *txn, const struct occurrence *o, struct err *err);

/* Give an entry another verdict and reason: it did not run after all. Fails: ERR_MISSING. */
MUST_CHECK int store_ledger_revise(struct txn *txn, uint64_t schedule_id, int64_t due_us,
    enum verdict verdict, const char *reason, struct err *err);

/* The last entry of a schedule that begins at or before `us`. Fails: ERR_MISSING. */
MUST_CHECK int store_ledger_last(struct txn *txn, struct arena *a, uint64_t schedule_id,
    int64_t us, struct occurrence *o, struct err *err);

/* Entries of a schedule with from_us <= due_us < to_us, ascending, `cap` at most; the array is
 * in the arena. */
MUST_CHECK int store_ledger_list(struct txn *txn, struct arena *a, uint64_t schedule_id,
    int64_t from_us, int64_t to_us, size_t cap, struct occurrence **list, size_t *count,
    struct err *err);

/* ---- executions and tasks ---- */

MUST_CHECK int store_execution_put(struct txn *txn, const struct execution *e, struct err *err);
MUST_CHECK int store_execution_get(
    struct txn *txn, struct arena *a, uint64_t id, struct execution *e, struct err *err);

/* Executions of a schedule with id below `before` (0: from the newest), newest first, `cap` at
 * most. */
MUST_CHECK int store_execution_list(struct txn *txn, struct arena *a, uint64_t schedule_id,
    uint64_t before, size_t cap, struct execution **list, size_t *count, struct err *err);

/* Where a list of executions by time goes on: below this one. */
struct execution_place {
	int64_t triggered_us;
	uint64_t id;
};

#define EXECUTION_PLACE_NEWEST ((struct execution_place){INSTANT_NEVER, 0})

/* Executions of a schedule or of a whole tenant (`owner_id`) that were triggered at from_us or
 * later and stand below `before`, newest first, `cap` at most; the array is in the arena. */
MUST_CHECK int store_execution_by_time(struct txn *txn, struct arena *a, uint64_t owner_id,
    int64_t from_us, struct execution_place before, size_t cap, struct execution **list,
    size_t *count, struct err *err);

/* Its execution must be there. */
MUST_CHECK int store_task_put(struct txn *txn, const struct task *t, struct err *err);
MUST_CHECK int store_task_get(
    struct txn *txn, struct arena *a, uint64_t id, struct task *t, struct err *err);

/* The tasks of an execution by ordinal, without the one that is its condition; the array is in
 * the arena. An unknown execution has none. */
MUST_CHECK int store_task_list(struct txn *txn, struct arena *a, uint64_t execution_id,
    struct task **list, size_t *count, struct err *err);

/* The line of a task of a tenant. The task that is a condition has none. */
MUST_CHECK int store_task_line(
    struct txn *txn, uint64_t tenant_id, uint64_t id, struct task_line *line, struct err *err);

/* The lines of a tenant's tasks with ids below `before` (0: from the newest), newest first, `cap`
 * at most. They are not locked: a line may be another by the time the next is read. */
MUST_CHECK int store_task_lines(struct txn *txn, uint64_t tenant_id, uint64_t before,
    struct task_line *lines, size_t cap, size_t *count, struct err *err);

/* ---- result files ---- */

/* Insert or overwrite under r->id; it keeps its task and its tenant. Those of an attempt are
 * inserted together, ascending by number. */
MUST_CHECK int store_result_put(struct txn *txn, const struct result *r, struct err *err);
MUST_CHECK int store_result_get(
    struct txn *txn, struct arena *a, uint64_t id, struct result *r, struct err *err);
/* Those of the last attempt of a task that left any, by number; the array is in the arena. */
MUST_CHECK int store_result_list(struct txn *txn, struct arena *a, uint64_t task_id,
    struct result **list, size_t *count, struct err *err);
/* Those of a tenant with ids below `before` (0: from the newest), newest first, `cap` at most; the
 * array is in the arena. */
MUST_CHECK int store_result_walk(struct txn *txn, struct arena *a, uint64_t tenant_id,
    uint64_t before, size_t cap, struct result **list, size_t *count, struct err *err);

/* ---- what the scheduler must look at ---- */

/*
 * The queue: executions that may begin now. Whoever creates an execution puts it here and rings
 * the bell after the commit; the scheduler takes it out in the transaction that begins it or lets
 * it wait. Putting what is there already changes nothing.
 *
 * The list has higher priorities first. Within one it is one of each tenant in turn, the oldest of
 * each first, so that the many of one do not hold up another's. It begins with the tenant behind
 * that of the execution `last` (0: with the first).
 */
MUST_CHECK int store_queue_put(struct txn *txn, uint64_t execution_id, struct err *err);
MUST_CHECK int store_queue_remove(struct txn *txn, uint64_t execution_id, struct err *err);
MUST_CHECK int store_queue_list(struct txn *txn, uint64_t last, uint64_t *execution_ids,
    size_t cap, size_t *count, struct err *err);

/* The same with the lowest priority first. */
MUST_CHECK int store_queue_list_lowest(struct txn *txn, uint64_t last, uint64_t *execution_ids,
    size_t cap, size_t *count, struct err *err);

/* The waiting: executions that wait until a run of the same schedule has ended, oldest first
 * for each schedule. */
MUST_CHECK int store_waiting_put(
    struct txn *txn, uint64_t schedule_id, uint64_t execution_id, struct err *err);
MUST_CHECK int store_waiting_remove(
    struct txn *txn, uint64_t schedule_id, uint64_t execution_id, struct err *err);
MUST_CHECK int store_waiting_has(
    struct txn *txn, uint64_t schedule_id, uint64_t execution_id, bool *waits, struct err *err);
/* Fails: ERR_MISSING when none waits. */
MUST_CHECK int store_waiting_first(
    struct txn *txn, uint64_t schedule_id, uint64_t *execution_id, struct err *err);

/* The active: tasks that are under way. What a new scheduler compares with the
 * runner's list. */
MUST_CHECK int store_active_put(struct txn *txn, uint64_t task_id, struct err *err);
MUST_CHECK int store_active_remove(struct txn *txn, uint64_t task_id, struct err *err);
/* Task ids above `after`, ascending, `cap` at most. */
MUST_CHECK int store_active_list(struct txn *txn, uint64_t after, uint64_t *task_ids,
    size_t cap, size_t *count, struct err *err);

/* The cancels: tasks that are cancelling, and of which the runner was not told yet. Whoever puts
 * one here rings the bell after the commit. Removing what is not there is ERR_MISSING. */
MUST_CHECK int store_cancel_put(struct txn *txn, uint64_t task_id, struct err *err);
MUST_CHECK int store_cancel_remove(struct txn *txn, uint64_t task_id, struct err *err);
MUST_CHECK int store_cancel_list(
    struct txn *txn, uint64_t *task_ids, size_t cap, size_t *count, struct err *err);

/* The retries, ordered by time: tasks whose next attempt is due at due_us. Removing what is not
 * there is ERR_MISSING. */
struct retry {
	uint64_t task_id;
	int64_t due_us;
};

MUST_CHECK int store_retry_put(struct txn *txn, struct retry r, struct err *err);
MUST_CHECK int store_retry_remove(struct txn *txn, struct retry r, struct err *err);

/* As store_plan_due(). */
MUST_CHECK int store_retry_due(struct txn *txn, int64_t until_us, struct retry *retries,
    size_t cap, size_t *count, struct err *err);

/* ---- steps of the clock: model/clock_step.h ---- */

/* The oldest give way: the last few hundred are kept. */
MUST_CHECK int store_clock_step_add(
    struct txn *txn, const struct clock_step *step, struct err *err);
/* Oldest first; the array is in the arena. */
MUST_CHECK int store_clock_step_list(
    struct txn *txn, struct arena *a, struct clock_step **list, size_t *count, struct err *err);

/* ---- concurrency groups: model/group.h ---- */

MUST_CHECK int store_group_get(
    struct txn *txn, struct arena *a, uint64_t id, struct run_group *g, struct err *err);
/* The same, locked for writing: whoever takes a place must not see it free beside another who
 * does. */
MUST_CHECK int store_group_lock(
    struct txn *txn, struct arena *a, uint64_t id, struct run_group *g, struct err *err);
MUST_CHECK int store_group_by_name(struct txn *txn, struct arena *a, uint64_t tenant_id,
    const char *name, struct run_group *g, struct err *err);
/* Insert or overwrite under g->id; it keeps its tenant and its name. Fails: ERR_CONFLICT when
 * another has the name. */
MUST_CHECK int store_group_put(struct txn *txn, const struct run_group *g, struct err *err);
/* As store_schedule_names(). */
MUST_CHECK int store_group_names(struct txn *txn, uint64_t tenant_id, const char *after,
    int (*visit)(void *ctx, const char *name, uint64_t id), void *ctx, struct err *err);

/* Let the execution have a place, if one is free; 0 only counts. *free: how many are then. */
MUST_CHECK int store_group_take(struct txn *txn, const struct run_group *g,
    uint64_t execution_id, size_t *free, struct err *err);
MUST_CHECK int store_group_holds(
    struct txn *txn, uint64_t group_id, uint64_t execution_id, bool *holds, struct err *err);
/* Fails: ERR_MISSING when it has none. */
MUST_CHECK int store_group_leave(
    struct txn *txn, uint64_t group_id, uint64_t execution_id, struct err *err);
/* Those that wait for a place, by priority and age; putting twice changes nothing, removing what
 * is not there is ERR_MISSING. */
MUST_CHECK int store_group_wait(
    struct txn *txn, uint64_t group_id, int priority, uint64_t execution_id, struct err *err);
MUST_CHECK int store_group_unwait(
    struct txn *txn, uint64_t group_id, int priority, uint64_t execution_id, struct err *err);
MUST_CHECK int store_group_next(struct txn *txn, uint64_t group_id, uint64_t *execution_ids,
    size_t cap, size_t *count, struct err *err);
/* How many have a place, and how many wait. */
MUST_CHECK int store_group_count(
    struct txn *txn, uint64_t group_id, size_t *held, size_t *waiting, struct err *err);

/* ---- tenants ---- */

/* Insert or overwrite under t->id; a deleted one gives its name free. Fails: ERR_CONFLICT when
 * another has the name. */
MUST_CHECK int store_tenant_put(struct txn *txn, const struct tenant *t, struct err *err);
MUST_CHECK int store_tenant_get(
    struct txn *txn, struct arena *a, uint64_t id, struct tenant *t, struct err *err);
MUST_CHECK int store_tenant_by_name(
    struct txn *txn, struct arena *a, const char *name, struct tenant *t, struct err *err);
/* The tenant with the smallest id: the one that `carillonctl init` made. */
MUST_CHECK int store_tenant_first(
    struct txn *txn, struct arena *a, struct tenant *t, struct err *err);
/* All, also the deleted, by id; the array is in the arena. */
MUST_CHECK int store_tenant_list(
    struct txn *txn, struct arena *a, struct tenant **list, size_t *count, struct err *err);

/* ---- users ---- */

/* Insert or overwrite under u->id. Fails: ERR_CONFLICT when another user of the tenant has the
 * name, or the e-mail address; the text begins with "the name" or "the e-mail address". */
MUST_CHECK int store_user_put(struct txn *txn, const struct user *u, struct err *err);
MUST_CHECK int store_user_get(
    struct txn *txn, struct arena *a, uint64_t id, struct user *u, struct err *err);
MUST_CHECK int store_user_by_name(struct txn *txn, struct arena *a, uint64_t tenant_id,
    const char *name, struct user *u, struct err *err);
/* By his address, without regard to case. */
MUST_CHECK int store_user_by_email(struct txn *txn, struct arena *a, uint64_t tenant_id,
    const char *email, struct user *u, struct err *err);
/* Remove him, his name and address. His tokens are the caller's to remove. */
MUST_CHECK int store_user_remove(struct txn *txn, const struct user *u, struct err *err);
/* As store_schedule_names(). */
MUST_CHECK int store_user_names(struct txn *txn, uint64_t tenant_id, const char *after,
    int (*visit)(void *ctx, const char *name, uint64_t id), void *ctx, struct err *err);

/* ---- tokens ---- */

/* Insert or overwrite under t->hash. */
MUST_CHECK int store_token_put(struct txn *txn, const struct token *t, struct err *err);
MUST_CHECK int store_token_get(struct txn *txn, struct arena *a,
    const unsigned char hash[TOKEN_HASH_BYTES], struct token *t, struct err *err);
MUST_CHECK int store_token_by_id(
    struct txn *txn, struct arena *a, uint64_t id, struct token *t, struct err *err);
/* Remove a token, and the record of the secret that it had before. */
MUST_CHECK int store_token_remove(struct txn *txn, const struct token *t, struct err *err);
/*
 * Give a token another hash. The old one leads to it until `old_until_us`, if that is after
 * now_us; one that is older still does no longer. *t is the token as it is afterwards.
 */
MUST_CHECK int store_token_rotate(struct txn *txn, struct token *t,
    const unsigned char hash[TOKEN_HASH_BYTES], int64_t now_us, int64_t old_until_us,
    struct err *err);

/* The tokens of a tenant, or of one user of it, by user and id, behind `after`; `cap` at most;
 * the array is in the arena. */
struct token_place {
	uint64_t user_id, id; /* 0, 0: before the first */
};
MUST_CHECK int store_token_list(struct txn *txn, struct arena *a, uint64_t tenant_id,
    uint64_t user_id, struct token_place after, size_t cap, struct token **list, size_t *count,
    struct err *err);
/* How many of a kind a user has, and the id of the oldest of them (0: none). */
MUST_CHECK int store_token_count(struct txn *txn, uint64_t tenant_id, uint64_t user_id,
    enum token_kind kind, size_t *count, uint64_t *oldest, struct err *err);
/* Remove up to `cap` tokens that died before `now_us` (idle or expired), going round the table
 * from where the last call ended. */
MUST_CHECK int store_token_sweep(
    struct txn *txn, int64_t now_us, size_t cap, size_t *removed, struct err *err);

/* ---- what is kept for a day ---- */

enum { DAILY_HASH_BYTES = 32 };
#define DAILY_US (24 * 3600 * INT64_C(1000000))

/* Log-ins that failed in a row, under the hash of whose they were. */
struct failures {
	uint32_t count;
	int64_t last_us;
	int64_t until_us; /* nobody is let in before; 0: no lock */
};

MUST_CHECK int store_failures_get(struct txn *txn, const unsigned char hash[DAILY_HASH_BYTES],
    struct failures *f, struct err *err);
MUST_CHECK int store_failures_put(struct txn *txn, const unsigned char hash[DAILY_HASH_BYTES],
    const struct failures *f, struct err *err);
/* Removing what is not there succeeds. */
MUST_CHECK int store_failures_remove(
    struct txn *txn, const unsigned char hash[DAILY_HASH_BYTES], struct err *err);

/* The answer to a call that may be repeated, under its user and the hash of the key that he
 * gave it. */
struct answer {
	int64_t made_us;
	unsigned char request[DAILY_HASH_BYTES]; /* hash of what was asked */
	const void *data;
	size_t len;
};

/* An answer older than a day is missing. */
MUST_CHECK int store_answer_get(struct txn *txn, struct arena *a, uint64_t user_id,
    const unsigned char key[DAILY_HASH_BYTES], int64_t now_us, struct answer *n,
    struct err *err);
/* Fails: ERR_CONFLICT when there is one already that is no older than a day. */
MUST_CHECK int store_answer_insert(struct txn *txn, uint64_t user_id,
    const unsigned char key[DAILY_HASH_BYTES], const struct answer *n, struct err *err);

/* Remove up to `cap` of each that are older than a day, as store_token_sweep(). */
MUST_CHECK int store_daily_sweep(
    struct txn *txn, int64_t now_us, size_t cap, size_t *removed, struct err *err);

/* ---- notifications: model/notify.h ---- */

/* Fails: ERR_MISSING; *h is then as for a schedule of which nothing is known. */
MUST_CHECK int store_health_get(
    struct txn *txn, uint64_t schedule_id, struct health *h, struct err *err);
MUST_CHECK int store_health_put(struct txn *txn, const struct health *h, struct err *err);
/* With all its alarms. Removing what is not there succeeds. */
MUST_CHECK int store_health_remove(struct txn *txn, uint64_t schedule_id, struct err *err);

MUST_CHECK int store_alarm_get(struct txn *txn, uint64_t schedule_id, uint64_t execution_id,
    struct alarm *alarm, struct err *err);
/* Insert, or put another in its place. */
MUST_CHECK int store_alarm_put(struct txn *txn, const struct alarm *alarm, struct err *err);
/* Removing what is not there succeeds. */
MUST_CHECK int store_alarm_remove(
    struct txn *txn, uint64_t schedule_id, uint64_t execution_id, struct err *err);
/* Those due at `until_us` or before, the first first, `cap` at most. */
MUST_CHECK int store_alarm_due(struct txn *txn, int64_t until_us, struct alarm *alarms,
    size_t cap, size_t *count, struct err *err);
/* The executions of a schedule that have one, from `from` on, 0 for that of its silence. */
MUST_CHECK int store_alarm_list(struct txn *txn, uint64_t schedule_id, uint64_t from,
    uint64_t *execution_ids, size_t cap, size_t *count, struct err *err);

/* Insert or overwrite under n->id; it keeps its tenant and its target. */
MUST_CHECK int store_notice_put(struct txn *txn, const struct notice *n, struct err *err);
MUST_CHECK int store_notice_get(
    struct txn *txn, struct arena *a, uint64_t id, struct notice *n, struct err *err);
/* The first of those that wait for a target. Fails: ERR_MISSING. */
MUST_CHECK int store_notice_next(
    struct txn *txn, struct arena *a, uint64_t target_id, struct notice *n, struct err *err);
/* Those of a tenant with an id below `before` (0: from the newest), newest first. */
MUST_CHECK int store_notice_list(struct txn *txn, struct arena *a, uint64_t tenant_id,
    uint64_t before, size_t cap, struct notice **list, size_t *count, struct err *err);

/* Insert or overwrite under t->id; it keeps its tenant and its name. */
MUST_CHECK int store_target_put(
    struct txn *txn, const struct notice_target *t, const char *name, struct err *err);
MUST_CHECK int store_target_get(
    struct txn *txn, struct arena *a, uint64_t id, struct notice_target *t, struct err *err);
MUST_CHECK int store_target_by_name(
    struct txn *txn, uint64_t tenant_id, const char *name, uint64_t *id, struct err *err);

/* A target whose turn it is, at a time. */
struct target_turn {
	int64_t next_us;
	uint64_t target_id;
};
/* The outbox: targets whose turn it is at `until_us` or before, the first first. */
MUST_CHECK int store_outbox_due(struct txn *txn, int64_t until_us, struct target_turn *turns,
    size_t cap, size_t *count, struct err *err);
/* Targets to which a message is under way. */
MUST_CHECK int store_sending_list(
    struct txn *txn, uint64_t *target_ids, size_t cap, size_t *count, struct err *err);

/* Remove up to `cap` messages that ended long ago, and targets that nothing was for since, as
 * store_token_sweep(). */
MUST_CHECK int store_notice_sweep(
    struct txn *txn, int64_t now_us, size_t cap, size_t *removed, struct err *err);

/* ---- the audit: model/audit.h ---- */

/* The newest entry of a tenant; locked against another that would follow it too. Fails:
 * ERR_MISSING when there is none. */
MUST_CHECK int store_audit_last(struct txn *txn, struct arena *a, uint64_t tenant_id,
    struct audit_entry *e, struct err *err);
/* Fails: ERR_CONFLICT when the number is taken. */
MUST_CHECK int store_audit_insert(
    struct txn *txn, const struct audit_entry *e, struct err *err);
/* Entries with a number below `before` (0: from the newest), newest first, `cap` at most; the
 * array is in the arena. */
MUST_CHECK int store_audit_before(struct txn *txn, struct arena *a, uint64_t tenant_id,
    uint64_t before, size_t cap, struct audit_entry **list, size_t *count, struct err *err);
/* Entries from a number on, oldest first. */
MUST_CHECK int store_audit_from(struct txn *txn, struct arena *a, uint64_t tenant_id,
    uint64_t from, size_t cap, struct audit_entry **list, size_t *count, struct err *err);

#endif
