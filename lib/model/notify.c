/* Notifications: see notify.h. */
#include "model/notify.h"

#include <string.h>

#include "base/address.h"
#include "base/buf.h"
#include "model/difference.h"
#include "model/placeholder.h"

#define BY_MIN_US SECOND_US
#define BY_MAX_US (366 * DAY_US)

#define BACKOFF_MIN_US (10 * SECOND_US)
#define BACKOFF_MAX_US HOUR_US

const char *
notify_event_name(enum notify_event event)
{
	switch (event) {
	case NOTIFY_FAILED:
		return "failed";
	case NOTIFY_RECOVERED:
		return "recovered";
	case NOTIFY_CHANGED:
		return "changed";
	case NOTIFY_LATE:
		return "late";
	case NOTIFY_LONG:
		return "long";
	case NOTIFY_NO_SUCCESS:
		return "noSuccess";
	}
	return "unknown";
}

bool
notify_event_is_timed(enum notify_event event)
{
	return event == NOTIFY_LATE || event == NOTIFY_LONG || event == NOTIFY_NO_SUCCESS;
}

/* ---- definitions ---- */

static int
invalid(struct err *err, size_t i, const char *member, const char *mend)
{
	return err_fail(err, ERR_INPUT, "Invalid value: notify[%zu]%s: %s", i, member, mend);
}

static int
check_event(const struct notify_rule *r, size_t i, struct err *err)
{
	bool counts = r->on == NOTIFY_FAILED || r->on == NOTIFY_RECOVERED;

	if (r->on < NOTIFY_FAILED || r->on > NOTIFY_NO_SUCCESS)
		return err_fail(err, ERR_INPUT, "Missing value: notify[%zu].on", i);
	if (counts && (r->failures < 1 || r->failures > NOTIFY_FAILURES_MAX))
		return err_fail(err, ERR_INPUT,
		    "Invalid value: notify[%zu].failures: must be within 1 and %d", i,
		    NOTIFY_FAILURES_MAX);
	if (!counts && r->failures > 1)
		return invalid(err, i, ".failures", "is for failed and recovered alone");
	if (!notify_event_is_timed(r->on))
		return r->by_us
			   ? invalid(err, i, ".by", "is for late, long and noSuccess alone")
			   : 0;
	if (!r->by_us)
		return err_fail(err, ERR_INPUT, "Missing value: notify[%zu].by", i);
	if (r->by_us < BY_MIN_US || r->by_us > BY_MAX_US)
		return invalid(err, i, ".by", "must be within 1s and 366d");
	return 0;
}

/* Printable ASCII without blanks: nothing in it ends a line, a header or an argument. */
static bool
is_plain(const char *text)
{
	for (; *text; text++) {
		if (*text < '!' || *text > '~')
			return false;
	}
	return true;
}

static int
check_webhook(const struct notify_rule *r, size_t i, struct err *err)
{
	size_t scheme = !strncmp(r->url, "https://", 8)	 ? 8
			: !strncmp(r->url, "http://", 7) ? 7
							 : 0;
	size_t host = strcspn(r->url + scheme, "/?#");

	if (!*r->url)
		return err_fail(err, ERR_INPUT, "Missing value: notify[%zu].webhook.url", i);
	if (!scheme)
		return invalid(err, i, ".webhook.url", "must begin with https:// or http://");
	if (strlen(r->url) > NOTIFY_URL_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: notify[%zu].webhook.url: must have at most %d bytes", i,
		    NOTIFY_URL_MAX);
	if (!is_plain(r->url))
		return invalid(err, i, ".webhook.url",
		    "must have no blanks, and other characters than ASCII as %XX");
	if (!host || r->url[scheme] == ':' || memchr(r->url + scheme, '@', host))
		return invalid(
		    err, i, ".webhook.url", "must name a host, and no user before it");
	if (!r->secret || !*r->secret)
		return err_fail(err, ERR_INPUT, "Missing value: notify[%zu].webhook.secret", i);
	if (!secret_name_is_valid(r->secret, strlen(r->secret)))
		return invalid(err, i, ".webhook.secret",
		    "must be the name of a secret, see tasks/setSecret");
	return 0;
}

static int
check_mail(const struct notify_rule *r, size_t i, struct err *err)
{
	if (!r->to_count)
		return err_fail(err, ERR_INPUT, "Missing value: notify[%zu].mail.to", i);
	if (r->to_count > NOTIFY_TO_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: notify[%zu].mail.to: must have at most %d entries", i,
		    NOTIFY_TO_MAX);
	for (size_t k = 0; k < r->to_count; k++) {
		if (!address_is_plain(r->to[k]))
			return err_fail(err, ERR_INPUT,
			    "Invalid value: notify[%zu].mail.to[%zu]: must be a plain address "
			    "such as ops@example.org",
			    i, k);
	}
	return 0;
}

int
notify_validate(const struct schedule *s, struct err *err)
{
	int rc = 0;

	if (s->notify_count > NOTIFY_RULES_MAX)
		return err_fail(err, ERR_INPUT,
		    "Invalid value: notify: must have at most %d entries", NOTIFY_RULES_MAX);
	for (size_t i = 0; !rc && i < s->notify_count; i++) {
		const struct notify_rule *r = &s->notify[i];

		rc = check_event(r, i, err);
		if (!rc && (r->url != NULL) == (r->to != NULL))
			rc = invalid(err, i, "", "must have one of webhook and mail");
		if (!rc)
			rc = r->url ? check_webhook(r, i, err) : check_mail(r, i, err);
	}
	return rc;
}

static bool
same_rule(const struct notify_rule *a, const struct notify_rule *b)
{
	return a->on == b->on && a->failures == b->failures && a->by_us == b->by_us &&
	       same_text(a->url, b->url) && same_text(a->secret, b->secret) &&
	       same_texts(a->to, a->to_count, b->to, b->to_count);
}

bool
notify_same(const struct schedule *a, const struct schedule *b)
{
	if (a->notify_count != b->notify_count)
		return false;
	for (size_t i = 0; i < a->notify_count; i++) {
		if (!same_rule(&a->notify[i], &b->notify[i]))
			return false;
	}
	return true;
}

size_t
notify_bytes(const struct schedule *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->notify_count; i++) {
		const struct notify_rule *r = &s->notify[i];

		n += r->url ? strlen(r->url) + strlen(r->secret) + 2 : 0;
		for (size_t k = 0; k < r->to_count; k++)
			n += strlen(r->to[k]) + 1;
	}
	return n;
}

bool
notify_asks(const struct schedule *s, enum notify_event event)
{
	for (size_t i = 0; i < s->notify_count; i++) {
		if (s->notify[i].on == event)
			return true;
	}
	return false;
}

/* ---- what is remembered ---- */

enum run_outcome
notify_outcome(const struct task *tasks, size_t count)
{
	bool succeeded = false, cancelled = false;

	for (size_t i = 0; i < count; i++) {
		switch (tasks[i].status) {
		case TASK_FAILED:
		case TASK_TIMED_OUT:
		case TASK_LOST:
			return OUTCOME_FAILED;
		case TASK_SUCCEEDED:
			succeeded = true;
			break;
		case TASK_CANCELLED:
			cancelled = true;
			break;
		default:
			break;
		}
	}
	return succeeded && !cancelled ? OUTCOME_SUCCEEDED : OUTCOME_NONE;
}

int64_t
notify_alarm_due(const struct schedule *s, const struct alarm *a)
{
	int64_t first_us = INSTANT_NEVER;

	for (size_t i = 0; i < s->notify_count; i++) {
		const struct notify_rule *r = &s->notify[i];
		int64_t over_us = a->base_us + r->by_us;

		if (r->on == a->event && over_us > a->told_us && over_us < first_us)
			first_us = over_us;
	}
	return first_us;
}

/* ---- messages ---- */

const char *
notice_state_name(enum notice_state state)
{
	switch (state) {
	case NOTICE_WAITING:
		return "waiting";
	case NOTICE_DELIVERED:
		return "delivered";
	case NOTICE_GIVEN_UP:
		return "givenUp";
	}
	return "unknown";
}

const char *
notify_target_name(struct arena *a, const struct notify_rule *r)
{
	struct buf text = BUF_INIT;
	const char *name;

	if (r->url)
		return arena_printf(a, "webhook %s %s", r->secret, r->url);
	buf_adds(&text, "mail");
	for (size_t i = 0; i < r->to_count; i++)
		buf_addf(&text, " %s", r->to[i]);
	name = arena_memdup(a, text.data, text.len);
	buf_release(&text);
	return name;
}

int64_t
notice_backoff(uint32_t failures)
{
	int64_t us = BACKOFF_MIN_US;

	for (uint32_t i = 1; i < failures && us < BACKOFF_MAX_US; i++)
		us *= 2;
	return us < BACKOFF_MAX_US ? us : BACKOFF_MAX_US;
}
