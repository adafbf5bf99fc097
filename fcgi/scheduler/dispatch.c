/*
 * What a command gets: its argument vector, its whole environment, its directories. It inherits
 * nothing from the service: what it sees is what stands here and in its definition.
 */
#include <string.h>

#include "base/id.h"
#include "scheduler/internal.h"

static const char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* The arguments of a run are split at spaces and follow the definition's own. */
static const char **
build_argv(struct arena *a, const struct execution *x, const struct task_def *def)
{
	const char *args = def->accept_args && x->args ? x->args : "";
	const char **argv = arena_array(a, def->argc + strlen(args) / 2 + 2, sizeof *argv);
	size_t n = 0, len;

	for (; n < def->argc; n++)
		argv[n] = def->argv[n];
	for (const char *p = args + strspn(args, " "); *p; p += len + strspn(p + len, " ")) {
		len = strcspn(p, " ");
		argv[n++] = arena_memdup(a, p, len);
	}
	return argv;
}

static const char *
guid_var(struct arena *a, const char *name, uint64_t id)
{
	char guid[ID_GUID_LEN + 1];

	id_guid(id, guid);
	return arena_printf(a, "%s=%s", name, guid);
}

static const char **
build_env(struct arena *a, const struct execution *x, const struct task *t)
{
	const char **env = arena_array(a, t->def.env_count + 16, sizeof *env);
	char scheduled[INSTANT_TEXT];
	size_t n = 0;

	instant_format(x->due_us != INSTANT_NEVER ? x->due_us : x->triggered_us, scheduled);
	env[n++] = path;
	env[n++] = "LANG=C.UTF-8";
	env[n++] = guid_var(a, "CARILLON_SCHEDULE_ID", x->schedule_id);
	env[n++] = arena_printf(a, "CARILLON_SCHEDULE_NAME=%s", x->schedule_name);
	env[n++] = guid_var(a, "CARILLON_EXECUTION_ID", x->id);
	env[n++] = guid_var(a, "CARILLON_TASK_ID", t->id);
	env[n++] = arena_printf(a, "CARILLON_SCHEDULED_TIME=%s", scheduled);
	env[n++] =
	    arena_printf(a, "CARILLON_ATTEMPT=%u", t->attempts[t->attempt_count - 1].number);
	env[n++] = arena_printf(a, "CARILLON_ARGS=%s", x->args ? x->args : "");
	for (size_t i = 0; i < t->def.env_count; i++) {
		const struct env_var *v = &t->def.env[i];
		const char *text = arena_printf(a, "%s=%s", v->name, v->value);
		size_t at = 0, len = strlen(v->name) + 1;

		/* The definition may say otherwise about PATH and LANG. */
		while (at < n && strncmp(env[at], text, len))
			at++;
		env[at] = text;
		n += at == n;
	}
	return env;
}

struct channel_message
dispatch_start(struct engine *e, const struct execution *x, const struct task *t)
{
	char *dir = arena_alloc(&e->arena, OUTPUT_DIR_TEXT);

	task_output_dir(t, dir);
	return (struct channel_message){
	    .type = CHANNEL_START,
	    .task_id = t->id,
	    .attempt = t->attempts[t->attempt_count - 1].number,
	    .argv = build_argv(&e->arena, x, &t->def),
	    .env = build_env(&e->arena, x, t),
	    .cwd = t->def.cwd ? t->def.cwd : "/",
	    .output_dir = dir,
	    .timeout_us = t->def.timeout_us,
	    .kill_grace_us = t->def.kill_grace_us,
	    .output_max_bytes = e->options.output_max_bytes,
	};
}
