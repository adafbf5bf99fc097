/* The query of a list: which items, and which page of them. wire/ricloud.md 3.4, 3.5. */
#include <stdlib.h>
#include <string.h>

#include "app/query.h"
#include "faces/ricloud/call.h"

enum { LIMIT_DEFAULT = 10, LIMIT_MAX = 1000 };

/* ---- the filters ---- */

enum kind { KIND_ID, KIND_USER, KIND_TEXT, KIND_STATE, KIND_DATE };

static const struct filter {
	const char *name;
	enum ricloud_field field;
	enum kind kind;
} task_filters[] =
    {
	{"key", FIELD_KEY, KIND_ID},
	{"user", FIELD_USER, KIND_USER},
	{"source", FIELD_SOURCE, KIND_ID},
	{"session", FIELD_SESSION, KIND_ID},
	{"poll", FIELD_POLL, KIND_ID},
	{"source_type", FIELD_SOURCE_TYPE, KIND_TEXT},
	{"type", FIELD_TYPE, KIND_TEXT},
	{"state", FIELD_STATE, KIND_STATE},
	{"date_created", FIELD_CREATED, KIND_DATE},
	{"date_started", FIELD_STARTED, KIND_DATE},
	{"date_completed", FIELD_COMPLETED, KIND_DATE},
	{NULL},
},
  result_filters[] = {
      {"task", FIELD_TASK, KIND_ID},
      {"poll", FIELD_POLL, KIND_ID},
      {"state", FIELD_STATE, KIND_STATE},
      {"identifier", FIELD_IDENTIFIER, KIND_TEXT},
      {"date_created", FIELD_CREATED, KIND_DATE},
      {"date_consumed", FIELD_CONSUMED, KIND_DATE},
      {NULL},
};

static const char *const task_states[] = {
    "pending", "processing", "suspended", "succeeded", "failed", NULL};
static const char *const result_states[] = {"available", "consumed", "expired", NULL};

struct reading {
	struct ricloud_call *c;
	struct ricloud_list *list;
	const struct filter *filters;
	const char *const *states;
};

static void
add(struct reading *r, struct ricloud_condition condition)
{
	r->list->conditions[r->list->count++] = condition;
}

/* A number that no item has is one that none matches. */
static void
add_number(struct reading *r, enum ricloud_field field, uint64_t n)
{
	int64_t number = n > INT64_MAX ? INT64_MAX : (int64_t)n;

	add(r, (struct ricloud_condition){
		   .field = field, .equality = true, .first = number, .last = number});
}

static void
read_id(struct reading *r, const struct filter *f, const char *value)
{
	if (ricloud_is_number(value))
		add_number(r, f->field, ricloud_number(value));
	else
		ricloud_note_fault(r->c, f->name, "Not an integer id");
}

static int
read_user(struct reading *r, const struct filter *f, const char *value)
{
	struct ricloud_call *c = r->c;
	uint64_t id;
	int ret;

	if (ricloud_is_number(value)) {
		add_number(r, f->field, ricloud_number(value));
		return 0;
	}
	ret = service_user_by_name(c->face->service, &c->actor, value, &id, &c->err);
	if (ret && ret != ERR_MISSING)
		return ret;
	add_number(r, f->field, ret ? UINT64_MAX : id);
	return 0;
}

static void
read_state(struct reading *r, const struct filter *f, const char *value)
{
	struct buf words = BUF_INIT;
	const char *const *word = r->states;

	for (; *word && strcmp(*word, value) != 0; word++)
		buf_addf(&words, "%s %s", word == r->states ? "Not one of:" : ",", *word);
	if (*word)
		add(r, (struct ricloud_condition){
			   .field = f->field, .equality = true, .text = *word});
	else
		ricloud_note_fault(r->c, f->name, arena_strdup(r->c->req->arena, words.data));
	buf_release(&words);
}

/* ---- dates ---- */

static bool
is_operator(const char *op)
{
	return !strcmp(op, "gt") || !strcmp(op, "gte") || !strcmp(op, "lt") ||
	       !strcmp(op, "lte");
}

/* `op` is "" for what a date is to lie within. */
static void
read_date(struct reading *r, const struct filter *f, const char *op, const char *value)
{
	struct ricloud_condition condition = {.field = f->field, .equality = !*op};
	int64_t first, last;

	if (ricloud_date_read(value, &first, &last)) {
		ricloud_note_fault(r->c, f->name, "Not a date or datetime");
		return;
	}
	condition.first = *op == 'l' ? INT64_MIN : first;
	condition.last = *op == 'g' ? INT64_MAX : *op ? first : last;
	/* The instant itself is left out. */
	condition.first += !strcmp(op, "gt");
	condition.last -= !strcmp(op, "lt");
	add(r, condition);
}

/* ---- parameters ---- */

/* Take the operator off a name: `date_created[gte]` or `date_created__gte`. *op is "" without
 * one, NULL for what is none. */
static const char *
split(struct arena *a, const char *name, const char **op)
{
	const char *at = strchr(name, '['), *end = name + strlen(name);

	*op = "";
	if (at && end[-1] == ']') {
		*op = arena_memdup(a, at + 1, (size_t)(end - at - 2));
	} else if ((at = strstr(name, "__"))) {
		*op = arena_strdup(a, at + 2);
	}
	if (!at)
		return name;
	if (!is_operator(*op))
		*op = NULL;
	return arena_memdup(a, name, (size_t)(at - name));
}

static int
read_filter(struct reading *r, const struct query_pair *p)
{
	const struct filter *f = r->filters;
	const char *op, *name = split(r->c->req->arena, p->name, &op);

	while (f->name && strcmp(f->name, name) != 0)
		f++;
	if (!f->name || !op || (*op && f->kind != KIND_DATE)) {
		ricloud_note_fault(r->c, p->name, "Unknown parameter");
		return 0;
	}
	if (!*p->value) {
		ricloud_note_fault(r->c, f->name, "Must not be empty");
		return 0;
	}
	switch (f->kind) {
	case KIND_ID:
		read_id(r, f, p->value);
		break;
	case KIND_USER:
		return read_user(r, f, p->value);
	case KIND_TEXT:
		add(r, (struct ricloud_condition){
			   .field = f->field, .equality = true, .text = p->value});
		break;
	case KIND_STATE:
		read_state(r, f, p->value);
		break;
	case KIND_DATE:
		read_date(r, f, op, p->value);
		break;
	}
	return 0;
}

static void
read_limit(struct reading *r, const char *value)
{
	uint64_t n = ricloud_is_number(value) ? ricloud_number(value) : 0;

	if (n >= 1 && n <= LIMIT_MAX)
		r->list->limit = n;
	else
		ricloud_note_fault(r->c, "limit", "Must be an integer from 1 to 1000");
}

static void
read_cursor(struct reading *r, const char *name, const char *value, uint64_t *id)
{
	if (ricloud_is_number(value))
		*id = ricloud_number(value);
	else
		ricloud_note_fault(r->c, name, "Not an integer id");
}

/* True when it is one of the page, and not a filter. */
static bool
read_page(struct reading *r, const struct query_pair *p, bool seen[3])
{
	static const char *const names[] = {"limit", "after_id", "before_id"};
	size_t i = 0;

	while (i < 3 && strcmp(names[i], p->name) != 0)
		i++;
	if (i == 3)
		return false;
	if (seen[i])
		ricloud_note_fault(r->c, names[i], "Must not be repeated");
	else if (i == 0)
		read_limit(r, p->value);
	else
		read_cursor(
		    r, names[i], p->value, i == 1 ? &r->list->after_id : &r->list->before_id);
	seen[i] = true;
	return true;
}

static int
compare_fields(const void *x, const void *y)
{
	const struct ricloud_condition *a = x, *b = y;

	return (a->field > b->field) - (a->field < b->field);
}

int
ricloud_read_list(struct ricloud_call *c, struct ricloud_list *list)
{
	bool tasks = c->route.what == RICLOUD_TASKS, seen[3] = {false};
	struct reading r = {c, list, tasks ? task_filters : result_filters,
	    tasks ? task_states : result_states};
	struct query_pair *pairs;
	size_t count;
	int ret = 0;

	*list = (struct ricloud_list){.limit = LIMIT_DEFAULT, .after_id = UINT64_MAX};
	if (query_read(c->req, &pairs, &count, &c->err)) {
		ricloud_note_fault(c, "query", "Not UTF-8 text");
		return ERR_INPUT;
	}
	list->conditions = arena_array(c->req->arena, count, sizeof *list->conditions);
	for (size_t i = 0; !ret && i < count; i++) {
		if (!read_page(&r, &pairs[i], seen))
			ret = read_filter(&r, &pairs[i]);
	}
	qsort(list->conditions, list->count, sizeof *list->conditions, compare_fields);
	return ret ? ret : c->faults ? ERR_INPUT : 0;
}

/* ---- matching ---- */

bool
ricloud_has_condition(const struct ricloud_list *list, enum ricloud_field field)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->conditions[i].field == field)
			return true;
	}
	return false;
}

static bool
fulfils(const struct ricloud_condition *c, struct ricloud_value v)
{
	if (v.none)
		return false;
	if (c->text)
		return v.text && !strcmp(v.text, c->text);
	return v.number >= c->first && v.number <= c->last;
}

bool
ricloud_matches(const struct ricloud_list *list,
    struct ricloud_value (*get)(const void *item, enum ricloud_field field), const void *item)
{
	const struct ricloud_condition *c = list->conditions, *end = c + list->count;

	/* Those of one field stand together. */
	while (c < end) {
		enum ricloud_field field = c->field;
		struct ricloud_value value = get(item, field);
		bool asked = false, one = false;

		for (; c < end && c->field == field; c++) {
			bool fine = fulfils(c, value);

			if (!c->equality && !fine)
				return false;
			asked |= c->equality;
			one |= c->equality && fine;
		}
		if (asked && !one)
			return false;
	}
	return true;
}

bool
ricloud_is_within(const struct ricloud_list *list, uint64_t id)
{
	return id < list->after_id && id > list->before_id;
}
