/*
 * Values as OpenSpecimen's clients really send them: ids, numbers and booleans also in strings,
 * what is empty as if it were absent, dates in all the ways of wire/openspecimen.md 3.5.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "calendar/civil.h"
#include "calendar/zone.h"
#include "faces/openspecimen/call.h"

#define MILLI_US (SECOND_US / 1000)

int
specimen_unreadable(struct call *c, const char *type, const char *name, const char *text)
{
	return err_fail(&c->err, ERR_INPUT,
	    "Failed to convert value of type 'String' to required type '%s': %s: \"%s\"", type,
	    name, json_shown(c->req->arena, text));
}

int
specimen_wrong_json(struct call *c, const char *name)
{
	return err_fail(
	    &c->err, ERR_INPUT, "JSON parse error: %s: a value of the wrong type", name);
}

const char *
specimen_trim(struct arena *a, const char *text)
{
	size_t len;

	while (*text && (unsigned char)*text <= ' ')
		text++;
	len = strlen(text);
	while (len && (unsigned char)text[len - 1] <= ' ')
		len--;
	return len ? arena_memdup(a, text, len) : NULL;
}

/* ---- bodies and paths ---- */

int
specimen_read_body(struct call *c)
{
	const struct request *req = c->req;
	const struct json *body;
	struct err why = {0};

	if (req->body_short)
		return err_fail(&c->err, ERR_INPUT,
		    "JSON parse error: the body ended before its announced length");
	if (!specimen_trim(req->arena, req->body))
		return err_fail(&c->err, ERR_INPUT, "Required request body is missing");
	if (json_parse(req->arena, req->body, req->body_len, &body, &why)) {
		const char *text = why.text + (strncmp(why.text, "JSON: ", 6) ? 0 : 6);

		return err_fail(&c->err, ERR_INPUT, "JSON parse error: %s", text);
	}
	if (body->type == JSON_NULL)
		return err_fail(&c->err, ERR_INPUT, "Required request body is missing");
	if (body->type != JSON_OBJECT)
		return specimen_wrong_json(c, "the body");
	c->body = body;
	return 0;
}

static bool
is_number(const char *text)
{
	text += *text == '-';
	return *text && !text[strspn(text, "0123456789")];
}

int
specimen_parse_id(struct call *c, const char *name, const char *text, uint64_t *id)
{
	if (!id_parse(text, strlen(text), id))
		return 0;
	*id = SPECIMEN_NO_ID;
	return is_number(text) ? 0 : specimen_unreadable(c, "Long", name, text);
}

int
specimen_read_ids(struct call *c, const char *const ids[SPECIMEN_IDS_MAX])
{
	int ret = ids[0] ? specimen_parse_id(c, "id", ids[0], &c->job_id) : 0;

	return !ret && ids[1] ? specimen_parse_id(c, "runId", ids[1], &c->run_id) : ret;
}

/* ---- members ---- */

/* What a member says as a text: trimmed; NULL when that is nothing. Fails: ERR_INPUT for an array
 * and for an object. */
static int
text_of(struct call *c, const char *name, const struct json *value, const char **text)
{
	*text = NULL;
	if (!value)
		return 0;
	switch (value->type) {
	case JSON_NULL:
		return 0;
	case JSON_BOOL:
		*text = value->boolean ? "true" : "false";
		return 0;
	case JSON_NUMBER:
	case JSON_STRING:
		*text = specimen_trim(c->req->arena, value->text);
		return 0;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return specimen_wrong_json(c, name);
}

int
specimen_text(struct call *c, const struct json *object, const char *name, const char **value)
{
	const char *text;
	int ret = text_of(c, name, json_member(object, name), &text);

	if (text)
		*value = text;
	return ret;
}

/* A whole number that fits. */
static bool
parse_number(const char *text, int64_t *value)
{
	const struct json number = {.type = JSON_NUMBER, .text = text, .len = strlen(text)};

	return is_number(text) && !json_integer(&number, INT64_MIN + 1, INT64_MAX, value);
}

int
specimen_number(struct call *c, const struct json *object, const char *name, int64_t *value)
{
	const char *text;
	int ret = text_of(c, name, json_member(object, name), &text);

	if (ret || !text)
		return ret;
	return parse_number(text, value) ? 0 : specimen_unreadable(c, "Integer", name, text);
}

int
specimen_flag(struct call *c, const struct json *object, const char *name, enum job_flag *value)
{
	const char *text;
	int ret = text_of(c, name, json_member(object, name), &text);

	if (ret || !text)
		return ret;
	if (strcasecmp(text, "true") && strcasecmp(text, "false"))
		return specimen_unreadable(c, "Boolean", name, text);
	*value = strcasecmp(text, "true") ? JOB_FLAG_FALSE : JOB_FLAG_TRUE;
	return 0;
}

int
specimen_id(struct call *c, const struct json *object, const char *name, uint64_t *id)
{
	const char *text;
	int ret = text_of(c, name, json_member(object, name), &text);

	return ret || !text ? ret : specimen_parse_id(c, name, text, id);
}

/* The id in an object. */
static int
reference(struct call *c, const char *name, const struct json *value, uint64_t *id)
{
	if (value->type != JSON_OBJECT)
		return specimen_wrong_json(c, name);
	*id = SPECIMEN_NO_ID;
	return specimen_id(c, value, "id", id);
}

/* A member that is to be an object or an array: NULL where there is nothing. */
static const struct json *
composite(const struct json *object, const char *name)
{
	const struct json *value = json_member(object, name);

	if (!value || value->type == JSON_NULL)
		return NULL;
	/* A form's field that was emptied. */
	return value->type == JSON_STRING && !value->len ? NULL : value;
}

int
specimen_reference(struct call *c, const struct json *object, const char *name, uint64_t *id)
{
	const struct json *value = composite(object, name);

	return value ? reference(c, name, value, id) : 0;
}

int
specimen_references(struct call *c, const struct json *object, const char *name,
    const uint64_t **ids, size_t *count)
{
	const struct json *value = composite(object, name);
	uint64_t *list;

	if (!value)
		return 0;
	if (value->type != JSON_ARRAY)
		return specimen_wrong_json(c, name);
	list = arena_array(c->req->arena, value->count, sizeof *list);
	*ids = list;
	for (const struct json *e = value->first; e; e = e->next) {
		int ret = e->type == JSON_NULL ? 0 : reference(c, name, e, &list[*count]);

		if (ret)
			return ret;
		*count += e->type != JSON_NULL;
	}
	return 0;
}

/* ---- dates ---- */

static bool
is_usable(int64_t us)
{
	return us >= civil_days(1, 1, 1) * DAY_US && us < civil_days(10000, 1, 1) * DAY_US;
}

int
specimen_parse_date(struct call *c, const char *name, const char *text, int64_t *us)
{
	const struct zone *zone;
	struct civil civil;
	int64_t offset_us, at_us;
	bool zoned;
	int ret;

	if (civil_parse(text, &civil, &zoned, &offset_us))
		return specimen_unreadable(c, "Date", name, text);
	at_us = civil_to_us(&civil) - offset_us;
	if (!zoned) {
		ret = zones_get(c->face->service->zones, c->face->time_zone, &zone, &c->err);
		if (ret)
			return err_wrap(&c->err, ERR_IO, "the server's time zone");
		at_us = zone_instant(zone, at_us);
	}
	if (!is_usable(at_us))
		return specimen_unreadable(c, "Date", name, text);
	*us = at_us;
	return 0;
}

int
specimen_date(struct call *c, const struct json *object, const char *name, int64_t *us)
{
	const char *text;
	int64_t ms;
	int ret = text_of(c, name, json_member(object, name), &text);

	if (ret || !text)
		return ret;
	if (!is_number(text))
		return specimen_parse_date(c, name, text, us);
	if (!parse_number(text, &ms) || ms > INT64_MAX / MILLI_US ||
	    ms < INT64_MIN / MILLI_US || !is_usable(ms * MILLI_US))
		return specimen_unreadable(c, "Date", name, text);
	*us = ms * MILLI_US;
	return 0;
}

/* ---- the query ---- */

const char *
specimen_query(const struct call *c, const char *name)
{
	const char *value = query_value(c->query, c->query_count, name);

	return value && *value ? value : NULL;
}

int
specimen_query_size(struct call *c, const char *name, size_t most, size_t *value)
{
	const char *text = specimen_query(c, name);
	int64_t n;

	if (!text)
		return 0;
	if (!is_number(text) || *text == '-')
		return specimen_unreadable(c, "Integer", name, text);
	*value = !parse_number(text, &n) || n > (int64_t)most ? most : (size_t)n;
	return 0;
}

int
specimen_query_date(struct call *c, const char *name, int64_t *us)
{
	const char *text = specimen_query(c, name);

	return text ? specimen_parse_date(c, name, text, us) : 0;
}

int
specimen_query_word(struct call *c, const char *name, const char *const *words, int *at)
{
	const char *text = specimen_query(c, name);

	if (!text)
		return 0;
	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], text)) {
			*at = i;
			return 0;
		}
	}
	return specimen_unreadable(c, "Enum", name, text);
}
