/*
 * The configuration: one table of settings, read from an XML file and then from the
 * environment.
 *
 * Each setting stands once in the table in setting.c: name, kind, default, bounds, unit and
 * reason. The parser, the sample file (conf/carillon.xml), the schema (conf/carillon.rng) and
 * the environment variables all come from it.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

struct config {
	char *path; /* the file that it was read from */

	char *socket;	      /* where the web server connects */
	uint64_t socket_mode; /* permission bits */
	char *socket_group;   /* NULL: that of the process */
	char *private_socket; /* carillonctl connects here; mode 0600 */
	uint64_t
	    backlog; /* connections that wait while workers are busy or the store recovers */

	char *user;  /* dropped to when started as root; NULL: stay who one is */
	char *group; /* NULL: the user's own */

	uint64_t workers_min, workers_max;
	uint64_t worker_requests; /* a worker retires after so many */
	int64_t stuck_after_us;	  /* a busy process without progress is dead */
	int64_t drain_us; /* how long a stop waits for requests and commands under way */
	uint64_t body_max_bytes;

	char *store_dir;
	uint64_t store_cache_bytes;
	uint64_t store_reserve_bytes;
	uint64_t checkpoint_bytes;

	char *output_dir;		  /* what commands write; kept with their execution */
	uint64_t start_rate, start_burst; /* of attempts, in a second and at once */
	uint64_t output_max_bytes;
	uint64_t results_max_bytes; /* of one attempt */

	char **command_allow; /* absolute paths without slash at the end: a program, or a
				 directory and all below it; NULL at the end */
	char *cgroup_dir;     /* where the groups of commands are made; "" or NULL: nowhere */
	char **run_as;	      /* users that commands may run as; NULL at the end */
	/* Entries `name = /program argument` and `5 title = /program argument`, which are of that
	 * form; NULL at the end. */
	char **job_task, **saved_query;
	/* Of HTTP targets: networks that are opened though they are not public (NULL: none), ports,
	 * and the directory of certificates and keys. */
	char *http_allow, *http_ports, *http_tls_dir;
	/* Of notifications by mail: the program (NULL: none is sent), and the sender (NULL: a
	 * name on this machine). */
	char *sendmail, *mail_from;
	char *time_zone; /* of triggers that name none */
	int64_t session_idle_us;
	char *allowed_origins; /* with one blank between them; NULL: none */

	/* Where a face lies: "" at the root, "/ops" below that, NULL: it is switched off. */
	char *api3_at, *altogic_at, *ricloud_at, *openspecimen_at;
	char *altogic_api_key; /* NULL: none is asked for */
	int64_t altogic_idle_us, openspecimen_idle_us;
};

/*
 * Read and check `path`, validate it against the schema, then let environment variables
 * CARILLON_<NAME> (upper case, words joined by `_`: CARILLON_WORKERS_MAX; paths separated by
 * colons, commands by semicolons) override single settings. What is wrong in the file is a fault
 * also where a variable overrides it. Relative paths in it are relative to the process's directory.
 *
 * Owns:  config_release() frees what *config holds; it is valid and empty after a failure.
 * Fails: ERR_INPUT: `/etc/carillon.xml:12: workersMax: 0 is not within 1 to 120`, or naming the
 * variable. ERR_IO when the file cannot be read.
 */
MUST_CHECK int config_load(const char *path, struct config *config, struct err *err);
void config_release(struct config *config);

/* The sample: every setting with its unit, default and reason, byte for byte conf/carillon.xml.
 */
void config_sample(struct buf *out);

/* The RELAX NG schema, byte for byte conf/carillon.rng. */
void config_schema(struct buf *out);

#endif
