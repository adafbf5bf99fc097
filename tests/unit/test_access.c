/*
 * Who may do what: users, tenants, tokens, log-in, lock-out, the audit, and calls that may be
 * repeated. The use cases on a store of their own, with a clock that stands still unless a test
 * moves it.
 */
#include <ftw.h>

#include "base/id.h"
#include "service/calendars.h"
#include "store/record.h"

#include "access_support.h"

/* ---- users ---- */

static void
nobody_makes_or_changes_who_is_above_him(void **state)
{
	const struct {
		enum role actor, target;
		int code;
	} cases[] = {
	    {ROLE_VIEWER, ROLE_VIEWER, ERR_DENIED},
	    {ROLE_ANALYST, ROLE_VIEWER, ERR_DENIED},
	    {ROLE_PRO, ROLE_VIEWER, ERR_DENIED},
	    {ROLE_DOMAIN_ADMIN, ROLE_VIEWER, 0},
	    {ROLE_DOMAIN_ADMIN, ROLE_DOMAIN_ADMIN, 0},
	    {ROLE_DOMAIN_ADMIN, ROLE_ENTERPRISE_ADMIN, ERR_DENIED},
	    {ROLE_ENTERPRISE_ADMIN, ROLE_ENTERPRISE_ADMIN, 0},
	};
	struct actor actors[ROLE_ENTERPRISE_ADMIN + 1];
	uint64_t id;

	(void)state;
	for (enum role r = ROLE_VIEWER; r <= ROLE_ENTERPRISE_ADMIN; r++)
		actors[r] = someone(role_name(r), r);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct actor *actor = &actors[cases[i].actor];
		enum role role = cases[i].target;
		uint64_t target = add_user(arena_printf(&arena, "t%zu", i), role);
		struct user_new n = {.name = arena_printf(&arena, "n%zu", i), .role = role};
		struct token_new token = {.user_id = target};
		struct user_change same = {.role = &role};
		struct token_made made;

		assert_int_equal(
		    service_create_user(&sv, actor, now_us, &n, &id, &err), cases[i].code);
		assert_int_equal(service_update_user(&sv, actor, now_us, target, &same, &err),
		    cases[i].code);
		assert_int_equal(service_create_token(&sv, actor, now_us, &token, &made, &err),
		    cases[i].code);
		assert_int_equal(
		    service_delete_user(&sv, actor, now_us, target, &err), cases[i].code);
	}
}

static void
nobody_is_raised_above_who_raises_him(void **state)
{
	struct actor domain = someone("dom", ROLE_DOMAIN_ADMIN);
	uint64_t id = add_user("bob", ROLE_PRO);
	enum role role = ROLE_ENTERPRISE_ADMIN;
	struct user_change raise = {.role = &role};

	(void)state;
	assert_int_equal(
	    service_update_user(&sv, &domain, now_us, id, &raise, &err), ERR_DENIED);
	role = ROLE_DOMAIN_ADMIN;
	ok(service_update_user(&sv, &domain, now_us, id, &raise, &err));
}

static void
the_last_enterprise_admin_of_the_first_tenant_stays_one(void **state)
{
	uint64_t acme = add_tenant("acme"), id = add_user("ann", ROLE_ENTERPRISE_ADMIN), other;
	enum role viewer = ROLE_VIEWER;
	bool no = false, yes = true;
	struct user_change lower = {.role = &viewer}, disable = {.enabled = &no},
			   enable = {.enabled = &yes};

	(void)state;
	add_user_to(acme, "eve", ROLE_ENTERPRISE_ADMIN);
	assert_int_equal(service_delete_user(&sv, &root, now_us, id, &err), ERR_CONFLICT);
	assert_int_equal(
	    service_update_user(&sv, &root, now_us, id, &lower, &err), ERR_CONFLICT);
	assert_int_equal(
	    service_update_user(&sv, &root, now_us, id, &disable, &err), ERR_CONFLICT);
	/* One who cannot log in is none. */
	other = add_user("bob", ROLE_ENTERPRISE_ADMIN);
	ok(service_update_user(&sv, &root, now_us, other, &disable, &err));
	assert_int_equal(service_delete_user(&sv, &root, now_us, id, &err), ERR_CONFLICT);
	ok(service_update_user(&sv, &root, now_us, other, &enable, &err));
	ok(service_delete_user(&sv, &root, now_us, id, &err));
	assert_int_equal(service_delete_user(&sv, &root, now_us, other, &err), ERR_CONFLICT);
}

static void
names_that_could_mean_a_user_of_a_tenant_are_refused(void **state)
{
	const struct {
		const char *name;
		int code;
	} cases[] = {
	    {"ann", 0},
	    {"ann@example.test", 0},
	    {"ann@", 0},
	    {"ann@acme", ERR_INPUT},
	    {"ann@example.test@acme", ERR_INPUT},
	    {"ann@Acme", ERR_INPUT},
	    {"", ERR_INPUT},
	    {"a\nb", ERR_INPUT},
	    {"\xff", ERR_INPUT},
	    {"ann", ERR_CONFLICT},
	    {"Ann", 0},
	};
	uint64_t id;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct user_new n = {.name = cases[i].name, .role = ROLE_VIEWER};

		assert_int_equal(
		    service_create_user(&sv, &root, now_us, &n, &id, &err), cases[i].code);
	}
}

static void
an_address_is_one_users_in_his_tenant(void **state)
{
	uint64_t acme = add_tenant("acme"), id;
	struct user_new ann = {.name = "ann", .role = ROLE_PRO, .email = "Ann@x.test"},
			bob = {.name = "bob", .role = ROLE_PRO, .email = "ann@X.test"};

	(void)state;
	ok(service_create_user(&sv, &root, now_us, &ann, &id, &err));
	assert_int_equal(
	    service_create_user(&sv, &root, now_us, &bob, &id, &err), ERR_CONFLICT);
	assert_string_equal(err.text, "A user with this e-mail address exists");
	bob.tenant_id = acme;
	ok(service_create_user(&sv, &root, now_us, &bob, &id, &err));
	bob.email = "no address";
	assert_int_equal(service_create_user(&sv, &root, now_us, &bob, &id, &err), ERR_INPUT);
}

static void
users_are_listed_by_name_found_in_name_and_address_and_counted(void **state)
{
	struct user_new n = {.name = "zoe", .role = ROLE_PRO, .email = "ann@x.test"};
	struct actor eve = stranger();
	struct user_view *list;
	size_t count, total;
	uint64_t id;

	(void)state;
	add_user("Anna", ROLE_VIEWER);
	add_user("bob", ROLE_VIEWER);
	add_user("joann", ROLE_VIEWER);
	ok(service_create_user(&sv, &root, now_us, &n, &id, &err));
	ok(service_list_users(
	    &sv, &arena, &root, now_us, "ANN", NULL, 2, &list, &count, &total, &err));
	assert_int_equal(total, 3);
	assert_int_equal(count, 2);
	assert_string_equal(list[0].user.name, "Anna");
	ok(service_list_users(&sv, &arena, &root, now_us, "ANN", list[1].user.name, 2, &list,
	    &count, &total, &err));
	assert_int_equal(total, 3);
	assert_int_equal(count, 1);
	assert_string_equal(list[0].user.name, "zoe");
	ok(service_list_users(
	    &sv, &arena, &eve, now_us, NULL, NULL, 9, &list, &count, &total, &err));
	assert_int_equal(total, 1);
}

static void
a_lower_role_a_new_password_and_being_disabled_end_sessions(void **state)
{
	enum role analyst = ROLE_ANALYST, pro = ROLE_PRO;
	bool no = false, yes = true;
	const struct {
		struct user_change change;
		bool ends;
	} cases[] = {
	    {{.email = "ann@x.test"}, false},
	    {{.role = &pro}, false},
	    {{.role = &analyst}, true},
	    {{.role = &pro}, false}, /* raised again */
	    {{.enabled = &yes}, false},
	    {{.enabled = &no}, true},
	    {{.enabled = &yes}, false},
	    {{.password = "new"}, true},
	};
	uint64_t id = add_user("ann", ROLE_PRO);
	const char *admin, *key = token_for(root.tenant_id, "ann");
	char session[TOKEN_TEXT];
	struct login who = {.name = "ann", .now_us = now_us};

	(void)state;
	add_user("adm", ROLE_ENTERPRISE_ADMIN);
	admin = token_for(root.tenant_id, "adm");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool enabled = i != 6;

		if (enabled)
			ok(service_login_for(&sv, &who, admin, session, &err));
		ok(service_update_user(&sv, &root, now_us, id, &cases[i].change, &err));
		assert_int_equal(
		    try_token(session), cases[i].ends || !enabled ? ERR_IDENTITY : 0);
		assert_int_equal(try_token(key), i == 5 ? ERR_IDENTITY : 0);
	}
}

static void
rights_on_jobs_are_a_users_and_an_administrator_has_all(void **state)
{
	const struct {
		enum role role;
		const unsigned *given, *changed;
		unsigned first, then;
	} cases[] = {
	    {ROLE_PRO, NULL, NULL, JOB_READ, JOB_READ},
	    {ROLE_PRO, &(unsigned){0}, NULL, 0, 0},
	    {ROLE_VIEWER, &(unsigned){JOB_READ | JOB_CREATE}, &(unsigned){JOB_DELETE},
		JOB_READ | JOB_CREATE, JOB_DELETE},
	    {ROLE_DOMAIN_ADMIN, &(unsigned){0}, &(unsigned){JOB_READ}, JOB_RIGHTS_ALL,
		JOB_RIGHTS_ALL},
	    {ROLE_ENTERPRISE_ADMIN, NULL, NULL, JOB_RIGHTS_ALL, JOB_RIGHTS_ALL},
	};

	(void)state;
	assert_int_equal(root.job_rights, JOB_RIGHTS_ALL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct user_new n = {.name = (const char *[]){"a", "b", "c", "d", "e"}[i],
		    .role = cases[i].role,
		    .job_rights = cases[i].given};
		struct user_change change = {.job_rights = cases[i].changed};
		uint64_t id;

		ok(service_create_user(&sv, &root, now_us, &n, &id, &err));
		assert_int_equal(actor_of(n.name).job_rights, cases[i].first);
		ok(service_update_user(&sv, &root, now_us, id, &change, &err));
		assert_int_equal(actor_of(n.name).job_rights, cases[i].then);
		/* Another change keeps them. */
		ok(service_update_user(
		    &sv, &root, now_us, id, &(struct user_change){.email = ""}, &err));
		assert_int_equal(actor_of(n.name).job_rights, cases[i].then);
	}
}

static void
the_tokens_of_a_deleted_user_die_and_his_schedules_stay(void **state)
{
	struct actor ann = someone("ann", ROLE_DOMAIN_ADMIN);
	uint64_t id = add_schedule(&ann, "hers", NULL);
	const char *token = token_for(root.tenant_id, "ann");
	struct schedule_view view;

	(void)state;
	ok(service_delete_user(&sv, &root, now_us, ann.user_id, &err));
	assert_int_equal(try_token(token), ERR_IDENTITY);
	ok(service_get_schedule(&sv, &arena, &root, id, &view, &err));
	assert_int_equal(
	    service_delete_user(&sv, &root, now_us, ann.user_id, &err), ERR_MISSING);
	/* His name is free again, and gives nobody his rights. */
	add_user("ann", ROLE_VIEWER);
	assert_int_equal(try_token(token), ERR_IDENTITY);
}

/* ---- log-in ---- */

static void
a_log_in_needs_the_password_of_a_user_who_may(void **state)
{
	uint64_t acme = add_tenant("acme"), ann = add_user("ann", ROLE_PRO),
		 eve = add_user_to(acme, "ann", ROLE_PRO), nobody = add_user("no", ROLE_PRO);
	struct actor in_acme = root;
	char token[TOKEN_TEXT];
	int64_t locked_us;
	bool no = false;

	(void)state;
	(void)nobody;
	in_acme.tenant_id = acme;
	set_password(ann, "one");
	ok(service_update_user(
	    &sv, &in_acme, now_us, eve, &(struct user_change){.password = "two"}, &err));
	ok(log_in("ann", "one", token, &locked_us));
	assert_int_equal(actor_with(token).user_id, ann);
	ok(log_in("ann@main", "one", token, &locked_us));
	assert_int_equal(actor_with(token).user_id, ann);
	ok(log_in("ann@acme", "two", token, &locked_us));
	assert_int_equal(actor_with(token).user_id, eve);
	assert_string_equal(actor_with(token).tenant, "acme");
	assert_int_equal(try_log_in("ann@acme", "one"), ERR_IDENTITY);
	assert_int_equal(try_log_in("ann@nowhere", "one"), ERR_IDENTITY);
	assert_int_equal(try_log_in("no", "x"), ERR_IDENTITY);
	assert_int_equal(try_log_in("nobody", "x"), ERR_IDENTITY);
	assert_string_equal(err.text, "Invalid user name or password");

	ok(service_update_tenant(&sv, &root, now_us, acme, NULL, &no, &err));
	assert_int_equal(try_token(token), ERR_IDENTITY);
	assert_int_equal(try_log_in("ann@acme", "two"), ERR_IDENTITY);
	ok(service_update_user(
	    &sv, &root, now_us, ann, &(struct user_change){.enabled = &no}, &err));
	assert_int_equal(try_log_in("ann", "one"), ERR_IDENTITY);
}

static void
known_and_unknown_users_are_the_same_work(void **state)
{
	uint64_t id = add_user("ann", ROLE_PRO);
	bool no = false;
	unsigned before;

	(void)state;
	set_password(id, "one");
	for (int i = 0; i < 4; i++) {
		static const char *const names[] = {"ann", "nobody", "x@acme", "ann"};

		if (i == 3)
			ok(service_update_user(&sv, &root, now_us, id,
			    &(struct user_change){.enabled = &no}, &err));
		before = seen.entered;
		assert_int_equal(try_log_in(names[i], "wrong"), ERR_IDENTITY);
		assert_int_equal(seen.entered, before + 1);
	}
}

static void
too_many_at_once_are_told_to_come_again(void **state)
{
	uint64_t id = add_user("ann", ROLE_PRO);
	struct user_new n = {.name = "bob", .role = ROLE_PRO, .password = "x"};

	(void)state;
	set_password(id, "one");
	seen.refuse = ERR_BUSY;
	for (int i = 0; i < 9; i++)
		assert_int_equal(try_log_in("ann", "wrong"), ERR_BUSY);
	assert_int_equal(service_create_user(&sv, &root, now_us, &n, &id, &err), ERR_BUSY);
	seen.refuse = 0;
	/* That was no failure of hers. */
	ok(try_log_in("ann", "one"));
}

/* Fail once, with the clock behind the lock. Answers how long the name is locked then. */
static int64_t
fail_once(const char *name)
{
	char token[TOKEN_TEXT];
	int64_t locked_us;

	assert_int_equal(log_in(name, "wrong", token, &locked_us), ERR_IDENTITY);
	return locked_us;
}

static void
failures_in_a_row_lock_a_name_for_a_growing_while(void **state)
{
	static const char *const names[] = {"ann", "nobody", "ann@nowhere"};
	unsigned before;

	(void)state;
	add_user("ann", ROLE_PRO);
	for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
		int64_t expected = SECOND_US;

		now_us = START;
		for (int i = 0; i < 4; i++)
			assert_int_equal(fail_once(names[n]), 0);
		for (int i = 0; i < 12; i++) {
			assert_int_equal(fail_once(names[n]), expected);
			before = seen.entered;
			now_us += expected - 1;
			assert_int_equal(fail_once(names[n]), 1);
			assert_int_equal(seen.entered, before);
			now_us++;
			expected =
			    2 * expected < 15 * MINUTE_US ? 2 * expected : 15 * MINUTE_US;
		}
	}
}

static void
while_it_is_locked_the_right_password_is_wrong_and_success_forgets(void **state)
{
	uint64_t id = add_user("ann", ROLE_PRO);
	struct user_view *list;
	size_t count, total;

	(void)state;
	set_password(id, "one");
	for (int i = 0; i < 5; i++)
		fail_once("ann");
	assert_int_equal(try_log_in("ann", "one"), ERR_IDENTITY);
	assert_int_equal(try_log_in("ann@main", "one"), ERR_IDENTITY);
	ok(service_list_users(
	    &sv, &arena, &root, now_us, NULL, NULL, 9, &list, &count, &total, &err));
	assert_int_equal(list[0].locked_us, now_us + SECOND_US);
	now_us += SECOND_US;
	ok(try_log_in("ann", "one"));
	for (int i = 0; i < 4; i++)
		assert_int_equal(fail_once("ann"), 0);
	assert_int_equal(fail_once("ann"), SECOND_US);
	now_us += DAY_US + 1;
	assert_int_equal(fail_once("ann"), 0);
}

static void
ones_own_password_needs_the_old_one(void **state)
{
	uint64_t id = add_user("ann", ROLE_VIEWER);
	char here[TOKEN_TEXT], there[TOKEN_TEXT];
	int64_t locked_us;
	struct actor ann;

	(void)state;
	set_password(id, "one");
	ok(log_in("ann", "one", here, &locked_us));
	ok(log_in("ann", "one", there, &locked_us));
	ann = actor_with(here);
	assert_int_equal(
	    service_change_password(&sv, &ann, now_us, "two", "three", &err), ERR_INPUT);
	assert_string_equal(err.text, "Invalid value: oldPassword");
	assert_int_equal(
	    service_change_password(&sv, &ann, now_us, "one", "", &err), ERR_INPUT);
	ok(service_change_password(&sv, &ann, now_us, "one", "two", &err));
	ok(try_token(here));
	assert_int_equal(try_token(there), ERR_IDENTITY);
	assert_int_equal(try_log_in("ann", "one"), ERR_IDENTITY);
	ok(try_log_in("ann", "two"));
	/* Guessing with a session is no way around the lock. */
	for (int i = 0; i < 5; i++)
		assert_int_equal(
		    service_change_password(&sv, &ann, now_us, "x", "y", &err), ERR_INPUT);
	assert_int_equal(
	    service_change_password(&sv, &ann, now_us, "two", "y", &err), ERR_INPUT);
	assert_int_equal(try_log_in("ann", "two"), ERR_IDENTITY);
}

static void
an_administrators_token_lets_another_in_with_no_more_rights(void **state)
{
	struct token_new limited = {.user_name = "adm",
	    .scopes = SCOPE_ACCESS | SCOPE_READ,
	    .tags = (const char *[]){"sales"},
	    .tag_count = 1};
	struct login bob = {.name = "bob", .now_us = now_us},
		     top = {.name = "top", .now_us = now_us},
		     eve = {.name = "eve@acme", .now_us = now_us},
		     nobody = {.name = "nobody", .now_us = now_us};
	const char *adm, *viewer;
	char token[TOKEN_TEXT];
	struct token_made made;
	struct actor actor;

	(void)state;
	stranger();
	add_user("bob", ROLE_VIEWER);
	add_user("adm", ROLE_DOMAIN_ADMIN);
	add_user("top", ROLE_ENTERPRISE_ADMIN);
	adm = token_for(root.tenant_id, "adm");
	viewer = token_for(root.tenant_id, "bob");
	ok(service_login_for(&sv, &bob, adm, token, &err));
	assert_string_equal(actor_with(token).name, "bob");
	assert_int_equal(service_login_for(&sv, &bob, viewer, token, &err), ERR_DENIED);
	assert_int_equal(service_login_for(&sv, &bob, "x", token, &err), ERR_IDENTITY);
	assert_int_equal(service_login_for(&sv, &nobody, adm, token, &err), ERR_MISSING);
	assert_int_equal(service_login_for(&sv, &eve, adm, token, &err), ERR_MISSING);
	assert_int_equal(service_login_for(&sv, &top, adm, token, &err), ERR_DENIED);
	ok(service_create_token(&sv, &root, now_us, &limited, &made, &err));
	ok(service_login_for(&sv, &bob, made.text, token, &err));
	actor = actor_with(token);
	assert_int_equal(actor.scopes, SCOPE_ACCESS | SCOPE_READ);
	assert_int_equal(actor.tag_count, 1);
}

/* ---- tokens ---- */

static void
a_token_gives_away_no_more_than_its_maker_has(void **state)
{
	static const char *sales[] = {"sales"}, *both[] = {"sales", "hr"};
	const struct {
		uint32_t scopes;
		const char **tags;
		size_t tag_count;
		int code;
		uint32_t becomes;
	} cases[] = {
	    {0, NULL, 0, 0, SCOPE_READ | SCOPE_ACCESS},
	    {SCOPE_READ, sales, 1, 0, SCOPE_READ},
	    {SCOPE_READ | SCOPE_RUN, NULL, 0, ERR_DENIED, 0},
	    {SCOPE_READ, both, 2, ERR_DENIED, 0},
	};
	struct token_new limited = {
	    .scopes = SCOPE_READ | SCOPE_ACCESS, .tags = sales, .tag_count = 1};
	struct actor ann = someone("ann", ROLE_DOMAIN_ADMIN), narrow, reader;
	struct token_made made;

	(void)state;
	ok(service_create_token(&sv, &ann, now_us, &limited, &made, &err));
	narrow = actor_with(made.text);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct token_new n = {.scopes = cases[i].scopes,
		    .tags = cases[i].tags,
		    .tag_count = cases[i].tag_count};
		struct actor got;

		assert_int_equal(
		    service_create_token(&sv, &narrow, now_us, &n, &made, &err), cases[i].code);
		if (cases[i].code)
			continue;
		got = actor_with(made.text);
		assert_int_equal(got.scopes, cases[i].becomes);
		assert_int_equal(got.tag_count, 1);
		assert_string_equal(got.tags[0], "sales");
	}
	/* The secret of a wider one, fresh, would be more than it has. */
	assert_int_equal(
	    service_rotate_token(&sv, &narrow, now_us, ann.token_id, 0, &made, &err),
	    ERR_DENIED);
	limited.scopes = SCOPE_READ;
	ok(service_create_token(&sv, &ann, now_us, &limited, &made, &err));
	reader = actor_with(made.text);
	assert_int_equal(
	    service_create_token(&sv, &reader, now_us, &limited, &made, &err), ERR_DENIED);
}

static void
a_token_that_expires_makes_none_that_lives_longer(void **state)
{
	struct actor adm = someone("adm", ROLE_DOMAIN_ADMIN), brief;
	struct token_new hour = {.life_us = HOUR_US}, day = {.life_us = DAY_US},
			 minute = {.life_us = MINUTE_US}, open = {0};
	struct login who = {.name = "ann", .now_us = now_us};
	struct token_made made, longer;
	int64_t end_us = now_us + HOUR_US;
	char session[TOKEN_TEXT];

	(void)state;
	add_user("ann", ROLE_VIEWER);
	ok(service_create_token(&sv, &adm, now_us, &open, &longer, &err));
	ok(service_create_token(&sv, &adm, now_us, &hour, &made, &err));
	brief = actor_with(made.text);
	ok(service_rotate_token(&sv, &brief, now_us, made.id, 0, &made, &err));
	assert_int_equal(made.expires_us, end_us);
	ok(service_login_for(&sv, &who, made.text, session, &err));
	assert_int_equal(
	    service_rotate_token(&sv, &brief, now_us, longer.id, 0, &made, &err), ERR_DENIED);
	ok(service_create_token(&sv, &brief, now_us, &open, &made, &err));
	assert_int_equal(made.expires_us, end_us);
	ok(service_create_token(&sv, &brief, now_us, &day, &made, &err));
	assert_int_equal(made.expires_us, end_us);
	ok(service_create_token(&sv, &brief, now_us, &minute, &made, &err));
	assert_int_equal(made.expires_us, now_us + MINUTE_US);
	/* Used until then, so that it does not die of idleness. */
	now_us = end_us - 1;
	ok(try_token(session));
	now_us = end_us;
	assert_int_equal(try_token(session), ERR_IDENTITY);
}

static void
everybody_makes_his_own_tokens_and_only_administrators_others(void **state)
{
	struct actor ann = someone("ann", ROLE_VIEWER), adm = someone("adm", ROLE_DOMAIN_ADMIN);
	struct token_new own = {0}, by_name = {.user_name = "ann"},
			 other = {.user_name = "adm"}, nobody = {.user_name = "nobody"},
			 of_ann = {.user_id = ann.user_id};
	struct token_made made;

	(void)state;
	ok(service_create_token(&sv, &ann, now_us, &own, &made, &err));
	assert_int_equal(actor_with(made.text).user_id, ann.user_id);
	ok(service_create_token(&sv, &ann, now_us, &by_name, &made, &err));
	assert_int_equal(
	    service_create_token(&sv, &ann, now_us, &other, &made, &err), ERR_DENIED);
	assert_int_equal(
	    service_create_token(&sv, &ann, now_us, &nobody, &made, &err), ERR_DENIED);
	ok(service_create_token(&sv, &adm, now_us, &of_ann, &made, &err));
	assert_int_equal(actor_with(made.text).role, ROLE_VIEWER);
	assert_int_equal(
	    service_create_token(&sv, &adm, now_us, &nobody, &made, &err), ERR_MISSING);
	assert_int_equal(
	    service_create_token(&sv, &root, now_us, &own, &made, &err), ERR_INPUT);
}

static void
a_token_expires_and_a_session_dies_of_idleness(void **state)
{
	struct actor ann = someone("ann", ROLE_VIEWER);
	struct token_new n = {.life_us = HOUR_US};
	struct token_made made;

	(void)state;
	ok(service_create_token(&sv, &ann, now_us, &n, &made, &err));
	assert_int_equal(made.expires_us, now_us + HOUR_US);
	now_us += HOUR_US - 1;
	ok(try_token(made.text));
	now_us += 1;
	assert_int_equal(try_token(made.text), ERR_IDENTITY);
}

static void
a_rotated_token_keeps_its_old_secret_for_the_overlap(void **state)
{
	struct actor ann = someone("ann", ROLE_VIEWER);
	struct token_new n = {.scopes = SCOPE_READ};
	struct token_made first, second, third;

	(void)state;
	ok(service_create_token(&sv, &ann, now_us, &n, &first, &err));
	ok(service_rotate_token(&sv, &ann, now_us, first.id, MINUTE_US, &second, &err));
	assert_int_equal(second.id, first.id);
	ok(try_token(first.text));
	assert_int_equal(actor_with(second.text).scopes, SCOPE_READ);
	assert_int_equal(actor_with(second.text).token_id, first.id);
	now_us += MINUTE_US;
	assert_int_equal(try_token(first.text), ERR_IDENTITY);
	ok(try_token(second.text));
	ok(service_rotate_token(&sv, &ann, now_us, first.id, 0, &third, &err));
	assert_int_equal(try_token(second.text), ERR_IDENTITY);
	ok(service_rotate_token(&sv, &ann, now_us, first.id, HOUR_US, &second, &err));
	ok(service_revoke_token(&sv, &ann, now_us, first.id, &err));
	assert_int_equal(try_token(second.text), ERR_IDENTITY);
	assert_int_equal(try_token(third.text), ERR_IDENTITY);
	assert_int_equal(service_revoke_token(&sv, &ann, now_us, first.id, &err), ERR_MISSING);
}

static void
others_tokens_are_unknown_but_to_administrators(void **state)
{
	struct actor ann = someone("ann", ROLE_PRO), bob = someone("bob", ROLE_PRO),
		     adm = someone("adm", ROLE_DOMAIN_ADMIN),
		     top = someone("top", ROLE_ENTERPRISE_ADMIN), eve = stranger();
	struct token_place next;
	struct token_made made;
	struct token *list;
	size_t count;

	(void)state;
	assert_int_equal(
	    service_revoke_token(&sv, &bob, now_us, ann.token_id, &err), ERR_MISSING);
	assert_int_equal(
	    service_rotate_token(&sv, &bob, now_us, ann.token_id, 0, &made, &err), ERR_MISSING);
	assert_int_equal(
	    service_revoke_token(&sv, &eve, now_us, ann.token_id, &err), ERR_MISSING);
	assert_int_equal(
	    service_revoke_token(&sv, &adm, now_us, top.token_id, &err), ERR_DENIED);
	assert_int_equal(service_list_tokens(&sv, &arena, &bob, now_us, ann.user_id,
			     (struct token_place){0}, 9, &list, &count, &next, &err),
	    ERR_DENIED);
	ok(service_list_tokens(&sv, &arena, &bob, now_us, 0, (struct token_place){0}, 9, &list,
	    &count, &next, &err));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].user_id, bob.user_id);
	ok(service_list_tokens(&sv, &arena, &adm, now_us, 0, (struct token_place){0}, 3, &list,
	    &count, &next, &err));
	assert_int_equal(count, 3);
	ok(service_list_tokens(
	    &sv, &arena, &adm, now_us, 0, next, 3, &list, &count, &next, &err));
	assert_int_equal(count, 1);
	assert_int_equal(next.id, 0);
	ok(service_list_tokens(&sv, &arena, &eve, now_us, 0, (struct token_place){0}, 9, &list,
	    &count, &next, &err));
	assert_int_equal(count, 1);
	ok(service_revoke_token(&sv, &adm, now_us, ann.token_id, &err));
}

static void
the_oldest_session_gives_way_to_one_too_many(void **state)
{
	struct login who = {.name = "ann", .now_us = now_us};
	char first[TOKEN_TEXT], second[TOKEN_TEXT], token[TOKEN_TEXT];
	const char *adm;

	(void)state;
	add_user("ann", ROLE_PRO);
	add_user("adm", ROLE_DOMAIN_ADMIN);
	adm = token_for(root.tenant_id, "adm");
	ok(service_login_for(&sv, &who, adm, first, &err));
	ok(service_login_for(&sv, &who, adm, second, &err));
	for (int i = 2; i < 1000; i++)
		ok(service_login_for(&sv, &who, adm, token, &err));
	ok(try_token(first));
	ok(service_login_for(&sv, &who, adm, token, &err));
	assert_int_equal(try_token(first), ERR_IDENTITY);
	ok(try_token(second));
	ok(try_token(token));
}

/* ---- tags ---- */

static void
a_token_with_tags_sees_only_what_carries_one(void **state)
{
	struct actor adm = someone("adm", ROLE_DOMAIN_ADMIN), narrow;
	struct token_new n = {.tags = (const char *[]){"sales"}, .tag_count = 1};
	uint64_t sales = add_schedule(&adm, "sales", "sales"),
		 hr = add_schedule(&adm, "hr", "hr"), execution, hidden;
	struct schedule_view view, *found;
	struct token_made made;
	struct execution e;
	struct task *tasks;
	size_t count;

	(void)state;
	ok(service_run_schedule(&sv, &adm, now_us, hr, false, NULL, &hidden, &err));
	ok(service_create_token(&sv, &adm, now_us, &n, &made, &err));
	narrow = actor_with(made.text);
	ok(service_get_schedule(&sv, &arena, &narrow, sales, &view, &err));
	assert_int_equal(
	    service_get_schedule(&sv, &arena, &narrow, hr, &view, &err), ERR_MISSING);
	ok(service_find_schedules(
	    &sv, &arena, &narrow, NULL, MATCH_CONTAINS, -1, &found, &count, &err));
	assert_int_equal(count, 1);
	ok(service_run_schedule(&sv, &narrow, now_us, sales, false, NULL, &execution, &err));
	ok(service_get_execution(&sv, &arena, &narrow, execution, &e, &tasks, &count, &err));
	assert_int_equal(
	    service_run_schedule(&sv, &narrow, now_us, hr, false, NULL, &execution, &err),
	    ERR_MISSING);
	assert_int_equal(
	    service_get_execution(&sv, &arena, &narrow, hidden, &e, &tasks, &count, &err),
	    ERR_MISSING);
	assert_int_equal(
	    service_suspend_schedule(&sv, &narrow, now_us, hr, NULL, &err), ERR_MISSING);
	assert_int_not_equal(add_schedule(&narrow, "more", "sales"), 0);
	assert_int_equal(add_schedule(&narrow, "none", NULL), 0);
	assert_int_equal(add_schedule(&narrow, "other", "hr"), 0);
}

static void
a_token_with_tags_finds_no_way_around_them(void **state)
{
	struct actor adm = someone("adm", ROLE_DOMAIN_ADMIN), narrow;
	struct token_new n = {.tags = (const char *[]){"sales"}, .tag_count = 1};
	struct user_new eve = {.name = "eve", .role = ROLE_VIEWER, .password = "p"};
	struct audit_query q = {.from_us = INT64_MIN, .to_us = INSTANT_NEVER, .cap = 10};
	enum role role = ROLE_DOMAIN_ADMIN;
	bool enabled = false;
	uint64_t bob = add_user("bob", ROLE_VIEWER), next, id;
	struct audit_verdict verdict;
	struct audit_entry *entries;
	struct token_made made;
	size_t count;

	(void)state;
	ok(service_create_token(&sv, &adm, now_us, &n, &made, &err));
	narrow = actor_with(made.text);
	/* The audit names every schedule. */
	assert_int_equal(
	    service_list_audit(&sv, &arena, &narrow, &q, &entries, &count, &next, &err),
	    ERR_DENIED);
	assert_int_equal(service_verify_audit(&sv, &narrow, &verdict, &err), ERR_DENIED);
	/* Who logs in with a password sees all that his role does. */
	assert_int_equal(
	    service_create_user(&sv, &narrow, now_us, &eve, &id, &err), ERR_DENIED);
	assert_int_equal(service_update_user(&sv, &narrow, now_us, bob,
			     &(struct user_change){.password = "p"}, &err),
	    ERR_DENIED);
	assert_int_equal(service_update_user(&sv, &narrow, now_us, bob,
			     &(struct user_change){.role = &role}, &err),
	    ERR_DENIED);
	eve.password = NULL;
	ok(service_create_user(&sv, &narrow, now_us, &eve, &id, &err));
	ok(service_update_user(
	    &sv, &narrow, now_us, bob, &(struct user_change){.enabled = &enabled}, &err));
}

static void
a_use_case_needs_its_scope(void **state)
{
	struct actor adm = someone("adm", ROLE_ENTERPRISE_ADMIN);
	uint64_t s = add_schedule(&adm, "s", NULL), id = 0;
	struct schedule_view view;

	(void)state;
	for (unsigned scope = 1; scope < SCOPE_ALL; scope <<= 1) {
		struct token_new n = {.scopes = scope};
		struct token_made made;
		struct actor a;

		ok(service_create_token(&sv, &adm, now_us, &n, &made, &err));
		a = actor_with(made.text);
		assert_int_equal(service_get_schedule(&sv, &arena, &a, s, &view, &err),
		    scope == SCOPE_READ ? 0 : ERR_DENIED);
		assert_int_equal(
		    service_run_schedule(&sv, &a, now_us, s, false, NULL, &id, &err),
		    scope == SCOPE_RUN ? 0 : ERR_DENIED);
		assert_int_equal(service_suspend_schedule(&sv, &a, now_us, s, NULL, &err),
		    scope == SCOPE_MANAGE ? 0 : ERR_DENIED);
		assert_int_equal(service_create_tenant(&sv, &a, now_us, "acme", &id, &err),
		    scope == SCOPE_ACCESS ? 0 : ERR_DENIED);
	}
}

static void
a_log_in_and_rights_are_given_by_tokens_without_limits_alone(void **state)
{
	const struct {
		struct user_change change;
		const char *what;
		bool gives;
	} changes[] = {
	    {{.password = "p"}, "password", true},
	    {{.role = &(enum role){ROLE_DOMAIN_ADMIN}}, "higher role", true},
	    {{.role = &(enum role){ROLE_VIEWER}}, "lower role", true},
	    {{.job_rights = &(unsigned){JOB_CREATE}}, "rights", true},
	    {{.enabled = &(bool){true}}, "enabled", true},
	    {{.enabled = &(bool){false}}, "disabled", false},
	    {{.email = "bob@x.test"}, "address", false},
	};
	struct actor adm = someone("adm", ROLE_DOMAIN_ADMIN), access = adm, all = adm;
	struct user_new open = {.name = "eve", .role = ROLE_DOMAIN_ADMIN, .password = "p"},
			shut = {.name = "oz", .role = ROLE_DOMAIN_ADMIN};
	uint64_t bob = add_user("bob", ROLE_PRO), id;

	(void)state;
	access.scopes = SCOPE_ALL & ~(unsigned)SCOPE_RESULTS;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const struct user_change *change = &changes[i].change;

		if (service_update_user(&sv, &access, now_us, bob, change, &err) !=
		    (changes[i].gives ? ERR_DENIED : 0))
			fail_msg("%s", changes[i].what);
		ok(service_update_user(&sv, &all, now_us, bob, change, &err));
	}
	assert_int_equal(
	    service_create_user(&sv, &access, now_us, &open, &id, &err), ERR_DENIED);
	ok(service_create_user(&sv, &all, now_us, &open, &id, &err));
	/* Nobody comes in as one without a password, but with what a token gives him. */
	ok(service_create_user(&sv, &access, now_us, &shut, &id, &err));
}

/* ---- tenants ---- */

static void
tenants_have_names_and_go_when_they_are_empty(void **state)
{
	static const char *const wrong[] = {"", "Acme", "a.b", "-a", "a_b", "a b",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct actor adm = someone("adm", ROLE_DOMAIN_ADMIN);
	uint64_t acme = add_tenant("acme"), eve, id;
	struct tenant *list;
	bool no = false;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(
		    service_create_tenant(&sv, &root, now_us, wrong[i], &id, &err), ERR_INPUT);
	assert_int_equal(
	    service_create_tenant(&sv, &root, now_us, "acme", &id, &err), ERR_CONFLICT);
	assert_int_equal(
	    service_create_tenant(&sv, &adm, now_us, "other", &id, &err), ERR_DENIED);
	assert_int_equal(
	    service_list_tenants(&sv, &arena, &adm, &list, &count, &err), ERR_DENIED);
	eve = add_user_to(acme, "eve", ROLE_VIEWER);
	assert_int_equal(service_delete_tenant(&sv, &root, now_us, acme, &err), ERR_CONFLICT);
	assert_int_equal(
	    service_delete_tenant(&sv, &root, now_us, root.tenant_id, &err), ERR_CONFLICT);
	assert_int_equal(
	    service_update_tenant(&sv, &root, now_us, root.tenant_id, NULL, &no, &err),
	    ERR_CONFLICT);
	root.tenant_id = acme;
	ok(service_delete_user(&sv, &root, now_us, eve, &err));
	ok(service_system_actor(&sv, &arena, &root, &err));
	ok(service_delete_tenant(&sv, &root, now_us, acme, &err));
	assert_int_equal(service_delete_tenant(&sv, &root, now_us, acme, &err), ERR_MISSING);
	ok(service_list_tenants(&sv, &arena, &root, &list, &count, &err));
	assert_int_equal(count, 1);
	add_tenant("acme");
}

/* Whoever could take them away goes before the tenant. */
static void
a_tenant_with_calendars_stays(void **state)
{
	struct calendar c = {.name = "holidays", .description = "", .excluded = {"UTC"}};
	uint64_t acme = add_tenant("acme"), id;
	struct actor system;

	(void)state;
	ok(service_system_actor(&sv, &arena, &system, &err));
	system.tenant_id = acme;
	ok(service_create_calendar(&sv, &system, now_us, &c, &id, &err));
	ok(service_system_actor(&sv, &arena, &system, &err));
	assert_int_equal(service_delete_tenant(&sv, &system, now_us, acme, &err), ERR_CONFLICT);
	system.tenant_id = acme;
	ok(service_delete_calendar(&sv, &system, now_us, id, &err));
	ok(service_system_actor(&sv, &arena, &system, &err));
	ok(service_delete_tenant(&sv, &system, now_us, acme, &err));
}

/* Their ids are drawn, so the order of ids says nothing. */
static void
tenants_are_listed_in_the_order_in_which_they_were_made(void **state)
{
	enum { TENANTS = 12 };
	struct tenant *list;
	uint64_t made[TENANTS];
	size_t count;

	(void)state;
	for (size_t i = 0; i < TENANTS; i++) {
		char name[] = {(char)('z' - (int)i), 0};

		ok(service_create_tenant(
		    &sv, &root, now_us + (int64_t)i, name, &made[i], &err));
	}
	ok(service_list_tenants(&sv, &arena, &root, &list, &count, &err));
	assert_int_equal(count, TENANTS + 1);
	assert_int_equal(list[0].id, root.tenant_id);
	for (size_t i = 0; i < TENANTS; i++)
		assert_int_equal(list[i + 1].id, made[i]);
}

static void
an_administrator_of_a_domain_names_no_tenant(void **state)
{
	struct actor adm = someone("adm", ROLE_DOMAIN_ADMIN);
	uint64_t acme = add_tenant("acme"), id;
	struct user_new known = {.name = "x", .role = ROLE_VIEWER, .tenant_id = acme},
			unknown = {.name = "x", .role = ROLE_VIEWER, .tenant_id = 4711};

	(void)state;
	assert_int_equal(service_create_user(&sv, &adm, now_us, &known, &id, &err), ERR_DENIED);
	assert_int_equal(
	    service_create_user(&sv, &adm, now_us, &unknown, &id, &err), ERR_DENIED);
	assert_int_equal(
	    service_create_user(&sv, &root, now_us, &unknown, &id, &err), ERR_INPUT);
	ok(service_create_user(&sv, &root, now_us, &known, &id, &err));
}

static void
nothing_of_another_tenant_is_found(void **state)
{
	struct actor adm = someone("adm", ROLE_DOMAIN_ADMIN), eve = stranger();
	uint64_t s = add_schedule(&adm, "s", NULL), execution, id;
	enum role viewer = ROLE_VIEWER;
	struct user_change lower = {.role = &viewer};
	struct schedule_view view, *found;
	struct execution e;
	struct task task, *tasks;
	struct token_new n = {.user_id = adm.user_id}, by_name = {.user_name = "adm"};
	struct token_made made;
	size_t count;

	(void)state;
	ok(service_run_schedule(&sv, &adm, now_us, s, false, NULL, &execution, &err));
	ok(service_get_execution(&sv, &arena, &adm, execution, &e, &tasks, &count, &err));
#define UNKNOWN(call) assert_int_equal((call), ERR_MISSING)
	UNKNOWN(service_get_schedule(&sv, &arena, &eve, s, &view, &err));
	UNKNOWN(service_run_schedule(&sv, &eve, now_us, s, false, NULL, &id, &err));
	UNKNOWN(service_suspend_schedule(&sv, &eve, now_us, s, NULL, &err));
	UNKNOWN(service_resume_schedule(&sv, &eve, now_us, s, &err));
	UNKNOWN(service_delete_schedule(&sv, &eve, now_us, s, &err));
	UNKNOWN(service_get_execution(&sv, &arena, &eve, execution, &e, &tasks, &count, &err));
	UNKNOWN(service_get_task(&sv, &arena, &eve, tasks[0].id, &task, &e, &err));
	UNKNOWN(service_update_user(&sv, &eve, now_us, adm.user_id, &lower, &err));
	UNKNOWN(service_delete_user(&sv, &eve, now_us, adm.user_id, &err));
	UNKNOWN(service_find_user(&sv, &eve, "adm", &id, &err));
	UNKNOWN(service_create_token(&sv, &eve, now_us, &n, &made, &err));
	UNKNOWN(service_create_token(&sv, &eve, now_us, &by_name, &made, &err));
	UNKNOWN(service_rotate_token(&sv, &eve, now_us, adm.token_id, 0, &made, &err));
	UNKNOWN(service_revoke_token(&sv, &eve, now_us, adm.token_id, &err));
	ok(service_find_schedules(
	    &sv, &arena, &eve, NULL, MATCH_CONTAINS, -1, &found, &count, &err));
	assert_int_equal(count, 0);
	ok(service_schedules_of(&sv, &arena, &eve, adm.user_id, &found, &count, &err));
	assert_int_equal(count, 0);
	/* The same names stand beside each other. */
	assert_int_not_equal(add_schedule(&eve, "s", NULL), 0);
}

static void
the_numbers_of_a_tenant_tell_nothing_of_another(void **state)
{
	uint64_t acme = add_tenant("acme"), beta = add_tenant("beta"), before = 0;
	unsigned space = id_space(acme);
	struct actor boss = {0};
	struct task *tasks;
	struct execution e;
	size_t count;

	(void)state;
	assert_int_equal(root.tenant_id, 1);
	assert_int_not_equal(space, 0);
	assert_int_not_equal(id_space(beta), space);
	assert_int_equal(acme, id_in_space(space, 1));
	for (uint64_t i = 2; i < 7; i++) {
		uint64_t id = 0, here;

		/* In the first tenant there is much to do, */
		here = add_user((const char *[]){"a", "b", "c", "d", "e"}[i - 2], ROLE_PRO);
		assert_true(here > before && here < 1000);
		before = here;
		/* and in acme everything follows what was there before. */
		switch (i) {
		case 2:
			id = add_user_to(acme, "boss", ROLE_DOMAIN_ADMIN);
			break;
		case 3:
			boss = actor_with(token_for(acme, "boss"));
			id = boss.token_id;
			break;
		case 4:
			id = add_schedule(&boss, "s", NULL);
			break;
		case 5:
			ok(service_run_schedule(
			    &sv, &boss, now_us, id_in_space(space, 4), false, NULL, &id, &err));
			break;
		case 6:
			ok(service_get_execution(&sv, &arena, &boss, id_in_space(space, 5), &e,
			    &tasks, &count, &err));
			id = tasks[0].id;
			break;
		}
		assert_int_equal(id, id_in_space(space, i));
	}
}

static void
ones_own_schedules_are_found_and_others_by_administrators(void **state)
{
	struct actor adm = someone("adm", ROLE_DOMAIN_ADMIN), ann = someone("ann", ROLE_PRO);
	struct schedule_view *found;
	uint64_t id;
	size_t count;

	(void)state;
	add_schedule(&adm, "his", NULL);
	add_schedule(&root, "nobody's", NULL);
	ok(service_find_user(&sv, &ann, "ann", &id, &err));
	assert_int_equal(id, ann.user_id);
	assert_int_equal(service_find_user(&sv, &ann, "adm", &id, &err), ERR_DENIED);
	assert_int_equal(service_find_user(&sv, &ann, "nobody", &id, &err), ERR_DENIED);
	ok(service_find_user(&sv, &adm, "ann", &id, &err));
	assert_int_equal(service_find_user(&sv, &adm, "nobody", &id, &err), ERR_MISSING);
	ok(service_schedules_of(&sv, &arena, &adm, adm.user_id, &found, &count, &err));
	assert_int_equal(count, 1);
	assert_string_equal(found[0].definition.name, "his");
	ok(service_schedules_of(&sv, &arena, &ann, ann.user_id, &found, &count, &err));
	assert_int_equal(count, 0);
}

static void
a_schedule_keeps_the_token_that_it_was_made_with(void **state)
{
	struct actor ann = someone("ann", ROLE_DOMAIN_ADMIN),
		     bob = someone("bob", ROLE_DOMAIN_ADMIN);
	uint64_t id = add_schedule(&ann, "s", NULL);
	struct schedule_view view;

	(void)state;
	ok(service_get_schedule(&sv, &arena, &bob, id, &view, &err));
	assert_int_equal(view.definition.created_token, ann.token_id);
	view.definition.created_token = bob.token_id;
	ok(service_update_schedule(&sv, &bob, now_us, id, 1, &view.definition, &err));
	ok(service_get_schedule(&sv, &arena, &bob, id, &view, &err));
	assert_int_equal(view.definition.version, 2);
	assert_int_equal(view.definition.created_token, ann.token_id);
	id = add_schedule(&root, "other", NULL);
	ok(service_get_schedule(&sv, &arena, &bob, id, &view, &err));
	assert_int_equal(view.definition.created_token, 0);
}

/* ---- the audit ---- */

#define NOTED(call, word, about)                                              \
	do {                                                                  \
		uint64_t before = verified(&adm).count;                       \
                                                                              \
		ok(call);                                                     \
		assert_int_equal(verified(&adm).count, before + 1);           \
		assert_string_equal(last_entry(&adm).action, word);           \
		assert_int_equal(last_entry(&adm).subject_id, about);         \
		assert_int_equal(last_entry(&adm).actor_id, adm.user_id);     \
		assert_string_equal(last_entry(&adm).remote, "198.51.100.7"); \
	} while (0)

static void
every_change_is_noted_once(void **state)
{
	struct actor adm = someone("adm", ROLE_ENTERPRISE_ADMIN);
	enum role pro = ROLE_PRO;
	struct user_new bob = {.name = "bob", .role = ROLE_VIEWER};
	struct user_change raise = {.role = &pro};
	struct token_new n = {.name = "nightly"};
	struct token_made made;
	uint64_t id, s;

	(void)state;
	adm.remote = "198.51.100.7";
	NOTED(service_create_user(&sv, &adm, now_us, &bob, &id, &err), "user.create", id);
	assert_string_equal(last_entry(&adm).detail, "name bob, role viewer");
	assert_string_equal(last_entry(&adm).actor_name, "adm");
	assert_int_equal(last_entry(&adm).token_id, adm.token_id);
	NOTED(service_update_user(&sv, &adm, now_us, id, &raise, &err), "user.update", id);
	assert_string_equal(last_entry(&adm).detail, "name bob, role pro");
	NOTED(service_delete_user(&sv, &adm, now_us, id, &err), "user.delete", id);
	NOTED(
	    service_create_token(&sv, &adm, now_us, &n, &made, &err), "token.create", made.id);
	assert_null(strstr(last_entry(&adm).detail, made.text));
	NOTED(service_rotate_token(&sv, &adm, now_us, made.id, 0, &made, &err), "token.rotate",
	    made.id);
	NOTED(service_revoke_token(&sv, &adm, now_us, made.id, &err), "token.revoke", made.id);
	NOTED(service_create_tenant(&sv, &adm, now_us, "acme", &id, &err), "tenant.create", id);
	NOTED(service_update_tenant(&sv, &adm, now_us, id, "beta", NULL, &err), "tenant.update",
	    id);
	NOTED(service_delete_tenant(&sv, &adm, now_us, id, &err), "tenant.delete", id);
	s = add_schedule(&adm, "s", NULL);
	assert_string_equal(last_entry(&adm).action, "schedule.create");
	NOTED(service_run_schedule(&sv, &adm, now_us, s, false, NULL, &id, &err),
	    "schedule.run", s);
	NOTED(service_suspend_schedule(&sv, &adm, now_us, s, "rest", &err), "schedule.suspend",
	    s);
	assert_string_equal(last_entry(&adm).detail, "name s: rest");
	NOTED(service_resume_schedule(&sv, &adm, now_us, s, &err), "schedule.resume", s);
	NOTED(service_delete_schedule(&sv, &adm, now_us, s, &err), "schedule.delete", s);
	assert_int_equal(verified(&adm).first_bad, 0);
}

static void
what_fails_is_not_noted_and_a_tenant_has_its_own_chain(void **state)
{
	struct actor eve = stranger();
	uint64_t before = verified(&root).count, id;
	struct user_new eves = {.name = "eve", .role = ROLE_VIEWER};
	struct audit_entry e;

	(void)state;
	ok(service_system_actor(&sv, &arena, &root, &err));
	assert_int_equal(
	    service_create_user(&sv, &eve, now_us, &eves, &id, &err), ERR_CONFLICT);
	assert_int_equal(service_delete_user(&sv, &root, now_us, 4711, &err), ERR_MISSING);
	assert_int_equal(verified(&root).count, before);
	/* Her token was made in her tenant. */
	assert_int_equal(verified(&eve).count, 1);
	eves.name = "bob";
	ok(service_create_user(&sv, &eve, now_us, &eves, &id, &err));
	e = last_entry(&eve);
	assert_int_equal(e.number, 2);
	assert_int_equal(verified(&root).count, before);
}

static void
log_ins_and_locks_are_noted_but_no_invented_names(void **state)
{
	uint64_t id = add_user("ann", ROLE_PRO), before;

	(void)state;
	set_password(id, "one");
	ok(try_log_in("ann", "one"));
	assert_string_equal(last_entry(&root).action, "login");
	assert_int_equal(last_entry(&root).actor_id, id);
	assert_string_equal(last_entry(&root).remote, "192.0.2.1");
	before = verified(&root).count;
	for (int i = 0; i < 4; i++)
		fail_once("ann");
	assert_int_equal(verified(&root).count, before);
	fail_once("ann");
	assert_string_equal(last_entry(&root).action, "login.locked");
	assert_int_equal(verified(&root).count, before + 1);
	for (int i = 0; i < 6; i++)
		fail_once("nobody");
	assert_int_equal(verified(&root).count, before + 1);
}

static int
alter_body(struct txn *txn, void *ctx, struct err *e)
{
	uint64_t number = *(const uint64_t *)ctx;
	struct audit_entry *list;
	struct buf *record;
	size_t count;

	ok(store_audit_from(txn, &arena, root.tenant_id, number, 1, &list, &count, e));
	list[0].detail = "name mallory";
	record = record_begin(txn);
	pack_audit(record, &list[0]);
	return table_put(txn, TABLE_AUDIT, key_ids(txn, root.tenant_id, number), record, e);
}

static void
an_altered_entry_is_found_and_so_are_more_than_one_step_of_them(void **state)
{
	uint64_t number = 700;
	struct audit_verdict v;

	(void)state;
	add_tenant("acme");
	for (int i = 0; i < 800; i++) {
		struct tenant *list;
		size_t count;
		bool yes = true;

		if (i == 0)
			ok(service_list_tenants(&sv, &arena, &root, &list, &count, &err));
		ok(service_update_tenant(&sv, &root, now_us, list[1].id, NULL, &yes, &err));
	}
	v = verified(&root);
	assert_int_equal(v.first_bad, 0);
	assert_int_equal(v.count, 801);
	assert_memory_equal(v.head, last_entry(&root).hash, sizeof v.head);
	ok(store_run(sv.store, alter_body, &number, &err));
	v = verified(&root);
	assert_int_equal(v.first_bad, 700);
	assert_int_equal(v.count, 801);
}

static void
the_audit_is_listed_newest_first_by_time_and_action(void **state)
{
	struct audit_query q = {
	    .from_us = START + 2, .to_us = START + 6, .action = "user", .cap = 2};
	struct actor viewer = someone("viewer", ROLE_VIEWER);
	struct audit_entry *list;
	struct audit_verdict v;
	uint64_t next;
	size_t count;

	(void)state;
	for (int i = 0; i < 8; i++) {
		now_us = START + i;
		add_user(arena_printf(&arena, "u%d", i), ROLE_VIEWER);
		add_tenant(arena_printf(&arena, "t%d", i));
	}
	ok(service_list_audit(&sv, &arena, &root, &q, &list, &count, &next, &err));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].time_us, START + 5);
	assert_int_equal(list[1].time_us, START + 4);
	q.before = next;
	ok(service_list_audit(&sv, &arena, &root, &q, &list, &count, &next, &err));
	assert_int_equal(count, 2);
	assert_int_equal(list[1].time_us, START + 2);
	assert_int_equal(next, 0);
	q.action = "use";
	q.before = 0;
	ok(service_list_audit(&sv, &arena, &root, &q, &list, &count, &next, &err));
	assert_int_equal(count, 0);
	assert_int_equal(
	    service_list_audit(&sv, &arena, &viewer, &q, &list, &count, &next, &err),
	    ERR_DENIED);
	assert_int_equal(service_verify_audit(&sv, &viewer, &v, &err), ERR_DENIED);
}

/* ---- several as one, and once ---- */

struct work {
	const struct actor *actor;
	uint64_t schedule_id;
	unsigned runs;
	int fails;
	unsigned rings; /* that came while it worked */
};

static int
run_twice(void *ctx, struct err *e)
{
	struct work *w = ctx;
	uint64_t id;
	int rc = 0;

	w->runs++;
	for (int i = 0; !rc && i < 2; i++)
		rc = service_run_schedule(
		    &sv, w->actor, now_us, w->schedule_id, false, NULL, &id, e);
	w->rings = seen.rings;
	return rc ? rc : w->fails;
}

static size_t
executions_of(uint64_t schedule_id)
{
	struct execution *list;
	size_t count;

	ok(service_list_executions(
	    &sv, &arena, &root, schedule_id, 0, 100, &list, &count, &err));
	return count;
}

static void
use_cases_together_all_happen_or_none_and_ring_once_afterwards(void **state)
{
	uint64_t s = add_schedule(&root, "s", NULL);
	struct work w = {.actor = &root, .schedule_id = s, .fails = ERR_CONFLICT};
	unsigned before = seen.rings;
	uint64_t noted = verified(&root).count;

	(void)state;
	assert_int_equal(service_together(&sv, run_twice, &w, &err), ERR_CONFLICT);
	assert_int_equal(executions_of(s), 0);
	assert_int_equal(seen.rings, before);
	assert_int_equal(verified(&root).count, noted);
	w.fails = 0;
	ok(service_together(&sv, run_twice, &w, &err));
	assert_int_equal(executions_of(s), 2);
	assert_int_equal(w.rings, before);
	assert_int_equal(seen.rings, before + 1);
}

static int
answer_work(void *ctx, struct buf *answer, struct err *e)
{
	struct work *w = ctx;
	struct token_new n = {.name = "once"};
	struct token_made made;
	int rc;

	w->runs++;
	rc = service_create_token(&sv, w->actor, now_us, &n, &made, e);
	buf_adds(answer, made.text);
	return rc ? rc : w->fails;
}

static int
call_once(struct work *w, const char *key, const char *body, const char **answer)
{
	struct once once = {.key = key, .method = "m", .body = body, .body_len = strlen(body)};
	const char *text = NULL;
	bool replayed = false;
	unsigned before = w->runs;
	size_t len;
	int rc = service_once(
	    &sv, &arena, w->actor, now_us, &once, answer_work, w, &replayed, &text, &len, &err);

	if (!rc) {
		assert_int_equal(replayed, w->runs == before);
		assert_int_equal(len, strlen(text));
		*answer = text;
	}
	return rc;
}

static void
a_call_with_a_key_happens_once_a_day(void **state)
{
	struct actor ann = someone("ann", ROLE_PRO), bob = someone("bob", ROLE_PRO);
	struct work w = {.actor = &ann}, hers = {.actor = &bob};
	const char *first, *again;

	(void)state;
	ok(call_once(&w, "k", "{}", &first));
	ok(try_token(first));
	ok(call_once(&w, "k", "{}", &again));
	assert_string_equal(first, again);
	assert_int_equal(w.runs, 1);
	assert_int_equal(call_once(&w, "k", "{ }", &again), ERR_CONFLICT);
	assert_string_equal(err.text, "Idempotency-Key was used for another request");
	ok(call_once(&w, "K", "{}", &again));
	assert_string_not_equal(first, again);
	ok(call_once(&hers, "k", "{ }", &again));
	assert_int_equal(hers.runs, 1);
	now_us += DAY_US;
	ok(call_once(&w, "k", "{}", &again));
	assert_string_equal(first, again);
	now_us++;
	ok(call_once(&w, "k", "{ }", &again));
	assert_string_not_equal(first, again);
}

static int
guess_work(void *ctx, struct buf *answer, struct err *e)
{
	struct work *w = ctx;

	(void)answer;
	w->runs++;
	return service_change_password(&sv, w->actor, now_us, "guess", "two", e);
}

static void
a_guess_with_a_key_counts_like_one_without(void **state)
{
	uint64_t id = add_user("ann", ROLE_VIEWER);
	struct actor ann = actor_of("ann");
	struct work w = {.actor = &ann};
	const char *text;
	bool replayed;
	size_t len;

	(void)state;
	set_password(id, "one");
	ann = actor_of("ann");
	for (unsigned i = 0; i < 5; i++) {
		struct once once = {.key = arena_printf(&arena, "k%u", i), .method = "m"};

		assert_int_equal(service_once(&sv, &arena, &ann, now_us, &once, guess_work, &w,
				     &replayed, &text, &len, &err),
		    ERR_INPUT);
		assert_string_equal(err.text, "Invalid value: oldPassword");
	}
	assert_int_equal(w.runs, 5);
	assert_int_equal(try_log_in("ann", "one"), ERR_IDENTITY);
	now_us += SECOND_US;
	ok(try_log_in("ann", "one"));
}

static void
a_key_opens_nothing_to_a_token_that_may_do_something_else(void **state)
{
	struct actor ann = someone("ann", ROLE_PRO), less = ann, tagged = ann;
	struct work w = {.actor = &ann}, of_less = {.actor = &less},
		    of_tagged = {.actor = &tagged};
	const char *tags[] = {"sales"}, *first, *again;

	(void)state;
	less.scopes = SCOPE_ACCESS | SCOPE_READ;
	tagged.tags = tags;
	tagged.tag_count = 1;
	ok(call_once(&w, "k", "{}", &first));
	assert_int_equal(call_once(&of_less, "k", "{}", &again), ERR_CONFLICT);
	assert_int_equal(call_once(&of_tagged, "k", "{}", &again), ERR_CONFLICT);
	assert_string_equal(err.text, "Idempotency-Key was used for another request");
	assert_int_equal(of_less.runs + of_tagged.runs, 0);
	ok(call_once(&of_less, "l", "{}", &first));
	ok(call_once(&of_less, "l", "{}", &again));
	assert_string_equal(first, again);
	assert_int_equal(of_less.runs, 1);
}

static void
a_failure_is_not_kept(void **state)
{
	struct actor ann = someone("ann", ROLE_PRO);
	struct work w = {.actor = &ann, .fails = ERR_CONFLICT};
	uint64_t noted = verified(&root).count;
	const char *answer;

	(void)state;
	assert_int_equal(call_once(&w, "k", "{}", &answer), ERR_CONFLICT);
	assert_int_equal(verified(&root).count, noted);
	w.fails = 0;
	ok(call_once(&w, "k", "other", &answer));
	assert_int_equal(w.runs, 2);
}

static void
a_key_is_visible_ascii_and_not_long(void **state)
{
	struct work w = {.actor = &root};
	char long_key[130];
	const char *answer;

	(void)state;
	memset(long_key, 'k', sizeof long_key);
	long_key[129] = '\0';
	assert_int_equal(call_once(&w, "", "{}", &answer), ERR_INPUT);
	assert_int_equal(call_once(&w, "a b", "{}", &answer), ERR_INPUT);
	assert_int_equal(call_once(&w, "\xc3\xa4", "{}", &answer), ERR_INPUT);
	assert_int_equal(call_once(&w, long_key, "{}", &answer), ERR_INPUT);
	assert_int_equal(w.runs, 0);
}

/* ---- what the store never has ---- */

static const char *needle;
static unsigned files, found_in;

static int
search_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	FILE *f;
	char *bytes;
	size_t len;

	(void)ftw;
	if (type != FTW_F || st->st_size == 0)
		return 0;
	f = fopen(path, "rb");
	assert_non_null(f);
	bytes = malloc((size_t)st->st_size);
	len = fread(bytes, 1, (size_t)st->st_size, f);
	fclose(f);
	files++;
	if (memmem(bytes, len, needle, strlen(needle)))
		found_in++;
	free(bytes);
	return 0;
}

static unsigned
files_with(const char *text)
{
	needle = text;
	files = found_in = 0;
	nftw(temp.dir, search_file, 16, FTW_PHYS);
	assert_true(files > 10);
	return found_in;
}

static void
no_secret_is_in_any_file_of_the_store(void **state)
{
	struct actor ann = someone("ann", ROLE_DOMAIN_ADMIN);
	struct token_new n = {.name = "a-name-to-find"};
	struct work w = {.actor = &ann};
	struct token_made made, rotated;
	const char *kept;

	(void)state;
	set_password(ann.user_id, "correct horse battery");
	ok(service_create_token(&sv, &ann, now_us, &n, &made, &err));
	ok(service_rotate_token(&sv, &ann, now_us, made.id, HOUR_US, &rotated, &err));
	ok(call_once(&w, "a-key-to-look-for", "{}", &kept));
	ok(try_token(kept));
	ok(store_checkpoint(sv.store, 0, &err));
	assert_true(files_with("a-name-to-find") > 0);
	assert_int_equal(files_with(made.text), 0);
	assert_int_equal(files_with(rotated.text), 0);
	assert_int_equal(files_with(kept), 0);
	assert_int_equal(files_with("a-key-to-look-for"), 0);
	assert_int_equal(files_with("correct horse battery"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(nobody_makes_or_changes_who_is_above_him),
	    TEST(nobody_is_raised_above_who_raises_him),
	    TEST(the_last_enterprise_admin_of_the_first_tenant_stays_one),
	    TEST(names_that_could_mean_a_user_of_a_tenant_are_refused),
	    TEST(an_address_is_one_users_in_his_tenant),
	    TEST(users_are_listed_by_name_found_in_name_and_address_and_counted),
	    TEST(a_lower_role_a_new_password_and_being_disabled_end_sessions),
	    TEST(rights_on_jobs_are_a_users_and_an_administrator_has_all),
	    TEST(the_tokens_of_a_deleted_user_die_and_his_schedules_stay),
	    TEST(a_log_in_needs_the_password_of_a_user_who_may),
	    TEST(known_and_unknown_users_are_the_same_work),
	    TEST(too_many_at_once_are_told_to_come_again),
	    TEST(failures_in_a_row_lock_a_name_for_a_growing_while),
	    TEST(while_it_is_locked_the_right_password_is_wrong_and_success_forgets),
	    TEST(ones_own_password_needs_the_old_one),
	    TEST(an_administrators_token_lets_another_in_with_no_more_rights),
	    TEST(a_token_gives_away_no_more_than_its_maker_has),
	    TEST(a_token_that_expires_makes_none_that_lives_longer),
	    TEST(everybody_makes_his_own_tokens_and_only_administrators_others),
	    TEST(a_token_expires_and_a_session_dies_of_idleness),
	    TEST(a_rotated_token_keeps_its_old_secret_for_the_overlap),
	    TEST(others_tokens_are_unknown_but_to_administrators),
	    TEST(the_oldest_session_gives_way_to_one_too_many),
	    TEST(a_token_with_tags_sees_only_what_carries_one),
	    TEST(a_token_with_tags_finds_no_way_around_them),
	    TEST(a_use_case_needs_its_scope),
	    TEST(a_log_in_and_rights_are_given_by_tokens_without_limits_alone),
	    TEST(tenants_have_names_and_go_when_they_are_empty),
	    TEST(a_tenant_with_calendars_stays),
	    TEST(tenants_are_listed_in_the_order_in_which_they_were_made),
	    TEST(an_administrator_of_a_domain_names_no_tenant),
	    TEST(nothing_of_another_tenant_is_found),
	    TEST(the_numbers_of_a_tenant_tell_nothing_of_another),
	    TEST(ones_own_schedules_are_found_and_others_by_administrators),
	    TEST(a_schedule_keeps_the_token_that_it_was_made_with),
	    TEST(every_change_is_noted_once),
	    TEST(what_fails_is_not_noted_and_a_tenant_has_its_own_chain),
	    TEST(log_ins_and_locks_are_noted_but_no_invented_names),
	    TEST(an_altered_entry_is_found_and_so_are_more_than_one_step_of_them),
	    TEST(the_audit_is_listed_newest_first_by_time_and_action),
	    TEST(use_cases_together_all_happen_or_none_and_ring_once_afterwards),
	    TEST(a_call_with_a_key_happens_once_a_day),
	    TEST(a_guess_with_a_key_counts_like_one_without),
	    TEST(a_key_opens_nothing_to_a_token_that_may_do_something_else),
	    TEST(a_failure_is_not_kept),
	    TEST(a_key_is_visible_ascii_and_not_long),
	    TEST(no_secret_is_in_any_file_of_the_store),
	};

	if (secret_init(&err))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
