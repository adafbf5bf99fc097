/* Strict UTF-8: see utf8.h. The ranges are table 3-7 of the Unicode standard. */
#include "base/utf8.h"

#include <string.h>

/* Bytes of the well-formed sequence at `p`, of at most `left` bytes; 0 if there is none. */
static size_t
sequence(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (left < n)
		return 0;
	switch (p[0]) {
	case 0xe0:
		low = 0xa0;
		break;
	case 0xed:
		high = 0x9f;
		break;
	case 0xf0:
		low = 0x90;
		break;
	case 0xf4:
		high = 0x8f;
		break;
	}
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

bool
utf8_valid(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	for (size_t at = 0, n; at < len; at += n) {
		n = sequence(p + at, len - at);
		if (!n)
			return false;
	}
	return true;
}

size_t
utf8_character(const char *text, size_t len)
{
	return len ? sequence((const unsigned char *)text, len) : 0;
}

size_t
utf8_clean(char *out, size_t size, const char *bytes, size_t len)
{
	static const char other[] = "\xef\xbf\xbd";
	size_t made = 0;

	for (size_t at = 0, n; at < len; at += n) {
		const char *text = bytes + at;
		char part[5] = "";
		size_t add;

		n = utf8_character(text, len - at);
		memcpy(part, text, n);
		if (!n || !*part || (*part != '\t' && utf8_control(part)))
			memcpy(part, other, sizeof other);
		add = strlen(part);
		if (made + add >= size)
			break;
		memcpy(out + made, part, add);
		made += add;
		n = n ? n : 1;
	}
	out[made] = '\0';
	return made;
}

size_t
utf8_control(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	if (p[0] == 0xc2)
		return p[1] >= 0x80 && p[1] <= 0x9f ? 2 : 0;
	return (p[0] && p[0] < 0x20) || p[0] == 0x7f;
}

size_t
utf8_length(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}
