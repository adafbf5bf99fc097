/*
 * What the tests of who may do what share: a store of their own, a clock that stands still unless
 * a test moves it, users and their tokens. Each of these programs wraps libsodium's hashing of
 * passwords (see the Makefile), to do it with the least of work.
 */
#ifndef TESTS_ACCESS_SUPPORT_H
#define TESTS_ACCESS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "service/secret.h"
#include "service/service.h"
#include "store/internal.h"
#include "temp_store.h"

#define MAYBE_UNUSED __attribute__((unused))

#define START (INT64_C(1795331400000000)) /* 2026-11-22T07:10:00Z */

static struct temp_store temp;
static struct service sv;
static struct arena arena;
static struct err err;
static struct actor root; /* the administrator's command */
static int64_t now_us;

static struct {
	unsigned rings, entered, left;
	int refuse;	   /* what entering heavy work answers */
	bool ran_in_store; /* it rang while a transaction was under way */
} seen;

/* ---- passwords with the least of work ---- */

int __real_crypto_pwhash_str(char out[crypto_pwhash_STRBYTES], const char *password,
    unsigned long long len, unsigned long long operations, size_t memory);
int __wrap_crypto_pwhash_str(char out[crypto_pwhash_STRBYTES], const char *password,
    unsigned long long len, unsigned long long operations, size_t memory);
int __real_crypto_pwhash_str_verify(
    const char *hash, const char *password, unsigned long long len);
int __wrap_crypto_pwhash_str_verify(
    const char *hash, const char *password, unsigned long long len);

int
__wrap_crypto_pwhash_str(char out[crypto_pwhash_STRBYTES], const char *password,
    unsigned long long len, unsigned long long operations, size_t memory)
{
	assert_true(operations >= crypto_pwhash_OPSLIMIT_INTERACTIVE);
	assert_true(memory >= crypto_pwhash_MEMLIMIT_INTERACTIVE);
	return __real_crypto_pwhash_str(
	    out, password, len, crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN);
}

int
__wrap_crypto_pwhash_str_verify(const char *hash, const char *password, unsigned long long len)
{
	/* That of nobody has its full cost. */
	return strstr(hash, "m=65536") ? -1
				       : __real_crypto_pwhash_str_verify(hash, password, len);
}

/* ---- the fixture ---- */

static MAYBE_UNUSED void
on_ring(void *ctx)
{
	(void)ctx;
	seen.rings++;
	seen.ran_in_store = seen.ran_in_store || store_is_running(sv.store);
}

static MAYBE_UNUSED int
on_enter(void *ctx)
{
	(void)ctx;
	if (!seen.refuse)
		seen.entered++;
	return seen.refuse;
}

static MAYBE_UNUSED void
on_leave(void *ctx)
{
	(void)ctx;
	seen.left++;
}

static const char *const allow[] = {"/bin", NULL};

static MAYBE_UNUSED int
set_up(void **state)
{
	(void)state;
	temp_store_make(&temp);
	memset(&seen, 0, sizeof seen);
	now_us = START;
	sv = (struct service){
	    .store = temp.st,
	    .zones = zones_new(NULL),
	    .command_allow = allow,
	    .session_idle_us = HOUR_US,
	    .random = secret_random,
	    .ring = on_ring,
	    .heavy_enter = on_enter,
	    .heavy_leave = on_leave,
	};
	if (service_init(&sv, &err) || service_system_actor(&sv, &arena, &root, &err))
		fail_msg("%s", err.text);
	return 0;
}

static MAYBE_UNUSED int
tear_down(void **state)
{
	(void)state;
	assert_int_equal(seen.entered, seen.left);
	assert_false(seen.ran_in_store);
	assert_true(temp_store_is_sound(&temp));
	zones_free(sv.zones);
	arena_release(&arena);
	temp_store_remove(&temp);
	return 0;
}

static MAYBE_UNUSED void
ok_at(int code, const char *call, int line)
{
	if (code)
		fail_msg("line %d: %s: %d: %s", line, call, code, err.text);
}

#define ok(call) ok_at((call), #call, __LINE__)

/* Without a password, so that nothing is hashed. */
static MAYBE_UNUSED uint64_t
add_user_to(uint64_t tenant_id, const char *name, enum role role)
{
	struct user_new n = {.name = name, .role = role, .tenant_id = tenant_id};
	uint64_t id;

	ok(service_create_user(&sv, &root, now_us, &n, &id, &err));
	return id;
}

static MAYBE_UNUSED uint64_t
add_user(const char *name, enum role role)
{
	return add_user_to(0, name, role);
}

static MAYBE_UNUSED struct actor
actor_with(const char *token)
{
	struct actor actor = {0};

	ok(service_authenticate(&sv, &arena, now_us, token, &actor, &err));
	return actor;
}

static MAYBE_UNUSED int
try_token(const char *token)
{
	struct actor actor;

	return service_authenticate(&sv, &arena, now_us, token, &actor, &err);
}

/* A token of the user, made by somebody who may everything in his tenant. */
static MAYBE_UNUSED const char *
token_for(uint64_t tenant_id, const char *user_name)
{
	struct actor maker = root;
	struct token_new n = {.user_name = user_name};
	struct token_made made;

	maker.tenant_id = tenant_id;
	ok(service_create_token(&sv, &maker, now_us, &n, &made, &err));
	return arena_strdup(&arena, made.text);
}

static MAYBE_UNUSED struct actor
actor_of(const char *user_name)
{
	return actor_with(token_for(root.tenant_id, user_name));
}

static MAYBE_UNUSED struct actor
someone(const char *name, enum role role)
{
	add_user(name, role);
	return actor_of(name);
}

static MAYBE_UNUSED uint64_t
add_tenant(const char *name)
{
	uint64_t id;

	ok(service_create_tenant(&sv, &root, now_us, name, &id, &err));
	return id;
}

/* An administrator of another tenant. */
static MAYBE_UNUSED struct actor
stranger(void)
{
	uint64_t tenant = add_tenant("acme");

	add_user_to(tenant, "eve", ROLE_DOMAIN_ADMIN);
	return actor_with(token_for(tenant, "eve"));
}

static MAYBE_UNUSED uint64_t
add_schedule(const struct actor *actor, const char *name, const char *tag)
{
	const char *argv[] = {"/bin/true", NULL}, *tags[] = {tag};
	struct task_def task = {.name = "main", .argv = argv, .argc = 1};
	struct schedule s = {
	    .name = name,
	    .description = "",
	    .tags = tags,
	    .tag_count = tag ? 1 : 0,
	    .start_us = INT64_MIN,
	    .end_us = INSTANT_NEVER,
	    .tasks = &task,
	    .task_count = 1,
	    .keep_us = 7 * DAY_US,
	};
	uint64_t id = 0;

	if (service_create_schedule(&sv, actor, now_us, &s, &id, &err) == ERR_DENIED)
		return 0;
	assert_int_not_equal(id, 0);
	return id;
}

static MAYBE_UNUSED int
log_in(const char *name, const char *password, char token[TOKEN_TEXT], int64_t *locked_us)
{
	struct login who = {.name = name, .remote = "192.0.2.1", .now_us = now_us};

	return service_login(&sv, &who, password, token, locked_us, &err);
}

static MAYBE_UNUSED int
try_log_in(const char *name, const char *password)
{
	char token[TOKEN_TEXT];
	int64_t locked_us;

	return log_in(name, password, token, &locked_us);
}

static MAYBE_UNUSED void
set_password(uint64_t id, const char *password)
{
	ok(service_update_user(
	    &sv, &root, now_us, id, &(struct user_change){.password = password}, &err));
}

/* ---- the audit ---- */

static MAYBE_UNUSED struct audit_verdict
verified(const struct actor *actor)
{
	struct audit_verdict v;

	ok(service_verify_audit(&sv, actor, &v, &err));
	return v;
}

static MAYBE_UNUSED struct audit_entry
last_entry(const struct actor *actor)
{
	struct audit_query q = {.from_us = INT64_MIN, .to_us = INSTANT_NEVER, .cap = 1};
	struct audit_entry *list;
	uint64_t next;
	size_t count;

	ok(service_list_audit(&sv, &arena, actor, &q, &list, &count, &next, &err));
	assert_int_equal(count, 1);
	return list[0];
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
