/* Texts that are not to be seen in what is written: each becomes `***`, also where it comes in pieces. */
#ifndef RUNNER_MASK_H
#define RUNNER_MASK_H

#include <stddef.h>

#include "base/buf.h"

struct mask {
	char **texts; /* the longest first */
	size_t count;
	struct buf held; /* the end of what came, which may be the beginning of one */
	struct buf out;	 /* what mask_take() answered last */
};

#define MASK_INIT                                 \
	{                                         \
		.held = BUF_INIT, .out = BUF_INIT \
	}

/* Texts of one byte and more, NULL at the end; NULL: none. They are copied. */
void mask_set(struct mask *m, const char *const *texts);

/*
 * What may be written now that `data` has come: bytes at *out, borrowed until the next call. What may
 * go on to be one of the texts is held back; `last`: nothing more comes, and all is told.
 */
size_t mask_take(struct mask *m, const char *data, size_t len, int last, const char **out);

void mask_release(struct mask *m);

#endif
