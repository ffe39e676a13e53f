#include "unit.h"

#include "http.h"
#include "page_edge.h"

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

/* Asserts that `target`, at the edge of a page, has the path `expected`; NULL: none. */
static void assert_path(struct arena *arena, struct slice target, const char *expected)
{
    struct slice edge = page_edge_copy(target);
    struct slice path = http_path(edge, arena);

    if (expected != NULL)
        assert_slice_equals(path, expected);
    else
        assert_null(path.data);
    page_edge_free(edge);
}

static void a_path_ends_before_the_query_and_the_fragment(void **state)
{
    assert_path(*state, slice_from_string("/"), "/");
    assert_path(*state, slice_from_string("/a/b"), "/a/b");
    assert_path(*state, slice_from_string("/a/b?c=/d"), "/a/b");
    assert_path(*state, slice_from_string("/?"), "/");
    assert_path(*state, slice_from_string("/a#b?c"), "/a");
    assert_path(*state, slice_from_string("/a?b#c"), "/a");
}

static void an_absolute_target_loses_scheme_and_host(void **state)
{
    assert_path(*state, slice_from_string("http://example.org/a?b"), "/a");
    assert_path(*state, slice_from_string("HTTPS://example.org:8443/a/"), "/a");
    assert_path(*state, slice_from_string("http://example.org"), "/");
    assert_path(*state, slice_from_string("http://example.org?a/b"), "/");
    assert_path(*state, slice_from_string("http:///a"), NULL);
    assert_path(*state, slice_from_string("http://"), NULL);
    assert_path(*state, slice_from_string("ftp://example.org/a"), NULL);
}

static void a_path_is_decoded(void **state)
{
    assert_path(*state, slice_from_string("/%61%2Fb%3fc"), "/a/b?c");
    assert_path(*state, slice_from_string("/a+b"), "/a+b");
    assert_path(*state, slice_from_string("/%c3%BC"), "/ü");
}

static void one_trailing_slash_goes(void **state)
{
    assert_path(*state, slice_from_string("/a/"), "/a");
    assert_path(*state, slice_from_string("/a//"), "/a/");
    assert_path(*state, slice_from_string("/a/?b"), "/a");
}

static void a_broken_path_is_no_path(void **state)
{
    static const char *const broken[] = {"",     "*",     "a",     "?/a",    "%2Fa",
                                         "/%",   "/%4",   "/%zz",  "/a%00b", "/a%0a",
                                         "/%ff", "/\xc3", "/\x7f", "/a\tb",  "/%c3%28"};

    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        assert_path(*state, slice_from_string(broken[i]), NULL);
    assert_path(*state, (struct slice)SLICE_LITERAL("/a\0b"), NULL);
    assert_null(http_path(slice_none(), *state).data);
}

static bool is_host(const char *origin, const char *host)
{
    struct slice origin_edge = page_edge_copy(slice_from_string(origin));
    struct slice host_edge = page_edge_copy(slice_from_string(host));
    bool same = http_origin_is_host(origin_edge, host_edge);

    page_edge_free(origin_edge);
    page_edge_free(host_edge);
    return same;
}

static void an_origin_names_its_own_host(void **state)
{
    (void)state;
    assert_true(is_host("https://example.org", "example.org"));
    assert_true(is_host("http://example.org", "EXAMPLE.org"));
    assert_true(is_host("https://example.org:443", "example.org"));
    assert_true(is_host("http://example.org", "example.org:80"));
    assert_true(is_host("http://localhost:8080", "localhost:8080"));
    assert_true(is_host("http://127.0.0.1:8080", "127.0.0.1:8080"));
    assert_true(is_host("http://[::1]:8080", "[::1]:8080"));
    assert_true(is_host("http://[2001:DB8::1]", "[2001:db8::1]"));
}

static void another_host_is_another_host(void **state)
{
    (void)state;
    assert_false(is_host("https://example.com", "example.org"));
    assert_false(is_host("https://example.org.evil.net", "example.org"));
    assert_false(is_host("https://evil-example.org", "example.org"));
    assert_false(is_host("https://www.example.org", "example.org"));
    assert_false(is_host("https://example.org:8443", "example.org"));
    assert_false(is_host("https://example.org", "example.org:8080"));
    assert_false(is_host("https://[::1]", "[::2]"));
}

static void what_is_malformed_is_no_host(void **state)
{
    static const char *const origins[] = {"null",
                                          "",
                                          "example.org",
                                          "//example.org",
                                          "https:/example.org",
                                          "https://",
                                          "https://:443",
                                          "https://example.org/",
                                          "https://example.org:",
                                          "https://example.org:44x",
                                          "https://example.org:443:443",
                                          "https://user@example.org",
                                          "https://example.org https://evil.net",
                                          "ftp://example.org",
                                          " https://example.org"};
    static const char *const hosts[] = {"",    ":",  ":80", "[]",     "[", "[::1", "example.org/",
                                        "a b", "a:", "a:b", "[::1]x", "é"};
    (void)state;

    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
        if (is_host(origins[i], "example.org"))
            fail_msg("%s passes", origins[i]);
    }
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char origin[64] = "https://";
        if (is_host(strcat(origin, hosts[i]), hosts[i]))
            fail_msg("%s passes", hosts[i]);
    }
    assert_false(http_origin_is_host(slice_none(), slice_none()));
    assert_false(http_origin_is_host(slice_from_string("https://example.org"), slice_none()));
    assert_false(http_origin_is_host(slice_none(), slice_from_string("example.org")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_ends_before_the_query_and_the_fragment),
        cmocka_unit_test(an_absolute_target_loses_scheme_and_host),
        cmocka_unit_test(a_path_is_decoded),
        cmocka_unit_test(one_trailing_slash_goes),
        cmocka_unit_test(a_broken_path_is_no_path),
        cmocka_unit_test(an_origin_names_its_own_host),
        cmocka_unit_test(another_host_is_another_host),
        cmocka_unit_test(what_is_malformed_is_no_host),
    };

    return RUN_TESTS(tests, create_arena, destroy_arena);
}
