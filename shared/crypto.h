/* The cryptographic operations of sessions, on OpenSSL 3: the one file that includes its headers.
 *
 * crypto_prepare fetches the algorithms once, before the fork; the rest costs no look-ups. Functions that can
 * fail return false and leave their output wiped; a failure here means a broken library or no memory. Not for
 * use by several threads at once. */
#ifndef SESSION_FCGI_CRYPTO_H
#define SESSION_FCGI_CRYPTO_H

#include "error.h"
#include "slice.h"

enum {
    CRYPTO_HASH_SIZE = 32,  /* SHA-256 and HMAC-SHA256 */
    CRYPTO_KEY_SIZE = 32,   /* AES-256 */
    CRYPTO_NONCE_SIZE = 12, /* GCM, NIST SP 800-38D */
    CRYPTO_TAG_SIZE = 16,
};

/* Fetches what the functions below need. Call once before them. False with the reason. */
bool crypto_prepare(struct error *error);
/* Releases what crypto_prepare fetched. */
void crypto_release(void);

/* `size` bytes from the operating system's generator by way of OpenSSL's; safe over fork. */
bool crypto_random(void *bytes, size_t size);

/* Overwrites memory that held a secret, in a way the compiler does not remove. */
void crypto_wipe(void *bytes, size_t size);

/* Compares in time that depends on `size` only. */
bool crypto_equal(const void *a, const void *b, size_t size);

bool crypto_sha256(struct slice bytes, unsigned char hash[CRYPTO_HASH_SIZE]);

/* HKDF-SHA256 (RFC 5869) without salt: `size` bytes derived from `secret` for the purpose `info`. */
bool crypto_derive(struct slice secret, const char *info, unsigned char *key, size_t size);

/* HMAC-SHA256 (RFC 2104) with a key that is kept ready. */
struct crypto_mac;
struct crypto_mac *crypto_mac_create(const unsigned char *key, size_t size); /* NULL on failure */
bool crypto_mac_compute(struct crypto_mac *mac, struct slice bytes, unsigned char code[CRYPTO_HASH_SIZE]);
void crypto_mac_destroy(struct crypto_mac *mac); /* wipes the key; NULL is allowed */

/* AES-256-GCM. `sealed` gets plain.length bytes, `tag` the tag. */
bool crypto_seal(const unsigned char key[CRYPTO_KEY_SIZE], const unsigned char nonce[CRYPTO_NONCE_SIZE],
                 struct slice associated, struct slice plain, char *sealed,
                 unsigned char tag[CRYPTO_TAG_SIZE]);

/* The reverse: false, and `plain` wiped, if anything was changed. `plain` gets sealed.length bytes. */
bool crypto_open(const unsigned char key[CRYPTO_KEY_SIZE], const unsigned char nonce[CRYPTO_NONCE_SIZE],
                 struct slice associated, struct slice sealed, const unsigned char tag[CRYPTO_TAG_SIZE],
                 char *plain);

#endif
