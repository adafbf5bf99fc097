/*
 * Result files: what a command left in its CARILLON_RESULT_DIR. The record is metadata; the bytes
 * lie below the output directory under a number, so that no name which a command chose is ever
 * part of a path.
 */
#ifndef MODEL_RESULT_H
#define MODEL_RESULT_H

#include <stdbool.h>
#include <stdint.h>

/* wire/ricloud.md 3.2. The numbers are durable. */
enum result_state {
	RESULT_AVAILABLE = 1,
	RESULT_CONSUMED = 2, /* acknowledged; the file is still there */
	RESULT_EXPIRED = 3,  /* its file was removed */
};

enum {
	RESULT_NAME_MAX = 255,	/* bytes; valid UTF-8 without control characters or slashes */
	RESULT_FILES_MAX = 100, /* of one attempt */
	RESULT_MD5_BYTES = 16,
};

struct result {
	uint64_t id, tenant_id, schedule_id, execution_id, task_id;
	uint32_t attempt; /* whose it is */
	uint32_t number;  /* from 0: the name of its file on the disk */
	const char *name; /* as the command called it */
	uint64_t bytes;
	unsigned char md5[RESULT_MD5_BYTES];
	bool json; /* its content is one JSON text */
	enum result_state state;
	int64_t created_us;  /* when the attempt ended */
	int64_t consumed_us; /* INSTANT_NEVER until acknowledged */
	int64_t deleted_us;  /* INSTANT_NEVER while its file is there */
};

#endif
