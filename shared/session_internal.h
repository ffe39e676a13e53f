/* What the files of the session room share. */
#ifndef SESSION_FCGI_SESSION_INTERNAL_H
#define SESSION_FCGI_SESSION_INTERNAL_H

#include "session.h"

/* How long an old ID leads on after SESSION_RENEW_PLAIN, and how long after a log-in a request that ends the
 * session still finds it. */
enum { SESSION_FORWARD_SECONDS = 10 };

struct sessions {
    const struct session_policy *policy;
    const struct keyring *keyring;
    struct store *store;
    struct session_counters counters;
};

/* The changes that a request noted, in order. */
struct session_journal {
    struct record_change *changes;
    size_t count, capacity;
    bool clear; /* the session ends; `changes` came after that */
    bool renew;
    enum session_renewal renewal;
};

enum session_cookie_due { SESSION_COOKIE_NONE, SESSION_COOKIE_SET, SESSION_COOKIE_EXPIRE };

struct session {
    struct sessions *sessions;
    struct arena *arena;
    time_t now;
    bool secure; /* the cookie's Secure attribute and prefix */

    bool has_id;    /* the cookie named an ID that is ours and in time, or the commit made one */
    bool presented; /* the request came with such a cookie */
    bool signed_with_older;
    struct session_id id;
    char store_key[SESSION_ID_STORE_KEY_LENGTH + 1];

    enum session_result status;
    bool loaded;
    bool forwarded;       /* the cookie's ID led to another one, which is `id` now */
    bool present;         /* the store has this session's entries, and they are ours and in time */
    struct record record; /* entries only if present; a tombstone if not, but a log-in moved the session */
    uint64_t version;     /* of the record in the store */

    struct session_journal journal;
    enum session_cookie_due cookie_due;
};

/* Takes the ID out of the cookies: sets has_id, presented, signed_with_older, id and store_key. */
void session_cookie_read(struct session *session, struct slice cookies);

/* Makes `id` this session's. False if the hash fails. */
bool session_adopt_id(struct session *session, const struct session_id *id);

/* Reads the one session's record again. False if that fails; `status` says why. */
bool session_reload(struct session *session);

/* The same, but follows no forward pointer: `record` then is what the store has under this very ID. */
bool session_reread(struct session *session);

/* The ID died at a log-in, less than SESSION_FORWARD_SECONDS ago. This request has no session, but where the
 * session went is known, for whoever ends it. */
bool session_has_tombstone(const struct session *session);

/* Goes there, in a copy that is for ending the session alone: what it holds and its ID must reach nobody who
 * knew only the old ID. False if it cannot be read; `status` says why. */
bool session_follow_tombstone(struct session *session);

#endif
