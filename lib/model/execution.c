/* Executions, tasks and occurrences: see execution.h. */
#include "model/execution.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool
task_status_ended(enum task_status status)
{
	switch (status) {
	case TASK_WAITING:
	case TASK_PENDING:
	case TASK_STARTING:
	case TASK_RUNNING:
	case TASK_CANCELLING:
	case TASK_RETRYING:
		return false;
	case TASK_SUCCEEDED:
	case TASK_FAILED:
	case TASK_TIMED_OUT:
	case TASK_CANCELLED:
	case TASK_LOST:
	case TASK_SKIPPED:
	case TASK_CONDITION:
		return true;
	}
	return false;
}

bool
task_status_active(enum task_status status)
{
	return status == TASK_STARTING || status == TASK_RUNNING || status == TASK_CANCELLING;
}

struct attempt *
task_add_attempt(struct arena *a, struct task *t)
{
	struct attempt *attempts = arena_array(a, t->attempt_count + 1, sizeof *attempts);
	struct attempt *next = &attempts[t->attempt_count];

	if (t->attempt_count)
		memcpy(attempts, t->attempts, t->attempt_count * sizeof *attempts);
	*next = (struct attempt){
	    .number = t->attempt_count ? next[-1].number + 1 : 1,
	    .start_us = INSTANT_NEVER,
	    .end_us = INSTANT_NEVER,
	    .exit_code = -1,
	};
	t->attempts = attempts;
	t->attempt_count++;
	return next;
}

/* When the first of its attempts started. */
static int64_t
first_start(const struct task *t)
{
	for (size_t i = 0; i < t->attempt_count; i++) {
		if (t->attempts[i].start_us != INSTANT_NEVER)
			return t->attempts[i].start_us;
	}
	return INSTANT_NEVER;
}

void
task_line_update(struct task_line *line, const struct task *t)
{
	line->status = t->status;
	line->start_us = first_start(t);
	line->end_us = t->end_us;
}

bool
task_line_equals(const struct task_line *a, const struct task_line *b)
{
	return a->id == b->id && a->execution_id == b->execution_id &&
	       a->schedule_id == b->schedule_id && a->schedule_type == b->schedule_type &&
	       a->key_id == b->key_id && a->actor_id == b->actor_id && a->due_us == b->due_us &&
	       a->triggered_us == b->triggered_us && a->status == b->status &&
	       a->start_us == b->start_us && a->end_us == b->end_us;
}

struct task_line
task_line_of(const struct execution *e, const struct task *t)
{
	struct task_line line = {
	    .id = t->id,
	    .execution_id = e->id,
	    .schedule_id = e->schedule_id,
	    .schedule_type = e->schedule_type,
	    .key_id = e->key_id,
	    .actor_id = e->actor_id,
	    .due_us = e->due_us,
	    .triggered_us = e->triggered_us,
	};

	task_line_update(&line, t);
	return line;
}

const char *
task_status_name(enum task_status status)
{
	switch (status) {
	case TASK_WAITING:
		return "waiting";
	case TASK_PENDING:
		return "pending";
	case TASK_STARTING:
		return "starting";
	case TASK_RUNNING:
		return "running";
	case TASK_SUCCEEDED:
		return "succeeded";
	case TASK_FAILED:
		return "failed";
	case TASK_TIMED_OUT:
		return "timed_out";
	case TASK_CANCELLED:
		return "cancelled";
	case TASK_LOST:
		return "lost";
	case TASK_SKIPPED:
		return "skipped";
	case TASK_CONDITION:
		return "condition";
	case TASK_CANCELLING:
		return "cancelling";
	case TASK_RETRYING:
		return "retrying";
	}
	return "unknown";
}

const char *
task_summary(const struct task *t, char text[TASK_SUMMARY_TEXT])
{
	const struct attempt *last =
	    t->attempt_count ? &t->attempts[t->attempt_count - 1] : NULL;

	switch (t->status) {
	case TASK_WAITING:
	case TASK_PENDING:
	case TASK_STARTING:
	case TASK_RUNNING:
	case TASK_CANCELLING:
	case TASK_RETRYING:
		return NULL;
	case TASK_SUCCEEDED:
		return "Succeeded";
	case TASK_SKIPPED:
		return last && last->reason ? last->reason
					    : "Skipped: a task before it decided so";
	case TASK_CONDITION:
		return "Not run: the trigger said no";
	case TASK_FAILED:
	case TASK_TIMED_OUT:
	case TASK_CANCELLED:
	case TASK_LOST:
		break;
	}
	if (last && last->reason)
		return last->reason;
	if (t->status == TASK_TIMED_OUT)
		return "Timed out";
	if (t->status == TASK_CANCELLED)
		return "Cancelled";
	if (t->status == TASK_LOST)
		return "Lost: how it ended is not known";
	if (last && last->signal)
		snprintf(text, TASK_SUMMARY_TEXT, "Ended by signal %d", (int)last->signal);
	else if (last && last->exit_code >= 0)
		snprintf(text, TASK_SUMMARY_TEXT, "Exit code %d", (int)last->exit_code);
	else
		return "Could not be started";
	return text;
}

const char *
origin_name(enum origin origin)
{
	switch (origin) {
	case ORIGIN_TRIGGER:
		return "trigger";
	case ORIGIN_CALL:
		return "call";
	case ORIGIN_CATCH_UP:
		return "catchUp";
	case ORIGIN_BACKFILL:
		return "backfill";
	case ORIGIN_RERUN:
		return "reRun";
	}
	return "unknown";
}

const char *
verdict_name(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_RAN:
		return "ran";
	case VERDICT_SKIPPED_OVERLAP:
		return "skipped_overlap";
	case VERDICT_SKIPPED_SUSPENDED:
		return "skipped_suspended";
	case VERDICT_SKIPPED_CALENDAR:
		return "skipped_calendar";
	case VERDICT_SKIPPED_CONDITION:
		return "skipped_condition";
	case VERDICT_MISSED_DOWN:
		return "missed_down";
	case VERDICT_MISSED_WINDOW:
		return "missed_window";
	case VERDICT_MISSED_CAP:
		return "missed_cap";
	case VERDICT_MISSED_DST_GAP:
		return "missed_dst_gap";
	case VERDICT_MISSED_CLOCK:
		return "missed_clock";
	}
	return "unknown";
}

const char *
task_result_file(struct arena *a, const struct task_def *def, uint64_t execution_id)
{
	static const char number[] = "${executionId}";
	const char *name = "", *at = def->result_file, *next;

	if (!at)
		return NULL;
	for (; (next = strstr(at, number)); at = next + sizeof number - 1)
		name =
		    arena_printf(a, "%s%.*s%" PRIu64, name, (int)(next - at), at, execution_id);
	return arena_printf(a, "%s%s", name, at);
}

void
task_output_dir(const struct task *t, char out[OUTPUT_DIR_TEXT])
{
	int len = snprintf(out, OUTPUT_DIR_TEXT, "%" PRIu64 "/%" PRIu64 "/",
	    t->execution_id / 1000, t->execution_id);

	if (t->ordinal == TASK_ORDINAL_CONDITION)
		snprintf(out + len, OUTPUT_DIR_TEXT - (size_t)len, "condition");
	else
		snprintf(out + len, OUTPUT_DIR_TEXT - (size_t)len, "%" PRIu32, t->ordinal);
}
