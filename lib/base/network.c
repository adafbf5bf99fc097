/* Networks of addresses: see network.h. */
#include "base/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static unsigned
size_of(int family)
{
	return family == AF_INET ? 32 : 128;
}

static bool
has_bits_behind(const struct network *n)
{
	for (unsigned i = n->bits; i < size_of(n->family); i++) {
		if (n->address[i / 8] & (0x80 >> i % 8))
			return true;
	}
	return false;
}

static bool
parse_bits(const char *text, unsigned max, unsigned *bits)
{
	char *end;
	unsigned long n;

	if (*text < '0' || *text > '9')
		return false;
	n = strtoul(text, &end, 10);
	*bits = (unsigned)n;
	return !*end && end - text <= 3 && n <= max;
}

bool
network_parse(const char *text, size_t len, struct network *n)
{
	char copy[64], *slash;

	*n = (struct network){0};
	if (len >= sizeof copy)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	n->family = strchr(copy, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(n->family, copy, n->address) != 1)
		return false;
	n->bits = size_of(n->family);
	return (!slash || parse_bits(slash, n->bits, &n->bits)) && !has_bits_behind(n);
}

static bool
contains(const struct network *n, int family, const unsigned char *address)
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	if (n->family != family || memcmp(n->address, address, whole))
		return false;
	return !rest || !((n->address[whole] ^ address[whole]) >> (8 - rest));
}

/* ---- the refused ones ---- */

/* From the registries of special-purpose addresses (RFC 6890 and what has changed it). */
static const struct {
	const char *network, *what;
} refused[] = {
    {"169.254.169.254/32", "a cloud's metadata service"},
    {"169.254.170.2/32", "a cloud's metadata service"},
    {"100.100.100.200/32", "a cloud's metadata service"},
    {"168.63.129.16/32", "a cloud's metadata service"},
    {"192.0.0.192/32", "a cloud's metadata service"},
    {"fd00:ec2::254/128", "a cloud's metadata service"},
    {"fd20:ce::254/128", "a cloud's metadata service"},
    {"0.0.0.0/8", "an unspecified address"},
    {"10.0.0.0/8", "a private address"},
    {"100.64.0.0/10", "a shared address"},
    {"127.0.0.0/8", "a loopback address"},
    {"169.254.0.0/16", "a link-local address"},
    {"172.16.0.0/12", "a private address"},
    {"192.0.0.0/24", "a reserved address"},
    {"192.0.2.0/24", "a reserved address"},
    {"192.88.99.0/24", "a reserved address"},
    {"192.168.0.0/16", "a private address"},
    {"198.18.0.0/15", "a reserved address"},
    {"198.51.100.0/24", "a reserved address"},
    {"203.0.113.0/24", "a reserved address"},
    {"224.0.0.0/4", "a multicast address"},
    {"240.0.0.0/4", "a reserved address"},
    {"::1/128", "a loopback address"},
    {"::/96", "an unspecified address"},
    {"::ffff:0:0/96", "an IPv4 address in the form of IPv6"},
    {"::ffff:0:0:0/96", "an IPv4 address in the form of IPv6"},
    {"64:ff9b:1::/48", "a private address"},
    {"100::/64", "a reserved address"},
    {"2001::/23", "a reserved address"},
    {"2001:db8::/32", "a reserved address"},
    {"3fff::/20", "a reserved address"},
    {"5f00::/16", "a reserved address"},
    {"fc00::/7", "a private address"},
    {"fe80::/10", "a link-local address"},
    {"fec0::/10", "a private address"},
    {"ff00::/8", "a multicast address"},
};

/* Where the IPv4 address stands in one of IPv6 that is translated or tunnelled to it. */
static const struct {
	const char *network;
	unsigned at;
} embedding[] = {{"64:ff9b::/96", 12}, {"2002::/16", 2}};

static bool
is_opened(const struct network *block, const unsigned char *address,
    const struct network *allow, size_t allow_count)
{
	for (size_t i = 0; i < allow_count; i++) {
		if (allow[i].bits >= block->bits && contains(&allow[i], block->family, address))
			return true;
	}
	return false;
}

static const char *
refusal(
    int family, const unsigned char *address, const struct network *allow, size_t allow_count)
{
	struct network block;

	for (size_t i = 0; i < COUNT(refused); i++) {
		if (!network_parse(refused[i].network, strlen(refused[i].network), &block))
			abort();
		if (contains(&block, family, address) &&
		    !is_opened(&block, address, allow, allow_count))
			return refused[i].what;
	}
	for (size_t i = 0; i < COUNT(embedding); i++) {
		if (network_parse(embedding[i].network, strlen(embedding[i].network), &block) &&
		    contains(&block, family, address))
			return refusal(AF_INET, address + embedding[i].at, allow, allow_count);
	}
	return NULL;
}

const char *
network_refusal(const struct sockaddr *to, const struct network *allow, size_t allow_count)
{
	const void *address;

	if (to->sa_family == AF_INET)
		address = &((const struct sockaddr_in *)(const void *)to)->sin_addr;
	else if (to->sa_family == AF_INET6)
		address = &((const struct sockaddr_in6 *)(const void *)to)->sin6_addr;
	else
		return "no address of the internet";
	return refusal(to->sa_family, address, allow, allow_count);
}
