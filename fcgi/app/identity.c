/* Who the application runs as: see identity.h. */
#include "app/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

static int
group_of(const char *setting, const char *name, gid_t *gid, struct err *err)
{
	const struct group *g = getgrnam(name);

	if (!g)
		return err_fail(err, ERR_INPUT, "%s: there is no group \"%s\"", setting, name);
	*gid = g->gr_gid;
	return 0;
}

int
identity_find(const struct config *config, struct identity *id, struct err *err)
{
	const struct passwd *pw;
	int rc = 0;

	*id = (struct identity){.uid = geteuid(), .gid = getegid()};
	if (config->user && id->uid == 0) {
		pw = getpwnam(config->user);
		if (!pw)
			return err_fail(
			    err, ERR_INPUT, "user: there is no user \"%s\"", config->user);
		id->change = pw->pw_uid != 0;
		id->uid = pw->pw_uid;
		id->gid = pw->pw_gid;
		id->user = config->user;
		if (config->group)
			rc = group_of("group", config->group, &id->gid, err);
	}
	id->socket_gid = id->gid;
	if (!rc && config->socket_group)
		rc = group_of("socketGroup", config->socket_group, &id->socket_gid, err);
	return rc;
}

/* mkdir() whatever the umask is; 0 or an errno value. */
static int
make_dir(const char *path, mode_t mode)
{
	mode_t mask = umask(0);
	int errnum = mkdir(path, mode) ? errno : 0;

	umask(mask);
	return errnum == EEXIST ? 0 : errnum;
}

int
identity_make_dir(const struct identity *id, const char *path, mode_t mode, struct err *err)
{
	struct stat st;
	int rc, errnum;

	if (!stat(path, &st))
		return 0;
	/* Where it may write itself root does nothing, because it could be led astray there. */
	rc = identity_assume(id, err);
	if (rc)
		return rc;
	errnum = make_dir(path, mode);
	rc = identity_resume(id, err);
	if (rc)
		return rc;
	if (id->change && (errnum == EACCES || errnum == EROFS)) {
		errnum = make_dir(path, mode);
		if (!errnum && lchown(path, id->uid, id->gid))
			errnum = errno;
	}
	if (errnum)
		return err_errno(err, ERR_IO, errnum, "make the directory %s", path);
	return 0;
}

int
identity_assume(const struct identity *id, struct err *err)
{
	if (id->change && (setegid(id->gid) || seteuid(id->uid)))
		return err_errno(err, ERR_IO, errno, "act as %s", id->user);
	return 0;
}

int
identity_resume(const struct identity *id, struct err *err)
{
	if (id->change && (seteuid(0) || setegid(0)))
		return err_errno(err, ERR_IO, errno, "act as root again");
	return 0;
}

int
identity_become(const struct identity *id, struct err *err)
{
	uid_t r, e, s;

	if (!id->change)
		return 0;
	if (initgroups(id->user, id->gid) || setresgid(id->gid, id->gid, id->gid) ||
	    setresuid(id->uid, id->uid, id->uid))
		return err_errno(err, ERR_IO, errno, "become %s", id->user);
	if (getresuid(&r, &e, &s) || r != id->uid || e != id->uid || s != id->uid || !setuid(0))
		return err_fail(err, ERR_IO, "become %s: still root", id->user);
	return 0;
}
