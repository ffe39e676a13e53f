/* Committing a session's journal: each way to end is one store operation that cannot undo another request's
 * work. */
#include "buffer.h"
#include "log.h"
#include "seal.h"
#include "session_internal.h"

/* Conflicts in a row before a request gives up. Each conflict means that another request succeeded. */
enum { MAX_ATTEMPTS = 64 };
enum { FORWARD_SECONDS = 10 };

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

static void settle_ended(struct session *session)
{
    settle(session, &(struct record){0}, false);
    session->cookie_due = SESSION_COOKIE_NONE;
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
    if (!session_adopt_id(session, &id))
        return SESSION_FAILED;
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

/* Removes the record if it is still the one that was read: another request's change is not thrown away
 * unseen. */
static enum session_result commit_end(struct session *session)
{
    struct slice tombstone = seal_record(session, &(struct record){.created = session->now, .refreshed = 0},
                                         &session->id, session->store_key);
    if (tombstone.data == NULL)
        return SESSION_FAILED;
    enum store_result result =
        store_replace(session->sessions->store, session->store_key, tombstone, session->version, 1);
    if (result != STORE_OK && result != STORE_ABSENT)
        return result_of(result);
    session->sessions->counters.ended++;
    settle_ended(session);
    if (session->presented)
        session->cookie_due = SESSION_COOKIE_EXPIRE;
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

/* Turns the old record, if it is still the one that was read, into one that leads to nothing or, for requests
 * on their way, to the new one. */
static enum store_result retire_old(struct session *session, const struct session_id *old_id,
                                    const char *old_key, uint64_t version)
{
    struct record old = {.created = session->now, .refreshed = session->now};
    time_t expires = 1;

    if (session->journal.renewal == SESSION_RENEW_PLAIN) {
        old.forward = session->id;
        expires = session->now + FORWARD_SECONDS + 1;
    }
    struct slice sealed = seal_record(session, &old, old_id, old_key);
    if (sealed.data == NULL)
        return STORE_UNREACHABLE;
    return store_replace(session->sessions->store, old_key, sealed, version, expires);
}

/* The session goes on under a new ID: first the new record, then the old one is retired. Whenever the second
 * step fails the new record is taken back: nobody has heard of its ID. */
static enum session_result commit_renewed(struct session *session, const struct outcome *outcome)
{
    struct session before = *session;

    enum session_result result = add_under_new_id(session, &outcome->record);
    if (result != SESSION_OK)
        return result;
    enum store_result retired = retire_old(session, &before.id, before.store_key, before.version);
    if (retired == STORE_OK) {
        session->sessions->counters.renewed++;
        settle(session, &outcome->record, true);
        return SESSION_OK;
    }
    if (store_delete(session->sessions->store, session->store_key) == STORE_UNREACHABLE)
        log_warning("a record that was not needed could not be removed; it is left to expire");
    *session = before;
    return result_of(retired);
}

/* /clear: whatever others do with the record at this moment, it goes. */
static enum session_result commit_clear(struct session *session)
{
    if (!session->has_id)
        return SESSION_OK;
    enum store_result result = store_delete(session->sessions->store, session->store_key);
    if (result == STORE_UNREACHABLE)
        return SESSION_UNAVAILABLE;
    if (result == STORE_OK)
        session->sessions->counters.ended++;
    session->record = (struct record){0};
    session->present = false;
    session->has_id = false;
    if (session->presented)
        session->cookie_due = SESSION_COOKIE_EXPIRE;
    return SESSION_OK;
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

/* One attempt on what is known of the record now. SESSION_BUSY: the record changed meanwhile. */
static enum session_result attempt(struct session *session)
{
    struct outcome outcome = apply_journal(session);

    if (outcome.changed && record_size(&outcome.record) > session->sessions->policy->max_size)
        return SESSION_TOO_LARGE;
    if (!session->present)
        return commit_new(session, &outcome);
    if (outcome.record.count == 0)
        return commit_end(session);
    if (session->journal.renew)
        return commit_renewed(session, &outcome);
    if (outcome.changed)
        return commit_replace(session, &outcome);
    if (is_refresh_due(session))
        return commit_refresh(session);
    settle(session, &session->record, true);
    return SESSION_OK;
}

/* The session was there when this request began and is gone: it was ended, and stays ended. Only a request
 * that would have stored something has lost by that. */
static enum session_result commit_on_ended(struct session *session)
{
    bool stores = false;

    for (size_t i = 0; i < session->journal.count; i++)
        stores = stores || session->journal.changes[i].kind == RECORD_SET;
    settle_ended(session);
    return stores ? SESSION_ENDED : SESSION_OK;
}

enum session_result session_commit(struct session *session)
{
    if (session->status != SESSION_OK)
        return session->status;
    if (session->journal.clear) {
        enum session_result result = commit_clear(session);
        if (result != SESSION_OK || session->journal.count == 0) {
            if (result == SESSION_OK)
                session->journal = (struct session_journal){0};
            return result;
        }
    }
    bool was_present = session->present;
    for (int i = 0; i < MAX_ATTEMPTS; i++) {
        enum session_result result = attempt(session);
        if (result == SESSION_ENDED)
            return commit_on_ended(session);
        if (result != SESSION_BUSY)
            return result;
        session->sessions->counters.conflicts++;
        if (session->present && !session_reload(session))
            return SESSION_UNAVAILABLE;
        if (was_present && !session->present)
            return commit_on_ended(session);
    }
    return SESSION_BUSY;
}
