/* Server-side sessions: what a FastCGI program needs to give each visitor state of their own.
 *
 * One request goes like this:
 *
 *     session = session_begin(sessions, cookies, …);   who is it? (no store operation)
 *     session_load(sessions, &session, 1);             one round trip, for all requests that are ready
 *     value = session_get(session, key);               read
 *     session_set(session, key, value);                note changes in a journal
 *     result = session_commit(session);                write the changes, if there are any
 *     cookie = session_cookie(session);                what to send back, if anything
 *
 * What it guarantees:
 *   - Changes are a journal, committed with check-and-set: on a conflict the newest record is read and the
 *     journal applied to it. No request's changes are lost to another's, and nobody waits on a lock.
 *   - A session that was ended stays ended: IDs are never used again, and a late commit finds nothing to
 *     change.
 *   - Absent, unreachable and not ours are three things: an unreachable store is SESSION_UNAVAILABLE, never
 *     an empty session, and leaves the visitor's cookie alone.
 *   - No cookie and no record before something is stored; nothing is written when nothing changed.
 *
 * Times are seconds since 1970, keys and values UTF-8. Nothing here is for use by several threads at once. */
#ifndef SESSION_FCGI_SESSION_H
#define SESSION_FCGI_SESSION_H

#include <stdint.h>

#include "arena.h"
#include "keyring.h"
#include "record.h"
#include "store.h"

enum session_secure { SESSION_SECURE_AUTO, SESSION_SECURE_ALWAYS, SESSION_SECURE_NEVER };

/* How sessions are kept. All texts live as long as the sessions do. */
struct session_policy {
    const char *cookie_name; /* without prefix: a secure cookie is called __Host-NAME (RFC 6265bis, 4.1.3) */
    const char *cookie_path; /* "/"; with another, a secure cookie is called __Secure-NAME */
    enum session_secure secure; /* AUTO: secure if the request came by HTTPS */
    long idle_timeout;          /* seconds without a request after which a session ends */
    long lifetime;              /* seconds after its beginning at which it ends in any case */
    size_t max_size;            /* bytes of a session's entries, encoded */
};

enum session_result {
    SESSION_OK,
    SESSION_UNAVAILABLE, /* the store did not answer: nothing is known; answer 503 */
    SESSION_ENDED, /* the session was ended by another request while this one ran: its changes went with it.
                      Or another logged in, and the ID of this one is dead: its changes were not made */
    SESSION_BUSY,  /* too many conflicts in a row: nothing was changed; answer 503 */
    SESSION_TOO_LARGE,  /* the session would grow over the limit: it stays as it was; answer 413 */
    SESSION_STORE_FULL, /* the store is out of memory: the session stays as it was; answer 507 */
    SESSION_INVALID,    /* session_set: a key that is empty or over 255 bytes, or text that is not UTF-8 */
    SESSION_FAILED,     /* no randomness, or the cryptographic library failed; answer 500 */
};

/* What happened, for a status page; plain numbers since sessions_create. */
struct session_counters {
    uint64_t
        refused_cookies; /* cookies of our name that are not ours: forged, or signed with a removed secret */
    uint64_t expired_cookies; /* signed by us, but past the lifetime */
    uint64_t missing; /* signed and in time, yet no record: evicted or ended elsewhere. Rising means that the
                         store is too small */
    uint64_t expired; /* records past one of the two clocks */
    uint64_t damaged; /* records that do not open */
    uint64_t conflicts; /* commits that had to be repeated */
    uint64_t created, ended, renewed;
};

/* The sessions of a process, and one request's session. */
struct sessions;
struct session;

/* All arguments but `store` are only referred to, and outlive the result; the store is owned from here on. */
struct sessions *sessions_create(const struct session_policy *policy, const struct keyring *keyring,
                                 struct store *store);
/* Destroys the store too. NULL is allowed. */
void sessions_destroy(struct sessions *sessions);
const struct session_counters *sessions_counters(const struct sessions *sessions);
struct store *sessions_store(const struct sessions *sessions);

/* The session that a request's Cookie field names, or a new one if none verifies. Nothing is asked of the
 * store. The session and all that it returns live in `arena`. */
struct session *session_begin(struct sessions *sessions, struct slice cookies, bool https, time_t now,
                              struct arena *arena);

/* Reads the records of several requests' sessions in one round trip; those without a cookie of ours need
 * none. */
void session_load(struct sessions *sessions, struct session *const list[], size_t count);

/* How loading went: SESSION_OK (perhaps with nothing in it), or why nothing is known: SESSION_UNAVAILABLE,
 * SESSION_BUSY (renewed too often to be followed) or SESSION_FAILED. session_commit then does nothing but
 * return that again. */
enum session_result session_status(const struct session *session);

/* The value of `key` as this request sees it, its own changes included, or "no value". */
struct slice session_get(const struct session *session, struct slice key);

/* All entries as this request sees them, ascending by key; returns their number. */
size_t session_entries(const struct session *session, const struct record_entry **entries);

/* Notes that `key` is to have `value`, which are copied. SESSION_OK, SESSION_INVALID or SESSION_TOO_LARGE
 * (this value alone is over the limit). */
enum session_result session_set(struct session *session, struct slice key, struct slice value);

/* Notes that `key` is to go; one that is not there is no error. */
void session_pop(struct session *session, struct slice key);

/* Notes that the session is to end. What is set after that begins a new one, under a new ID. A session that
 * other requests renew meanwhile is ended under its new ID: also one that a log-in has taken to another ID up
 * to 10 seconds ago, as its answer may still be on the way. */
void session_clear(struct session *session);

enum session_renewal {
    SESSION_RENEW_AT_LOGIN, /* the old ID is dead at once: whoever planted or saw it has nothing. All that it
                               still can do, for 10 seconds, is end the session */
    SESSION_RENEW_PLAIN, /* for 10 seconds the old ID still leads to the session, for requests on their way */
};

/* Notes that the session is to go on under a new ID, with its data. Use it whenever a visitor gains or loses
 * rights; never RENEW_PLAIN at log-in or log-out. */
void session_renew(struct session *session, enum session_renewal renewal);

/* Writes what was noted. On SESSION_OK the session then shows what the store holds; on anything else but
 * SESSION_ENDED (an empty session) nothing was changed, except that after SESSION_UNAVAILABLE a change may or
 * may not have reached the store. A session whose last entry is removed is ended. To be called once, even if
 * nothing was noted: that renews the idle time when a tenth of it has passed. Loads the session if that was
 * not done.
 *
 * SESSION_UNAVAILABLE from a renewal: nothing is lost in the store, but the renewal may have happened, or
 * happen when the store goes on, and nobody was told the new ID. After SESSION_RENEW_PLAIN the old one leads
 * there for 10 seconds. After SESSION_RENEW_AT_LOGIN it does not: the visitor then has no session, and logs
 * in again. */
enum session_result session_commit(struct session *session);

/* After session_commit was SESSION_OK: the value of the Set-Cookie field to send, or "no value" if none is
 * due. */
struct slice session_cookie(const struct session *session);

#endif
