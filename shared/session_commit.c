/* Committing a session's journal: each way to end is one store operation that cannot undo another request's
 * work. */
#include "buffer.h"
#include "log.h"
#include "seal.h"
#include "session_internal.h"

/* Conflicts in a row before a request gives up. Each conflict means that another request succeeded. */
enum { MAX_ATTEMPTS = 64 };
/* How often a renewal tries its last step while the store does not say what came of it. */
enum { MAX_RETIREMENTS = 2 };
/* An expiry in the past: the record is absent at once. */
enum { EXPIRED = 1 };

static enum session_result result_of(enum store_result result)
{
    switch (result) {
    case STORE_OK:
        return SESSION_OK;
    case STORE_FULL:
        return SESSION_STORE_FULL;
    case STORE_TOO_LARGE:
        return SESSION_TOO_LARGE;
    case STORE_ABSENT:
        return SESSION_ENDED;
    case STORE_CONFLICT:
        return SESSION_BUSY;
    case STORE_UNREACHABLE:
        break;
    }
    return SESSION_UNAVAILABLE;
}

/* When the store may forget the record: when the first of the two clocks has run out. */
static time_t expiry(const struct session *session, const struct record *record)
{
    time_t idle = record->refreshed + session->sessions->policy->idle_timeout;
    time_t life = record->created + session->sessions->policy->lifetime;

    /* One second more than is enforced on reading: memcached rounds down. */
    return (idle < life ? idle : life) + 1;
}

static struct slice seal_record(struct session *session, const struct record *record,
                                const struct session_id *id, const char *store_key)
{
    struct buffer encoded = {0};

    record_encode(record, &encoded);
    struct slice sealed =
        seal_close(buffer_slice(&encoded), id, store_key, session->sessions->keyring, session->arena);
    buffer_free(&encoded);
    return sealed;
}

/* What the session will be: the present record with the journal applied. */
struct outcome {
    struct record record;
    bool changed;
};

static struct outcome apply_journal(struct session *session)
{
    struct outcome outcome = {.record = session->record};

    if (!session->present) {
        outcome.record = (struct record){.created = session->now};
    }
    outcome.changed =
        record_apply(&outcome.record, session->journal.changes, session->journal.count, session->arena);
    outcome.record.refreshed = session->now;
    return outcome;
}

/* The session as it is from now on, for whoever renders it. */
static void settle(struct session *session, const struct record *record, bool present)
{
    session->record = *record;
    session->present = present;
    session->journal = (struct session_journal){0};
}

/* Over, by another request or, if `here`, by this one, which then tells the visitor. */
static void settle_ended(struct session *session, bool here)
{
    settle(session, &(struct record){0}, false);
    session->cookie_due = here && session->presented ? SESSION_COOKIE_EXPIRE : SESSION_COOKIE_NONE;
}

/* Adds the record under an ID of its own that nobody has seen yet, and adopts that. */
static enum session_result add_under_new_id(struct session *session, const struct record *record)
{
    struct session_id id;
    char store_key[SESSION_ID_STORE_KEY_LENGTH + 1];

    if (!session_id_create(&id, session->now) || !session_id_store_key(&id, store_key))
        return SESSION_FAILED;
    struct slice sealed = seal_record(session, record, &id, store_key);
    if (sealed.data == NULL)
        return SESSION_FAILED;
    enum store_result result =
        store_add(session->sessions->store, store_key, sealed, expiry(session, record));
    if (result != STORE_OK)
        return result_of(result);
    session->id = id;
    memcpy(session->store_key, store_key, sizeof store_key);
    session->has_id = true;
    session->cookie_due = SESSION_COOKIE_SET;
    return SESSION_OK;
}

static enum session_result commit_new(struct session *session, const struct outcome *outcome)
{
    if (outcome->record.count == 0) {
        settle(session, &outcome->record, false);
        return SESSION_OK;
    }
    enum session_result result = add_under_new_id(session, &outcome->record);
    if (result == SESSION_OK) {
        session->sessions->counters.created++;
        settle(session, &outcome->record, true);
    }
    return result;
}

/* Ends a record if it is still the one that was read: another request's change is not thrown away unseen. An
 * empty value, as a store that is full still has room for that. */
static enum store_result end_record(struct session *session, const char *store_key, uint64_t version)
{
    return store_replace(session->sessions->store, store_key, slice_from_string(""), version, EXPIRED);
}

/* The last entry was removed. */
static enum session_result commit_end(struct session *session)
{
    enum store_result result = end_record(session, session->store_key, session->version);

    if (result != STORE_OK && result != STORE_ABSENT)
        return result_of(result);
    if (result == STORE_OK)
        session->sessions->counters.ended++;
    settle_ended(session, true);
    return SESSION_OK;
}

/* Writes under the session's own ID, if the record is still the one that was read. */
static enum session_result commit_replace(struct session *session, const struct outcome *outcome)
{
    struct slice sealed = seal_record(session, &outcome->record, &session->id, session->store_key);

    if (sealed.data == NULL)
        return SESSION_FAILED;
    enum store_result result = store_replace(session->sessions->store, session->store_key, sealed,
                                             session->version, expiry(session, &outcome->record));
    if (result != STORE_OK)
        return result_of(result);
    if (session->signed_with_older)
        session->cookie_due = SESSION_COOKIE_SET;
    settle(session, &outcome->record, true);
    return SESSION_OK;
}

/* Turns the old record, if it is still the one that was read, into one that names the new ID: a forward
 * pointer for requests on their way or, at a log-in, a tombstone. Whatever the store answers, the record
 * itself says whether that has happened (store.h). SESSION_UNAVAILABLE: nobody knows, and it may happen yet.
 */
static enum session_result retire_old(struct session *session, const struct session *old)
{
    struct record record = {.created = session->now, .refreshed = session->now, .successor = session->id};

    record.kind = session->journal.renewal == SESSION_RENEW_AT_LOGIN ? RECORD_TOMBSTONE : RECORD_FORWARD;
    struct slice sealed = seal_record(session, &record, &old->id, old->store_key);
    if (sealed.data == NULL)
        return SESSION_FAILED;
    for (int i = 0; i < MAX_RETIREMENTS; i++) {
        struct session seen = *old;
        enum store_result result = store_replace(session->sessions->store, old->store_key, sealed,
                                                 old->version, session->now + SESSION_FORWARD_SECONDS + 1);
        if (result == STORE_OK)
            return SESSION_OK;
        if (!session_reread(&seen))
            return SESSION_UNAVAILABLE;
        if (strcmp(seen.record.successor.text, session->id.text) == 0)
            return SESSION_OK;
        if (i == 0 && result != STORE_UNREACHABLE)
            return result_of(result);
        if (!seen.present || seen.version != old->version)
            return SESSION_BUSY; /* a replace that may still be on its way comes too late */
    }
    return SESSION_UNAVAILABLE;
}

/* Removes a record that this commit added: nobody has heard of its ID. */
static void take_back(struct session *session)
{
    if (store_delete(session->sessions->store, session->store_key) == STORE_UNREACHABLE)
        log_warning("a record that is not needed could not be removed; it is left to expire");
}

/* The session goes on under a new ID: first the new record, then the old one is retired. If that fails, the
 * new record is taken back; but not if nobody knows whether it failed, as the old one may lead to it. */
static enum session_result commit_renewed(struct session *session, const struct outcome *outcome)
{
    struct session old = *session;

    enum session_result result = add_under_new_id(session, &outcome->record);
    if (result != SESSION_OK)
        return result;
    result = retire_old(session, &old);
    if (result == SESSION_OK) {
        session->sessions->counters.renewed++;
        settle(session, &outcome->record, true);
        return SESSION_OK;
    }
    if (result != SESSION_UNAVAILABLE)
        take_back(session);
    *session = old;
    return result;
}

static bool is_refresh_due(const struct session *session)
{
    return session->now - session->record.refreshed >= (session->sessions->policy->idle_timeout + 9) / 10;
}

/* Nothing was changed, but the idle time has to begin anew. If another request wrote meanwhile, it did that
 * too; if another ended the session, there is nothing to renew; and a store that fails now loses nothing but
 * a refresh. */
static enum session_result commit_refresh(struct session *session)
{
    struct outcome refreshed = {.record = session->record};

    refreshed.record.refreshed = session->now;
    enum session_result result = commit_replace(session, &refreshed);
    if (result == SESSION_FAILED)
        return result;
    session->journal = (struct session_journal){0};
    return SESSION_OK;
}

/* A session that is over the limit already, as the limit was lowered, may shrink step by step. */
static bool grows_over_limit(const struct session *session, const struct record *record)
{
    size_t size = record_size(record);

    return size > session->sessions->policy->max_size && size > record_size(&session->record);
}

/* One attempt on what is known of the record now. SESSION_BUSY: the record changed meanwhile. */
static enum session_result attempt(struct session *session, const struct outcome *outcome)
{
    if (outcome->changed && grows_over_limit(session, &outcome->record))
        return SESSION_TOO_LARGE;
    if (!session->present)
        return commit_new(session, outcome);
    if (outcome->record.count == 0)
        return commit_end(session);
    if (session->journal.renew)
        return commit_renewed(session, outcome);
    if (outcome->changed)
        return commit_replace(session, outcome);
    if (is_refresh_due(session))
        return commit_refresh(session);
    settle(session, &session->record, true);
    return SESSION_OK;
}

/* Ends the record whatever others do with it at this moment. The check tells when another request renewed the
 * session: then the record that the old one leads to, by a pointer or a tombstone, is the one to end. */
static enum session_result end_whatever_happens(const struct session *session)
{
    struct session_counters *counters = &session->sessions->counters;
    struct session ending = *session; /* it may get an ID that `session` must not have */

    for (int i = 0; i < MAX_ATTEMPTS && (ending.present || session_has_tombstone(&ending)); i++) {
        if (!ending.present) {
            if (!session_follow_tombstone(&ending))
                return ending.status;
            continue;
        }
        enum store_result result = end_record(&ending, ending.store_key, ending.version);
        if (result == STORE_OK)
            counters->ended++;
        if (result == STORE_OK || result == STORE_ABSENT)
            return SESSION_OK;
        if (result != STORE_CONFLICT)
            break; /* deleting needs no room */
        counters->conflicts++;
        if (!session_reload(&ending))
            return ending.status;
    }
    enum store_result result = store_delete(ending.sessions->store, ending.store_key);
    if (result == STORE_OK)
        counters->ended++;
    return result == STORE_ABSENT ? SESSION_OK : result_of(result);
}

/* The session was there when this request began and is gone. If it was ended, it stays ended, and only a
 * request that would have stored something has lost by that. If another request has logged in, any change is
 * lost; but a request that found nothing left to keep ends the session wherever it went. */
static enum session_result commit_on_gone(struct session *session, bool ends)
{
    bool lost = session_has_tombstone(session) && session->journal.count > 0;

    if (session_has_tombstone(session) && ends) {
        enum session_result result = end_whatever_happens(session);
        if (result == SESSION_OK)
            settle_ended(session, true);
        return result;
    }
    for (size_t i = 0; i < session->journal.count; i++)
        lost = lost || session->journal.changes[i].kind == RECORD_SET;
    settle_ended(session, false);
    return lost ? SESSION_ENDED : SESSION_OK;
}

static enum session_result commit_changes(struct session *session)
{
    bool was_present = session->present;

    for (int i = 0; i < MAX_ATTEMPTS; i++) {
        struct outcome outcome = apply_journal(session);
        enum session_result result = attempt(session, &outcome);
        if (result == SESSION_ENDED)
            return commit_on_gone(session, false);
        if (result != SESSION_BUSY)
            return result;
        session->sessions->counters.conflicts++;
        if (session->present && !session_reload(session))
            return session->status;
        if (was_present && !session->present)
            return commit_on_gone(session, outcome.record.count == 0);
    }
    return SESSION_BUSY;
}

/* The session ends, and what was set after that begins a new one. That is stored first: if there is no room
 * for it, nothing has happened. */
static enum session_result commit_clear(struct session *session)
{
    struct session old = *session;

    session->has_id = false;
    session->present = false;
    session->record = (struct record){0};
    session->cookie_due = SESSION_COOKIE_NONE;
    enum session_result result = commit_changes(session);
    if (result == SESSION_OK && old.has_id)
        result = end_whatever_happens(&old);
    if (result != SESSION_OK) {
        if (session->present)
            take_back(session);
        *session = old;
        return result;
    }
    if (!session->present && session->presented)
        session->cookie_due = SESSION_COOKIE_EXPIRE;
    return SESSION_OK;
}

enum session_result session_commit(struct session *session)
{
    if (!session->loaded)
        session_load(session->sessions, &session, 1);
    if (session->status != SESSION_OK)
        return session->status;
    return session->journal.clear ? commit_clear(session) : commit_changes(session);
}
