/*
 * Use cases about result files (model/result.h). As service.h in everything else; scope `results`
 * is the caller's to check.
 */
#ifndef SERVICE_RESULTS_H
#define SERVICE_RESULTS_H

#include "model/result.h"
#include "service/service.h"

MUST_CHECK int service_get_result(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t id, struct result *r, struct err *err);

/* Those of the last attempt of a task that left any, by number. */
MUST_CHECK int service_list_results(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t task_id, struct result **list, size_t *count,
    struct err *err);

/* Those of the actor's tenant with ids below `before` (0: from the newest), newest first, `cap` at
 * most; *next: where to go on, 0 at the end. With tags of a token there may be fewer in a page. */
MUST_CHECK int service_walk_results(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t before, size_t cap, struct result **list, size_t *count,
    uint64_t *next, struct err *err);

/* An available one becomes consumed; others stay as they are. *r is as it is afterwards. */
MUST_CHECK int service_acknowledge_result(struct service *sv, struct arena *a,
    const struct actor *actor, int64_t now_us, uint64_t id, struct result *r, struct err *err);

/* The result of a whole execution: that which a task's definition names as its resultFile (of the
 * last such task), else the first file of the last task that left any. Fails: ERR_MISSING. */
MUST_CHECK int service_main_result(struct service *sv, struct arena *a,
    const struct actor *actor, uint64_t execution_id, struct result *r, struct err *err);

/* Where the bytes lie, relative to the output directory: "<…>/<ordinal>/<attempt>.results/<n>". */
enum { RESULT_PATH_TEXT = 128 };
MUST_CHECK int service_result_path(
    struct service *sv, const struct result *r, char path[RESULT_PATH_TEXT], struct err *err);

#endif
