/* What is registered for OpenSpecimen's jobs: see registered.h. The entries have passed
 * lib/config, which says what they look like. */
#include "app/registered.h"

#include <stdlib.h>
#include <string.h>

static size_t
count_of(char *const *entries)
{
	size_t n = 0;

	while (entries && entries[n])
		n++;
	return n;
}

/* `text` is split at blanks. */
static void
read_argv(struct arena *a, const char *text, struct job_command *c)
{
	const char **argv = arena_array(a, strlen(text) / 2 + 2, sizeof *argv);
	size_t len;

	for (text += strspn(text, " "); *text; text += len + strspn(text + len, " ")) {
		len = strcspn(text, " ");
		argv[c->argc++] = arena_memdup(a, text, len);
	}
	c->argv = argv;
}

/* `name = /program argument`; of a query the name is its number and its title. */
static struct job_command
read_command(struct arena *a, const char *entry, bool is_query)
{
	const char *equals = strstr(entry, " = ");
	struct job_command c = {0};

	read_argv(a, equals + 3, &c);
	if (is_query) {
		c.query_id = strtoull(entry, (char **)&entry, 10);
		entry += strspn(entry, " ");
	}
	c.name = arena_memdup(a, entry, (size_t)(equals - entry));
	return c;
}

const struct job_settings *
registered_jobs(const struct config *c, struct arena *a)
{
	size_t tasks = count_of(c->job_task), queries = count_of(c->saved_query);
	struct job_command *commands = arena_array(a, tasks + queries, sizeof *commands);
	struct job_settings *j = arena_array(a, 1, sizeof *j);

	for (size_t i = 0; i < tasks; i++)
		commands[i] = read_command(a, c->job_task[i], false);
	for (size_t i = 0; i < queries; i++)
		commands[tasks + i] = read_command(a, c->saved_query[i], true);
	*j = (struct job_settings){
	    .time_zone = c->time_zone, .commands = commands, .command_count = tasks + queries};
	return j;
}
