/* Who is missing in the pool and when the next one starts, in a pool of places without processes. */
#include "unit.h"

#include "../../worker/pool_internal.h"

enum { WORKERS = 4, PLACES = 2 * WORKERS, NOW = 1000000 };

struct fixture {
    struct site site;
    struct pool pool;
    struct pool_place places[PLACES];
};

/* A worker in its loop. */
static void start(struct pool *pool, int place, int64_t now)
{
    pool->places[place] = (struct pool_place){.pid = 100 + place,
                                              .generation = pool->generation,
                                              .started = now,
                                              .delay = pool->places[place].delay};
    atomic_store(&pool->scoreboard->slots[place].state, SCOREBOARD_SERVING);
    atomic_store(&pool->scoreboard->slots[place].recycling, RECYCLING_NOT_DUE);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    struct error error;

    fixture = (struct fixture){.site.settings.workers = WORKERS};
    fixture.pool = (struct pool){.site = &fixture.site,
                                 .places = fixture.places,
                                 .place_count = PLACES,
                                 .scoreboard = scoreboard_create(PLACES, &error)};
    *state = &fixture.pool;
    if (fixture.pool.scoreboard == NULL)
        return -1;
    for (int i = 0; i < WORKERS; i++)
        start(&fixture.pool, i, NOW);
    return 0;
}

/* Dies early, and starts again when its place lets it; the length of the pause. */
static int64_t die_and_start(struct pool *pool, int place, int64_t *now)
{
    assert_int_equal(pool_vacate(pool, place, false, *now), POOL_REPLACED_LATER);
    int64_t pause = pool->places[place].start_again_at - *now;
    assert_int_equal(pool_count_missing(pool, *now + pause - 1), 0);
    *now += pause;
    assert_int_equal(pool_count_missing(pool, *now), 1);
    assert_int_equal(pool_free_place(pool, *now), place);
    start(pool, place, *now);
    return pause;
}

static void many_early_deaths_are_one_for_each_slot(void **state)
{
    struct pool *pool = *state;

    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pool_vacate(pool, i, false, NOW + 10), POOL_REPLACED_LATER);
    assert_int_equal(pool_count_missing(pool, NOW + 109), 0);
    assert_int_equal(pool_count_missing(pool, NOW + 110), WORKERS);
}

static void pauses_double_up_to_five_seconds(void **state)
{
    static const int64_t pauses[] = {100, 200, 400, 800, 1600, 3200, 5000, 5000};
    struct pool *pool = *state;
    int64_t now = NOW;

    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++)
        assert_int_equal(die_and_start(pool, 1, &now), pauses[i]);
}

static void a_healthy_life_is_replaced_at_once_and_forgets_the_pauses(void **state)
{
    struct pool *pool = *state;
    int64_t now = NOW;

    for (int i = 0; i < 5; i++)
        die_and_start(pool, 1, &now);
    now += 5000;
    assert_int_equal(pool_vacate(pool, 1, false, now), POOL_REPLACED_AT_ONCE);
    assert_int_equal(pool_count_missing(pool, now), 1);
    start(pool, 1, now);
    assert_int_equal(die_and_start(pool, 1, &now), 100);
}

static void an_orderly_end_is_replaced_at_once_while_another_slot_pauses(void **state)
{
    struct pool *pool = *state;

    assert_int_equal(pool_vacate(pool, 0, false, NOW), POOL_REPLACED_LATER);
    assert_int_equal(pool_vacate(pool, 2, true, NOW), POOL_REPLACED_AT_ONCE);
    assert_int_equal(pool_count_missing(pool, NOW), 1);
    assert_int_not_equal(pool_free_place(pool, NOW), 0);
    start(pool, pool_free_place(pool, NOW), NOW);
    assert_int_equal(pool_count_missing(pool, NOW), 0);
    assert_int_equal(pool_count_missing(pool, NOW + 100), 1);
}

static void an_early_death_that_leaves_nobody_missing_pauses_nothing(void **state)
{
    struct pool *pool = *state;

    atomic_store(&pool->scoreboard->slots[3].state, SCOREBOARD_LEAVING); /* by a signal from outside */
    assert_int_equal(pool_count_missing(pool, NOW), 1);
    start(pool, WORKERS, NOW);
    assert_int_equal(pool_vacate(pool, 3, false, NOW), POOL_NOT_MISSED);
    assert_int_equal(pool_vacate(pool, 0, true, NOW), POOL_REPLACED_AT_ONCE);
    assert_int_equal(pool_count_missing(pool, NOW), 1);
}

static void workers_of_an_older_generation_do_not_pause_the_newest(void **state)
{
    struct pool *pool = *state;

    pool->generation++;
    assert_int_equal(pool_vacate(pool, 0, false, NOW), POOL_REPLACED_AT_ONCE);
    assert_int_equal(pool_count_missing(pool, NOW), WORKERS);
}

static void a_worker_is_recycled_only_when_another_one_serves(void **state)
{
    struct pool *pool = *state;
    struct scoreboard_slot *slots = pool->scoreboard->slots;

    atomic_store(&slots[0].recycling, RECYCLING_DUE);
    atomic_store(&slots[1].recycling, RECYCLING_DUE);
    assert_int_equal(pool_count_missing(pool, NOW), 2);
    start(pool, 4, NOW);
    atomic_store(&slots[4].state, SCOREBOARD_STARTING);
    pool_relieve_due(pool);
    assert_int_equal(pool_count_due(pool), 2);
    atomic_store(&slots[4].state, SCOREBOARD_SERVING);
    pool_relieve_due(pool);
    assert_int_equal(pool_count_due(pool), 1);
    assert_int_equal(pool_count_serving(pool), WORKERS);
    assert_int_equal(atomic_load(&slots[0].recycling), RECYCLING_GRANTED);
}

static void without_a_free_place_nobody_is_recycled(void **state)
{
    struct pool *pool = *state;

    for (int i = WORKERS; i < PLACES; i++) {
        start(pool, i, NOW);
        pool->places[i].leaving = true;
    }
    for (int i = 0; i < WORKERS; i++)
        atomic_store(&pool->scoreboard->slots[i].recycling, RECYCLING_DUE);
    assert_int_equal(pool_free_place(pool, NOW), -1);
    pool_relieve_due(pool);
    assert_int_equal(pool_count_due(pool), WORKERS);
    assert_int_equal(pool_count_serving(pool), WORKERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(many_early_deaths_are_one_for_each_slot, set_up),
        cmocka_unit_test_setup(pauses_double_up_to_five_seconds, set_up),
        cmocka_unit_test_setup(a_healthy_life_is_replaced_at_once_and_forgets_the_pauses, set_up),
        cmocka_unit_test_setup(an_orderly_end_is_replaced_at_once_while_another_slot_pauses, set_up),
        cmocka_unit_test_setup(an_early_death_that_leaves_nobody_missing_pauses_nothing, set_up),
        cmocka_unit_test_setup(workers_of_an_older_generation_do_not_pause_the_newest, set_up),
        cmocka_unit_test_setup(a_worker_is_recycled_only_when_another_one_serves, set_up),
        cmocka_unit_test_setup(without_a_free_place_nobody_is_recycled, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
