/* Texts that are not to be seen: see mask.h. */
#include "runner/mask.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char stars[] = "***";

static int
longest_first(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	size_t m = strlen(*x), n = strlen(*y);

	return m > n ? -1 : m < n;
}

void
mask_set(struct mask *m, const char *const *texts)
{
	mask_release(m);
	while (texts && texts[m->count])
		m->count++;
	if (!m->count)
		return;
	m->texts = mem_alloc(m->count * sizeof *m->texts);
	for (size_t i = 0; i < m->count; i++)
		m->texts[i] = mem_strdup(texts[i]);
	qsort(m->texts, m->count, sizeof *m->texts, longest_first);
}

/* What begins at `data`: bytes of a text that stands there whole, or *open, which may become one. */
static size_t
match(const struct mask *m, const char *data, size_t len, bool *open)
{
	*open = false;
	for (size_t i = 0; i < m->count; i++) {
		size_t n = strlen(m->texts[i]);

		if (n > len && !memcmp(data, m->texts[i], len))
			*open = true;
		/* A longer one that may still come goes first. */
		if (n <= len && !*open && n && !memcmp(data, m->texts[i], n))
			return n;
	}
	return 0;
}

/* The shorter one that stands there after all. */
static size_t
match_whole(const struct mask *m, const char *data, size_t len)
{
	for (size_t i = 0; i < m->count; i++) {
		size_t n = strlen(m->texts[i]);

		if (n && n <= len && !memcmp(data, m->texts[i], n))
			return n;
	}
	return 0;
}

size_t
mask_take(struct mask *m, const char *data, size_t len, int last, const char **out)
{
	struct buf in = m->held;
	size_t at = 0;
	bool open;

	*out = data;
	if (!m->count)
		return len;
	m->held = (struct buf)BUF_INIT;
	buf_add(&in, data, len);
	buf_reset(&m->out);
	while (at < in.len) {
		size_t n = match(m, in.data + at, in.len - at, &open);

		if (open && !last)
			break;
		if (open)
			n = match_whole(m, in.data + at, in.len - at);
		if (n)
			buf_adds(&m->out, stars);
		else
			buf_addc(&m->out, in.data[at]);
		at += n ? n : 1;
	}
	if (at < in.len)
		buf_add(&m->held, in.data + at, in.len - at);
	buf_release(&in);
	*out = m->out.data ? m->out.data : "";
	return m->out.len;
}

void
mask_release(struct mask *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->texts[i]);
	free(m->texts);
	m->texts = NULL;
	m->count = 0;
	buf_release(&m->held);
	buf_release(&m->out);
}
