/* The FastCGI client of carillonctl against a small responder at the other end of a socket
 * pair. */
#include "ctl/client.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

/* ---- a responder ---- */

struct responder {
	int fd;
	bool answers_unread; /* answers without reading the request */
	struct buf answer;
	struct buf params, body; /* what it was sent */
	bool begun;
};

static void
record(struct buf *out, int type, const void *content, size_t len, size_t padding)
{
	static const char zeros[255];

	buf_addc(out, 1);
	buf_addc(out, (char)type);
	buf_addc(out, 0);
	buf_addc(out, 1);
	buf_addc(out, (char)(len >> 8));
	buf_addc(out, (char)len);
	buf_addc(out, (char)padding);
	buf_addc(out, 0);
	buf_add(out, content, len);
	buf_add(out, zeros, padding);
}

static void
end_record(struct buf *out, char protocol_status)
{
	const char content[8] = {0, 0, 0, 0, protocol_status};

	record(out, 3, content, sizeof content, 0);
}

static void
whole_answer(struct buf *out, const char *text)
{
	record(out, 6, text, strlen(text), 3);
	record(out, 6, "", 0, 0);
	end_record(out, 0);
}

static bool
read_whole(int fd, void *data, size_t len)
{
	return len == 0 || recv(fd, data, len, MSG_WAITALL) == (ssize_t)len;
}

/* Read a request to the end of its body. */
static void
read_request(struct responder *r)
{
	unsigned char h[8];

	while (read_whole(r->fd, h, sizeof h)) {
		size_t len = (size_t)h[4] << 8 | h[5];
		struct buf *to = h[1] == 4 ? &r->params : &r->body;
		char scratch[8];

		if (h[1] == 1) {
			r->begun = read_whole(r->fd, scratch, len) && scratch[1] == 1 &&
				   scratch[2] == 0;
			continue;
		}
		if (!read_whole(r->fd, buf_reserve(to, len), len))
			return;
		to->len += len;
		if (h[1] == 5 && len == 0)
			return;
	}
}

static void *
respond(void *arg)
{
	struct responder *r = arg;
	size_t sent = 0;

	if (!r->answers_unread)
		read_request(r);
	while (sent < r->answer.len) {
		ssize_t n =
		    send(r->fd, r->answer.data + sent, r->answer.len - sent, MSG_NOSIGNAL);

		if (n < 0)
			break;
		sent += (size_t)n;
	}
	close(r->fd);
	return NULL;
}

/* Send `request` to the responder and answer what client_exchange() said. */
static int
exchange(struct responder *r, const struct client_request *request,
    struct client_answer *answer, struct err *err)
{
	pthread_t thread;
	int fds[2], ret;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	r->fd = fds[1];
	assert_int_equal(pthread_create(&thread, NULL, respond, r), 0);
	ret = client_exchange(fds[0], request, answer, err);
	close(fds[0]);
	pthread_join(thread, NULL);
	return ret;
}

static void
responder_release(struct responder *r)
{
	buf_release(&r->answer);
	buf_release(&r->params);
	buf_release(&r->body);
}

static void
assert_bytes(const struct buf *b, const char *data, size_t len)
{
	assert_int_equal(b->len, len);
	assert_memory_equal(b->data, data, len);
}

static const struct client_request empty_request;

/* ---- requests ---- */

static void
a_request_arrives_with_its_parameters_and_body(void **state)
{
	const struct client_param params[] = {{"REQUEST_METHOD", "POST"}, {"EMPTY", ""}};
	const struct client_request request = {params, 2, "{\"a\":1}", 7};
	struct client_answer answer = CLIENT_ANSWER_INIT;
	struct responder r = {0};
	struct err err = {0};
	static const char expected[] = "\x0e\x04REQUEST_METHODPOST\x05\0EMPTY";

	(void)state;
	whole_answer(&r.answer, "\r\n");
	assert_int_equal(exchange(&r, &request, &answer, &err), 0);
	assert_true(r.begun);
	assert_bytes(&r.params, expected, sizeof expected - 1);
	assert_bytes(&r.body, "{\"a\":1}", 7);
	client_answer_release(&answer);
	responder_release(&r);
}

static void
lengths_above_127_take_four_bytes(void **state)
{
	char value[129] = {0};
	struct client_param param = {"N", value};
	struct client_request request = {&param, 1, NULL, 0};
	struct client_answer answer = CLIENT_ANSWER_INIT;
	struct err err = {0};

	(void)state;
	memset(value, 'v', 127);
	for (int i = 0; i < 2; i++) {
		struct responder r = {0};

		whole_answer(&r.answer, "\r\n");
		assert_int_equal(exchange(&r, &request, &answer, &err), 0);
		if (i == 0)
			assert_memory_equal(r.params.data, "\x01\x7fNv", 4);
		else
			assert_memory_equal(r.params.data, "\x01\x80\x00\x00\x80Nv", 7);
		assert_int_equal(r.params.len, i == 0 ? 2 + 1 + 127 : 5 + 1 + 128);
		responder_release(&r);
		value[127] = 'v';
	}
	client_answer_release(&answer);
}

static void
a_large_body_arrives_whole_while_the_answer_is_read(void **state)
{
	enum { LEN = 3 * 1024 * 1024 + 1 };
	char *body = mem_alloc(LEN);
	struct client_request request = {NULL, 0, body, LEN};
	struct client_answer answer = CLIENT_ANSWER_INIT;
	struct responder r = {0};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < LEN; i++)
		body[i] = (char)(i * 31 >> 3);
	record(&r.answer, 6, "\r\n", 2, 0);
	for (size_t at = 0; at < LEN; at += 65535)
		record(&r.answer, 6, body + at, LEN - at < 65535 ? LEN - at : 65535, 255);
	end_record(&r.answer, 0);
	assert_int_equal(exchange(&r, &request, &answer, &err), 0);
	assert_bytes(&r.body, body, LEN);
	assert_bytes(&answer.body, body, LEN);
	client_answer_release(&answer);
	responder_release(&r);
	free(body);
}

static void
an_answer_that_came_before_the_request_was_read_counts(void **state)
{
	enum { LEN = 3 * 1024 * 1024 };
	char *body = mem_alloc(LEN);
	struct client_request request = {NULL, 0, body, LEN};
	struct client_answer answer = CLIENT_ANSWER_INIT;
	struct responder r = {.answers_unread = true};
	struct err err = {0};

	(void)state;
	whole_answer(&r.answer, "Status: 413 Too Large\r\n\r\nRequest body too large");
	assert_int_equal(exchange(&r, &request, &answer, &err), 0);
	assert_int_equal(answer.status, 413);
	assert_string_equal(answer.body.data, "Request body too large");
	client_answer_release(&answer);
	responder_release(&r);
	free(body);
}

static void
a_request_that_is_too_large_is_not_sent(void **state)
{
	struct client_request request = {NULL, 0, "x", (size_t)CLIENT_BODY_MAX + 1};
	struct buf out = BUF_INIT;
	struct err err = {0};

	(void)state;
	assert_int_equal(client_encode(&out, &request, &err), ERR_INPUT);
	buf_release(&out);
}

/* ---- answers ---- */

static void
an_answer_is_split_into_status_header_and_body(void **state)
{
	struct client_answer answer = CLIENT_ANSWER_INIT;
	struct responder r = {0};
	struct err err = {0};
	char value[32];

	(void)state;
	record(&r.answer, 7, "a remark", 8, 0);
	whole_answer(&r.answer, "Status: 400 Bad Request\r\nContent-Type:  text/plain \r\n"
				"content-length: 5\r\n\r\nWrong");
	assert_int_equal(exchange(&r, &empty_request, &answer, &err), 0);
	assert_int_equal(answer.status, 400);
	assert_string_equal(answer.body.data, "Wrong");
	assert_string_equal(answer.errors.data, "a remark");
	assert_true(client_answer_header(&answer, "Content-type", value, sizeof value));
	assert_string_equal(value, "text/plain");
	assert_false(client_answer_header(&answer, "Content", value, sizeof value));
	client_answer_release(&answer);
	responder_release(&r);
}

static void
an_answer_without_status_line_is_200(void **state)
{
	struct client_answer answer = CLIENT_ANSWER_INIT;
	struct responder r = {0};
	struct err err = {0};

	(void)state;
	whole_answer(&r.answer, "Content-Type: text/plain\n\n");
	assert_int_equal(exchange(&r, &empty_request, &answer, &err), 0);
	assert_int_equal(answer.status, 200);
	assert_int_equal(answer.body.len, 0);
	client_answer_release(&answer);
	responder_release(&r);
}

static void
an_answer_may_arrive_byte_by_byte(void **state)
{
	struct client_decoder d = CLIENT_DECODER_INIT;
	struct client_answer answer = CLIENT_ANSWER_INIT;
	struct buf raw = BUF_INIT;
	struct err err = {0};

	(void)state;
	whole_answer(&raw, "Status: 201\r\n\r\nbody");
	for (size_t i = 0; i < raw.len; i++) {
		assert_false(d.ended);
		assert_int_equal(client_decode(&d, raw.data + i, 1, &err), 0);
	}
	assert_true(d.ended);
	assert_int_equal(client_decode_finish(&d, &answer, &err), 0);
	assert_int_equal(answer.status, 201);
	assert_string_equal(answer.body.data, "body");
	client_answer_release(&answer);
	client_decoder_release(&d);
	buf_release(&raw);
}

/* What client_exchange() makes of these bytes and a closed connection. */
static int
verdict_on(struct buf *raw, struct err *err)
{
	struct client_answer answer = CLIENT_ANSWER_INIT;
	struct responder r = {.answer = *raw};
	int ret = exchange(&r, &empty_request, &answer, err);

	client_answer_release(&answer);
	responder_release(&r);
	*raw = (struct buf)BUF_INIT;
	return ret;
}

static void
an_answer_that_breaks_off_anywhere_is_a_failure(void **state)
{
	struct buf raw = BUF_INIT, part = BUF_INIT;
	struct err err;

	(void)state;
	whole_answer(&raw, "Status: 200\r\n\r\nbody");
	for (size_t len = 0; len < raw.len; len++) {
		buf_add(&part, raw.data, len);
		assert_int_equal(verdict_on(&part, &err), ERR_IO);
		assert_string_equal(err.text, "answer: it broke off");
	}
	buf_release(&raw);
}

static void
an_answer_shorter_or_longer_than_it_says_is_a_failure(void **state)
{
	struct buf raw = BUF_INIT;
	struct err err;

	(void)state;
	whole_answer(&raw, "Content-Length: 5\r\n\r\nbody");
	assert_int_equal(verdict_on(&raw, &err), ERR_IO);
	whole_answer(&raw, "Content-Length: 3\r\n\r\nbody");
	assert_int_equal(verdict_on(&raw, &err), ERR_IO);
	whole_answer(&raw, "Content-Length: 4\r\n\r\nbody");
	assert_int_equal(verdict_on(&raw, &err), 0);
}

static void
malformed_answers_are_failures(void **state)
{
	static const char *const outputs[] = {"", "Status: 200", "Status: 200\r\n",
	    "Status: x\r\n\r\n", "Status: 99\r\n\r\n", "Status: 1000\r\n\r\n",
	    "Status: \r\n\r\n", "Content-Length: -1\r\n\r\n"};
	struct buf raw = BUF_INIT;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
		whole_answer(&raw, outputs[i]);
		assert_int_equal(verdict_on(&raw, &err), ERR_IO);
	}
	buf_adds(&raw, "HTTP/1.1 400 Bad Request\r\n\r\n");
	assert_int_equal(verdict_on(&raw, &err), ERR_IO);
	assert_string_equal(err.text, "answer: this is not FastCGI");
	record(&raw, 3, "", 0, 0);
	assert_int_equal(verdict_on(&raw, &err), ERR_IO);
	record(&raw, 11, "", 0, 0);
	assert_int_equal(verdict_on(&raw, &err), ERR_IO);
}

static void
an_overloaded_server_is_busy(void **state)
{
	struct buf raw = BUF_INIT;
	struct err err;

	(void)state;
	end_record(&raw, 2);
	assert_int_equal(verdict_on(&raw, &err), ERR_BUSY);
	end_record(&raw, 3);
	assert_int_equal(verdict_on(&raw, &err), ERR_IO);
}

static void
standard_error_is_kept_up_to_its_bound(void **state)
{
	struct client_decoder d = CLIENT_DECODER_INIT;
	struct buf raw = BUF_INIT;
	char *noise = mem_alloc(50000);
	struct err err;

	(void)state;
	memset(noise, 'n', 50000);
	for (int i = 0; i < 3; i++)
		record(&raw, 7, noise, 50000, 0);
	assert_int_equal(client_decode(&d, raw.data, raw.len, &err), 0);
	assert_int_equal(d.errors.len, CLIENT_STDERR_MAX);
	client_decoder_release(&d);
	buf_release(&raw);
	free(noise);
}

/* ---- connections ---- */

/* A directory of its own, whose path is longer than a socket address when `deep`. */
static char *
scratch_dir(bool deep)
{
	char base[] = "/tmp/test_ctl_client.XXXXXX";
	struct buf path = BUF_INIT;

	assert_non_null(mkdtemp(base));
	buf_adds(&path, base);
	if (deep) {
		buf_addf(&path, "/%0100d", 0);
		assert_int_equal(mkdir(path.data, 0700), 0);
	}
	return path.data;
}

static void
scratch_remove(char *dir)
{
	assert_int_equal(rmdir(dir), 0);
	if (strrchr(dir, '/') != dir + 4) {
		*strrchr(dir, '/') = '\0';
		assert_int_equal(rmdir(dir), 0);
	}
	free(dir);
}

static void
a_path_longer_than_an_address_is_reached_through_its_directory(void **state)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = "s"};
	char *dir = scratch_dir(true), cwd[4096];
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd, peer;
	struct buf path = BUF_INIT;
	struct err err = {0};

	(void)state;
	buf_addf(&path, "%s/s", dir);
	assert_true(path.len > sizeof sun.sun_path);
	assert_non_null(getcwd(cwd, sizeof cwd));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&sun, sizeof sun), 0);
	assert_int_equal(chdir(cwd), 0);
	assert_int_equal(listen(listener, 1), 0);

	assert_int_equal(client_connect(path.data, &fd, &err), 0);
	peer = accept(listener, NULL, NULL);
	assert_true(peer >= 0);
	close(fd);
	close(peer);
	close(listener);
	unlink(path.data);
	scratch_remove(dir);
	buf_release(&path);
}

static void
a_socket_without_a_listener_is_a_service_that_does_not_run(void **state)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char *dir = scratch_dir(false);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd;
	struct err err = {0};

	(void)state;
	snprintf(sun.sun_path, sizeof sun.sun_path, "%s/s", dir);
	assert_int_equal(client_connect(sun.sun_path, &fd, &err), ERR_BUSY);
	assert_non_null(strstr(err.text, "not running"));
	assert_int_equal(bind(listener, (struct sockaddr *)&sun, sizeof sun), 0);
	close(listener);
	assert_int_equal(client_connect(sun.sun_path, &fd, &err), ERR_BUSY);
	assert_non_null(strstr(err.text, "not running"));
	assert_int_equal(fd, -1);
	unlink(sun.sun_path);
	scratch_remove(dir);
}

static void
a_name_that_no_socket_can_have_is_refused(void **state)
{
	char path[200] = "/tmp/";
	struct err err = {0};
	int fd;

	(void)state;
	memset(path + 5, 'n', 150);
	assert_int_equal(client_connect(path, &fd, &err), ERR_INPUT);
	assert_int_equal(fd, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_request_arrives_with_its_parameters_and_body),
	    cmocka_unit_test(lengths_above_127_take_four_bytes),
	    cmocka_unit_test(a_large_body_arrives_whole_while_the_answer_is_read),
	    cmocka_unit_test(an_answer_that_came_before_the_request_was_read_counts),
	    cmocka_unit_test(a_request_that_is_too_large_is_not_sent),
	    cmocka_unit_test(an_answer_is_split_into_status_header_and_body),
	    cmocka_unit_test(an_answer_without_status_line_is_200),
	    cmocka_unit_test(an_answer_may_arrive_byte_by_byte),
	    cmocka_unit_test(an_answer_that_breaks_off_anywhere_is_a_failure),
	    cmocka_unit_test(an_answer_shorter_or_longer_than_it_says_is_a_failure),
	    cmocka_unit_test(malformed_answers_are_failures),
	    cmocka_unit_test(an_overloaded_server_is_busy),
	    cmocka_unit_test(standard_error_is_kept_up_to_its_bound),
	    cmocka_unit_test(a_path_longer_than_an_address_is_reached_through_its_directory),
	    cmocka_unit_test(a_socket_without_a_listener_is_a_service_that_does_not_run),
	    cmocka_unit_test(a_name_that_no_socket_can_have_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
