/* Use cases that are still being written elsewhere: each answers that it cannot be done. This file
 * goes when they come. */
#include "faces/openspecimen/call.h"

#define PENDING(name, ...)                                             \
	__attribute__((weak)) int name(__VA_ARGS__)                    \
	{                                                              \
		return err_fail(err, ERR_IO, "%s: not yet", __func__); \
	}

#define WHO                                                                                  \
	__attribute__((unused)) struct service *sv, __attribute__((unused)) struct arena *a, \
	    __attribute__((unused)) const struct actor *actor
#define NOW __attribute__((unused)) int64_t now_us
#define ID  __attribute__((unused)) uint64_t id
#define UN  __attribute__((unused))

PENDING(service_create_job, WHO, NOW, UN const struct job_new *n, UN struct job_faults *faults,
    UN struct job_view *view, struct err *err)
PENDING(service_update_job, WHO, NOW, ID, UN const struct job_new *n,
    UN struct job_faults *faults, UN struct job_view *view, struct err *err)
PENDING(service_delete_job, WHO, NOW, ID, UN struct job_view *view, struct err *err)
PENDING(service_get_job, WHO, NOW, ID, UN struct job_view *view, struct err *err)
PENDING(service_list_jobs, WHO, NOW, UN const struct job_query *q, UN struct job_view **list,
    UN size_t *count, UN size_t *total, struct err *err)
PENDING(service_run_job, WHO, NOW, ID, UN const char *args, UN uint64_t *execution_id,
    UN struct job_view *view, struct err *err)
PENDING(service_list_job_runs, WHO, UN const struct job_run_query *q, UN struct job_run **list,
    UN size_t *count, struct err *err)
PENDING(service_get_job_run, WHO, ID, UN struct job_run *run, struct err *err)
PENDING(service_get_job_result, WHO, ID, UN struct result *r, struct err *err)
PENDING(service_see_user, WHO, ID, UN struct user *u, struct err *err)
