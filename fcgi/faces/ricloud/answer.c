/* Answers: bare JSON, and the one form of all errors. wire/ricloud.md 5. */
#include <string.h>

#include "base/log.h"
#include "faces/ricloud/call.h"

static const struct error {
	int status;
	const char *code, *message;
} errors[] = {
    {401, "unauthorized", "Missing or invalid token"},
    {403, "missing-scope", "The key lacks the required scope"},
    {404, "not-found", "Not found"},
    {405, "method-not-allowed", "Method not allowed"},
    {413, "request-too-large", "Request body too large"},
    {500, "server-error", "Internal server error"},
    {503, "unavailable", "Service unavailable"},
};

static void
refuse(struct response *res, int status, const char *code, const char *message)
{
	response_set(res, status, RICLOUD_JSON, "");
	buf_addf(&res->body, "{\"error\":\"%s\",\"message\":\"%s\"}", code, message);
}

void
ricloud_refuse(struct response *res, int status)
{
	if (status == 401)
		response_header(res, "WWW-Authenticate", "Token realm=\"ricloud\"");
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		if (errors[i].status == status)
			refuse(res, status, errors[i].code, errors[i].message);
	}
}

void
ricloud_note_fault(struct ricloud_call *c, const char *param, const char *text)
{
	struct ricloud_fault *fault = arena_alloc(c->req->arena, sizeof *fault), **end;

	*fault = (struct ricloud_fault){.param = param, .text = text};
	for (end = &c->faults; *end; end = &(*end)->next)
		;
	*end = fault;
}

/* Was there one of the same parameter before it? */
static bool
was_told(const struct ricloud_call *c, const struct ricloud_fault *fault)
{
	const struct ricloud_fault *f = c->faults;

	while (f != fault && strcmp(f->param, fault->param) != 0)
		f = f->next;
	return f != fault;
}

/* All that is wrong with a parameter. */
static void
write_faults(struct json_writer *w, const struct ricloud_fault *fault)
{
	json_name(w, fault->param);
	json_array(w);
	for (const struct ricloud_fault *f = fault; f; f = f->next) {
		if (!strcmp(f->param, fault->param))
			json_string(w, f->text);
	}
	json_end_array(w);
}

static void
fail_params(struct ricloud_call *c)
{
	struct json_writer *w;

	response_set(c->res, 400, RICLOUD_JSON, "");
	w = json_writer_new(&c->res->body);
	json_object(w);
	json_name(w, "error");
	json_string(w, "invalid-parameter");
	json_name(w, "message");
	json_string(w, "Invalid parameter");
	json_name(w, "params");
	json_object(w);
	for (const struct ricloud_fault *f = c->faults; f; f = f->next) {
		if (!was_told(c, f))
			write_faults(w, f);
	}
	json_end_object(w);
	json_end_object(w);
	/* Names were read as UTF-8. */
	if (json_writer_finish(w))
		ricloud_refuse(c->res, 500);
}

void
ricloud_fail(struct ricloud_call *c, int code)
{
	switch (code) {
	case ERR_INPUT:
		if (c->faults)
			fail_params(c);
		else
			refuse(c->res, 400, "invalid-body", "Request body is not valid JSON");
		return;
	case ERR_MISSING:
		ricloud_refuse(c->res, 404);
		return;
	case ERR_IDENTITY:
		ricloud_refuse(c->res, 401);
		return;
	case ERR_DENIED:
		ricloud_refuse(c->res, 403);
		return;
	case ERR_BUSY:
		log_warn("%s: %s", c->req->path, c->err.text);
		response_header(c->res, "Retry-After", "1");
		ricloud_refuse(c->res, 503);
		return;
	case ERR_RECOVER:
		log_error("%s: %s", c->req->path, c->err.text);
		c->res->recover = true;
		ricloud_refuse(c->res, 503);
		return;
	case ERR_CONFLICT:
	case ERR_IO:
		break;
	}
	log_error("%s: %s", c->req->path, c->err.text);
	ricloud_refuse(c->res, 500);
}

struct json_writer *
ricloud_begin(struct ricloud_call *c)
{
	response_set(c->res, 200, RICLOUD_JSON, "");
	return json_writer_new(&c->res->body);
}

int
ricloud_finish(struct ricloud_call *c, struct json_writer *w)
{
	if (json_writer_finish(w))
		return err_fail(&c->err, ERR_IO, "the answer cannot be written");
	return 0;
}
