/* The store on memcached believes an answer only if it fits the question: nothing else is ever shown as a
 * record, or as the absence of one, and the next question starts afresh. */
#include "lying_memcached.h"

/* Milliseconds. The time limit is short, as many lies have to be waited for. On a busy machine the truth may
 * come too late, too, and what should be late may not be: so these lies are tried up to so often. */
enum { TIME_LIMIT = 200, PATIENCE = 5000, TRIES = 5 };

struct fixture {
    bool running; /* between begin and end */
    struct memcached_server server;
    struct store *store;
    struct arena *arena;
    struct log_capture capture;
    char log[4096];
};

static struct slice slice(const char *text)
{
    return slice_from_string(text);
}

static void begin(struct fixture *f, const struct lie *lie, int time_limit)
{
    server_prepare(&f->server);
    lying_start(&f->server, lie);
    f->store = store_on_sockets((const char *[]){f->server.path}, 1, time_limit);
    f->arena = arena_create(4096);
    log_capture_begin(&f->capture);
    f->running = true;
}

static void end(struct fixture *f)
{
    log_capture_end(&f->capture, f->log, sizeof f->log);
    store_destroy(f->store);
    arena_destroy(f->arena);
    server_remove(&f->server);
    f->running = false;
}

/* False if the record cannot be reached; a wrong answer fails the test. */
static bool reads(struct fixture *f, const char *key, const char *value)
{
    struct store_read read = read_one(f->store, f->arena, key);

    if (read.result == STORE_UNREACHABLE)
        return false;
    assert_int_equal(read.result, STORE_OK);
    assert_slice_equals(read.value, value);
    return true;
}

/* False if it was not done; a wrong answer fails the test. */
static bool is_done(enum store_result result)
{
    if (result != STORE_UNREACHABLE)
        assert_int_equal(result, STORE_OK);
    return result == STORE_OK;
}

/* The store finds its way back to the server, which is honest by now, and every answer fits its question. */
static bool is_in_step_again(struct fixture *f)
{
    return read_until(f->store, f->arena, "beta", STORE_OK) == STORE_OK &&
           reads(f, "gamma", "value of gamma") &&
           is_done(store_add(f->store, "delta", slice("value"), time(NULL) + 60)) &&
           reads(f, "alpha", "value of alpha") && is_done(store_delete(f->store, "alpha")) &&
           reads(f, "beta", "value of beta");
}

enum operation { READ, ADD, REPLACE, DELETE };

static enum store_result run(struct fixture *f, enum operation operation)
{
    switch (operation) {
    case READ:
        return read_one(f->store, f->arena, "alpha").result;
    case ADD:
        return store_add(f->store, "alpha", slice("value"), time(NULL) + 60);
    case REPLACE:
        return store_replace(f->store, "alpha", slice("value"), 7, time(NULL) + 60);
    case DELETE:
        break;
    }
    return store_delete(f->store, "alpha");
}

/* False if the store was not in step again after it, or if it should have been late and was not. */
static bool is_unreachable(struct fixture *f, enum operation operation, const struct lie *lie)
{
    begin(f, lie, TIME_LIMIT);
    enum store_result result = run(f, operation);
    if (result != STORE_UNREACHABLE && lie->delay == 0)
        fail_msg("operation %d took \"%s\" for result %d", operation, lie->answer, result);
    bool unreachable = result == STORE_UNREACHABLE;
    if (unreachable)
        assert_int_equal(f->store->counters.errors, 1);
    bool in_step = unreachable && is_in_step_again(f);
    end(f);
    return in_step;
}

static void every_lie_is_unreachable(struct fixture *f, enum operation operation, const char *const answers[],
                                     size_t count, struct lie lie)
{
    for (size_t i = 0; i < count; i++) {
        int failures = 0;
        lie.answer = answers[i];
        while (failures < TRIES && !is_unreachable(f, operation, &lie))
            failures++;
        if (failures == TRIES)
            fail_msg("operation %d is out of step after \"%s\"", operation, answers[i]);
    }
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void an_answer_with_another_key_is_no_answer(void **state)
{
    static const char *const answers[] = {
        "VALUE beta 0 13 7\r\nvalue of beta\r\nEND\r\n",
        "VALUE alph 0 5 7\r\nvalue\r\nEND\r\n",
        "VALUE alphabet 0 5 7\r\nvalue\r\nEND\r\n",
        "VALUE  0 5 7\r\nvalue\r\nEND\r\n",
        "VALUE alpha 0 5 7\r\nvalue\r\nVALUE beta 0 5 7\r\nvalue\r\nEND\r\n",
        "VALUE beta 0 5 7\r\nvalue\r\nVALUE alpha 0 5 7\r\nvalue\r\nEND\r\n",
    };

    every_lie_is_unreachable(*state, READ, answers, COUNT(answers), (struct lie){.connections = 1});
}

static void an_answer_that_comes_twice_is_no_answer(void **state)
{
    static const char *const records[] = {
        "VALUE alpha 0 5 7\r\nvalue\r\nVALUE alpha 0 5 7\r\nother\r\nEND\r\n",
        "VALUE alpha 0 5 7\r\nvalue\r\nEND\r\nVALUE alpha 0 5 7\r\nvalue\r\nEND\r\n",
        "END\r\nSTORED\r\n",
        "END\r\nERROR\r\n",
        "END\r\nVALUE beta 0 5 7\r\nvalue\r\nEND\r\n",
    };
    static const char *const stored[] = {"STORED\r\nSTORED\r\n", "NOT_STORED\r\nSTORED\r\n",
                                         "STORED\r\nERROR\r\n"};
    static const char *const deleted[] = {"DELETED\r\nDELETED\r\n", "NOT_FOUND\r\nSTORED\r\n"};

    every_lie_is_unreachable(*state, READ, records, COUNT(records), (struct lie){.connections = 1});
    every_lie_is_unreachable(*state, ADD, stored, COUNT(stored), (struct lie){.connections = 1});
    every_lie_is_unreachable(*state, DELETE, deleted, COUNT(deleted), (struct lie){.connections = 1});
}

static void a_record_without_a_version_or_with_a_wrong_length_is_no_answer(void **state)
{
    static const char *const answers[] = {
        "VALUE alpha 0 5\r\nvalue\r\nEND\r\n",    "VALUE alpha 0 5 0\r\nvalue\r\nEND\r\n",
        "VALUE alpha 0 3 7\r\nvalue\r\nEND\r\n",  "VALUE alpha 0 0 7\r\nvalue\r\nEND\r\n",
        "VALUE alpha 0 9 7\r\nvalue\r\nEND\r\n",  "VALUE alpha 0 999 7\r\nvalue\r\nEND\r\n",
        "VALUE alpha 0 -5 7\r\nvalue\r\nEND\r\n",
    };

    every_lie_is_unreachable(*state, READ, answers, COUNT(answers), (struct lie){.connections = 1});
}

static void an_error_or_garbage_does_not_mean_that_a_record_is_absent(void **state)
{
    static const char *const answers[] = {
        "ERROR\r\n",
        "ERROR Too many open connections\r\n",
        "CLIENT_ERROR bad data chunk\r\n",
        "SERVER_ERROR\r\n",
        "SERVER_ERROR busy\r\n",
        "SERVER_ERROR out of memory writing get response\r\n",
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        "\r\n",
        "\n",
        " END\r\n",
        "end\r\n",
        "\x81\x01\x02\x03\n",
        "STORED\r\n",
        "NOT_STORED\r\n",
        "EXISTS\r\n",
        "DELETED\r\n",
        "OK\r\n",
        "TOUCHED\r\n",
        "12\r\n",
        "STAT pid 1\r\nEND\r\n",
        "VERSION 1.6.18\r\n",
    };

    every_lie_is_unreachable(*state, READ, answers, COUNT(answers), (struct lie){.connections = 1});
}

static void a_line_without_end_is_no_answer(void **state)
{
    static char line[4096];
    const char *const answers[] = {line};

    memset(line, 'x', sizeof line - 1);
    every_lie_is_unreachable(*state, READ, answers, COUNT(answers), (struct lie){.connections = 1});
    every_lie_is_unreachable(*state, ADD, answers, COUNT(answers), (struct lie){.connections = 1});
}

static void an_answer_cut_short_does_not_mean_that_a_record_is_absent(void **state)
{
    static const char *const answers[] = {
        "",
        "E",
        "EN",
        "VAL",
        "VALUE alpha 0 13 7\r\n",
        "VALUE alpha 0 13 7\r\nvalue of",
        "VALUE alpha 0 13 7\r\nvalue of alpha",
        "VALUE alpha 0 14 7\r\nvalue of alpha\r\n",
        "VALUE alpha 0 14 7\r\nvalue of alpha\r\nEN",
    };

    every_lie_is_unreachable(*state, READ, answers, COUNT(answers), (struct lie){.connections = 1});
    /* A lost connection is tried again, so it has to be lost twice. */
    every_lie_is_unreachable(*state, READ, answers, COUNT(answers),
                             (struct lie){.connections = 2, .closes = true});
}

static void an_answer_to_a_write_that_does_not_fit_it_is_no_answer(void **state)
{
    static const char *const to_all[] = {
        "",     "ERROR\r\n", "CLIENT_ERROR bad\r\n", "SERVER_ERROR x\r\n", "garbage\r\n", "\r\n", "EXISTS",
        "STOR", "STORED",
    };
    static const char *const to_add[] = {"EXISTS\r\n", "NOT_FOUND\r\n"};
    static const char *const to_replace[] = {"NOT_STORED\r\n"};
    static const char *const to_delete[] = {"STORED\r\n", "EXISTS\r\n", "NOT_STORED\r\n", "END\r\n"};

    for (enum operation operation = ADD; operation <= DELETE; operation++)
        every_lie_is_unreachable(*state, operation, to_all, COUNT(to_all), (struct lie){.connections = 1});
    every_lie_is_unreachable(*state, ADD, to_add, COUNT(to_add), (struct lie){.connections = 1});
    every_lie_is_unreachable(*state, REPLACE, to_replace, COUNT(to_replace), (struct lie){.connections = 1});
    every_lie_is_unreachable(*state, DELETE, to_delete, COUNT(to_delete), (struct lie){.connections = 1});
}

static void a_late_answer_never_meets_a_later_question(void **state)
{
    static const char *const late[] = {"VALUE beta 0 5 7\r\nstale\r\nEND\r\n", "END\r\n", "STORED\r\n"};
    const struct lie lie = {.connections = 1, .delay = TIME_LIMIT + 300};

    for (enum operation operation = READ; operation <= DELETE; operation++)
        every_lie_is_unreachable(*state, operation, late, COUNT(late), lie);
}

static void a_connection_that_was_good_is_not_trusted_for_that(void **state)
{
    static const char *const answers[] = {"ERROR\r\n", "VALUE beta 0 5 7\r\nother\r\nEND\r\n", "EN",
                                          "garbage\r\n"};
    struct lie lie = {.connections = 1, .honest_at_first = true};
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(answers); i++) {
        lie.answer = answers[i];
        begin(f, &lie, PATIENCE);
        assert_slice_equals(read_one(f->store, f->arena, "alpha").value, "value of alpha");
        assert_int_equal(read_one(f->store, f->arena, "alpha").result, STORE_UNREACHABLE);
        assert_true(is_in_step_again(f));
        end(f);
    }
}

static void of_a_round_with_a_bad_answer_nothing_is_believed(void **state)
{
    const struct lie lie = {.answer = "VALUE alpha 0 5 7\r\nvalue\r\nVALUE beta 0 4 7\r\nlonger\r\nEND\r\n",
                            .connections = 1};
    struct store_read reads[] = {{.key = "alpha"}, {.key = "beta"}, {.key = "gamma"}};
    struct store_read *pointers[] = {&reads[0], &reads[1], &reads[2]};
    struct fixture *f = *state;

    begin(f, &lie, PATIENCE);
    store_read(f->store, pointers, 3, f->arena);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(reads[i].result, STORE_UNREACHABLE);
        assert_null(reads[i].value.data);
    }
    assert_true(is_in_step_again(f));
    end(f);
}

static void an_answer_that_makes_no_sense_is_logged_without_its_content(void **state)
{
    const struct lie lie = {.answer = "VALUE beta 0 6 7\r\nsecret\r\nEND\r\n", .connections = 3};
    struct fixture *f = *state;

    begin(f, &lie, PATIENCE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(read_one(f->store, f->arena, "alpha").result, STORE_UNREACHABLE);
    assert_true(is_in_step_again(f));
    end(f);
    assert_int_equal(occurrences(f->log, "makes no sense"), 1);
    assert_int_equal(occurrences(f->log, "secret"), 0);
}

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state == NULL;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    if (f->running) /* the test failed */
        end(f);
    free(f);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_with_another_key_is_no_answer),
        TEST(an_answer_that_comes_twice_is_no_answer),
        TEST(a_record_without_a_version_or_with_a_wrong_length_is_no_answer),
        TEST(an_error_or_garbage_does_not_mean_that_a_record_is_absent),
        TEST(a_line_without_end_is_no_answer),
        TEST(an_answer_cut_short_does_not_mean_that_a_record_is_absent),
        TEST(an_answer_to_a_write_that_does_not_fit_it_is_no_answer),
        TEST(a_late_answer_never_meets_a_later_question),
        TEST(a_connection_that_was_good_is_not_trusted_for_that),
        TEST(of_a_round_with_a_bad_answer_nothing_is_believed),
        TEST(an_answer_that_makes_no_sense_is_logged_without_its_content),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
