/* Lists of the service, page by page until there are no more. */
#include "ctl/ctl.h"

#include "ctl/print.h"

enum { PAGE_ITEMS = 1000 };

/* Ask for the page behind a cursor; NULL: the first. */
static int
ask_page(struct ctl *ctl, const char *method, void (*query)(void *ctx, struct json_writer *w),
    void *ctx, const char *cursor, struct ctl_reply *reply, struct err *err)
{
	struct ctl_request rq;

	ctl_request_begin(&rq);
	json_object(rq.w);
	if (query)
		query(ctx, rq.w);
	json_name(rq.w, "limit");
	json_number(rq.w, PAGE_ITEMS);
	ctl_write_string(rq.w, "cursor", cursor);
	json_end_object(rq.w);
	return ctl_ask(ctl, &ctl->arena, method, &rq, reply, err);
}

int
ctl_each(struct ctl *ctl, const char *method, void (*query)(void *ctx, struct json_writer *w),
    void (*item)(void *ctx, const struct json *value), void *ctx, struct err *err)
{
	const struct json *items;
	const char *cursor = NULL;
	struct ctl_reply reply;
	int ret;

	do {
		ret = ask_page(ctl, method, query, ctx, cursor, &reply, err);
		if (ret)
			return ret;
		items = json_member(reply.value, "items");
		for (const struct json *one = items ? items->first : NULL; one; one = one->next)
			item(ctx, one);
		cursor = ctl_member(reply.value, "cursor");
	} while (cursor);
	return 0;
}

struct listing {
	struct ctl *ctl;
	struct table table;
	void (*query)(void *ctx, struct json_writer *w);
	void *ctx;
	void (*row)(struct ctl *ctl, struct table *t, const struct json *value);
};

static void
pass_query(void *ctx, struct json_writer *w)
{
	const struct listing *l = ctx;

	if (l->query)
		l->query(l->ctx, w);
}

static void
add_row(void *ctx, const struct json *value)
{
	struct listing *l = ctx;

	l->row(l->ctl, &l->table, value);
}

int
ctl_list(struct ctl *ctl, const char *method, void (*query)(void *ctx, struct json_writer *w),
    void *ctx, const char *const *titles, size_t columns,
    void (*row)(struct ctl *ctl, struct table *t, const struct json *value), struct err *err)
{
	struct listing l = {.ctl = ctl, .query = query, .ctx = ctx, .row = row};
	struct buf out = BUF_INIT;
	struct ctl_reply reply;
	int ret;

	/* As it came: with a cursor in it where there is more. */
	if (ctl->options.json) {
		ret = ask_page(ctl, method, query, ctx, NULL, &reply, err);
		if (!ret)
			ctl_put_json(ctl, &reply);
		return ret;
	}
	table_init(&l.table, titles, columns);
	ret = ctl_each(ctl, method, pass_query, add_row, &l, err);
	if (!ret) {
		table_print(&l.table, &out);
		ctl_put(&out);
	}
	table_release(&l.table);
	buf_release(&out);
	return ret;
}
