/*
 * What the collecting child does: see results.h.
 *
 * The directory is the command's, and something that escaped it may still be at work there: names
 * change between two looks. So a file is moved first and looked at then, through a descriptor that
 * is bound to it; from then on it has no name that the command knows. What is open for writing
 * somewhere is copied instead, so that what was measured is what stays. Both are on the disk before
 * the list leaves.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <md5.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "proc/fd.h"
#include "runner/results.h"
#include "wire/check.h"

enum {
	LOOKS_MAX = 100000, /* entries of the directory, before the rest is let be */
	PIECE_BYTES = 128 * 1024,
	NAME_BYTES = NAME_MAX + 1,
	FILE_MODE = 0440,
};

struct collecting {
	int work, results;			     /* -1 until they are open */
	uid_t owner;				     /* of what may be taken */
	uint64_t left;				     /* bytes that may still be taken */
	char names[CHANNEL_RESULTS_MAX][NAME_BYTES]; /* to be taken, in their order */
	uint32_t name_count;
	struct channel_result taken[CHANNEL_RESULTS_MAX];
	uint32_t taken_count;
	uint32_t refused;
	char first[NAME_BYTES]; /* of those by name, */
	char why[200];		/* and what is to be said about it */
};

static void refuse(struct collecting *c, const char *name, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

static void
refuse(struct collecting *c, const char *name, const char *fmt, ...)
{
	char shown[80];
	va_list ap;
	int len;

	if (c->refused++ && strcmp(name, c->first) > 0)
		return;
	snprintf(c->first, sizeof c->first, "%s", name);
	utf8_clean(shown, sizeof shown, name, strlen(name));
	len = snprintf(c->why, sizeof c->why, "%s: ", shown);
	va_start(ap, fmt);
	vsnprintf(c->why + len, sizeof c->why - (size_t)len, fmt, ap);
	va_end(ap);
}

/* ---- which ---- */

static bool
can_be_shown(const char *name)
{
	if (!utf8_valid(name, strlen(name)))
		return false;
	for (; *name; name++) {
		if (utf8_control(name))
			return false;
	}
	return true;
}

/* Why a file cannot be taken; NULL: it can. */
static const char *
objection(const struct collecting *c, const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return "is a directory";
	if (S_ISLNK(st->st_mode))
		return "is a link";
	if (!S_ISREG(st->st_mode))
		return "is not a plain file";
	if (st->st_nlink != 1)
		return "has another name too";
	/* It may have been moved here by one who could not read it. */
	if (st->st_uid != c->owner)
		return "belongs to somebody else";
	return NULL;
}

/* Keep the names that come first, in their order. */
static void
choose(struct collecting *c, const char *name)
{
	static const char too_many[] = "there are more than %d";
	uint32_t at = c->name_count;

	while (at > 0 && strcmp(name, c->names[at - 1]) < 0)
		at--;
	if (at == CHANNEL_RESULTS_MAX) {
		refuse(c, name, too_many, CHANNEL_RESULTS_MAX);
		return;
	}
	if (c->name_count == CHANNEL_RESULTS_MAX)
		refuse(c, c->names[--c->name_count], too_many, CHANNEL_RESULTS_MAX);
	memmove(c->names + at + 1, c->names + at, (c->name_count - at) * sizeof *c->names);
	snprintf(c->names[at], sizeof c->names[at], "%s", name);
	c->name_count++;
}

static void
look_at(struct collecting *c, const char *name)
{
	const char *why;
	struct stat st;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return;
	if (fstatat(c->work, name, &st, AT_SYMLINK_NOFOLLOW)) {
		refuse(c, name, "%s", strerror(errno));
		return;
	}
	why = objection(c, &st);
	if (!why && !can_be_shown(name))
		why = "its name has control characters or is not UTF-8";
	if (why)
		refuse(c, name, "%s", why);
	else
		choose(c, name);
}

static void
look_around(struct collecting *c)
{
	int copy = fcntl(c->work, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	long looks = 0;

	if (!dir) {
		refuse(c, "the directory", "%s", strerror(errno));
		fd_drop(&copy);
		return;
	}
	while ((errno = 0, entry = readdir(dir)) && looks++ < LOOKS_MAX)
		look_at(c, entry->d_name);
	if (entry)
		refuse(c, entry->d_name, "there are more than %d entries", LOOKS_MAX);
	else if (errno)
		refuse(c, "the directory", "%s", strerror(errno));
	closedir(dir);
}

/* ---- what is in them ---- */

/* A file as it is read, and perhaps copied. */
struct measure {
	MD5_CTX md5;
	struct json_stream *json;
	bool may_be_json;
	uint64_t bytes;
};

static void
measure_begin(struct measure *m)
{
	*m = (struct measure){.json = json_stream_begin(), .may_be_json = true};
	MD5Init(&m->md5);
}

static void
measure_end(struct measure *m, struct channel_result *r)
{
	MD5Final(r->md5, &m->md5);
	r->json = json_stream_end(m->json);
	r->bytes = m->bytes;
}

/* Read `from` to its end, at most max_bytes, and write it to `to` unless that is -1. Fails: ERR_IO
 * with errno, EFBIG when there is more. */
static int
measure_all(struct measure *m, int from, int to, uint64_t max_bytes)
{
	static char piece[PIECE_BYTES];

	for (;;) {
		ssize_t n = read(from, piece, sizeof piece);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return 0;
		if (n < 0)
			return ERR_IO;
		m->bytes += (uint64_t)n;
		if (m->bytes > max_bytes) {
			errno = EFBIG;
			return ERR_IO;
		}
		MD5Update(&m->md5, (const uint8_t *)piece, (size_t)n);
		if (m->may_be_json)
			m->may_be_json = json_stream_more(m->json, piece, (size_t)n);
		if (to >= 0 && fd_write_all(to, piece, (size_t)n))
			return ERR_IO;
	}
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/*
 * Measure the file itself. *kept: nobody had it open for writing and nobody had meanwhile, which a
 * lease tells: the kernel gives it only then, and takes it back when that changes.
 */
static int
measure_in_place(
    struct collecting *c, int fd, const struct stat *st, struct channel_result *r, bool *kept)
{
	struct measure m;
	struct stat after;
	int rc;

	*kept = false;
	if (fcntl(fd, F_SETLEASE, F_RDLCK))
		return 0;
	measure_begin(&m);
	rc = measure_all(&m, fd, -1, c->left);
	measure_end(&m, r);
	if (!rc && fsync(fd))
		rc = ERR_IO;
	if (!rc)
		*kept = fcntl(fd, F_GETLEASE) == F_RDLCK && !fstat(fd, &after) &&
			same_file(st, &after) && m.bytes == (uint64_t)after.st_size;
	return rc;
}

/* Put a copy of our own in its place. */
static int
measure_copy(struct collecting *c, int fd, const char *number, struct channel_result *r)
{
	static const char name[] = "copy";
	struct measure m;
	int to, rc;

	to = openat(
	    c->results, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (to < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		fd_drop(&to);
		return ERR_IO;
	}
	measure_begin(&m);
	rc = measure_all(&m, fd, to, c->left);
	measure_end(&m, r);
	if (!rc && (fsync(to) || renameat(c->results, name, c->results, number)))
		rc = ERR_IO;
	if (rc) {
		int saved = errno;

		unlinkat(c->results, name, 0);
		errno = saved;
	}
	fd_drop(&to);
	return rc;
}

/* ---- taking them ---- */

/* Open what was moved to `number`, if it is still what it seemed. Answers why not; NULL: it is. */
static const char *
open_taken(struct collecting *c, const char *number, int *fd, struct stat *st)
{
	int path = openat(c->results, number, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	const char *why = NULL;
	bool own = c->owner == geteuid();
	char self[40];

	*fd = -1;
	if (path < 0 || fstat(path, st))
		why = strerror(errno);
	if (!why)
		why = objection(c, st);
	if (!why && (uint64_t)st->st_size > c->left)
		why = strerror(EFBIG);
	/* By its descriptor: it is no other file now, whatever happens to names. The group is the
	 * one that lets the web server read. */
	snprintf(self, sizeof self, "/proc/self/fd/%d", path);
	if (!why &&
	    (chown(self, own ? (uid_t)-1 : geteuid(), getegid()) || chmod(self, FILE_MODE)))
		why = strerror(errno);
	if (!why) {
		*fd = open(self, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (*fd < 0 || fstat(*fd, st))
			why = strerror(errno);
	}
	fd_drop(&path);
	return why;
}

/* It is not taken after all: back where it was, or away if something stands there by now. */
static void
put_back(struct collecting *c, const char *number, const char *name)
{
	if (renameat2(c->results, number, c->work, name, RENAME_NOREPLACE))
		unlinkat(c->results, number, 0);
}

static void
take(struct collecting *c, uint32_t n)
{
	struct channel_result *r = &c->taken[c->taken_count];
	const char *name = c->names[n], *why;
	char number[16];
	bool kept = false;
	struct stat st;
	int fd = -1, rc;

	snprintf(number, sizeof number, "%" PRIu32, n);
	if (renameat2(c->work, name, c->results, number, RENAME_NOREPLACE)) {
		refuse(c, name, "%s", strerror(errno));
		return;
	}
	why = open_taken(c, number, &fd, &st);
	if (!why) {
		rc = measure_in_place(c, fd, &st, r, &kept);
		if (!rc && !kept)
			rc = measure_copy(c, fd, number, r);
		if (rc)
			why = strerror(errno);
	}
	fd_drop(&fd);
	if (why) {
		refuse(c, name, "%s", why);
		put_back(c, number, name);
		return;
	}
	r->number = n;
	r->name = name;
	c->left -= r->bytes;
	c->taken_count++;
}

static void
take_all(struct collecting *c, int task_dir, uint32_t attempt)
{
	char name[RESULTS_NAME];

	snprintf(name, sizeof name, "%" PRIu32 ".results", attempt);
	if (!c->name_count)
		return;
	if (results_fresh_dir(task_dir, name, 0750) ||
	    (c->results = openat(
		 task_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0) {
		refuse(c, "the directory", "%s", strerror(errno));
		return;
	}
	for (uint32_t i = 0; i < c->name_count; i++)
		take(c, i);
	/* Names are on the disk only when their directories are. */
	if (c->taken_count && (fsync(c->results) || fsync(task_dir))) {
		refuse(c, "the directory", "%s", strerror(errno));
		c->taken_count = 0;
	}
	fd_drop(&c->results);
	if (!c->taken_count)
		unlinkat(task_dir, name, AT_REMOVEDIR);
}

static void
say(const struct collecting *c, struct buf *out)
{
	char note[256] = "";

	pack_u32(out, c->taken_count);
	for (uint32_t i = 0; i < c->taken_count; i++)
		pack_channel_result(out, &c->taken[i]);
	if (c->refused == 1)
		snprintf(note, sizeof note, "not taken as a result: %s", c->why);
	else if (c->refused)
		snprintf(note, sizeof note, "%" PRIu32 " not taken as results, the first: %s",
		    c->refused, c->why);
	pack_str(out, note);
}

void
collect(int task_dir, uint32_t attempt, uid_t owner, uint64_t max_bytes, struct buf *out)
{
	struct collecting *c = mem_alloc(sizeof *c);
	char name[RESULTS_NAME];

	c->results = -1;
	c->left = max_bytes;
	c->owner = owner;
	results_work_name(attempt, name);
	c->work = openat(task_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->work < 0) {
		refuse(c, "the directory", "%s", strerror(errno));
	} else {
		look_around(c);
		take_all(c, task_dir, attempt);
		fd_drop(&c->work);
		(void)results_drop(task_dir, attempt);
	}
	say(c, out);
	free(c);
}
