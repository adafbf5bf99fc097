/* Signals without handlers: see signal.h. */
#include "proc/signal.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

void
signals_block(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

int
signals_open(const int *signals, size_t count, int *fd, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < count; i++) {
		/* An inherited SIG_IGN would discard the signal before it can become pending.
		 */
		signal(signals[i], SIG_DFL);
		sigaddset(&set, signals[i]);
	}
	*fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (*fd < 0)
		return err_errno(err, ERR_IO, errno, "open the signals");
	return 0;
}

int
signals_take(int fd)
{
	struct signalfd_siginfo info;
	ssize_t n;

	do
		n = read(fd, &info, sizeof info);
	while (n < 0 && errno == EINTR);
	return n == sizeof info ? (int)info.ssi_signo : 0;
}

void
signals_reset(void)
{
	/* The kernel's struct sigaction with nothing in it, and the size of its set. The C
	 * library's call would refuse its own two signals, which are ignored in who was started
	 * by posix_spawn(). SIGKILL and SIGSTOP refuse, as they should. */
	const unsigned long by_default[8] = {0};
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		syscall(SYS_rt_sigaction, s, by_default, NULL, 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
