/*
 * The sample and the schema, written from the table of settings. conf/carillon.xml and
 * conf/carillon.rng are their output, byte for byte, so neither can fall behind what the loader
 * reads.
 */
#include "config/setting.h"

enum { SAMPLE_COLUMNS = 92 };

/* `text` in lines of at most SAMPLE_COLUMNS, the first beginning at `column`, the others behind
 * `indent`. */
static void
add_wrapped(struct buf *out, const char *text, size_t column, const char *indent)
{
	while (*text) {
		size_t word = strcspn(text, " ");

		if (column + 1 + word > SAMPLE_COLUMNS) {
			buf_addf(out, "\n%s", indent);
			column = strlen(indent);
		} else {
			buf_addc(out, ' ');
			column++;
		}
		buf_add(out, text, word);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
}

static const char *
unit_text(enum setting_kind kind)
{
	switch (kind) {
	case SETTING_PATH:
		return "A path";
	case SETTING_NAME:
		return "A name";
	case SETTING_OPTIONAL:
		return "A name or nothing";
	case SETTING_PROGRAM:
		return "An absolute path or nothing";
	case SETTING_ADDRESS:
		return "An address or nothing";
	case SETTING_ORIGINS:
		return "Origins or nothing";
	case SETTING_PLACE:
		return "off, / or a prefix such as /ops";
	case SETTING_MODE:
		return "An octal mode";
	case SETTING_COUNT:
		return "A whole number";
	case SETTING_DURATION:
		return "A duration (ms s m h d)";
	case SETTING_SIZE:
		return "Bytes (KiB MiB GiB TiB)";
	case SETTING_LIST:
		return "Paths";
	case SETTING_USERS:
		return "Users";
	case SETTING_TASKS:
	case SETTING_QUERIES:
		return "Commands";
	case SETTING_NETWORKS:
		return "Networks or nothing";
	case SETTING_PORTS:
		return "Ports";
	}
	return "";
}

static void
add_comment(struct buf *out, const struct setting *s)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, unit_text(s->kind));
	if (s->min)
		buf_addf(&text, ", %s to %s", s->min, s->max);
	buf_addf(&text, "; default %s. %s", *s->value ? s->value : "empty", s->reason);
	buf_addf(out, "  <!-- %s:", s->name);
	add_wrapped(out, text.data, strlen(s->name) + 8, "       ");
	buf_adds(out, " -->\n");
	buf_release(&text);
}

static void
add_default(struct buf *out, const struct setting *s)
{
	const struct setting_list *list = setting_list(s->kind);
	const char *entry = s->value;

	if (!list) {
		buf_addf(out, "  <%s>%s</%s>\n", s->name, s->value, s->name);
		return;
	}
	buf_addf(out, "  <%s>\n", s->name);
	while (*entry) {
		size_t len = strcspn(entry, (char[]){list->separator, '\0'});

		buf_addf(
		    out, "    <%s>%.*s</%s>\n", list->element, (int)len, entry, list->element);
		entry += len + (entry[len] == list->separator);
	}
	buf_addf(out, "  </%s>\n", s->name);
}

void
config_sample(struct buf *out)
{
	buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<!--\n"
		      "  The configuration of Carillon. Every setting stands here once, at its "
		      "default; one that is\n"
		      "  left out has its default too. Their order does not matter.\n"
		      "\n"
		      "  An environment variable overrides the file: CARILLON_WORKERS_MAX is "
		      "workersMax, and so on;\n"
		      "  the paths of a list are separated by colons there, commands by "
		      "semicolons. The schema is\n"
		      "  carillon.rng; carillon itself, with its option \"test\", checks the "
		      "file before it is\n"
		      "  started or reloaded.\n"
		      "-->\n"
		      "<carillon>\n");
	for (const struct setting *s = settings; s < settings + setting_count; s++) {
		if (s->heading)
			buf_addf(out, "\n  <!-- ==== %s ==== -->\n", s->heading);
		buf_addc(out, '\n');
		add_comment(out, s);
		add_default(out, s);
	}
	buf_adds(out, "\n</carillon>\n");
}

/* What the text of a setting must look like; NULL: anything. Bounds are the loader's business.
 */
static const char *
pattern(enum setting_kind kind)
{
	switch (kind) {
	case SETTING_PATH:
	case SETTING_NAME:
		return ".+";
	case SETTING_OPTIONAL:
	case SETTING_PROGRAM:
	case SETTING_ADDRESS:
	case SETTING_ORIGINS:
	case SETTING_NETWORKS:
		return NULL;
	case SETTING_PORTS:
		return "[0-9 -]+";
	case SETTING_PLACE:
		return "off|/.*";
	case SETTING_MODE:
		return "[0-7]+";
	case SETTING_COUNT:
		return "[0-9]+";
	case SETTING_DURATION:
		return "[0-9]+(ms|s|m|h|d)";
	case SETTING_SIZE:
		return "[0-9]+(KiB|MiB|GiB|TiB)?";
	case SETTING_LIST:
		return "/[^:]*";
	case SETTING_USERS:
		return "[^:/,-][^:/,]*";
	case SETTING_TASKS:
		return "[^;]+ = */[^;]+";
	case SETTING_QUERIES:
		return "[1-9][0-9]* [^;]+ = */[^;]+";
	}
	return NULL;
}

static void
add_pattern(struct buf *out, enum setting_kind kind, const char *indent)
{
	const char *p = pattern(kind);

	if (p)
		buf_addf(out,
		    "%s<data type=\"token\"><param name=\"pattern\">%s</param></data>\n",
		    indent, p);
	else
		buf_addf(out, "%s<data type=\"token\"/>\n", indent);
}

void
config_schema(struct buf *out)
{
	buf_adds(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<!-- The schema of carillon.xml: its settings, each at most once, in any order. "
	    "-->\n"
	    "<element name=\"carillon\" xmlns=\"http://relaxng.org/ns/structure/1.0\"\n"
	    "    datatypeLibrary=\"http://www.w3.org/2001/XMLSchema-datatypes\">\n"
	    "  <interleave>\n");
	for (const struct setting *s = settings; s < settings + setting_count; s++) {
		buf_addf(out, "    <optional>\n      <element name=\"%s\">\n", s->name);
		if (setting_list(s->kind)) {
			buf_addf(out, "        <zeroOrMore>\n          <element name=\"%s\">\n",
			    setting_list(s->kind)->element);
			add_pattern(out, s->kind, "            ");
			buf_adds(out, "          </element>\n        </zeroOrMore>\n");
		} else {
			add_pattern(out, s->kind, "        ");
		}
		buf_adds(out, "      </element>\n    </optional>\n");
	}
	buf_adds(out, "  </interleave>\n</element>\n");
}
