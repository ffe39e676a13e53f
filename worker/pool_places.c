/* What the places of the pool say: who serves, who is missing, and when the next one may start. Nothing here
 * starts or ends a process. */
#include "pool_internal.h"

enum { FIRST_DELAY = 100, LONGEST_DELAY = 5000, HEALTHY_LIFE = 5000 }; /* milliseconds */

static struct scoreboard_slot *slot_of(const struct pool *pool, const struct pool_place *place)
{
    return &pool->scoreboard->slots[place - pool->places];
}

/* Has it a worker of the newest generation that was not told to leave? */
static bool is_current(const struct pool *pool, const struct pool_place *place)
{
    return place->pid != 0 && place->generation == pool->generation && !place->leaving;
}

/* Has it a worker that has served its time, and stays until another one serves in its stead? */
static bool is_due(const struct pool *pool, const struct pool_place *place)
{
    return is_current(pool, place) && atomic_load(&slot_of(pool, place)->recycling) == RECYCLING_DUE;
}

int pool_count_staying(const struct pool *pool)
{
    int count = 0;

    for (int i = 0; i < pool->place_count; i++) {
        const struct pool_place *place = &pool->places[i];
        count += is_current(pool, place) && !is_due(pool, place) &&
                 atomic_load(&slot_of(pool, place)->state) != SCOREBOARD_LEAVING;
    }
    return count;
}

int pool_count_serving(const struct pool *pool)
{
    int count = 0;

    for (int i = 0; i < pool->place_count; i++)
        count += is_current(pool, &pool->places[i]) &&
                 atomic_load(&pool->scoreboard->slots[i].state) == SCOREBOARD_SERVING;
    return count;
}

int pool_count_due(const struct pool *pool)
{
    int count = 0;

    for (int i = 0; i < pool->place_count; i++)
        count += is_due(pool, &pool->places[i]);
    return count;
}

bool pool_is_empty(const struct pool *pool)
{
    for (int i = 0; i < pool->place_count; i++) {
        if (pool->places[i].pid != 0)
            return false;
    }
    return true;
}

static bool is_backing_off(const struct pool_place *place, int64_t now)
{
    return place->pid == 0 && now < place->start_again_at;
}

int pool_count_missing(const struct pool *pool, int64_t now)
{
    int count = (int)pool->site->settings.workers - pool_count_staying(pool);

    for (int i = 0; i < pool->place_count; i++)
        count -= is_backing_off(&pool->places[i], now);
    return count;
}

int pool_free_place(const struct pool *pool, int64_t now)
{
    int best = -1;

    for (int i = 0; i < pool->place_count; i++) {
        const struct pool_place *place = &pool->places[i];
        if (place->pid == 0 && !is_backing_off(place, now) &&
            (best < 0 || place->delay > pool->places[best].delay))
            best = i;
    }
    return best;
}

void pool_back_off(struct pool_place *place, int64_t now)
{
    place->delay = place->delay == 0 ? FIRST_DELAY : 2 * place->delay;
    if (place->delay > LONGEST_DELAY)
        place->delay = LONGEST_DELAY;
    place->start_again_at = now + place->delay;
}

enum pool_succession pool_vacate(struct pool *pool, int index, bool orderly, int64_t now)
{
    struct pool_place *place = &pool->places[index];
    const struct pool_place before = *place;

    *place = (struct pool_place){0};
    if (pool->stopping || pool_count_missing(pool, now) <= 0)
        return POOL_NOT_MISSED;
    if (orderly || now - before.started >= HEALTHY_LIFE || !is_current(pool, &before))
        return POOL_REPLACED_AT_ONCE;
    place->delay = before.delay;
    pool_back_off(place, now);
    return POOL_REPLACED_LATER;
}

void pool_relieve_due(struct pool *pool)
{
    int spare = pool_count_serving(pool) - (int)pool->site->settings.workers;

    for (int i = 0; i < pool->place_count && spare > 0; i++) {
        struct pool_place *place = &pool->places[i];
        if (!is_due(pool, place))
            continue;
        place->leaving = true;
        atomic_store(&pool->scoreboard->slots[i].recycling, RECYCLING_GRANTED);
        spare--;
    }
}
