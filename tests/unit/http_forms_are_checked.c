#include "unit.h"

#include "http.h"
#include "memory.h"
#include "page_edge.h"

#include <stdlib.h>

static int create_arena(void **state)
{
    *state = arena_create(4096);
    return 0;
}

static int destroy_arena(void **state)
{
    arena_destroy(*state);
    return 0;
}

/* Parses `text` from the edge of a page. Names and values are copies, so the edge may go. */
static enum http_parse_result parse(struct arena *arena, struct slice text,
                                    struct http_parameters *parameters)
{
    struct slice edge = page_edge_copy(text);
    enum http_parse_result result = http_parse_form(edge, arena, parameters);

    page_edge_free(edge);
    return result;
}

static struct http_parameters parse_good(struct arena *arena, const char *text)
{
    struct http_parameters parameters = {0};

    assert_int_equal(parse(arena, slice_from_string(text), &parameters), HTTP_PARSE_OK);
    return parameters;
}

static void assert_parameter(struct http_parameters parameters, size_t index, const char *name,
                             const char *value)
{
    assert_true(index < parameters.count);
    assert_slice_equals(parameters.items[index].name, name);
    assert_slice_equals(parameters.items[index].value, value);
}

static void pairs_keep_their_order(void **state)
{
    struct http_parameters parameters = parse_good(*state, "b=2&a=1&b=3");

    assert_int_equal(parameters.count, 3);
    assert_parameter(parameters, 0, "b", "2");
    assert_parameter(parameters, 1, "a", "1");
    assert_parameter(parameters, 2, "b", "3");
}

static void percent_and_plus_are_decoded(void **state)
{
    struct http_parameters parameters =
        parse_good(*state, "full+name=J%c3%BCrgen+%2B%26%3D%25&%61=%F0%9F%8D%AA");

    assert_int_equal(parameters.count, 2);
    assert_parameter(parameters, 0, "full name", "Jürgen +&=%");
    assert_parameter(parameters, 1, "a", "🍪");
}

static void a_name_alone_has_an_empty_value(void **state)
{
    struct http_parameters parameters = parse_good(*state, "a&b=&c==x=");

    assert_int_equal(parameters.count, 3);
    assert_parameter(parameters, 0, "a", "");
    assert_parameter(parameters, 1, "b", "");
    assert_parameter(parameters, 2, "c", "=x=");
}

static void empty_pairs_are_skipped(void **state)
{
    struct http_parameters parameters = parse_good(*state, "&&a=1&&&b=2&");

    assert_int_equal(parameters.count, 2);
    assert_parameter(parameters, 0, "a", "1");
    assert_parameter(parameters, 1, "b", "2");
    assert_int_equal(parse_good(*state, "").count, 0);
    assert_int_equal(parse_good(*state, "&&&").count, 0);

    struct http_parameters none = {0};
    assert_int_equal(http_parse_form(slice_none(), *state, &none), HTTP_PARSE_OK);
    assert_int_equal(none.count, 0);
}

static void a_second_text_is_appended(void **state)
{
    struct http_parameters parameters = parse_good(*state, "a=1&b=2");

    assert_int_equal(parse(*state, slice_from_string("a=3"), &parameters), HTTP_PARSE_OK);
    assert_int_equal(parameters.count, 3);
    assert_parameter(parameters, 0, "a", "1");
    assert_parameter(parameters, 1, "b", "2");
    assert_parameter(parameters, 2, "a", "3");
}

static void what_is_broken_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum http_parse_result result;
    } cases[] = {
        {"a=%", HTTP_PARSE_BAD_PERCENT},
        {"a=%4", HTTP_PARSE_BAD_PERCENT},
        {"a=%4g", HTTP_PARSE_BAD_PERCENT},
        {"a=%g4", HTTP_PARSE_BAD_PERCENT},
        {"%", HTTP_PARSE_BAD_PERCENT},
        {"a=%4&b=1", HTTP_PARSE_BAD_PERCENT},
        {"a=%+1", HTTP_PARSE_BAD_PERCENT},
        {"a=%%41", HTTP_PARSE_BAD_PERCENT},
        {"a=%ff", HTTP_PARSE_NOT_UTF8},
        {"%c3=a", HTTP_PARSE_NOT_UTF8},
        {"a=%c3&b=%bc", HTTP_PARSE_NOT_UTF8},
        {"a=%c0%80", HTTP_PARSE_NOT_UTF8},
        {"a=%ed%a0%80", HTTP_PARSE_NOT_UTF8},
        {"a=\xff", HTTP_PARSE_NOT_UTF8},
        {"a=%00", HTTP_PARSE_CONTROL_BYTE},
        {"a%00b=1", HTTP_PARSE_CONTROL_BYTE},
        {"a=x%0d%0aSet", HTTP_PARSE_CONTROL_BYTE},
        {"a=%7F", HTTP_PARSE_CONTROL_BYTE},
        {"a=\t", HTTP_PARSE_CONTROL_BYTE},
        {"=1", HTTP_PARSE_EMPTY_NAME},
        {"a=1&=", HTTP_PARSE_EMPTY_NAME},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_parameters parameters = {0};
        enum http_parse_result result = parse(*state, slice_from_string(cases[i].text), &parameters);
        if (result != cases[i].result)
            fail_msg("%s gives %d, not %d", cases[i].text, (int)result, (int)cases[i].result);
    }
}

static void an_embedded_nul_is_refused(void **state)
{
    struct http_parameters parameters = {0};

    assert_int_equal(parse(*state, (struct slice)SLICE_LITERAL("a=1\0002"), &parameters),
                     HTTP_PARSE_CONTROL_BYTE);
}

static void a_refused_text_changes_nothing(void **state)
{
    struct http_parameters parameters = parse_good(*state, "a=1");
    struct http_parameter *items = parameters.items;

    assert_int_equal(parse(*state, slice_from_string("b=2&c=%"), &parameters), HTTP_PARSE_BAD_PERCENT);
    assert_ptr_equal(parameters.items, items);
    assert_int_equal(parameters.count, 1);
    assert_parameter(parameters, 0, "a", "1");
}

static void the_last_parameter_of_a_name_is_found(void **state)
{
    struct http_parameters parameters = parse_good(*state, "a=1&b=2&a=3&ab=4&empty");

    assert_slice_equals(http_parameter_find(&parameters, "a"), "3");
    assert_slice_equals(http_parameter_find(&parameters, "b"), "2");
    assert_slice_equals(http_parameter_find(&parameters, "empty"), "");
    assert_null(http_parameter_find(&parameters, "A").data);
    assert_null(http_parameter_find(&parameters, "").data);
}

/* Enough pairs that copying the parameters for each of them would never end. */
static void many_parameters_cost_no_more_than_their_length(void **state)
{
    enum { PAIRS = 400000 };
    struct http_parameters parameters = {0};
    char *text = memory_allocate((size_t)PAIRS * 2);

    for (size_t i = 0; i < PAIRS; i++)
        memcpy(text + 2 * i, "a&", 2);
    assert_int_equal(parse(*state, (struct slice){text, (size_t)PAIRS * 2}, &parameters), HTTP_PARSE_OK);
    free(text);
    assert_int_equal(parameters.count, PAIRS);
    assert_parameter(parameters, PAIRS - 1, "a", "");
}

static void the_reason_is_a_sentence(void **state)
{
    assert_string_equal(http_parse_reason(HTTP_PARSE_BAD_PERCENT, "the query string", *state),
                        "the query string has a broken percent-encoding");
    assert_string_equal(http_parse_reason(HTTP_PARSE_NOT_UTF8, "the form", *state), "the form is not UTF-8");
    assert_string_equal(http_parse_reason(HTTP_PARSE_CONTROL_BYTE, "the form", *state),
                        "the form has a control character");
    assert_string_equal(http_parse_reason(HTTP_PARSE_EMPTY_NAME, "the form", *state),
                        "the form has a value without a name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_keep_their_order),
        cmocka_unit_test(percent_and_plus_are_decoded),
        cmocka_unit_test(a_name_alone_has_an_empty_value),
        cmocka_unit_test(empty_pairs_are_skipped),
        cmocka_unit_test(a_second_text_is_appended),
        cmocka_unit_test(what_is_broken_is_refused),
        cmocka_unit_test(an_embedded_nul_is_refused),
        cmocka_unit_test(a_refused_text_changes_nothing),
        cmocka_unit_test(the_last_parameter_of_a_name_is_found),
        cmocka_unit_test(many_parameters_cost_no_more_than_their_length),
        cmocka_unit_test(the_reason_is_a_sentence),
    };

    return RUN_TESTS(tests, create_arena, destroy_arena);
}
