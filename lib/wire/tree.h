/*
 * Building a tree of `struct json`, for the parsers of this folder: bounds, duplicates and
 * strings are checked here, whatever the text was written in.
 *
 * Each function that can fail answers false or NULL and leaves the reason in `fault`; the tree
 * is then of no use.
 */
#ifndef WIRE_TREE_H
#define WIRE_TREE_H

#include "wire/json.h"

struct tree_level {
	struct json *open, *last;
	const char *name; /* of the member whose value comes next */
};

/* Valid with an arena and all else zero. */
struct tree {
	struct arena *arena;
	struct json *root;
	const char *fault; /* lives in the arena or for ever */
	size_t values, depth;
	const struct json **sorted; /* scratch */
	size_t sorted_cap;
	struct tree_level levels[JSON_DEPTH_MAX];
};

/* The value that comes next: the root, the next element, or the member named before. */
struct json *tree_add(struct tree *t, enum json_type type);

/* Go into an array or an object that was added and has nothing in it, and out of it. */
bool tree_open(struct tree *t, struct json *v);
bool tree_close(struct tree *t);

/* The name of the member whose value is added next. Not valid outside of an object. */
bool tree_name(struct tree *t, const char *name, size_t len);

/* Give a value its text: UTF-8 without NUL; copied. */
bool tree_text(struct tree *t, struct json *v, const char *text, size_t len);

/* The array or object that is open; NULL if none is. */
struct json *tree_inside(const struct tree *t);

/* Frees the scratch; the values stay in the arena. */
void tree_release(struct tree *t);

#endif
