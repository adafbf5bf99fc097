/*
 * Use cases about the tasks of a whole tenant. As service.h in everything else.
 */
#ifndef SERVICE_TASKS_H
#define SERVICE_TASKS_H

#include "service/service.h"

/*
 * Look at the line of every task that the actor sees, newest first; conditions are none. They are
 * read some hundred at a time: what is made meanwhile is not among them, and what happens to one
 * may be seen or not.
 */
MUST_CHECK int service_scan_tasks(struct service *sv, const struct actor *actor,
    void (*look)(void *ctx, const struct task_line *line), void *ctx, struct err *err);

/* The due time that caused the task, INSTANT_NEVER if none did or there is no such task: for who
 * reads a result of it, with scope `results` alone. */
MUST_CHECK int service_task_due(struct service *sv, const struct actor *actor, uint64_t id,
    int64_t *due_us, struct err *err);

#endif
