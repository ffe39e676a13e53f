#include "unit.h"

#include "../../worker/gate.h"

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

static unsigned char digit_value(char digit)
{
    return (unsigned char)(digit <= '9' ? digit - '0' : digit - 'A' + 10);
}

/* What an application makes of an encoded value; returns its length. */
static size_t decode(struct slice encoded, char *out)
{
    size_t length = 0;

    for (size_t i = 0; i < encoded.length; i++) {
        if (encoded.data[i] != '%') {
            out[length++] = encoded.data[i];
            continue;
        }
        assert_true(i + 2 < encoded.length);
        out[length++] = (char)(digit_value(encoded.data[i + 1]) << 4 | digit_value(encoded.data[i + 2]));
        i += 2;
    }
    return length;
}

static void every_byte_becomes_visible_ascii_and_can_be_turned_back(void **state)
{
    char all[256], decoded[256];

    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    struct slice encoded = gate_encode((struct slice){all, sizeof all}, *state);
    for (size_t i = 0; i < encoded.length; i++)
        assert_in_range((unsigned char)encoded.data[i], 0x21, 0x7e);
    assert_true(http_field_value_is_safe(encoded));
    assert_int_equal(decode(encoded, decoded), sizeof all);
    assert_memory_equal(decoded, all, sizeof all);
}

static void what_needs_no_encoding_stays_readable(void **state)
{
    assert_slice_equals(gate_encode(slice_from_string("Alice"), *state), "Alice");
    assert_slice_equals(gate_encode(slice_from_string("a+b@c.de;x=\"1\""), *state), "a+b@c.de;x=\"1\"");
}

static void line_breaks_blanks_and_percent_signs_are_encoded(void **state)
{
    assert_slice_equals(gate_encode(slice_from_string("a\r\nX-Session-Role: admin"), *state),
                        "a%0D%0AX-Session-Role:%20admin");
    assert_slice_equals(gate_encode(slice_from_string("100%"), *state), "100%25");
    assert_slice_equals(gate_encode(slice_from_string("J\xc3\xbcrgen"), *state), "J%C3%BCrgen");
    assert_slice_equals(gate_encode((struct slice){"a\0b", 3}, *state), "a%00b");
}

static void an_empty_value_is_an_empty_field(void **state)
{
    assert_slice_equals(gate_encode(slice_from_string(""), *state), "");
}

static void keys_become_names_of_fields_and_variables(void **state)
{
    struct gate gate;
    struct error error;

    (void)state;
    assert_true(gate_configure(&gate, "Username", "Username,full-name,e_mail2", "/login", &error));
    assert_int_equal(gate.exposed_count, 3);
    assert_string_equal(gate.exposed[0].field, "X-Session-Username");
    assert_string_equal(gate.exposed[0].variable, "Variable-SESSION_USERNAME");
    assert_string_equal(gate.exposed[1].field, "X-Session-full-name");
    assert_string_equal(gate.exposed[1].variable, "Variable-SESSION_FULL_NAME");
    assert_string_equal(gate.exposed[2].field, "X-Session-e-mail2");
    assert_string_equal(gate.exposed[2].variable, "Variable-SESSION_E_MAIL2");
    assert_slice_equals(gate.exposed[2].key, "e_mail2");
}

static void nothing_is_exposed_unless_named(void **state)
{
    struct gate gate;
    struct error error;

    (void)state;
    assert_true(gate_configure(&gate, "Username", "", "", &error));
    assert_int_equal(gate.exposed_count, 0);
}

static void assert_refused(const char *require, const char *expose, const char *login, const char *option)
{
    struct gate gate;
    struct error error;

    assert_false(gate_configure(&gate, require, expose, login, &error));
    assert_non_null(strstr(error.message, option));
}

static void keys_that_could_not_be_names_are_refused(void **state)
{
    static const char *const lists[] = {
        ",",    "a,",  ",a",   "a,,b",          "a b",
        "a, b", "a:b", "a\nb", "J\xc3\xbcrgen", "a234567890123456789012345678901234567890z"};

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        assert_refused("Username", lists[i], "", "key");
}

static void keys_that_would_share_a_name_are_refused(void **state)
{
    (void)state;
    assert_refused("Username", "user,User", "", "SESSION_USER");
    assert_refused("Username", "a-b,c,a_b", "", "SESSION_A_B");
}

static void more_keys_than_a_header_holds_are_refused(void **state)
{
    struct gate gate;
    struct error error;

    (void)state;
    assert_true(gate_configure(&gate, "a", "a,b,c,d,e,f,g,h,i,j", "", &error));
    assert_refused("a", "a,b,c,d,e,f,g,h,i,j,k", "", "keys");
}

static void a_gate_that_could_never_open_or_split_a_header_is_refused(void **state)
{
    (void)state;
    assert_refused("", "", "", "has no name");
    assert_refused("Username", "", "/login\r\nSet-Cookie: a=b", "control character");
}

static bool is_navigation(enum http_method method, const char *mode, const char *accept)
{
    const struct http_request request = {
        .method = method, .sec_fetch_mode = slice_from_string(mode), .accept = slice_from_string(accept)};

    return gate_is_navigation(&request);
}

static void only_a_browsers_navigation_is_worth_a_redirect(void **state)
{
    const char *page = "text/html,application/xhtml+xml,*/*;q=0.8";

    (void)state;
    assert_true(is_navigation(HTTP_GET, "navigate", page));
    assert_true(is_navigation(HTTP_GET, NULL, page));
    assert_false(is_navigation(HTTP_GET, "cors", page));
    assert_false(is_navigation(HTTP_GET, NULL, "*/*"));
    assert_false(is_navigation(HTTP_GET, NULL, NULL));
    assert_false(is_navigation(HTTP_POST, "navigate", page));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_byte_becomes_visible_ascii_and_can_be_turned_back, create_arena,
                                        destroy_arena),
        cmocka_unit_test_setup_teardown(what_needs_no_encoding_stays_readable, create_arena, destroy_arena),
        cmocka_unit_test_setup_teardown(line_breaks_blanks_and_percent_signs_are_encoded, create_arena,
                                        destroy_arena),
        cmocka_unit_test_setup_teardown(an_empty_value_is_an_empty_field, create_arena, destroy_arena),
        cmocka_unit_test(keys_become_names_of_fields_and_variables),
        cmocka_unit_test(nothing_is_exposed_unless_named),
        cmocka_unit_test(keys_that_could_not_be_names_are_refused),
        cmocka_unit_test(keys_that_would_share_a_name_are_refused),
        cmocka_unit_test(more_keys_than_a_header_holds_are_refused),
        cmocka_unit_test(a_gate_that_could_never_open_or_split_a_header_is_refused),
        cmocka_unit_test(only_a_browsers_navigation_is_worth_a_redirect),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
