/*
 * A schedule as OpenSpecimen's scheduled job (wire/openspecimen.md 3.1): its repeat rule and what
 * else that API keeps with a schedule. Pure. Every schedule can be seen as a job; one that was
 * made through another door has no `struct job` and shows what its triggers amount to.
 */
#ifndef MODEL_JOB_H
#define MODEL_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "calendar/trigger.h"

/* The numbers are durable. */
enum job_repeat {
	JOB_MINUTELY = 1,
	JOB_HOURLY = 2,
	JOB_DAILY = 3,
	JOB_WEEKLY = 4,
	JOB_MONTHLY = 5,
	JOB_ON_DEMAND = 6,
};

/* Intervals at most: as long as those of triggers may be, 100 years. */
enum { JOB_HOURS_MAX = 100 * 365 * 24, JOB_MINUTES_MAX = JOB_HOURS_MAX * 60 };

/* What a rule does not read is 0, but for the intervals, of which the API shows both, as 1, unless
 * it is on demand. */
struct job_rule {
	enum job_repeat repeat;
	int64_t minutely_interval; /* at least 0; 0 acts as 1 */
	int64_t hourly_interval;   /* at least 1 */
	int minute, hour;	   /* 0 to 59, 0 to 23 */
	int weekday;		   /* 1 Sunday to 7 Saturday */
	int month_day;		   /* 1 to 31; in a shorter month its last day */
};

enum job_type { JOB_INTERNAL = 1, JOB_QUERY = 2 };

enum job_flag { JOB_FLAG_NONE = 0, JOB_FLAG_FALSE = 1, JOB_FLAG_TRUE = 2 };

struct job {
	struct job_rule rule;
	enum job_type type;
	const char *task;	 /* name of a registered task; NULL for JOB_QUERY */
	uint64_t query_id;	 /* registered query; 0 for JOB_INTERNAL */
	const char *query_title; /* when the job was saved */
	const char *fixed_args;	 /* NULL: none */
	uint64_t run_as;	 /* user; 0: none */
	const uint64_t *recipients, *shared_with; /* users */
	size_t recipient_count, shared_count;
	enum job_flag rt_args_provided;
	const char *rt_args_help; /* NULL: none */
};

/* Does it say what its rule and its type need, and nothing that they do not read? */
bool job_is_sound(const struct job *j);

/* The clock that rules are told by. */
struct job_zone {
	const char *name;
	const struct zone *zone;
};

/*
 * The triggers that serve a rule from `now_us` on; none for one that is on demand. Minutes are
 * counted from the next full one, hours from where the contract (wire/openspecimen.md 3.4) has
 * the first run.
 *
 * Owns:  *triggers lives in the arena; the zone's name is borrowed.
 * Fails: ERR_INPUT for a rule that is none.
 */
MUST_CHECK int job_rule_triggers(const struct job_rule *rule, const struct job_zone *zone,
    int64_t now_us, struct arena *a, struct trigger **triggers, size_t *count, struct err *err);

/* Are these the triggers of the rule, in whatever zone it was said, and counted from wherever? */
bool job_rule_matches(const struct job_rule *rule, const struct job_zone *zone,
    const struct trigger *triggers, size_t count);

/* The rule that triggers from another door amount to; on demand where no rule does. */
struct job_rule job_rule_of(
    const struct job_zone *zone, const struct trigger *triggers, size_t count);

bool job_rule_same(const struct job_rule *a, const struct job_rule *b);

#endif
