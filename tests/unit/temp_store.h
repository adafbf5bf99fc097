/*
 * A store in a directory of its own, for tests: made in a child process, as the supervisor does
 * it, and gone with the test. It lies in memory where the machine offers that, because these
 * tests are about decisions and not about the disk.
 */
#ifndef TEMP_STORE_H
#define TEMP_STORE_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"

struct temp_store {
	char dir[64];
	struct store_options options;
	struct store *st;
};

static inline void
temp_store_die(const char *what, const struct err *err)
{
	fprintf(stderr, "temp store: %s: %s\n", what, err->text);
	abort();
}

/* Do something with the closed store in a child, which takes what it had open with it. */
static inline bool
temp_store_in_child(
    struct temp_store *t, int (*work)(const struct store_options *options, struct err *err))
{
	struct err err = {0};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int rc = work(&t->options, &err);

		if (rc)
			fprintf(stderr, "temp store: %s\n", err.text);
		_exit(rc ? 1 : 0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static inline void
temp_store_open(struct temp_store *t)
{
	struct err err;

	if (store_open(&t->options, &t->st, &err))
		temp_store_die("open", &err);
}

static inline void
temp_store_make(struct temp_store *t)
{
	const char *base = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";

	*t = (struct temp_store){.options = {.cache_bytes = 4 << 20}};
	snprintf(t->dir, sizeof t->dir, "%s/carillon-test.XXXXXX", base);
	if (!mkdtemp(t->dir))
		abort();
	t->options.dir = t->dir;
	if (!temp_store_in_child(t, store_recover))
		abort();
	temp_store_open(t);
}

static inline void
temp_store_complain(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "verify: %s\n", line);
}

static inline int
temp_store_verify_work(const struct store_options *options, struct err *err)
{
	return store_verify(options, temp_store_complain, NULL, err);
}

/* True when `carillonctl check` would find nothing. The store is closed for it and opened
 * again: what was borrowed from t->st is lost. */
static inline bool
temp_store_is_sound(struct temp_store *t)
{
	bool sound;

	store_close(t->st);
	t->st = NULL;
	sound = temp_store_in_child(t, temp_store_verify_work) &&
		temp_store_in_child(t, store_recover);
	temp_store_open(t);
	return sound;
}

static inline int
temp_store_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline void
temp_store_remove(struct temp_store *t)
{
	store_close(t->st);
	t->st = NULL;
	nftw(t->dir, temp_store_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
