/* The list of memcached servers: what is understood, and what is refused with a reason. */
#include <stdio.h>

#include "store_memcached.h"
#include "unit.h"

static struct store_memcached_server servers[STORE_MEMCACHED_MAX_SERVERS];
static struct error error;

static size_t parse(const char *list)
{
    memset(servers, 'x', sizeof servers);
    memset(&error, 0, sizeof error);
    return store_memcached_parse_list(list, servers, &error);
}

static void assert_host(size_t index, const char *host, int port)
{
    assert_string_equal(servers[index].host, host);
    assert_int_equal(servers[index].port, port);
    assert_string_equal(servers[index].path, "");
}

static void a_host_alone_has_the_usual_port(void **state)
{
    (void)state;
    assert_int_equal(parse("localhost"), 1);
    assert_host(0, "localhost", 11211);
    assert_int_equal(parse("cache-1.example_net.org"), 1);
    assert_host(0, "cache-1.example_net.org", 11211);
}

static void a_port_follows_a_colon(void **state)
{
    (void)state;
    assert_int_equal(parse("127.0.0.1:1"), 1);
    assert_host(0, "127.0.0.1", 1);
    assert_int_equal(parse("h:65535"), 1);
    assert_host(0, "h", 65535);
}

static void an_ipv6_address_stands_in_brackets(void **state)
{
    (void)state;
    assert_int_equal(parse("[::1]:11311"), 1);
    assert_host(0, "::1", 11311);
    assert_int_equal(parse("[2001:db8::7]"), 1);
    assert_host(0, "2001:db8::7", 11211);
    assert_int_equal(parse("[fe80::1%eth0]:1"), 1);
    assert_host(0, "fe80::1%eth0", 1);
}

static void a_slash_begins_the_path_of_a_socket(void **state)
{
    (void)state;
    assert_int_equal(parse("/run/memcached/a:b c.sock"), 1);
    assert_string_equal(servers[0].path, "/run/memcached/a:b c.sock");
    assert_string_equal(servers[0].host, "");
}

static void entries_are_separated_by_commas_and_may_stand_between_spaces(void **state)
{
    (void)state;
    assert_int_equal(parse("  a , b:2,/s  ,[::1]  "), 4);
    assert_host(0, "a", 11211);
    assert_host(1, "b", 2);
    assert_string_equal(servers[2].path, "/s");
    assert_host(3, "::1", 11211);
}

static void there_are_at_most_64_entries(void **state)
{
    char list[65 * 8] = "";

    (void)state;
    for (int i = 0; i < 65; i++) {
        snprintf(list + strlen(list), sizeof list - strlen(list), "%sh%d", i > 0 ? "," : "", i);
        assert_int_equal(parse(list), i < 64 ? i + 1 : 0);
    }
    assert_non_null(strstr(error.message, "64"));
}

static void lengths_end_where_the_fields_end(void **state)
{
    char list[400];

    (void)state;
    memset(list, 'h', sizeof list);
    list[255] = '\0';
    assert_int_equal(parse(list), 1);
    assert_int_equal(strlen(servers[0].host), 255);
    list[255] = 'h';
    list[256] = '\0';
    assert_int_equal(parse(list), 0);

    memset(list, '/', sizeof list);
    list[107] = '\0';
    assert_int_equal(parse(list), 1);
    assert_int_equal(strlen(servers[0].path), 107);
    list[107] = '/';
    list[108] = '\0';
    assert_int_equal(parse(list), 0);
    assert_non_null(strstr(error.message, "107"));
}

static void anything_else_is_refused_with_a_reason_on_one_line(void **state)
{
    static const char *const lists[] = {
        "",          " ",        ",",         "a,",           ",a",        "a,,b",      "a b",
        "a:",        "a:0",      "a:65536",   "a:70000",      "a:-1",      "a:+1",      "a:1x",
        "a: 1",      "a:000001", "a:1:2",     ":11211",       "::1",       "::1:11211", "2001:db8::",
        "[::1",      "[]",       "[]:1",      "[::1]1",       "[::1]:",    "[::1]:x",   "[1.2.3.4]",
        "[::g]",     "[::1%]",   "[::1%a b]", "[fe80::1%\n]", "-a",        "a\tb",      "a\nb",
        "/run/a\nb", "a\x7f",    "h\xc3\xa9", "a/b",          "unix:/a",   "a;b",       "--SERVER=a",
        "a@b",       "a,A",      "/s,/s",     "h,h:11211",    "[:1],[:1]", "]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (parse(lists[i]) != 0)
            fail_msg("\"%s\" was understood", lists[i]);
        assert_true(strlen(error.message) > 0);
        assert_null(strchr(error.message, '\n'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_alone_has_the_usual_port),
        cmocka_unit_test(a_port_follows_a_colon),
        cmocka_unit_test(an_ipv6_address_stands_in_brackets),
        cmocka_unit_test(a_slash_begins_the_path_of_a_socket),
        cmocka_unit_test(entries_are_separated_by_commas_and_may_stand_between_spaces),
        cmocka_unit_test(there_are_at_most_64_entries),
        cmocka_unit_test(lengths_end_where_the_fields_end),
        cmocka_unit_test(anything_else_is_refused_with_a_reason_on_one_line),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
