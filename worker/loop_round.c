/* One round: the requests that are ready at once, from connection to reply. */
#include "clock.h"
#include "log.h"
#include "loop_internal.h"
#include "routes.h"

enum { ARENA_SIZE = 16 * 1024 };

void loop_prepare_places(struct loop *loop)
{
    for (size_t i = 0; i < LOOP_ROUND_SIZE; i++) {
        loop->places[i].request = fcgi_request_create();
        loop->places[i].arena = arena_create(ARENA_SIZE);
    }
}

void loop_release_places(struct loop *loop)
{
    for (size_t i = 0; i < LOOP_ROUND_SIZE; i++) {
        struct loop_place *place = &loop->places[i];
        fcgi_request_destroy(place->request);
        arena_destroy(place->arena);
        buffer_free(&place->body);
        buffer_free(&place->header);
        buffer_free(&place->page);
    }
}

/* Reads the request. False if there is none to answer: the connection is settled already. */
static bool read_request(struct loop *loop, struct loop_place *place, struct connection *connection,
                         time_t now)
{
    const struct site *site = loop->setup.site;

    arena_reset(place->arena);
    buffer_clear(&place->body);
    buffer_clear(&place->header);
    buffer_clear(&place->page);
    place->connection = connection;
    place->exchange = (struct exchange){
        .site = site,
        .sessions = loop->setup.sessions,
        .scoreboard = loop->setup.scoreboard,
        .slot = loop->setup.slot,
        .now = now,
        .is_authorizer = connection->scan.role == FCGI_ROLE_AUTHORIZER,
        .request.arena = place->arena,
        .reply.body = &place->page,
    };
    if (!connection_read(connection, place->request, &place->exchange.request, &place->body,
                         (size_t)site->settings.max_body)) {
        log_warning("a connection was dropped: its request could not be read");
        scoreboard_add(loop->setup.slot, COUNT_REJECTED_REQUESTS, 1);
        loop_settle(loop, connection);
        return false;
    }
    exchange_begin(&place->exchange);
    return true;
}

static void count_reply(struct scoreboard_slot *slot, int status, bool written, uint64_t microseconds)
{
    scoreboard_add(slot, COUNT_REQUESTS, 1);
    if (status >= 500)
        scoreboard_add(slot, COUNT_SERVER_ERRORS, 1);
    else if (status >= 400)
        scoreboard_add(slot, COUNT_CLIENT_ERRORS, 1);
    if (!written)
        scoreboard_add(slot, COUNT_REPLY_FAILURES, 1);
    scoreboard_count_latency(slot, microseconds);
}

static void answer_request(struct loop *loop, struct loop_place *place)
{
    struct exchange *exchange = &place->exchange;
    struct scoreboard_slot *slot = loop->setup.slot;

    atomic_store_explicit(&slot->route, routes_index(exchange->route), memory_order_relaxed);
    exchange_answer(exchange);
    scoreboard_enter(slot, STAGE_REPLYING);
    http_reply_write_header(&exchange->reply, &place->header);
    struct slice body = exchange->request.method == HTTP_HEAD ? slice_none() : buffer_slice(&place->page);
    bool written = fcgi_request_reply(place->request, buffer_slice(&place->header), body);
    int64_t taken = clock_microseconds() - place->connection->ready_at;
    count_reply(slot, exchange->reply.status, written, taken > 0 ? (uint64_t)taken : 0);
    /* What waits there already brings no further event. */
    if (connection_replied(place->connection, written) == CONNECTION_CLOSING)
        connection_arrive(place->connection, loop->look, (size_t)loop->setup.site->settings.max_body);
    loop_settle(loop, place->connection);
}

static void load_sessions(struct loop *loop, struct loop_place *const places[], size_t count)
{
    struct session *sessions[LOOP_ROUND_SIZE];
    size_t session_count = 0;

    for (size_t i = 0; i < count; i++) {
        if (exchange_needs_session(&places[i]->exchange))
            sessions[session_count++] = places[i]->exchange.session;
    }
    session_load(loop->setup.sessions, sessions, session_count);
}

/* Copies what the store and the sessions counted to the scoreboard. Only differences are added: the slot's
 * counters go on from worker to worker. */
static void publish_counters(struct loop *loop)
{
    struct scoreboard_slot *slot = loop->setup.slot;
    struct store_counters stored = sessions_store(loop->setup.sessions)->counters;
    struct session_counters sessions = *sessions_counters(loop->setup.sessions);
    const struct {
        enum scoreboard_counter counter;
        uint64_t now, before;
    } changes[] = {
        {COUNT_STORE_OPERATIONS, stored.operations, loop->stored.operations},
        {COUNT_STORE_ERRORS, stored.errors, loop->stored.errors},
        {COUNT_STORE_FULL, stored.full, loop->stored.full},
        {COUNT_SESSIONS_CREATED, sessions.created, loop->sessions.created},
        {COUNT_SESSIONS_ENDED, sessions.ended, loop->sessions.ended},
        {COUNT_SESSIONS_RENEWED, sessions.renewed, loop->sessions.renewed},
        {COUNT_SESSIONS_MISSING, sessions.missing, loop->sessions.missing},
        {COUNT_SESSIONS_EXPIRED, sessions.expired, loop->sessions.expired},
        {COUNT_RECORDS_DAMAGED, sessions.damaged, loop->sessions.damaged},
        {COUNT_REFUSED_COOKIES, sessions.refused_cookies, loop->sessions.refused_cookies},
        {COUNT_EXPIRED_COOKIES, sessions.expired_cookies, loop->sessions.expired_cookies},
        {COUNT_CONFLICTS, sessions.conflicts, loop->sessions.conflicts},
    };

    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        if (changes[i].now != changes[i].before)
            scoreboard_add(slot, changes[i].counter, changes[i].now - changes[i].before);
    }
    loop->stored = stored;
    loop->sessions = sessions;
}

/* A new secret is used once all workers know it. */
static void choose_signer(const struct loop *loop)
{
    if (atomic_load(&loop->setup.scoreboard->oldest) >= atomic_load(&loop->setup.slot->generation))
        keyring_sign_with_first(loop->setup.site->keyring);
}

void loop_serve_round(struct loop *loop, struct connection *const ready[], size_t count)
{
    struct scoreboard_slot *slot = loop->setup.slot;
    struct loop_place *places[LOOP_ROUND_SIZE];
    size_t place_count = 0;
    time_t now = time(NULL);

    atomic_store_explicit(&slot->busy_since, clock_milliseconds(), memory_order_relaxed);
    scoreboard_enter(slot, STAGE_READING);
    choose_signer(loop);
    for (size_t i = 0; i < count; i++) {
        struct loop_place *place = &loop->places[place_count];
        if (read_request(loop, place, ready[i], now))
            places[place_count++] = place;
    }
    scoreboard_enter(slot, STAGE_LOADING);
    load_sessions(loop, places, place_count);
    for (size_t i = 0; i < place_count; i++) {
        atomic_store_explicit(&slot->busy_since, clock_milliseconds(), memory_order_relaxed);
        answer_request(loop, places[i]);
    }
    loop->served += place_count;
    if (place_count > 0)
        scoreboard_add(slot, COUNT_ROUNDS, 1);
    publish_counters(loop);
    atomic_store_explicit(&slot->route, -1, memory_order_relaxed);
    atomic_store_explicit(&slot->busy_since, 0, memory_order_relaxed);
    scoreboard_enter(slot, STAGE_WAITING);
}
