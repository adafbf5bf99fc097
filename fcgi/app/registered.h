/* The tasks and queries that the configuration registers for OpenSpecimen's jobs. */
#ifndef APP_REGISTERED_H
#define APP_REGISTERED_H

#include "base/arena.h"
#include "config/config.h"
#include "service/jobs.h"

/* Of two with the same name the first counts. Owns: all of it lives in the arena, but the zone's
 * name, which is the configuration's. */
const struct job_settings *registered_jobs(const struct config *c, struct arena *a);

#endif
