/*
 * A command's keeper: a process of the runner's own between it and the command, which inherits
 * whatever the command and its descendants leave behind.
 *
 *   runner -- keeper -- command -- ...
 *                 `---- who left his session, forked twice, lost his parent
 *
 * A session, a process group and an environment can be left; the ancestor who is a subreaper
 * cannot. So everybody who descends from the keeper is the command's, and nobody else is; and
 * when the keeper has no living child, nobody of the command lives.
 *
 * It does nothing by itself but wait: it reaps orphans, tells when the command has ended (which
 * stays a zombie, so that its number stays its own), and kills them all, again and again until
 * none is left, when it is told to or when the runner has died. It signals only its own children,
 * whose numbers nobody else can be given before it has reaped them.
 */
#ifndef RUNNER_KEEPER_H
#define RUNNER_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct keeper {
	pid_t pid;   /* 0: there is none, or none any more */
	int control; /* the runner's end; readable when the command or the keeper has ended */
};

#define KEEPER_INIT            \
	{                      \
		.control = -1, \
	}

/*
 * Fork a keeper, which forks the command: `child` is called there, and never returns, with the
 * number of its parent.
 *
 * Waits until the command is forked.
 *
 * Owns:  keeper_end(). Fails: ERR_IO; there is neither then.
 */
MUST_CHECK int keeper_start(struct keeper *k, void (*child)(void *ctx, pid_t parent), void *ctx,
    pid_t *pid, struct err *err);

/*
 * Has it told that the command has ended? *status is then as from waitpid(). Told once.
 *
 * When the keeper itself is gone it is ended here, and what was its becomes the caller's, the
 * command among it.
 */
bool keeper_tells_end(struct keeper *k, int *status);

/* Kill everybody who descends from it, until nobody is left; it goes on by itself. Answers false
 * when it cannot be told. */
bool keeper_kill_all(const struct keeper *k);

/* 1: it has children, living or not, beside `pid`; 0: none; -1: nobody knows, as where the kernel
 * does not tell or there is no keeper any more. */
int keeper_others(const struct keeper *k, pid_t pid);

/* End it: its children become the caller's, who is a subreaper, now. */
void keeper_end(struct keeper *k);

#endif
