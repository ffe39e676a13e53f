#include "session.h"

#include <stdlib.h>

#include "log.h"
#include "memory.h"
#include "seal.h"
#include "session_internal.h"
#include "utf8.h"

/* Forward pointers that a request follows. More means that somebody renews one session all the time. */
enum { MAX_FORWARDS = 8 };

struct sessions *sessions_create(const struct session_policy *policy, const struct keyring *keyring,
                                 struct store *store)
{
    struct sessions *sessions = memory_allocate_zeroed(1, sizeof *sessions);

    sessions->policy = policy;
    sessions->keyring = keyring;
    sessions->store = store;
    return sessions;
}

void sessions_destroy(struct sessions *sessions)
{
    if (sessions == NULL)
        return;
    store_destroy(sessions->store);
    free(sessions);
}

const struct session_counters *sessions_counters(const struct sessions *sessions)
{
    return &sessions->counters;
}

struct store *sessions_store(const struct sessions *sessions)
{
    return sessions->store;
}

struct session *session_begin(struct sessions *sessions, struct slice cookies, bool https, time_t now,
                              struct arena *arena)
{
    struct session *session = arena_allocate(arena, sizeof *session);

    *session = (struct session){.sessions = sessions, .arena = arena, .now = now};
    session->secure = sessions->policy->secure == SESSION_SECURE_ALWAYS ||
                      (sessions->policy->secure == SESSION_SECURE_AUTO && https);
    session_cookie_read(session, cookies);
    return session;
}

static bool is_expired(const struct session *session, const struct record *record)
{
    const struct session_policy *policy = session->sessions->policy;

    if (record->kind != RECORD_ENTRIES)
        return session->now - record->refreshed >= SESSION_FORWARD_SECONDS;
    return session->now - record->refreshed >= policy->idle_timeout ||
           session->now - record->created >= policy->lifetime;
}

/* Takes in a record that the store returned. Whatever is not a record of this session, in time, is as good as
 * absent. */
static void open_record(struct session *session, const struct store_read *read)
{
    struct session_counters *counters = &session->sessions->counters;
    struct record record = {0};

    struct slice plain =
        seal_open(read->value, &session->id, session->store_key, session->sessions->keyring, session->arena);
    if (plain.data == NULL || !record_decode(plain, session->arena, &record)) {
        counters->damaged++;
        log_warning(
            "a record of %zu bytes does not open and is treated as absent: damaged, sealed with a removed "
            "secret, or another session's",
            read->value.length);
        return;
    }
    if (is_expired(session, &record)) {
        counters->expired++;
        return;
    }
    session->record = record;
    session->version = read->version;
    session->present = record.kind == RECORD_ENTRIES;
    if (record.kind == RECORD_TOMBSTONE)
        counters->missing++;
}

/* What a read says about its session. */
static void take_in(struct session *session, const struct store_read *read)
{
    session->present = false;
    session->record = (struct record){0};
    if (read->result == STORE_OK)
        open_record(session, read);
    else if (read->result == STORE_ABSENT)
        session->sessions->counters.missing++;
    else
        session->status = SESSION_UNAVAILABLE;
}

/* A record that only points on: the session was renewed while this request was on its way. True if there is
 * another record to read. */
static bool follow_forward(struct session *session)
{
    const struct session_id id = session->record.successor;

    if (session->record.kind != RECORD_FORWARD)
        return false;
    session->record = (struct record){0};
    session->forwarded = session_adopt_id(session, &id);
    if (!session->forwarded)
        session->status = SESSION_FAILED;
    return session->forwarded;
}

/* One multi-get for these sessions. */
static void read_together(struct sessions *sessions, struct session *const list[], size_t count)
{
    struct arena *arena = list[0]->arena;
    struct store_read *reads = arena_allocate_array(arena, count, sizeof *reads);
    struct store_read **pointers = arena_allocate_array(arena, count, sizeof *pointers);

    for (size_t i = 0; i < count; i++) {
        reads[i] = (struct store_read){.key = list[i]->store_key, .result = STORE_UNREACHABLE};
        pointers[i] = &reads[i];
    }
    store_read(sessions->store, pointers, count, arena);
    for (size_t i = 0; i < count; i++)
        take_in(list[i], &reads[i]);
}

/* Reads these sessions; returns how many of them, moved to the front of `list`, have to be read again under
 * another ID. */
static size_t read_once(struct sessions *sessions, struct session **list, size_t count)
{
    size_t forwarded = 0;

    read_together(sessions, list, count);
    for (size_t i = 0; i < count; i++) {
        if (follow_forward(list[i]))
            list[forwarded++] = list[i];
        else if (list[i]->present && list[i]->forwarded)
            list[i]->cookie_due = SESSION_COOKIE_SET;
    }
    return forwarded;
}

void session_load(struct sessions *sessions, struct session *const list[], size_t count)
{
    if (count == 0)
        return;
    struct session **reading = arena_allocate_array(list[0]->arena, count, sizeof *reading);
    size_t reading_count = 0;

    for (size_t i = 0; i < count; i++) {
        list[i]->loaded = true;
        if (list[i]->has_id && list[i]->status == SESSION_OK)
            reading[reading_count++] = list[i];
    }
    for (int i = 0; reading_count > 0 && i <= MAX_FORWARDS; i++)
        reading_count = read_once(sessions, reading, reading_count);
    for (size_t i = 0; i < reading_count; i++)
        reading[i]->status = SESSION_BUSY;
}

/* What is gone when a session that was there is read again was ended by another request: expected, not a sign
 * that the store forgets. */
bool session_reload(struct session *session)
{
    uint64_t missing = session->sessions->counters.missing;

    session_load(session->sessions, &session, 1);
    session->sessions->counters.missing = missing;
    return session->status == SESSION_OK;
}

bool session_reread(struct session *session)
{
    uint64_t missing = session->sessions->counters.missing;

    read_together(session->sessions, &session, 1);
    session->sessions->counters.missing = missing;
    return session->status == SESSION_OK;
}

bool session_has_tombstone(const struct session *session)
{
    return session->record.kind == RECORD_TOMBSTONE;
}

bool session_follow_tombstone(struct session *session)
{
    const struct session_id id = session->record.successor;

    session->record = (struct record){0};
    if (!session_adopt_id(session, &id)) {
        session->status = SESSION_FAILED;
        return false;
    }
    return session_reload(session);
}

enum session_result session_status(const struct session *session)
{
    return session->status;
}

struct slice session_get(const struct session *session, struct slice key)
{
    for (size_t i = session->journal.count; i > 0; i--) {
        const struct record_change *change = &session->journal.changes[i - 1];
        if (slice_equals(change->key, key))
            return change->kind == RECORD_SET ? change->value : slice_none();
    }
    return session->journal.clear ? slice_none() : record_find(&session->record, key);
}

size_t session_entries(const struct session *session, const struct record_entry **entries)
{
    struct record view = session->record;

    if (session->journal.clear)
        view.count = 0;
    record_apply(&view, session->journal.changes, session->journal.count, session->arena);
    *entries = view.entries;
    return view.count;
}

static void note_change(struct session *session, struct record_change change)
{
    struct session_journal *journal = &session->journal;

    if (journal->count == journal->capacity) {
        size_t capacity = journal->capacity ? 2 * journal->capacity : 8;
        struct record_change *grown = arena_allocate_array(session->arena, capacity, sizeof *grown);
        if (journal->count > 0)
            memcpy(grown, journal->changes, journal->count * sizeof *grown);
        journal->changes = grown;
        journal->capacity = capacity;
    }
    journal->changes[journal->count++] = change;
}

enum session_result session_set(struct session *session, struct slice key, struct slice value)
{
    if (key.length == 0 || key.length > RECORD_MAX_KEY_LENGTH || value.data == NULL || !utf8_is_valid(key) ||
        !utf8_is_valid(value))
        return SESSION_INVALID;
    if (value.length > session->sessions->policy->max_size)
        return SESSION_TOO_LARGE;
    note_change(session, (struct record_change){RECORD_SET, arena_copy(session->arena, key),
                                                arena_copy(session->arena, value)});
    return SESSION_OK;
}

void session_pop(struct session *session, struct slice key)
{
    note_change(session,
                (struct record_change){RECORD_REMOVE, arena_copy(session->arena, key), slice_none()});
}

void session_clear(struct session *session)
{
    session->journal = (struct session_journal){.clear = true};
}

void session_renew(struct session *session, enum session_renewal renewal)
{
    session->journal.renew = true;
    session->journal.renewal = renewal;
}
