#include "store_breaker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "memory.h"

enum {
    PROBE_PAUSE = 100,     /* milliseconds from the beginning of a probe to that of the next */
    PROBE_PATIENCE = 1000, /* after which a probe that waits in vain is replaced */
};

static const char question[] = "version\r\n";
static const char answer[] = "VERSION ";

struct store_breaker {
    struct store_addresses *addresses;
    bool open;
    int probe;             /* the probe's socket, or -1 between two probes */
    bool asked;            /* the question has been sent */
    size_t answered;       /* how much of the answer has come */
    int64_t waiting_since; /* store_clock() when the probe began to wait for what it waits for now */
    int64_t next_probe;
    size_t failed; /* probes, since the breaker opened or the name was last looked up */
};

struct store_breaker *store_breaker_create(struct store_addresses *addresses)
{
    struct store_breaker *breaker = memory_allocate_zeroed(1, sizeof *breaker);

    breaker->addresses = addresses;
    breaker->probe = -1;
    return breaker;
}

static void end_probe(struct store_breaker *breaker)
{
    if (breaker->probe >= 0)
        close(breaker->probe);
    breaker->probe = -1;
}

void store_breaker_destroy(struct store_breaker *breaker)
{
    if (breaker == NULL)
        return;
    end_probe(breaker);
    free(breaker);
}

/* Gives this address up for now. Returns false: there is no answer. */
static bool fail_probe(struct store_breaker *breaker)
{
    end_probe(breaker);
    store_addresses_advance(breaker->addresses);
    breaker->failed++;
    return false;
}

/* Begins to connect. */
static bool begin_probe(struct store_breaker *breaker)
{
    socklen_t length;

    breaker->waiting_since = store_clock();
    breaker->next_probe = breaker->waiting_since + PROBE_PAUSE;
    const struct sockaddr *address = store_addresses_current(breaker->addresses, &length);
    if (address == NULL)
        return fail_probe(breaker);
    breaker->probe = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (breaker->probe < 0)
        return fail_probe(breaker);
    breaker->asked = false;
    breaker->answered = 0;
    if (connect(breaker->probe, address, length) != 0 && errno != EINPROGRESS)
        return fail_probe(breaker);
    return true;
}

/* Sends the question if the connection has come about. */
static bool ask(struct store_breaker *breaker)
{
    struct pollfd writable = {.fd = breaker->probe, .events = POLLOUT};
    const ssize_t size = sizeof question - 1;

    int ready = poll(&writable, 1, 0);
    if (ready == 0)
        return false;
    if (ready < 0 || send(breaker->probe, question, (size_t)size, MSG_NOSIGNAL) != size)
        return fail_probe(breaker);
    breaker->asked = true;
    breaker->waiting_since = store_clock();
    return true;
}

/* True once the beginning of the right answer has come. */
static bool has_answer(struct store_breaker *breaker)
{
    char bytes[sizeof answer];
    const size_t size = sizeof answer - 1;

    ssize_t received = recv(breaker->probe, bytes, size - breaker->answered, 0);
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return false;
    if (received <= 0 || memcmp(bytes, answer + breaker->answered, (size_t)received) != 0)
        return fail_probe(breaker);
    breaker->answered += (size_t)received;
    return breaker->answered == size;
}

/* Takes the probe that is under way one step on. */
static bool continue_probe(struct store_breaker *breaker)
{
    return (breaker->asked || ask(breaker)) && has_answer(breaker);
}

/* One step, as far as it goes without waiting. Whoever looks seldom finds an answer that has come long ago,
 * so patience ends only after looking. */
static bool probe(struct store_breaker *breaker)
{
    if (breaker->probe >= 0) {
        if (continue_probe(breaker))
            return true;
        if (breaker->probe >= 0 && store_clock() - breaker->waiting_since < PROBE_PATIENCE)
            return false;
        if (breaker->probe >= 0)
            fail_probe(breaker);
    }
    return store_clock() >= breaker->next_probe && begin_probe(breaker) && continue_probe(breaker);
}

bool store_breaker_look(struct store_breaker *breaker)
{
    if (!breaker->open)
        return true;
    if (!probe(breaker))
        return false;
    end_probe(breaker);
    breaker->open = false;
    log_notice("store %s: answers again", store_addresses_name(breaker->addresses));
    return true;
}

bool store_breaker_is_closed(struct store_breaker *breaker)
{
    if (store_breaker_look(breaker))
        return true;
    if (breaker->failed < store_addresses_count(breaker->addresses) ||
        !store_addresses_refresh(breaker->addresses))
        return false;
    breaker->failed = 0;
    end_probe(breaker); /* it may go to an address that is none any more */
    return store_breaker_look(breaker);
}

void store_breaker_open(struct store_breaker *breaker, const char *cause)
{
    if (breaker->open)
        return;
    breaker->open = true;
    breaker->failed = 0;
    breaker->next_probe = store_clock();
    log_warning("store %s: %s; its sessions cannot be reached until it answers again",
                store_addresses_name(breaker->addresses), cause);
}
