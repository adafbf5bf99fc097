/* A worker: see worker.c. */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "app/sockets.h"
#include "config/config.h"
#include "proc/board.h"

enum {
	WORKER_EXIT_FAILED = 1,
	WORKER_EXIT_RECOVER = 77, /* the store must be recovered */
};

struct worker {
	const struct config *config;
	const struct sockets *sockets;
	struct board *board;
	uint32_t slot; /* on the board; busy already */
	int bell_fd;   /* eventfd: rings the scheduler */
};

/*
 * Serve requests until told to leave or until enough were served; answers the exit code. All
 * signals are blocked when it is called. SIGTERM: answer what waits at our own sockets, then
 * leave. SIGUSR1: leave, others go on serving. A request under way is always finished first.
 */
int worker_run(const struct worker *w);

#endif
