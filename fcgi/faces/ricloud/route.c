/* Paths: which are ricloud's, and what each names. */
#include "faces/ricloud/ricloud.h"

#include <string.h>

#include "faces/ricloud/call.h"

bool
ricloud_owns(const char *path)
{
	static const char *const names[] = {"tasks", "results", "ricloud", "organisation",
	    "key", "keys", "users", "sources", "sessions", "polls", "subscriptions", "events",
	    "permissions", "configs"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t len = strlen(names[i]);

		if (!strncmp(path + 1, names[i], len) &&
		    (path[1 + len] == '/' || !path[1 + len]))
			return true;
	}
	return false;
}

bool
ricloud_is_number(const char *text)
{
	size_t len = strspn(text, "0123456789");

	return len > 0 && !text[len] && (len == 1 || *text != '0');
}

uint64_t
ricloud_number(const char *text)
{
	uint64_t n = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		if (n > (UINT64_MAX - 9) / 10)
			return UINT64_MAX;
		n = n * 10 + (uint64_t)(*text - '0');
	}
	return n;
}

/* The rest of a path behind `head`; NULL if it does not begin so. */
static const char *
behind(const char *path, const char *head)
{
	size_t len = strlen(head);

	return strncmp(path, head, len) ? NULL : path + len;
}

/* A number, and behind it nothing or "/ack". */
static bool
read_item(const char *rest, struct ricloud_route *route)
{
	size_t len = strspn(rest, "0123456789");

	if (!len || (*rest == '0' && len > 1))
		return false;
	if (!strcmp(rest + len, "/ack") && route->what == RICLOUD_RESULT)
		route->what = RICLOUD_ACKNOWLEDGE;
	else if (rest[len])
		return false;
	route->id = ricloud_number(rest);
	return true;
}

bool
ricloud_find_route(const char *path, struct ricloud_route *route)
{
	const char *alias = behind(path, "/ricloud"), *rest;

	*route = (struct ricloud_route){0};
	path = alias ? alias : path;
	if (!strcmp(path, "/tasks") || !strcmp(path, "/results")) {
		route->what = path[1] == 't' ? RICLOUD_TASKS : RICLOUD_RESULTS;
		return true;
	}
	if ((rest = behind(path, "/tasks/")))
		route->what = RICLOUD_TASK;
	else if ((rest = behind(path, "/results/")))
		route->what = RICLOUD_RESULT;
	return rest && read_item(rest, route);
}
