/*
 * The master: starts the other processes, watches them, and keeps the rule of the store. See
 * policy.h for what it decides.
 *
 * It never opens the store, answers no request and reads nothing that a client sent.
 */
#ifndef APP_MASTER_H
#define APP_MASTER_H

#include "app/snapshot.h"
#include "app/sockets.h"

struct master_options {
	const char *config_path; /* read again at a reload */
	int programs_fd;	 /* the folder of carillon-scheduler and carillon-runner */
	int lock_fd;		 /* the store's lock, see store_lock() */
};

/*
 * Serve until told to stop; answers the process's exit code. All signals are blocked when it is
 * called, and no child is there.
 *
 * SIGTERM, SIGINT and SIGQUIT stop, a second one at once; SIGHUP reads the configuration again.
 *
 * Owns:  a reload replaces what *snapshot holds; both stay the caller's.
 */
int master_run(
    const struct master_options *options, struct snapshot *snapshot, struct sockets *sockets);

#endif
