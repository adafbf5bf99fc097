/*
 * One attempt in the runner's care, from its START to its FORGET.
 *
 *   HELD -> RUNNING -> DRAINING -------------------> COLLECTING -> ENDED
 *              |           | something was left behind     ^
 *              |           v                               |
 *              `------> STOPPING (TERM sent) -> KILLING ---'
 *
 * An HTTP request goes from RUNNING to ENDED: nothing of it can be left behind.
 *
 * COLLECTING is for what left result files (results.h); only so many do it at a time.
 *
 * ENDED means that nothing of the command lives any more: its main process has ended, its
 * pipes were read to their end, and what it left behind in its session was ended, because
 * nobody would own it. A process that made a session of its own has asked to outlive the
 * command and is let alone, if the command has ended by itself. If it was told to end, by its
 * timeout, a KILL or a STOP, nobody who descends from it is spared: TERM, grace and KILL reach
 * all of them, wherever they went. Only then the main process is reaped: until there its
 * number, which is that of its session, cannot become a stranger's.
 */
#ifndef RUNNER_WARD_H
#define RUNNER_WARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/err.h"
#include "proc/channel.h"
#include "proc/loop.h"
#include "runner/cgroup.h"
#include "runner/command.h"
#include "runner/family.h"
#include "runner/http.h"
#include "runner/output.h"
#include "runner/results.h"

enum ward_stage {
	WARD_HELD,
	WARD_RUNNING,
	WARD_DRAINING,	 /* the main process has ended, its pipes may not have */
	WARD_STOPPING,	 /* TERM was sent, to the command or to what it left behind */
	WARD_KILLING,	 /* KILL is sent until nobody is left */
	WARD_COLLECTING, /* nobody is left; its result files are, or will be, collected */
	WARD_ENDED,
};

/* What all wards share. */
struct ward_house {
	struct loop *loop;
	int output_root, null_fd;
	const char *output_path;   /* of output_root; absolute */
	struct rlimit files;	   /* RLIMIT_NOFILE of commands */
	const char *user, *group;  /* the runner's own, by name */
	const char *const *run_as; /* users that they may run as; NULL at the end */
	struct http_client *http;
	struct cgroups *cgroups;
};

struct ward;

struct ward_stream {
	struct ward *ward;
	struct output output;
	struct loop_watch *watch; /* NULL when the pipe has ended */
};

struct ward {
	const struct ward_house *house; /* borrowed */
	uint64_t task_id;
	uint32_t attempt;
	enum ward_stage stage;
	struct command command;
	struct cgroup cgroup;
	struct http_call *call; /* its request; NULL: it is a command */
	int http_status;
	int64_t retry_after_us;	       /* what the answer asked for; 0: nothing */
	struct ward_stream streams[2]; /* stdout, stderr */
	struct excerpt both;	       /* of them */
	int dir;		       /* where they stand; -1 when they are closed */
	char *program, *cwd;
	int64_t timeout_us, kill_grace_us;
	int64_t due_mono_us;  /* when the stage is over; INT64_MAX: when something happens */
	int64_t look_mono_us; /* when to look again who lives */
	int64_t pause_us;     /* between two looks */

	bool dead;	 /* the main process has ended, or there never was one */
	bool blind;	 /* /proc cannot be read; said once */
	bool complained; /* the output cannot be written; said once */
	bool started, timed_out, killed;
	bool all; /* who left its session is to end too */
	struct loop_watch *keeper_watch;
	int exit_code, signal;
	int64_t end_us;
	uint64_t output_bytes;
	char reason[256]; /* "": none */
	char *last_line;  /* NULL: none */

	char *output_dir;
	uint64_t results_max_bytes; /* 0: it has no directory for results */
	uid_t owner;		    /* of what it leaves there */
	struct collector collector;
	struct loop_watch *collector_watch;
	struct arena arena; /* of the results */
	struct channel_result *results;
	uint32_t result_count;
};

/* One look at the world, shared by all wards that are stepped together. */
struct ward_view {
	int64_t now_us, now_mono_us;
	struct census *census; /* taken when first needed */
};

/*
 * Take the attempt that a START describes into care: HELD, or ENDED and not started, with the
 * reason.
 *
 * Owns:  ward_free(). `house` is borrowed until then; nothing of `m` is.
 */
struct ward *ward_new(
    const struct ward_house *house, const struct channel_message *m, int64_t now_us);

/* Kills nobody: only for a ward that has ended. */
void ward_free(struct ward *w);

/* Let a held one run; its timeout begins. Changes nothing for any other. */
void ward_release(struct ward *w, int64_t now_mono_us);

/*
 * Stop it: at once if it is held, else TERM now and KILL after `grace_us` at the latest. An
 * earlier KILL that is already due stays; one that has ended stays as it is.
 */
void ward_stop(struct ward *w, int64_t grace_us, const struct ward_view *view);

/* Look whether its main process has ended. */
void ward_look(struct ward *w, const struct ward_view *view);

/*
 * Do what is due. Answers when to be called again, INT64_MAX if only something that happens can
 * move it on.
 */
int64_t ward_step(struct ward *w, const struct ward_view *view);

/* True when it waits for its turn to collect. */
bool ward_wants_collector(const struct ward *w);
/* Its turn has come: ward_collects() then, or it has ended. */
void ward_collect(struct ward *w, const struct ward_view *view);
/* True while a child of the runner collects for it. */
bool ward_collects(const struct ward *w);

/* True for its main process, its keeper and who collects for it. */
bool ward_owns(const struct ward *w, pid_t pid);

/* Tell where it stands: HELD, ENDED or KNOWN as `type` says. Borrows the reason. */
struct channel_message ward_message(const struct ward *w, enum channel_type type);

#endif
