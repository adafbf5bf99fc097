/* In what two definitions differ. Pure. */
#ifndef MODEL_DIFFERENCE_H
#define MODEL_DIFFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/schedule.h"

/* Two texts, each of which may be NULL: that is a text of its own. */
bool same_text(const char *a, const char *b);

/* The same texts in the same order, none of them NULL. */
bool same_texts(const char *const *a, size_t a_count, const char *const *b, size_t b_count);

/* The members of a definition; each is compared as a whole. */
enum { SCHEDULE_MEMBERS = 21 };

/* The names of the members in which they differ, in the order of a definition; returns how many.
 * Whatever is not written in a definition (ids, versions, times) does not count. */
size_t schedule_differences(
    const struct schedule *a, const struct schedule *b, const char *members[SCHEDULE_MEMBERS]);

#endif
