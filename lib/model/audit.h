/*
 * The audit: who did what, when, from where. Each tenant has a chain of entries of its own, of
 * which every one carries a hash over itself and the hash before it, so that none can be changed
 * or taken out without all later ones telling.
 */
#ifndef MODEL_AUDIT_H
#define MODEL_AUDIT_H

#include <stdint.h>

enum { AUDIT_HASH_BYTES = 32 };

struct audit_entry {
	uint64_t tenant_id, number; /* from 1, without a gap */
	int64_t time_us;
	uint64_t actor_id; /* user; 0: none, or the administrator's command */
	uint64_t token_id; /* 0: none */
	const char *actor_name;
	const char *remote;  /* NULL: not known */
	const char *action;  /* "schedule.create" */
	uint64_t subject_id; /* of what it was done to; 0: none */
	const char *detail;  /* one line, never a secret; NULL if the action says all */
	unsigned char hash[AUDIT_HASH_BYTES];
};

#endif
