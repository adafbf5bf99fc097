/* Head and tail of a long text, as they are written and as they are read at any moment. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/excerpt.h"

enum { MAX = 20 };

static char dir[64];
static int dir_fd;
static struct excerpt x;
static struct buf text = BUF_INIT;
static struct err err;

static int
set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/carillon-excerpt.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
	return excerpt_open(&x, dir_fd, "out", MAX, &err);
}

static int
tear_down(void **state)
{
	static const char *const names[] = {"out", "out.tail", "out.tail.next"};

	(void)state;
	excerpt_close(&x);
	for (size_t i = 0; i < 3; i++)
		(void)!unlinkat(dir_fd, names[i], 0);
	close(dir_fd);
	buf_release(&text);
	return rmdir(dir);
}

static void
add(const char *data)
{
	assert_int_equal(excerpt_add(&x, data, strlen(data), &err), 0);
}

/* The text from an offset on; answers where to go on. */
static uint64_t
look(uint64_t offset, size_t limit, struct excerpt_view *v)
{
	char path[80];

	snprintf(path, sizeof path, "%s/out", dir);
	buf_reset(&text);
	assert_int_equal(excerpt_view(v, path, &err), 0);
	assert_int_equal(excerpt_read(v, &offset, limit, &text, &err), 0);
	buf_addc(&text, '\0');
	excerpt_view_close(v);
	return offset;
}

static void
assert_reads(uint64_t offset, size_t limit, const char *expected, uint64_t next)
{
	struct excerpt_view v;

	assert_int_equal(look(offset, limit, &v), next);
	assert_string_equal(text.data, expected);
}

static void
what_is_not_longer_than_the_limit_is_kept_whole_in_its_file(void **state)
{
	struct excerpt_view v;

	(void)state;
	assert_reads(0, 100, "", 0);
	add("0123456789");
	assert_reads(0, 100, "0123456789", 10);
	add("abcdefghij");
	assert_reads(0, 100, "0123456789abcdefghij", 20);
	assert_reads(8, 4, "89ab", 12);
	look(0, 0, &v);
	assert_int_equal(v.tail_start, v.head_bytes);
	assert_int_equal(faccessat(dir_fd, "out.tail", F_OK, 0), -1);
}

static void
of_more_the_head_and_the_tail_are_kept_and_what_is_left_out_is_said(void **state)
{
	(void)state;
	add("0123456789abcdefghij");
	/* Nothing is left out yet. */
	add("KLMNOPQRST");
	assert_reads(0, 100, "0123456789abcdefghijKLMNOPQRST", 30);
	add("U");
	assert_reads(0, 100, "0123456789\n[10 bytes left out]\nKLMNOPQRSTU", 31);
	add("VWXYZ");
	excerpt_close(&x);
	assert_reads(0, 100, "0123456789\n[16 bytes left out]\nQRSTUVWXYZ", 36);
}

static void
one_piece_longer_than_all_that_is_kept_has_its_ends_kept(void **state)
{
	char long_text[1001];

	(void)state;
	memset(long_text, 'x', 1000);
	long_text[1000] = '\0';
	memcpy(long_text, "head", 4);
	memcpy(long_text + 996, "tail", 4);
	add(long_text);
	excerpt_close(&x);
	assert_reads(0, 100, "headxxxxxx\n[980 bytes left out]\nxxxxxxtail", 1000);
}

static void
offsets_are_those_of_the_text(void **state)
{
	(void)state;
	add("0123456789abcdefghijKLMNOPQRSTUVWXYZ");
	excerpt_close(&x);
	assert_reads(30, 100, "UVWXYZ", 36);
	assert_reads(30, 2, "UV", 32);
	assert_reads(36, 100, "", 36);
	/* What is asked for is left out: that is said, and it goes on behind it. */
	assert_reads(12, 100, "\n[16 bytes left out]\nQRSTUVWXYZ", 36);
	assert_reads(5, 5, "56789", 10);
	assert_reads(10, 1, "\n[16 bytes left out]\n", 26);
}

/* At no moment is there anything else than a true excerpt: read after each byte, by one who opened
 * it then, and by one who follows. */
static void
who_follows_reads_each_byte_once_while_it_grows(void **state)
{
	uint64_t next = 0;

	(void)state;
	for (int i = 0; i < 500; i++) {
		char c[2] = {(char)('a' + i % 26)};

		add(c);
		assert_reads(next, 10, c, next + 1);
		next++;
		look(0, 1000, &(struct excerpt_view){0});
		assert_int_equal(text.data[text.len - 2], *c);
		assert_memory_equal(
		    text.data, "abcdefghijklmnopqrst", i < 10 ? (size_t)i + 1 : 10);
	}
}

/* As a writer that is killed leaves it. */
static void
what_is_half_made_is_no_part_of_it(void **state)
{
	struct excerpt again;
	int fd;

	(void)state;
	add("0123456789abcdefghijKLMNOPQRSTUVWXYZ");
	fd = openat(dir_fd, "out.tail.next", O_CREAT | O_WRONLY, 0600);
	assert_true(write(fd, "000", 3) == 3);
	close(fd);
	look(0, 100, &(struct excerpt_view){0});
	assert_string_equal(text.data + text.len - 7, "UVWXYZ");
	/* The attempt is made again: nothing of the first is left. */
	assert_int_equal(excerpt_open(&again, dir_fd, "out", MAX, &err), 0);
	assert_int_equal(excerpt_add(&again, "new", 3, &err), 0);
	excerpt_close(&again);
	assert_reads(0, 100, "new", 3);
}

static void
where_nothing_may_be_kept_all_is_left_out(void **state)
{
	(void)state;
	excerpt_close(&x);
	assert_int_equal(excerpt_open(&x, dir_fd, "out", 0, &err), 0);
	add("0123");
	add("456");
	excerpt_close(&x);
	assert_reads(0, 100, "\n[7 bytes left out]\n", 7);
}

static void
what_is_no_plain_file_is_not_read(void **state)
{
	struct excerpt_view v;
	char path[80];

	(void)state;
	snprintf(path, sizeof path, "%s/none", dir);
	assert_int_equal(excerpt_view(&v, path, &err), 0);
	assert_int_equal(v.bytes, 0);
	assert_int_equal(excerpt_view(&v, dir, &err), ERR_IO);
	assert_int_equal(symlinkat("/etc/passwd", dir_fd, "out.tail"), 0);
	snprintf(path, sizeof path, "%s/out", dir);
	assert_int_equal(excerpt_view(&v, path, &err), ERR_IO);
}

#define EXCERPT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EXCERPT(what_is_not_longer_than_the_limit_is_kept_whole_in_its_file),
	    EXCERPT(of_more_the_head_and_the_tail_are_kept_and_what_is_left_out_is_said),
	    EXCERPT(one_piece_longer_than_all_that_is_kept_has_its_ends_kept),
	    EXCERPT(offsets_are_those_of_the_text),
	    EXCERPT(who_follows_reads_each_byte_once_while_it_grows),
	    EXCERPT(what_is_half_made_is_no_part_of_it),
	    EXCERPT(where_nothing_may_be_kept_all_is_left_out),
	    EXCERPT(what_is_no_plain_file_is_not_read),
	};

	return cmocka_run_group_tests_name("excerpt", tests, NULL, NULL);
}
