/*
 * Asks for a run in the past: past STORE SCHEDULE SECONDS, while the service is stopped. The run is
 * in the queue afterwards, as if it had been asked for so many seconds ago, and its execution's id
 * is printed. What the clock does to a run cannot be tried from outside in any other way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/id.h"
#include "calendar/zone.h"
#include "proc/clock.h"
#include "service/service.h"

static void
ring(void *ctx)
{
	(void)ctx;
}

static int
recover(const struct store_options *options, struct err *err)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(store_recover(options, err) ? 1 : 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return err_fail(err, ERR_IO, "%s cannot be recovered", options->dir);
	return 0;
}

static int
ask(struct service *sv, const char *schedule, int64_t ago_us, uint64_t *id, struct err *err)
{
	struct arena arena = ARENA_INIT;
	struct actor actor;
	uint64_t schedule_id;
	int rc = id_parse(schedule, strlen(schedule), &schedule_id);

	if (!rc)
		rc = service_system_actor(sv, &arena, &actor, err);
	if (!rc)
		rc = service_run_schedule(
		    sv, &actor, clock_wall_us() - ago_us, schedule_id, false, NULL, id, err);
	arena_release(&arena);
	return rc;
}

int
main(int argc, char **argv)
{
	struct store_options options = {.cache_bytes = 4 << 20};
	struct service sv = {.random = secret_random, .ring = ring};
	char hex[ID_HEX_LEN + 1];
	struct err err = {0};
	uint64_t id;
	int lock, rc;

	if (argc != 4) {
		fprintf(stderr, "usage: past STORE SCHEDULE SECONDS\n");
		return 2;
	}
	options.dir = argv[1];
	rc = store_lock(options.dir, &lock, &err);
	if (!rc)
		rc = recover(&options, &err);
	if (!rc)
		rc = secret_init(&err);
	if (!rc)
		rc = store_open(&options, &sv.store, &err);
	if (!rc) {
		sv.zones = zones_new(NULL);
		rc = ask(&sv, argv[2], atoll(argv[3]) * SECOND_US, &id, &err);
		store_close(sv.store);
		zones_free(sv.zones);
	}
	if (rc) {
		fprintf(stderr, "past: %s\n", err.text);
		return 1;
	}
	id_hex(id, hex);
	puts(hex);
	return 0;
}
