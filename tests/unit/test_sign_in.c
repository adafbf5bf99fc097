/*
 * How somebody comes in through the other faces, and goes: by an address, by a password for one
 * call, by a client key with and without a session; and what ends a session.
 */
#include "base/id.h"

#include "access_support.h"

/* A user of the first tenant with an address and the password "one". */
static uint64_t
add_with_email(uint64_t tenant_id, const char *name, const char *email, const char *password)
{
	struct user_new n = {.name = name,
	    .email = email,
	    .role = ROLE_PRO,
	    .password = password,
	    .tenant_id = tenant_id};
	uint64_t id;

	ok(service_create_user(&sv, &root, now_us, &n, &id, &err));
	return id;
}

/* ---- by an address ---- */

static int
sign_in(uint64_t tenant_id, const char *email, const char *password, char token[TOKEN_TEXT],
    int64_t *locked_us)
{
	struct login who = {.email = email,
	    .tenant_id = tenant_id,
	    .remote = "192.0.2.1",
	    .now_us = now_us,
	    .idle_us = DAY_US};

	return service_login(&sv, &who, password, token, locked_us, &err);
}

static int
try_sign_in(uint64_t tenant_id, const char *email, const char *password)
{
	char token[TOKEN_TEXT];
	int64_t locked_us;

	return sign_in(tenant_id, email, password, token, &locked_us);
}

static void
an_address_lets_in_within_one_tenant(void **state)
{
	uint64_t acme = add_tenant("acme"), ann = add_with_email(0, "ann", "Ann@x.test", "one"),
		 eve = add_with_email(acme, "eve", "ann@x.test", "two");
	char token[TOKEN_TEXT];
	int64_t locked_us;
	bool no = false;

	(void)state;
	ok(sign_in(root.tenant_id, "ann@X.test", "one", token, &locked_us));
	assert_int_equal(actor_with(token).user_id, ann);
	assert_string_equal(actor_with(token).email, "Ann@x.test");
	assert_string_equal(last_entry(&root).action, "login");
	assert_string_equal(last_entry(&root).actor_name, "ann");
	ok(sign_in(0, "ann@x.test", "one", token, &locked_us));
	ok(sign_in(acme, "ann@x.test", "two", token, &locked_us));
	assert_int_equal(actor_with(token).user_id, eve);
	assert_int_equal(try_sign_in(acme, "ann@x.test", "one"), ERR_IDENTITY);
	assert_int_equal(try_sign_in(0, "ann", "one"), ERR_IDENTITY);
	assert_int_equal(try_sign_in(0, "bob@x.test", "one"), ERR_IDENTITY);
	assert_int_equal(try_sign_in(4711, "ann@x.test", "one"), ERR_IDENTITY);
	ok(service_update_tenant(&sv, &root, now_us, acme, NULL, &no, &err));
	assert_int_equal(try_sign_in(acme, "ann@x.test", "two"), ERR_IDENTITY);
}

static void
a_session_lives_as_long_without_use_as_its_door_says(void **state)
{
	char long_one[TOKEN_TEXT], short_one[TOKEN_TEXT];
	int64_t locked_us;

	(void)state;
	add_with_email(0, "ann", "ann@x.test", "one");
	ok(sign_in(0, "ann@x.test", "one", long_one, &locked_us));
	ok(log_in("ann", "one", short_one, &locked_us));
	now_us += HOUR_US + 1;
	assert_int_equal(try_token(short_one), ERR_IDENTITY);
	ok(try_token(long_one));
	now_us += DAY_US;
	ok(try_token(long_one));
	now_us += DAY_US + 1;
	assert_int_equal(try_token(long_one), ERR_IDENTITY);
}

static void
an_address_is_locked_apart_from_the_name_and_known_or_not(void **state)
{
	static const char *const addresses[] = {"ann@x.test", "nobody@x.test"};
	char token[TOKEN_TEXT];
	struct user_view *list;
	size_t count, total;
	int64_t locked_us;
	unsigned before;

	(void)state;
	add_with_email(0, "ann", "ann@x.test", "one");
	for (size_t n = 0; n < 2; n++) {
		for (int i = 0; i < 5; i++) {
			before = seen.entered;
			assert_int_equal(
			    sign_in(0, addresses[n], "x", token, &locked_us), ERR_IDENTITY);
			assert_int_equal(seen.entered, before + 1);
		}
		assert_int_equal(locked_us, SECOND_US);
		/* In any spelling. */
		assert_int_equal(
		    sign_in(0, n ? "NOBODY@x.test" : "ANN@x.test", "one", token, &locked_us),
		    ERR_IDENTITY);
		assert_int_equal(locked_us, SECOND_US);
		assert_int_equal(seen.entered, before + 1);
	}
	ok(log_in("ann", "one", token, &locked_us));
	/* Nor is a name that looks like it. */
	add_with_email(0, "ann@x.test", NULL, "two");
	ok(log_in("ann@x.test", "two", token, &locked_us));
	ok(service_list_users(
	    &sv, &arena, &root, now_us, NULL, NULL, 9, &list, &count, &total, &err));
	assert_int_equal(list[0].locked_us, now_us + SECOND_US);
	now_us += SECOND_US;
	ok(try_sign_in(0, "ann@x.test", "one"));
}

/* ---- a password for one call ---- */

static void
a_password_for_one_call_leaves_nothing_behind(void **state)
{
	uint64_t ann = add_with_email(0, "ann", "ann@x.test", "one"), before;
	struct login who = {.name = "ann", .remote = "192.0.2.1", .now_us = now_us};
	struct user_change off = {.enabled = &(bool){false}};
	struct token_place next;
	struct token *tokens;
	struct actor actor;
	int64_t locked_us;
	size_t count;

	(void)state;
	before = verified(&root).count;
	ok(service_login_once(&sv, &arena, &who, "one", &actor, &locked_us, &err));
	assert_int_equal(actor.user_id, ann);
	assert_int_equal(actor.token_id, 0);
	assert_int_equal(actor.scopes, SCOPE_ALL);
	assert_int_equal(actor.role, ROLE_PRO);
	assert_string_equal(actor.tenant, "main");
	assert_string_equal(actor.remote, "192.0.2.1");
	assert_int_equal(verified(&root).count, before);
	ok(service_list_tokens(&sv, &arena, &root, now_us, ann, (struct token_place){0}, 9,
	    &tokens, &count, &next, &err));
	assert_int_equal(count, 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(
		    service_login_once(&sv, &arena, &who, "x", &actor, &locked_us, &err),
		    ERR_IDENTITY);
	assert_int_equal(locked_us, SECOND_US);
	assert_int_equal(try_log_in("ann", "one"), ERR_IDENTITY);
	now_us = who.now_us += SECOND_US;
	ok(service_update_user(&sv, &root, now_us, ann, &off, &err));
	assert_int_equal(service_login_once(&sv, &arena, &who, "one", &actor, &locked_us, &err),
	    ERR_IDENTITY);
}

/* ---- client keys ---- */

static const char *
client_key(uint64_t tenant_id, const char *user_name, bool needs_session)
{
	struct token_new n = {
	    .user_name = user_name, .is_client_key = true, .needs_session = needs_session};
	struct actor maker = root;
	struct token_made made;

	maker.tenant_id = tenant_id;
	ok(service_create_token(&sv, &maker, now_us, &n, &made, &err));
	return arena_strdup(&arena, made.text);
}

static int
call_as(const struct client_call *call, struct actor *actor, enum client_fault *fault)
{
	struct client_call c = *call;

	c.now_us = now_us;
	return service_authenticate_client(&sv, &arena, &c, actor, fault, &err);
}

static enum client_fault
fault_of(const struct client_call *call)
{
	enum client_fault fault;
	struct actor actor;
	int rc = call_as(call, &actor, &fault);

	assert_int_equal(rc, fault ? ERR_IDENTITY : 0);
	return fault;
}

static void
a_client_key_opens_one_face_alone(void **state)
{
	struct login bob = {.name = "bob", .now_us = now_us};
	enum client_fault fault;
	char token[TOKEN_TEXT];
	struct actor actor;
	const char *key;

	(void)state;
	add_user("adm", ROLE_DOMAIN_ADMIN);
	add_user("bob", ROLE_VIEWER);
	key = client_key(root.tenant_id, "adm", false);
	assert_int_equal(try_token(key), ERR_IDENTITY);
	assert_string_equal(err.text, "Invalid or missing token");
	assert_int_equal(service_login_for(&sv, &bob, key, token, &err), ERR_IDENTITY);
	ok(call_as(&(struct client_call){.key = key}, &actor, &fault));
	assert_string_equal(actor.name, "adm");
	assert_int_equal(actor.scopes, SCOPE_READ | SCOPE_RUN);
	/* And what opens the other faces is no client key. */
	key = token_for(root.tenant_id, "adm");
	assert_int_equal(fault_of(&(struct client_call){.key = key}), CLIENT_FAULT_KEY);
}

static void
a_client_key_reads_and_runs_at_most(void **state)
{
	const struct {
		uint32_t has, asked;
		bool is_key, needs_session;
		int code;
	} cases[] = {
	    {SCOPE_ALL, 0, true, false, 0},
	    {SCOPE_ALL, SCOPE_READ, true, true, 0},
	    {SCOPE_ALL, SCOPE_RUN, true, true, 0},
	    {SCOPE_ACCESS | SCOPE_READ, 0, true, false, 0},
	    {SCOPE_ALL, SCOPE_READ | SCOPE_MANAGE, true, false, ERR_INPUT},
	    {SCOPE_ALL, SCOPE_RESULTS, true, false, ERR_INPUT},
	    {SCOPE_ACCESS, 0, true, false, ERR_DENIED},
	    {SCOPE_ACCESS | SCOPE_READ, SCOPE_RUN, true, false, ERR_DENIED},
	    {SCOPE_ALL, 0, false, true, ERR_INPUT},
	};
	struct actor ann = someone("ann", ROLE_PRO);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct token_new n = {.scopes = cases[i].asked,
		    .is_client_key = cases[i].is_key,
		    .needs_session = cases[i].needs_session};
		struct token_made made;

		ann.scopes = cases[i].has;
		assert_int_equal(
		    service_create_token(&sv, &ann, now_us, &n, &made, &err), cases[i].code);
		if (!cases[i].code)
			assert_int_equal(fault_of(&(struct client_call){.key = made.text}),
			    cases[i].needs_session ? CLIENT_FAULT_NO_SESSION
						   : CLIENT_FAULT_NONE);
	}
}

static void
what_is_wrong_with_a_clients_call_is_told_in_order(void **state)
{
	uint64_t acme = add_tenant("acme"), gone = add_tenant("gone"), off = add_tenant("off");
	char acme_hex[ID_HEX_LEN + 1], acme_number[24], session[TOKEN_TEXT], other[TOKEN_TEXT];
	const char *k, *ks, *ka, *key;
	bool no = false;

	(void)state;
	add_with_email(0, "ann", "ann@x.test", "one");
	add_with_email(acme, "eve", "eve@x.test", "two");
	add_user_to(off, "oz", ROLE_PRO);
	k = client_key(root.tenant_id, "ann", false);
	ks = client_key(root.tenant_id, "ann", true);
	ka = client_key(acme, "eve", false);
	key = token_for(root.tenant_id, "ann");
	ok(sign_in(0, "ann@x.test", "one", session, &(int64_t){0}));
	ok(sign_in(acme, "eve@x.test", "two", other, &(int64_t){0}));
	ok(service_delete_tenant(&sv, &root, now_us, gone, &err));
	ok(service_update_tenant(&sv, &root, now_us, off, NULL, &no, &err));
	id_hex(acme, acme_hex);
	snprintf(acme_number, sizeof acme_number, "%llu", (unsigned long long)acme);

	const struct {
		const char *environment, *key, *session;
		enum client_session needed;
		enum client_fault fault;
	} cases[] = {
	    {NULL, k, NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_NONE},
	    {NULL, k, "bad", CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_NONE},
	    {"main", k, NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_NONE},
	    {"acme", ka, NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_NONE},
	    {acme_hex, ka, NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_NONE},
	    {acme_number, ka, NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_NONE},
	    {"nope", k, NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_ENVIRONMENT},
	    {"nope", NULL, NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_ENVIRONMENT},
	    {"", k, NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_ENVIRONMENT},
	    {"gone", k, NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_ENVIRONMENT},
	    {"off", k, NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_ENVIRONMENT},
	    {NULL, NULL, session, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_KEY},
	    {NULL, "", NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_KEY},
	    {NULL, "bad", NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_KEY},
	    {NULL, session, NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_KEY},
	    {"acme", k, NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_KEY},
	    {NULL, ka, NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_KEY},
	    {NULL, ks, NULL, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_NO_SESSION},
	    {NULL, ks, "", CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_NO_SESSION},
	    {NULL, ks, "bad", CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_SESSION},
	    {NULL, ks, other, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_SESSION},
	    {NULL, ks, key, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_SESSION},
	    {NULL, ks, ks, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_SESSION},
	    {NULL, ks, session, CLIENT_SESSION_AS_KEY_SAYS, CLIENT_FAULT_NONE},
	    {NULL, ks, NULL, CLIENT_SESSION_NEVER, CLIENT_FAULT_NONE},
	    {NULL, "bad", NULL, CLIENT_SESSION_NEVER, CLIENT_FAULT_KEY},
	    {NULL, k, NULL, CLIENT_SESSION_ALWAYS, CLIENT_FAULT_NO_SESSION},
	    {NULL, k, "bad", CLIENT_SESSION_ALWAYS, CLIENT_FAULT_SESSION},
	    {NULL, k, session, CLIENT_SESSION_ALWAYS, CLIENT_FAULT_NONE},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum client_fault fault = fault_of(&(struct client_call){
		    .environment = cases[i].environment,
		    .key = cases[i].key,
		    .session = cases[i].session,
		    .session_needed = cases[i].needed,
		});

		if (fault != cases[i].fault)
			fail_msg("case %zu: %d", i, fault);
	}
}

struct cutting {
	const char *text;
	struct token limits;
};

static int
cut_body(struct txn *txn, void *ctx, struct err *e)
{
	struct cutting *c = ctx;
	unsigned char hash[TOKEN_HASH_BYTES];
	const void *key;
	struct token t;
	size_t len;

	ok(store_value_get(txn, &arena, "token-key", &key, &len, e));
	secret_token_hash(key, c->text, hash);
	ok(store_token_get(txn, &arena, hash, &t, e));
	t.scopes = c->limits.scopes;
	t.tags = c->limits.tags;
	t.tag_count = c->limits.tag_count;
	t.expires_us = c->limits.expires_us;
	return store_token_put(txn, &t, e);
}

/* Give a session or client key these limits. */
static void
cut(const char *text, uint32_t scopes, const char **tags, size_t tag_count)
{
	struct cutting c = {.text = text,
	    .limits = {.scopes = scopes,
		.tags = tags,
		.tag_count = tag_count,
		.expires_us = now_us + DAY_US}};

	ok(store_run(sv.store, cut_body, &c, &err));
}

static void
a_session_beside_a_key_may_what_both_leave_of_its_user(void **state)
{
	static const char *a[] = {"a"}, *b[] = {"b"}, *ab[] = {"a", "b"}, *bc[] = {"b", "c"};
	const struct {
		uint32_t session, key, both;
		const char **session_tags, **key_tags;
		size_t session_count, key_count;
		const char *tag; /* the one that is left; NULL: no limit */
	} cases[] = {
	    {SCOPE_ALL, CLIENT_SCOPES, CLIENT_SCOPES, NULL, NULL, 0, 0, NULL},
	    {SCOPE_READ, CLIENT_SCOPES, SCOPE_READ, NULL, NULL, 0, 0, NULL},
	    {SCOPE_ALL, SCOPE_RUN, SCOPE_RUN, a, NULL, 1, 0, "a"},
	    {SCOPE_ALL, SCOPE_RUN, SCOPE_RUN, NULL, a, 0, 1, "a"},
	    {SCOPE_ALL, SCOPE_RUN, SCOPE_RUN, ab, bc, 2, 2, "b"},
	    /* Nothing is left. */
	    {SCOPE_ALL, SCOPE_RUN, 0, a, b, 1, 1, NULL},
	    {SCOPE_MANAGE, SCOPE_RUN, 0, NULL, NULL, 0, 0, NULL},
	};
	uint64_t bob = add_with_email(0, "bob", "bob@x.test", "one");
	char session[TOKEN_TEXT];
	enum client_fault fault;
	struct actor actor;
	const char *key;

	(void)state;
	add_user("adm", ROLE_DOMAIN_ADMIN);
	key = client_key(root.tenant_id, "adm", true);
	ok(sign_in(0, "bob@x.test", "one", session, &(int64_t){0}));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cut(session, cases[i].session, cases[i].session_tags, cases[i].session_count);
		cut(key, cases[i].key, cases[i].key_tags, cases[i].key_count);
		if (!cases[i].both) {
			struct client_call call = {.key = key, .session = session};

			assert_int_equal(call_as(&call, &actor, &fault), ERR_DENIED);
			assert_int_equal(fault, CLIENT_FAULT_NONE);
			/* It can be ended. */
			call.session_needed = CLIENT_SESSION_ALWAYS;
			ok(call_as(&call, &actor, &fault));
			assert_int_equal(actor.user_id, bob);
			continue;
		}
		ok(call_as(
		    &(struct client_call){.key = key, .session = session}, &actor, &fault));
		assert_int_equal(actor.user_id, bob);
		assert_int_equal(actor.role, ROLE_PRO);
		assert_int_equal(actor.scopes, cases[i].both);
		assert_int_equal(actor.tag_count, cases[i].tag ? 1 : 0);
		if (cases[i].tag)
			assert_string_equal(actor.tags[0], cases[i].tag);
		assert_int_equal(actor.expires_us, now_us + DAY_US);
	}
}

static void
a_session_shown_beside_a_key_is_in_use(void **state)
{
	char session[TOKEN_TEXT];
	const char *key;

	(void)state;
	add_with_email(0, "ann", "ann@x.test", "one");
	key = client_key(root.tenant_id, "ann", true);
	ok(sign_in(0, "ann@x.test", "one", session, &(int64_t){0}));
	for (int i = 0; i < 3; i++) {
		now_us += DAY_US;
		assert_int_equal(
		    fault_of(&(struct client_call){.key = key, .session = session}),
		    CLIENT_FAULT_NONE);
	}
	now_us += DAY_US + 1;
	assert_int_equal(fault_of(&(struct client_call){.key = key, .session = session}),
	    CLIENT_FAULT_SESSION);
}

/* ---- log-out ---- */

static void
a_log_out_ends_a_session_of_ones_own_and_nothing_else(void **state)
{
	char here[TOKEN_TEXT], there[TOKEN_TEXT], others[TOKEN_TEXT];
	struct actor ann, with_key;
	const char *key;
	uint64_t before;

	(void)state;
	add_with_email(0, "ann", "ann@x.test", "one");
	add_with_email(0, "bob", "bob@x.test", "two");
	ok(sign_in(0, "ann@x.test", "one", here, &(int64_t){0}));
	ok(sign_in(0, "ann@x.test", "one", there, &(int64_t){0}));
	ok(sign_in(0, "bob@x.test", "two", others, &(int64_t){0}));
	key = token_for(root.tenant_id, "ann");
	ann = actor_with(here);
	with_key = actor_with(key);

	before = verified(&root).count;
	ok(service_logout(&sv, &ann, now_us, others, &err));
	ok(service_logout(&sv, &ann, now_us, "unknown", &err));
	ok(service_logout(&sv, &ann, now_us, key, &err));
	ok(service_logout(&sv, &with_key, now_us, NULL, &err));
	ok(try_token(here));
	ok(try_token(there));
	ok(try_token(others));
	ok(try_token(key));
	assert_int_equal(verified(&root).count, before);

	ok(service_logout(&sv, &ann, now_us, there, &err));
	assert_int_equal(try_token(there), ERR_IDENTITY);
	ok(service_logout(&sv, &ann, now_us, NULL, &err));
	assert_int_equal(try_token(here), ERR_IDENTITY);
	assert_string_equal(last_entry(&root).action, "logout");
	assert_int_equal(last_entry(&root).actor_id, ann.user_id);
	/* Twice is once. */
	ok(service_logout(&sv, &ann, now_us, NULL, &err));
	assert_int_equal(verified(&root).count, before + 2);
}

/* ---- let in by an administrator ---- */

/* An administrator, his two tokens, and bob, whom he let in with the first. */
struct let_in {
	uint64_t adm, bob;
	uint64_t with, other; /* ids of his tokens */
	char token[TOKEN_TEXT];
};

static int
let_in(const char *name, const char *admin_token, char token[TOKEN_TEXT])
{
	struct login who = {.name = name, .now_us = now_us, .idle_us = 30 * DAY_US};

	return service_login_for(&sv, &who, admin_token, token, &err);
}

/* With sessions of his, or with keys. */
static struct let_in
let_bob_in(bool by_session)
{
	struct let_in c;
	char with[TOKEN_TEXT], other[TOKEN_TEXT];
	int64_t locked_us;

	c.adm = add_user("adm", ROLE_DOMAIN_ADMIN);
	c.bob = add_user("bob", ROLE_VIEWER);
	set_password(c.adm, "one");
	if (by_session) {
		ok(log_in("adm", "one", with, &locked_us));
		ok(log_in("adm", "one", other, &locked_us));
	} else {
		memcpy(with, token_for(root.tenant_id, "adm"), sizeof with);
		memcpy(other, token_for(root.tenant_id, "adm"), sizeof other);
	}
	c.with = actor_with(with).token_id;
	c.other = actor_with(other).token_id;
	ok(let_in("bob", with, c.token));
	ok(try_token(c.token));
	return c;
}

static void
change_adm(const struct let_in *c, struct user_change change)
{
	ok(service_update_user(&sv, &root, now_us, c->adm, &change, &err));
}

static void
disable(const struct let_in *c)
{
	change_adm(c, (struct user_change){.enabled = &(bool){false}});
}

static void
disable_for_a_while(const struct let_in *c)
{
	disable(c);
	change_adm(c, (struct user_change){.enabled = &(bool){true}});
}

static void
delete_him(const struct let_in *c)
{
	ok(service_delete_user(&sv, &root, now_us, c->adm, &err));
}

static void
demote(const struct let_in *c)
{
	change_adm(c, (struct user_change){.role = &(enum role){ROLE_PRO}});
}

static void
new_password(const struct let_in *c)
{
	set_password(c->adm, "two");
}

static void
revoke_it(const struct let_in *c)
{
	ok(service_revoke_token(&sv, &root, now_us, c->with, &err));
}

static void
log_out(const struct let_in *c)
{
	struct actor adm = {.user_id = c->adm, .tenant_id = root.tenant_id, .name = "adm"};

	adm.token_id = c->with;
	ok(service_logout(&sv, &adm, now_us, NULL, &err));
}

static void
promote_bob(const struct let_in *c)
{
	struct user_change up = {.role = &(enum role){ROLE_ENTERPRISE_ADMIN}};

	ok(service_update_user(&sv, &root, now_us, c->bob, &up, &err));
}

static void
revoke_another(const struct let_in *c)
{
	ok(service_revoke_token(&sv, &root, now_us, c->other, &err));
}

static void
promote_bob_a_little(const struct let_in *c)
{
	struct user_change up = {.role = &(enum role){ROLE_PRO}};

	ok(service_update_user(&sv, &root, now_us, c->bob, &up, &err));
}

static int
sweep_body(struct txn *txn, void *ctx, struct err *e)
{
	return store_token_sweep(txn, now_us, 100, ctx, e);
}

static void
idle_for_days(const struct let_in *c)
{
	size_t removed;

	(void)c;
	now_us += 2 * DAY_US;
	ok(store_run(sv.store, sweep_body, &removed, &err));
}

static void
rotate(const struct let_in *c)
{
	struct token_made made;

	ok(service_rotate_token(&sv, &root, now_us, c->with, 0, &made, &err));
}

static void
who_was_let_in_is_out_with_the_administrator_and_his_token(void **state)
{
	static const struct {
		void (*act)(const struct let_in *c);
		const char *what;
		bool by_key, by_session, ends;
	} cases[] = {
	    {disable, "disabled", true, true, true},
	    {disable_for_a_while, "disabled for a while", true, true, true},
	    {delete_him, "deleted", true, true, true},
	    {demote, "demoted", true, true, true},
	    {new_password, "another password", true, true, true},
	    {revoke_it, "revoked", true, true, true},
	    {log_out, "logged out", false, true, true},
	    {promote_bob, "no longer above him", true, true, true},
	    {log_out, "a key does not log out", true, false, false},
	    {rotate, "another secret", true, false, false},
	    {revoke_another, "another token revoked", true, true, false},
	    {promote_bob_a_little, "still above him", true, true, false},
	    {idle_for_days, "idle", true, true, false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (int by_session = 0; by_session < 2; by_session++) {
			struct token_place next;
			struct token *tokens;
			struct let_in c;
			size_t count;

			if (by_session ? !cases[i].by_session : !cases[i].by_key)
				continue;
			tear_down(state);
			set_up(state);
			c = let_bob_in(by_session);
			cases[i].act(&c);
			if (try_token(c.token) != (cases[i].ends ? ERR_IDENTITY : 0))
				fail_msg(
				    "%s, %s", cases[i].what, by_session ? "session" : "key");
			ok(service_list_tokens(&sv, &arena, &root, now_us, c.bob,
			    (struct token_place){0}, 9, &tokens, &count, &next, &err));
			assert_int_equal(count, cases[i].ends ? 0 : 1);
		}
	}
}

static void
who_was_let_in_lets_nobody_in(void **state)
{
	char token[TOKEN_TEXT], another[TOKEN_TEXT];
	const char *key;

	(void)state;
	add_user("adm", ROLE_DOMAIN_ADMIN);
	add_user("eve", ROLE_DOMAIN_ADMIN);
	add_user("bob", ROLE_VIEWER);
	key = token_for(root.tenant_id, "adm");
	ok(let_in("eve", key, token));
	assert_int_equal(let_in("bob", token, another), ERR_DENIED);
	ok(let_in("bob", key, another));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_address_lets_in_within_one_tenant),
	    TEST(a_session_lives_as_long_without_use_as_its_door_says),
	    TEST(an_address_is_locked_apart_from_the_name_and_known_or_not),
	    TEST(a_password_for_one_call_leaves_nothing_behind),
	    TEST(a_client_key_opens_one_face_alone),
	    TEST(a_client_key_reads_and_runs_at_most),
	    TEST(what_is_wrong_with_a_clients_call_is_told_in_order),
	    TEST(a_session_beside_a_key_may_what_both_leave_of_its_user),
	    TEST(a_session_shown_beside_a_key_is_in_use),
	    TEST(a_log_out_ends_a_session_of_ones_own_and_nothing_else),
	    TEST(who_was_let_in_is_out_with_the_administrator_and_his_token),
	    TEST(who_was_let_in_lets_nobody_in),
	};

	if (secret_init(&err))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
