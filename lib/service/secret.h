/* Passwords, tokens and randomness through libsodium: the only file of the library that knows
 * it. */
#ifndef SERVICE_SECRET_H
#define SERVICE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "model/account.h"

enum {
	SECRET_PASSWORD_MAX = 1024, /* bytes; longer ones are refused before any work is done */
	SECRET_HASH_TEXT = 128,
	SECRET_KEY_BYTES = 32,
	TOKEN_BYTES = 32,
	TOKEN_TEXT = 48, /* base64 of TOKEN_BYTES, and a NUL */
};

/* Make the library ready; once in a process, before anything else here. */
MUST_CHECK int secret_init(struct err *err);

/* Unpredictable bytes. */
void secret_random(void *buf, size_t len);

/* Argon2id, as libsodium's self-describing string. Takes some 64 MiB and tens of milliseconds.
 * Fails: ERR_BUSY without the memory. */
MUST_CHECK int secret_hash_password(
    const char *password, char hash[SECRET_HASH_TEXT], struct err *err);

/*
 * True when the password belongs to the hash. `hash` NULL: false, after the same work, so that
 * nobody learns from the time it takes which users exist.
 */
bool secret_password_matches(const char *hash, const char *password);

/* Standard base64 with padding. */
void secret_token_text(const unsigned char token[TOKEN_BYTES], char text[TOKEN_TEXT]);

/* The keyed hash under which a token's record is found. Any text has one, also what is no
 * token. */
void secret_token_hash(const unsigned char key[SECRET_KEY_BYTES], const char *text,
    unsigned char hash[TOKEN_HASH_BYTES]);

/* BLAKE2b; `key` (SECRET_KEY_BYTES) may be NULL. */
enum { SECRET_HASH_BYTES = 32 };
void secret_hash(const unsigned char *key, const void *data, size_t len,
    unsigned char hash[SECRET_HASH_BYTES]);

/* Bytes that are added to what is sealed. */
enum { SECRET_NONCE_BYTES = 24, SECRET_SEAL_BYTES = SECRET_NONCE_BYTES + 16 };

/* HMAC-SHA256 (RFC 2104); a key of any length. */
void secret_sign(const void *key, size_t key_len, const void *data, size_t len,
    unsigned char mac[SECRET_HASH_BYTES]);

/* Standard base64 with padding; `out` has strlen(text) bytes. False when it is none. */
bool secret_from_base64(const char *text, unsigned char *out, size_t *len);

/* Encrypt with authentication, for a key that seals little; `out` has len + SECRET_SEAL_BYTES. */
void secret_seal(const unsigned char key[SECRET_KEY_BYTES],
    const unsigned char nonce[SECRET_NONCE_BYTES], const void *data, size_t len,
    unsigned char *out);

/* `out` has len - SECRET_SEAL_BYTES. Fails: ERR_IO when this was not sealed with the key. */
MUST_CHECK int secret_unseal(const unsigned char key[SECRET_KEY_BYTES], const void *sealed,
    size_t len, unsigned char *out);

#endif
