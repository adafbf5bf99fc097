/*
 * The store's directory: its lock, the file that names its format, room on its disk.
 *
 * A directory is a store when it has `format`, which lists its tables: one that is missing was
 * lost, one that is not listed is new in this program. Making one is marked by `format.new` from the
 * first step to the last, so that a making cut short is taken up again, while anything else
 * that is not empty is refused untouched: a store is never started empty over data that cannot
 * be read.
 */
#include "store/internal.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"

#define FORMAT_WORD "carillon-store "

enum {
	FORMAT = 1,
	FORMAT_BYTES_MAX = 4096,
	BALLAST_BYTES = 24 * 1024 * 1024, /* a log file and the pages that recovery writes */
};

static const char format_line[] = FORMAT_WORD "1\n";

static const char *const folders[] = {"data", "log", "region"};

enum { FOLDER_COUNT = sizeof folders / sizeof folders[0] };

int
store_lock(const char *dir, int *fd, struct err *err)
{
	struct buf path = BUF_INIT;
	int code = 0;

	*fd = -1;
	buf_addf(&path, "%s/lock", dir);
	if (mkdir(dir, 0700) && errno != EEXIST) {
		code = err_errno(err, ERR_IO, errno, "%s", dir);
		goto done;
	}
	/* Not close-on-exec: whoever inherits the descriptor keeps the lock. */
	*fd = open(path.data, O_RDWR | O_CREAT, 0600);
	if (*fd < 0) {
		code = err_errno(err, ERR_IO, errno, "%s", path.data);
		goto done;
	}
	if (flock(*fd, LOCK_EX | LOCK_NB)) {
		code = errno == EWOULDBLOCK
			   ? err_fail(
				 err, ERR_BUSY, "%s: another process has the store in use", dir)
			   : err_errno(err, ERR_IO, errno, "%s", path.data);
		close(*fd);
		*fd = -1;
	}

done:
	buf_release(&path);
	return code;
}

/* ---- the format ---- */

/* The head of a small file, with a NUL; -1 and errno as open(). */
static ssize_t
read_head(int dirfd, const char *name, char *text, size_t size)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int saved;

	if (fd < 0)
		return -1;
	n = read(fd, text, size - 1);
	saved = errno;
	close(fd);
	errno = saved;
	text[n > 0 ? n : 0] = '\0';
	return n;
}

static int
is_foreign(const char *dir, struct err *err)
{
	return err_fail(err, ERR_INPUT,
	    "%s/format is not of this program: name another directory for the store", dir);
}

/* Is it a format file of this format? */
static int
check_format(const char *dir, const char *text, struct err *err)
{
	char *end = NULL;
	unsigned long number = 0;

	if (!strncmp(text, format_line, strlen(format_line)))
		return 0;
	/* strtoul() would take a sign too. */
	if (!strncmp(text, FORMAT_WORD, strlen(FORMAT_WORD)) &&
	    isdigit((unsigned char)text[strlen(FORMAT_WORD)]))
		number = strtoul(text + strlen(FORMAT_WORD), &end, 10);
	if (number > FORMAT && *end == '\n')
		return err_fail(err, ERR_INPUT,
		    "%s/format: the store has format %lu, this program knows up to %d: run the "
		    "newer program, or restore a backup made with this one",
		    dir, number, FORMAT);
	return is_foreign(dir, err);
}

/* May this entry be in a directory that is about to become a store? */
static bool
harmless(const char *name, bool making)
{
	static const char *const always[] = {".", "..", "lock", "lost+found", "format.new"};

	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
		if (!strcmp(name, always[i]))
			return true;
	for (size_t i = 0; i < FOLDER_COUNT; i++)
		if (making && !strcmp(name, folders[i]))
			return true;
	return making && !strcmp(name, "ballast");
}

/* A second descriptor of the directory, as closedir() closes its own. */
static DIR *
list_folder(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (!list && fd >= 0)
		close(fd);
	return list;
}

/* A directory without a format: nothing in it, or a making cut short. */
static int
check_fresh(int dirfd, const char *dir, struct err *err)
{
	char text[sizeof format_line] = "";
	bool making = read_head(dirfd, "format.new", text, sizeof text) >= 0;
	struct dirent *entry;
	DIR *list;
	int code = 0;

	/* The mark itself may have been cut short. */
	if (making && strncmp(text, format_line, strlen(text)))
		making = false;
	list = list_folder(dirfd, ".");
	if (!list)
		return err_errno(err, ERR_IO, errno, "%s", dir);
	while (!code && (entry = readdir(list)))
		if (!harmless(entry->d_name, making))
			code = err_fail(err, ERR_INPUT,
			    "%s holds \"%s\" and no store: name an empty directory, or restore "
			    "the "
			    "store's file \"format\"",
			    dir, entry->d_name);
	closedir(list);
	return code;
}

static bool
is_table(const char *name)
{
	for (int t = 0; t < TABLE_COUNT; t++)
		if (!strcmp(name, tables[t].name))
			return true;
	return false;
}

/* One table that the store has. */
static int
check_table(int dirfd, const char *dir, const char *name, struct err *err)
{
	struct stat st;
	char path[64];

	if (!is_table(name))
		return err_fail(err, ERR_INPUT,
		    "%s/format: the store has a table \"%s\", which this program does not "
		    "know: "
		    "run the newer program, or restore a backup made with this one",
		    dir, name);
	snprintf(path, sizeof path, "data/%.40s.db", name);
	if (fstatat(dirfd, path, &st, 0))
		return err_errno(err, ERR_IO, errno, "%s/%s: restore a backup", dir, path);
	/* The library would begin a new one in it. */
	if (st.st_size == 0)
		return err_fail(err, ERR_IO, "%s/%s is empty: restore a backup", dir, path);
	return 0;
}

/* A store must have the tables that its format lists: without them it would silently start
 * anew. `list` is taken apart. */
static int
check_tables(struct home *home, const char *dir, char *list, struct err *err)
{
	int code = 0, count = 0;
	char *end;

	for (; !code && *list; list = end + 1, count++) {
		end = strchr(list, '\n');
		if (!end)
			return is_foreign(dir, err);
		*end = '\0';
		code = check_table(home->fd, dir, list, err);
	}
	home->outdated = count < TABLE_COUNT;
	return code || count ? code : is_foreign(dir, err);
}

/* And its log. */
static int
check_log(int dirfd, const char *dir, struct err *err)
{
	DIR *list = list_folder(dirfd, "log");
	struct dirent *entry;
	bool log = false;

	while (list && (entry = readdir(list)))
		log = log || !strncmp(entry->d_name, "log.", 4);
	if (list)
		closedir(list);
	return log ? 0
		   : err_fail(
			 err, ERR_IO, "%s/log has no log of the store: restore a backup", dir);
}

int
home_open(const char *dir, bool make, struct home *home, struct err *err)
{
	char text[FORMAT_BYTES_MAX] = "";
	int code;

	*home = (struct home){.fd = -1};
	if (make && mkdir(dir, 0700) && errno != EEXIST)
		return err_errno(err, ERR_IO, errno, "%s", dir);
	home->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (home->fd < 0)
		return err_errno(err, ERR_IO, errno, "%s", dir);
	if (read_head(home->fd, "format", text, sizeof text) >= 0) {
		code = check_format(dir, text, err);
		if (!code)
			code = check_tables(home, dir, text + strlen(format_line), err);
		return code ? code : check_log(home->fd, dir, err);
	}
	if (errno != ENOENT)
		return err_errno(err, ERR_IO, errno, "%s/format", dir);
	home->fresh = true;
	return check_fresh(home->fd, dir, err);
}

void
home_close(struct home *home)
{
	if (home->fd >= 0)
		close(home->fd);
	home->fd = -1;
}

int
home_require(const char *dir, struct err *err)
{
	struct home home;
	int code = home_open(dir, false, &home, err);

	if (!code && home.fresh)
		code = err_fail(err, ERR_IO, "%s is not a store yet", dir);
	home_close(&home);
	return code;
}

/* Write the mark, which becomes the format file, and wait until it is on the disk. */
static int
write_mark(int dirfd)
{
	int fd = openat(dirfd, "format.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct buf text = BUF_INIT;
	int failed;

	if (fd < 0)
		return -1;
	buf_adds(&text, format_line);
	for (int t = 0; t < TABLE_COUNT; t++)
		buf_addf(&text, "%s\n", tables[t].name);
	errno = ENOSPC; /* what a short write means */
	failed = write(fd, text.data, text.len) != (ssize_t)text.len || fsync(fd);
	buf_release(&text);
	if (close(fd) || failed)
		return -1;
	return fsync(dirfd);
}

int
home_prepare(const struct home *home, const char *dir, struct err *err)
{
	if (home->fresh && write_mark(home->fd))
		return err_errno(err, ERR_IO, errno, "%s/format.new", dir);
	for (size_t i = 0; i < FOLDER_COUNT; i++)
		if (mkdirat(home->fd, folders[i], 0700) && errno != EEXIST)
			return err_errno(err, ERR_IO, errno, "%s/%s", dir, folders[i]);
	return 0;
}

static int
sync_folder(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed;

	if (fd < 0)
		return -1;
	failed = fsync(fd);
	close(fd);
	return failed;
}

int
home_seal(const struct home *home, const char *dir, struct err *err)
{
	if (!home->fresh && !home->outdated)
		return 0;
	if (home->outdated && write_mark(home->fd))
		return err_errno(err, ERR_IO, errno, "%s/format.new", dir);
	/* A store that is not found after a power loss is lost as well. */
	if (home->fresh && sync_folder(home->fd, "..") && errno != EACCES)
		return err_errno(err, ERR_IO, errno, "%s/..", dir);
	/* The files' names must be durable before the name that vouches for them. */
	if (sync_folder(home->fd, "data") || sync_folder(home->fd, "log") ||
	    renameat(home->fd, "format.new", home->fd, "format") || fsync(home->fd))
		return err_errno(err, ERR_IO, errno, "%s/format", dir);
	return 0;
}

/* ---- room ---- */

static int
free_bytes(int fd, uint64_t *bytes)
{
	struct statvfs fs;

	*bytes = 0;
	if (fstatvfs(fd, &fs))
		return -1;
	*bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	return 0;
}

static bool
is_region(const char *name)
{
	return !strncmp(name, "__db.", 5);
}

void
home_drop_regions(const struct home *home)
{
	DIR *list = list_folder(home->fd, "region");
	struct dirent *entry;

	while (list && (entry = readdir(list)))
		if (is_region(entry->d_name))
			unlinkat(dirfd(list), entry->d_name, 0);
	if (list)
		closedir(list);
}

static uint64_t
ballast_bytes(const struct home *home)
{
	struct stat st;

	return fstatat(home->fd, "ballast", &st, AT_SYMLINK_NOFOLLOW)
		   ? 0
		   : (uint64_t)st.st_blocks * 512;
}

int
home_make_room(const struct home *home, const char *dir, uint64_t need, struct err *err)
{
	uint64_t room;

	if (free_bytes(home->fd, &room))
		return err_errno(err, ERR_IO, errno, "%s", dir);
	if (room >= need)
		return 0;
	/* It is not given away for nothing. */
	if (room + ballast_bytes(home) >= need && !unlinkat(home->fd, "ballast", 0)) {
		log_warn("%s: the disk is full: the ballast was dropped to recover", dir);
		return 0;
	}
	return err_fail(err, ERR_IO,
	    "%s: %" PRIu64 " bytes free, %" PRIu64 " needed to open the store: free some space",
	    dir, room, need);
}

bool
home_drop_ballast(const struct home *home)
{
	uint64_t room;

	return !free_bytes(home->fd, &room) && room < BALLAST_BYTES &&
	       !unlinkat(home->fd, "ballast", 0);
}

void
home_keep_ballast(const struct home *home, uint64_t reserve)
{
	uint64_t room;
	int fd;

	if (ballast_bytes(home) >= BALLAST_BYTES)
		return;
	if (free_bytes(home->fd, &room) || room < reserve + 2 * BALLAST_BYTES)
		return;
	fd = openat(home->fd, "ballast", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	/* Without a ballast the store works as well, until the disk is full. */
	if (posix_fallocate(fd, 0, BALLAST_BYTES))
		unlinkat(home->fd, "ballast", 0);
	close(fd);
}

/* The length that this process has mapped of a region file; 0 when that cannot be told. */
static uint64_t
mapped_bytes(FILE *maps, const char *name)
{
	uint64_t from, to, most = 0;
	char *line = NULL;
	size_t size = 0, len, tail = strlen(name);

	rewind(maps);
	while (getline(&line, &size, maps) > 0) {
		len = strcspn(line, "\n");
		if (len > tail && line[len - tail - 1] == '/' &&
		    !strncmp(line + len - tail, name, tail) &&
		    sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &to) == 2 && to - from > most)
			most = to - from;
	}
	free(line);
	return most;
}

/* The file grows into its mapping later, and must find its blocks there; how long it is now is
 * the library's to say. */
static int
pin_region(int folder, const char *name, uint64_t mapped)
{
	int fd = openat(folder, name, O_RDWR | O_CLOEXEC);
	struct stat st;
	int code = 0;

	if (fd < 0)
		return errno;
	if (fstat(fd, &st) ||
	    fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, mapped ? (off_t)mapped : st.st_size))
		code = errno;
	/* Not every file system can reserve what lies behind the end. */
	if (code == EOPNOTSUPP || code == ENOSYS)
		code = posix_fallocate(fd, 0, st.st_size);
	close(fd);
	return code;
}

int
home_pin_regions(const struct home *home, const char *dir, struct err *err)
{
	DIR *list = list_folder(home->fd, "region");
	FILE *maps = fopen("/proc/self/maps", "re");
	struct dirent *entry;
	int failed = list ? 0 : errno;

	while (!failed && (entry = readdir(list)))
		if (is_region(entry->d_name))
			failed = pin_region(dirfd(list), entry->d_name,
			    maps ? mapped_bytes(maps, entry->d_name) : 0);
	if (list)
		closedir(list);
	if (maps)
		fclose(maps);
	return failed ? err_errno(err, ERR_IO, failed, "%s/region", dir) : 0;
}

int
store_has_room(struct store *st, struct err *err)
{
	struct statvfs fs;
	uint64_t room;

	if (statvfs(st->dir, &fs))
		return err_errno(err, ERR_IO, errno, "%s", st->dir);
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (room >= st->reserve_bytes)
		return 0;
	return err_fail(err, ERR_BUSY,
	    "the disk of the store is almost full: %" PRIu64 " bytes free, %" PRIu64
	    " in reserve",
	    room, st->reserve_bytes);
}
