/* Placeholders: what is one, what is refused, and how values go in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/placeholder.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct arena arena;

static int
forget(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static const char *
value(void *ctx, struct arena *a, const struct placeholder *p)
{
	(void)ctx;
	switch (p->name) {
	case PLACEHOLDER_SCHEDULED_DATE:
		return "2026-11-22";
	case PLACEHOLDER_ARGS:
		return "a \"b\"\r\nX: y/ü";
	case PLACEHOLDER_RESULT:
		return p->of ? arena_memdup(a, p->of, p->of_len) : "42 rows";
	case PLACEHOLDER_SECRET:
		return p->of_len == 4 ? "s3cret" : NULL;
	default:
		return "?";
	}
}

static void
values_go_in_as_their_place_asks(void **state)
{
	static const struct {
		const char *text, *filled;
		enum placeholder_form form;
		unsigned rules;
	} cases[] = {
	    {"plain", "plain", PLACEHOLDER_PLAIN, 0},
	    {"", "", PLACEHOLDER_PLAIN, 0},
	    {"${scheduledDate}", "2026-11-22", PLACEHOLDER_PLAIN, 0},
	    {"<${result}|${result:a b}>", "<42 rows|a b>", PLACEHOLDER_PLAIN, 0},
	    {"Bearer ${secret:name}", "Bearer s3cret", PLACEHOLDER_LINE, 0},
	    {"${args}", "a \"b\"  X: y/ü", PLACEHOLDER_LINE, 0},
	    {"http://h/${args}?a=%20", "http://h/a%20%22b%22%0D%0AX%3A%20y%2F%C3%BC?a=%20",
		PLACEHOLDER_URL, 0},
	    {"{\"a\":\"${args}\"}", "{\"a\":\"a \\\"b\\\"\\u000d\\u000aX: y/ü\"}",
		PLACEHOLDER_JSON, 0},
	    {"$${args} $$${result}", "${args} $${result}", PLACEHOLDER_PLAIN, 0},
	    {"$5 $ {x} $", "$5 $ {x} $", PLACEHOLDER_PLAIN, 0},
	    {"--day=${scheduledDate}", "--day=2026-11-22", PLACEHOLDER_PLAIN,
		PLACEHOLDER_ARGUMENT},
	    {"echo ${args} ${HOME:-x} ${result} $$ $${X}",
		"echo ${args} ${HOME:-x} ${result} $$ $${X}", PLACEHOLDER_PLAIN,
		PLACEHOLDER_ARGUMENT},
	    {"$${scheduledDate}", "${scheduledDate}", PLACEHOLDER_PLAIN, PLACEHOLDER_ARGUMENT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool failed = false;

		assert_string_equal(placeholder_fill(&arena, cases[i].text, cases[i].rules,
					cases[i].form, value, NULL, &failed),
		    cases[i].filled);
		assert_false(failed);
	}
}

static void
a_value_that_is_missing_is_told(void **state)
{
	bool failed = false;

	(void)state;
	assert_string_equal(placeholder_fill(&arena, "<${secret:gone!}>", 0, PLACEHOLDER_PLAIN,
				value, NULL, &failed),
	    "<${secret:gone!}>");
	assert_false(failed);
	assert_string_equal(placeholder_fill(&arena, "<${secret:missing}>", 0,
				PLACEHOLDER_PLAIN, value, NULL, &failed),
	    "<>");
	assert_true(failed);
}

static void
what_is_no_placeholder_is_refused_unless_it_may_be_a_shells(void **state)
{
	static const struct {
		const char *text;
		unsigned rules;
		const char *why; /* NULL: it is fine */
	} cases[] = {
	    {"${scheduledDate} ${secret:a.b-C_9} $${x}", 0, NULL},
	    {"${x}", 0, "begins no placeholder"},
	    {"${}", 0, "begins no placeholder"},
	    {"${args", 0, "begins no placeholder"},
	    {"${args:x}", 0, "begins no placeholder"},
	    {"${result:}", 0, "begins no placeholder"},
	    {"${secret}", 0, "begins no placeholder"},
	    {"${secret:}", 0, "begins no placeholder"},
	    {"${secret:a b}", 0, "begins no placeholder"},
	    {"${secret:a}", PLACEHOLDER_NO_SECRET, "put it into a header"},
	    {"${x} ${args:-1} ${", PLACEHOLDER_ARGUMENT | PLACEHOLDER_NO_SECRET, NULL},
	    {"a${secret:a}", PLACEHOLDER_ARGUMENT | PLACEHOLDER_NO_SECRET, "put it into env"},
	    {"a$${secret:a}", PLACEHOLDER_ARGUMENT | PLACEHOLDER_NO_SECRET, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err why = {.text = ""};
		int rc = placeholder_check(cases[i].text, cases[i].rules, &why);

		if (!rc != !cases[i].why || (rc && !strstr(why.text, cases[i].why)))
			fail_msg("\"%s\": %s", cases[i].text, rc ? why.text : "accepted");
	}
}

static int
stop_at_a_secret(void *ctx, const struct placeholder *p)
{
	++*(int *)ctx;
	return p->name == PLACEHOLDER_SECRET ? 7 : 0;
}

static void
all_that_stand_in_a_text_are_told(void **state)
{
	int seen = 0;

	(void)state;
	assert_int_equal(
	    placeholder_each("${args} $${args} ${result}", 0, stop_at_a_secret, &seen), 0);
	assert_int_equal(seen, 2);
	assert_int_equal(
	    placeholder_each("${secret:a} ${args}", 0, stop_at_a_secret, &seen), 7);
	assert_int_equal(seen, 3);
}

#define TEST(name) cmocka_unit_test_teardown(name, forget)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(values_go_in_as_their_place_asks),
	    TEST(a_value_that_is_missing_is_told),
	    TEST(what_is_no_placeholder_is_refused_unless_it_may_be_a_shells),
	    TEST(all_that_stand_in_a_text_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
