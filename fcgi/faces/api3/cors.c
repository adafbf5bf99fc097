/*
 * Cross-origin calls (CORS): which pages of other sites a browser lets read our answers.
 * wire/api3.md section 4.
 */
#include "app/origin.h"
#include "faces/api3/call.h"

bool
api3_allow_origin(const struct face *face, const struct request *req, struct response *res)
{
	const char *origin = origin_allowed(face, req);

	if (!origin)
		return false;
	response_header(res, "Access-Control-Allow-Origin", origin);
	response_header(res, "Vary", "Origin");
	return true;
}

void
api3_answer_preflight(struct response *res)
{
	response_header(res, "Access-Control-Allow-Methods", "POST");
	response_header(res, "Access-Control-Allow-Headers", "paToken, Content-Type, Accept");
	response_header(res, "Access-Control-Max-Age", "600");
	res->status = 204;
}
