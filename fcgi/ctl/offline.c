/*
 * `init` and `check`: the commands that open the store themselves. They hold its lock, so they
 * run only while the service does not; and they run as the store's owner, so that root leaves
 * no file in it that the service cannot open.
 */
#include "ctl/ctl.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/print.h"
#include "proc/fd.h"
#include "service/service.h"
#include "store/store.h"

/* ---- whose store it is ---- */

static int
find_user(const struct config *config, struct passwd **pw, struct err *err)
{
	errno = 0;
	*pw = getpwnam(config->user);
	if (!*pw && errno)
		return err_errno(err, ERR_IO, errno, "user %s", config->user);
	if (!*pw)
		return err_fail(err, ERR_INPUT, "user %s: there is no such user", config->user);
	return 0;
}

static int
become(uid_t uid, gid_t gid, struct err *err)
{
	const struct passwd *pw = getpwuid(uid);

	if (pw)
		gid = pw->pw_gid;
	if ((pw ? initgroups(pw->pw_name, gid) : setgroups(1, &gid)) ||
	    setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return err_errno(err, ERR_IO, errno, "become user %u", (unsigned)uid);
	return 0;
}

/* The directory above, in the caller's path as it is written. */
static const char *
parent_of(struct arena *a, const char *path)
{
	char *copy = arena_strdup(a, path);
	size_t len = strlen(copy);
	char *slash;

	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	slash = strrchr(copy, '/');
	if (!slash)
		return ".";
	slash[slash == copy] = '\0';
	return copy;
}

/* Make the store's directory for the user who will run the service. */
static int
make_dir(const char *dir, const struct passwd *pw, struct err *err)
{
	if (mkdir(dir, 0700) || lchown(dir, pw->pw_uid, pw->pw_gid))
		return err_errno(err, ERR_IO, errno, "%s", dir);
	return 0;
}

/*
 * As root, become the owner of the store's directory. Where it is still to be made, that is the
 * configured user, or who owns the directory above.
 */
static int
become_owner(struct ctl *ctl, struct err *err)
{
	const char *dir = ctl->config.store_dir;
	struct passwd *pw = NULL;
	struct stat st;
	int ret = 0;

	if (geteuid() != 0)
		return 0;
	if (ctl->config.user)
		ret = find_user(&ctl->config, &pw, err);
	if (ret)
		return ret;
	if (stat(dir, &st) == 0) {
		if (pw && pw->pw_uid != 0 && st.st_uid == 0)
			return err_fail(err, ERR_INPUT,
			    "%s belongs to root, but the service runs as %s: chown it to that "
			    "user",
			    dir, pw->pw_name);
		return st.st_uid ? become(st.st_uid, st.st_gid, err) : 0;
	}
	if (errno != ENOENT)
		return err_errno(err, ERR_IO, errno, "%s", dir);
	if (pw && pw->pw_uid != 0) {
		ret = make_dir(dir, pw, err);
		return ret ? ret : become(pw->pw_uid, pw->pw_gid, err);
	}
	if (stat(parent_of(&ctl->arena, dir), &st))
		return err_errno(err, ERR_IO, errno, "%s: the directory above", dir);
	return st.st_uid ? become(st.st_uid, st.st_gid, err) : 0;
}

/* ---- the lock ---- */

static int
take_store(struct ctl *ctl, struct store_options *options, int *lock, struct err *err)
{
	const struct config *config = &ctl->config;
	int ret;

	*options = (struct store_options){
	    .dir = config->store_dir,
	    .cache_bytes = config->store_cache_bytes,
	    .reserve_bytes = config->store_reserve_bytes,
	};
	ret = store_lock(config->store_dir, lock, err);
	if (ret == ERR_BUSY)
		err_fail(err, ret,
		    "the service is running (it holds the lock %s/lock): stop it first",
		    config->store_dir);
	return ret;
}

/* ---- init ---- */

/* What the child does: its exit status is the outcome, and `err` stays its own. */
static _Noreturn void
recover_and_exit(const struct store_options *options)
{
	struct err err = {0};
	int ret = store_recover(options, &err);

	if (ret)
		fprintf(stderr, "carillonctl: init: %s\n", err.text);
	fflush(stderr);
	_exit(ret ? CTL_FAILED : CTL_DONE);
}

/* Recovery runs in a process of its own: what it leaves in memory must not meet a store that is
 * opened afterwards. */
static int
recover(const struct store_options *options, struct err *err)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return err_errno(err, ERR_IO, errno, "fork");
	if (pid == 0)
		recover_and_exit(options);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_errno(err, ERR_IO, errno, "wait for recovery");
	}
	if (WIFSIGNALED(status))
		return err_fail(
		    err, ERR_IO, "recovery was ended by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		return err_fail(
		    err, ERR_IO, "%s: the store cannot be made or recovered", options->dir);
	return 0;
}

static int
furnish(const struct store_options *options, struct err *err)
{
	struct service service = {.random = secret_random};
	int ret;

	ret = secret_init(err);
	if (!ret)
		ret = store_open(options, &service.store, err);
	if (ret)
		return ret;
	ret = service_init(&service, err);
	store_close(service.store);
	return ret;
}

int
ctl_init(struct ctl *ctl, struct err *err)
{
	struct store_options options;
	struct buf out = BUF_INIT;
	int lock = -1, ret;

	ret = ctl_configure(ctl, err);
	if (!ret)
		ret = become_owner(ctl, err);
	if (!ret)
		ret = take_store(ctl, &options, &lock, err);
	if (!ret)
		ret = recover(&options, err);
	if (!ret)
		ret = furnish(&options, err);
	if (!ret) {
		buf_addf(&out, "%s: the store is ready\n", options.dir);
		ctl_put(&out);
	}
	buf_release(&out);
	fd_drop(&lock);
	return ret;
}

/* ---- check ---- */

static void
print_fault(void *ctx, const char *line)
{
	struct buf out = BUF_INIT;
	unsigned *faults = ctx;

	print_text(&out, line, strlen(line));
	buf_addc(&out, '\n');
	ctl_put(&out);
	buf_release(&out);
	++*faults;
}

int
ctl_check(struct ctl *ctl, struct err *err)
{
	struct store_options options;
	unsigned faults = 0;
	int lock = -1, ret;
	struct stat st;

	ret = ctl_configure(ctl, err);
	if (ret)
		return ret;
	if (stat(ctl->config.store_dir, &st))
		return err_errno(err, ERR_IO, errno, "%s: no store", ctl->config.store_dir);
	ret = become_owner(ctl, err);
	if (!ret)
		ret = take_store(ctl, &options, &lock, err);
	if (!ret)
		ret = store_verify(&options, print_fault, &faults, err);
	if (ret && faults)
		err_fail(
		    err, ret, "%s: %u fault%s", options.dir, faults, faults == 1 ? "" : "s");
	if (!ret)
		ctl_put_line("no fault");
	fd_drop(&lock);
	return ret;
}
