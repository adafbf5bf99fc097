/*
 * What a command gets: its argument vector, its whole environment, its directories. It inherits
 * nothing from the service: what it sees is what stands here and in its definition.
 */
#include <string.h>

#include "base/id.h"
#include "model/after.h"
#include "scheduler/internal.h"

static const char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* The arguments of a run are split at spaces and follow the definition's own. */
static const char **
build_argv(struct fill *f, const struct execution *x, const struct task_def *def)
{
	struct arena *a = &f->e->arena;
	const char *args = def->accept_args && x->args ? x->args : "";
	const char **argv = arena_array(a, def->argc + strlen(args) / 2 + 2, sizeof *argv);
	size_t n = 0, len;

	for (; n < def->argc; n++)
		argv[n] = fill_text(f, def->argv[n], PLACEHOLDER_ARGUMENT, PLACEHOLDER_PLAIN);
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

/* How a task ended that this one waited for, as three variables: word, exit status if it has one,
 * and the last line that it wrote. With one of several enough it may not have ended yet. */
static size_t
add_before(struct arena *a, const char **env, const struct task *before)
{
	const struct attempt *last =
	    before->attempt_count ? &before->attempts[before->attempt_count - 1] : NULL;
	bool ended = task_status_ended(before->status);
	char name[AFTER_VARIABLE_TEXT];

	after_variable(before->def.name, name);
	env[0] = arena_printf(
	    a, "CARILLON_AFTER_%s_STATUS=%s", name, task_status_name(before->status));
	env[1] = ended && last && last->exit_code >= 0
		     ? arena_printf(a, "CARILLON_AFTER_%s_EXIT_CODE=%d", name, last->exit_code)
		     : arena_printf(a, "CARILLON_AFTER_%s_EXIT_CODE=", name);
	env[2] = arena_printf(a, "CARILLON_AFTER_%s_LINE=%s", name,
	    ended && last && last->last_line ? last->last_line : "");
	return 3;
}

static const char *
variable(struct fill *f, const struct env_var *v)
{
	return arena_printf(
	    &f->e->arena, "%s=%s", v->name, fill_text(f, v->value, 0, PLACEHOLDER_PLAIN));
}

/* How the variables that hold secrets are told to those who look at the attempt. */
static const char **
build_shown(struct fill *f)
{
	const struct task_def *def = &f->task->def;
	const char **shown = arena_array(&f->e->arena, def->env_count + 1, sizeof *shown);
	size_t n = 0;

	f->shown = true;
	for (size_t i = 0; i < def->env_count; i++) {
		if (strstr(def->env[i].value, "${secret:"))
			shown[n++] = variable(f, &def->env[i]);
	}
	f->shown = false;
	return shown;
}

static const char **
build_env(struct fill *f)
{
	struct arena *a = &f->e->arena;
	const struct execution *x = f->execution;
	const struct task *t = f->task;
	const char **env =
	    arena_array(a, t->def.env_count + 3 * t->def.after_count + 16, sizeof *env);
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
	if (t->def.result_file)
		env[n++] = arena_printf(a, "CARILLON_RESULT_FILE=%s",
		    task_result_file(a, &t->def, t->execution_id));
	for (size_t i = 0; i < t->def.after_count; i++) {
		const struct task *before =
		    after_find(f->tasks, f->task_count, t->def.after[i].task);

		n += before ? add_before(a, env + n, before) : 0;
	}
	for (size_t i = 0; i < t->def.env_count; i++) {
		const struct env_var *v = &t->def.env[i];
		const char *text = variable(f, v);
		size_t at = 0, len = strlen(v->name) + 1;

		/* The definition may say otherwise about PATH and LANG. */
		while (at < n && strncmp(env[at], text, len))
			at++;
		env[at] = text;
		n += at == n;
	}
	return env;
}

_Static_assert((int)CHANNEL_LIMITS == (int)PROCESS_LIMITS, "the same limits");
_Static_assert((int)CHANNEL_CORE == (int)PROCESS_CORE, "in the same order");

static void
say_process(struct channel_message *m, const struct task_process *p)
{
	m->input = p->input;
	m->user = p->user;
	m->group = p->group;
	m->umask = p->has_umask ? p->umask : PROCESS_UMASK_DEFAULT;
	m->nice = p->nice;
	m->limited = p->limited;
	memcpy(m->limits, p->limits, sizeof m->limits);
}

int
dispatch_start(struct txn *txn, struct engine *e, const struct execution *x,
    const struct task *t, const struct task *tasks, size_t task_count,
    struct channel_message *start, struct err *err)
{
	char *dir = arena_alloc(&e->arena, OUTPUT_DIR_TEXT);
	struct fill f = {.e = e,
	    .txn = txn,
	    .execution = x,
	    .task = t,
	    .tasks = tasks,
	    .task_count = task_count,
	    .err = err};

	task_output_dir(t, dir);
	*start = (struct channel_message){
	    .type = CHANNEL_START,
	    .task_id = t->id,
	    .attempt = t->attempts[t->attempt_count - 1].number,
	    .argv = build_argv(&f, x, &t->def),
	    .env = t->def.http ? NULL : build_env(&f),
	    .shown = t->def.http ? NULL : build_shown(&f),
	    .http = t->def.http ? request_build(&f) : NULL,
	    .cwd = t->def.cwd ? t->def.cwd : "/",
	    .output_dir = dir,
	    .timeout_us = t->def.timeout_us,
	    .kill_grace_us = t->def.kill_grace_us,
	    .output_max_bytes = e->options.output_max_bytes,
	    .results_max_bytes = t->ordinal == TASK_ORDINAL_CONDITION || t->def.http
				     ? 0
				     : e->options.results_max_bytes,
	};
	say_process(start, &t->def.process);
	start->mask = f.mask;
	start->refusal = f.missing;
	return f.rc;
}
