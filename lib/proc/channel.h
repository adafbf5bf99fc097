/*
 * The conversation of scheduler and runner: typed, versioned messages on a SOCK_SEQPACKET pair.
 *
 * The master makes the pair and keeps both ends, so a scheduler that dies breaks nothing: its
 * successor gets the same end and says HELLO with a number of its own. What was under way is
 * then still read in order: old orders are carried out before the HELLO is, and the scheduler
 * drops everything that arrives before the WELCOME with its number. When the runner dies both
 * get a new pair.
 *
 *   scheduler to runner             runner to scheduler
 *
 *   HELLO generation                WELCOME generation; KNOWN for each attempt that it holds;
 *                                   READY generation
 *   START attempt, what to run      HELD attempt, pid, start ticks: forked, waits at its gate;
 *                                   or ENDED, never started: it could not be forked
 *   RELEASE attempt                 nothing: its pid is durable, it runs now
 *   KILL attempt                    ENDED attempt, how
 *   FORGET attempt                  nothing: its end is durable
 *   STALE attempt, pid, start ticks SWEPT the same: nobody of that session lives any more
 *   STOP                            ENDED for each, after TERM, grace and KILL
 *
 * Every order may be repeated: one that was carried out before changes nothing and is answered
 * with the present state.
 */
#ifndef PROC_CHANNEL_H
#define PROC_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/pack.h"

enum {
	CHANNEL_VERSION = 1,
	CHANNEL_MESSAGE_MAX = 160 * 1024, /* below the kernel's default send buffer */
	CHANNEL_LINE_MAX = 500,		  /* bytes of a last line */
	CHANNEL_RESULTS_MAX = 100,	  /* result files of one attempt */
	CHANNEL_MD5_BYTES = 16,
};

enum channel_type {
	CHANNEL_HELLO = 1,
	CHANNEL_START = 2,
	CHANNEL_RELEASE = 3,
	CHANNEL_KILL = 4,
	CHANNEL_FORGET = 5,
	CHANNEL_STALE = 6,
	CHANNEL_STOP = 7,
	CHANNEL_WELCOME = 64,
	CHANNEL_KNOWN = 65,
	CHANNEL_READY = 66,
	CHANNEL_HELD = 67,
	CHANNEL_ENDED = 68,
	CHANNEL_SWEPT = 69,
};

/* Where an attempt stands in the runner. */
enum attempt_phase {
	PHASE_HELD = 1, /* forked, has not run a single instruction of the command */
	PHASE_RUNNING = 2,
	PHASE_ENDED = 3,
};

/* An HTTP request. Texts are whole: no placeholder is left. */
struct channel_http {
	const char *method, *url;
	const char **headers;				/* "Name: value"; NULL at the end */
	const char *body;				/* NULL: none */
	const char *ca_file, *client_cert, *client_key; /* NULL: none */
	bool unverified;
	bool secret; /* a secret stands in its headers or body */
	uint32_t redirects;
	uint64_t max_bytes;
	int64_t connect_us;
};

/* Limits of a command, as in setrlimit(). */
enum channel_limit {
	CHANNEL_CPU = 0, /* seconds */
	CHANNEL_MEMORY = 1,
	CHANNEL_FILES = 2,
	CHANNEL_PROCESSES = 3,
	CHANNEL_FILE_SIZE = 4,
	CHANNEL_CORE = 5,
	CHANNEL_LIMITS = 6,
};

/* A file that a command left as a result; it lies in "<output_dir>/<attempt>.results/<number>". */
struct channel_result {
	uint32_t number;
	const char *name; /* as the command called it: UTF-8 without control characters */
	uint64_t bytes;
	unsigned char md5[CHANNEL_MD5_BYTES];
	bool json; /* its content is one JSON text */
};

struct channel_message {
	enum channel_type type;
	uint64_t generation; /* HELLO, WELCOME, READY */
	uint64_t task_id;    /* all about one attempt */
	uint32_t attempt;

	/* START: pointers are borrowed from the sender, or from the arena on arrival. Both
	 * lists end with NULL. */
	const char **argv;
	const char **env; /* "NAME=value", the whole environment but for CARILLON_RESULT_DIR */
	const char **shown; /* how those of env that hold a secret are told */
	const char *cwd;
	const char *output_dir; /* relative to the runner's output root; made by the runner */
	int64_t timeout_us;	/* 0: none */
	int64_t kill_grace_us;
	uint64_t output_max_bytes; /* each of stdout and stderr */
	const char *input;	   /* on its standard input; NULL: nothing */
	const char *user;	   /* who it runs as; NULL: the runner's own */
	const char *group;	   /* one of the user's; NULL: the user's first */
	uint32_t umask;
	int32_t nice;
	uint8_t limited; /* a bit for each limit that there is: 1 << enum channel_limit */
	uint64_t limits[CHANNEL_LIMITS];
	/* It gets a directory for result files, CARILLON_RESULT_DIR, which is then collected: so
	 * many bytes together, at most. 0: it gets none. */
	uint64_t results_max_bytes;
	const struct channel_http
	    *http;	     /* NULL: it is a command; else argv and env are empty */
	const char **mask;   /* texts that are not to be seen in its output; NULL at the end */
	const char *refusal; /* it cannot be run at all, and why; NULL: it can */

	/* HELD, KNOWN, ENDED, STALE, SWEPT */
	enum attempt_phase phase; /* KNOWN */
	int32_t pid;		  /* 0: an HTTP request has none */
	uint64_t pid_start_ticks; /* and which boot: the runner's word, kept as it is */

	/* ENDED, and KNOWN with PHASE_ENDED */
	bool started;		/* false: it certainly never ran */
	bool timed_out, killed; /* killed: by KILL or STOP */
	int32_t exit_code;	/* -1: none */
	int32_t signal;		/* 0: none */
	int64_t end_us;		/* wall clock */
	int32_t http_status;	/* of the last answer; 0: none */
	int64_t retry_after_us; /* whatever was called asks to be left alone so long; 0: no */
	uint64_t output_bytes;	/* written by the command, before any cap */
	const char *reason;	/* one line; NULL: nothing to add */
	const char *last_line;	/* of stdout that is not empty: CHANNEL_LINE_MAX bytes of UTF-8
				   without control characters but tabs, at most; NULL: none */
	struct channel_result *results;
	uint32_t result_count;
	/* What it used, with all that it waited for; memory_bytes, the most that one process had
	 * at once, is 0 when that is not known. */
	int64_t cpu_user_us, cpu_system_us, memory_bytes;
};

/* One result as it travels. */
void pack_channel_result(struct buf *b, const struct channel_result *r);
void unpack_channel_result(struct unpack *u, struct arena *a, struct channel_result *r);

/* A pair of connected sockets, non-blocking, close-on-exec. */
MUST_CHECK int channel_pair(int fds[2], struct err *err);

/* Fails: ERR_BUSY when the peer's queue is full: keep it and send it later, in order. ERR_INPUT
 * when it is larger than CHANNEL_MESSAGE_MAX. ERR_MISSING when the peer has closed. ERR_IO. */
MUST_CHECK int channel_send(int fd, const struct channel_message *m, struct err *err);

/* Fails: ERR_BUSY when there is none; ERR_MISSING when the peer has closed; ERR_INPUT for a
 * malformed one or another version, which is gone then; ERR_IO. */
MUST_CHECK int channel_receive(
    int fd, struct arena *a, struct channel_message *m, struct err *err);

#endif
