/* Networks of addresses: what is one, and where no connection may go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/network.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *
refusal_of(const char *address, const char *allow)
{
	struct sockaddr_storage to = {0};
	struct sockaddr_in *v4 = (struct sockaddr_in *)&to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&to;
	struct network networks[8];
	size_t count = 0;

	while (allow && *allow) {
		size_t len = strcspn(allow, " ");

		assert_true(network_parse(allow, len, &networks[count++]));
		allow += len + (allow[len] == ' ');
	}
	to.ss_family = strchr(address, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(
	    inet_pton(to.ss_family, address,
		to.ss_family == AF_INET ? (void *)&v4->sin_addr : (void *)&v6->sin6_addr),
	    1);
	return network_refusal((struct sockaddr *)&to, networks, count);
}

static void
only_addresses_of_the_public_internet_are_let_through(void **state)
{
	static const struct {
		const char *address, *what; /* NULL: it is public */
	} cases[] = {
	    {"93.184.216.34", NULL},
	    {"1.1.1.1", NULL},
	    {"9.255.255.255", NULL},
	    {"11.0.0.0", NULL},
	    {"172.15.255.255", NULL},
	    {"172.32.0.0", NULL},
	    {"100.63.255.255", NULL},
	    {"100.128.0.0", NULL},
	    {"223.255.255.255", NULL},
	    {"2606:2800:220:1:248:1893:25c8:1946", NULL},
	    {"2001:200::1", NULL},
	    {"0.0.0.0", "unspecified"},
	    {"0.1.2.3", "unspecified"},
	    {"10.0.0.1", "private"},
	    {"100.64.0.1", "shared"},
	    {"100.100.100.200", "metadata"},
	    {"127.0.0.1", "loopback"},
	    {"127.255.255.254", "loopback"},
	    {"168.63.129.16", "metadata"},
	    {"169.254.0.1", "link-local"},
	    {"169.254.169.254", "metadata"},
	    {"169.254.170.2", "metadata"},
	    {"172.16.0.1", "private"},
	    {"172.31.255.255", "private"},
	    {"192.0.0.192", "metadata"},
	    {"192.0.2.1", "reserved"},
	    {"192.168.1.1", "private"},
	    {"198.18.0.1", "reserved"},
	    {"198.19.255.255", "reserved"},
	    {"224.0.0.1", "multicast"},
	    {"239.255.255.255", "multicast"},
	    {"240.0.0.1", "reserved"},
	    {"255.255.255.255", "reserved"},
	    {"::", "unspecified"},
	    {"::1", "loopback"},
	    {"::127.0.0.1", "unspecified"},
	    {"::ffff:127.0.0.1", "IPv4"},
	    {"::ffff:93.184.216.34", "IPv4"},
	    {"::ffff:169.254.169.254", "IPv4"},
	    {"64:ff9b::7f00:1", "loopback"},
	    {"64:ff9b::a9fe:a9fe", "metadata"},
	    {"64:ff9b::5db8:d822", NULL},
	    {"64:ff9b:1::1", "private"},
	    {"2002:7f00:1::", "loopback"},
	    {"2002:a00:1::1", "private"},
	    {"2002:5db8:d822::1", NULL},
	    {"2001::1", "reserved"},
	    {"2001:db8::1", "reserved"},
	    {"fc00::1", "private"},
	    {"fd12:3456::1", "private"},
	    {"fd00:ec2::254", "metadata"},
	    {"fe80::1", "link-local"},
	    {"febf::1", "link-local"},
	    {"fec0::1", "private"},
	    {"ff02::1", "multicast"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *what = refusal_of(cases[i].address, NULL);

		if (!what != !cases[i].what || (what && !strstr(what, cases[i].what)))
			fail_msg(
			    "%s: %s", cases[i].address, what ? what : "it was let through");
	}
}

static void
what_is_allowed_is_opened_and_nothing_beside_it(void **state)
{
	static const struct {
		const char *address, *allow;
		bool opened;
	} cases[] = {
	    {"10.1.2.3", "10.0.0.0/8", true},
	    {"10.1.2.3", "10.1.0.0/16", true},
	    {"10.2.2.3", "10.1.0.0/16", false},
	    {"10.1.2.3", "192.168.0.0/16 10.1.2.3", true},
	    {"127.0.0.1", "127.0.0.1", true},
	    {"127.0.0.2", "127.0.0.1", false},
	    {"::1", "::1", true},
	    {"fd12::1", "fc00::/7", true},
	    {"10.1.2.3", "0.0.0.0/0", false},
	    {"127.0.0.1", "0.0.0.0/0", false},
	    {"fd12::1", "::/0", false},
	    {"169.254.169.254", "169.254.0.0/16", false},
	    {"169.254.169.254", "169.254.169.254", true},
	    {"fd00:ec2::254", "fc00::/7", false},
	    {"fd00:ec2::254", "fd00:ec2::/32", false},
	    {"100.100.100.200", "100.64.0.0/10", false},
	    {"::ffff:10.1.2.3", "10.0.0.0/8", false},
	    {"64:ff9b::a01:203", "10.0.0.0/8", true},
	    {"64:ff9b::7f00:1", "10.0.0.0/8", false},
	    {"2002:a01:203::1", "10.0.0.0/8", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (!refusal_of(cases[i].address, cases[i].allow) != cases[i].opened)
			fail_msg("%s with %s", cases[i].address, cases[i].allow);
	}
}

static void
only_the_internet_has_addresses(void **state)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX};

	(void)state;
	assert_non_null(network_refusal((struct sockaddr *)&local, NULL, 0));
}

static void
a_network_is_an_address_with_or_without_a_prefix(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
	    {"10.0.0.0/8", true},
	    {"10.0.0.1", true},
	    {"0.0.0.0/0", true},
	    {"fd00::/8", true},
	    {"::1", true},
	    {"", false},
	    {"10.0.0.0/", false},
	    {"10.0.0.0/33", false},
	    {"10.0.0.0/8x", false},
	    {"10.0.0.0/-1", false},
	    {"10.0.0.0/ 8", false},
	    {"10.0.0.0/0008", false},
	    {"10.0.0.1/8", false},
	    {"10.0.0", false},
	    {"fd00::1/8", false},
	    {"fd00::/129", false},
	    {"localhost", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct network n;

		if (network_parse(cases[i].text, strlen(cases[i].text), &n) != cases[i].good)
			fail_msg("\"%s\"", cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_addresses_of_the_public_internet_are_let_through),
	    cmocka_unit_test(what_is_allowed_is_opened_and_nothing_beside_it),
	    cmocka_unit_test(only_the_internet_has_addresses),
	    cmocka_unit_test(a_network_is_an_address_with_or_without_a_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
