/* Users and tokens: see account.h. */
#include "model/account.h"

#include <string.h>

const char *
role_name(enum role role)
{
	switch (role) {
	case ROLE_VIEWER:
		return "viewer";
	case ROLE_ANALYST:
		return "analyst";
	case ROLE_PRO:
		return "pro";
	case ROLE_DOMAIN_ADMIN:
		return "domainAdmin";
	case ROLE_ENTERPRISE_ADMIN:
		return "enterpriseAdmin";
	}
	return "unknown";
}

int
role_parse(const char *name, enum role *role)
{
	for (enum role r = ROLE_VIEWER; r <= ROLE_ENTERPRISE_ADMIN; r++) {
		if (!strcmp(name, role_name(r))) {
			*role = r;
			return 0;
		}
	}
	return ERR_INPUT;
}

bool
actor_is_admin(const struct actor *actor)
{
	return actor->role == ROLE_DOMAIN_ADMIN || actor->role == ROLE_ENTERPRISE_ADMIN;
}
