/* A command's keeper: see keeper.h. In the keeper only what is safe after a fork is called. */
#include "runner/keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/fd.h"
#include "proc/signal.h"
#include "runner/family.h"

enum {
	CHILDREN_AT_ONCE = 1024,
	PAUSE_MIN_MS = 1,
	PAUSE_MAX_MS = 100,
};

/* What the keeper says: first the command's number, then its end. */
struct word {
	pid_t pid; /* 0: it could not be forked */
	int value; /* errno; a wait status */
};

static const char kill_order = 'K';

/* ---- in the keeper ---- */

struct keeping {
	int control, signals;
	pid_t main;
	bool told, killing, orphaned;
	int pause_ms;
};

static void
say(const struct keeping *k, pid_t pid, int value)
{
	struct word w = {.pid = pid, .value = value};

	(void)!send(k->control, &w, sizeof w, MSG_NOSIGNAL);
}

/* Reap who is dead but for the command itself, and kill who lives if that is ordered. Answers how
 * many live. */
static size_t
look_once(struct keeping *k)
{
	static pid_t list[CHILDREN_AT_ONCE];
	long count = process_children(list, CHILDREN_AT_ONCE);
	size_t living = 0;
	int status;

	for (long i = 0; i < count && i < CHILDREN_AT_ONCE; i++) {
		bool ended = list[i] == k->main ? process_child_ended(k->main, &status)
						: waitpid(list[i], NULL, WNOHANG) != 0;

		if (ended)
			continue;
		living++;
		if (k->killing)
			kill(list[i], SIGKILL);
	}
	return count < 0 || count > CHILDREN_AT_ONCE ? living + 1 : living;
}

/* The list is not read in one piece: what comes and goes meanwhile may be passed over, once. */
static size_t
look_at_children(struct keeping *k)
{
	size_t living = look_once(k);

	return living ? living : look_once(k);
}

static void
hear(struct keeping *k)
{
	char order;
	ssize_t n = recv(k->control, &order, 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	k->killing = true;
	k->orphaned = k->orphaned || n <= 0;
}

/* What holds at the top: all that was to be read is read. Who kills looks again soon, because
 * somebody whose parent has just died becomes a child without a word. */
static _Noreturn void
keep(struct keeping *k)
{
	for (;;) {
		struct pollfd fds[] = {{.fd = k->signals, .events = POLLIN},
		    {.fd = k->orphaned ? -1 : k->control, .events = POLLIN}};
		struct signalfd_siginfo gone;
		size_t living = look_at_children(k);
		int status;

		if (!k->told && process_child_ended(k->main, &status)) {
			k->told = true;
			say(k, k->main, status);
		}
		if (!living && k->orphaned)
			_exit(0);
		(void)!poll(fds, 2, k->killing && living ? k->pause_ms : -1);
		k->pause_ms = k->pause_ms * 2 < PAUSE_MAX_MS ? k->pause_ms * 2 : PAUSE_MAX_MS;
		while (read(k->signals, &gone, sizeof gone) == sizeof gone)
			k->pause_ms = PAUSE_MIN_MS;
		if (fds[1].revents)
			hear(k);
	}
}

static _Noreturn void
be_keeper(int control, void (*child)(void *ctx, pid_t parent), void *ctx)
{
	struct keeping k = {.control = control, .pause_ms = PAUSE_MIN_MS};
	pid_t self = getpid();
	int kept[2] = {control};
	sigset_t set;

	/* Nobody ends it but by KILL. */
	signals_block();
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	k.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (k.signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) || prctl(PR_SET_PDEATHSIG, 0)) {
		say(&k, 0, errno);
		_exit(1);
	}
	k.main = fork();
	if (k.main == 0) {
		child(ctx, self);
		_exit(127);
	}
	if (k.main < 0) {
		say(&k, 0, errno);
		_exit(1);
	}
	prctl(PR_SET_NAME, "carillon-keeper");
	/* The gate and the pipes are the command's and the runner's alone. */
	kept[1] = k.signals;
	fd_close_except(kept, 2);
	say(&k, k.main, 0);
	keep(&k);
}

/* ---- in the runner ---- */

int
keeper_start(struct keeper *k, void (*child)(void *ctx, pid_t parent), void *ctx, pid_t *pid,
    struct err *err)
{
	struct word w;
	int ends[2];
	ssize_t n;

	*k = (struct keeper)KEEPER_INIT;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return err_errno(err, ERR_IO, errno, "make a pipe");
	k->control = ends[0];
	k->pid = fork();
	if (k->pid == 0)
		be_keeper(ends[1], child, ctx);
	close(ends[1]);
	if (k->pid < 0) {
		k->pid = 0;
		keeper_end(k);
		return err_errno(err, ERR_IO, errno, "fork");
	}
	do
		n = recv(k->control, &w, sizeof w, 0);
	while (n < 0 && errno == EINTR);
	if (n == sizeof w && w.pid > 0) {
		*pid = w.pid;
		return 0;
	}
	keeper_end(k);
	return err_errno(err, ERR_IO, n == sizeof w ? w.value : EIO, "fork");
}

bool
keeper_tells_end(struct keeper *k, int *status)
{
	struct word w;
	ssize_t n;

	if (!k->pid)
		return false;
	n = recv(k->control, &w, sizeof w, MSG_DONTWAIT);
	if (n == sizeof w) {
		*status = w.value;
		return true;
	}
	if (n >= 0 || (errno != EAGAIN && errno != EINTR))
		keeper_end(k);
	return false;
}

bool
keeper_kill_all(const struct keeper *k)
{
	return k->pid && send(k->control, &kill_order, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

int
keeper_others(const struct keeper *k, pid_t pid)
{
	pid_t list[2];
	long count = 0;

	/* Twice, as the keeper itself. */
	for (int i = 0; i < 2; i++) {
		count = k->pid ? process_children_of(k->pid, list, 2) : -1;
		if (count < 0 || count > 1 || (count == 1 && list[0] != pid))
			break;
		count = 0;
	}
	return count < 0 ? -1 : count > 0;
}

void
keeper_end(struct keeper *k)
{
	if (k->pid) {
		/* Also one that was stopped ends at once. */
		kill(k->pid, SIGKILL);
		while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	k->pid = 0;
	fd_drop(&k->control);
}
