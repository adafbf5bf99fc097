/* The messages between scheduler and runner, and the outbox for a channel that is full. */
#include "proc/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "proc/fd.h"
#include "proc/outbox.h"

static int ends[2];
static struct arena arena;

static int
open_channel(void **state)
{
	struct err err;

	(void)state;
	return channel_pair(ends, &err);
}

static int
close_channel(void **state)
{
	(void)state;
	fd_drop(&ends[0]);
	fd_drop(&ends[1]);
	arena_release(&arena);
	return 0;
}

static void
send_now(const struct channel_message *m)
{
	struct err err;

	assert_int_equal(channel_send(ends[0], m, &err), 0);
}

static struct channel_message
receive_now(void)
{
	struct channel_message m;
	struct err err;

	assert_int_equal(channel_receive(ends[1], &arena, &m, &err), 0);
	return m;
}

/* ---- what travels ---- */

static const char *argv[] = {"/bin/echo", "", "two words", "\xc3\xa9", NULL};
static const char *env[] = {"PATH=/bin", "EMPTY=", NULL};

static struct channel_result results[] = {
    {.number = 0, .name = "a b.csv", .bytes = UINT64_MAX, .md5 = "0123456789abcde"},
    {.number = UINT32_MAX, .name = "\xc3\xa9.json", .md5 = {0, 1, 255}, .json = true},
};

/* One of each type, every field that it has set to something of its own. */
static const struct channel_http request = {
    .method = "PUT",
    .url = "https://example.test/",
    .headers = argv,
    .body = "\xc3\xa9",
    .ca_file = "/a",
    .client_cert = "/b",
    .client_key = "/c",
    .unverified = true,
    .secret = true,
    .redirects = 3,
    .max_bytes = UINT64_MAX,
    .connect_us = INT64_MAX,
};

static const struct channel_message messages[] = {
    {.type = CHANNEL_HELLO, .generation = UINT64_MAX, .exit_code = -1},
    {.type = CHANNEL_WELCOME, .generation = 1, .exit_code = -1},
    {.type = CHANNEL_READY, .generation = UINT64_C(1) << 40, .exit_code = -1},
    {.type = CHANNEL_STOP, .exit_code = -1},
    {
	.type = CHANNEL_START,
	.task_id = 12345678901234,
	.attempt = 3,
	.argv = argv,
	.env = env,
	.cwd = "/srv",
	.output_dir = "0/1/2",
	.timeout_us = INT64_MAX,
	.kill_grace_us = 5,
	.output_max_bytes = UINT64_MAX,
	.results_max_bytes = UINT64_MAX - 1,
	.input = "a\nb",
	.user = "reports",
	.group = "staff",
	.umask = 0777,
	.nice = -20,
	.limited = 0x3f,
	.limits = {1, UINT64_MAX, 3, 4, 5, 0},
	.exit_code = -1,
    },
    {
	.type = CHANNEL_START,
	.task_id = 1,
	.attempt = 1,
	.argv = argv,
	.env = env + 2, /* none */
	.timeout_us = -1,
	.exit_code = -1,
    },
    {.type = CHANNEL_RELEASE, .task_id = 7, .attempt = 1, .exit_code = -1},
    {.type = CHANNEL_KILL, .task_id = 7, .attempt = 2, .exit_code = -1},
    {.type = CHANNEL_FORGET, .task_id = 7, .attempt = UINT32_MAX, .exit_code = -1},
    {.type = CHANNEL_STALE,
	.task_id = 9,
	.attempt = 1,
	.pid = 4194304,
	.pid_start_ticks = UINT64_MAX,
	.exit_code = -1},
    {.type = CHANNEL_SWEPT,
	.task_id = 9,
	.attempt = 1,
	.pid = 2,
	.pid_start_ticks = 3,
	.exit_code = -1},
    {.type = CHANNEL_HELD,
	.task_id = 10,
	.attempt = 1,
	.pid = 77,
	.pid_start_ticks = 88,
	.exit_code = -1},
    {
	.type = CHANNEL_KNOWN,
	.task_id = 11,
	.attempt = 2,
	.phase = PHASE_RUNNING,
	.pid = 77,
	.pid_start_ticks = 88,
	.started = true,
	.exit_code = -1,
    },
    {
	.type = CHANNEL_KNOWN,
	.task_id = 11,
	.attempt = 3,
	.phase = PHASE_ENDED,
	.pid = 77,
	.pid_start_ticks = 88,
	.killed = true,
	.exit_code = 255,
	.end_us = -1,
	.reason = "",
    },
    {
	.type = CHANNEL_ENDED,
	.task_id = 12,
	.attempt = 1,
	.pid = 77,
	.pid_start_ticks = 88,
	.started = true,
	.timed_out = true,
	.exit_code = -1,
	.http_status = 503,
	.signal = 9,
	.end_us = INT64_MAX,
	.retry_after_us = 90000000,
	.output_bytes = UINT64_MAX,
	.cpu_user_us = INT64_MAX,
	.cpu_system_us = 1,
	.memory_bytes = INT64_MAX - 1,
	.reason = "timed out after 2s",
	.last_line = "\t\xc3\xa9",
    },
    {
	.type = CHANNEL_ENDED,
	.task_id = 12,
	.attempt = 2,
	.started = true,
	.exit_code = 0,
	.last_line = "",
	.results = results,
	.result_count = 2,
    },
    {
	.type = CHANNEL_START,
	.task_id = 1,
	.attempt = 2,
	.argv = env + 2,
	.env = env + 2,
	.http = &request,
	.mask = argv,
	.refusal = "no",
	.exit_code = -1,
    },
};

enum { MESSAGES = sizeof messages / sizeof *messages };

static void
assert_same_text(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_string_equal(a, b);
}

static void
assert_same_list(const char **got, const char **sent)
{
	size_t n = 0;

	if (!sent)
		return;
	for (; sent[n]; n++)
		assert_same_text(got[n], sent[n]);
	assert_null(got[n]);
}

static void
assert_same_request(const struct channel_http *got, const struct channel_http *sent)
{
	assert_same_text(got->method, sent->method);
	assert_same_text(got->url, sent->url);
	assert_same_list(got->headers, sent->headers);
	assert_same_text(got->body, sent->body);
	assert_same_text(got->ca_file, sent->ca_file);
	assert_same_text(got->client_cert, sent->client_cert);
	assert_same_text(got->client_key, sent->client_key);
	assert_int_equal(got->unverified, sent->unverified);
	assert_int_equal(got->secret, sent->secret);
	assert_int_equal(got->redirects, sent->redirects);
	assert_int_equal(got->max_bytes, sent->max_bytes);
	assert_int_equal(got->connect_us, sent->connect_us);
}

static void
assert_same_message(const struct channel_message *got, const struct channel_message *sent)
{
	assert_int_equal(got->type, sent->type);
	assert_int_equal(got->generation, sent->generation);
	assert_int_equal(got->task_id, sent->task_id);
	assert_int_equal(got->attempt, sent->attempt);
	assert_same_list(got->argv, sent->argv);
	assert_same_list(got->env, sent->env);
	assert_same_text(got->cwd, sent->cwd);
	assert_same_text(got->output_dir, sent->output_dir);
	assert_int_equal(got->timeout_us, sent->timeout_us);
	assert_int_equal(got->kill_grace_us, sent->kill_grace_us);
	assert_int_equal(got->output_max_bytes, sent->output_max_bytes);
	assert_int_equal(got->phase, sent->phase);
	assert_int_equal(got->pid, sent->pid);
	assert_int_equal(got->pid_start_ticks, sent->pid_start_ticks);
	assert_int_equal(got->started, sent->started);
	assert_int_equal(got->timed_out, sent->timed_out);
	assert_int_equal(got->killed, sent->killed);
	assert_int_equal(got->exit_code, sent->exit_code);
	assert_int_equal(got->signal, sent->signal);
	assert_int_equal(got->http_status, sent->http_status);
	assert_same_list(got->mask, sent->mask);
	assert_same_text(got->refusal, sent->refusal);
	assert_int_equal(!got->http, !sent->http);
	if (got->http)
		assert_same_request(got->http, sent->http);
	assert_int_equal(got->end_us, sent->end_us);
	assert_int_equal(got->retry_after_us, sent->retry_after_us);
	assert_int_equal(got->output_bytes, sent->output_bytes);
	assert_same_text(got->reason, sent->reason);
	assert_int_equal(got->results_max_bytes, sent->results_max_bytes);
	assert_same_text(got->last_line, sent->last_line);
	assert_same_text(got->input, sent->input);
	assert_same_text(got->user, sent->user);
	assert_same_text(got->group, sent->group);
	assert_int_equal(got->umask, sent->umask);
	assert_int_equal(got->nice, sent->nice);
	assert_int_equal(got->limited, sent->limited);
	assert_memory_equal(got->limits, sent->limits, sizeof got->limits);
	assert_int_equal(got->cpu_user_us, sent->cpu_user_us);
	assert_int_equal(got->cpu_system_us, sent->cpu_system_us);
	assert_int_equal(got->memory_bytes, sent->memory_bytes);
	assert_int_equal(got->result_count, sent->result_count);
	for (uint32_t i = 0; i < sent->result_count; i++) {
		const struct channel_result *a = &got->results[i], *b = &sent->results[i];

		assert_int_equal(a->number, b->number);
		assert_same_text(a->name, b->name);
		assert_int_equal(a->bytes, b->bytes);
		assert_memory_equal(a->md5, b->md5, sizeof a->md5);
		assert_int_equal(a->json, b->json);
	}
}

static void
every_message_arrives_as_it_was_sent_and_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < MESSAGES; i++)
		send_now(&messages[i]);
	for (size_t i = 0; i < MESSAGES; i++) {
		struct channel_message m = receive_now();

		assert_same_message(&m, &messages[i]);
	}
}

static void
an_empty_channel_is_busy_and_a_closed_one_is_missing(void **state)
{
	struct channel_message m;
	struct err err;

	(void)state;
	assert_int_equal(channel_receive(ends[1], &arena, &m, &err), ERR_BUSY);
	send_now(&messages[0]);
	fd_drop(&ends[0]);
	/* What was sent before is still there. */
	assert_int_equal(channel_receive(ends[1], &arena, &m, &err), 0);
	assert_int_equal(channel_receive(ends[1], &arena, &m, &err), ERR_MISSING);
	assert_int_equal(channel_send(ends[1], &messages[0], &err), ERR_MISSING);
}

static void
what_a_peer_had_not_read_when_it_closed_hides_nothing_that_it_sent(void **state)
{
	struct channel_message m;
	struct err err;

	(void)state;
	send_now(&messages[0]);
	assert_int_equal(channel_send(ends[1], &messages[1], &err), 0);
	fd_drop(&ends[0]);
	assert_int_equal(channel_receive(ends[1], &arena, &m, &err), 0);
	assert_int_equal(m.type, CHANNEL_HELLO);
	assert_int_equal(channel_receive(ends[1], &arena, &m, &err), ERR_MISSING);
}

static void
a_message_above_the_limit_is_not_sent(void **state)
{
	char *long_text = mem_alloc(CHANNEL_MESSAGE_MAX + 1);
	struct channel_message m = {.type = CHANNEL_ENDED, .reason = long_text};
	struct err err;

	(void)state;
	memset(long_text, 'x', CHANNEL_MESSAGE_MAX);
	assert_int_equal(channel_send(ends[0], &m, &err), ERR_INPUT);
	assert_int_equal(channel_receive(ends[1], &arena, &m, &err), ERR_BUSY);
	/* The largest that may be: 101 bytes stand around the text. */
	long_text[CHANNEL_MESSAGE_MAX - 101] = '\0';
	m = (struct channel_message){.type = CHANNEL_ENDED, .reason = long_text};
	send_now(&m);
	m = receive_now();
	assert_int_equal(strlen(m.reason), CHANNEL_MESSAGE_MAX - 101);
	free(long_text);
}

/* ---- what is refused ---- */

static void
assert_refused(const void *data, size_t len)
{
	struct channel_message m;
	struct err err;

	assert_int_equal(send(ends[0], data, len, 0), len);
	assert_int_equal(channel_receive(ends[1], &arena, &m, &err), ERR_INPUT);
	assert_true(strlen(err.text) > 0);
	/* It is gone and stands in nobody's way. */
	assert_int_equal(channel_receive(ends[1], &arena, &m, &err), ERR_BUSY);
	arena_clear(&arena);
}

/* The bytes of a message; free(). */
static char *
bytes_of(const struct channel_message *m, size_t *len)
{
	char *data = mem_alloc(CHANNEL_MESSAGE_MAX);
	ssize_t n;

	send_now(m);
	n = recv(ends[1], data, CHANNEL_MESSAGE_MAX, 0);
	assert_true(n > 0);
	*len = (size_t)n;
	return data;
}

static void
a_message_that_is_cut_short_or_too_long_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < MESSAGES; i++) {
		size_t len;
		char *data = bytes_of(&messages[i], &len);

		for (size_t cut = 1; cut < len; cut++)
			assert_refused(data, cut);
		data[len] = 0;
		assert_refused(data, len + 1);
		free(data);
	}
}

static void
another_version_and_unknown_types_are_refused(void **state)
{
	size_t len;
	char *data = bytes_of(&messages[0], &len);

	(void)state;
	data[0] = CHANNEL_VERSION + 1;
	assert_refused(data, len);
	data[0] = 0;
	assert_refused(data, len);
	data[0] = CHANNEL_VERSION;
	data[1] = 0;
	assert_refused(data, len);
	data[1] = (char)200;
	assert_refused(data, len);
	free(data);
}

static void
a_garbled_message_is_refused_or_read_and_never_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < MESSAGES; i++) {
		size_t len;
		char *data = bytes_of(&messages[i], &len);

		for (size_t at = 2; at < len; at++) {
			char was = data[at];
			struct channel_message m;
			struct err err;
			int rc;

			data[at] = (char)0xff;
			assert_int_equal(send(ends[0], data, len, 0), len);
			rc = channel_receive(ends[1], &arena, &m, &err);
			assert_true(rc == 0 || rc == ERR_INPUT);
			arena_clear(&arena);
			data[at] = was;
		}
		free(data);
	}
}

static void
a_phase_that_does_not_exist_is_refused(void **state)
{
	struct channel_message m = messages[12];
	char *data;
	size_t len;

	(void)state;
	assert_int_equal(m.type, CHANNEL_KNOWN);
	for (int phase = 0; phase <= 4; phase += 4) {
		m.phase = (enum attempt_phase)phase;
		data = bytes_of(&m, &len);
		assert_refused(data, len);
		free(data);
	}
}

static void
a_packet_above_the_limit_is_refused(void **state)
{
	char *data = mem_alloc(CHANNEL_MESSAGE_MAX + 1);

	(void)state;
	data[0] = CHANNEL_VERSION;
	data[1] = CHANNEL_HELLO;
	assert_refused(data, CHANNEL_MESSAGE_MAX + 1);
	free(data);
}

/* ---- the outbox ---- */

enum { MANY = 5000 };

static void
a_full_channel_is_busy_and_takes_more_when_there_is_room(void **state)
{
	struct channel_message m;
	struct err err;
	size_t sent = 0;
	int rc;

	(void)state;
	while (!(rc = channel_send(ends[0], &messages[4], &err)))
		sent++;
	assert_int_equal(rc, ERR_BUSY);
	assert_true(sent > 8 && sent < MANY);
	for (size_t i = 0; i < sent; i++)
		assert_int_equal(receive_now().type, CHANNEL_START);
	assert_int_equal(channel_receive(ends[1], &arena, &m, &err), ERR_BUSY);
	send_now(&messages[4]);
}

static void
the_outbox_keeps_the_order_and_copies_what_a_message_points_to(void **state)
{
	char reason[32];
	const char *words[2] = {reason, NULL};
	struct channel_message m = {
	    .argv = words, .env = words, .cwd = reason, .output_dir = reason, .reason = reason};
	struct outbox o;
	struct err err;
	size_t got = 0;

	(void)state;
	outbox_init(&o, ends[0]);
	for (uint32_t i = 0; i < MANY; i++) {
		m.type = i % 2 ? CHANNEL_ENDED : CHANNEL_START;
		m.attempt = i;
		snprintf(reason, sizeof reason, "reason %u", i);
		outbox_put(&o, &m);
	}
	assert_true(outbox_waits(&o));
	while (got < MANY) {
		assert_int_equal(outbox_flush(&o, &err), 0);
		while (!channel_receive(ends[1], &arena, &m, &err)) {
			assert_int_equal(m.attempt, got);
			snprintf(reason, sizeof reason, "reason %zu", got);
			assert_string_equal(got % 2 ? m.reason : m.argv[0], reason);
			if (got % 2 == 0) {
				assert_string_equal(m.env[0], reason);
				assert_string_equal(m.cwd, reason);
				assert_string_equal(m.output_dir, reason);
			}
			got++;
			arena_clear(&arena);
		}
	}
	assert_false(outbox_waits(&o));
	outbox_release(&o);
}

static void
what_is_put_when_there_is_room_again_stands_behind_what_waits(void **state)
{
	struct channel_message m = {.type = CHANNEL_RELEASE};
	struct outbox o;
	struct err err;

	(void)state;
	outbox_init(&o, ends[0]);
	while (!outbox_waits(&o)) {
		m.attempt++;
		outbox_put(&o, &m);
	}
	for (uint32_t i = 1; i < m.attempt; i++)
		assert_int_equal(receive_now().attempt, i);
	m.attempt++;
	outbox_put(&o, &m);
	assert_int_equal(outbox_flush(&o, &err), 0);
	assert_int_equal(receive_now().attempt, m.attempt - 1);
	assert_int_equal(receive_now().attempt, m.attempt);
	outbox_release(&o);
}

static void
a_cleared_outbox_says_nothing_and_can_be_used_again(void **state)
{
	struct channel_message m;
	struct outbox o;
	struct err err;

	(void)state;
	outbox_init(&o, ends[0]);
	while (!outbox_waits(&o))
		outbox_put(&o, &messages[4]);
	outbox_put(&o, &messages[5]);
	outbox_clear(&o);
	assert_false(outbox_waits(&o));
	while (!channel_receive(ends[1], &arena, &m, &err))
		assert_int_equal(m.task_id, messages[4].task_id);
	outbox_put(&o, &messages[6]);
	assert_int_equal(receive_now().type, CHANNEL_RELEASE);
	outbox_release(&o);
}

static void
the_outbox_drops_what_can_never_be_sent_and_goes_on(void **state)
{
	char *long_text = mem_alloc(CHANNEL_MESSAGE_MAX + 1);
	struct channel_message m = {.type = CHANNEL_ENDED, .reason = long_text};
	struct outbox o;
	struct err err;

	(void)state;
	memset(long_text, 'x', CHANNEL_MESSAGE_MAX);
	outbox_init(&o, ends[0]);
	outbox_put(&o, &m);
	outbox_put(&o, &messages[6]);
	assert_int_equal(outbox_flush(&o, &err), 0);
	assert_int_equal(receive_now().type, CHANNEL_RELEASE);
	outbox_release(&o);
	free(long_text);
}

static void
the_outbox_tells_that_the_peer_has_gone(void **state)
{
	struct outbox o;
	struct err err;

	(void)state;
	outbox_init(&o, ends[0]);
	fd_drop(&ends[1]);
	outbox_put(&o, &messages[6]);
	assert_true(outbox_waits(&o));
	assert_int_equal(outbox_flush(&o, &err), ERR_MISSING);
	outbox_release(&o);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_channel, close_channel)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(every_message_arrives_as_it_was_sent_and_in_order),
	    CASE(an_empty_channel_is_busy_and_a_closed_one_is_missing),
	    CASE(what_a_peer_had_not_read_when_it_closed_hides_nothing_that_it_sent),
	    CASE(a_message_above_the_limit_is_not_sent),
	    CASE(a_message_that_is_cut_short_or_too_long_is_refused),
	    CASE(another_version_and_unknown_types_are_refused),
	    CASE(a_garbled_message_is_refused_or_read_and_never_more),
	    CASE(a_phase_that_does_not_exist_is_refused),
	    CASE(a_packet_above_the_limit_is_refused),
	    CASE(a_full_channel_is_busy_and_takes_more_when_there_is_room),
	    CASE(the_outbox_keeps_the_order_and_copies_what_a_message_points_to),
	    CASE(what_is_put_when_there_is_room_again_stands_behind_what_waits),
	    CASE(a_cleared_outbox_says_nothing_and_can_be_used_again),
	    CASE(the_outbox_drops_what_can_never_be_sent_and_goes_on),
	    CASE(the_outbox_tells_that_the_peer_has_gone),
	};

	log_identity("test");
	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
