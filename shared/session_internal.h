/* What the files of the session room share. */
#ifndef SESSION_FCGI_SESSION_INTERNAL_H
#define SESSION_FCGI_SESSION_INTERNAL_H

#include "session.h"

/* How long an old ID leads on after SESSION_RENEW_PLAIN. */
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
    bool present;         /* the store has a record under this ID, and it is ours and in time */
    struct record record; /* entries only if present */
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

#endif
