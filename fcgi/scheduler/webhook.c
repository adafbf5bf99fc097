/* A notification as a webhook: see webhook.h. */
#include "scheduler/webhook.h"

#include <string.h>

#include "base/buf.h"
#include "base/id.h"
#include "model/placeholder.h"
#include "service/secret.h"

#define CONNECT_US (10 * SECOND_US)

/* Answers are not read by anybody: enough for a server to say what it did not like. */
enum { ANSWER_MAX = 64 * 1024 };

static const char key_prefix[] = "whsec_";

static const char *
quoted(struct arena *a, const char *text)
{
	return arena_printf(a, "\"%s\"", placeholder_form(a, text, PLACEHOLDER_JSON));
}

static const char *
guid(struct arena *a, uint64_t id)
{
	char text[ID_GUID_LEN + 1];

	id_guid(id, text);
	return arena_strdup(a, text);
}

const char *
webhook_body(struct arena *a, const struct notice *n)
{
	char made[INSTANT_TEXT];
	const char *execution = n->execution_id ? quoted(a, guid(a, n->execution_id)) : "null";

	instant_format(n->made_us, made);
	return arena_printf(a,
	    "{\"type\":\"schedule.%s\",\"timestamp\":\"%s\",\"data\":{\"notificationId\":\"%"
	    "s\","
	    "\"event\":\"%s\",\"text\":%s,\"scheduleId\":\"%s\",\"scheduleName\":%s,"
	    "\"executionId\":%s,\"failures\":%u}}",
	    notify_event_name(n->event), made, guid(a, n->id), notify_event_name(n->event),
	    quoted(a, n->text), guid(a, n->schedule_id), quoted(a, n->schedule_name), execution,
	    (unsigned)n->failures);
}

/* Its bytes; *len of them. */
static int
signing_key(struct arena *a, const char *secret, const unsigned char **key, size_t *len,
    struct err *err)
{
	size_t head = sizeof key_prefix - 1;
	unsigned char *bytes;

	*key = (const unsigned char *)secret;
	*len = strlen(secret);
	if (strncmp(secret, key_prefix, head) != 0)
		return 0;
	bytes = arena_alloc(a, *len);
	if (!secret_from_base64(secret + head, bytes, len) || !*len)
		return err_fail(
		    err, ERR_INPUT, "there is no base64 behind whsec_ in the secret");
	*key = bytes;
	return 0;
}

int
webhook_request(struct arena *a, const struct notice *n, const char *url, const char *secret,
    int64_t now_us, const struct channel_http **request, struct err *err)
{
	const char **headers = arena_array(a, 5, sizeof *headers);
	struct channel_http *h = arena_array(a, 1, sizeof *h);
	const char *body = webhook_body(a, n), *id = guid(a, n->id), *what;
	unsigned char mac[SECRET_HASH_BYTES];
	const unsigned char *key;
	char signature[TOKEN_TEXT];
	long long at_s = (long long)(now_us / SECOND_US);
	size_t key_len;
	int rc = signing_key(a, secret, &key, &key_len, err);

	if (rc)
		return rc;
	what = arena_printf(a, "%s.%lld.%s", id, at_s, body);
	secret_sign(key, key_len, what, strlen(what), mac);
	secret_token_text(mac, signature);
	headers[0] = "Content-Type: application/json";
	headers[1] = arena_printf(a, "webhook-id: %s", id);
	headers[2] = arena_printf(a, "webhook-timestamp: %lld", at_s);
	headers[3] = arena_printf(a, "webhook-signature: v1,%s", signature);
	*h = (struct channel_http){
	    .method = "POST",
	    .url = url,
	    .headers = headers,
	    .body = body,
	    .max_bytes = ANSWER_MAX,
	    .connect_us = CONNECT_US,
	};
	*request = h;
	return 0;
}
