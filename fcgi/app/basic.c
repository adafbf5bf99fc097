/* HTTP's Basic scheme: see basic.h. */
#include "app/basic.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

int
basic_credentials(const struct request *req, const char **name, const char **password)
{
	static const char scheme[] = "Basic ";
	const char *header = request_param(req, "HTTP_AUTHORIZATION");
	char *text, *colon;
	size_t len;

	if (!header || strncasecmp(header, scheme, sizeof scheme - 1))
		return ERR_MISSING;
	header += sizeof scheme - 1;
	header += strspn(header, " ");
	text = arena_alloc(req->arena, strlen(header) + 1);
	/* Not every client pads, and some end the line with a blank. */
	if (sodium_base642bin((unsigned char *)text, strlen(header), header, strlen(header),
		" =", &len, NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING))
		return ERR_INPUT;
	colon = memchr(text, ':', len);
	if (!colon || memchr(text, '\0', len) || !utf8_valid(text, len))
		return ERR_INPUT;
	*colon = '\0';
	*name = text;
	*password = colon + 1;
	return 0;
}
