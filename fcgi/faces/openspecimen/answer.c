/* Answers: JSON, or an array of faults. wire/openspecimen.md 5. */
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "faces/openspecimen/call.h"

/* A page that shows the message as HTML shows it as it was meant; quotes stay. A header that the
 * message repeats need not be UTF-8. */
static void
write_fault(struct json_writer *w, const char *code, const char *message)
{
	bool sound = utf8_valid(message, strlen(message));
	struct buf escaped = BUF_INIT;

	for (; *message; message++) {
		const char *entity = *message == '&'   ? "&amp;"
				     : *message == '<' ? "&lt;"
				     : *message == '>' ? "&gt;"
						       : NULL;

		if (entity)
			buf_adds(&escaped, entity);
		else
			buf_addc(
			    &escaped, sound || (unsigned char)*message < 0x80 ? *message : '?');
	}
	json_object(w);
	json_name(w, "code");
	json_string(w, code);
	json_name(w, "message");
	json_string(w, escaped.data ? escaped.data : "");
	json_end_object(w);
	buf_release(&escaped);
}

static void
refuse_all(struct call *c, int status, const struct job_faults *faults)
{
	struct json_writer *w;

	response_set(c->res, status, SPECIMEN_JSON, "");
	w = json_writer_new(&c->res->body);
	json_array(w);
	for (size_t i = 0; i < faults->count; i++)
		write_fault(w, faults->list[i].code, faults->list[i].message);
	json_end_array(w);
	if (json_writer_finish(w))
		log_error("openspecimen: a fault cannot be written");
}

void
specimen_refuse(struct call *c, int status, const char *code, const char *message)
{
	const struct job_faults one = {.list = {{code, message}}, .count = 1};

	refuse_all(c, status, &one);
}

static void
refuse_identity(struct call *c)
{
	const char *client = request_param(c->req, "HTTP_X_OS_API_CLIENT");

	/* A browser would ask its user in a window of its own, over the page's form. */
	if (!client || strcmp(client, "webui"))
		response_header(c->res, "WWW-Authenticate", "Basic realm=\"OpenSpecimen\"");
	if (specimen_has_cookie(c->req))
		specimen_set_cookie(c, NULL);
	specimen_refuse(c, 401, "UNAUTHORIZED",
	    "You must supply valid credentials to access the OpenSpecimen REST API");
}

static void
refuse_missing(struct call *c)
{
	if (c->route->subject == SPECIMEN_RUN)
		specimen_refuse(
		    c, 400, "SCHEDULED_JOB_JOB_RUN_NOT_FOUND", "Job run does not exist.");
	else
		specimen_refuse(c, 400, "SCHEDULED_JOB_NOT_FOUND", "Job does not exist.");
}

static void
refuse_denied(struct call *c)
{
	if (!strcmp(c->err.text, JOB_NOT_YOURS))
		specimen_refuse(c, 400, "SCHEDULED_JOB_OP_NOT_ALLOWED", JOB_NOT_YOURS);
	else
		specimen_refuse(c, 400, "RBAC_ACCESS_DENIED", JOB_NO_RIGHT);
}

/* What an operator reads of a call. */
static const char *
shown(const struct call *c)
{
	return arena_printf(
	    c->req->arena, "%s %s", c->req->method, json_shown(c->req->arena, c->req->path));
}

void
specimen_fail(struct call *c, int code)
{
	switch (code) {
	case ERR_INPUT:
	case ERR_CONFLICT:
		if (c->faults.count)
			refuse_all(c, 400, &c->faults);
		else
			specimen_refuse(c, 400, "INVALID_REQUEST", c->err.text);
		return;
	case ERR_MISSING:
		refuse_missing(c);
		return;
	case ERR_IDENTITY:
		refuse_identity(c);
		return;
	case ERR_DENIED:
		refuse_denied(c);
		return;
	case ERR_BUSY:
		log_warn("%s: %s", shown(c), c->err.text);
		response_header(c->res, "Retry-After", "1");
		specimen_refuse(c, 503, "SERVICE_UNAVAILABLE", "Service unavailable");
		return;
	case ERR_RECOVER:
		log_error("%s: %s", shown(c), c->err.text);
		c->res->recover = true;
		specimen_refuse(c, 503, "SERVICE_UNAVAILABLE", "Service unavailable");
		return;
	case ERR_IO:
		break;
	}
	log_error("%s: %s", shown(c), c->err.text);
	specimen_refuse(c, 500, "internal_error", "Sorry, something went wrong.");
}

struct json_writer *
specimen_begin(struct call *c)
{
	response_set(c->res, 200, SPECIMEN_JSON, "");
	return json_writer_new(&c->res->body);
}

int
specimen_answer(struct call *c, struct json_writer *w)
{
	if (json_writer_finish(w))
		return err_fail(&c->err, ERR_IO, "the answer cannot be written");
	return 0;
}
