/*
 * A schedule: its definition (what the user wrote) and its state (what became of it). Two
 * records, so that an edit never resurrects a state, nor a state an edit. Plain structs; all
 * pointers are borrowed from the arena that they came from.
 */
#ifndef MODEL_SCHEDULE_H
#define MODEL_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "calendar/trigger.h"
#include "model/process.h"

/* Bounds of a definition; schedule_validate() enforces them. */
enum {
	SCHEDULE_NAME_MAX = 255,	 /* code points */
	SCHEDULE_DESCRIPTION_MAX = 4096, /* bytes */
	SCHEDULE_TAGS_MAX = 32,
	SCHEDULE_TRIGGERS_MAX = 32,
	SCHEDULE_TASKS_MAX = 32,
	SCHEDULE_TASK_NAME_MAX = 100,	/* code points */
	SCHEDULE_ARGV_MAX = 1024,	/* of one task */
	SCHEDULE_ENV_MAX = 256,		/* of one task */
	SCHEDULE_RESULT_FILE_MAX = 200, /* bytes; a number may take the place of its mark */
	SCHEDULE_BYTES_MAX = 65536,	/* all strings of a definition together */
	SCHEDULE_PRIORITY_MAX = 9,	/* and as far below 0 */
	SCHEDULE_MISFIRE_MAX = 1000,
	SCHEDULE_TYPE_MAX = 18, /* API3 ScheduleType, wire/api3.md 3.8 */
	SCHEDULE_MAX_RUNS_MAX = 1000000,
	SCHEDULE_RETRIES_MAX = 100, /* of one task */
	SCHEDULE_RETRY_CAUSES_MAX = 32,
	RETRY_FACTOR_UNIT = 100, /* a factor is kept in hundredths */
	RETRY_FACTOR_MAX = 10 * RETRY_FACTOR_UNIT,
	SCHEDULE_CALENDARS_MAX = 8,
};

/* What a definition has that does not say otherwise. */
enum { SCHEDULE_TYPE_DEFAULT = 1 };
#define SCHEDULE_WINDOW_US HOUR_US
#define SCHEDULE_KEEP_US   (7 * DAY_US) /* and no less */
#define TASK_GRACE_US	   (10 * SECOND_US)
#define RETRY_DELAY_US	   (10 * SECOND_US)
#define RETRY_DELAY_MAX_US HOUR_US /* or the delay, if that is longer */
enum { RETRY_FACTOR = 2 * RETRY_FACTOR_UNIT };

/* Overlap: what a trigger's run does while a run of the same schedule has not ended. */
enum overlap {
	OVERLAP_SKIP = 0,
	OVERLAP_QUEUE_ONE = 1,
	OVERLAP_QUEUE = 2,
	OVERLAP_ALLOW = 3,
	OVERLAP_REPLACE = 4, /* ends that run, and all that wait, and takes their place */
};

/* Misfire: which of the due times that passed unserved (down, or the clock jumped) still run.
 */
enum misfire { MISFIRE_ONE = 0, MISFIRE_SKIP = 1, MISFIRE_ALL = 2 };

/* After a crash: what becomes of a run of which nobody knows how it ended. */
enum on_lost { ON_LOST_FAIL = 0, ON_LOST_RERUN = 1 };

struct job;	    /* model/job.h */
struct http_def;    /* model/http.h */
struct notify_rule; /* model/notify.h */

/* What becomes of a due time that a calendar excludes. */
enum on_excluded { ON_EXCLUDED_SKIP = 0, ON_EXCLUDED_DEFER = 1 };

struct env_var {
	const char *name, *value;
};

/* How a task must have ended for one that is after it. The numbers are durable. */
enum after_when { AFTER_SUCCEEDED = 1, AFTER_FAILED = 2, AFTER_ALWAYS = 3 };

struct task_after {
	const char *task; /* name of another task of the schedule */
	enum after_when when;
};

/* What follows an attempt that did not succeed: see retry.h. With `max` 0 nothing does, and all else
 * is 0 too. */
struct retries {
	uint32_t max;	      /* attempts beside the first */
	int64_t delay_us;     /* before the first of them */
	uint32_t factor;      /* by which it grows each time, in hundredths */
	int64_t max_delay_us; /* it never grows beyond */
	int64_t jitter_us;    /* and so much is added at most */
	const char **on;      /* which failures: exit codes, ranges of them, words; none: all */
	size_t on_count;
};

/* One command or request of a schedule. A task record keeps a copy, so that what runs is what was defined
 * when it was triggered. */
struct task_def {
	const char *name;
	const char **argv;     /* argc entries and a NULL; argv[0] is an absolute path */
	size_t argc;	       /* 0: it has an HTTP request instead */
	struct http_def *http; /* NULL: it has a command */
	struct env_var *env;   /* added to the runner's own small environment */
	size_t env_count;
	const char *cwd;	 /* absolute; NULL is "/" */
	int64_t timeout_us;	 /* 0: none */
	int64_t kill_grace_us;	 /* between TERM and KILL */
	bool accept_args;	 /* a run's arguments are appended to argv */
	const char *result_file; /* which of its result files is the run's own; "${executionId}"
				    in it is the execution's number; NULL: the first */
	struct task_after *after; /* tasks that it waits for; none: it begins at once */
	size_t after_count;
	bool after_any; /* one of them is enough */
	struct retries retries;
	struct task_process process;
};

struct schedule {
	uint64_t id, tenant_id;
	uint64_t version;	 /* 1 at creation, one more with each edit */
	const char *name;	 /* unique among the live ones of the tenant, byte for byte */
	const char *description; /* never NULL */
	const char **tags;
	size_t tag_count;
	int type; /* API3 ScheduleType */
	struct trigger *triggers;
	size_t trigger_count; /* 0: on demand only */
	int64_t start_us;     /* no due time before; INT64_MIN: no bound */
	int64_t end_us;	      /* no due time at or after; INSTANT_NEVER: no bound */
	int64_t max_runs;  /* so many runs triggers cause, then nothing is due; 0: no bound */
	int64_t jitter_us; /* a due time's run starts up to this much later: the same due time
				 always by the same amount */
	const char **calendars; /* names: no due time that one of them excludes */
	size_t calendar_count;
	enum on_excluded on_excluded;
	enum overlap overlap;
	enum misfire misfire;
	int64_t misfire_window_us; /* missed longer ago than this: never run */
	uint32_t misfire_max;	   /* of MISFIRE_ALL: the last so many run; 0: all */
	enum on_lost on_lost;
	int64_t keep_us;   /* executions are kept this long after their end, at least 7 days */
	int priority;	   /* higher ones begin first */
	const char *group; /* concurrency group, model/group.h; NULL: none */
	struct task_def *condition; /* a command that must exit with 0, else a trigger runs
				       nothing; NULL: none */
	struct task_def *tasks;
	size_t task_count;	    /* at least 1 */
	struct notify_rule *notify; /* what is told of it, and whom */
	size_t notify_count;
	int64_t created_us, modified_us;
	uint64_t created_by;	/* user id; 0: the administrator's command */
	const char *owner;	/* the set that service_apply() keeps it in; NULL: none */
	uint64_t created_token; /* with which it was made; 0: none */
	const struct job *job;	/* what OpenSpecimen keeps with it; NULL: made elsewhere. Not a
				  part of the definition: an edit through another door keeps it */
};

struct schedule_state {
	uint64_t schedule_id;
	bool suspended;
	uint64_t suspended_by; /* user id */
	int64_t suspended_us;
	int64_t suspended_until_us;   /* it is over then; 0: when it is resumed */
	const char *suspended_reason; /* NULL if none was given */
	int64_t next_due_us;	      /* INSTANT_NEVER: none */
	int64_t spread_us;	      /* its entry in the plan is this much later: jitter */
	uint64_t runs;		      /* that triggers have caused, since it was made */
	int64_t range_due_us;	      /* ledger entry that a further suspended due time joins;
					 INSTANT_NEVER: none */
	int64_t deferred_us; /* this due time runs at next_due_us, when no calendar excludes it
				any more; INSTANT_NEVER: none is deferred */
	/* The last boot of the machine that it knows: see service/boot.h. */
	uint64_t boot;	 /* its number; 0: none */
	int64_t boot_us; /* when its reboot triggers were due because of it; 0: they were not */
	uint64_t last_execution_id; /* 0: none yet */
	uint32_t active;	    /* executions in the queue or begun, and not ended */
	uint32_t waiting; /* executions that wait for their turn, behind the active ones */
};

/*
 * Check what no reader of a text can check alone: bounds, absolute paths, names in use twice.
 *
 * Fails: ERR_INPUT `Invalid value: tasks[0].command: must begin with an absolute path`, or
 * `Missing value: name`.
 */
MUST_CHECK int schedule_validate(const struct schedule *s, struct err *err);

/* The name of a concurrency group. Fails: ERR_INPUT naming the member. */
MUST_CHECK int schedule_check_group(const char *name, const char *member, struct err *err);

/* Does a due time at `at_us` meet the suspension, as far as is known now? */
bool schedule_is_suspended(const struct schedule_state *state, int64_t at_us);

/* The suspension is over, and nothing is left of it. */
void schedule_end_suspension(struct schedule_state *state);

/* It is suspended because its due times cannot be worked out: see fire_due(). What was due since
 * is still to be settled. */
bool schedule_is_given_up(const struct schedule_state *state);

/* By how much the run of a due time starts later than it: at most its jitter, from a hash of the
 * schedule and the due time. */
int64_t schedule_spread(const struct schedule *s, int64_t due_us);

/* When the run of a due time is to start. INSTANT_NEVER stays what it is. */
int64_t schedule_firing_time(const struct schedule *s, int64_t due_us);

/* Where the plan has its entry; INSTANT_NEVER: it has none. */
int64_t schedule_planned(const struct schedule_state *state);

/* Is it due at the boots of the machine that are to come? */
bool schedule_awaits_boot(const struct schedule *s);

/* Its reboot triggers are due then; 0: no boot was told to it. */
void schedule_know_boot(struct schedule *s, int64_t boot_us);

/* Have its triggers caused all runs that it may have? */
bool schedule_is_used_up(const struct schedule *s, const struct schedule_state *state);

/* What is to be planned: as schedule_next_due(), of a schedule in this state. */
MUST_CHECK int schedule_plan_next(const struct schedule *s, const struct schedule_state *state,
    struct zones *zones, int64_t after_us, int64_t *due_us, struct err *err);

/*
 * The first due time of any trigger strictly after `after_us` and within start and end;
 * INSTANT_NEVER if none. Only one-shots are due before the schedule was made (created_us), and boots,
 * which are told only to those that were made before: the clock may not be right yet.
 *
 * Fails: as zones_get(), when the zone of a trigger is no longer known to the system.
 */
MUST_CHECK int schedule_next_due(const struct schedule *s, struct zones *zones,
    int64_t after_us, int64_t *due_us, struct err *err);

/* The same for one trigger. */
MUST_CHECK int schedule_trigger_next(const struct schedule *s, size_t trigger,
    struct zones *zones, int64_t after_us, int64_t *due_us, struct err *err);

/* The last due time after `after_us` and before `before_us`; INSTANT_NEVER if there is none. */
MUST_CHECK int schedule_last_due(const struct schedule *s, struct zones *zones,
    int64_t after_us, int64_t before_us, int64_t *due_us, struct err *err);

#endif
