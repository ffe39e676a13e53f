#include "status.h"

#include "clock.h"
#include "log.h"
#include "routes.h"

static uint64_t total(const struct scoreboard *scoreboard, enum scoreboard_counter counter)
{
    uint64_t sum = 0;

    for (int i = 0; i < scoreboard->slot_count; i++)
        sum += scoreboard_get(&scoreboard->slots[i], counter);
    return sum;
}

void status_log(const struct scoreboard *scoreboard)
{
    struct buffer text = {0};

    buffer_append_format(&text, "status: generation %d, up %lld s", (int)atomic_load(&scoreboard->generation),
                         (long long)(clock_milliseconds() - atomic_load(&scoreboard->started)) / 1000);
    for (int i = 0; i < SCOREBOARD_COUNTERS; i++)
        buffer_append_format(&text, ", %s %llu", scoreboard_counter_name((enum scoreboard_counter)i),
                             (unsigned long long)total(scoreboard, (enum scoreboard_counter)i));
    log_notice("%.*s", (int)text.length, text.data);
    buffer_free(&text);
    for (int i = 0; i < scoreboard->slot_count; i++) {
        const struct scoreboard_slot *slot = &scoreboard->slots[i];
        if (atomic_load(&slot->pid) == 0)
            continue;
        log_notice("status: worker %d, process %d, %s, %s, route %s, %d connections, %llu requests", i + 1,
                   (int)atomic_load(&slot->pid),
                   scoreboard_state_name((enum scoreboard_state)atomic_load(&slot->state)),
                   scoreboard_stage_name((enum scoreboard_stage)atomic_load(&slot->stage)),
                   routes_name(atomic_load(&slot->route)), (int)atomic_load(&slot->connections),
                   (unsigned long long)scoreboard_get(slot, COUNT_REQUESTS));
    }
}
