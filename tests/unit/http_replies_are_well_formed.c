#include "unit.h"

#include "http.h"
#include "page_edge.h"

static void assert_header(const struct http_reply *reply, const char *expected)
{
    struct buffer out = {0};

    http_reply_write_header(reply, &out);
    assert_slice_equals(buffer_slice(&out), expected);
    buffer_free(&out);
}

static void the_header_is_what_a_web_server_expects(void **state)
{
    (void)state;
    struct buffer body = {0};
    struct http_reply reply = {.status = 404, .content_type = "text/plain; charset=utf-8", .body = &body};

    buffer_append_string(&body, "no such page\n");
    assert_true(http_reply_add_field(&reply, "Allow", slice_from_string("GET, HEAD")));
    assert_true(http_reply_add_field(&reply, "Set-Cookie", slice_from_string("a=1; Path=/")));
    assert_true(http_reply_add_field(&reply, "Set-Cookie", slice_from_string("b=2")));
    assert_header(&reply, "Status: 404 Not Found\r\n"
                          "Content-Type: text/plain; charset=utf-8\r\n"
                          "Content-Length: 13\r\n"
                          "Allow: GET, HEAD\r\n"
                          "Set-Cookie: a=1; Path=/\r\n"
                          "Set-Cookie: b=2\r\n"
                          "\r\n");
    buffer_free(&body);
}

static void the_header_is_appended(void **state)
{
    (void)state;
    struct http_reply reply = {.status = 200};
    struct buffer out = {0};

    buffer_append_string(&out, "before ");
    http_reply_write_header(&reply, &out);
    assert_slice_equals(buffer_slice(&out), "before Status: 200 OK\r\nContent-Length: 0\r\n\r\n");
    buffer_free(&out);
}

static void no_status_is_200(void **state)
{
    (void)state;
    assert_header(&(struct http_reply){0}, "Status: 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static void replies_without_a_body_have_no_length(void **state)
{
    (void)state;
    assert_header(&(struct http_reply){.status = 204}, "Status: 204 No Content\r\n\r\n");
    assert_header(&(struct http_reply){.status = 304}, "Status: 304 Not Modified\r\n\r\n");
}

static void a_long_body_has_its_length(void **state)
{
    (void)state;
    struct buffer body = {.length = 1234567890};
    assert_header(&(struct http_reply){.status = 200, .body = &body},
                  "Status: 200 OK\r\nContent-Length: 1234567890\r\n\r\n");
}

static void no_value_splits_the_header(void **state)
{
    (void)state;
    struct http_reply reply = {.status = 303};

    assert_false(http_reply_add_field(&reply, "Location", slice_from_string("/\r\nSet-Cookie: a=1")));
    assert_false(http_reply_add_field(&reply, "Location", slice_from_string("/\n")));
    assert_false(http_reply_add_field(&reply, "Location", slice_from_string("\r/")));
    assert_false(http_reply_add_field(&reply, "Location", (struct slice)SLICE_LITERAL("/\0")));
    assert_false(http_reply_add_field(&reply, "Location", slice_from_string("/\x7f")));
    assert_false(http_reply_add_field(&reply, "Location", slice_from_string("/\x1b[2J")));
    assert_false(http_reply_add_field(&reply, "Location", slice_none()));
    assert_header(&reply, "Status: 303 See Other\r\nContent-Length: 0\r\n\r\n");
    assert_true(http_reply_add_field(&reply, "X-Text", slice_from_string("tab\tand ü")));
    assert_true(http_reply_add_field(&reply, "X-Empty", slice_from_string("")));
    assert_int_equal(reply.field_count, 2);
}

static void fields_beyond_the_room_are_refused(void **state)
{
    (void)state;
    struct http_reply reply = {.status = 200};

    for (int i = 0; i < HTTP_REPLY_FIELDS; i++)
        assert_true(http_reply_add_field(&reply, "X", slice_from_string("1")));
    assert_false(http_reply_add_field(&reply, "X", slice_from_string("1")));
    assert_int_equal(reply.field_count, HTTP_REPLY_FIELDS);
}

static void a_status_has_its_reason(void **state)
{
    (void)state;
    assert_string_equal(http_status_reason(200), "OK");
    assert_string_equal(http_status_reason(413), "Content Too Large");
    assert_string_equal(http_status_reason(503), "Service Unavailable");
    assert_string_equal(http_status_reason(299), "Unknown");
    assert_string_equal(http_status_reason(-1), "Unknown");
}

static void methods_are_told_apart_by_case(void **state)
{
    (void)state;
    assert_int_equal(http_method_from(slice_from_string("GET")), HTTP_GET);
    assert_int_equal(http_method_from(slice_from_string("HEAD")), HTTP_HEAD);
    assert_int_equal(http_method_from(slice_from_string("POST")), HTTP_POST);
    assert_int_equal(http_method_from(slice_from_string("get")), HTTP_OTHER);
    assert_int_equal(http_method_from(slice_from_string("PUT")), HTTP_OTHER);
    assert_int_equal(http_method_from(slice_none()), HTTP_OTHER);
}

static void media_types_compare_without_parameters(void **state)
{
    (void)state;
    assert_true(http_media_type_is(slice_from_string("text/html"), "text/html"));
    assert_true(http_media_type_is(slice_from_string("text/html; charset=utf-8"), "text/html"));
    assert_true(http_media_type_is(slice_from_string(" Text/HTML \t;x"), "text/html"));
    assert_false(http_media_type_is(slice_from_string("text/html5"), "text/html"));
    assert_false(http_media_type_is(slice_from_string("text/htm"), "text/html"));
    assert_false(http_media_type_is(slice_from_string("x; text/html"), "text/html"));
    assert_false(http_media_type_is(slice_none(), "text/html"));
}

static void lengths_are_plain_decimal_numbers(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "-1",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "0x1",
                                        "1.0",
                                        "1,1",
                                        "one",
                                        "9223372036854775808",
                                        "99999999999999999999999"};
    size_t length = 7;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (http_parse_length(slice_from_string(wrong[i]), &length))
            fail_msg("'%s' passes", wrong[i]);
    }
    assert_false(http_parse_length(slice_none(), &length));
    assert_int_equal(length, 7);

    struct slice edge = page_edge_copy(slice_from_string("0065536"));
    assert_true(http_parse_length(edge, &length));
    assert_int_equal(length, 65536);
    page_edge_free(edge);
    assert_true(http_parse_length(slice_from_string("0"), &length));
    assert_int_equal(length, 0);
#if SIZE_MAX == UINT64_MAX
    assert_true(http_parse_length(slice_from_string("9223372036854775807"), &length));
    assert_int_equal(length, SIZE_MAX / 2);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_is_what_a_web_server_expects),
        cmocka_unit_test(the_header_is_appended),
        cmocka_unit_test(no_status_is_200),
        cmocka_unit_test(replies_without_a_body_have_no_length),
        cmocka_unit_test(a_long_body_has_its_length),
        cmocka_unit_test(no_value_splits_the_header),
        cmocka_unit_test(fields_beyond_the_room_are_refused),
        cmocka_unit_test(a_status_has_its_reason),
        cmocka_unit_test(methods_are_told_apart_by_case),
        cmocka_unit_test(media_types_compare_without_parameters),
        cmocka_unit_test(lengths_are_plain_decimal_numbers),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
