/* The Accept field (RFC 9110, 12.5.1). */
#include "unit.h"

#include "http.h"
#include "page_edge.h"

static int quality(const char *accept, const char *type)
{
    return http_accept_quality(slice_from_string(accept), type);
}

static void without_the_field_everything_is_welcome(void **state)
{
    (void)state;
    assert_int_equal(quality(NULL, "text/html"), 1000);
    assert_int_equal(quality("*/*", "text/html"), 1000);
}

static void what_is_not_named_is_not_welcome(void **state)
{
    (void)state;
    assert_int_equal(quality("", "text/html"), 0);
    assert_int_equal(quality("image/png, text/plain", "text/html"), 0);
    assert_int_equal(quality("text/htmlx", "text/html"), 0);
    assert_int_equal(quality("textx/*", "text/html"), 0);
    assert_int_equal(quality("text/*x", "text/html"), 0);
    assert_int_equal(quality("text/", "text/html"), 0);
    assert_int_equal(quality("*", "text/html"), 0);
}

static void weights_are_thousandths(void **state)
{
    (void)state;
    assert_int_equal(quality("text/html;q=0", "text/html"), 0);
    assert_int_equal(quality("text/html;q=0.5", "text/html"), 500);
    assert_int_equal(quality("text/html; Q=0.001", "text/html"), 1);
    assert_int_equal(quality("text/html ; q=1.000", "text/html"), 1000);
    assert_int_equal(quality("text/html;level=1;q=0.25;x", "text/html"), 250);
}

static void the_most_specific_range_decides(void **state)
{
    (void)state;
    assert_int_equal(quality("text/html;q=0.1, text/*;q=0.5, */*", "TEXT/HTML"), 100);
    assert_int_equal(quality("*/*, text/*;q=0.5", "text/plain"), 500);
    assert_int_equal(quality("*/*;q=0.2, text/*;q=0.5", "application/json"), 200);
    assert_int_equal(quality("text/html;q=0.3, text/html;level=1;q=0.7", "text/html"), 700);
    assert_int_equal(quality("*/*, text/html;q=0", "text/html"), 0);
}

static void a_malformed_range_is_as_if_it_were_not_there(void **state)
{
    static const char *const weights[] = {"",       "2",      "1.1",  "-1", ".5",   "0.5a",
                                          "1.0001", "0.5555", "0 .5", "q",  "\"1\""};
    (void)state;
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        char accept[64] = "*/*;q=0.3, text/html;q=";
        strcat(accept, weights[i]);
        assert_int_equal(quality(accept, "text/html"), 300);
    }
}

static void nothing_beyond_the_field_is_read(void **state)
{
    static const char *const fields[] = {"text/html;q=0.", "text/html;q=", "text/html;q", "text/html;",
                                         "text/*",         "text/",        "text/html,",  "*"};
    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct slice field = page_edge_copy(slice_from_string(fields[i]));
        http_accept_quality(field, "text/html");
        page_edge_free(field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_field_everything_is_welcome),
        cmocka_unit_test(what_is_not_named_is_not_welcome),
        cmocka_unit_test(weights_are_thousandths),
        cmocka_unit_test(the_most_specific_range_decides),
        cmocka_unit_test(a_malformed_range_is_as_if_it_were_not_there),
        cmocka_unit_test(nothing_beyond_the_field_is_read),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
