/*
 * Transactions. The retry after a deadlock stands alone here, outside the transaction, where it
 * cannot be got wrong.
 *
 * A commit releases its locks before the disk is waited for, then flushes the log: writers of
 * several processes share one flush. Log order is commit order, so whoever saw a commit and was
 * flushed himself has flushed that commit too.
 */
#include "store/internal.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Together about a tenth of a second of waiting: then something else than a deadlock is wrong.
 */
enum { ATTEMPTS_MAX = 60, ATTEMPTS_AT_ONCE = 3, ATTEMPTS_YIELDING = 10 };

void
txn_init(struct txn *txn, struct store *st)
{
	*txn = (struct txn){.st = st};
	memcpy(txn->swept, st->swept, sizeof txn->swept);
}

void
txn_release(struct txn *txn)
{
	buf_release(&txn->key);
	buf_release(&txn->record);
	free(txn->data);
	txn->data = NULL;
}

int
txn_note(struct txn *txn, int code)
{
	switch (code) {
	case 0:
	case ERR_MISSING:
	case ERR_CONFLICT:
		return code;
	case ERR_BUSY:
		txn->deadlock = true;
		break;
	case ERR_RECOVER:
		txn->st->lost = true;
		break;
	default:
		break;
	}
	if (!txn->failed)
		txn->failed = code;
	return code;
}

static int
lost(struct store *st, struct err *err)
{
	st->lost = true;
	return err_fail(err, ERR_RECOVER, "the store must be recovered");
}

static int
abort_txn(struct txn *txn, int code, struct err *err)
{
	int dbret;

	if (code == ERR_RECOVER)
		txn->st->lost = true;
	if (txn->st->lost)
		return code == ERR_RECOVER ? code : lost(txn->st, err);
	dbret = txn->handle->abort(txn->handle);
	if (!dbret)
		return code;
	txn->st->lost = true;
	return err_fail(err, ERR_RECOVER, "abort: %s", db_strerror(dbret));
}

static int
commit_txn(struct txn *txn, struct err *err)
{
	struct store *st = txn->st;
	int dbret;

	dbret =
	    txn->handle->commit(txn->handle, txn->dirty ? DB_TXN_WRITE_NOSYNC : DB_TXN_NOSYNC);
	if (dbret == DB_LOCK_DEADLOCK || dbret == DB_LOCK_NOTGRANTED) {
		txn->deadlock = true;
		return db_fail(err, dbret, "commit");
	}
	if (!dbret && txn->dirty)
		dbret = st->env->log_flush(st->env, NULL);
	if (dbret) {
		/* It may be on the disk or not; only recovery can tell. */
		st->lost = true;
		return err_fail(
		    err, ERR_RECOVER, "commit: %s: the outcome is unknown", db_strerror(dbret));
	}
	memcpy(st->swept, txn->swept, sizeof st->swept);
	return 0;
}

/* One attempt. *again: it met a deadlock and left nothing behind. */
static int
run_once(struct store *st, int (*body)(struct txn *txn, void *ctx, struct err *err), void *ctx,
    bool *again, struct err *err)
{
	DB_TXN *handle = NULL;
	struct txn txn;
	int code, dbret;

	*again = false;
	if (st->lost)
		return lost(st, err);
	dbret = st->env->txn_begin(st->env, NULL, &handle, 0);
	if (dbret) {
		code = db_fail(err, dbret, "begin");
		return code == ERR_RECOVER ? lost(st, err) : code;
	}
	txn_init(&txn, st);
	txn.handle = handle;
	st->running = &txn;
	code = body(&txn, ctx, err);
	st->running = NULL;
	if (!code && txn.failed)
		code = err_fail(err, txn.failed, "a failed access was overlooked");
	code = code ? abort_txn(&txn, code, err) : commit_txn(&txn, err);
	*again = txn.deadlock && code != ERR_RECOVER;
	txn_release(&txn);
	return *again ? ERR_BUSY : code;
}

/* Whoever lost a deadlock lets the others through. */
static void
back_off(unsigned attempt)
{
	struct timespec pause = {.tv_nsec = 2 * 1000 * 1000};

	if (attempt < ATTEMPTS_AT_ONCE)
		return;
	if (attempt < ATTEMPTS_YIELDING)
		sched_yield();
	else
		nanosleep(&pause, NULL);
}

/*
 * One more body in the transaction under way. What it wrote before it failed cannot be taken
 * back alone: then nothing of the whole may be committed, whatever the bodies around it make of
 * the failure. A deadlock is for the outermost to try again.
 */
static int
join(struct txn *txn, int (*body)(struct txn *txn, void *ctx, struct err *err), void *ctx,
    struct err *err)
{
	bool dirty = txn->dirty;
	int code;

	if (txn->st->lost)
		return lost(txn->st, err);
	if (txn->failed)
		return err_fail(err, txn->failed, "the transaction has failed already");
	txn->dirty = false;
	code = body(txn, ctx, err);
	if (!code && txn->failed)
		code = err_fail(err, txn->failed, "a failed access was overlooked");
	if (code && txn->dirty && !txn->failed)
		txn->failed = code;
	txn->dirty = txn->dirty || dirty;
	return code;
}

bool
store_is_running(const struct store *st)
{
	return st->running != NULL;
}

int
store_run(struct store *st, int (*body)(struct txn *txn, void *ctx, struct err *err), void *ctx,
    struct err *err)
{
	bool again = true;
	int code = ERR_BUSY;

	if (st->running)
		return join(st->running, body, ctx, err);
	for (unsigned attempt = 0; again && attempt < ATTEMPTS_MAX; attempt++) {
		back_off(attempt);
		code = run_once(st, body, ctx, &again, err);
	}
	return code;
}
