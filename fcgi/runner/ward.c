/* One attempt in the runner's care: see ward.h. */
#include "runner/ward.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "proc/fd.h"
#include "proc/started.h"

#define SECOND_US INT64_C(1000000)

/* How long a command's pipes may stay open after it, and what it left behind may live after
 * TERM. */
#define DRAIN_US      SECOND_US
#define LEFT_GRACE_US SECOND_US
/* After KILL this long somebody is stuck in the kernel. */
#define STUCK_US    (5 * SECOND_US)
#define LOOK_MIN_US INT64_C(10000)
#define LOOK_MAX_US SECOND_US
/* So long files may be read that a command left. */
#define COLLECT_US	(10 * 60 * SECOND_US)
#define DURATION_MAX_US (INT64_C(1) << 60)

enum {
	READ_BYTES = 256 * 1024,       /* of one stream, before the others have their turn */
	READ_LAST_BYTES = 1024 * 1024, /* what a pipe can hold at its end */
};

static void
look_soon(struct ward *w, int64_t now_mono_us)
{
	w->pause_us = LOOK_MIN_US;
	w->look_mono_us = now_mono_us;
}

/* ---- output ---- */

static void
complain(struct ward *w, const struct err *err)
{
	if (!w->complained)
		log_error("task %" PRIu64 " attempt %" PRIu32 ": %s", w->task_id, w->attempt,
		    err->text);
	w->complained = true;
}

static void
drain(struct ward_stream *s, size_t limit)
{
	struct ward *w = s->ward;
	struct err err;

	if (output_drain(&s->output, limit, &err))
		complain(w, &err);
	if (s->output.pipe < 0) {
		loop_watch_free(s->watch);
		s->watch = NULL;
	}
}

static void
on_output(void *ctx, int events)
{
	(void)events;
	drain(ctx, READ_BYTES);
}

static void
close_streams(struct ward *w)
{
	char line[CHANNEL_LINE_MAX + 1];
	struct err err;

	for (int i = 0; i < 2; i++) {
		struct ward_stream *s = &w->streams[i];

		loop_watch_free(s->watch);
		s->watch = NULL;
		if (output_end(&s->output, &err))
			complain(w, &err);
		if (!i && !w->last_line && output_last_line(&s->output, line))
			w->last_line = mem_strdup(line);
		output_close(&s->output);
		w->output_bytes += s->output.bytes;
		s->output.bytes = 0;
	}
	excerpt_close(&w->both);
	fd_drop(&w->dir);
}

/* ---- the beginning ---- */

/* The task's directory, which was there before; -1 when it cannot be entered any more. */
static int
open_task_dir(struct ward *w)
{
	struct err err;
	int dir;

	if (!output_dir_make(w->house->output_root, w->output_dir, &dir, &err))
		return dir;
	log_error("task %" PRIu64 " attempt %" PRIu32 ": %s", w->task_id, w->attempt, err.text);
	return -1;
}

/* True when it left nothing, or cannot have. */
static bool
left_nothing(struct ward *w)
{
	int dir = w->results_max_bytes ? open_task_dir(w) : -1;
	bool nothing = dir < 0 || results_drop(dir, w->attempt);

	fd_drop(&dir);
	return nothing;
}

static void
close_command(struct ward *w)
{
	loop_watch_free(w->keeper_watch);
	w->keeper_watch = NULL;
	command_close(&w->command);
	cgroup_end(w->house->cgroups, &w->cgroup);
}

static void
never_ran(struct ward *w, int64_t now_us, const char *reason)
{
	(void)left_nothing(w);
	close_streams(w);
	close_command(w);
	w->stage = WARD_ENDED;
	w->started = false;
	w->end_us = now_us;
	utf8_clean(w->reason, sizeof w->reason, reason, strlen(reason));
}

static void
log_never_ran(const struct ward *w)
{
	log_warn("task %" PRIu64 " attempt %" PRIu32 ": %s", w->task_id, w->attempt, w->reason);
}

static int
open_streams(struct ward *w, const struct channel_message *m, int writers[2], struct err *err)
{
	static const char *const names[] = {"stdout", "stderr"};
	uint64_t max = m->output_max_bytes;
	char name[32];
	int rc;

	rc = output_dir_make(w->house->output_root, w->output_dir, &w->dir, err);
	snprintf(name, sizeof name, "%" PRIu32 ".both", w->attempt);
	/* Each of its lines says more. */
	if (!rc)
		rc = excerpt_open(&w->both, w->dir, name, 2 * max, err);
	for (int i = 0; !rc && i < 2; i++) {
		snprintf(name, sizeof name, "%" PRIu32 ".%s", w->attempt, names[i]);
		rc = output_open(&w->streams[i].output, w->dir, name, max,
		    writers ? &writers[i] : NULL, err);
		mask_set(&w->streams[i].output.mask, m->mask);
		w->streams[i].output.both = &w->both;
		w->streams[i].output.tag = names[i];
	}
	if (!rc && w->results_max_bytes)
		rc = results_make(w->dir, w->attempt, w->owner, err);
	if (rc)
		w->results_max_bytes = 0;
	return rc;
}

/* What the definition says about it goes before. */
static size_t
add_default(struct arena *a, const char **env, size_t n, const char *name, const char *value)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < n; i++) {
		if (!strncmp(env[i], name, len) && env[i][len] == '=')
			return n;
	}
	env[n] = arena_printf(a, "%s=%s", name, value);
	return n + 1;
}

/* What the scheduler says, where the result files go, and who a user is. */
static const char **
whole_env(
    const struct ward *w, struct arena *a, const struct attributes *is, const char **given)
{
	const char **env;
	char name[RESULTS_NAME];
	size_t n = 0;

	while (given[n])
		n++;
	env = arena_array(a, n + 5, sizeof *env);
	memcpy(env, given, n * sizeof *env);
	if (is->change) {
		n = add_default(a, env, n, "HOME", is->home);
		n = add_default(a, env, n, "USER", is->user);
		n = add_default(a, env, n, "LOGNAME", is->user);
	}
	if (!w->results_max_bytes)
		return env;
	results_work_name(w->attempt, name);
	env[n] = arena_printf(
	    a, "CARILLON_RESULT_DIR=%s/%s/%s", w->house->output_path, w->output_dir, name);
	return env;
}

/* The step that follows looks what it says. When it has said that, all is known. */
static void
on_keeper(void *ctx, int events)
{
	struct ward *w = ctx;
	int status;

	(void)events;
	if (!command_ended(&w->command, &status) && w->command.keeper.pid)
		return;
	loop_watch_free(w->keeper_watch);
	w->keeper_watch = NULL;
	w->look_mono_us = 0;
}

static const char *
as_shown(const char *variable, const char *const *shown)
{
	size_t len = strcspn(variable, "=") + 1;

	for (; shown && *shown; shown++) {
		if (!strncmp(*shown, variable, len))
			return *shown;
	}
	return variable;
}

static const char *
group_name(struct arena *a, gid_t gid)
{
	const struct group *entry = getgrgid(gid);

	return entry ? arena_strdup(a, entry->gr_name) : arena_printf(a, "%u", (unsigned)gid);
}

/* What it gets is told beside its output, but for what is secret. */
static void
note_start(struct ward *w, struct arena *a, const struct channel_message *m,
    const struct command_spec *spec)
{
	const struct attributes *is = spec->attributes;
	const char **env;
	char name[32];
	struct err err;
	size_t n = 0;

	while (spec->env[n])
		n++;
	env = arena_array(a, n + 1, sizeof *env);
	for (size_t i = 0; i < n; i++)
		env[i] = as_shown(spec->env[i], m->shown);
	snprintf(name, sizeof name, "%" PRIu32 ".start", w->attempt);
	if (started_write(w->dir, name,
		&(struct started){.argv = m->argv,
		    .env = env,
		    .cwd = m->cwd ? m->cwd : "/",
		    .user = m->user ? m->user : w->house->user,
		    .group = is->change ? group_name(a, is->gid) : w->house->group,
		    .umask = m->umask,
		    .nice = m->nice},
		&err))
		complain(w, &err);
}

static int
hold(struct ward *w, const struct channel_message *m, struct err *err)
{
	int writers[2] = {-1, -1};
	struct arena scratch = ARENA_INIT;
	struct attributes attributes = ATTRIBUTES_INIT;
	struct command_spec spec = {
	    .argv = m->argv,
	    .attributes = &attributes,
	    .cwd = m->cwd,
	    .null_fd = w->house->null_fd,
	    .cgroup_fd = -1,
	    .files = w->house->files,
	};
	int rc;

	if (!m->argv[0] || m->argv[0][0] != '/')
		rc =
		    err_fail(err, ERR_INPUT, "cannot run %s: not an absolute path", w->program);
	else
		rc = attributes_find(&attributes, w->house->run_as, m, err);
	w->owner = attributes.change ? attributes.uid : geteuid();
	if (!rc)
		rc = open_streams(w, m, writers, err);
	if (rc)
		goto done;
	spec.env = whole_env(w, &scratch, &attributes, m->env);
	spec.stdout_fd = writers[0];
	spec.stderr_fd = writers[1];
	note_start(w, &scratch, m, &spec);
	rc = cgroup_make(w->house->cgroups, m, &w->cgroup, err);
	if (rc)
		goto done;
	spec.cgroup_fd = w->cgroup.procs;
	rc = command_hold(&w->command, &spec, err);
	fd_drop(&w->cgroup.procs);
	if (rc)
		goto done;
	for (int i = 0; i < 2; i++)
		w->streams[i].watch = loop_watch_new(w->house->loop, w->streams[i].output.pipe,
		    LOOP_READABLE, on_output, &w->streams[i]);
	w->keeper_watch = loop_watch_new(
	    w->house->loop, w->command.keeper.control, LOOP_READABLE, on_keeper, w);

done:
	attributes_release(&attributes);
	arena_release(&scratch);
	fd_drop(&writers[0]);
	fd_drop(&writers[1]);
	return rc;
}

/* ---- an HTTP request ---- */

static void
say_why(struct ward *w)
{
	int64_t ms = (w->timeout_us + 999) / 1000;

	if (w->timed_out && ms % 1000)
		snprintf(w->reason, sizeof w->reason, "timed out after %" PRId64 "ms", ms);
	else if (w->timed_out)
		snprintf(
		    w->reason, sizeof w->reason, "timed out after %" PRId64 "s", ms / 1000);
	else if (w->killed)
		snprintf(w->reason, sizeof w->reason, "stopped");
	else if (w->signal == SIGXCPU)
		snprintf(w->reason, sizeof w->reason,
		    "killed by signal %d: it used up its limit of CPU time", w->signal);
	else if (w->signal == SIGXFSZ)
		snprintf(w->reason, sizeof w->reason,
		    "killed by signal %d: a file met its limit of size", w->signal);
	else if (w->signal)
		snprintf(w->reason, sizeof w->reason, "killed by signal %d", w->signal);
	else if (w->exit_code)
		snprintf(w->reason, sizeof w->reason, "exit code %d", w->exit_code);
}

static void
take_answer(struct ward_stream *s, const char *data, size_t len)
{
	struct err err;

	if (output_take(&s->output, data, len, &err))
		complain(s->ward, &err);
}

static void
on_answer(void *ctx, const char *data, size_t len)
{
	struct ward *w = ctx;

	take_answer(&w->streams[0], data, len);
}

static void
on_answer_head(void *ctx, const char *data, size_t len)
{
	struct ward *w = ctx;

	take_answer(&w->streams[1], data, len);
}

/* Held, nothing of it is sent and no name looked up. */
static int
hold_request(struct ward *w, const struct channel_message *m, struct err *err)
{
	struct http_sink sink = {on_answer, on_answer_head, w};
	int rc = open_streams(w, m, NULL, err);

	if (!rc)
		w->call = http_call_new(w->house->http, m->http, &sink);
	return rc;
}

/* No target keeps a task waiting for longer; what the task's own policy allows is shorter mostly. */
enum { RETRY_AFTER_MAX_S = 365 * 86400 };

static void
end_request(struct ward *w, const struct ward_view *view)
{
	const char *reason;
	int64_t asked_s;

	(void)http_call_ended(w->call, &w->http_status, &reason);
	asked_s = http_call_retry_after_s(w->call);
	if (asked_s > 0)
		w->retry_after_us =
		    (asked_s < RETRY_AFTER_MAX_S ? asked_s : RETRY_AFTER_MAX_S) * 1000000;
	if (reason)
		utf8_clean(w->reason, sizeof w->reason, reason, strlen(reason));
	http_call_free(w->call);
	w->call = NULL;
	w->dead = true;
	w->stage = WARD_ENDED;
	w->due_mono_us = INT64_MAX;
	w->end_us = view->now_us;
	if (w->timed_out || w->killed)
		say_why(w);
	close_streams(w);
}

/* Times that no sum of two can overflow. */
static int64_t
bounded(int64_t us)
{
	return us < 0 ? 0 : us > DURATION_MAX_US ? DURATION_MAX_US : us;
}

static int
take_in(struct ward *w, const struct channel_message *m, struct err *err)
{
	if (m->refusal)
		return err_fail(err, ERR_INPUT, "%s", m->refusal);
	return m->http ? hold_request(w, m, err) : hold(w, m, err);
}

struct ward *
ward_new(const struct ward_house *house, const struct channel_message *m, int64_t now_us)
{
	struct ward *w = mem_alloc(sizeof *w);
	struct err err;

	w->house = house;
	w->task_id = m->task_id;
	w->attempt = m->attempt;
	w->stage = WARD_HELD;
	w->due_mono_us = w->look_mono_us = INT64_MAX;
	w->exit_code = -1;
	w->timeout_us = bounded(m->timeout_us);
	w->kill_grace_us = bounded(m->kill_grace_us);
	w->program = mem_strdup(m->argv[0] ? m->argv[0] : "nothing");
	w->output_dir = mem_strdup(m->output_dir ? m->output_dir : "");
	w->results_max_bytes = m->results_max_bytes;
	w->collector = (struct collector)COLLECTOR_INIT;
	w->cwd = m->cwd ? mem_strdup(m->cwd) : NULL;
	w->command = (struct command)COMMAND_INIT;
	w->cgroup = (struct cgroup)CGROUP_INIT;
	w->both = (struct excerpt)EXCERPT_INIT;
	w->dir = -1;
	for (int i = 0; i < 2; i++) {
		w->streams[i].ward = w;
		w->streams[i].output = (struct output)OUTPUT_INIT;
	}
	if (take_in(w, m, &err)) {
		w->dead = true;
		never_ran(w, now_us, err.text);
		log_never_ran(w);
	}
	return w;
}

static void
stop_collecting(struct ward *w)
{
	loop_watch_free(w->collector_watch);
	w->collector_watch = NULL;
	collector_kill(&w->collector);
}

void
ward_free(struct ward *w)
{
	if (!w)
		return;
	close_streams(w);
	close_command(w);
	http_call_free(w->call);
	stop_collecting(w);
	arena_release(&w->arena);
	free(w->output_dir);
	free(w->last_line);
	free(w->program);
	free(w->cwd);
	free(w);
}

void
ward_release(struct ward *w, int64_t now_mono_us)
{
	/* A held child that has died at its gate stays one that never ran. */
	if (w->stage != WARD_HELD || (!w->call && !command_release(&w->command)))
		return;
	w->stage = WARD_RUNNING;
	w->started = true;
	if (w->timeout_us)
		w->due_mono_us = now_mono_us + w->timeout_us;
	if (w->call)
		http_call_begin(w->call);
}

/* ---- the end ---- */

/* Signal everybody of the command who lives; answers how many there are. */
static size_t
signal_all(struct ward *w, const struct ward_view *view, int signal)
{
	struct family family = {
	    .leader = w->command.pid,
	    .born = w->command.born,
	    .task_id = w->task_id,
	    .ours = true,
	    .keeper = w->all ? w->command.keeper.pid : 0,
	};
	struct err err;

	if (!census_take(view->census, &err))
		return family_signal(view->census, &family, signal, NULL);
	if (!w->blind)
		log_error("task %" PRIu64 " attempt %" PRIu32 ": %s", w->task_id, w->attempt,
		    err.text);
	w->blind = true;
	/* Nobody knows: somebody may live. */
	if (signal)
		kill(-w->command.pid, signal);
	return 1;
}

static void
begin_stop(struct ward *w, int64_t grace_us, const struct ward_view *view)
{
	w->stage = WARD_STOPPING;
	w->all = w->killed || w->timed_out;
	w->due_mono_us = view->now_mono_us + grace_us;
	look_soon(w, view->now_mono_us);
	signal_all(w, view, SIGTERM);
}

static void
note_end(struct ward *w, int status, const struct ward_view *view)
{
	struct err why;

	w->dead = true;
	w->end_us = view->now_us;
	if (command_complaint(&w->command, w->program, w->cwd, &why)) {
		w->timed_out = false;
		never_ran(w, view->now_us, why.text);
		log_never_ran(w);
		return;
	}
	if (w->stage == WARD_HELD) {
		never_ran(
		    w, view->now_us, w->killed ? "stopped" : "ended before it was released");
		return;
	}
	if (WIFSIGNALED(status))
		w->signal = WTERMSIG(status);
	else
		w->exit_code = WEXITSTATUS(status);
	say_why(w);
	if (w->stage == WARD_RUNNING) {
		w->stage = WARD_DRAINING;
		w->due_mono_us = view->now_mono_us + DRAIN_US;
	}
	look_soon(w, view->now_mono_us);
}

void
ward_look(struct ward *w, const struct ward_view *view)
{
	int status;

	if (!w->dead && command_ended(&w->command, &status))
		note_end(w, status, view);
}

/* A moment ago counts too. */
static void
look_closely(struct ward *w, const struct ward_view *view)
{
	int status;

	if (!w->dead && command_just_ended(&w->command, &status))
		note_end(w, status, view);
}

bool
ward_owns(const struct ward *w, pid_t pid)
{
	const struct command *c = &w->command;

	return (c->there && c->pid == pid) || (c->keeper.pid && c->keeper.pid == pid) ||
	       w->collector.pid == pid;
}

void
ward_stop(struct ward *w, int64_t grace_us, const struct ward_view *view)
{
	grace_us = bounded(grace_us);
	/* One that has just ended by itself was not stopped. */
	look_closely(w, view);
	switch (w->stage) {
	case WARD_HELD:
		w->killed = true;
		if (w->call)
			end_request(w, view);
		else
			command_shut(&w->command);
		break;
	case WARD_RUNNING:
		w->killed = true;
		if (w->call) {
			end_request(w, view);
			break;
		}
		begin_stop(w, grace_us, view);
		break;
	case WARD_DRAINING:
	case WARD_STOPPING:
		if (w->due_mono_us > view->now_mono_us + grace_us)
			w->due_mono_us = view->now_mono_us + grace_us;
		break;
	case WARD_COLLECTING:
		if (w->due_mono_us > view->now_mono_us + grace_us)
			w->due_mono_us = view->now_mono_us + grace_us;
		break;
	case WARD_KILLING:
	case WARD_ENDED:
		break;
	}
}

/* Nobody lives who could still write, but for those who left the session: what the pipes hold
 * now is all. */
static int64_t
finish(struct ward *w)
{
	for (int i = 0; i < 2; i++)
		drain(&w->streams[i], READ_LAST_BYTES);
	close_streams(w);
	close_command(w);
	w->stage = left_nothing(w) ? WARD_ENDED : WARD_COLLECTING;
	w->due_mono_us = INT64_MAX;
	return INT64_MAX;
}

/* ---- result files ---- */

/* What is to be said about them stands in for a reason where there is none. */
static void
end_collecting(struct ward *w, const char *note)
{
	stop_collecting(w);
	w->stage = WARD_ENDED;
	if (!*note)
		return;
	log_warn("task %" PRIu64 " attempt %" PRIu32 ": %s", w->task_id, w->attempt, note);
	if (!w->reason[0])
		utf8_clean(w->reason, sizeof w->reason, note, strlen(note));
}

static void
on_collector(void *ctx, int events)
{
	struct ward *w = ctx;
	const char *note;

	(void)events;
	if (!collector_read(&w->collector))
		return;
	loop_watch_free(w->collector_watch);
	w->collector_watch = NULL;
	collector_end(&w->collector, &w->arena, &w->results, &w->result_count, &note);
	end_collecting(w, note);
}

bool
ward_wants_collector(const struct ward *w)
{
	return w->stage == WARD_COLLECTING && !w->collector.pid;
}

bool
ward_collects(const struct ward *w)
{
	return w->stage == WARD_COLLECTING && w->collector.pid;
}

void
ward_collect(struct ward *w, const struct ward_view *view)
{
	int dir = open_task_dir(w), rc;
	struct err err = {.text = "its result files could not be collected"};

	rc = dir < 0 ? ERR_IO
		     : collector_begin(&w->collector, dir, w->attempt, w->owner,
			   w->results_max_bytes, &err);
	fd_drop(&dir);
	if (rc) {
		end_collecting(w, err.text);
		return;
	}
	if (w->due_mono_us > view->now_mono_us + COLLECT_US)
		w->due_mono_us = view->now_mono_us + COLLECT_US;
	w->collector_watch =
	    loop_watch_new(w->house->loop, w->collector.pipe, LOOP_READABLE, on_collector, w);
}

static int64_t
step_collecting(struct ward *w, const struct ward_view *view)
{
	if (view->now_mono_us < w->due_mono_us)
		return w->due_mono_us;
	end_collecting(w, "its result files were not collected in time");
	return INT64_MAX;
}

/*
 * Signal everybody who is to end. Answers whether somebody of them lives, or may.
 *
 * The keeper's list of children cannot miss anybody. A look at all processes can, where lives are
 * short, but is needed to tell who is of the session, or where there is no keeper any more.
 */
static bool
somebody_lives(struct ward *w, const struct ward_view *view, int signal)
{
	int others = keeper_others(&w->command.keeper, w->command.pid);

	if (!others && w->dead)
		return false;
	return signal_all(w, view, signal) > 0 || (w->all && others > 0);
}

static int64_t
step_draining(struct ward *w, const struct ward_view *view)
{
	bool open = w->streams[0].watch || w->streams[1].watch;
	size_t left;

	if (open && view->now_mono_us < w->due_mono_us)
		return w->due_mono_us;
	/* Everything that it left behind descends from a child that its keeper inherited. */
	left = keeper_others(&w->command.keeper, w->command.pid) ? signal_all(w, view, 0) : 0;
	if (!left)
		return finish(w);
	log_info("task %" PRIu64 " attempt %" PRIu32
		 ": ending %zu processes that it left behind",
	    w->task_id, w->attempt, left);
	begin_stop(w, LEFT_GRACE_US, view);
	return view->now_mono_us;
}

/* Has the time come to look who lives? The next look is later each time. */
static bool
looks_now(struct ward *w, const struct ward_view *view)
{
	if (view->now_mono_us < w->look_mono_us)
		return false;
	w->look_mono_us = view->now_mono_us + w->pause_us;
	w->pause_us = w->pause_us * 2 < LOOK_MAX_US ? w->pause_us * 2 : LOOK_MAX_US;
	return true;
}

static int64_t
step_killing(struct ward *w, const struct ward_view *view)
{
	if (looks_now(w, view) && !somebody_lives(w, view, SIGKILL) && w->dead)
		return finish(w);
	if (view->now_mono_us >= w->due_mono_us) {
		log_error("task %" PRIu64 " attempt %" PRIu32
			  ": process %d or one that descends from it does not end",
		    w->task_id, w->attempt, (int)w->command.pid);
		w->due_mono_us = INT64_MAX;
	}
	return w->look_mono_us < w->due_mono_us ? w->look_mono_us : w->due_mono_us;
}

static int64_t
step_stopping(struct ward *w, const struct ward_view *view)
{
	if (view->now_mono_us >= w->due_mono_us) {
		w->stage = WARD_KILLING;
		if (w->all) {
			cgroup_kill(&w->cgroup);
			(void)keeper_kill_all(&w->command.keeper);
		}
		w->due_mono_us = view->now_mono_us + STUCK_US;
		look_soon(w, view->now_mono_us);
		return step_killing(w, view);
	}
	if (!w->dead)
		return w->due_mono_us;
	if (looks_now(w, view) && !somebody_lives(w, view, 0))
		return finish(w);
	return w->look_mono_us < w->due_mono_us ? w->look_mono_us : w->due_mono_us;
}

static int64_t
step_request(struct ward *w, const struct ward_view *view)
{
	const char *reason;
	int status;

	if (!http_call_ended(w->call, &status, &reason)) {
		if (view->now_mono_us < w->due_mono_us)
			return w->due_mono_us;
		w->timed_out = true;
	}
	end_request(w, view);
	return INT64_MAX;
}

int64_t
ward_step(struct ward *w, const struct ward_view *view)
{
	/* Its keeper has said all that it has to say, or is gone. */
	if (!w->dead && !w->keeper_watch)
		ward_look(w, view);
	switch (w->stage) {
	case WARD_HELD:
	case WARD_ENDED:
		return INT64_MAX;
	case WARD_RUNNING:
		if (w->call)
			return step_request(w, view);
		if (view->now_mono_us < w->due_mono_us)
			return w->due_mono_us;
		/* It may have ended just in time. */
		look_closely(w, view);
		if (w->dead)
			return view->now_mono_us;
		w->timed_out = true;
		begin_stop(w, w->kill_grace_us, view);
		return w->due_mono_us;
	case WARD_DRAINING:
		return step_draining(w, view);
	case WARD_STOPPING:
		return step_stopping(w, view);
	case WARD_KILLING:
		return step_killing(w, view);
	case WARD_COLLECTING:
		return step_collecting(w, view);
	}
	return INT64_MAX;
}

static int64_t
micros(struct timeval t)
{
	return (int64_t)t.tv_sec * SECOND_US + t.tv_usec;
}

/* Of one that never ran it would be the runner's own beginning of it. */
static void
say_usage(const struct ward *w, struct channel_message *m)
{
	const struct rusage *usage = &w->command.usage;

	if (!w->started || w->stage != WARD_ENDED)
		return;
	m->cpu_user_us = micros(usage->ru_utime);
	m->cpu_system_us = micros(usage->ru_stime);
	m->memory_bytes = (int64_t)usage->ru_maxrss * 1024;
}

struct channel_message
ward_message(const struct ward *w, enum channel_type type)
{
	enum attempt_phase phase = w->stage == WARD_HELD    ? PHASE_HELD
				   : w->stage == WARD_ENDED ? PHASE_ENDED
							    : PHASE_RUNNING;

	struct channel_message m = {
	    .type = type,
	    .task_id = w->task_id,
	    .attempt = w->attempt,
	    .phase = phase,
	    .pid = w->command.pid,
	    .pid_start_ticks = w->command.born,
	    .started = w->started,
	    .timed_out = w->timed_out,
	    .killed = w->killed,
	    .exit_code = w->exit_code,
	    .signal = w->signal,
	    .http_status = w->http_status,
	    .end_us = w->end_us,
	    .retry_after_us = w->retry_after_us,
	    .output_bytes = w->output_bytes,
	    .reason = w->reason[0] ? w->reason : NULL,
	    .last_line = w->last_line,
	    .results = w->results,
	    .result_count = w->result_count,
	};

	say_usage(w, &m);
	return m;
}
