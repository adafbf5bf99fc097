/* Addresses of mail: see address.h. */
#include "base/address.h"

#include <stddef.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* Dots stand between others; `others` beside letters and digits. */
static bool
is_dotted(const char *text, size_t len, const char *others)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' && i > 0 && i + 1 < len && text[i - 1] != '.')
			continue;
		if (!strchr(letters, text[i]) && !strchr(others, text[i]))
			return false;
	}
	return len > 0;
}

bool
address_is_plain(const char *text)
{
	const char *at = strchr(text, '@');
	size_t len = strlen(text);

	if (!at || len > ADDRESS_MAX || at - text > ADDRESS_LOCAL_MAX)
		return false;
	return strchr(letters, text[0]) && at > text && text[len - 1] != '-' && at[1] != '-' &&
	       is_dotted(text, (size_t)(at - text), "_-+=&'~#") &&
	       is_dotted(at + 1, strlen(at + 1), "-");
}
