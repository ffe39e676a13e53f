/* The ring of keys: what the secret file says, turned into the keys that sign cookies and seal records.
 *
 * The secret file has one secret a line; lines that are empty or only spaces, and lines that begin with '#',
 * do not count. The first secret signs and seals, all verify and open: a secret is rotated by putting a new
 * line on top. Where several processes change over to a new ring, an older secret signs and seals until all
 * of them know the first (keyring_sign_with). Each secret gives, by HKDF-SHA256 with an info text of its own,
 * a signing key, a sealing key and a 4-byte fingerprint that names it in records. */
#ifndef SESSION_FCGI_KEYRING_H
#define SESSION_FCGI_KEYRING_H

#include "crypto.h"
#include "error.h"

enum { KEYRING_MAX_SECRETS = 16, KEYRING_MIN_SECRET_LENGTH = 32, KEYRING_FINGERPRINT_SIZE = 4 };

struct keyring_key {
    struct crypto_mac *signature; /* HMAC over a session ID */
    struct crypto_mac *seal;      /* HMAC over a session ID gives the key of that session's record */
    unsigned char fingerprint[KEYRING_FINGERPRINT_SIZE];
};

struct keyring {
    struct keyring_key keys[KEYRING_MAX_SECRETS]; /* the newest first */
    size_t count;                                 /* at least 1 */
    size_t signer;                                /* which one signs and seals; usually 0 */
};

/* Reads the secret file. NULL with the reason, and what to do, in `error`: the file cannot be read, is not a
 * regular file, may be read by others (any permission for others, or write permission for the group), is over
 * 64 KiB, holds no secret, holds one shorter than KEYRING_MIN_SECRET_LENGTH characters or with a control
 * byte, one twice, or too many. What was read is wiped. */
struct keyring *keyring_load(const char *path, struct error *error);

/* The same from secrets in memory; for tests and for programs that keep secrets elsewhere. */
struct keyring *keyring_create(const struct slice *secrets, size_t count, struct error *error);

/* From now on the secret of this fingerprint signs and seals, if it is in the ring: other processes know it
 * and may not know the first one yet. */
void keyring_sign_with(struct keyring *keyring, const unsigned char fingerprint[KEYRING_FINGERPRINT_SIZE]);

/* From now on the first secret signs and seals, as in a ring that was just made. */
void keyring_sign_with_first(struct keyring *keyring);

/* Wipes and releases; NULL is allowed. */
void keyring_destroy(struct keyring *keyring);

/* Writes a fresh secret, 43 characters of base64url (256 bits) and a NUL. */
bool keyring_new_secret(char secret[44]);

#endif
