/*
 * Executions and their tasks, and the ledger's occurrences. Plain structs; pointers are
 * borrowed from the arena that they came from.
 *
 *   task:   waiting -> pending -> starting -> running -> succeeded | failed | timed_out | lost
 *                        ^           |           |-> retrying -> pending
 *                        `- lost     `-----------`-> cancelling -> cancelled
 *           (starting: claimed and perhaps forked, but held: nothing of it has run, and every face
 *           tells it as pending; running: its pid is durable and it was released; cancelling: one of
 *           both, told to end; retrying: its last attempt failed, and the next has its due time.
 *           What is not under way is cancelled at once. An ended one may be made pending again.)
 */
#ifndef MODEL_EXECUTION_H
#define MODEL_EXECUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/schedule.h"

enum task_status {
	TASK_WAITING = 0, /* for tasks before it */
	TASK_PENDING = 1,
	TASK_STARTING = 2,
	TASK_RUNNING = 3,
	TASK_SUCCEEDED = 4,
	TASK_FAILED = 5,
	TASK_TIMED_OUT = 6,
	TASK_CANCELLED = 7,
	TASK_LOST = 8,
	TASK_SKIPPED = 9,
	TASK_CONDITION = 10, /* triggers were checked and said no */
	TASK_CANCELLING = 11,
	TASK_RETRYING = 12, /* pending, but not before the due time of its next attempt */
};

bool task_status_ended(enum task_status status);

/* Under way: the runner holds its present attempt, or will, or did when it died. */
bool task_status_active(enum task_status status);

/* "pending", "timed_out": the words of DESIGN.md's model. */
const char *task_status_name(enum task_status status);

enum origin {
	ORIGIN_TRIGGER = 1,
	ORIGIN_CALL = 2,
	ORIGIN_CATCH_UP = 3,
	ORIGIN_BACKFILL = 4,
	ORIGIN_RERUN = 5
};

const char *origin_name(
    enum origin origin); /* "trigger", "call", "catchUp", "backfill", "reRun" */

struct execution {
	uint64_t id, tenant_id, schedule_id;
	const char *schedule_name; /* when it was triggered */
	enum origin origin;
	int64_t due_us; /* INSTANT_NEVER unless a due time caused it */
	int64_t triggered_us;
	int64_t start_us;		  /* INSTANT_NEVER until its first task started */
	int64_t end_us;			  /* INSTANT_NEVER until its last task ended */
	uint64_t actor_id;		  /* user; 0: none, or the administrator's command */
	uint64_t token_id;		  /* 0: none */
	const char *args;		  /* NULL if none */
	uint32_t task_count, tasks_ended; /* without the condition */
	enum on_lost on_lost;		  /* as the schedule said when it was triggered */
	uint64_t condition_id; /* the task that says whether the others run; 0: none */
	int schedule_type;     /* API3 ScheduleType, when it was triggered */
	uint64_t key_id; /* the token that it is put down to: token_id, else that with which
				  the schedule was made; 0: none */
	uint64_t replaced_by; /* the run that ended it to take its place; 0: none */
	int priority;	      /* as the schedule said when it was triggered */
	uint64_t group_id;    /* whose place it needs to begin; 0: none */
	bool exclusive; /* asked for as an OpenSpecimen run: until it starts a later one of its
			   kind takes its place */
};

/* The ordinal of the task that evaluates the condition. It is like any other to the scheduler and
 * the runner, and counted and shown nowhere; the tasks wait for it. */
#define TASK_ORDINAL_CONDITION UINT32_MAX

struct attempt {
	uint32_t number;	  /* from 1 */
	int32_t pid;		  /* 0 until it is known durably, and of an HTTP request */
	uint64_t pid_start_ticks; /* which boot and ticks since it: tells a reused pid */
	int64_t start_us, end_us; /* INSTANT_NEVER until then */
	int32_t exit_code;	  /* -1: none (signal, or never started) */
	int32_t http_status;	  /* of the last answer; 0: none */
	int32_t signal;		  /* 0: none */
	const char *reason;	  /* one line why it did not succeed; NULL if there is none */
	const char *last_line; /* of its standard output, cut to ATTEMPT_LINE_MAX bytes of whole
				  characters; NULL: none, or not known */
	uint32_t results;      /* result files that it left */
	int64_t due_us;	       /* of a retry: it does not begin before; 0: it is none */
	int64_t
	    retry_after_us; /* so long whatever it called asked to be left alone; 0: it did not */
	/* What it used, with all that it waited for: processor time, and the most memory that one
	 * of its processes had at once. memory_bytes 0: not known. */
	int64_t cpu_user_us, cpu_system_us, memory_bytes;
};

enum { ATTEMPT_LINE_MAX = 500 };

struct task {
	uint64_t id, execution_id, schedule_id, tenant_id;
	uint32_t ordinal; /* from 0, in the definition's order; or TASK_ORDINAL_CONDITION */
	enum task_status status;
	struct task_def def;
	struct attempt
	    *attempts; /* oldest first; the last is the present one, or the next, if it
				     is retrying */
	size_t attempt_count;
	uint32_t
	    retries; /* made or to come, of those that it has since it was last asked to run */
	int64_t output_bytes; /* stdout and stderr of the last attempt; -1: nothing known yet */
	int64_t end_us; /* when it ended, also without an attempt; INSTANT_NEVER until then,
				 and when it runs again */
};

/* Another attempt behind those that it has, which has not begun; the array is made anew in the
 * arena. */
struct attempt *task_add_attempt(struct arena *a, struct task *t);

/* A task in short: all by which lists of tasks are filtered. */
struct task_line {
	uint64_t id, execution_id, schedule_id;
	int schedule_type;
	uint64_t key_id, actor_id; /* as in the execution */
	int64_t due_us, triggered_us;
	enum task_status status;
	int64_t start_us; /* when its first attempt started; INSTANT_NEVER: none did yet */
	int64_t end_us;	  /* as in the task */
};

struct task_line task_line_of(const struct execution *e, const struct task *t);

/* What the task did since: all else in a line never changes. */
void task_line_update(struct task_line *line, const struct task *t);

bool task_line_equals(const struct task_line *a, const struct task_line *b);

enum { TASK_SUMMARY_TEXT = 64 };

/* Why a task did not succeed, or that it did: one line, written into `text` or borrowed from the
 * task. NULL while it has not ended. */
const char *task_summary(const struct task *t, char text[TASK_SUMMARY_TEXT]);

enum { OUTPUT_DIR_TEXT = 64 };

/* Where the output of a task's attempts lies below the output directory: "<execution /
 * 1000>/<execution>/<ordinal>", in decimal; "condition" is that one's ordinal. */
void task_output_dir(const struct task *t, char out[OUTPUT_DIR_TEXT]);

/* The result file that is a run's own, if its task names one; NULL: it names none. */
const char *task_result_file(
    struct arena *a, const struct task_def *def, uint64_t execution_id);

/* What became of a due time. The numbers are durable: never reuse one. */
enum verdict {
	VERDICT_RAN = 1,
	VERDICT_SKIPPED_OVERLAP = 2,
	VERDICT_SKIPPED_SUSPENDED = 3,
	VERDICT_SKIPPED_CALENDAR = 4,
	VERDICT_SKIPPED_CONDITION = 5,
	VERDICT_MISSED_DOWN = 6,
	VERDICT_MISSED_WINDOW = 7,
	VERDICT_MISSED_DST_GAP = 8,
	VERDICT_MISSED_CLOCK = 9,
	VERDICT_MISSED_CAP = 10,
};

const char *verdict_name(enum verdict verdict); /* "ran", "skipped_overlap", … */

/* One ledger entry: a due time, or the due times from due_us to to_us when `count` is above 1.
 */
struct occurrence {
	uint64_t schedule_id;
	int64_t due_us, to_us;
	uint64_t count;
	enum verdict verdict;
	uint64_t execution_id; /* the run, or the run that stood in the way; 0: none */
	const char *reason;    /* one sentence; NULL if the verdict says all */
	int64_t decided_us;    /* when the entry was written */
	/* Of the suspension that a due time met: who and when; else 0. */
	uint64_t suspended_by;
	int64_t suspended_us;
};

#endif
