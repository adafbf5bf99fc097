/*
 * XML through libxml2: see xml.h.
 *
 * The parser only calls back: no document is built, so that the bounds hold before anything has
 * been spent, and no table of entities exists. An element is taken for a text until something
 * in it says otherwise.
 */
#include "wire/xml.h"

#include <libxml/catalog.h>
#include <libxml/parser.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "wire/tree.h"

/* A declaration's encoding is ignored, because the bytes are known to be UTF-8. */
enum { OPTIONS = XML_PARSE_NONET | XML_PARSE_IGNORE_ENC };

/* None has more than one; a few are left to libxml2, which tells better what is wrong. */
enum { ATTRIBUTES_MAX = 16 };

struct parser {
	struct tree tree;
	xmlParserCtxt *libxml;
	struct json *leaf; /* the innermost element, while nothing but text is in it */
	struct buf text;   /* of the innermost element, since the last tag */
	char fault[160];   /* "" while there is none */
	long line;
};

static const char blanks[] = " \t\r\n";

/* The first fault says what is wrong, the later ones what follows from it. */
static void
note(struct parser *p, long line, const char *why)
{
	size_t len = strcspn(why, "\n");

	if (*p->fault)
		return;
	snprintf(p->fault, sizeof p->fault, "%.*s", (int)len, why);
	p->line = line;
}

static void
stop(struct parser *p, const char *why)
{
	note(p, p->libxml->input ? p->libxml->input->line : 1, why);
	xmlStopParser(p->libxml);
}

/*
 * What libxml2 tells without stopping, such as an undeclared prefix, is a fault here. It would
 * go on behind some faults, too; this ends it where xmlStopParser() frees what is being read.
 */
static void
on_error(void *ctx, xmlError *e)
{
	struct parser *p = ctx;

	if (e->level < XML_ERR_ERROR)
		return;
	note(p, e->line > 0 ? e->line : 1, e->message ? e->message : "no XML");
	p->libxml->instate = XML_PARSER_EOF;
}

static void
on_doctype(void *ctx, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
	(void)name, (void)public_id, (void)system_id;
	stop(ctx, "a DOCTYPE");
}

static void
on_instruction(void *ctx, const xmlChar *target, const xmlChar *data)
{
	(void)target, (void)data;
	stop(ctx, "a processing instruction");
}

static void
on_reference(void *ctx, const xmlChar *name)
{
	(void)name;
	stop(ctx, "an entity");
}

static void
on_text(void *ctx, const xmlChar *text, int len)
{
	struct parser *p = ctx;

	buf_add(&p->text, text, (size_t)len);
}

/* What is between two tags, neither of them the end of the other. */
static bool
only_blanks(struct parser *p)
{
	bool only = !p->text.len || strspn(p->text.data, blanks) == p->text.len;

	if (!only)
		stop(p, "a text beside elements");
	buf_reset(&p->text);
	return only;
}

/* A tag as libxml2 hands it out. */
struct tag {
	const char *name;
	bool has_name; /* an attribute `name`, which is: */
	const char *value;
	size_t len;
};

/*
 * What is left of attribute values to do: an ampersand, however it was written, is still
 * "&#38;" in them.
 */
static void
decode_ampersands(struct arena *a, const char *from, size_t len, struct tag *tag)
{
	static const char written[] = "&#38;";
	char *text = arena_memdup(a, from, len), *to = text;

	for (const char *end = from + len; from < end; from++) {
		*to++ = *from;
		if ((size_t)(end - from) >= sizeof written - 1 &&
		    !memcmp(from, written, sizeof written - 1))
			from += sizeof written - 2;
	}
	*to = '\0';
	tag->value = text;
	tag->len = (size_t)(to - text);
}

/* `attributes` are five pointers each: name, prefix, URI, begin and end of the value. */
static bool
read_tag(struct parser *p, const xmlChar *name, bool namespaced, int count,
    const xmlChar **attributes, struct tag *tag)
{
	*tag = (struct tag){.name = (const char *)name};
	if (namespaced || strchr(tag->name, ':')) {
		stop(p, "a namespace");
		return false;
	}
	if (count > 1 || (count == 1 && (attributes[1] || strcmp(tag->name, "member") ||
					    strcmp((const char *)attributes[0], "name")))) {
		stop(p, "an attribute that is not the name of a member");
		return false;
	}
	if (count) {
		tag->has_name = true;
		decode_ampersands(p->tree.arena, (const char *)attributes[3],
		    (size_t)(attributes[4] - attributes[3]), tag);
	} else if (!strcmp(tag->name, "member")) {
		stop(p, "a member without a name");
		return false;
	}
	return true;
}

static bool
start_root(struct parser *p, const struct tag *tag)
{
	struct tree *t = &p->tree;

	if (!strcmp(tag->name, "value")) {
		p->leaf = tree_add(t, JSON_STRING);
		return p->leaf != NULL;
	}
	if (!strcmp(tag->name, "object"))
		return tree_open(t, tree_add(t, JSON_OBJECT));
	if (!strcmp(tag->name, "list"))
		return tree_open(t, tree_add(t, JSON_ARRAY));
	stop(p, "the root must be an object, a list or a value");
	return false;
}

/* The first element in what looked like a text decides what that is. */
static bool
open_leaf(struct parser *p, enum json_type type)
{
	struct json *v = p->leaf;

	if (v == p->tree.root) {
		stop(p, "a value holds a text alone");
		return false;
	}
	p->leaf = NULL;
	v->type = type;
	return tree_open(&p->tree, v);
}

static bool
start_inner(struct parser *p, const struct tag *tag)
{
	bool item = !strcmp(tag->name, "item");
	enum json_type type = item ? JSON_ARRAY : JSON_OBJECT;
	struct tree *t = &p->tree;

	if (p->leaf && !open_leaf(p, type))
		return false;
	if (tree_inside(t)->type != type) {
		stop(p, item ? "an item in an object" : "a member in a list");
		return false;
	}
	if (!item && !tree_name(t, tag->has_name ? tag->value : tag->name,
			 tag->has_name ? tag->len : strlen(tag->name)))
		return false;
	p->leaf = tree_add(t, JSON_STRING);
	return p->leaf != NULL;
}

static void
on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
    int namespace_count, const xmlChar **namespaces, int attribute_count, int defaulted,
    const xmlChar **attributes)
{
	struct parser *p = ctx;
	struct tag tag;

	(void)namespaces, (void)defaulted;
	if (*p->fault || !only_blanks(p) ||
	    !read_tag(
		p, name, prefix || uri || namespace_count, attribute_count, attributes, &tag))
		return;
	if (!(p->tree.root ? start_inner(p, &tag) : start_root(p, &tag)))
		stop(p, p->tree.fault ? p->tree.fault : "no XML");
}

static void
on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct parser *p = ctx;
	struct json *leaf = p->leaf;
	bool ok;

	(void)name, (void)prefix, (void)uri;
	if (*p->fault || (!leaf && !only_blanks(p)))
		return;
	p->leaf = NULL;
	if (leaf) {
		leaf->untyped = true;
		ok = tree_text(&p->tree, leaf, p->text.data ? p->text.data : "", p->text.len);
		leaf->boolean = ok && !strcmp(leaf->text, "true");
	} else {
		ok = tree_close(&p->tree);
	}
	buf_reset(&p->text);
	if (!ok)
		stop(p, p->tree.fault);
}

/* Instead of libxml2's own, which would build a document. */
static const xmlSAXHandler handlers = {
    .initialized = XML_SAX2_MAGIC,
    .startElementNs = on_start,
    .endElementNs = on_end,
    .characters = on_text,
    .ignorableWhitespace = on_text,
    .cdataBlock = on_text,
    .reference = on_reference,
    .processingInstruction = on_instruction,
    .internalSubset = on_doctype,
    .serror = on_error,
};

/* Behind the next `mark`, or the end. */
static const char *
behind(const char *at, const char *end, const char *mark)
{
	const char *found = memmem(at, (size_t)(end - at), mark, strlen(mark));

	return found ? found + strlen(mark) : end;
}

/* Behind a tag, of which `at` is the inside, or at a fault in it; NULL for many attributes. */
static const char *
behind_tag(const char *at, const char *end)
{
	int attributes = 0;

	for (; at < end && *at != '>' && *at != '<'; at++) {
		if (*at != '"' && *at != '\'')
			continue;
		if (++attributes > ATTRIBUTES_MAX)
			return NULL;
		at = memchr(at + 1, *at, (size_t)(end - at - 1));
		if (!at)
			return end;
	}
	return at;
}

/*
 * The first tag with more attributes than libxml2 may compare, or NULL: it compares each with
 * each before it hands them out. It and we see the same tags up to the first fault, where it
 * stops.
 */
static const char *
many_attributes(const char *text, size_t len)
{
	const char *end = text + len, *at = text, *open;

	while ((open = memchr(at, '<', (size_t)(end - at)))) {
		size_t left = (size_t)(end - open);

		if (left >= 4 && !memcmp(open, "<!--", 4))
			at = behind(open + 4, end, "-->");
		else if (left >= 9 && !memcmp(open, "<![CDATA[", 9))
			at = behind(open + 9, end, "]]>");
		else if (left >= 2 && open[1] == '?')
			at = behind(open + 2, end, "?>");
		else if (!(at = behind_tag(open + 1, end)))
			return open;
	}
	return NULL;
}

/*
 * libxml2 guesses an encoding from the first bytes; what it could guess besides UTF-8 is not
 * UTF-8 or has NULs.
 */
static int
check_raw(const char *text, size_t len, struct err *err)
{
	size_t first = 0;

	while (first < len && text[first] && strchr(blanks, text[first]))
		first++;
	if (first == len)
		return err_fail(err, ERR_INPUT, "XML: the text is empty");
	if (len > INT_MAX)
		return err_fail(err, ERR_INPUT, "XML: too long");
	if (memchr(text, '\0', len))
		return err_fail(err, ERR_INPUT, "XML: a NUL character");
	if (!utf8_valid(text, len))
		return err_fail(err, ERR_INPUT, "XML: not UTF-8");
	return 0;
}

static long
line_of(const char *text, const char *at)
{
	long line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

/* Fails: ERR_INPUT with `fault`. */
static int
parse(struct parser *p, const char *text, size_t len)
{
	const char *many = many_attributes(text, len);
	bool whole;

	if (many) {
		note(p, line_of(text, many), "too many attributes");
		return ERR_INPUT;
	}
	p->libxml = xmlNewParserCtxt();
	if (!p->libxml) {
		note(p, 1, "libxml2 has no memory");
		return ERR_INPUT;
	}
	*p->libxml->sax = handlers;
	p->libxml->userData = p;
	xmlFreeDoc(xmlCtxtReadMemory(p->libxml, text, (int)len, NULL, NULL, OPTIONS));
	/* Ask our own flag first: a parser that was stopped may call the text well-formed. */
	whole = !*p->fault && p->libxml->wellFormed && p->tree.root && !p->tree.depth;
	if (!whole)
		note(p, 1, "no XML");
	xmlFreeParserCtxt(p->libxml);
	return whole ? 0 : ERR_INPUT;
}

int
xml_parse(
    struct arena *a, const char *text, size_t len, const struct json **value, struct err *err)
{
	static bool ready;
	struct parser p = {.tree = {.arena = a}, .text = BUF_INIT};
	int ret;

	*value = NULL;
	ret = check_raw(text, len, err);
	if (ret)
		return ret;
	if (!ready) {
		/* No document may name a catalogue, and none is looked up. */
		xmlCatalogSetDefaults(XML_CATA_ALLOW_NONE);
		ready = true;
	}
	ret = parse(&p, text, len);
	if (ret)
		err_fail(err, ERR_INPUT, "XML: line %ld: %s", p.line, json_shown(a, p.fault));
	else
		*value = p.tree.root;
	buf_release(&p.text);
	tree_release(&p.tree);
	return ret;
}
