/* The seal: a record encrypted and bound to its session, as it lies in the store.
 *
 *   byte 0        format version, 1
 *   bytes 1–4     fingerprint of the secret (keyring.h)
 *   bytes 5–16    nonce, random
 *   …             ciphertext, as long as the record
 *   last 16       tag
 *
 * AES-256-GCM; the key is HMAC-SHA256(sealing key, session ID); associated data are bytes 0–4 and the store's
 * key. So a record that was changed, belongs to another session, or came under another key does not open. */
#ifndef SESSION_FCGI_SEAL_H
#define SESSION_FCGI_SEAL_H

#include "arena.h"
#include "keyring.h"
#include "session_id.h"

enum { SEAL_VERSION = 1, SEAL_OVERHEAD = 1 + KEYRING_FINGERPRINT_SIZE + CRYPTO_NONCE_SIZE + CRYPTO_TAG_SIZE };

/* Seals `record` with the ring's signer, into the arena. "No value" if randomness or the library fails. */
struct slice seal_close(struct slice record, const struct session_id *id, const char *store_key,
                        const struct keyring *keyring, struct arena *arena);

/* The same with a given nonce: for known-answer tests only. */
struct slice seal_close_with_nonce(struct slice record, const struct session_id *id, const char *store_key,
                                   const struct keyring *keyring,
                                   const unsigned char nonce[CRYPTO_NONCE_SIZE], struct arena *arena);

/* Opens what came from the store, into the arena: "no value" if it is not a record of this session, whatever
 * the cause (too short, unknown version, unknown secret, changed). */
struct slice seal_open(struct slice sealed, const struct session_id *id, const char *store_key,
                       const struct keyring *keyring, struct arena *arena);

#endif
