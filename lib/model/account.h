/*
 * Tenants, users and tokens, and the rules of who may do what. Plain structs and pure functions;
 * pointers are borrowed from the arena that they came from.
 */
#ifndef MODEL_ACCOUNT_H
#define MODEL_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/schedule.h"

/* API3's five roles, wire/api3.md 2.5. The numbers are durable; a higher one may more. */
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

/* Enterprise or Domain Admin. */
bool role_is_admin(enum role role);

/* What a token may be used for: one bit each, durable. Rights are the role's, less what the
 * scopes leave out. */
enum scope {
	SCOPE_READ = 1 << 0,
	SCOPE_RUN = 1 << 1,
	SCOPE_MANAGE = 1 << 2,
	SCOPE_ACCESS = 1 << 3,
	SCOPE_RESULTS = 1 << 4,
	SCOPE_ALL = (1 << 5) - 1,
};

/* "read", "run", "manage", "access", "results"; for one bit. */
const char *scope_name(enum scope scope);
MUST_CHECK int scope_parse(const char *name, enum scope *scope);

struct tenant {
	uint64_t id;
	const char *name; /* unique among those that are not deleted */
	bool enabled;	  /* else its users and tokens are dead */
	bool deleted;	  /* its history stays readable to nobody; the name is free again */
	int64_t created_us;
};

enum { TENANT_NAME_MAX = 63 };

/* [a-z0-9][a-z0-9-]{0,62}: never a dot, so that no e-mail address ends in one. */
bool tenant_name_is_valid(const char *name);

struct user {
	uint64_t id, tenant_id;
	const char *name;  /* unique in its tenant, byte for byte */
	const char *email; /* unique in its tenant, without regard to case; NULL: none */
	const char
	    *password_hash; /* libsodium's Argon2id string; NULL: no log-in by password */
	enum role role;
	bool enabled;
	int64_t created_us;
	uint32_t epoch;	     /* sessions of an earlier one are over */
	uint32_t grants;     /* as are those of others that he let in with an earlier one */
	unsigned job_rights; /* of enum job_right: what one who is no administrator may do with
				scheduled jobs. Administrators may do everything */
};

/* Rights on OpenSpecimen's scheduled jobs, wire/openspecimen.md 2.4: one bit each, durable. */
enum job_right {
	JOB_READ = 1 << 0,
	JOB_CREATE = 1 << 1,
	JOB_UPDATE = 1 << 2,
	JOB_DELETE = 1 << 3,
	JOB_RIGHTS_ALL = (1 << 4) - 1,
};

/* "read", "create", "update", "delete"; for one bit. */
const char *job_right_name(enum job_right right);
MUST_CHECK int job_right_parse(const char *name, enum job_right *right);

/* All of them for an administrator. */
unsigned user_job_rights(const struct user *user);

/* Fails: ERR_INPUT `Missing value: userName`, `Invalid value: userName: …`. */
MUST_CHECK int user_name_check(const char *name, struct err *err);

/* Fails: ERR_INPUT `Invalid value: email…`. */
MUST_CHECK int email_check(const char *email, struct err *err);

/* ASCII letters made small, for comparing; `out` needs strlen(text) + 1. */
void text_to_lower(const char *text, char *out);

enum { TOKEN_HASH_BYTES = 32, TOKEN_NAME_MAX = 100 /* code points */ };

enum token_kind {
	TOKEN_SESSION = 1, /* made by a log-in; dies after `idle_us` without use */
	TOKEN_KEY = 2,	   /* made on purpose, for scripts; dies at expires_us */
	/* An Altogic client key: opens that face alone, and is no secret where a page carries it;
	 * dies at expires_us. */
	TOKEN_CLIENT = 3,
};

/* What a client key may be used for, at most. */
enum { CLIENT_SCOPES = SCOPE_READ | SCOPE_RUN };

/* "session", "key", "clientKey". */
const char *token_kind_name(enum token_kind kind);

/* The secret itself is never stored: only its keyed hash, under which the record is found. */
struct token {
	uint64_t id, user_id, tenant_id;
	unsigned char hash[TOKEN_HASH_BYTES];
	enum token_kind kind;
	int64_t created_us, used_us;
	int64_t idle_us;    /* 0: use does not matter */
	int64_t expires_us; /* INSTANT_NEVER: does not expire */
	const char *name;   /* NULL if none */
	uint32_t scopes;    /* of enum scope; SCOPE_ALL: whatever the role allows */
	const char **tags;  /* it sees only schedules with one of them; none: all */
	size_t tag_count;
	uint32_t epoch;	    /* the user's, when a session was made */
	uint64_t made_by;   /* the administrator who let its user in; 0: nobody else did */
	uint64_t made_with; /* his key, which it does not outlive; 0: it was a session */
	uint32_t grants;    /* his, when that was done */
	bool lets_in;	    /* a session with which others were let in */
	bool needs_session; /* TOKEN_CLIENT: a user's session must be shown beside it */
	bool has_old;	    /* rotated: the secret before it has a record of its own, */
	bool is_old;	    /* which says that it is one, */
	unsigned char old_hash[TOKEN_HASH_BYTES]; /* and stands here */
};

/* Who does something: worked out from a token, or from the private socket. */
struct actor {
	uint64_t user_id, tenant_id, token_id; /* user 0: the administrator's command */
	const char *name;
	const char *email; /* NULL: none */
	enum role role;
	uint32_t scopes;
	const char **tags;
	size_t tag_count;
	int64_t expires_us;  /* of the token; 0 or INSTANT_NEVER: never */
	const char *tenant;  /* its name */
	const char *remote;  /* the address that the call came from; NULL: not known */
	unsigned job_rights; /* the user's; JOB_RIGHTS_ALL for an administrator */
};

/* When what is given to another ends, if it is to end at `end_us`: not after the actor's token. */
int64_t actor_bounds(const struct actor *actor, int64_t end_us);

/* Enterprise or Domain Admin. */
bool actor_is_admin(const struct actor *actor);

/* The token's scopes allow it; what the role allows is another question. */
bool actor_may(const struct actor *actor, enum scope scope);

/* One of the actor's tenant, and with one of the token's tags if it has any. */
bool actor_sees(const struct actor *actor, const struct schedule *s);

/* A user of this role is not above the actor: who may be made, changed, deleted. */
bool actor_is_over(const struct actor *actor, enum role role);

/* True when `tags` says no more than the actor's own tags do, and `scopes` no more than his. */
bool actor_covers(
    const struct actor *actor, uint32_t scopes, const char *const *tags, size_t tag_count);

#endif
