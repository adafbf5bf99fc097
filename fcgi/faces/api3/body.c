/*
 * Bodies as clients really send them (wire/api3.md section 4), and the members of objects. A
 * body is XML where its Content-Type says so; whatever else that says, it is JSON.
 *
 * A body that ended before its announced length is never read: the beginning of an id can be an
 * id.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/id.h"
#include "calendar/civil.h"
#include "faces/api3/call.h"
#include "wire/xml.h"

enum { ID_TEXT_MAX = 128 };

struct text {
	const char *at;
	size_t len;
};

/* Names of the id of a subject, in the order in which they are looked for. */
static const char *const id_names[][3] = {
    [API3_SCHEDULE] = {"scheduleId", "id"},
    [API3_EXECUTION] = {"executionId", "executionsId", "id"},
    [API3_TASK] = {"taskId", "id"},
    [API3_USER] = {"userId", "id"},
    [API3_TOKEN] = {"tokenId", "id"},
    [API3_TENANT] = {"tenantId", "id"},
    [API3_OUTPUT] = {"outputId", "id"},
    [API3_SECRET] = {"name", "name"},
    [API3_GROUP] = {"name", "name"},
    [API3_CALENDAR] = {"calendarId", "id"},
};

static int
invalid(struct err *err, const char *name)
{
	return err_fail(err, ERR_INPUT, "Invalid value: %s", name);
}

static int
missing(struct err *err, const char *name)
{
	return err_fail(err, ERR_INPUT, "Missing value: %s", name);
}

/* The member, NULL if it is absent or null. */
static const struct json *
member(const struct json *object, const char *name)
{
	const struct json *value = json_member(object, name);

	return value && value->type != JSON_NULL ? value : NULL;
}

bool
api3_has(const struct json *object, const char *name)
{
	return member(object, name) != NULL;
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct text
trim(struct text t)
{
	while (t.len && is_blank(t.at[0])) {
		t.at++;
		t.len--;
	}
	while (t.len && is_blank(t.at[t.len - 1]))
		t.len--;
	return t;
}

static int
parse(struct call *c, struct text t, const struct json **value)
{
	if (api3_sends_xml(c->req)) {
		if (xml_parse(c->req->arena, t.at, t.len, value, NULL))
			return err_fail(&c->err, ERR_INPUT, "Request body is not valid XML");
		return 0;
	}
	if (json_parse(c->req->arena, t.at, t.len, value, NULL))
		return err_fail(&c->err, ERR_INPUT, "Request body is not valid JSON");
	return 0;
}

static int
find_id(struct text t, const char *name, uint64_t *id, struct err *err)
{
	if (t.len > ID_TEXT_MAX)
		return invalid(err, name);
	for (size_t i = 0; i < t.len; i++) {
		if ((unsigned char)t.at[i] < 0x20 || t.at[i] == 0x7f)
			return invalid(err, name);
	}
	return id_parse(t.at, t.len, id);
}

/* "id", and "\"id\"" as sent by clients that quote what was quoted already. */
static int
id_in_string(struct call *c, struct text *t)
{
	const struct json *value;

	if (parse(c, *t, &value))
		return ERR_INPUT;
	t->at = value->text;
	t->len = value->len;
	if (t->len >= 2 && t->at[0] == '"' && t->at[t->len - 1] == '"') {
		t->at++;
		t->len -= 2;
	}
	return 0;
}

/* The id among the members of the body. */
static int
id_in_members(struct call *c, struct text *t)
{
	const char *const *names = id_names[c->method->subject];
	const struct json *value = NULL;

	for (size_t i = 0; i < 3 && names[i] && !value; i++)
		value = member(c->body, names[i]);
	if (!value)
		return missing(&c->err, names[0]);
	if (value->type != JSON_STRING)
		return invalid(&c->err, names[0]);
	t->at = value->text;
	t->len = value->len;
	return 0;
}

static int
id_in_object(struct call *c, struct text *t)
{
	return parse(c, *t, &c->body) ? ERR_INPUT : id_in_members(c, t);
}

/* <value>id</value>, or an object. */
static int
id_in_xml(struct call *c, struct text *t)
{
	const struct json *value;

	if (parse(c, *t, &value))
		return ERR_INPUT;
	if (value->type == JSON_OBJECT) {
		c->body = value;
		return id_in_members(c, t);
	}
	if (value->type != JSON_STRING)
		return invalid(&c->err, id_names[c->method->subject][0]);
	*t = trim((struct text){value->text, value->len});
	return 0;
}

static int
read_id(struct call *c, struct text t)
{
	int ret = 0;

	if (api3_sends_xml(c->req))
		ret = id_in_xml(c, &t);
	else if (t.at[0] == '"')
		ret = id_in_string(c, &t);
	else if (t.at[0] == '{')
		ret = id_in_object(c, &t);
	if (ret)
		return ret;
	ret = find_id(t, id_names[c->method->subject][0], &c->id, &c->err);
	if (c->method->takes != API3_ID_TEXT || ret == ERR_INPUT)
		return ret;
	c->id_text = arena_memdup(c->req->arena, t.at, t.len);
	return 0;
}

static int
read_object(struct call *c, struct text t)
{
	if (parse(c, t, &c->body))
		return ERR_INPUT;
	if (c->body->type != JSON_OBJECT)
		return err_fail(&c->err, ERR_INPUT, "Request body must be %s object",
		    api3_sends_xml(c->req) ? "an XML" : "a JSON");
	return 0;
}

static int
read_list(struct call *c, struct text t)
{
	if (parse(c, t, &c->body))
		return ERR_INPUT;
	if (!json_is(c->body, JSON_ARRAY))
		return err_fail(&c->err, ERR_INPUT, "Request body must be %s",
		    api3_sends_xml(c->req) ? "an XML list" : "a JSON array");
	return 0;
}

int
api3_read_body(struct call *c)
{
	struct text t = trim((struct text){c->req->body, c->req->body_len});

	if (c->req->body_short)
		return err_fail(&c->err, ERR_INPUT, "Request body is incomplete");
	if (c->method->takes == API3_NOTHING)
		return 0;
	if (!t.len)
		return err_fail(&c->err, ERR_INPUT, "Request body is empty");
	if (c->method->takes == API3_LIST)
		return read_list(c, t);
	return c->method->takes == API3_OBJECT ? read_object(c, t) : read_id(c, t);
}

int
api3_string(const struct json *object, const char *name, const char **value, struct err *err)
{
	const struct json *m = member(object, name);

	if (!m)
		return 0;
	if (m->type != JSON_STRING)
		return invalid(err, name);
	*value = m->text;
	return 0;
}

int
api3_need_string(
    const struct json *object, const char *name, const char **value, struct err *err)
{
	*value = NULL;
	if (api3_string(object, name, value, err))
		return ERR_INPUT;
	return *value ? 0 : missing(err, name);
}

int
api3_need_id(const struct json *object, const char *name, uint64_t *id, struct err *err)
{
	const char *text;

	if (api3_need_string(object, name, &text, err))
		return ERR_INPUT;
	return find_id((struct text){text, strlen(text)}, name, id, err);
}

int
api3_id(const struct json *object, const char *name, uint64_t *id, struct err *err)
{
	*id = 0;
	return member(object, name) ? api3_need_id(object, name, id, err) : 0;
}

int
api3_ids(struct call *c, const char *name, uint64_t *ids)
{
	for (const struct json *one = c->body->first; one; one = one->next, ids++) {
		int ret;

		if (!json_is(one, JSON_STRING))
			return invalid(&c->err, name);
		ret = find_id((struct text){one->text, one->len}, name, ids, &c->err);
		if (ret == ERR_MISSING)
			*ids = 0;
		else if (ret)
			return ret;
	}
	return 0;
}

const struct json *
api3_without(struct arena *a, const struct json *object, const char *const *names)
{
	struct json *rest = arena_array(a, 1, sizeof *rest), *last = NULL;

	*rest = *object;
	rest->first = NULL;
	rest->count = 0;
	for (const struct json *m = object->first; m; m = m->next) {
		const char *const *name = names;
		struct json *copy;

		while (*name && strcmp(*name, m->name) != 0)
			name++;
		if (*name)
			continue;
		copy = arena_array(a, 1, sizeof *copy);
		*copy = *m;
		copy->next = NULL;
		if (last)
			last->next = copy;
		else
			rest->first = copy;
		last = copy;
		rest->count++;
	}
	return rest;
}

static bool
is_among(const char *const *values, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(values[i], text))
			return true;
	}
	return false;
}

int
api3_strings(struct arena *a, const struct json *object, const char *name, size_t max,
    const char ***values, size_t *count, struct err *err)
{
	const struct json *m = member(object, name);
	size_t n = 0;

	*values = NULL;
	*count = 0;
	if (!m)
		return 0;
	if (!json_is(m, JSON_ARRAY) || m->count > max)
		return invalid(err, name);
	*values = arena_array(a, m->count, sizeof **values);
	for (const struct json *one = m->first; one; one = one->next) {
		if (!json_is(one, JSON_STRING) || !*one->text ||
		    is_among(*values, n, one->text))
			return invalid(err, name);
		(*values)[n++] = one->text;
	}
	*count = n;
	return 0;
}

int
api3_integer(const struct json *object, const char *name, int64_t min, int64_t max,
    int64_t *value, struct err *err)
{
	const struct json *m = member(object, name);

	if (m && json_integer(m, min, max, value))
		return invalid(err, name);
	return 0;
}

static int
read_enum(const struct json *value, const char *name, int max, int *n, struct err *err)
{
	int64_t number;

	if (value->type == JSON_STRING) {
		if (!value->len || value->len > 9 ||
		    strspn(value->text, "0123456789") != value->len)
			return invalid(err, name);
		number = strtol(value->text, NULL, 10);
	} else if (json_integer(value, 0, max, &number)) {
		return invalid(err, name);
	}
	if (number > max)
		return invalid(err, name);
	*n = (int)number;
	return 0;
}

int
api3_enum(const struct json *object, const char *name, int max, int *value, struct err *err)
{
	const struct json *m = member(object, name);

	return m ? read_enum(m, name, max, value, err) : 0;
}

int
api3_enums(const struct json *object, const char *name, int max, uint32_t *set, struct err *err)
{
	const struct json *m = member(object, name);
	bool several = m && m->type == JSON_ARRAY;
	int n;

	for (const struct json *one = several ? m->first : m; one;
	     one = several ? one->next : NULL) {
		if (read_enum(one, name, max, &n, err))
			return ERR_INPUT;
		*set |= UINT32_C(1) << n;
	}
	return several && !m->first ? invalid(err, name) : 0;
}

int
api3_bool(const struct json *object, const char *name, bool *value, struct err *err)
{
	const struct json *m = member(object, name);

	if (!m)
		return 0;
	if (json_is(m, JSON_BOOL))
		*value = m->boolean;
	else if (m->type == JSON_STRING && !strcasecmp(m->text, "true"))
		*value = true;
	else if (m->type == JSON_STRING && !strcasecmp(m->text, "false"))
		*value = false;
	else
		return invalid(err, name);
	return 0;
}

int
api3_instant(const struct json *object, const char *name, int64_t *us, struct err *err)
{
	const char *text = NULL;

	if (api3_string(object, name, &text, err))
		return ERR_INPUT;
	if (text && instant_parse(text, us))
		return invalid(err, name);
	return 0;
}
