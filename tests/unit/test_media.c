/* When a body is XML, and when an answer is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "faces/api3/call.h"

static struct request
request_with(const char *name, const char *value)
{
	static char line[512];
	static char *params[] = {line, NULL};

	snprintf(line, sizeof line, "%s=%s", name, value);
	return (struct request){.params = params};
}

static void
a_body_is_xml_only_where_it_is_declared(void **state)
{
	static const struct {
		const char *type;
		bool xml;
	} table[] = {
	    {"application/xml", true},
	    {"text/xml", true},
	    {"Application/XML;charset=UTF-8", true},
	    {" text/xml ; charset=\"utf-8\"; a=b", true},
	    {"", false},
	    {"application/json", false},
	    {"text/plain;charset=UTF-8", false},
	    {"text/plain;application/xml", false},
	    {"application/xml2", false},
	    {"application/xm", false},
	    {"application/soap+xml", false},
	    {"application/xml-dtd", false},
	    {"xml", false},
	    {"application/json, application/xml", false},
	};
	struct request none = {.params = (char *[]){NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct request req = request_with("CONTENT_TYPE", table[i].type);

		if (api3_sends_xml(&req) != table[i].xml)
			fail_msg("Content-Type: %s", table[i].type);
	}
	assert_false(api3_sends_xml(&none));
}

static void
an_answer_is_xml_only_where_it_is_named_and_weighs_more(void **state)
{
	static const struct {
		const char *accept;
		bool xml;
	} table[] = {
	    {"application/xml", true},
	    {"text/xml", true},
	    {"TEXT/XML;q=0.1", true},
	    {"application/xml;charset=utf-8", true},
	    {"application/xml , text/plain", true},
	    {"application/xml, application/json;q=0.9", true},
	    {"application/json;q=0.5,application/xml;q=0.501", true},
	    {"application/xml;v=1;q=1.000, */*;q=0.999", true},
	    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true},
	    {"text/xml;q=0.2, application/xml;q=0.8, application/json;q=0.5", true},
	    {"application/xml;q=0.5, application/json;q=0.1, */*", true},
	    {"application/json;q=0, application/xml;q=0.1", true},
	    {",,application/xml,", true},
	    {"", false},
	    {"*/*", false},
	    {"text/*", false},
	    {"application/*", false},
	    {"application/json", false},
	    {"text/plain", false},
	    {"image/png", false},
	    {"application/json,application/json;charset=utf-8,text/plain,text/"
	     "plain;charset=utf-8",
		false},
	    {"application/xml, application/json", false},
	    {"application/json, application/xml", false},
	    {"application/xml, */*", false},
	    {"application/xml;q=0.5, application/*", false},
	    {"application/xml;q=0.5, application/*;q=0.6, */*;q=0.1", false},
	    {"application/xml;q=0", false},
	    {"application/xml;q=0.000, text/plain", false},
	    {"application/xml;q=2", false},
	    {"application/xml;q=1.001", false},
	    {"application/xml;q=0.1234", false},
	    {"application/xml;q=", false},
	    {"application/xml;q=-1", false},
	    {"application/xml;q=0,9", false},
	    {"application/xml;q=x", false},
	    {"application/soap+xml", false},
	    {";", false},
	    {"q=1", false},
	};
	struct request none = {.params = (char *[]){NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct request req = request_with("HTTP_ACCEPT", table[i].accept);

		if (api3_wants_xml(&req) != table[i].xml)
			fail_msg("Accept: %s", table[i].accept);
	}
	assert_false(api3_wants_xml(&none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_body_is_xml_only_where_it_is_declared),
	    cmocka_unit_test(an_answer_is_xml_only_where_it_is_named_and_weighs_more),
	};

	return cmocka_run_group_tests_name("media", tests, NULL, NULL);
}
