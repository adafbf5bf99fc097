/* Placeholders in the texts of a task: see placeholder.h. */
#include "model/placeholder.h"

#include <string.h>

#include "base/buf.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				 "0123456789-._~";
static const char secret_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789_-.";

static const struct {
	const char *name;
	enum { BARE, EITHER, NAMED } of;
} names[] = {
    [PLACEHOLDER_SCHEDULE_ID] = {"scheduleId", BARE},
    [PLACEHOLDER_EXECUTION_ID] = {"executionId", BARE},
    [PLACEHOLDER_TASK_ID] = {"taskId", BARE},
    [PLACEHOLDER_ATTEMPT] = {"attempt", BARE},
    [PLACEHOLDER_SCHEDULED_TIME] = {"scheduledTime", BARE},
    [PLACEHOLDER_SCHEDULED_DATE] = {"scheduledDate", BARE},
    [PLACEHOLDER_SCHEDULE_NAME] = {"scheduleName", BARE},
    [PLACEHOLDER_ARGS] = {"args", BARE},
    [PLACEHOLDER_RESULT] = {"result", EITHER},
    [PLACEHOLDER_SECRET] = {"secret", NAMED},
};

bool
secret_name_is_valid(const char *name, size_t len)
{
	return len > 0 && len <= SECRET_NAME_MAX && strspn(name, secret_letters) >= len;
}

/* What stands at a "${". `len`: of the whole, to behind the brace; 0: it is not known. */
static size_t
parse(const char *text, struct placeholder *p)
{
	size_t name_len = strspn(text + 2, letters);
	const char *behind = text + 2 + name_len, *end = behind;

	*p = (struct placeholder){0};
	if (*behind == ':') {
		end = strchr(behind, '}');
		if (!end)
			return 0;
		p->of = behind + 1;
		p->of_len = (size_t)(end - p->of);
	}
	if (*end != '}')
		return 0;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (strlen(names[i].name) != name_len ||
		    memcmp(names[i].name, text + 2, name_len) != 0)
			continue;
		p->name = (enum placeholder_name)i;
		if ((names[i].of == BARE && p->of) || (names[i].of == NAMED && !p->of) ||
		    (p->of && !p->of_len))
			return 0;
		if (p->name == PLACEHOLDER_SECRET && !secret_name_is_valid(p->of, p->of_len))
			return 0;
		return (size_t)(end - text) + 1;
	}
	return 0;
}

/* Is it one here? */
static bool
counts(const struct placeholder *p, unsigned rules)
{
	return !(rules & PLACEHOLDER_ARGUMENT) || p->name < PLACEHOLDER_SCHEDULE_NAME ||
	       p->name == PLACEHOLDER_SECRET;
}

static int
refuse_secret(unsigned rules, struct err *why)
{
	return err_fail(why, ERR_INPUT, "%s",
	    rules & PLACEHOLDER_ARGUMENT
		? "must hold no secret, everybody sees the arguments of a process; put it into "
		  "env"
		: "must hold no secret, addresses are written into logs; put it into a header "
		  "or the body");
}

/* What is done with each part of a text: plain bytes, or a placeholder. */
struct walk {
	unsigned rules;
	int (*plain)(void *ctx, const char *text, size_t len);
	int (*found)(void *ctx, const struct placeholder *p);
	int (*unknown)(void *ctx, const char *text);
	void *ctx;
};

static int
plain(const struct walk *w, const char *text, size_t len)
{
	return w->plain && len ? w->plain(w->ctx, text, len) : 0;
}

static int
walk(const struct walk *w, const char *text)
{
	struct placeholder p;
	const char *at;
	int ret = 0;

	while (!ret && (at = strstr(text, "${"))) {
		bool escaped = at > text && at[-1] == '$';
		size_t len = parse(at, &p);

		if (len && !counts(&p, w->rules))
			len = 0;
		/* Two dollars before what is none in an argument are the shell's. */
		if (escaped && (len || !(w->rules & PLACEHOLDER_ARGUMENT))) {
			ret = plain(w, text, (size_t)(at - 1 - text));
			if (!ret)
				ret = plain(w, at, 2);
			text = at + 2;
			continue;
		}
		ret = plain(w, text, (size_t)(at - text));
		if (ret)
			break;
		if (len) {
			ret = w->found ? w->found(w->ctx, &p) : 0;
			text = at + len;
			continue;
		}
		if (!(w->rules & PLACEHOLDER_ARGUMENT) && w->unknown)
			return w->unknown(w->ctx, at);
		ret = plain(w, at, 2);
		text = at + 2;
	}
	return ret ? ret : plain(w, text, strlen(text));
}

/* ---- checking ---- */

struct checking {
	unsigned rules;
	struct err *why;
};

static int
check_found(void *ctx, const struct placeholder *p)
{
	const struct checking *c = ctx;

	return p->name == PLACEHOLDER_SECRET && (c->rules & PLACEHOLDER_NO_SECRET)
		   ? refuse_secret(c->rules, c->why)
		   : 0;
}

static int
check_unknown(void *ctx, const char *text)
{
	const struct checking *c = ctx;

	(void)text;
	return err_fail(c->why, ERR_INPUT,
	    "has a ${ that begins no placeholder; there are scheduleId, scheduleName, "
	    "executionId, taskId, attempt, scheduledTime, scheduledDate, args, result, "
	    "result:TASK and secret:NAME, and $${ stands for ${");
}

int
placeholder_check(const char *text, unsigned rules, struct err *why)
{
	struct checking c = {rules, why};
	struct walk w = {
	    .rules = rules, .found = check_found, .unknown = check_unknown, .ctx = &c};

	return walk(&w, text);
}

int
placeholder_each(const char *text, unsigned rules,
    int (*visit)(void *ctx, const struct placeholder *p), void *ctx)
{
	struct walk w = {.rules = rules, .found = visit, .ctx = ctx};

	return walk(&w, text);
}

/* ---- filling ---- */

static void
add_json(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	if (c == '"' || c == '\\') {
		buf_addc(b, '\\');
		buf_addc(b, (char)c);
	} else if (c < 0x20) {
		buf_adds(b, "\\u00");
		buf_addc(b, hex[c >> 4]);
		buf_addc(b, hex[c & 15]);
	} else {
		buf_addc(b, (char)c);
	}
}

static void
add_url(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";

	if (c && strchr(unreserved, c)) {
		buf_addc(b, (char)c);
		return;
	}
	buf_addc(b, '%');
	buf_addc(b, hex[c >> 4]);
	buf_addc(b, hex[c & 15]);
}

const char *
placeholder_form(struct arena *a, const char *value, enum placeholder_form form)
{
	struct buf b = BUF_INIT;
	const char *copy;

	if (form == PLACEHOLDER_PLAIN)
		return value;
	for (const char *p = value; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (form == PLACEHOLDER_URL)
			add_url(&b, c);
		else if (form == PLACEHOLDER_JSON)
			add_json(&b, c);
		else
			buf_addc(&b, c < 0x20 || c == 0x7f ? ' ' : *p);
	}
	copy = arena_memdup(a, b.data ? b.data : "", b.len);
	buf_release(&b);
	return copy;
}

struct filling {
	struct arena *arena;
	struct buf out;
	enum placeholder_form form;
	const char *(*value)(void *ctx, struct arena *a, const struct placeholder *p);
	void *ctx;
	bool failed;
};

static int
fill_plain(void *ctx, const char *text, size_t len)
{
	struct filling *f = ctx;

	buf_add(&f->out, text, len);
	return 0;
}

static int
fill_found(void *ctx, const struct placeholder *p)
{
	struct filling *f = ctx;
	const char *value = f->value(f->ctx, f->arena, p);

	f->failed = f->failed || !value;
	if (value)
		buf_adds(&f->out, placeholder_form(f->arena, value, f->form));
	return 0;
}

const char *
placeholder_fill(struct arena *a, const char *text, unsigned rules, enum placeholder_form form,
    const char *(*value)(void *ctx, struct arena *a, const struct placeholder *p), void *ctx,
    bool *failed)
{
	struct filling f = {
	    .arena = a, .out = BUF_INIT, .form = form, .value = value, .ctx = ctx};
	struct walk w = {.rules = rules, .plain = fill_plain, .found = fill_found, .ctx = &f};
	const char *filled;

	if (!strstr(text, "${"))
		return text;
	(void)walk(&w, text);
	filled = arena_memdup(a, f.out.data ? f.out.data : "", f.out.len);
	buf_release(&f.out);
	*failed = *failed || f.failed;
	return filled;
}
