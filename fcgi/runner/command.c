/* One command: see command.h. Between fork and exec only what is safe after a fork is called.
 */
#include "runner/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/fd.h"
#include "proc/signal.h"
#include "runner/family.h"

/* Where the child failed: travels through the report pipe. */
enum stage {
	STAGE_SETUP = 1,
	STAGE_CWD = 2,
	STAGE_EXEC = 3,
	STAGE_ATTRIBUTE = 4,
	STAGE_CGROUP = 5
};

struct report {
	enum stage stage;
	int errnum;
	int attribute; /* which one, of STAGE_ATTRIBUTE */
};

static _Noreturn void
give_up_at(int report, enum stage stage, int attribute)
{
	struct report r = {.stage = stage, .errnum = errno, .attribute = attribute};

	/* Smaller than PIPE_BUF: whole or not at all. */
	(void)!write(report, &r, sizeof r);
	_exit(127);
}

static _Noreturn void
give_up(int report, enum stage stage)
{
	give_up_at(report, stage, ATTRIBUTE_NONE);
}

static void
die_with(pid_t parent)
{
	/* The keeper may have died before this was asked for. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(127);
}

/* The child up to its gate: whatever it inherits from the runner ends here. */
static void
prepare(const struct command_spec *spec, pid_t parent, int gate, int report)
{
	const struct attributes *a = spec->attributes;
	int keep[] = {gate, report}, failed;

	die_with(parent);
	if (setsid() < 0)
		give_up(report, STAGE_SETUP);
	if (dup2(a->input >= 0 ? a->input : spec->null_fd, STDIN_FILENO) < 0 ||
	    dup2(spec->stdout_fd, STDOUT_FILENO) < 0 ||
	    dup2(spec->stderr_fd, STDERR_FILENO) < 0)
		give_up(report, STAGE_SETUP);
	/* Before it becomes another user, who may not. */
	if (spec->cgroup_fd >= 0 && write(spec->cgroup_fd, "0", 1) != 1)
		give_up(report, STAGE_CGROUP);
	fd_close_except(keep, 2);
	if (setrlimit(RLIMIT_NOFILE, &spec->files))
		give_up(report, STAGE_SETUP);
	failed = attributes_assume(a);
	if (failed)
		give_up_at(report, STAGE_ATTRIBUTE, failed);
	/* Whoever changes his user is not told of a death any more unless he asks again. */
	die_with(parent);
	if (chdir(spec->cwd ? spec->cwd : "/"))
		give_up(report, STAGE_CWD);
	signals_reset();
}

/* For the child. */
struct begin {
	const struct command_spec *spec;
	int gate, report;
};

static _Noreturn void
child(void *ctx, pid_t parent)
{
	const struct begin *b = ctx;
	const struct command_spec *spec = b->spec;
	char go;
	ssize_t n;

	prepare(spec, parent, b->gate, b->report);
	do
		n = read(b->gate, &go, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(127);
	execve(spec->argv[0], (char *const *)spec->argv, (char *const *)spec->env);
	give_up(b->report, STAGE_EXEC);
}

int
command_hold(struct command *cmd, const struct command_spec *spec, struct err *err)
{
	int gate[2] = {-1, -1}, report[2] = {-1, -1};
	struct begin begin;
	struct process p;
	int rc = 0;

	*cmd = (struct command)COMMAND_INIT;
	if (pipe2(gate, O_CLOEXEC) || pipe2(report, O_CLOEXEC)) {
		rc = err_errno(err, ERR_IO, errno, "make a pipe");
		goto done;
	}
	rc = fd_set_nonblocking(report[0], err);
	if (rc)
		goto done;
	begin = (struct begin){.spec = spec, .gate = gate[0], .report = report[1]};
	rc = keeper_start(&cmd->keeper, child, &begin, &cmd->pid, err);
	if (rc)
		goto done;
	cmd->there = true;
	/* Found even if it has ended already: nobody has reaped it. */
	if (process_read(cmd->pid, &p)) {
		rc = err_errno(err, ERR_IO, errno, "read /proc/%d/stat", (int)cmd->pid);
		command_shut(cmd);
		command_close(cmd);
		goto done;
	}
	cmd->born = p.born;
	cmd->gate = gate[1];
	cmd->report = report[0];
	gate[1] = report[0] = -1;

done:
	for (int i = 0; i < 2; i++) {
		fd_drop(&gate[i]);
		fd_drop(&report[i]);
	}
	return rc;
}

bool
command_release(struct command *cmd)
{
	bool went = cmd->gate >= 0 && !fd_write_all(cmd->gate, "", 1);

	fd_drop(&cmd->gate);
	return went;
}

void
command_shut(struct command *cmd)
{
	fd_drop(&cmd->gate);
	if (cmd->there)
		kill(cmd->pid, SIGKILL);
}

bool
command_ended(struct command *cmd, int *status)
{
	if (!cmd->there)
		return false;
	if (!cmd->ended)
		cmd->ended = keeper_tells_end(&cmd->keeper, &cmd->status);
	/* Without its keeper it is the runner's own child. */
	if (!cmd->ended && !cmd->keeper.pid)
		cmd->ended = process_child_ended(cmd->pid, &cmd->status);
	*status = cmd->status;
	return cmd->ended;
}

enum { WORD_MS = 200 };

bool
command_just_ended(struct command *cmd, int *status)
{
	struct pollfd word = {.fd = cmd->keeper.control, .events = POLLIN};
	struct process p;

	if (cmd->there && !cmd->ended && cmd->keeper.pid && !process_read(cmd->pid, &p) &&
	    p.dead)
		(void)!poll(&word, 1, WORD_MS);
	return command_ended(cmd, status);
}

bool
command_complaint(struct command *cmd, const char *program, const char *cwd, struct err *text)
{
	struct report r;

	if (cmd->report < 0 || read(cmd->report, &r, sizeof r) != sizeof r)
		return false;
	switch (r.stage) {
	case STAGE_SETUP:
		err_errno(text, ERR_IO, r.errnum, "cannot prepare to run %s", program);
		break;
	case STAGE_CWD:
		err_errno(text, ERR_IO, r.errnum, "cannot enter %s", cwd ? cwd : "/");
		break;
	case STAGE_CGROUP:
		err_errno(text, ERR_IO, r.errnum,
		    "cannot run %s: cannot enter its control group", program);
		break;
	case STAGE_ATTRIBUTE:
		err_errno(text, ERR_IO, r.errnum, "cannot run %s: cannot %s", program,
		    attribute_text(r.attribute));
		break;
	case STAGE_EXEC:
		err_errno(text, ERR_IO, r.errnum, "cannot run %s", program);
		break;
	}
	return true;
}

void
command_close(struct command *cmd)
{
	/* It is the runner's child from here on, dead as it is. */
	keeper_end(&cmd->keeper);
	while (cmd->there && wait4(cmd->pid, NULL, 0, &cmd->usage) < 0 && errno == EINTR)
		;
	cmd->there = false;
	fd_drop(&cmd->gate);
	fd_drop(&cmd->report);
}
