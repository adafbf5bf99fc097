/*
 * Calls of the service's native methods over its private socket: one connection each, because
 * the workers keep none. What the service refuses comes as a status and a sentence, and goes on
 * as an ERR_ code and the sentence.
 */
#include "ctl/ctl.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "ctl/print.h"

enum { STATUS_OK = 200, EXACT_MATCH = 2 };

void
ctl_request_begin(struct ctl_request *rq)
{
	rq->body = (struct buf)BUF_INIT;
	rq->w = json_writer_new(&rq->body);
}

static int
code_of(int status)
{
	switch (status) {
	case 400:
	case 404:
	case 413:
	case 501:
		return ERR_INPUT;
	case 401:
		return ERR_IDENTITY;
	case 403:
		return ERR_DENIED;
	case 409:
		return ERR_CONFLICT;
	case 503:
		return ERR_BUSY;
	default:
		return ERR_IO;
	}
}

static int
refused(const struct client_answer *answer, struct err *err)
{
	struct buf text = BUF_INIT;
	int ret;

	print_text(&text, answer->body.data, answer->body.len);
	if (text.len)
		ret = err_fail(err, code_of(answer->status), "%s", text.data);
	else
		ret = err_fail(err, code_of(answer->status),
		    "the service answered with status %d", answer->status);
	buf_release(&text);
	return ret;
}

static int
find_socket(struct ctl *ctl, const char **path, struct err *err)
{
	int ret = 0;

	*path = ctl->options.socket;
	if (!*path) {
		ret = ctl_configure(ctl, err);
		*path = ctl->config.private_socket;
	}
	return ret;
}

static void
keep(struct arena *a, const struct client_answer *answer, struct ctl_reply *reply)
{
	*reply =
	    (struct ctl_reply){.text = arena_memdup(a, answer->body.data, answer->body.len),
		.len = answer->body.len};
}

static int
call(struct ctl *ctl, struct arena *a, const char *method, const char *body, size_t len,
    struct ctl_reply *reply, struct err *err)
{
	const char *uri = arena_printf(a, "/API3/%s", method);
	const char *length = arena_printf(a, "%zu", len);
	const struct client_param params[] = {
	    {"REQUEST_METHOD", "POST"},
	    {"DOCUMENT_URI", uri},
	    {"REQUEST_URI", uri},
	    {"CONTENT_TYPE", "application/json"},
	    {"CONTENT_LENGTH", length},
	    {"REMOTE_ADDR", "local"},
	};
	const struct client_request request = {
	    params, sizeof params / sizeof *params, body, len};
	struct client_answer answer = CLIENT_ANSWER_INIT;
	const char *path;
	int fd = -1, ret;

	ret = find_socket(ctl, &path, err);
	if (!ret)
		ret = client_connect(path, &fd, err);
	if (!ret)
		ret = client_exchange(fd, &request, &answer, err);
	if (!ret && answer.status != STATUS_OK)
		ret = refused(&answer, err);
	if (!ret)
		keep(a, &answer, reply);
	if (fd >= 0)
		close(fd);
	client_answer_release(&answer);
	return ret;
}

int
ctl_send(struct ctl *ctl, struct arena *a, const char *method, struct ctl_request *rq,
    struct ctl_reply *reply, struct err *err)
{
	int ret = json_writer_finish(rq->w);

	if (ret)
		err_fail(err, ret, "an argument is not UTF-8");
	else
		ret = call(ctl, a, method, rq->body.data, rq->body.len, reply, err);
	buf_release(&rq->body);
	return ret;
}

static int
read_json(struct arena *a, struct ctl_reply *reply, struct err *err)
{
	if (json_parse(a, reply->text, reply->len, &reply->value, err))
		return err_wrap(err, ERR_IO, "the service's answer");
	return 0;
}

int
ctl_ask(struct ctl *ctl, struct arena *a, const char *method, struct ctl_request *rq,
    struct ctl_reply *reply, struct err *err)
{
	int ret = ctl_send(ctl, a, method, rq, reply, err);

	return ret ? ret : read_json(a, reply, err);
}

int
ctl_ask_id(struct ctl *ctl, struct arena *a, const char *method, uint64_t id,
    struct ctl_reply *reply, struct err *err)
{
	struct ctl_request rq;

	ctl_request_begin(&rq);
	json_guid(rq.w, id);
	return ctl_ask(ctl, a, method, &rq, reply, err);
}

int
ctl_ask_text(struct ctl *ctl, struct arena *a, const char *method, const char *text, size_t len,
    struct ctl_reply *reply, struct err *err)
{
	int ret = call(ctl, a, method, text, len, reply, err);

	return ret ? ret : read_json(a, reply, err);
}

/* ---- ids and members ---- */

void
ctl_write_string(struct json_writer *w, const char *name, const char *value)
{
	if (!value)
		return;
	json_name(w, name);
	json_string(w, value);
}

void
ctl_write_words(struct json_writer *w, struct arena *a, const char *name, const char *list)
{
	if (!list)
		return;
	json_name(w, name);
	json_array(w);
	while (*list) {
		size_t len = strcspn(list, ",");

		json_string(w, arena_memdup(a, list, len));
		list += len;
		list += *list == ',';
	}
	json_end_array(w);
}

const char *
ctl_words(struct arena *a, const struct json *array)
{
	const char *words = NULL;

	for (const struct json *one = array ? array->first : NULL; one; one = one->next)
		words = words ? arena_printf(a, "%s,%s", words, one->text) : one->text;
	return words;
}

int
ctl_id(const char *word, const char *what, uint64_t *id, struct err *err)
{
	if (id_parse(word, strlen(word), id))
		return err_fail(err, ERR_INPUT, "%s: this is no %s id", word, what);
	return 0;
}

const char *
ctl_member(const struct json *object, const char *name)
{
	const struct json *m = json_member(object, name);

	return m && (m->type == JSON_STRING || m->type == JSON_NUMBER) ? m->text : NULL;
}

const char *
ctl_text_id(struct arena *a, const struct json *value)
{
	uint64_t id;

	if (!value || value->type != JSON_STRING || id_parse(value->text, value->len, &id))
		return "";
	return arena_printf(a, "%" PRIu64, id);
}

const char *
ctl_member_id(struct arena *a, const struct json *object, const char *name)
{
	return ctl_text_id(a, json_member(object, name));
}

int
ctl_schedule_id(struct ctl *ctl, const char *word, uint64_t *id, struct err *err)
{
	struct ctl_request rq;
	struct ctl_reply reply;
	int ret;

	if (!id_parse(word, strlen(word), id))
		return 0;
	ctl_request_begin(&rq);
	json_object(rq.w);
	json_name(rq.w, "searchCriteria");
	json_object(rq.w);
	json_name(rq.w, "searchValue");
	json_string(rq.w, word);
	json_name(rq.w, "searchMatchType");
	json_number(rq.w, EXACT_MATCH);
	json_end_object(rq.w);
	json_end_object(rq.w);
	ret = ctl_ask(ctl, &ctl->arena, "tasks/findSchedule", &rq, &reply, err);
	if (ret)
		return ret;
	/* The service compares names without regard to case; here only the very name will do.
	 */
	for (const struct json *s = reply.value->first; s; s = s->next) {
		const char *name = ctl_member(s, "name"), *guid = ctl_member(s, "scheduleId");

		if (name && guid && !strcmp(name, word) && !id_parse(guid, strlen(guid), id))
			return 0;
	}
	return err_fail(err, ERR_MISSING, "%s: there is no schedule of this name", word);
}
