/*
 * What the files of the store share: the environment's handles, the tables, keys and records.
 *
 * Layers inside the module: home (the directory) and env (the environment) < txn < table < the
 * files named after what they keep. Only env, txn, table and verify call the library; a code of
 * the library never leaves the function that got it, db_fail() translates it.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <db.h>

#include "base/buf.h"
#include "base/pack.h"
#include "store/store.h"

/* ---- home.c: the directory ---- */

struct home {
	int fd;	       /* the directory */
	bool fresh;    /* no store yet, or one whose making was cut short */
	bool outdated; /* it lacks tables that are new in this program */
};

/*
 * Look at the directory without touching what is in it.
 *
 * Owns:  home_close(), also after a failure.
 * Fails: ERR_INPUT when it holds something else than a store of this format; ERR_IO.
 */
MUST_CHECK int home_open(const char *dir, bool make, struct home *home, struct err *err);
void home_close(struct home *home);

/* Fails: as home_open(); ERR_IO when the directory is not a store yet. */
MUST_CHECK int home_require(const char *dir, struct err *err);

/* Make the folders; a fresh one is marked first, so that a making cut short is told from a
 * foreign directory. */
MUST_CHECK int home_prepare(const struct home *home, const char *dir, struct err *err);

/* Name the format and the tables, durably: from now on the directory is a store and has them. */
MUST_CHECK int home_seal(const struct home *home, const char *dir, struct err *err);

/* Remove the region files. Whoever recovers makes new ones, and would stumble over one that was
 * half made. */
void home_drop_regions(const struct home *home);

/* See to it that recovery has room, at the ballast's expense if need be. Fails: ERR_IO naming
 * path, free and needed bytes. */
MUST_CHECK int home_make_room(
    const struct home *home, const char *dir, uint64_t need, struct err *err);

/* True when there was a ballast and the disk is so full that dropping it may have helped. */
bool home_drop_ballast(const struct home *home);

/* Make the ballast if there is none and plenty of room. */
void home_keep_ballast(const struct home *home, uint64_t reserve);

/* Give every byte of the region files that may ever be touched its block, so that no later
 * access meets a full disk. The environment must be open: its mappings tell how far they grow. */
MUST_CHECK int home_pin_regions(const struct home *home, const char *dir, struct err *err);

/* ---- tables ---- */

enum table {
	TABLE_SCHEDULES,
	TABLE_STATES,
	TABLE_NAMES,
	TABLE_CALENDARS,
	TABLE_CALENDAR_NAMES,
	TABLE_CALENDAR_USES,
	TABLE_PLAN,
	TABLE_LEDGER,
	TABLE_EXECUTIONS,
	TABLE_EXECUTIONS_BY_SCHEDULE,
	TABLE_EXECUTIONS_BY_TIME,
	TABLE_TASKS,
	TABLE_TASKS_BY_EXECUTION,
	TABLE_TASKS_BY_TENANT,
	TABLE_RESULTS,
	TABLE_RESULTS_BY_TASK,
	TABLE_RESULTS_BY_TENANT,
	TABLE_QUEUE,
	TABLE_WAITING,
	TABLE_ACTIVE,
	TABLE_CANCELS,
	TABLE_RETRIES,
	TABLE_CLOCK_STEPS,
	TABLE_GROUPS,
	TABLE_GROUP_NAMES,
	TABLE_GROUP_PLACES,
	TABLE_GROUP_WAITING,
	TABLE_HEALTH,
	TABLE_ALARMS,
	TABLE_ALARMS_BY_TIME,
	TABLE_NOTICES,
	TABLE_TARGETS,
	TABLE_TARGET_NAMES,
	TABLE_TARGET_QUEUES,
	TABLE_OUTBOX,
	TABLE_SENDING,
	TABLE_TENANTS,
	TABLE_TENANT_NAMES,
	TABLE_USERS,
	TABLE_USER_NAMES,
	TABLE_USER_EMAILS,
	TABLE_TOKENS,
	TABLE_TOKENS_BY_ID,
	TABLE_TOKENS_BY_USER,
	TABLE_FAILURES,
	TABLE_ANSWERS,
	TABLE_AUDIT,
	TABLE_SECRETS,
	TABLE_VALUES,
	TABLE_SEQUENCE,
	TABLE_COUNT,
};

/* The version that records are written in; readers take every older one too. */
enum { RECORD_VERSION = 1, RECORD_OLDEST = 1 };

struct table_info {
	const char *name; /* the file is data/<name>.db */
	const char *key;  /* fields: u uint64, i int64, w uint32, s text to the end, b bytes to
			     the end */
};

extern const struct table_info tables[TABLE_COUNT];

/* ---- env.c ---- */

/* Where a sweep that goes round a table stands. */
struct place {
	unsigned char at[48];
	size_t len; /* 0: at the beginning */
};

enum swept {
	SWEEP_TOKENS,
	SWEEP_FAILURES,
	SWEEP_ANSWERS,
	SWEEP_NOTICES,
	SWEEP_TARGETS,
	SWEEP_COUNT
};

struct store {
	DB_ENV *env;
	DB *tables[TABLE_COUNT];
	char *dir;
	uint64_t reserve_bytes;
	bool lost;	     /* the environment panicked: no further call into the library */
	struct txn *running; /* the transaction under way; NULL: none */
	struct place swept[SWEEP_COUNT];
};

/* The one translator of the library's codes: 0, or an ERR_* with "<words>: <reason>". */
MUST_CHECK int db_fail(struct err *err, int dbret, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* ---- txn.c ---- */

struct txn {
	struct store *st;
	DB_TXN *handle;		/* NULL: reads of verify, which is alone */
	bool dirty;		/* something was written: the commit must reach the disk */
	bool deadlock;		/* only an abort helps, then another attempt */
	int failed;		/* a failure after which nothing may be committed; 0: none */
	struct buf key, record; /* scratch of the call under way */
	void *data;		/* what table_get() fetched last; grown by the library */
	struct place swept[SWEEP_COUNT];
};

void txn_init(struct txn *txn, struct store *st);
void txn_release(struct txn *txn);

/* Note what a failure means for the transaction; answers `code`. */
int txn_note(struct txn *txn, int code);

/* ---- table.c ---- */

/* Keys, built in txn->key: the next call of one of these takes it back. */
const struct buf *key_id(struct txn *txn, uint64_t id);
const struct buf *key_ids(struct txn *txn, uint64_t first, uint64_t second);
const struct buf *key_name(struct txn *txn, uint64_t tenant_id, const char *name);
const struct buf *key_three(struct txn *txn, uint64_t first, uint64_t second, uint64_t third);
const struct buf *key_bytes(struct txn *txn, const void *data, size_t len);
const struct buf *key_id_bytes(struct txn *txn, uint64_t id, const void *data, size_t len);

enum { KEY_TEXT = 160 };

/* A key for people: "17" or "17|2026". */
void key_describe(enum table t, const void *key, size_t len, char out[KEY_TEXT]);

/* txn->record, emptied, with the version in front. */
struct buf *record_begin(struct txn *txn);

/*
 * Fetch a record; *u stands behind its version byte and is borrowed until the next table_get()
 * of the transaction. `flags` is 0 or DB_RMW.
 *
 * Fails: ERR_MISSING; ERR_IO for a record of a newer version.
 */
MUST_CHECK int table_get(struct txn *txn, enum table t, const struct buf *key, uint32_t flags,
    struct unpack *u, struct err *err);

/* Let *u stand behind the version byte of a record. Fails: ERR_IO for one of a newer version.
 */
MUST_CHECK int record_open(struct txn *txn, enum table t, const void *key, size_t len,
    const DBT *data, struct unpack *u, struct err *err);

/* ERR_IO naming the record unless `u` was read to its end without a fault. */
MUST_CHECK int record_finish(struct txn *txn, enum table t, const void *key, size_t len,
    const struct unpack *u, struct err *err);

/* `code` of fetching what an index lists: that must be there, as a list that ended at a gap would
 * hide the rest of it. ERR_IO in place of ERR_MISSING. */
MUST_CHECK int table_listed(
    struct txn *txn, enum table t, uint64_t id, int code, struct err *err);

MUST_CHECK int table_put(struct txn *txn, enum table t, const struct buf *key,
    const struct buf *record, struct err *err);
/* Fails: ERR_CONFLICT when the key exists. */
MUST_CHECK int table_insert(struct txn *txn, enum table t, const struct buf *key,
    const struct buf *record, struct err *err);
MUST_CHECK int table_delete(
    struct txn *txn, enum table t, const struct buf *key, struct err *err);

/* One record that is a single number: what the index tables hold. */
MUST_CHECK int table_get_id(
    struct txn *txn, enum table t, const struct buf *key, uint64_t *id, struct err *err);

/* An entry whose key says all. */
MUST_CHECK int table_mark(
    struct txn *txn, enum table t, const struct buf *key, struct err *err);

/* Take a name for `id`, and give up the old one unless old_name is NULL. Fails: ERR_CONFLICT
 * when another has it; nothing changed. */
MUST_CHECK int name_take(struct txn *txn, enum table t, uint64_t tenant_id, const char *name,
    uint64_t id, uint64_t old_tenant_id, const char *old_name, struct err *err);

/* A cursor. Every function that opens one closes it: a transaction may end only after its
 * cursors. */
struct cursor {
	struct txn *txn;
	enum table table;
	DBC *dbc;
	uint32_t flags; /* DB_RMW, or 0 */
	DBT raw_key, raw_data;
	struct unpack key, record; /* where it stands; borrowed until the next move */
};

/* open_flags as DB->cursor takes them, get_flags 0 or DB_RMW. *c needs cursor_close(), also
 * after a failure. */
MUST_CHECK int cursor_open(struct txn *txn, enum table t, uint32_t open_flags,
    uint32_t get_flags, struct cursor *c, struct err *err);

/* Go to the first entry at or after `key`. Fails: ERR_MISSING at the end. */
MUST_CHECK int cursor_seek(struct cursor *c, const struct buf *key, struct err *err);
/* DB_FIRST, DB_LAST, DB_NEXT, DB_PREV. Fails: ERR_MISSING at the end. */
MUST_CHECK int cursor_move(struct cursor *c, uint32_t where, struct err *err);
/* Go to the last entry before `key`. Fails: ERR_MISSING when there is none. */
MUST_CHECK int cursor_seek_before(struct cursor *c, const struct buf *key, struct err *err);
/* Where keys are two numbers: go to the last entry of `prefix` with a number below `before` (0:
 * to the last of all), or to one of another prefix. */
MUST_CHECK int cursor_seek_below(
    struct cursor *c, uint64_t prefix, uint64_t before, struct err *err);
/* Fill `bulk` (user memory) with the keys and records from `from` on, as DB_MULTIPLE_KEY lays
 * them out. */
MUST_CHECK int cursor_bulk(
    struct cursor *c, const struct buf *from, DBT *bulk, struct err *err);
MUST_CHECK int cursor_delete(struct cursor *c, struct err *err);
/* Does the key where it stands begin with this number? */
bool cursor_within(const struct cursor *c, uint64_t prefix);
/* Close; answers `code`, or the close's own failure if that is 0. */
MUST_CHECK int cursor_close(struct cursor *c, int code, struct err *err);

/*
 * The last number of each key from `from` on, at most `cap`; with `prefix` not NULL only of
 * keys that begin with it.
 */
MUST_CHECK int table_numbers(struct txn *txn, enum table t, const struct buf *from,
    const uint64_t *prefix, uint32_t get_flags, uint64_t *numbers, size_t cap, size_t *count,
    struct err *err);

/* Room for one more element behind `count` of them: the array itself, or a copy twice as large.
 */
void *array_grow(struct arena *a, void *array, size_t count, size_t *cap, size_t size);

/* ---- queues.c ---- */

/* Keys that begin with it stand in the order in which priorities begin: higher ones first. */
static inline uint32_t
priority_order(int priority)
{
	return (uint32_t)(SCHEDULE_PRIORITY_MAX - priority);
}

/* ---- lines.c ---- */

/* Let the line of a task say what the task does, which is in the store already; `old` is as it
 * was before, NULL for a new one. */
MUST_CHECK int line_follow(struct txn *txn, struct arena *a, const struct task *t,
    const struct task *old, struct err *err);

/* ---- names.c ---- */

/* As store_schedule_names(), for any table that is keyed by tenant and name. */
MUST_CHECK int names_walk(struct txn *txn, enum table t, uint64_t tenant_id, const char *after,
    int (*visit)(void *ctx, const char *name, uint64_t id), void *ctx, struct err *err);

/* ---- calendars.c ---- */

/* Keep which schedules stand under a calendar in step: `s` is as it is now, NULL for a removed one;
 * `old` is as it was, NULL for a new one. Fails: ERR_MISSING for a calendar that does not exist. */
MUST_CHECK int calendar_uses_follow(
    struct txn *txn, const struct schedule *s, const struct schedule *old, struct err *err);

/* ---- sweep.c ---- */

/*
 * Go on round a table from where the last call ended, look at so many records for each that may
 * be removed, and remove up to `cap` of those that are dead. `dead` looks at the record where
 * the cursor stands and removes what else belongs to it.
 */
MUST_CHECK int sweep_round(struct txn *txn, enum swept which, enum table t,
    int (*dead)(struct cursor *c, int64_t now_us, bool *is_dead, struct err *err),
    int64_t now_us, size_t cap, size_t *removed, struct err *err);

#endif
