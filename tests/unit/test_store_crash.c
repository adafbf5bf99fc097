/*
 * What survives: kills in the midst of commits and of recovery, a full disk, a directory that
 * is not what it should be, and the lock that keeps two services apart.
 */
#include "store_support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "store/internal.h"

/* ---- helpers
 * --------------------------------------------------------------------------------------- */

static void
write_file(const char *name, const char *text)
{
	char path[sizeof dir + 64];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static bool
has_file(const char *name)
{
	char path[sizeof dir + 64];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

/* The number of entries in a folder of the store, but for "." and "..". */
static int
entries_of(const char *folder, const char *prefix)
{
	char path[sizeof dir + 64];
	struct dirent *entry;
	int count = 0;
	DIR *list;

	snprintf(path, sizeof path, "%s/%s", dir, folder);
	list = opendir(path);
	while (list && (entry = readdir(list)))
		count +=
		    entry->d_name[0] != '.' && !strncmp(entry->d_name, prefix, strlen(prefix));
	if (list)
		closedir(list);
	return list ? count : -1;
}

static void
assert_refused(int code, const char *words)
{
	assert_int_equal(recover(), code);
	if (!strstr(err.text, dir) || !strstr(err.text, words))
		fail_msg("%s", err.text);
	assert_null(strchr(err.text, '\n'));
}

/* Nor does anyone join what recovery refused. */
static void
assert_not_joined(int code)
{
	assert_int_equal(store_open(&options, &st, &err), code);
	assert_null(st);
	assert_non_null(strstr(err.text, dir));
}

/* ---- the lock
 * -------------------------------------------------------------------------------------- */

static int
lock_work(void *ctx)
{
	int fd;

	(void)ctx;
	return -store_lock(dir, &fd, &told->err);
}

static int
lock_elsewhere(void)
{
	int status = finish(start(lock_work, NULL));

	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static void
the_lock_makes_the_directory_for_its_owner_alone(void **state)
{
	struct stat s;
	int fd;

	(void)state;
	assert_int_equal(store_lock(dir, &fd, &err), 0);
	assert_int_equal(stat(dir, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0700);
	close(fd);
	assert_int_equal(recover(), 0);
}

static void
only_one_process_has_the_lock(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(store_lock(dir, &fd, &err), 0);
	assert_int_equal(lock_elsewhere(), ERR_BUSY);
	assert_non_null(strstr(told->err.text, dir));
	close(fd);
	assert_int_equal(lock_elsewhere(), 0);
}

static int
hold_work(void *ctx)
{
	char byte;

	/* Until the parent closes its end. */
	return read(*(int *)ctx, &byte, 1) ? 1 : 0;
}

static void
an_orphan_that_inherited_the_lock_keeps_it(void **state)
{
	int fd, ends[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(store_lock(dir, &fd, &err), 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		_exit(hold_work(&ends[0]));
	}
	close(ends[0]);
	close(fd);
	assert_int_equal(lock_elsewhere(), ERR_BUSY);
	close(ends[1]);
	assert_int_equal(finish(pid), 0);
	assert_int_equal(lock_elsewhere(), 0);
}

static void
a_lock_that_cannot_be_made_names_its_path(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(store_lock("/nonexistent/deeper", &fd, &err), ERR_IO);
	assert_int_equal(fd, -1);
	assert_non_null(strstr(err.text, "/nonexistent/deeper"));
}

/* ---- directories
 * ----------------------------------------------------------------------------------- */

static void
a_foreign_directory_is_refused_and_left_alone(void **state)
{
	(void)state;
	shell("mkdir -p %s/data", dir);
	write_file("notes.txt", "mine");
	shell("cd %s && find . -printf '%%p %%T@ %%s\\n' | sort > ../before", dir);
	assert_refused(ERR_INPUT, "holds \"");
	assert_not_joined(ERR_INPUT);
	shell("cd %s && find . -printf '%%p %%T@ %%s\\n' | sort | cmp - ../before", dir);
}

static void
a_folder_called_data_alone_is_foreign_too(void **state)
{
	(void)state;
	shell("mkdir -p %s/data", dir);
	assert_refused(ERR_INPUT, "holds \"data\" and no store");
	assert_false(has_file("format.new"));
}

static void
a_store_that_lost_its_format_is_not_made_anew(void **state)
{
	(void)state;
	assert_int_equal(recover(), 0);
	shell("rm %s/format", dir);
	assert_refused(ERR_INPUT, "restore the store's file \"format\"");
	assert_true(has_file("data/schedules.db"));
}

static void
a_store_of_a_newer_format_is_refused_and_left_alone(void **state)
{
	(void)state;
	assert_int_equal(recover(), 0);
	write_file("format", "carillon-store 2\n");
	shell("cd %s && find . -type f | sort | xargs md5sum > ../before", dir);
	assert_refused(ERR_INPUT, "has format 2, this program knows up to 1");
	assert_not_joined(ERR_INPUT);
	shell("cd %s && md5sum --quiet -c ../before", dir);
}

static void
a_format_of_another_program_is_refused(void **state)
{
	static const char *const texts[] = {"", "hello\n", "carillon-store x\n",
	    "carillon-store 0\n", "carillon-store 1", "carillon-store 1\n",
	    "carillon-store 1\nledger", "carillon-store -1\n",
	    "carillon-store 99999999999999999999 x\n"};

	(void)state;
	assert_int_equal(recover(), 0);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		write_file("format", texts[i]);
		assert_refused(ERR_INPUT, "/format is not of this program");
	}
}

static void
a_store_without_its_data_is_not_started_empty(void **state)
{
	(void)state;
	assert_int_equal(recover(), 0);
	shell("mv %s/data/ledger.db %s/../ledger.db", dir, dir);
	assert_refused(ERR_IO, "/data/ledger.db: restore a backup");
	assert_false(has_file("data/ledger.db"));
	assert_not_joined(ERR_IO);
	shell("mv %s/../ledger.db %s/data/ledger.db", dir, dir);
	assert_int_equal(recover(), 0);
	shell("rm %s/log/*", dir);
	assert_refused(ERR_IO, "/log has no log of the store: restore a backup");
}

static void
a_store_whose_table_was_emptied_is_not_started_empty(void **state)
{
	(void)state;
	assert_int_equal(recover(), 0);
	shell(": > %s/data/ledger.db", dir);
	assert_refused(ERR_IO, "/data/ledger.db is empty: restore a backup");
	shell("test ! -s %s/data/ledger.db", dir);
}

static void
a_store_with_a_table_of_a_newer_program_is_refused(void **state)
{
	(void)state;
	assert_int_equal(recover(), 0);
	shell("echo gong >> %s/format", dir);
	assert_refused(ERR_INPUT, "has a table \"gong\", which this program does not know");
	assert_not_joined(ERR_INPUT);
}

static void
a_store_of_an_older_program_gets_the_tables_that_it_lacks(void **state)
{
	(void)state;
	assert_int_equal(recover(), 0);
	shell("sed -i /ledger/d %s/format && rm %s/data/ledger.db", dir, dir);
	if (recover())
		fail_msg("%s", err.text);
	assert_true(has_file("data/ledger.db"));
	assert_false(has_file("format.new"));
	/* From now on it must not be missing. */
	shell("rm %s/data/ledger.db", dir);
	assert_refused(ERR_IO, "/data/ledger.db: restore a backup");
}

static void
a_directory_that_holds_nothing_but_the_lock_becomes_a_store(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(store_lock(dir, &fd, &err), 0);
	shell("mkdir %s/lost+found", dir);
	assert_not_joined(ERR_IO);
	assert_non_null(strstr(err.text, "is not a store yet"));
	assert_int_equal(recover(), 0);
	assert_true(has_file("format"));
	assert_false(has_file("format.new"));
	close(fd);
}

static int
unreadable_work(void *ctx)
{
	if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
		return 1;
	return recover_work(ctx);
}

static void
a_directory_that_may_not_be_read_is_an_error_that_names_it(void **state)
{
	(void)state;
	assert_int_equal(recover(), 0);
	shell("chmod 711 %s && chmod 0 %s", base_dir, dir);
	assert_int_equal(finish(start(unreadable_work, &options)), 0);
	assert_int_equal(told->code, ERR_IO);
	assert_non_null(strstr(told->err.text, dir));
	assert_non_null(strstr(told->err.text, "Permission denied"));
	shell("chmod 700 %s", dir);
}

static void
a_file_in_place_of_the_directory_is_an_error(void **state)
{
	(void)state;
	shell("touch %s", dir);
	assert_refused(ERR_IO, "Not a directory");
}

/* ---- kills
 * ---------------------------------------------------------------------------------------- */

/* Sleep for some time up to `most_us`, as the kills must come at any moment. */
static void
some_time(unsigned *seed, unsigned most_us)
{
	struct timespec t = {.tv_nsec = (long)(rand_r(seed) % most_us) * 1000};

	nanosleep(&t, NULL);
}

static void
a_making_cut_short_anywhere_is_taken_up_again(void **state)
{
	unsigned seed = 1;
	int cut = 0;

	(void)state;
	for (int i = 0; i < 8; i++) {
		pid_t pid;

		choose_dir(NULL);
		for (int j = 0; j < 3; j++) {
			pid = start(recover_work, &options);
			some_time(&seed, 60000);
			kill(pid, SIGKILL);
			cut += WIFSIGNALED(finish(pid));
		}
		if (recover())
			fail_msg("%s", err.text);
		open_store();
		drop_store(NULL);
	}
	assert_true(cut > 5);
	choose_dir(NULL);
	shell("mkdir %s", dir);
}

/* One commit of each writer: a number, and a record under it. */
static int
commit_body(struct txn *txn, void *ctx, struct err *e)
{
	uint64_t *id = ctx;
	int code = store_next_id(txn, 1, id, e);

	if (!code)
		code = store_queue_put(txn, *id, e);
	if (!code)
		code = store_active_put(txn, *id, e);
	return code;
}

static int
writer(void *ctx)
{
	int *to = ctx, code = store_open(&options, &st, &err);
	uint64_t id;

	while (!code) {
		code = store_run(st, commit_body, &id, &err);
		/* Acknowledged only now. */
		if (!code && write(*to, &id, sizeof id) != sizeof id)
			return 0;
	}
	return 1;
}

struct numbers {
	uint64_t *ids;
	size_t count, room;
};

static int
list_body(struct txn *txn, void *ctx, struct err *e)
{
	struct numbers *n = ctx;
	uint64_t other[1];
	size_t count, active = 0, after = 0;
	int code = store_queue_list(txn, 0, n->ids, n->room, &n->count, e);

	/* Both records of a commit are there. */
	while (!code) {
		code = store_active_list(txn, after, other, 1, &count, e);
		if (code || !count)
			break;
		after = other[0];
		active++;
	}
	return code ? code : active == n->count ? 0 : ERR_CONFLICT;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
assert_all_kept(const struct numbers *acked, struct numbers *kept)
{
	run(list_body, kept);
	for (size_t i = 0; i < acked->count; i++)
		if (!bsearch(
			&acked->ids[i], kept->ids, kept->count, sizeof(uint64_t), by_number))
			fail_msg("%" PRIu64 " was acknowledged and is lost", acked->ids[i]);
}

static void
assert_given_once(struct numbers *acked)
{
	qsort(acked->ids, acked->count, sizeof(uint64_t), by_number);
	for (size_t i = 1; i < acked->count; i++)
		if (acked->ids[i] == acked->ids[i - 1])
			fail_msg("%" PRIu64 " was given twice", acked->ids[i]);
}

/* Let two processes commit until some more numbers came, then kill both. */
static void
write_and_kill(struct numbers *acked, unsigned *seed)
{
	size_t until = acked->count + 1 + (size_t)rand_r(seed) % 40;
	pid_t pids[2];
	uint64_t id;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < 2; i++)
		pids[i] = start(writer, &ends[1]);
	close(ends[1]);
	while (read(ends[0], &id, sizeof id) == sizeof id) {
		assert_true(acked->count < acked->room);
		acked->ids[acked->count++] = id;
		if (acked->count == until) {
			some_time(seed, 500);
			kill(pids[0], SIGKILL);
			kill(pids[1], SIGKILL);
		}
	}
	close(ends[0]);
	for (int i = 0; i < 2; i++)
		assert_true(WIFSIGNALED(finish(pids[i])));
}

static void
kill_a_recovery(unsigned *seed)
{
	pid_t pid = start(recover_work, &options);

	some_time(seed, 40000);
	kill(pid, SIGKILL);
	finish(pid);
}

static void
nothing_acknowledged_is_lost_by_kills_of_writers_and_of_recoveries(void **state)
{
	enum { KILLS = 36, ROOM = 100000 };
	struct numbers acked = {test_calloc(ROOM, sizeof(uint64_t)), 0, ROOM};
	struct numbers kept = {test_calloc(ROOM, sizeof(uint64_t)), 0, ROOM};
	unsigned seed = 7;

	(void)state;
	assert_int_equal(recover(), 0);
	for (int i = 0; i < KILLS; i++) {
		write_and_kill(&acked, &seed);
		if (i % 3 == 0)
			kill_a_recovery(&seed);
		if (recover())
			fail_msg("after kill %d: %s", i, err.text);
		open_store();
		assert_all_kept(&acked, &kept);
		close_store();
	}
	assert_true(acked.count >= KILLS);
	assert_given_once(&acked);
	test_free(acked.ids);
	test_free(kept.ids);
}

static int
die_with_a_number_body(struct txn *txn, void *ctx, struct err *e)
{
	uint64_t id;

	if (!store_next_id(txn, 1, &id, e) && write(*(int *)ctx, &id, sizeof id) == sizeof id)
		raise(SIGKILL);
	return ERR_IO;
}

static int
die_with_a_number(void *ctx)
{
	return store_open(&options, &st, &err) ||
	       store_run(st, die_with_a_number_body, ctx, &err);
}

static void
a_number_that_died_with_its_holder_does_not_stop_the_sequence(void **state)
{
	uint64_t before, held, after;
	int ends[2];

	(void)state;
	assert_int_equal(recover(), 0);
	open_store();
	run(commit_body, &before);
	close_store();
	assert_int_equal(pipe(ends), 0);
	assert_true(WIFSIGNALED(finish(start(die_with_a_number, &ends[1]))));
	assert_int_equal(read(ends[0], &held, sizeof held), sizeof held);
	assert_int_equal(held, before + 1);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(recover(), 0);
	open_store();
	run(commit_body, &after);
	assert_true(after > before);
}

/* ---- logs, room, regions
 * --------------------------------------------------------------------------- */

static int
large_body(struct txn *txn, void *ctx, struct err *e)
{
	static char bytes[256 * 1024];

	(void)ctx;
	return store_value_put(txn, "large", bytes, sizeof bytes, e);
}

static void
checkpoints_remove_the_logs_that_are_no_longer_needed(void **state)
{
	(void)state;
	assert_int_equal(recover(), 0);
	open_store();
	for (int i = 0; i < 200; i++)
		run(large_body, NULL);
	assert_true(entries_of("log", "log.") >= 3);
	assert_int_equal(store_checkpoint(st, 4 << 20, &err), 0);
	assert_true(entries_of("log", "log.") <= 2);
	/* Nothing was written since: there is nothing to do. */
	assert_int_equal(store_checkpoint(st, 4 << 20, &err), 0);
	/* Recovery ends with one too. */
	for (int i = 0; i < 200; i++)
		run(large_body, NULL);
	close_store();
	assert_true(entries_of("log", "log.") >= 3);
	assert_int_equal(recover(), 0);
	assert_true(entries_of("log", "log.") <= 2);
}

static void
new_work_is_refused_before_the_disk_is_full(void **state)
{
	struct store_options saved = options;

	(void)state;
	assert_int_equal(recover(), 0);
	open_store();
	assert_int_equal(store_has_room(st, &err), 0);
	close_store();
	options.reserve_bytes = UINT64_MAX / 2;
	open_store();
	options = saved;
	assert_int_equal(store_has_room(st, &err), ERR_BUSY);
	assert_non_null(strstr(err.text, "almost full"));
}

/* The length that this process has mapped of a region file; 0: none. */
static uint64_t
mapped_bytes(const char *name)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uint64_t from, to, most = 0;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof line, maps))
		if (strstr(line, name) &&
		    sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &to) == 2 && to - from > most)
			most = to - from;
	fclose(maps);
	return most;
}

static void
region_files_have_a_block_behind_every_byte_that_may_be_touched(void **state)
{
	(void)state;
	assert_int_equal(recover(), 0);
	open_store();
	for (int i = 1; i <= 3; i++) {
		char name[32], path[sizeof dir + 32];
		struct stat s;

		snprintf(name, sizeof name, "region/__db.%03d", i);
		snprintf(path, sizeof path, "%s/%s", dir, name);
		assert_int_equal(stat(path, &s), 0);
		assert_true(mapped_bytes(name) > 0);
		if ((uint64_t)s.st_blocks * 512 < mapped_bytes(name))
			fail_msg("%s: %" PRIu64 " bytes mapped, %" PRIu64 " on the disk", name,
			    mapped_bytes(name), (uint64_t)s.st_blocks * 512);
	}
}

static void
a_ballast_is_kept_where_there_is_plenty_of_room(void **state)
{
	struct stat s;
	char path[sizeof dir + 16];

	(void)state;
	assert_int_equal(recover(), 0);
	snprintf(path, sizeof path, "%s/ballast", dir);
	assert_int_equal(stat(path, &s), 0);
	assert_true(s.st_blocks * 512 >= 24 << 20);
	shell("rm %s/ballast", dir);
	assert_int_equal(recover(), 0);
	assert_true(has_file("ballast"));
}

/* ---- a full disk
 * -----------------------------------------------------------------------------------
 *
 * A small file system of memory in a mount namespace of a child's own: nothing of it is seen
 * outside or outlives it. In the child a failure is told, not asserted.
 */

enum { CANNOT_MOUNT = 77 };

#define expect(what)                                                              \
	do {                                                                      \
		if (!(what)) {                                                    \
			snprintf(told->err.text, sizeof told->err.text,           \
			    "line %d: %.80s: %.300s", __LINE__, #what, err.text); \
			return 1;                                                 \
		}                                                                 \
	} while (0)

static bool
write_proc(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool fine = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return fine;
}

/* A mount namespace of its own; who is not root needs to be one in a user namespace for it. */
static bool
enter_namespace(void)
{
	unsigned uid = geteuid(), gid = getegid();
	char users[32], groups[32];

	if (uid == 0)
		return unshare(CLONE_NEWNS) == 0;
	snprintf(users, sizeof users, "%u %u 1", uid, uid);
	snprintf(groups, sizeof groups, "%u %u 1", gid, gid);
	return unshare(CLONE_NEWNS | CLONE_NEWUSER) == 0 &&
	       write_proc("/proc/self/setgroups", "deny") &&
	       write_proc("/proc/self/uid_map", users) &&
	       write_proc("/proc/self/gid_map", groups);
}

static int
mount_disk(unsigned mib)
{
	char how[32];

	snprintf(how, sizeof how, "size=%um,mode=0700", mib);
	if (mkdir(dir, 0700) || !enter_namespace() ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", dir, "tmpfs", 0, how)) {
		snprintf(told->err.text, sizeof told->err.text, "%s", strerror(errno));
		return CANNOT_MOUNT;
	}
	return 0;
}

/* Leave `spare` bytes free. */
static int
fill_disk(uint64_t spare)
{
	struct statvfs fs;
	char path[sizeof dir + 16];
	int fd, failed;

	snprintf(path, sizeof path, "%s/lost+found", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || fstatvfs(fd, &fs))
		return -1;
	if ((uint64_t)fs.f_bavail * fs.f_frsize <= spare)
		return close(fd);
	failed = posix_fallocate(
	    fd, lseek(fd, 0, SEEK_END), (off_t)((uint64_t)fs.f_bavail * fs.f_frsize - spare));
	close(fd);
	return failed;
}

static void
empty_disk(void)
{
	char path[sizeof dir + 16];

	snprintf(path, sizeof path, "%s/lost+found", dir);
	unlink(path);
}

static void
on_a_small_disk(int (*work)(void *ctx))
{
	int status;

	told->err.text[0] = '\0';
	status = finish(start(work, NULL));
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_MOUNT) {
		print_message("skipped: no small file system to fill: %s\n", told->err.text);
		skip();
	}
	if (status)
		fail_msg("status %d: %s", status, told->err.text);
	shell("mkdir -p %s", dir);
}

/* In a child: recover() asserts. */
static int
recover_here(void)
{
	int code = finish(start(recover_work, &options)) ? 1 : told->code;

	err = told->err;
	return code;
}

static int
start_on_a_full_disk(void *ctx)
{
	int code = mount_disk(8);

	(void)ctx;
	if (code)
		return code;
	expect(recover_here() == ERR_IO);
	expect(strstr(err.text, dir) && strstr(err.text, "bytes free") &&
	       strstr(err.text, "needed") && strstr(err.text, "free some space"));
	/* Nothing is half made. */
	expect(entries_of(".", "") == 0);
	/* Not even one byte for the mark. */
	expect(fill_disk(0) == 0);
	expect(recover_here() == ERR_IO);
	expect(entries_of(".", "") == 1);
	return 0;
}

static void
a_start_on_a_full_disk_makes_nothing_and_says_what_is_needed(void **state)
{
	(void)state;
	on_a_small_disk(start_on_a_full_disk);
}

/* Every size of disk: it is made, or refused in words; never a signal. */
static int
start_on_small_disks(void *ctx)
{
	int code = mount_disk(80), made = 0, refused = 0;

	(void)ctx;
	if (code)
		return code;
	for (uint64_t spare = 8; spare < 64; spare += 4) {
		expect(fill_disk(spare << 20) == 0);
		code = recover_here();
		expect(code == 0 || code == ERR_IO);
		made += code == 0;
		refused += code != 0;
		expect(has_file("format") == (code == 0));
		/* A second start on what is left ends likewise. */
		code = recover_here();
		expect(code == 0 || code == ERR_IO);
		shell("cd %s && rm -rf data log region format format.new ballast", dir);
		empty_disk();
	}
	expect(made > 0 && refused > 0);
	return 0;
}

static void
a_start_on_a_small_disk_succeeds_or_says_why(void **state)
{
	(void)state;
	on_a_small_disk(start_on_small_disks);
}

/* Commit until it fails; the last number that was acknowledged. */
static int
write_until_full(void *ctx)
{
	int *to = ctx, code = store_open(&options, &st, &err);
	uint64_t id;

	while (!code) {
		code = store_run(st, commit_body, &id, &err);
		if (!code)
			code = store_run(st, large_body, NULL, &err);
		if (!code && write(*to, &id, sizeof id) != sizeof id)
			return 0;
	}
	told->code = code;
	return code == ERR_RECOVER || code == ERR_IO ? 0 : 1;
}

static int
fill_by_writing(void *ctx)
{
	static uint64_t ids[2][20000];
	struct numbers acked = {ids[0], 0, 20000}, kept = {ids[1], 0, 20000};
	uint64_t id;
	int ends[2], code = mount_disk(100);
	pid_t pid;

	(void)ctx;
	if (code)
		return code;
	expect(recover_here() == 0);
	expect(has_file("ballast"));
	expect(!pipe(ends));
	pid = start(write_until_full, &ends[1]);
	close(ends[1]);
	while (read(ends[0], &id, sizeof id) == sizeof id)
		acked.ids[acked.count++] = id;
	expect(finish(pid) == 0);
	expect(acked.count > 20);
	/* Still full: the ballast is what recovery lives on. */
	expect(fill_disk(0) == 0);
	expect(recover_here() == 0);
	expect(store_open(&options, &st, &err) == 0);
	expect(store_run(st, list_body, &kept, &err) == 0);
	for (size_t i = 0; i < acked.count; i++)
		expect(
		    bsearch(&acked.ids[i], kept.ids, kept.count, sizeof(uint64_t), by_number));
	store_close(st);
	st = NULL;
	/* With room again there is a ballast again. */
	empty_disk();
	expect(recover_here() == 0);
	expect(has_file("ballast"));
	return 0;
}

static void
a_disk_that_becomes_full_loses_nothing_and_recovers_on_the_ballast(void **state)
{
	(void)state;
	on_a_small_disk(fill_by_writing);
}

/* ------------------------------------------------------------------------------------------ */

#define ALONE(test) cmocka_unit_test_setup_teardown(test, choose_dir, drop_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ALONE(the_lock_makes_the_directory_for_its_owner_alone),
	    ALONE(only_one_process_has_the_lock),
	    ALONE(an_orphan_that_inherited_the_lock_keeps_it),
	    ALONE(a_lock_that_cannot_be_made_names_its_path),
	    ALONE(a_foreign_directory_is_refused_and_left_alone),
	    ALONE(a_folder_called_data_alone_is_foreign_too),
	    ALONE(a_store_that_lost_its_format_is_not_made_anew),
	    ALONE(a_store_of_a_newer_format_is_refused_and_left_alone),
	    ALONE(a_format_of_another_program_is_refused),
	    ALONE(a_store_without_its_data_is_not_started_empty),
	    ALONE(a_store_whose_table_was_emptied_is_not_started_empty),
	    ALONE(a_store_with_a_table_of_a_newer_program_is_refused),
	    ALONE(a_store_of_an_older_program_gets_the_tables_that_it_lacks),
	    ALONE(a_directory_that_holds_nothing_but_the_lock_becomes_a_store),
	    ALONE(a_directory_that_may_not_be_read_is_an_error_that_names_it),
	    ALONE(a_file_in_place_of_the_directory_is_an_error),
	    ALONE(a_making_cut_short_anywhere_is_taken_up_again),
	    ALONE(nothing_acknowledged_is_lost_by_kills_of_writers_and_of_recoveries),
	    ALONE(a_number_that_died_with_its_holder_does_not_stop_the_sequence),
	    ALONE(checkpoints_remove_the_logs_that_are_no_longer_needed),
	    ALONE(new_work_is_refused_before_the_disk_is_full),
	    ALONE(region_files_have_a_block_behind_every_byte_that_may_be_touched),
	    ALONE(a_ballast_is_kept_where_there_is_plenty_of_room),
	    ALONE(a_start_on_a_full_disk_makes_nothing_and_says_what_is_needed),
	    ALONE(a_start_on_a_small_disk_succeeds_or_says_why),
	    ALONE(a_disk_that_becomes_full_loses_nothing_and_recovers_on_the_ballast),
	};

	return cmocka_run_group_tests(tests, make_base, remove_base);
}
