/* A concurrency group: how many executions of the schedules that name it go on at a time. */
#ifndef MODEL_GROUP_H
#define MODEL_GROUP_H

#include <stdint.h>

enum {
	GROUP_NAME_MAX = 100 /* code points */,
	GROUP_LIMIT_MAX = 1000,
	GROUP_LIMIT_DEFAULT = 1
};

struct run_group {
	uint64_t id, tenant_id;
	const char *name; /* unique in its tenant, byte for byte */
	uint32_t limit;
};

#endif
