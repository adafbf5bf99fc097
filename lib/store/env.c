/*
 * The environment: one set of flags and sizes for whoever opens it, recovery, checkpoints.
 *
 * All sizes are set here by calls, before the environment is made; a process that joins it
 * later gets the sizes it was made with. Only store_recover() makes one. Region files are
 * written out in full when they are made, so that a full disk is an error then and not a SIGBUS
 * later.
 */
#include "store/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

enum {
	PAGE_BYTES = 4096, /* the file system's block: power loss cannot tear a page */
	LOG_BUFFER_BYTES = 1 << 20,
	LOG_FILE_BYTES = 16 << 20,
	LOG_REGION_BYTES = 1 << 20,
	LOCKS_MAX = 20000,
	LOCKERS_MAX = 5000,
	LOCK_PARTITIONS = 16,
	TXNS_MAX = 2000,
	MUTEXES_MIN =
	    30000, /* locks, lockers, transactions and handles; cache pages come on top */
	CACHE_BYTES_MIN = 1 << 20,
	CACHE_BYTES_MAX = 1 << 30,
	/* The regions but for what grows with the cache, with all the sizes above: measured. */
	REGION_BYTES = 18 << 20,
	/* What recovery writes at least, and the tables when they are new. */
	RECOVERY_BYTES = 1 << 20,
};

int
db_fail(struct err *err, int dbret, const char *fmt, ...)
{
	const char *why = NULL;
	char what[256];
	va_list ap;
	int code = ERR_IO;

	switch (dbret) {
	case 0:
		return 0;
	case DB_NOTFOUND:
	case DB_KEYEMPTY:
		code = ERR_MISSING;
		why = "no such record";
		break;
	case DB_KEYEXIST:
		code = ERR_CONFLICT;
		why = "exists already";
		break;
	case DB_LOCK_DEADLOCK:
	case DB_LOCK_NOTGRANTED:
		code = ERR_BUSY;
		why = "lock not granted";
		break;
	case DB_RUNRECOVERY:
		code = ERR_RECOVER;
		why = "the store must be recovered";
		break;
	default:
		break;
	}
	if (!err)
		return code;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return err_fail(err, code, "%s: %s", what, why ? why : db_strerror(dbret));
}

static void
on_message(const DB_ENV *env, const char *prefix, const char *text)
{
	(void)env;
	(void)prefix;
	log_error("store: %s", text);
}

static void
on_event(DB_ENV *env, uint32_t event, void *info)
{
	struct store *st = env->app_private;

	(void)info;
	if (event == DB_EVENT_PANIC)
		st->lost = true;
}

static uint64_t
cache_size(const struct store_options *options)
{
	if (options->cache_bytes < CACHE_BYTES_MIN)
		return CACHE_BYTES_MIN;
	return options->cache_bytes < CACHE_BYTES_MAX ? options->cache_bytes : CACHE_BYTES_MAX;
}

/* What a recovery needs on the disk: the regions, with a quarter of the cache for its headers
 * and a fifteenth for its mutexes, and what it writes. */
static uint64_t
recovery_needs(const struct store_options *options, bool fresh)
{
	uint64_t cache = cache_size(options);

	return cache + cache / 3 + REGION_BYTES + RECOVERY_BYTES + (fresh ? LOG_FILE_BYTES : 0);
}

/* Everything that is set before the environment opens. */
static int
env_set_up(struct store *st, const struct store_options *options)
{
	uint64_t cache_bytes = cache_size(options);
	DB_ENV *env = st->env;
	uint32_t mutexes;
	int dbret;

	mutexes = MUTEXES_MIN + (uint32_t)(2 * cache_bytes / PAGE_BYTES);

	env->app_private = st;
	env->set_errcall(env, on_message);
	dbret = env->set_event_notify(env, on_event);
	if (!dbret)
		dbret = env->set_cachesize(env, 0, (uint32_t)cache_bytes, 1);
	if (!dbret)
		dbret = env->set_lg_bsize(env, LOG_BUFFER_BYTES);
	if (!dbret)
		dbret = env->set_lg_max(env, LOG_FILE_BYTES);
	if (!dbret)
		dbret = env->set_lg_regionmax(env, LOG_REGION_BYTES);
	if (!dbret)
		dbret = env->set_lk_max_locks(env, LOCKS_MAX);
	if (!dbret)
		dbret = env->set_lk_max_objects(env, LOCKS_MAX);
	if (!dbret)
		dbret = env->set_lk_max_lockers(env, LOCKERS_MAX);
	if (!dbret)
		dbret = env->set_lk_partitions(env, LOCK_PARTITIONS);
	if (!dbret)
		dbret = env->set_lk_detect(env, DB_LOCK_DEFAULT);
	if (!dbret)
		dbret = env->set_tx_max(env, TXNS_MAX);
	if (!dbret)
		dbret = env->mutex_set_max(env, mutexes);
	if (!dbret)
		dbret = env->set_flags(env, DB_REGION_INIT, 1);
	/* Both relative to the region folder. */
	if (!dbret)
		dbret = env->set_data_dir(env, "../data");
	if (!dbret)
		dbret = env->set_lg_dir(env, "../log");
	return dbret;
}

/* Open the environment in st->env; `flags` are added to those of every process. */
static int
env_open(struct store *st, const struct store_options *options, uint32_t flags, struct err *err)
{
	struct buf region = BUF_INIT;
	int dbret;

	buf_addf(&region, "%s/region", st->dir);
	dbret = db_env_create(&st->env, 0);
	if (dbret) {
		st->env = NULL;
		goto done;
	}
	dbret = env_set_up(st, options);
	if (!dbret)
		dbret = st->env->open(st->env, region.data,
		    DB_INIT_MPOOL | DB_INIT_LOCK | DB_INIT_LOG | DB_INIT_TXN | DB_THREAD |
			flags,
		    0600);

done:
	buf_release(&region);
	return db_fail(err, dbret, "%s: open", st->dir);
}

static int
table_open(struct store *st, enum table t, DB_TXN *txn, uint32_t flags)
{
	char file[64];
	DB *db = NULL;
	int dbret;

	snprintf(file, sizeof file, "%s.db", tables[t].name);
	dbret = db_create(&db, st->env, 0);
	if (dbret)
		return dbret;
	st->tables[t] = db;
	dbret = db->set_pagesize(db, PAGE_BYTES);
	if (!dbret)
		dbret = db->set_flags(db, DB_CHKSUM);
	if (!dbret)
		dbret = db->open(db, txn, file, NULL, DB_BTREE, flags | DB_THREAD, 0600);
	return dbret;
}

static int
tables_open(struct store *st, uint32_t flags, struct err *err)
{
	const char *name = "tables";
	DB_TXN *txn = NULL;
	int dbret, code;

	dbret = st->env->txn_begin(st->env, NULL, &txn, 0);
	for (int t = 0; !dbret && t < TABLE_COUNT; t++) {
		name = tables[t].name;
		dbret = table_open(st, t, txn, flags);
	}
	if (!dbret) {
		dbret = txn->commit(txn, 0);
		txn = NULL;
	}
	if (!dbret)
		return 0;
	code = db_fail(err, dbret, "%s/data: open %s", st->dir, name);
	/* A handle opened in a transaction must go before the transaction. */
	for (int t = 0; t < TABLE_COUNT && !st->lost; t++) {
		if (st->tables[t])
			st->tables[t]->close(st->tables[t], DB_NOSYNC);
		st->tables[t] = NULL;
	}
	if (txn && !st->lost)
		txn->abort(txn);
	return code;
}

static struct store *
store_new(const struct store_options *options)
{
	struct store *st = mem_alloc(sizeof *st);

	st->dir = mem_strdup(options->dir);
	st->reserve_bytes = options->reserve_bytes;
	return st;
}

/* Close what is open and say whether the library had nothing to say. */
static int
store_free(struct store *st)
{
	int dbret = 0, ret;

	/* In a lost environment a mutex may be held for ever by the dead: not even a close is
	 * safe. */
	for (int t = 0; t < TABLE_COUNT && !st->lost; t++) {
		ret = st->tables[t] ? st->tables[t]->close(st->tables[t], DB_NOSYNC) : 0;
		dbret = dbret ? dbret : ret;
	}
	if (st->env && !st->lost) {
		ret = st->env->close(st->env, 0);
		dbret = dbret ? dbret : ret;
	}
	free(st->dir);
	free(st);
	return dbret;
}

int
store_open(const struct store_options *options, struct store **st, struct err *err)
{
	struct store *s = NULL;
	int code;

	*st = NULL;
	code = home_require(options->dir, err);
	if (code)
		return code;
	s = store_new(options);
	code = env_open(s, options, 0, err);
	if (!code)
		code = tables_open(s, 0, err);
	if (code) {
		(void)store_free(s);
		return code;
	}
	*st = s;
	return 0;
}

void
store_close(struct store *st)
{
	int dbret = st ? store_free(st) : 0;

	if (dbret)
		log_warn("store: close: %s", db_strerror(dbret));
}

static int
checkpoint(struct store *st, uint32_t log_kib, uint32_t flags, struct err *err)
{
	char **removed = NULL;
	int dbret;

	dbret = st->env->txn_checkpoint(st->env, log_kib, 0, flags);
	if (!dbret)
		dbret = st->env->log_archive(st->env, &removed, DB_ARCH_REMOVE);
	free(removed);
	return db_fail(err, dbret, "%s: checkpoint", st->dir);
}

/* Recover, make what is missing, bring all of it to the data files, close. */
static int
recover_once(const struct store_options *options, const struct home *home, struct err *err)
{
	struct store *st = store_new(options);
	int code, dbret;

	home_drop_regions(home);
	code = env_open(st, options, DB_CREATE | DB_RECOVER, err);
	if (!code)
		code = home_pin_regions(home, st->dir, err);
	if (!code)
		code = tables_open(st, DB_CREATE, err);
	/* Old logs go at once: the disk may be full of them. */
	if (!code)
		code = checkpoint(st, 0, DB_FORCE, err);
	dbret = store_free(st);
	if (code == ERR_RECOVER)
		return err_fail(err, code,
		    "%s: recovery failed: free some space, or restore a backup", options->dir);
	return code ? code : db_fail(err, dbret, "%s: close", options->dir);
}

int
store_recover(const struct store_options *options, struct err *err)
{
	struct home home;
	int code;

	code = home_open(options->dir, true, &home, err);
	if (!code) {
		home_drop_regions(&home);
		code = home_make_room(
		    &home, options->dir, recovery_needs(options, home.fresh), err);
	}
	if (!code)
		code = home_prepare(&home, options->dir, err);
	if (code)
		goto done;
	code = recover_once(options, &home, err);
	if (code && home_drop_ballast(&home)) {
		log_warn(
		    "%s: the disk is full: the ballast was dropped to recover", options->dir);
		code = recover_once(options, &home, err);
	}
	if (!code)
		code = home_seal(&home, options->dir, err);
	if (!code)
		home_keep_ballast(&home, options->reserve_bytes);

done:
	home_close(&home);
	/* The caller cannot recover from a failed recovery: a man must look. */
	return code == ERR_INPUT || !code ? code : ERR_IO;
}

int
store_checkpoint(struct store *st, uint64_t log_bytes, struct err *err)
{
	if (st->lost)
		return db_fail(err, DB_RUNRECOVERY, "checkpoint");
	return checkpoint(st, (uint32_t)(log_bytes / 1024), 0, err);
}
