/* Bases and paths: wire/openspecimen.md 1 and 3. Whatever is not in the table is 404. */
#include <string.h>

#include "faces/openspecimen/call.h"
#include "faces/openspecimen/openspecimen.h"

#define JOBS "scheduled-jobs"

/* Of two patterns that fit a path the first is meant. */
static const struct specimen_route routes[] = {
    {"POST", "sessions", SPECIMEN_JOB, true, true, specimen_log_in},
    {"DELETE", "sessions", SPECIMEN_JOB, false, false, specimen_log_out},
    {"GET", JOBS, SPECIMEN_JOB, false, false, specimen_list_jobs},
    {"POST", JOBS, SPECIMEN_JOB, false, true, specimen_create_job},
    {"GET", JOBS "/count", SPECIMEN_JOB, false, false, specimen_count_jobs},
    {"GET", JOBS "/#", SPECIMEN_JOB, false, false, specimen_get_job},
    {"PUT", JOBS "/#", SPECIMEN_JOB, false, true, specimen_update_job},
    {"DELETE", JOBS "/#", SPECIMEN_JOB, false, false, specimen_delete_job},
    {"GET", JOBS "/#/runs", SPECIMEN_JOB, false, false, specimen_list_runs},
    {"POST", JOBS "/#/runs", SPECIMEN_JOB, false, true, specimen_run_job},
    {"GET", JOBS "/#/runs/#", SPECIMEN_RUN, false, false, specimen_get_run},
    {"GET", JOBS "/#/runs/#/result-file", SPECIMEN_RUN, false, false, specimen_send_result},
};

enum { ROUTES = sizeof routes / sizeof *routes };

/* What follows `base` when the path is it or lies below it. */
static const char *
behind(const char *path, const char *base)
{
	size_t len = strlen(base);

	if (strncmp(path, base, len) || (path[len] && path[len] != '/'))
		return NULL;
	return path + len;
}

/* The context of installations that have a name for it; others have none. */
static const char named[] = "/openspecimen";
static const char rest_api[] = "/rest/ng";

/* The path below a base with a slash before it, or "". */
static const char *
find_base(const char *path, bool *has_context)
{
	const char *below = behind(path, named);

	*has_context = below && behind(below, rest_api);
	if (*has_context)
		return behind(below, rest_api);
	below = behind(path, rest_api);
	if (below)
		return below;
	return behind(path, "/" JOBS) ? path : NULL;
}

bool
openspecimen_owns(const char *path)
{
	bool has_context;

	return find_base(path, &has_context) != NULL;
}

const char *
specimen_below_base(struct arena *a, const char *at, const char *path, const char **context)
{
	bool has_context;
	const char *below = find_base(path, &has_context);
	size_t len;

	*context = arena_printf(a, "%s%s", at ? at : "", has_context ? named : "");
	if (!**context)
		*context = "/";
	if (!below)
		return NULL;
	below += *below == '/';
	len = strlen(below);
	return len && below[len - 1] == '/' ? arena_memdup(a, below, len - 1) : below;
}

/* Does the path fit the pattern? Its segments in place of `#` go to ids[]. */
static bool
fits(struct arena *a, const char *pattern, const char *path, const char *ids[SPECIMEN_IDS_MAX])
{
	size_t id = 0;

	while (*pattern && *path) {
		size_t wanted = strcspn(pattern, "/"), len = strcspn(path, "/");

		if (*pattern == '#')
			ids[id++] = arena_memdup(a, path, len);
		else if (wanted != len || memcmp(pattern, path, len))
			return false;
		pattern += wanted;
		path += len;
		if (*pattern != *path)
			return false;
		pattern += *pattern == '/';
		path += *path == '/';
	}
	return !*pattern && !*path;
}

static const char *
allowed(struct arena *a, const char *pattern)
{
	const char *list = "";

	for (size_t i = 0; i < ROUTES; i++) {
		const char *method = routes[i].method;

		if (strcmp(routes[i].path, pattern))
			continue;
		list = arena_printf(
		    a, "%s%s, ", list, strcmp(method, "GET") ? method : "GET, HEAD");
	}
	return arena_printf(a, "%sOPTIONS", list);
}

const struct specimen_route *
specimen_find_route(struct arena *a, const char *method, const char *path, bool *known,
    const char **allow, const char *ids[SPECIMEN_IDS_MAX])
{
	const struct specimen_route *found = NULL;
	const char *pattern = NULL;

	*allow = "OPTIONS";
	if (!strcmp(method, "HEAD"))
		method = "GET";
	for (size_t i = 0; i < ROUTES; i++) {
		if (pattern ? strcmp(pattern, routes[i].path)
			    : !fits(a, routes[i].path, path, ids))
			continue;
		pattern = routes[i].path;
		if (!strcmp(routes[i].method, method))
			found = &routes[i];
	}
	if (pattern)
		*allow = allowed(a, pattern);
	*known = pattern != NULL;
	return found;
}
