/*
 * Networks of addresses: `10.0.0.0/8`, `fd00::/8`, and which of them have something to hide.
 *
 * What stands here is about addresses that a connection really goes to, never about names: a name
 * may mean another address a moment later.
 */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct network {
	int family; /* AF_INET or AF_INET6 */
	unsigned char address[16];
	unsigned bits;
};

/* `10.0.0.0/8`, or one address. Answers false when the text is none, or bits are set behind the
 * prefix. */
bool network_parse(const char *text, size_t len, struct network *n);

/*
 * May a connection that a definition asks for go to this address? Answers NULL, or what is wrong
 * with it: "a private address".
 *
 * Refused are all that are not of the public internet: loopback, link-local, private, shared,
 * multicast, reserved and unspecified ones, the services of clouds that tell a machine its secrets,
 * and forms of IPv6 that stand for an address of IPv4 (their IPv4 address counts where they are
 * translated, others are refused). An entry of `allow` opens what it names only where it lies wholly
 * within the refused block: so 0.0.0.0/0 opens nothing, and a cloud's service only itself does.
 */
const char *network_refusal(
    const struct sockaddr *to, const struct network *allow, size_t allow_count);

#endif
