/* Bodies in and out: wire/altogic.md sections 4 and 5. */
#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "faces/altogic/call.h"

void
altogic_error(
    struct response *res, int status, const char *code, const char *message, const char *field)
{
	struct json_writer *w;

	response_set(res, status, ALTOGIC_JSON, "");
	w = json_writer_new(&res->body);
	json_object(w);
	json_name(w, "errors");
	json_array(w);
	json_object(w);
	altogic_write_string(w, "origin", status < 500 ? "client_error" : "server_error");
	altogic_write_string(w, "code", code);
	altogic_write_string(w, "message", message);
	if (field) {
		json_name(w, "details");
		json_object(w);
		altogic_write_string(w, "field", field);
		json_end_object(w);
	}
	json_end_object(w);
	json_end_array(w);
	json_end_object(w);
	/* All that gets here is constant text. */
	if (json_writer_finish(w))
		log_error("altogic: the error %s cannot be written", code);
	if (status == 401)
		response_header(res, "WWW-Authenticate", "Session realm=\"altogic\"");
}

int
altogic_refuse(
    struct call *c, int status, const char *code, const char *message, const char *field)
{
	altogic_error(c->res, status, code, message, field);
	return ERR_INPUT;
}

/* `head` and the field in one text. */
static int
refuse_field(struct call *c, const char *code, const char *head, const char *field)
{
	return altogic_refuse(
	    c, 400, code, arena_printf(c->req->arena, "%s: %s", head, field), field);
}

int
altogic_missing(struct call *c, const char *field)
{
	return refuse_field(c, "missing_required_value", "Missing value", field);
}

void
altogic_fail(struct call *c, int code)
{
	struct response *res = c->res;

	if (res->status)
		return;
	switch (code) {
	case ERR_MISSING:
		altogic_error(res, 404, "task_not_found", "Scheduled task not found", NULL);
		return;
	case ERR_DENIED:
		altogic_error(res, 403, "forbidden", "Insufficient permissions", NULL);
		return;
	case ERR_BUSY:
		log_warn("altogic %s: %s", c->name, c->err.text);
		response_header(res, "Retry-After", "1");
		altogic_error(res, 503, "service_unavailable", "Service unavailable", NULL);
		return;
	case ERR_RECOVER:
		log_error("altogic %s: %s", c->name, c->err.text);
		res->recover = true;
		altogic_error(res, 503, "service_unavailable", "Service unavailable", NULL);
		return;
	case ERR_INPUT:
	case ERR_IDENTITY:
	case ERR_CONFLICT:
	case ERR_IO:
		break;
	}
	log_error("altogic %s: %s", c->name, c->err.text);
	altogic_error(res, 500, "internal_error", "Internal server error", NULL);
}

struct json_writer *
altogic_begin(struct call *c)
{
	response_set(c->res, 200, ALTOGIC_JSON, "");
	return json_writer_new(&c->res->body);
}

int
altogic_answer(struct call *c, struct json_writer *w)
{
	if (!json_writer_finish(w))
		return 0;
	c->res->status = 0;
	return err_fail(&c->err, ERR_IO, "the answer cannot be written");
}

void
altogic_write_id(struct json_writer *w, const char *name, uint64_t id)
{
	char hex[ID_HEX_LEN + 1];

	id_hex(id, hex);
	altogic_write_string(w, name, hex);
}

void
altogic_write_string(struct json_writer *w, const char *name, const char *value)
{
	json_name(w, name);
	json_string(w, value);
}

void
altogic_write_instant(struct json_writer *w, const char *name, int64_t us)
{
	json_name(w, name);
	json_instant(w, us);
}

int
altogic_read_body(struct call *c, const struct json **body)
{
	const struct request *req = c->req;

	/* One that ended before its announced length is never read. */
	if (req->body_short || json_parse(req->arena, req->body, req->body_len, body, NULL) ||
	    (*body)->type != JSON_OBJECT)
		return altogic_refuse(
		    c, 400, "invalid_json", "Request body is not valid JSON", NULL);
	return 0;
}

int
altogic_need_string(
    struct call *c, const struct json *body, const char *name, const char **value)
{
	const struct json *member = json_member(body, name);

	if (!member || member->type == JSON_NULL)
		return altogic_missing(c, name);
	if (member->type != JSON_STRING)
		return refuse_field(c, "invalid_value", "Invalid value", name);
	if (!member->len)
		return altogic_missing(c, name);
	*value = member->text;
	return 0;
}
