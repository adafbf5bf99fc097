/* Users and tokens. Plain structs; pointers are borrowed from the arena that they came from. */
#ifndef MODEL_ACCOUNT_H
#define MODEL_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* API3's five roles, wire/api3.md 2.5. The numbers are durable. */
enum role {
	ROLE_VIEWER = 1,
	ROLE_ANALYST = 2,
	ROLE_PRO = 3,
	ROLE_DOMAIN_ADMIN = 4,
	ROLE_ENTERPRISE_ADMIN = 5,
};

/* "viewer", "analyst", "pro", "domainAdmin", "enterpriseAdmin". */
const char *role_name(enum role role);
MUST_CHECK int role_parse(const char *name, enum role *role);

struct user {
	uint64_t id, tenant_id;
	const char *name; /* unique in its tenant, byte for byte */
	const char
	    *password_hash; /* libsodium's Argon2id string; NULL: no log-in by password */
	enum role role;
	bool enabled;
	int64_t created_us;
};

enum { TOKEN_HASH_BYTES = 32 };

enum token_kind {
	TOKEN_SESSION = 1, /* made by a log-in; dies after `idle_us` without use */
	TOKEN_KEY = 2,	   /* made by an administrator; dies at expires_us */
};

/* The secret itself is never stored: only its keyed hash, under which the record is found. */
struct token {
	uint64_t id, user_id, tenant_id;
	unsigned char hash[TOKEN_HASH_BYTES];
	enum token_kind kind;
	int64_t created_us, used_us;
	int64_t idle_us;    /* 0: use does not matter */
	int64_t expires_us; /* INSTANT_NEVER: does not expire */
};

/* Who does something: worked out from a token, or from the private socket. */
struct actor {
	uint64_t user_id, tenant_id, token_id; /* user 0: the administrator's command */
	const char *name;
	enum role role;
};

/* Enterprise or Domain Admin. */
bool actor_is_admin(const struct actor *actor);

#endif
