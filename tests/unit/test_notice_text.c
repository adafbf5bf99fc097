/* What leaves as a notification: the webhook's signature and body, and the mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "scheduler/mail.h"
#include "scheduler/webhook.h"
#include "service/secret.h"

static struct arena arena;
static struct err err;

#define SIGNED_US (INT64_C(1614265330) * SECOND_US)

static struct notice
notice(void)
{
	return (struct notice){
	    .id = 7,
	    .schedule_id = 8,
	    .execution_id = 9,
	    .schedule_name = "nightly",
	    .event = NOTIFY_FAILED,
	    .made_us = SIGNED_US,
	    .failures = 2,
	    .text = "\"nightly\" failed",
	};
}

/* ---- webhooks ---- */

static const char *
header(const struct channel_http *h, const char *name)
{
	for (const char **line = h->headers; *line; line++) {
		if (!strncmp(*line, name, strlen(name)) &&
		    !strncmp(*line + strlen(name), ": ", 2))
			return *line + strlen(name) + 2;
	}
	return NULL;
}

/* The example of Standard Webhooks' specification and libraries. */
static void
the_signature_is_that_of_the_specification(void **state)
{
	static const char text[] = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330."
				   "{\"test\": 2432232314}";
	static const char key[] = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
	unsigned char bytes[sizeof key], mac[SECRET_HASH_BYTES];
	char signature[TOKEN_TEXT];
	size_t len;

	(void)state;
	assert_true(secret_from_base64(key, bytes, &len));
	assert_int_equal(len, 24);
	secret_sign(bytes, len, text, strlen(text), mac);
	secret_token_text(mac, signature);
	assert_string_equal(signature, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void
a_request_is_signed_over_its_id_time_and_body(void **state)
{
	static const struct {
		const char *secret, *key;
	} rows[] = {
	    {"correct horse", "correct horse"},
	    {"whsec_Y29ycmVjdCBob3JzZQ==", "correct horse"},
	};
	struct notice n = notice();
	const struct channel_http *h;
	unsigned char mac[SECRET_HASH_BYTES];
	char signature[TOKEN_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *text;

		assert_int_equal(webhook_request(&arena, &n, "https://a/", rows[i].secret,
				     SIGNED_US + 999999, &h, &err),
		    0);
		assert_string_equal(
		    header(h, "webhook-id"), "63617269-6c6c-8000-8000-000000000007");
		assert_string_equal(header(h, "webhook-timestamp"), "1614265330");
		text = arena_printf(
		    &arena, "63617269-6c6c-8000-8000-000000000007.1614265330.%s", h->body);
		secret_sign(rows[i].key, strlen(rows[i].key), text, strlen(text), mac);
		secret_token_text(mac, signature);
		assert_string_equal(
		    header(h, "webhook-signature"), arena_printf(&arena, "v1,%s", signature));
		assert_string_equal(h->method, "POST");
		assert_string_equal(header(h, "Content-Type"), "application/json");
		assert_int_equal(h->redirects, 0);
	}
}

static void
a_secret_that_cannot_be_a_key_is_refused_without_being_told(void **state)
{
	static const char *const secrets[] = {"whsec_", "whsec_hush!", "whsec_aGVsbG8"};
	struct notice n = notice();
	const struct channel_http *h;

	(void)state;
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
		assert_int_equal(
		    webhook_request(&arena, &n, "https://a/", secrets[i], SIGNED_US, &h, &err),
		    ERR_INPUT);
		assert_string_equal(err.text, "there is no base64 behind whsec_ in the secret");
	}
}

static void
a_body_says_what_happened_whatever_stands_in_names(void **state)
{
	struct notice n = notice();

	(void)state;
	assert_string_equal(webhook_body(&arena, &n),
	    "{\"type\":\"schedule.failed\",\"timestamp\":\"2021-02-25T15:02:10.000Z\",\"data\":"
	    "{\"notificationId\":\"63617269-6c6c-8000-8000-000000000007\",\"event\":\"failed\","
	    "\"text\":\"\\\"nightly\\\" failed\","
	    "\"scheduleId\":\"63617269-6c6c-8000-8000-000000000008\","
	    "\"scheduleName\":\"nightly\","
	    "\"executionId\":\"63617269-6c6c-8000-8000-000000000009\",\"failures\":2}}");
	n.schedule_name = "a\"\\\n\xc3\xbc";
	n.execution_id = 0;
	n.event = NOTIFY_NO_SUCCESS;
	assert_non_null(strstr(webhook_body(&arena, &n),
	    "\"scheduleName\":\"a\\\"\\\\\\u000a\xc3\xbc\",\"executionId\":null"));
	assert_non_null(strstr(webhook_body(&arena, &n), "\"type\":\"schedule.noSuccess\""));
}

/* ---- mail ---- */

static const char *
mail_of(const struct notice *n)
{
	const char *to[] = {"ops@example.org", "dba@example.org"};
	struct notice_target t = {.to = to, .to_count = 2};

	return mail_text(&arena, &t, n, "carillon@example.org", "host.example.org");
}

static void
a_mail_has_the_headers_that_it_needs(void **state)
{
	struct notice n = notice();

	(void)state;
	assert_string_equal(mail_of(&n),
	    "From: carillon@example.org\n"
	    "To: ops@example.org,\n"
	    "\tdba@example.org\n"
	    "Subject: failed: nightly\n"
	    "Date: Thu, 25 Feb 2021 15:02:10 +0000\n"
	    "Message-ID: <63617269-6c6c-8000-8000-000000000007@host.example.org>\n"
	    "Auto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: quoted-printable\n"
	    "\n"
	    "\"nightly\" failed\n"
	    "\n"
	    "Event: failed\n"
	    "Time: 2021-02-25T15:02:10.000Z\n"
	    "Schedule: nightly\n"
	    "Schedule id: 63617269-6c6c-8000-8000-000000000008\n"
	    "Execution id: 63617269-6c6c-8000-8000-000000000009\n"
	    "Failures in a row: 2\n");
}

/* Every line is ASCII, short, and no dot alone; no header but ours begins before the empty line. */
static void
no_name_adds_a_header_or_ends_the_message(void **state)
{
	static const char *const names[] = {
	    "a\r\nBcc: x@example.net",
	    "\n\n.\nQUIT\n",
	    "=?UTF-8?Q?a?=",
	    "\xf0\x9f\x94\x94\xf0\x9f\x94\x94\xf0\x9f\x94\x94\xf0\x9f\x94\x94\xf0\x9f\x94\x94"
	    "\xf0\x9f\x94\x94\xf0\x9f\x94\x94\xf0\x9f\x94\x94\xf0\x9f\x94\x94\xf0\x9f\x94\x94",
	    "................................................................................"
	    "................................................................................",
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct notice n = notice();
		const char *text, *body;
		size_t len;

		n.schedule_name = n.text = names[i];
		text = mail_of(&n);
		body = strstr(text, "\n\n");
		assert_non_null(body);
		for (const char *line = text; *line; line += len + 1) {
			len = strcspn(line, "\n");
			assert_true(len <= 78);
			assert_false(len == 1 && *line == '.');
			assert_true(line > body || strncmp(line, "Bcc", 3) != 0);
			for (size_t k = 0; k < len; k++)
				assert_true(
				    line[k] == '\t' || (line[k] >= ' ' && line[k] <= '~'));
		}
	}
}

static int
set_up(void **state)
{
	(void)state;
	arena = (struct arena)ARENA_INIT;
	return secret_init(&err);
}

static int
tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		the_signature_is_that_of_the_specification, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_request_is_signed_over_its_id_time_and_body, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_secret_that_cannot_be_a_key_is_refused_without_being_told, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_body_says_what_happened_whatever_stands_in_names, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_mail_has_the_headers_that_it_needs, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		no_name_adds_a_header_or_ends_the_message, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
