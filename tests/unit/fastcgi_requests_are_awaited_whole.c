/* libfcgi is called only when it will find all it asks for, wherever the bytes were cut on their way. */
#include <stdlib.h>

#include "fastcgi_records.h"

static void a_request_is_whole_with_the_end_of_its_body(void **state)
{
    struct buffer bytes = {0};

    (void)state;
    append_request(&bytes, 0, 0);
    struct fcgi_scan scan = scan_whole(buffer_slice(&bytes));
    assert_int_equal(scan.state, FCGI_SCAN_WHOLE);
    assert_null(scan.refusal);
    assert_int_equal(scan.length, bytes.length);
    assert_int_equal(scan.role, FCGI_ROLE_RESPONDER);
    assert_false(scan.keep_connection);
    assert_false(scan.ends_in_padding);
    buffer_free(&bytes);
}

static void no_shorter_part_of_a_request_is_whole_or_refused(void **state)
{
    struct buffer bytes = {0};

    (void)state;
    append_request(&bytes, KEEP, 3);
    for (size_t length = 0; length < bytes.length; length++) {
        struct fcgi_scan scan = scan_whole((struct slice){bytes.data, length});
        assert_true(scan.state == FCGI_SCAN_PARAMETERS || scan.state == FCGI_SCAN_BODY);
        assert_int_equal(scan.length, length);
    }
    buffer_free(&bytes);
}

static void however_a_request_is_cut_the_result_is_the_same(void **state)
{
    struct buffer bytes = {0};

    (void)state;
    for (size_t padding = 0; padding < 9; padding += 4) {
        append_request(&bytes, KEEP, padding);
        assert_splits_agree(buffer_slice(&bytes));
        append_request(&bytes, 0, padding); /* and with another request behind it */
        assert_splits_agree(buffer_slice(&bytes));
        buffer_clear(&bytes);
    }
    buffer_free(&bytes);
}

static void the_body_begins_with_the_end_of_the_parameters(void **state)
{
    struct buffer bytes = {0};

    (void)state;
    append_begin(&bytes, RESPONDER, 0);
    append_parameters(&bytes, 0);
    assert_int_equal(scan_whole(buffer_slice(&bytes)).state, FCGI_SCAN_PARAMETERS);
    append_end(&bytes, PARAMS);
    assert_int_equal(scan_whole(buffer_slice(&bytes)).state, FCGI_SCAN_BODY);
    buffer_free(&bytes);
}

static void a_request_without_parameters_or_body_is_whole(void **state)
{
    struct buffer bytes = {0};

    (void)state;
    append_begin(&bytes, RESPONDER, 0);
    append_end(&bytes, PARAMS);
    append_end(&bytes, STDIN);
    assert_int_equal(scan_whole(buffer_slice(&bytes)).state, FCGI_SCAN_WHOLE);
    assert_splits_agree(buffer_slice(&bytes));
    buffer_free(&bytes);
}

static void the_body_length_counts_content_only(void **state)
{
    struct buffer bytes = {0};

    (void)state;
    append_request(&bytes, 0, 7);
    assert_int_equal(scan_whole(buffer_slice(&bytes)).body_length, 11);
    /* Without the end and all but one byte of the last record. */
    size_t shorter = bytes.length - 8 - 7 - 5;
    assert_int_equal(scan_whole((struct slice){bytes.data, shorter}).body_length, 6);
    buffer_free(&bytes);
}

static void a_body_may_be_of_any_length(void **state)
{
    struct buffer bytes = {0};
    char *content = calloc(1, 65535);

    (void)state;
    assert_non_null(content);
    append_begin(&bytes, RESPONDER, 0);
    append_end(&bytes, PARAMS);
    for (int i = 0; i < 40; i++)
        append_record(&bytes, STDIN, (struct slice){content, 65535}, 255);
    append_end(&bytes, STDIN);
    struct fcgi_scan scan = scan_whole(buffer_slice(&bytes));
    assert_int_equal(scan.state, FCGI_SCAN_WHOLE);
    assert_int_equal(scan.body_length, 40 * 65535);
    free(content);
    buffer_free(&bytes);
}

static void what_follows_a_request_is_not_looked_at(void **state)
{
    struct buffer bytes = {0};
    struct fcgi_scan scan = {0};

    (void)state;
    append_request(&bytes, KEEP, 0);
    size_t length = bytes.length;
    buffer_append_string(&bytes, "garbage, and more of it");
    assert_int_equal(scan_at_edge(&scan, buffer_slice(&bytes)), length);
    assert_int_equal(scan.state, FCGI_SCAN_WHOLE);
    assert_int_equal(scan.length, length);
    assert_int_equal(fcgi_scan(&scan, slice_from(buffer_slice(&bytes), length)), 0);
    assert_int_equal(scan.state, FCGI_SCAN_WHOLE);
    buffer_free(&bytes);
}

static void padding_at_the_very_end_belongs_to_the_request_and_is_noted(void **state)
{
    struct buffer bytes = {0};

    (void)state;
    append_request(&bytes, KEEP, 8);
    assert_false(scan_whole(buffer_slice(&bytes)).ends_in_padding);
    bytes.length -= 8;
    append_record(&bytes, STDIN, slice_none(), 5);
    struct fcgi_scan scan = scan_whole(buffer_slice(&bytes));
    assert_int_equal(scan.state, FCGI_SCAN_WHOLE);
    assert_true(scan.ends_in_padding);
    assert_int_equal(scan.length, bytes.length);
    assert_splits_agree(buffer_slice(&bytes));
    buffer_free(&bytes);
}

static void an_authorizer_has_no_body_not_even_its_end(void **state)
{
    struct buffer bytes = {0};

    (void)state;
    append_begin(&bytes, AUTHORIZER, KEEP);
    append_parameters(&bytes, 0);
    append_end(&bytes, PARAMS);
    struct fcgi_scan scan = scan_whole(buffer_slice(&bytes));
    assert_int_equal(scan.state, FCGI_SCAN_WHOLE);
    assert_int_equal(scan.role, FCGI_ROLE_AUTHORIZER);
    assert_true(scan.keep_connection);
    assert_splits_agree(buffer_slice(&bytes));
    buffer_free(&bytes);
}

static void a_pair_may_go_on_in_the_next_record(void **state)
{
    const char pair[] = "\x80\0\0\4\x80\0\0\5namevalue";
    const size_t length = sizeof pair - 1;
    struct buffer bytes = {0};

    (void)state;
    for (size_t cut = 1; cut < length; cut++) {
        append_begin(&bytes, RESPONDER, 0);
        append_record(&bytes, PARAMS, (struct slice){pair, cut}, 2);
        append_record(&bytes, PARAMS, (struct slice){pair + cut, length - cut}, 2);
        append_end(&bytes, PARAMS);
        assert_int_equal(scan_whole(buffer_slice(&bytes)).state, FCGI_SCAN_BODY);
        assert_splits_agree(buffer_slice(&bytes));
        buffer_clear(&bytes);
    }
    buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_whole_with_the_end_of_its_body),
        cmocka_unit_test(no_shorter_part_of_a_request_is_whole_or_refused),
        cmocka_unit_test(however_a_request_is_cut_the_result_is_the_same),
        cmocka_unit_test(the_body_begins_with_the_end_of_the_parameters),
        cmocka_unit_test(a_request_without_parameters_or_body_is_whole),
        cmocka_unit_test(the_body_length_counts_content_only),
        cmocka_unit_test(a_body_may_be_of_any_length),
        cmocka_unit_test(what_follows_a_request_is_not_looked_at),
        cmocka_unit_test(padding_at_the_very_end_belongs_to_the_request_and_is_noted),
        cmocka_unit_test(an_authorizer_has_no_body_not_even_its_end),
        cmocka_unit_test(a_pair_may_go_on_in_the_next_record),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
