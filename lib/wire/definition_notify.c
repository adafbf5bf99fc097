/* What a definition says about notifications: see definition.h. */
#include "model/notify.h"
#include "wire/member.h"

static const char *const event_words[] = {
    "failed", "recovered", "changed", "late", "long", "noSuccess"};

static int
read_on(struct reader *r, const struct json *value, void *at)
{
	size_t i = 0;
	int ret = read_word(r, value, event_words, COUNT(event_words), &i);

	*(enum notify_event *)at = NOTIFY_FAILED + i;
	return ret;
}

static int
read_failures(struct reader *r, const struct json *value, void *at)
{
	int64_t n = 0;
	int ret = read_number(r, value, 1, NOTIFY_FAILURES_MAX, &n);

	*(uint32_t *)at = (uint32_t)n;
	return ret;
}

static int
read_to(struct reader *r, const struct json *value, void *at)
{
	struct notify_rule *rule = at;

	return read_strings(r, value, NOTIFY_TO_MAX, &rule->to, &rule->to_count);
}

static const struct field mail_fields[] = {{"to", read_to, 0}};

static int
read_mail(struct reader *r, const struct json *value, void *at)
{
	((struct notify_rule *)at)->to = arena_array(r->arena, 1, sizeof(char *));
	return read_members(r, value, mail_fields, COUNT(mail_fields), at);
}

static const struct field webhook_fields[] = {
    {"url", read_string, offsetof(struct notify_rule, url)},
    {"secret", read_string, offsetof(struct notify_rule, secret)},
};

static int
read_webhook(struct reader *r, const struct json *value, void *at)
{
	((struct notify_rule *)at)->url = "";
	return read_members(r, value, webhook_fields, COUNT(webhook_fields), at);
}

static const struct field rule_fields[] = {
    {"on", read_on, offsetof(struct notify_rule, on)},
    {"failures", read_failures, offsetof(struct notify_rule, failures)},
    {"by", read_duration, offsetof(struct notify_rule, by_us)},
    {"webhook", read_webhook, 0},
    {"mail", read_mail, 0},
};

int
read_notify(struct reader *r, const struct json *value, void *at)
{
	struct schedule *s = at;
	const struct json *element = value->first;
	int ret = read_list(
	    r, value, NOTIFY_RULES_MAX, sizeof *s->notify, &s->notify, &s->notify_count);

	for (size_t i = 0; !ret && i < s->notify_count; i++, element = element->next) {
		size_t back = path_push(r, "[%zu]", i);

		s->notify[i].failures = 1;
		ret = read_members(r, element, rule_fields, COUNT(rule_fields), &s->notify[i]);
		path_pop(r, back);
	}
	return ret;
}

/* ---- writing ---- */

static void
write_target(struct json_writer *w, const struct notify_rule *rule)
{
	json_name(w, rule->url ? "webhook" : "mail");
	json_object(w);
	if (rule->url) {
		write_string(w, "url", rule->url);
		write_string(w, "secret", rule->secret);
	} else {
		write_strings(w, "to", rule->to, rule->to_count);
	}
	json_end_object(w);
}

void
write_notify(struct json_writer *w, const struct schedule *s)
{
	json_name(w, "notify");
	json_array(w);
	for (size_t i = 0; i < s->notify_count; i++) {
		const struct notify_rule *rule = &s->notify[i];

		json_object(w);
		write_string(w, "on", event_words[rule->on - NOTIFY_FAILED]);
		if (rule->on == NOTIFY_FAILED || rule->on == NOTIFY_RECOVERED) {
			json_name(w, "failures");
			json_number(w, rule->failures);
		}
		if (rule->by_us)
			write_duration(w, "by", rule->by_us);
		write_target(w, rule);
		json_end_object(w);
	}
	json_end_array(w);
}
