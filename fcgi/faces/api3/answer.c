/* Answers: the bare value as JSON or XML, or a status and one line of plain text. wire/api3.md
 * 3.1 and 5. */
#include "base/log.h"
#include "faces/api3/call.h"
#include "wire/xml.h"

static const char *const not_found[] = {
    [API3_SCHEDULE] = "Schedule not found",
    [API3_EXECUTION] = "Execution not found",
    [API3_TASK] = "Task not found",
    [API3_USER] = "User not found",
    [API3_TOKEN] = "Token not found",
    [API3_TENANT] = "Tenant not found",
    [API3_OUTPUT] = "Output not found",
    [API3_SECRET] = "Secret not found",
    [API3_GROUP] = "Group not found",
    [API3_CALENDAR] = "Calendar not found",
};

static void
fail_identity(struct call *c)
{
	bool login = c->method->handle == api3_authenticate_user;

	response_header(c->res, "WWW-Authenticate", "paToken realm=\"API3\"");
	response_set(c->res, 401, API3_TEXT,
	    login ? "Invalid user name or password" : "Invalid or missing token");
}

void
api3_fail(struct call *c, int code)
{
	struct response *res = c->res;

	switch (code) {
	case ERR_INPUT:
		response_set(res, 400, API3_TEXT, c->err.text);
		return;
	case ERR_MISSING:
		response_set(res, 400, API3_TEXT, not_found[c->method->subject]);
		return;
	case ERR_IDENTITY:
		fail_identity(c);
		return;
	case ERR_DENIED:
		response_set(res, 403, API3_TEXT, "Insufficient permissions");
		return;
	case ERR_CONFLICT:
		response_set(res, 409, API3_TEXT, c->err.text);
		return;
	case ERR_BUSY:
		log_warn("%s: %s", c->name, c->err.text);
		response_header(res, "Retry-After", "1");
		response_set(res, 503, API3_TEXT, "Service unavailable");
		return;
	case ERR_RECOVER:
		log_error("%s: %s", c->name, c->err.text);
		res->recover = true;
		response_set(res, 503, API3_TEXT, "Service unavailable");
		return;
	case ERR_IO:
		break;
	}
	log_error("%s: %s", c->name, c->err.text);
	response_set(res, 500, API3_TEXT, "Internal server error");
}

struct json_writer *
api3_begin(struct call *c)
{
	bool xml = api3_wants_xml(c->req);

	response_set(c->res, 200, xml ? API3_XML : API3_JSON, "");
	return xml ? xml_writer_new(&c->res->body) : json_writer_new(&c->res->body);
}

struct json_writer *
api3_begin_items(struct call *c)
{
	struct json_writer *w = api3_begin(c);

	json_object(w);
	json_name(w, "items");
	json_array(w);
	return w;
}

int
api3_answer(struct call *c, struct json_writer *w)
{
	if (json_writer_finish(w))
		return err_fail(&c->err, ERR_IO, "the answer cannot be written");
	return 0;
}

int
api3_answer_string(struct call *c, const char *s)
{
	struct json_writer *w = api3_begin(c);

	json_string(w, s);
	return api3_answer(c, w);
}

int
api3_answer_id(struct call *c, uint64_t id)
{
	struct json_writer *w = api3_begin(c);

	json_guid(w, id);
	return api3_answer(c, w);
}

int
api3_answer_modified_all(struct call *c, const uint64_t *ids, size_t count, const char *fault)
{
	struct json_writer *w = api3_begin(c);

	json_object(w);
	json_name(w, "success");
	json_bool(w, !fault);
	json_name(w, "errorMessage");
	json_string(w, fault ? fault : "");
	json_name(w, "modifiedList");
	json_array(w);
	for (size_t i = 0; i < count; i++) {
		json_object(w);
		json_name(w, "id");
		json_guid(w, ids[i]);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
	return api3_answer(c, w);
}

int
api3_answer_modified(struct call *c, uint64_t id)
{
	return api3_answer_modified_all(c, &id, 1, NULL);
}
