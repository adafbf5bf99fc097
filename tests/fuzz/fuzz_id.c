/* Spellings of ids: what is read has all its spellings, and each reads back as it. */
#include "base/id.h"
#include "fuzz/fuzz.h"

static void
holds_spelling(const char *text, uint64_t id)
{
	uint64_t again = 0;

	HOLDS(!id_parse(text, strlen(text), &again));
	HOLDS(again == id);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char guid[ID_GUID_LEN + 1], hex[ID_HEX_LEN + 1], number[32];
	uint64_t id;

	if (id_parse((const char *)data, size, &id))
		return 0;
	HOLDS(id >= 1 && id <= ID_MAX);
	id_guid(id, guid);
	id_hex(id, hex);
	snprintf(number, sizeof number, "%llu", (unsigned long long)id);
	holds_spelling(guid, id);
	holds_spelling(hex, id);
	holds_spelling(number, id);
	return 0;
}
