/*
 * Memory that is never NULL.
 *
 * Sizes are bounded where input enters, so running out means the machine is out of memory:
 * that is logged and the process aborts. Its state is in the store and the master starts it
 * again.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Zeroed memory; the caller frees it with free(). */
void *mem_alloc(size_t size);

/* realloc() that never fails; the added part is not zeroed. */
void *mem_resize(void *old, size_t size);

char *mem_strdup(const char *s);

#endif
