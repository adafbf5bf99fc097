/*
 * Notifications: the rules of a definition, what is remembered of a schedule for their sake, and
 * the messages that wait for their delivery. Pure; pointers are borrowed from the arena that they
 * came from.
 */
#ifndef MODEL_NOTIFY_H
#define MODEL_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/execution.h"
#include "model/schedule.h"

enum {
	NOTIFY_RULES_MAX = 16, /* of one schedule */
	NOTIFY_TO_MAX = 10,    /* addresses of one rule */
	NOTIFY_FAILURES_MAX = 1000,
	NOTIFY_URL_MAX = 2000, /* bytes */
};

/* What there is to tell. The numbers are durable: never reuse one. */
enum notify_event {
	NOTIFY_FAILED = 1,     /* so many runs in a row have failed */
	NOTIFY_RECOVERED = 2,  /* a run succeeded again */
	NOTIFY_CHANGED = 3,    /* a run ended otherwise than the one before */
	NOTIFY_LATE = 4,       /* a run has not started so long after its due time */
	NOTIFY_LONG = 5,       /* a run goes on for longer */
	NOTIFY_NO_SUCCESS = 6, /* no run has succeeded for so long */
};

/* "failed", "recovered", "changed", "late", "long", "noSuccess" */
const char *notify_event_name(enum notify_event event);

/* Does the event come with time alone, without anything that happens? */
bool notify_event_is_timed(enum notify_event event);

/* What a schedule tells, and whom: by webhook or by mail. */
struct notify_rule {
	enum notify_event on;
	uint32_t failures;  /* of FAILED and RECOVERED: after so many in a row */
	int64_t by_us;	    /* of what is timed */
	const char *url;    /* NULL: it is a mail */
	const char *secret; /* the name of the one that a webhook is signed with */
	const char **to;
	size_t to_count;
};

/*
 * Check the rules of a schedule: each with what its event needs, and an address that can do no
 * harm wherever it is written.
 *
 * Fails: ERR_INPUT `Invalid value: notify[0].mail.to[1]: must be a plain address such as
 * ops@example.org`.
 */
MUST_CHECK int notify_validate(const struct schedule *s, struct err *err);

bool notify_same(const struct schedule *a, const struct schedule *b);

/* Of all texts in the rules, each with its NUL. */
size_t notify_bytes(const struct schedule *s);

/* Has the schedule a rule about one of these? */
bool notify_asks(const struct schedule *s, enum notify_event event);

/* ---- what is remembered of a schedule with rules ---- */

/* How a run ended that says something about its schedule. The numbers are durable. */
enum run_outcome { OUTCOME_NONE = 0, OUTCOME_SUCCEEDED = 1, OUTCOME_FAILED = 2 };

/*
 * What the tasks of an ended execution amount to: one that failed, timed out or was lost makes it
 * a failure, and else one that succeeded a success if none was cancelled. What was cancelled, or
 * never ran, is neither.
 */
enum run_outcome notify_outcome(const struct task *tasks, size_t count);

struct health {
	uint64_t schedule_id;
	enum run_outcome last;
	uint32_t failures;	 /* in a row */
	int64_t last_success_us; /* INSTANT_NEVER: none is known */
};

/*
 * A moment at which the rules of a schedule are to be looked at again: one for its silence
 * (execution_id 0), one for each of its executions that has not ended.
 */
struct alarm {
	uint64_t schedule_id, execution_id;
	enum notify_event event; /* one that is timed */
	int64_t base_us;	 /* its rules' times are counted from here */
	int64_t told_us;	 /* what was over by then was told; base_us: nothing yet */
	int64_t due_us;		 /* INSTANT_NEVER: everything was told */
};

/* When the next rule that was not told yet is over; INSTANT_NEVER: there is none. */
int64_t notify_alarm_due(const struct schedule *s, const struct alarm *a);

/* ---- messages ---- */

enum notice_state { NOTICE_WAITING = 1, NOTICE_DELIVERED = 2, NOTICE_GIVEN_UP = 3 };

/* "waiting", "delivered", "givenUp" */
const char *notice_state_name(enum notice_state state);

struct notice {
	uint64_t id, tenant_id, schedule_id;
	uint64_t execution_id; /* 0: it is about none */
	uint64_t target_id;
	const char *schedule_name; /* when it was made */
	enum notify_event event;
	int64_t made_us;
	uint32_t failures; /* in a row, when it was made */
	const char *text;  /* one line */
	enum notice_state state;
	uint32_t tries;
	int64_t turn_us;   /* those of a target go in this order */
	int64_t tried_us;  /* INSTANT_NEVER: not yet */
	int64_t end_us;	   /* delivered or given up; INSTANT_NEVER: not yet */
	const char *error; /* why the last try was of no use; NULL */
};

/* Where messages go: one webhook, or one list of addresses. What goes there goes one by one. */
struct notice_target {
	uint64_t id, tenant_id;
	const char *url, *secret; /* as in the rule; NULL: it is a mail */
	const char **to;
	size_t to_count;
	uint32_t waiting;   /* messages */
	uint32_t failures;  /* tries in a row */
	uint64_t dropped;   /* messages for which there was no room */
	int64_t dropped_us; /* the last of them */
	int64_t used_us;    /* when a message was last made for it */
	int64_t next_us; /* when it is its turn; INSTANT_NEVER: nothing waits, or one is sent */
	uint64_t sending_id; /* the message that is under way; 0: none */
};

/* The name of a rule's target, by which it is found again. */
const char *notify_target_name(struct arena *a, const struct notify_rule *r);

enum { NOTICES_WAITING_MAX = 500 }; /* for one target; what is more is dropped, and counted */
#define NOTICE_LIFE_US	  DAY_US    /* it is tried for so long */
#define NOTICE_REST_US	  HOUR_US   /* that a target may ask for */
#define NOTICE_HISTORY_US (7 * DAY_US) /* and known for so long after its end */

/* How long a target is let alone after so many tries in a row that were of no use. */
int64_t notice_backoff(uint32_t failures);

#endif
