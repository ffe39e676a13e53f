/* libfcgi never meets a record that it cannot bear, or that a web server would not send. */
#include "fastcgi_records.h"

static void assert_refused(struct buffer *bytes, const char *reason)
{
    const struct fcgi_scan scan = scan_whole(buffer_slice(bytes));

    assert_int_equal(scan.state, FCGI_SCAN_REFUSED);
    assert_string_equal(scan.refusal, reason);
    assert_splits_agree(buffer_slice(bytes));
    buffer_clear(bytes);
}

static void only_responders_and_authorizers_are_served(void **state)
{
    const unsigned int roles[] = {0, FILTER, 4, 0x0100, 0x0101, 0xffff};
    struct buffer bytes = {0};

    (void)state;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        append_begin(&bytes, roles[i], 0);
        assert_refused(&bytes, "a role that is neither responder nor authorizer");
    }
    buffer_free(&bytes);
}

static void what_is_not_fastcgi_is_refused(void **state)
{
    struct buffer bytes = {0};

    (void)state;
    buffer_append_string(&bytes, "GET / HTTP/1.1\r\n\r\n");
    assert_refused(&bytes, "not FastCGI version 1");
    for (unsigned int version = 0; version < 256; version++) {
        if (version == 1)
            continue;
        append_begin(&bytes, RESPONDER, 0);
        bytes.data[0] = (char)version;
        assert_refused(&bytes, "not FastCGI version 1");
    }
    append_begin(&bytes, RESPONDER, 0);
    append_parameters(&bytes, 1); /* the padding is one byte longer than announced: out of step from there */
    append_byte(&bytes, 0);
    append_end(&bytes, PARAMS);
    assert_refused(&bytes, "not FastCGI version 1");
    buffer_free(&bytes);
}

static void management_records_are_refused(void **state)
{
    struct buffer bytes = {0};

    (void)state;
    append_header(&bytes, GET_VALUES, 0, 0, 0);
    assert_refused(&bytes, "a management record");
    append_begin(&bytes, RESPONDER, 0);
    append_header(&bytes, GET_VALUES, 0, 4, 0);
    assert_refused(&bytes, "a management record");
    append_header(&bytes, 77, 0, 0, 0);
    assert_refused(&bytes, "a management record");
    buffer_free(&bytes);
}

static void a_request_begins_with_its_first_record(void **state)
{
    const unsigned int types[] = {0, ABORT, 3, PARAMS, STDIN, STDOUT, DATA, GET_VALUES, 255};
    struct buffer bytes = {0};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        append_end(&bytes, types[i]);
        assert_refused(&bytes, "a record before the beginning of a request");
    }
    buffer_free(&bytes);
}

static void a_first_record_has_eight_bytes(void **state)
{
    const size_t lengths[] = {0, 1, 7, 9, 16, 65535};
    struct buffer bytes = {0};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        append_header(&bytes, BEGIN, 1, lengths[i], 0);
        assert_refused(&bytes, "a first record of the wrong size");
    }
    buffer_free(&bytes);
}

static void one_request_at_a_time(void **state)
{
    const unsigned int types[] = {BEGIN, ABORT, PARAMS, STDIN};
    struct buffer bytes = {0};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        append_begin(&bytes, RESPONDER, 0);
        append_header(&bytes, types[i], 2, 8, 0);
        assert_refused(&bytes, "a second request on a connection that has one");
    }
    append_begin(&bytes, RESPONDER, 0);
    append_begin(&bytes, RESPONDER, 0);
    assert_refused(&bytes, "a record that has no place in a request");
    buffer_free(&bytes);
}

static void records_have_their_order(void **state)
{
    const unsigned int misplaced[] = {ABORT, 3, STDOUT, 7, DATA, GET_VALUES, 10, 11, 12, 255};
    struct buffer bytes = {0};

    (void)state;
    for (size_t i = 0; i < sizeof misplaced / sizeof *misplaced; i++) {
        append_begin(&bytes, RESPONDER, 0);
        append_end(&bytes, misplaced[i]);
        assert_refused(&bytes, "a record that has no place in a request");
    }
    append_begin(&bytes, RESPONDER, 0);
    append_end(&bytes, STDIN);
    assert_refused(&bytes, "a body before the end of the parameters");
    append_begin(&bytes, RESPONDER, 0);
    append_end(&bytes, PARAMS);
    append_parameters(&bytes, 0);
    assert_refused(&bytes, "parameters after their end");
    buffer_free(&bytes);
}

static void parameters_end_with_a_whole_pair(void **state)
{
    const struct slice cut[] = {SLICE_LITERAL("\1"), SLICE_LITERAL("\4\3nam"), SLICE_LITERAL("\1\1a"),
                                SLICE_LITERAL("\x80\0\0")};
    struct buffer bytes = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        append_begin(&bytes, RESPONDER, 0);
        append_record(&bytes, PARAMS, cut[i], 0);
        append_end(&bytes, PARAMS);
        assert_refused(&bytes, "parameters that end within a pair");
    }
    buffer_free(&bytes);
}

/* libfcgi adds such lengths as ints and aborts. */
static void impossible_lengths_are_refused_as_soon_as_they_are_there(void **state)
{
    const uint32_t lengths[] = {65537, 0x00ffffff, 0x01000000, 0x7ffffffe, 0x7fffffff};
    struct buffer pair = {0}, bytes = {0};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (size_t which = 1; which <= 3; which++) { /* the name's, the value's, both */
            append_long_length(&pair, which & 1 ? lengths[i] : 0);
            append_long_length(&pair, which & 2 ? lengths[i] : 0);
            append_begin(&bytes, RESPONDER, 0);
            append_record(&bytes, PARAMS, buffer_slice(&pair), 0);
            assert_refused(&bytes, "a parameter with an impossible length");
            buffer_clear(&pair);
        }
    }
    buffer_free(&pair);
    buffer_free(&bytes);
}

static void parameters_may_have_64_kibibytes_and_no_more(void **state)
{
    struct buffer pair = {0}, bytes = {0};

    (void)state;
    append_begin(&bytes, RESPONDER, 0);
    for (int i = 0; i < 2; i++) {
        append_pair_of(&pair, FCGI_SCAN_MAX_PARAMETERS / 2);
        append_record(&bytes, PARAMS, buffer_slice(&pair), 255);
        buffer_clear(&pair);
    }
    size_t full = bytes.length;
    append_end(&bytes, PARAMS);
    assert_int_equal(scan_whole(buffer_slice(&bytes)).state, FCGI_SCAN_BODY);
    bytes.length = full;
    append_header(&bytes, PARAMS, 1, 1, 0); /* one more byte is announced, and need not come */
    struct fcgi_scan scan = scan_whole(buffer_slice(&bytes));
    assert_int_equal(scan.state, FCGI_SCAN_REFUSED);
    assert_string_equal(scan.refusal, "more than 64 KiB of parameters");
    buffer_free(&pair);
    buffer_free(&bytes);
}

static void nothing_is_scanned_after_a_refusal(void **state)
{
    struct buffer bytes = {0};
    struct fcgi_scan scan = {0};

    (void)state;
    append_end(&bytes, STDIN);
    fcgi_scan(&scan, buffer_slice(&bytes));
    assert_int_equal(scan.state, FCGI_SCAN_REFUSED);
    buffer_clear(&bytes);
    append_request(&bytes, 0, 0);
    assert_int_equal(fcgi_scan(&scan, buffer_slice(&bytes)), 0);
    assert_int_equal(scan.state, FCGI_SCAN_REFUSED);
    buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_responders_and_authorizers_are_served),
        cmocka_unit_test(what_is_not_fastcgi_is_refused),
        cmocka_unit_test(management_records_are_refused),
        cmocka_unit_test(a_request_begins_with_its_first_record),
        cmocka_unit_test(a_first_record_has_eight_bytes),
        cmocka_unit_test(one_request_at_a_time),
        cmocka_unit_test(records_have_their_order),
        cmocka_unit_test(parameters_end_with_a_whole_pair),
        cmocka_unit_test(impossible_lengths_are_refused_as_soon_as_they_are_there),
        cmocka_unit_test(parameters_may_have_64_kibibytes_and_no_more),
        cmocka_unit_test(nothing_is_scanned_after_a_refusal),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
