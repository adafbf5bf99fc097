/*
 * Loading the configuration: see config.h. Defaults, then the file, then the environment go
 * through setting_set(); whatever is wrong is told with the place that said it, so each setting
 * remembers its origin.
 *
 * The schema is applied last, when our own messages have had their say: it keeps the loader
 * from reading what carillon.rng refuses. Our schema is the only one that libxml2's RELAX NG
 * code ever sees.
 */
#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/setting.h"

enum { FILE_BYTES_MAX = 1024 * 1024 };

/* Where a setting's value comes from. */
struct origin {
	int line;	      /* in the file; 0: not there */
	const char *variable; /* borrowed from `variables`; NULL: not in the environment */
};

struct loader {
	const char *path;
	struct config *config;
	struct err *err;
	xmlDoc *doc;
	struct origin *origins; /* setting_count of them */
	struct buf *variables;	/* setting_count names */
	bool doctype;
	int fault_line; /* of the first fault that libxml2 reported; 0: none yet */
	char fault[256];
};

/* ---- the file ---- */

static int
read_file(const char *path, struct buf *text, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return err_errno(err, ERR_IO, errno, "%s", path);
	do {
		n = read(fd, buf_reserve(text, 16384), 16384);
		if (n > 0)
			text->len += (size_t)n;
	} while ((n > 0 && text->len <= FILE_BYTES_MAX) || (n < 0 && errno == EINTR));
	if (n < 0) {
		int errnum = errno;

		close(fd);
		return err_errno(err, ERR_IO, errnum, "%s", path);
	}
	close(fd);
	if (text->len > FILE_BYTES_MAX)
		return err_fail(err, ERR_INPUT, "%s: longer than 1 MiB", path);
	return 0;
}

/* The first fault says what is wrong, the later ones what follows from it. */
static void
note_fault(struct loader *l, const xmlError *e)
{
	if (l->fault_line || e->level < XML_ERR_ERROR)
		return;
	l->fault_line = e->line > 0 ? e->line : 1;
	snprintf(l->fault, sizeof l->fault, "%.*s",
	    e->message ? (int)strcspn(e->message, "\n") : 0, e->message ? e->message : "");
}

static void
on_parse_error(void *ctx, xmlError *e)
{
	xmlParserCtxt *parser = ctx;

	note_fault(parser->_private, e);
}

static void
on_schema_error(void *ctx, xmlError *e)
{
	note_fault(ctx, e);
}

/* A document type may define entities: it is refused before it can. */
static void
on_doctype(void *ctx, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
	xmlParserCtxt *parser = ctx;
	struct loader *l = parser->_private;

	(void)name;
	(void)public_id;
	(void)system_id;
	l->doctype = true;
	if (!l->fault_line)
		l->fault_line = parser->input ? parser->input->line : 1;
	xmlStopParser(parser);
}

static int
parse(struct loader *l, const struct buf *text)
{
	xmlParserCtxt *parser = xmlNewParserCtxt();

	if (!parser)
		return err_fail(l->err, ERR_IO, "%s: libxml2 has no memory", l->path);
	parser->_private = l;
	parser->sax->internalSubset = on_doctype;
	parser->sax->serror = on_parse_error;
	l->doc = xmlCtxtReadMemory(
	    parser, text->data, (int)text->len, l->path, NULL, XML_PARSE_NONET);
	xmlFreeParserCtxt(parser);
	/* A stopped parser may hand out a document that looks whole: ask the flag first. */
	if (l->doctype)
		return err_fail(l->err, ERR_INPUT, "%s:%d: a DOCTYPE is not allowed", l->path,
		    l->fault_line);
	if (!l->doc)
		return err_fail(l->err, ERR_INPUT, "%s:%d: %s", l->path,
		    l->fault_line ? l->fault_line : 1, l->fault_line ? l->fault : "no XML");
	return 0;
}

static int
check_schema(struct loader *l)
{
	struct buf text = BUF_INIT;
	xmlRelaxNGParserCtxt *reader;
	xmlRelaxNGValidCtxt *valid = NULL;
	xmlRelaxNG *schema = NULL;
	int ret;

	config_schema(&text);
	reader = xmlRelaxNGNewMemParserCtxt(text.data, (int)text.len);
	if (reader)
		schema = xmlRelaxNGParse(reader);
	if (schema)
		valid = xmlRelaxNGNewValidCtxt(schema);
	if (!valid) {
		ret = err_fail(l->err, ERR_IO, "%s: the schema cannot be used", l->path);
		goto done;
	}
	l->fault_line = 0;
	xmlRelaxNGSetValidStructuredErrors(valid, on_schema_error, l);
	ret = 0;
	if (xmlRelaxNGValidateDoc(valid, l->doc))
		ret = err_fail(l->err, ERR_INPUT, "%s:%d: %s", l->path,
		    l->fault_line ? l->fault_line : 1, l->fault);

done:
	xmlRelaxNGFreeValidCtxt(valid);
	xmlRelaxNGFree(schema);
	xmlRelaxNGFreeParserCtxt(reader);
	buf_release(&text);
	return ret;
}

/* ---- its settings ---- */

/* Levenshtein's distance without regard to case; names longer than the row are far from
 * everything. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[48], width = strlen(b), corner, above;

	if (width >= sizeof row / sizeof row[0] || strlen(a) >= sizeof row / sizeof row[0])
		return SIZE_MAX;
	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; *a; a++, i++) {
		corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			bool same =
			    tolower((unsigned char)*a) == tolower((unsigned char)b[j - 1]);

			above = row[j];
			row[j] = corner + !same;
			if (above + 1 < row[j])
				row[j] = above + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			corner = above;
		}
	}
	return row[width];
}

static int
unknown(const struct loader *l, const xmlNode *node)
{
	const char *name = (const char *)node->name, *near = NULL;
	size_t best = strlen(name) / 3 + 2, d;

	for (size_t i = 0; i < setting_count; i++) {
		d = distance(name, settings[i].name);
		if (d < best) {
			best = d;
			near = settings[i].name;
		}
	}
	if (near)
		return err_fail(l->err, ERR_INPUT,
		    "%s:%ld: unknown setting \"%s\"; is \"%s\" meant?", l->path,
		    xmlGetLineNo(node), name, near);
	return err_fail(l->err, ERR_INPUT, "%s:%ld: unknown setting \"%s\"", l->path,
	    xmlGetLineNo(node), name);
}

/* Elements are bare here: what stands in an attribute or belongs to another vocabulary was
 * meant to matter. */
static int
check_bare(const struct loader *l, const xmlNode *node)
{
	if (node->properties || node->ns || node->nsDef)
		return err_fail(l->err, ERR_INPUT,
		    "%s:%ld: <%s> must have neither attributes nor a namespace", l->path,
		    xmlGetLineNo(node), node->name);
	return 0;
}

/* The text of an element that holds nothing else, without the blanks around it. */
static int
element_text(const struct loader *l, const xmlNode *node, struct buf *out)
{
	const char *blanks = " \t\r\n", *text;
	xmlChar *content;
	size_t len;
	int ret;

	ret = check_bare(l, node);
	if (ret)
		return ret;
	for (const xmlNode *n = node->children; n; n = n->next) {
		if (n->type == XML_ELEMENT_NODE)
			return err_fail(l->err, ERR_INPUT,
			    "%s:%ld: %s: must be a text, not <%s>", l->path, xmlGetLineNo(n),
			    node->name, n->name);
	}
	content = xmlNodeGetContent(node);
	text = content ? (const char *)content : "";
	text += strspn(text, blanks);
	len = strlen(text);
	while (len && strchr(blanks, text[len - 1]))
		len--;
	buf_add(out, text, len);
	xmlFree(content);
	return 0;
}

/* One entry of a list, joined to those before it as in an environment variable. */
static int
add_entry(const struct loader *l, const xmlNode *node, const struct setting *s, struct buf *out)
{
	const struct setting_list *list = setting_list(s->kind);
	struct buf text = BUF_INIT;
	int ret;

	if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, list->element))
		return err_fail(l->err, ERR_INPUT,
		    "%s:%ld: %s: must hold <%s> elements and nothing else", l->path,
		    xmlGetLineNo(node), s->name, list->element);
	ret = element_text(l, node, &text);
	if (ret)
		goto done;
	if (!text.len || strchr(text.data, list->separator)) {
		ret = err_fail(l->err, ERR_INPUT,
		    "%s:%ld: %s: a %s may neither be empty nor contain a %s", l->path,
		    xmlGetLineNo(node), s->name, list->element,
		    list->separator == ':' ? "colon" : "semicolon");
		goto done;
	}
	if (out->len)
		buf_addc(out, list->separator);
	buf_add(out, text.data, text.len);

done:
	buf_release(&text);
	return ret;
}

static int
element_list(
    const struct loader *l, const xmlNode *node, const struct setting *s, struct buf *out)
{
	int ret;

	ret = check_bare(l, node);
	if (ret)
		return ret;
	buf_adds(out, "");
	for (const xmlNode *n = node->children; n; n = n->next) {
		if (n->type == XML_COMMENT_NODE || n->type == XML_PI_NODE || xmlIsBlankNode(n))
			continue;
		ret = add_entry(l, n, s, out);
		if (ret)
			return ret;
	}
	return 0;
}

static int
read_element(struct loader *l, const xmlNode *node)
{
	struct buf text = BUF_INIT;
	size_t i = 0;
	int ret;

	while (i < setting_count && strcmp((const char *)node->name, settings[i].name))
		i++;
	if (i == setting_count)
		return unknown(l, node);
	if (l->origins[i].line)
		return err_fail(l->err, ERR_INPUT, "%s:%ld: %s: is set on line %d already",
		    l->path, xmlGetLineNo(node), settings[i].name, l->origins[i].line);
	l->origins[i].line = (int)xmlGetLineNo(node);
	if (setting_list(settings[i].kind))
		ret = element_list(l, node, &settings[i], &text);
	else
		ret = element_text(l, node, &text);
	if (ret)
		goto done;
	ret = setting_set(&settings[i], text.data, l->config, l->err);
	if (ret)
		err_wrap(
		    l->err, ret, "%s:%d: %s", l->path, l->origins[i].line, settings[i].name);

done:
	buf_release(&text);
	return ret;
}

static int
read_settings(struct loader *l)
{
	const xmlNode *root = xmlDocGetRootElement(l->doc);
	int ret;

	if (strcmp((const char *)root->name, "carillon"))
		return err_fail(l->err, ERR_INPUT,
		    "%s:%ld: the outermost element must be <carillon>, not <%s>", l->path,
		    xmlGetLineNo(root), root->name);
	ret = check_bare(l, root);
	for (const xmlNode *n = root->children; n && !ret; n = n->next) {
		if (n->type == XML_ELEMENT_NODE)
			ret = read_element(l, n);
		else if (n->type != XML_COMMENT_NODE && n->type != XML_PI_NODE &&
			 !xmlIsBlankNode(n))
			ret = err_fail(l->err, ERR_INPUT, "%s:%ld: text between the settings",
			    l->path, xmlGetLineNo(n));
	}
	return ret;
}

/* ---- the rest ---- */

static int
read_environment(struct loader *l)
{
	for (size_t i = 0; i < setting_count; i++) {
		const char *value;
		int ret;

		setting_variable(&settings[i], &l->variables[i]);
		value = getenv(l->variables[i].data);
		if (!value)
			continue;
		l->origins[i].variable = l->variables[i].data;
		ret = setting_set(&settings[i], value, l->config, l->err);
		if (ret)
			return err_wrap(l->err, ret, "%s", l->variables[i].data);
	}
	return 0;
}

/* Tell that a setting is wrong in the light of the others. */
static int
disagree(const struct loader *l, const char *name, const char *why)
{
	const struct origin *o = l->origins;

	for (size_t i = 0; i < setting_count; i++, o++) {
		if (strcmp(settings[i].name, name))
			continue;
		if (o->variable)
			return err_fail(l->err, ERR_INPUT, "%s: %s", o->variable, why);
		if (o->line)
			return err_fail(
			    l->err, ERR_INPUT, "%s:%d: %s: %s", l->path, o->line, name, why);
	}
	return err_fail(l->err, ERR_INPUT, "%s: %s: %s", l->path, name, why);
}

static int
check_together(const struct loader *l)
{
	const struct config *c = l->config;
	struct sockaddr_un address;

	if (c->workers_min > c->workers_max)
		return disagree(l, "workersMin", "is more than workersMax");
	if (strlen(c->socket) >= sizeof address.sun_path)
		return disagree(l, "socket", "is longer than a socket's path may be");
	if (strlen(c->private_socket) >= sizeof address.sun_path)
		return disagree(l, "privateSocket", "is longer than a socket's path may be");
	if (!strcmp(c->socket, c->private_socket))
		return disagree(l, "privateSocket", "must not be the same as socket");
	return 0;
}

static int
load(struct loader *l)
{
	struct buf text = BUF_INIT;
	int ret;

	for (size_t i = 0; i < setting_count; i++) {
		/* A default that its own setting refuses cannot be mended by anybody at run
		 * time. */
		if (setting_set(&settings[i], settings[i].value, l->config, l->err))
			abort();
	}
	ret = read_file(l->path, &text, l->err);
	if (!ret)
		ret = parse(l, &text);
	if (!ret)
		ret = read_settings(l);
	if (!ret)
		ret = check_schema(l);
	if (!ret)
		ret = read_environment(l);
	if (!ret)
		ret = check_together(l);
	buf_release(&text);
	return ret;
}

int
config_load(const char *path, struct config *config, struct err *err)
{
	struct loader l = {.path = path, .config = config, .err = err};
	int ret;

	*config = (struct config){.path = mem_strdup(path)};
	l.origins = mem_alloc(setting_count * sizeof *l.origins);
	l.variables = mem_alloc(setting_count * sizeof *l.variables);
	ret = load(&l);
	if (ret)
		config_release(config);
	for (size_t i = 0; i < setting_count; i++)
		buf_release(&l.variables[i]);
	free(l.variables);
	free(l.origins);
	xmlFreeDoc(l.doc);
	return ret;
}

void
config_release(struct config *config)
{
	for (size_t i = 0; i < setting_count; i++)
		setting_clear(&settings[i], config);
	free(config->path);
	*config = (struct config){0};
}
