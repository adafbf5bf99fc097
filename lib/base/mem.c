/* Memory that is never NULL: see mem.h. */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void *
check(void *p, size_t size)
{
	if (!p) {
		log_error("out of memory: %zu bytes", size);
		abort();
	}
	return p;
}

void *
mem_alloc(size_t size)
{
	return check(calloc(1, size ? size : 1), size);
}

void *
mem_resize(void *old, size_t size)
{
	return check(realloc(old, size ? size : 1), size);
}

char *
mem_strdup(const char *s)
{
	return check(strdup(s), strlen(s) + 1);
}
