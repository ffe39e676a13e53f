#include "unit.h"

#include "http.h"
#include "page_edge.h"

/* Asserts that the cookies called `name` in `header` have the `values`, a NULL-terminated list. The header
 * ends at the edge of a page. */
static void assert_cookies(struct slice header, const char *name, const char *const values[])
{
    struct slice edge = page_edge_copy(header);
    struct slice rest = edge;

    for (; *values != NULL; values++)
        assert_slice_equals(http_next_cookie(&rest, name), *values);
    assert_null(http_next_cookie(&rest, name).data);
    assert_null(http_next_cookie(&rest, name).data);
    assert_int_equal(rest.length, 0);
    page_edge_free(edge);
}

#define ASSERT_COOKIES(header, name, ...)                                                                    \
    assert_cookies(slice_from_string(header), name, (const char *const[]){__VA_ARGS__})

static void a_cookie_is_found_by_name(void **state)
{
    (void)state;
    ASSERT_COOKIES("session=abc", "session", "abc", NULL);
    ASSERT_COOKIES("theme=dark; session=abc; lang=de", "session", "abc", NULL);
    ASSERT_COOKIES("theme=dark;session=abc;lang=de", "session", "abc", NULL);
    ASSERT_COOKIES(" \ttheme=dark ;\tsession=abc \t", "session", "abc", NULL);
    ASSERT_COOKIES("__Host-session=abc", "__Host-session", "abc", NULL);
}

static void all_cookies_of_a_name_are_found_in_order(void **state)
{
    (void)state;
    ASSERT_COOKIES("session=a; x=1; session=b; session=c", "session", "a", "b", "c", NULL);
}

static void a_value_is_returned_as_it_stands(void **state)
{
    (void)state;
    ASSERT_COOKIES("session=\"a b\"", "session", "\"a b\"", NULL);
    ASSERT_COOKIES("session=a=b==", "session", "a=b==", NULL);
    ASSERT_COOKIES("session=", "session", "", NULL);
    ASSERT_COOKIES("session=; session=a", "session", "", "a", NULL);
    ASSERT_COOKIES("session=%41+", "session", "%41+", NULL);
}

static void other_names_are_not_taken_for_it(void **state)
{
    (void)state;
    ASSERT_COOKIES("Session=a; sessions=b; xsession=c; session.=d; sess=e", "session", NULL);
    ASSERT_COOKIES("__Host-session=a", "session", NULL);
    ASSERT_COOKIES("x=session=a", "session", NULL);
    ASSERT_COOKIES("x=\"; session=a", "session", "a", NULL);
}

static void malformed_pairs_are_skipped(void **state)
{
    (void)state;
    ASSERT_COOKIES("session", "session", NULL);
    ASSERT_COOKIES("session; session=a", "session", "a", NULL);
    ASSERT_COOKIES("; ;;=;=b;session=a;;", "session", "a", NULL);
    ASSERT_COOKIES("session =a", "session", NULL);
    ASSERT_COOKIES("session=a\x01z; session=b", "session", "b", NULL);
    assert_cookies((struct slice)SLICE_LITERAL("session=a\0z; session=b"), "session",
                   (const char *const[]){"b", NULL});
}

static void no_header_has_no_cookies(void **state)
{
    (void)state;
    struct slice absent = slice_none();
    assert_null(http_next_cookie(&absent, "session").data);
    ASSERT_COOKIES("", "session", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_is_found_by_name),
        cmocka_unit_test(all_cookies_of_a_name_are_found_in_order),
        cmocka_unit_test(a_value_is_returned_as_it_stands),
        cmocka_unit_test(other_names_are_not_taken_for_it),
        cmocka_unit_test(malformed_pairs_are_skipped),
        cmocka_unit_test(no_header_has_no_cookies),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
