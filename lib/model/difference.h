/* In what two definitions differ. Pure. */
#ifndef MODEL_DIFFERENCE_H
#define MODEL_DIFFERENCE_H

#include <stddef.h>

#include "model/schedule.h"

/* The members of a definition; each is compared as a whole. */
enum { SCHEDULE_MEMBERS = 14 };

/* The names of the members in which they differ, in the order of a definition; returns how many.
 * Whatever is not written in a definition (ids, versions, times) does not count. */
size_t schedule_differences(
    const struct schedule *a, const struct schedule *b, const char *members[SCHEDULE_MEMBERS]);

#endif
