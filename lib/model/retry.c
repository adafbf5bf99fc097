/* Retries: see retry.h. */
#include "model/retry.h"

#include <stdlib.h>
#include <string.h>

/* Exit codes that are none of success, and statuses of HTTP. */
enum { CODE_MIN = 1, CODE_MAX = 255, STATUS_MIN = 100, STATUS_MAX = 599 };

/* Digits, and what stands behind them. False: there are none, or too many. */
static bool
read_code(const char *text, int *code, const char **end)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits > 3)
		return false;
	*code = (int)strtol(text, NULL, 10);
	*end = text + digits;
	return true;
}

static bool
read_range(const char *text, int *from, int *to)
{
	const char *end;

	if (*text >= '1' && *text <= '5' && !strcmp(text + 1, "xx")) {
		*from = (*text - '0') * 100;
		*to = *from + 99;
		return true;
	}
	if (!read_code(text, from, &end))
		return false;
	*to = *from;
	if (*end == '-' && !read_code(end + 1, to, &end))
		return false;
	return !*end && *from <= *to;
}

bool
retry_cause_valid(const char *text, bool request)
{
	int from, to;

	if (!strcmp(text, "timeout") || !strcmp(text, "unstarted"))
		return true;
	if (!strcmp(text, "signal"))
		return !request;
	return read_range(text, &from, &to) && from >= (request ? STATUS_MIN : CODE_MIN) &&
	       to <= (request ? STATUS_MAX : CODE_MAX);
}

static bool
is_cause(const char *text, enum task_status status, const struct attempt *a)
{
	int code = a->http_status ? a->http_status : a->exit_code, from, to;

	if (!strcmp(text, "timeout"))
		return status == TASK_TIMED_OUT;
	if (status != TASK_FAILED)
		return false;
	if (!strcmp(text, "signal"))
		return a->signal != 0;
	if (!strcmp(text, "unstarted"))
		return a->signal == 0 && code < 0;
	return read_range(text, &from, &to) && code >= from && code <= to;
}

bool
retry_follows(const struct task *t, enum task_status status)
{
	const struct retries *r = &t->def.retries;

	if ((status != TASK_FAILED && status != TASK_TIMED_OUT) || t->retries >= r->max ||
	    !t->attempt_count)
		return false;
	for (size_t i = 0; i < r->on_count; i++) {
		if (is_cause(r->on[i], status, &t->attempts[t->attempt_count - 1]))
			return true;
	}
	return r->on_count == 0;
}

/* delay * factor^n, at most the longest. */
static int64_t
backoff(const struct retries *r, uint32_t n)
{
	int64_t delay_us = r->delay_us;

	for (uint32_t i = 0; i < n && delay_us < r->max_delay_us; i++)
		delay_us = delay_us / RETRY_FACTOR_UNIT * r->factor +
			   delay_us % RETRY_FACTOR_UNIT * r->factor / RETRY_FACTOR_UNIT;
	return delay_us < r->max_delay_us ? delay_us : r->max_delay_us;
}

/* A number that looks like chance and is always the same: SplitMix64. */
static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

int64_t
retry_due(const struct task *t, int64_t ended_us)
{
	const struct retries *r = &t->def.retries;
	const struct attempt *last = &t->attempts[t->attempt_count - 1];
	int64_t delay_us = backoff(r, t->retries), asked_us = last->retry_after_us;
	uint64_t part = mix(t->id ^ mix(last->number));

	if (asked_us > r->max_delay_us)
		asked_us = r->max_delay_us;
	if (asked_us > delay_us)
		delay_us = asked_us;
	return ended_us + delay_us + (int64_t)(part % ((uint64_t)r->jitter_us + 1));
}

struct attempt *
retry_attempt(const struct task *t)
{
	struct attempt *last = t->attempt_count ? &t->attempts[t->attempt_count - 1] : NULL;

	return last && last->due_us && last->start_us == INSTANT_NEVER &&
		       last->end_us == INSTANT_NEVER
		   ? last
		   : NULL;
}
