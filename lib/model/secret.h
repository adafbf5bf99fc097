/* A secret of a tenant: a named value that goes into commands and requests, and is shown to nobody. */
#ifndef MODEL_SECRET_H
#define MODEL_SECRET_H

#include <stddef.h>
#include <stdint.h>

enum {
	SECRET_VALUE_MIN = 4, /* bytes; a shorter one cannot be masked in what is written */
	SECRET_VALUE_MAX = 8192,
	SECRETS_MAX = 1000, /* of a tenant */
};

struct secret {
	uint64_t tenant_id;
	const char *name; /* as secret_name_is_valid() */
	int64_t created_us, modified_us;
	uint64_t modified_by;	     /* user id; 0: the administrator's command */
	const unsigned char *sealed; /* the value, encrypted */
	size_t sealed_len;
};

#endif
