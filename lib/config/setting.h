/*
 * The table of settings, for this module alone: loader, sample and schema walk it, so that a
 * setting is added in one place. Values pass through their text in all three.
 */
#ifndef CONFIG_SETTING_H
#define CONFIG_SETTING_H

#include <stddef.h>

#include "config/config.h"

enum setting_kind {
	SETTING_PATH,	  /* char *, not empty */
	SETTING_NAME,	  /* char *, not empty */
	SETTING_OPTIONAL, /* char *, NULL when empty */
	SETTING_PROGRAM,  /* char *, NULL when empty; an absolute path */
	SETTING_ADDRESS,  /* char *, NULL when empty; of mail */
	SETTING_ORIGINS, /* char *, NULL when empty; as browsers send them, one blank between */
	SETTING_PLACE,	 /* char *, written off, / or /prefix; as struct config says */
	SETTING_MODE,	 /* uint64_t, octal */
	SETTING_COUNT,	 /* uint64_t */
	SETTING_DURATION, /* int64_t in microseconds, written 500ms 90s 15m 2h 7d */
	SETTING_SIZE,	  /* uint64_t in bytes, written 4096 64KiB 1MiB 2GiB */
	SETTING_LIST,	  /* char **, absolute paths; in one text separated by colons */
	SETTING_USERS,	  /* char **, names; in one text separated by colons */
	SETTING_TASKS,	  /* char **, `name = /program argument`; separated by semicolons */
	SETTING_QUERIES,  /* the same with `5 title = /program argument` */
	SETTING_NETWORKS, /* char *, NULL when empty; as network_parse() takes them, blanks between */
	SETTING_PORTS, /* char *, `80 1024-65535`, blanks between */
};

/* How the entries of a list stand in the file and in one text. */
struct setting_list {
	const char *element;
	char separator;
};

/* NULL for what is no list. */
const struct setting_list *setting_list(enum setting_kind kind);

struct setting {
	const char *heading; /* of the group that begins with this setting, or NULL */
	const char *name;    /* the element; camelCase */
	enum setting_kind kind;
	size_t offset;	       /* of the member in struct config */
	const char *value;     /* the default */
	const char *min, *max; /* bounds of a number, in its own notation */
	const char *reason;
};

extern const struct setting settings[];
extern const size_t setting_count;

/* The text of one setting into its member, in place of what was there. Fails: ERR_INPUT, the
 * member is as before. */
MUST_CHECK int setting_set(
    const struct setting *s, const char *text, struct config *config, struct err *err);

/* Free what the member holds; it is then zero. */
void setting_clear(const struct setting *s, struct config *config);

/* CARILLON_WORKERS_MAX for workersMax. */
void setting_variable(const struct setting *s, struct buf *out);

#endif
