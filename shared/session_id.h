/* Session IDs and the cookie value that carries one.
 *
 * An ID is 32 random bytes and the time of issue (4 bytes, big-endian, seconds since 1970), base64url: 48
 * characters. The cookie value is "<id>.<signature>", signature = base64url(HMAC-SHA256(signing key, the 48
 * characters)). Only the canonical spelling is accepted, and an ID without a good signature never gets
 * further than this file. */
#ifndef SESSION_FCGI_SESSION_ID_H
#define SESSION_FCGI_SESSION_ID_H

#include <time.h>

#include "keyring.h"
#include "slice.h"

enum {
    SESSION_ID_LENGTH = 48,
    SESSION_ID_COOKIE_LENGTH = SESSION_ID_LENGTH + 1 + 43,
    SESSION_ID_STORE_KEY_LENGTH = 8 + 43,
};

struct session_id {
    char text[SESSION_ID_LENGTH + 1];
};

/* A fresh ID, issued at `now`. False if there is no randomness, or for a time before 1970 or after 2106,
 * which 4 bytes cannot hold. */
bool session_id_create(struct session_id *id, time_t now);

/* The time of issue. */
time_t session_id_issued(const struct session_id *id);

/* The ID as a slice that lives as long as `id`. */
struct slice session_id_slice(const struct session_id *id);

/* Writes the cookie value, signed with the ring's signer, NUL-terminated. */
bool session_id_sign(const struct session_id *id, const struct keyring *keyring,
                     char value[SESSION_ID_COOKIE_LENGTH + 1]);

enum session_id_verdict {
    SESSION_ID_REFUSED,    /* not a cookie value of ours */
    SESSION_ID_GOOD,       /* signed with the ring's signer, or a newer key */
    SESSION_ID_GOOD_OLDER, /* signed with an older key of the ring: time for a fresh cookie */
};

/* Checks a cookie value in constant time and takes the ID out. `id` is set unless REFUSED. */
enum session_id_verdict session_id_verify(struct slice value, const struct keyring *keyring,
                                          struct session_id *id);

/* The key of the session's record in the store: "session:" and base64url(SHA-256(id)); the ID itself is never
 * sent to the store, so who can read the store's keys cannot make cookies of them. */
bool session_id_store_key(const struct session_id *id, char key[SESSION_ID_STORE_KEY_LENGTH + 1]);

#endif
