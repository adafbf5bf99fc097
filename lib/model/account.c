/* Tenants, users, tokens and who may do what: see account.h. */
#include "model/account.h"

#include <string.h>

#include "base/utf8.h"

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
role_is_admin(enum role role)
{
	return role == ROLE_DOMAIN_ADMIN || role == ROLE_ENTERPRISE_ADMIN;
}

const char *
scope_name(enum scope scope)
{
	switch (scope) {
	case SCOPE_READ:
		return "read";
	case SCOPE_RUN:
		return "run";
	case SCOPE_MANAGE:
		return "manage";
	case SCOPE_ACCESS:
		return "access";
	case SCOPE_RESULTS:
		return "results";
	case SCOPE_ALL:
		break;
	}
	return "unknown";
}

int
scope_parse(const char *name, enum scope *scope)
{
	for (unsigned bit = 1; bit < SCOPE_ALL; bit <<= 1) {
		if (!strcmp(name, scope_name(bit))) {
			*scope = bit;
			return 0;
		}
	}
	return ERR_INPUT;
}

const char *
token_kind_name(enum token_kind kind)
{
	switch (kind) {
	case TOKEN_SESSION:
		return "session";
	case TOKEN_KEY:
		return "key";
	case TOKEN_CLIENT:
		return "clientKey";
	}
	return "unknown";
}

const char *
job_right_name(enum job_right right)
{
	switch (right) {
	case JOB_READ:
		return "read";
	case JOB_CREATE:
		return "create";
	case JOB_UPDATE:
		return "update";
	case JOB_DELETE:
		return "delete";
	case JOB_RIGHTS_ALL:
		break;
	}
	return "unknown";
}

int
job_right_parse(const char *name, enum job_right *right)
{
	for (unsigned bit = 1; bit < JOB_RIGHTS_ALL; bit <<= 1) {
		if (!strcmp(name, job_right_name(bit))) {
			*right = bit;
			return 0;
		}
	}
	return ERR_INPUT;
}

unsigned
user_job_rights(const struct user *user)
{
	return role_is_admin(user->role) ? JOB_RIGHTS_ALL : user->job_rights;
}

/* ---- names ---- */

static bool
is_small_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
tenant_name_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (len < 1 || len > TENANT_NAME_MAX || name[0] == '-')
		return false;
	for (; *name; name++) {
		if (!is_small_or_digit(*name) && *name != '-')
			return false;
	}
	return true;
}

static bool
has_control(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	}
	return false;
}

int
user_name_check(const char *name, struct err *err)
{
	const char *at = strrchr(name, '@');
	size_t len = strlen(name);

	if (len == 0)
		return err_fail(err, ERR_INPUT, "Missing value: userName");
	if (len > 255 || !utf8_valid(name, len))
		return err_fail(
		    err, ERR_INPUT, "Invalid value: userName: at most 255 bytes of UTF-8");
	if (has_control(name))
		return err_fail(
		    err, ERR_INPUT, "Invalid value: userName: no control characters");
	/* A log-in would look for him in the tenant of that name, were there ever one. */
	if (at && at[1] && !strchr(at, '.'))
		return err_fail(err, ERR_INPUT,
		    "Invalid value: userName: what stands behind its @ could be a tenant");
	return 0;
}

int
email_check(const char *email, struct err *err)
{
	const char *at = strrchr(email, '@');
	size_t len = strlen(email);

	if (len > 254 || !utf8_valid(email, len) || has_control(email) || strchr(email, ' ') ||
	    !at || at == email || !at[1])
		return err_fail(err, ERR_INPUT, "Invalid value: email");
	return 0;
}

void
text_to_lower(const char *text, char *out)
{
	for (; *text; text++)
		*out++ = (char)(*text >= 'A' && *text <= 'Z' ? *text + ('a' - 'A') : *text);
	*out = '\0';
}

/* ---- who may do what ---- */

int64_t
actor_bounds(const struct actor *actor, int64_t end_us)
{
	return actor->expires_us && actor->expires_us < end_us ? actor->expires_us : end_us;
}

bool
actor_is_admin(const struct actor *actor)
{
	return role_is_admin(actor->role);
}

bool
actor_may(const struct actor *actor, enum scope scope)
{
	return (actor->scopes & scope) == (uint32_t)scope;
}

static bool
has_tag(const char *const *tags, size_t count, const char *tag)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(tags[i], tag))
			return true;
	}
	return false;
}

bool
actor_sees(const struct actor *actor, const struct schedule *s)
{
	if (s->tenant_id != actor->tenant_id)
		return false;
	for (size_t i = 0; i < actor->tag_count; i++) {
		if (has_tag((const char *const *)s->tags, s->tag_count, actor->tags[i]))
			return true;
	}
	return actor->tag_count == 0;
}

bool
actor_is_over(const struct actor *actor, enum role role)
{
	return actor_is_admin(actor) && role <= actor->role;
}

bool
actor_covers(
    const struct actor *actor, uint32_t scopes, const char *const *tags, size_t tag_count)
{
	if (scopes & ~actor->scopes)
		return false;
	if (actor->tag_count && !tag_count)
		return false;
	for (size_t i = 0; actor->tag_count && i < tag_count; i++) {
		if (!has_tag((const char *const *)actor->tags, actor->tag_count, tags[i]))
			return false;
	}
	return true;
}
