/* One identity, spelled four ways: see id.h. */
#include "base/id.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char guid_head[] = "63617269-6c6c-8000-8";
static const char hex_head[] = "63617269";

bool
id_is_among(const uint64_t *ids, size_t count, uint64_t id)
{
	for (size_t i = 0; i < count; i++) {
		if (ids[i] == id)
			return true;
	}
	return false;
}

void
id_guid(uint64_t id, char out[ID_GUID_LEN + 1])
{
	/* The variant's digit 8 and 60 bits behind it: three digits, a dash, twelve digits. */
	snprintf(out, ID_GUID_LEN + 1, "%s%03" PRIx64 "-%012" PRIx64, guid_head,
	    (id >> 48) & 0xfff, id & UINT64_C(0xffffffffffff));
}

void
id_hex(uint64_t id, char out[ID_HEX_LEN + 1])
{
	snprintf(out, ID_HEX_LEN + 1, "%s%016" PRIx64, hex_head, id);
}

static int
digit(char c, unsigned base, uint64_t *value)
{
	unsigned d;

	if (c >= '0' && c <= '9')
		d = (unsigned)(c - '0');
	else if (c >= 'a' && c <= 'f')
		d = (unsigned)(c - 'a') + 10;
	else if (c >= 'A' && c <= 'F')
		d = (unsigned)(c - 'A') + 10;
	else
		return ERR_MISSING;
	if (d >= base)
		return ERR_MISSING;
	*value = *value * base + d;
	return 0;
}

int
id_parse(const char *text, size_t len, uint64_t *id)
{
	uint64_t value = 0;
	unsigned base = 16;
	size_t at;

	if (len == ID_GUID_LEN && !strncasecmp(text, guid_head, sizeof guid_head - 1))
		at = sizeof guid_head - 1;
	else if (len == ID_HEX_LEN && !strncasecmp(text, hex_head, sizeof hex_head - 1))
		at = sizeof hex_head - 1;
	else if (len >= 1 && len <= 16 && text[0] != '0') {
		at = 0;
		base = 10;
	} else
		return ERR_MISSING;
	for (; at < len; at++) {
		if (len == ID_GUID_LEN && at == 23) {
			if (text[at] != '-')
				return ERR_MISSING;
		} else if (digit(text[at], base, &value))
			return ERR_MISSING;
	}
	if (value < 1 || value > ID_MAX)
		return ERR_MISSING;
	*id = value;
	return 0;
}
