/*
 * Lists of schedules: filters, order, pages.
 *
 * A list is no snapshot. Schedules are read some hundred at a time, so that a long list holds
 * few locks and little memory; what is made or deleted meanwhile may be in it or not.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "service/internal.h"

enum { SCAN_STEP = 200 };

/* ---- reading them all ---- */

struct scan {
	const struct deed *deed;
	struct arena arena;
	uint64_t *ids; /* free() */
	size_t count, cap;
	size_t at; /* of the step */
	struct schedule_view *views;
	size_t view_count;
};

static int
note_id(void *ctx, const char *name, uint64_t id)
{
	struct scan *s = ctx;

	(void)name;
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 256;
		s->ids = mem_resize(s->ids, s->cap * sizeof *s->ids);
	}
	s->ids[s->count++] = id;
	return 0;
}

static int
ids_body(struct txn *txn, void *ctx, struct err *err)
{
	struct scan *s = ctx;

	s->count = 0;
	return store_schedule_names(txn, s->deed->actor->tenant_id, NULL, note_id, s, err);
}

static int
step_body(struct txn *txn, void *ctx, struct err *err)
{
	struct scan *s = ctx;
	int rc = 0;

	arena_clear(&s->arena);
	s->views = arena_array(&s->arena, SCAN_STEP, sizeof *s->views);
	s->view_count = 0;
	for (size_t i = s->at; i < s->count && i < s->at + SCAN_STEP; i++) {
		rc = view_schedule(
		    txn, &s->arena, s->deed, s->ids[i], &s->views[s->view_count], err);
		if (!rc)
			s->view_count++;
		else if (rc != ERR_MISSING)
			return rc;
	}
	return 0;
}

int
scan_schedules(const struct deed *d, void (*look)(void *ctx, const struct schedule_view *view),
    void *ctx, struct err *err)
{
	struct scan s = {.deed = d};
	int rc = store_run(d->sv->store, ids_body, &s, err);

	for (; !rc && s.at < s.count; s.at += SCAN_STEP) {
		rc = store_run(d->sv->store, step_body, &s, err);
		for (size_t i = 0; !rc && i < s.view_count; i++)
			look(ctx, &s.views[i]);
	}
	free(s.ids);
	arena_release(&s.arena);
	return rc;
}

/* ---- a page ---- */

struct list {
	const struct schedule_query *q;
	struct arena names;	       /* of the places */
	struct schedule_place *places; /* that match and come behind the page before; free() */
	size_t count, cap;
	size_t total;

	/* The views of a page. */
	struct deed deed;
	struct arena *arena;
	struct schedule_view *views;
	size_t view_count;
};

static bool
has_all_tags(const struct schedule *s, const char *const *tags, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		while (j < s->tag_count && strcmp(tags[i], s->tags[j]) != 0)
			j++;
		if (j == s->tag_count)
			return false;
	}
	return true;
}

static bool
matches(const struct schedule_query *q, const struct schedule_view *view)
{
	const struct schedule *s = &view->definition;

	return (q->type < 0 || s->type == q->type) &&
	       (!q->statuses || (q->statuses & schedule_status(view, q->now_us))) &&
	       has_all_tags(s, q->tags, q->tag_count) &&
	       (!q->text || text_contains(s->name, q->text) ||
		   text_contains(s->description, q->text));
}

/* What is ordered by; never comes last in both directions. */
static int64_t
key_of(const struct schedule_query *q, const struct schedule_view *view)
{
	switch (q->order) {
	case ORDER_NAME:
		break;
	case ORDER_NEXT_RUN:
		if (view->next_run_us == INSTANT_NEVER && q->descending)
			return INT64_MIN;
		return view->next_run_us;
	case ORDER_CREATED:
		return view->definition.created_us;
	}
	return 0;
}

static int
compare_places(const void *x, const void *y)
{
	const struct schedule_place *a = x, *b = y;

	if (a->name && b->name && strcmp(a->name, b->name) != 0)
		return strcmp(a->name, b->name);
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static int
compare_backwards(const void *x, const void *y)
{
	return compare_places(y, x);
}

/* By name the name says all: a cursor knows no id. */
static bool
is_behind(const struct schedule_query *q, const struct schedule_place *p)
{
	struct schedule_place after = q->after;
	int order;

	if (!after.id && !after.name)
		return true;
	if (q->order == ORDER_NAME)
		after.id = p->id;
	order = compare_places(p, &after);
	return q->descending ? order < 0 : order > 0;
}

static void
note_match(void *ctx, const struct schedule_view *view)
{
	struct list *l = ctx;
	struct schedule_place p = {.key = key_of(l->q, view), .id = view->definition.id};

	if (!matches(l->q, view))
		return;
	l->total++;
	if (l->q->order == ORDER_NAME)
		p.name = view->definition.name;
	if (!is_behind(l->q, &p))
		return;
	if (l->count == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 256;
		l->places = mem_resize(l->places, l->cap * sizeof *l->places);
	}
	if (p.name)
		p.name = arena_strdup(&l->names, p.name);
	l->places[l->count++] = p;
}

static int
page_body(struct txn *txn, void *ctx, struct err *err)
{
	struct list *l = ctx;
	size_t shown = l->count < l->q->cap ? l->count : l->q->cap;
	int rc;

	l->views = arena_array(l->arena, shown, sizeof *l->views);
	l->view_count = 0;
	for (size_t i = 0; i < shown; i++) {
		rc = view_schedule(
		    txn, l->arena, &l->deed, l->places[i].id, &l->views[l->view_count], err);
		if (!rc)
			l->view_count++;
		else if (rc != ERR_MISSING)
			return rc;
	}
	return 0;
}

int
service_list_schedules(struct service *sv, struct arena *a, const struct actor *actor,
    const struct schedule_query *q, struct schedule_view **list, size_t *count, size_t *total,
    struct schedule_place *next, struct err *err)
{
	struct list l = {.q = q, .deed = {sv, actor, q->now_us}, .arena = a};
	int rc = require_scope(actor, SCOPE_READ, err);

	*next = (struct schedule_place){0};
	if (!rc)
		rc = scan_schedules(&l.deed, note_match, &l, err);
	if (!rc && l.count > 0)
		qsort(l.places, l.count, sizeof *l.places,
		    q->descending ? compare_backwards : compare_places);
	if (!rc)
		rc = store_run(sv->store, page_body, &l, err);
	if (!rc && l.count > q->cap) {
		*next = l.places[q->cap - 1];
		if (next->name)
			next->name = arena_strdup(a, next->name);
	}
	free(l.places);
	arena_release(&l.names);
	*list = l.views;
	*count = l.view_count;
	*total = l.total;
	return rc;
}
