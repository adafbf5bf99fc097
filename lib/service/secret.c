/* Passwords, tokens and randomness: see secret.h. */
#include "service/secret.h"

#include <sodium.h>
#include <string.h>

_Static_assert(SECRET_HASH_TEXT >= crypto_pwhash_STRBYTES, "room for libsodium's string");
_Static_assert(SECRET_KEY_BYTES == crypto_secretbox_KEYBYTES &&
		   SECRET_NONCE_BYTES == crypto_secretbox_NONCEBYTES &&
		   SECRET_SEAL_BYTES - SECRET_NONCE_BYTES == crypto_secretbox_MACBYTES,
    "sizes of libsodium's secretbox");
_Static_assert(
    TOKEN_TEXT >= sodium_base64_ENCODED_LEN(TOKEN_BYTES, sodium_base64_VARIANT_ORIGINAL),
    "room for base64");

/* Checked in place of the hash of a user who does not exist: the same cost, and no password
 * that anyone was given. */
static const char nobodys_hash[] = "$argon2id$v=19$m=65536,t=2,p=1$Zgd8WuP5S7fn2FDiKISfRQ$"
				   "7Qs3wU6p+YhS4ZRe7Y9sQxCCnD9zACYC9GdbbOngfRs";

int
secret_init(struct err *err)
{
	if (sodium_init() < 0)
		return err_fail(err, ERR_IO, "libsodium cannot be initialised");
	return 0;
}

void
secret_random(void *buf, size_t len)
{
	randombytes_buf(buf, len);
}

int
secret_hash_password(const char *password, char hash[SECRET_HASH_TEXT], struct err *err)
{
	memset(hash, 0, SECRET_HASH_TEXT);
	if (crypto_pwhash_str(hash, password, strlen(password),
		crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE))
		return err_fail(err, ERR_BUSY, "not enough memory to hash a password");
	return 0;
}

bool
secret_password_matches(const char *hash, const char *password)
{
	size_t len = strlen(password);
	bool same;

	if (len > SECRET_PASSWORD_MAX)
		return false;
	same = !crypto_pwhash_str_verify(hash ? hash : nobodys_hash, password, len);
	return hash && same;
}

void
secret_token_text(const unsigned char token[TOKEN_BYTES], char text[TOKEN_TEXT])
{
	sodium_bin2base64(text, TOKEN_TEXT, token, TOKEN_BYTES, sodium_base64_VARIANT_ORIGINAL);
}

void
secret_token_hash(const unsigned char key[SECRET_KEY_BYTES], const char *text,
    unsigned char hash[TOKEN_HASH_BYTES])
{
	secret_hash(key, text, strlen(text), hash);
}

void
secret_hash(const unsigned char *key, const void *data, size_t len,
    unsigned char hash[SECRET_HASH_BYTES])
{
	crypto_generichash(hash, SECRET_HASH_BYTES, data, len, key, key ? SECRET_KEY_BYTES : 0);
}

void
secret_seal(const unsigned char key[SECRET_KEY_BYTES],
    const unsigned char nonce[SECRET_NONCE_BYTES], const void *data, size_t len,
    unsigned char *out)
{
	memcpy(out, nonce, SECRET_NONCE_BYTES);
	crypto_secretbox_easy(out + SECRET_NONCE_BYTES, data, len, nonce, key);
}

int
secret_unseal(const unsigned char key[SECRET_KEY_BYTES], const void *sealed, size_t len,
    unsigned char *out)
{
	const unsigned char *in = sealed;

	if (len < SECRET_SEAL_BYTES || crypto_secretbox_open_easy(out, in + SECRET_NONCE_BYTES,
					   len - SECRET_NONCE_BYTES, in, key))
		return ERR_IO;
	return 0;
}

void
secret_sign(const void *key, size_t key_len, const void *data, size_t len,
    unsigned char mac[SECRET_HASH_BYTES])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key, key_len);
	crypto_auth_hmacsha256_update(&state, data, len);
	crypto_auth_hmacsha256_final(&state, mac);
}

bool
secret_from_base64(const char *text, unsigned char *out, size_t *len)
{
	return !sodium_base642bin(out, strlen(text), text, strlen(text), NULL, len, NULL,
	    sodium_base64_VARIANT_ORIGINAL);
}
