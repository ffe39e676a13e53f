/* What a request is, from the CGI variables that the web server hands over: servers differ in most of them,
 * so the target that the client sent decides. */
#include "http.h"
#include "unit.h"

static int make_arena(void **state)
{
    *state = arena_create(1024);
    return 0;
}

static int destroy_arena(void **state)
{
    arena_destroy(*state);
    return 0;
}

static struct http_request request_for(struct arena *arena, const char *target)
{
    struct http_request request = {.arena = arena, .method_name = SLICE_LITERAL("GET")};

    request.target = slice_from_string(target);
    return request;
}

static void the_target_gives_path_and_query(void **state)
{
    struct http_request request = request_for(*state, "/set%20x/?user=Tom#top");

    request.query = slice_from_string("what=the-server-made-of-it");
    http_request_complete(&request);
    assert_int_equal(request.method, HTTP_GET);
    assert_slice_equals(request.path, "/set x");
    assert_slice_equals(request.query, "user=Tom");
}

static void a_target_without_a_query_leaves_the_servers(void **state)
{
    struct http_request request = request_for(*state, "/set");

    request.query = slice_from_string("user=Tom");
    http_request_complete(&request);
    assert_slice_equals(request.path, "/set");
    assert_slice_equals(request.query, "user=Tom");
}

static void an_empty_query_is_empty(void **state)
{
    struct http_request request = request_for(*state, "/set?");

    request.query = slice_from_string("user=Tom");
    http_request_complete(&request);
    assert_slice_equals(request.query, "");
}

static void without_a_target_there_is_no_path(void **state)
{
    struct http_request request = request_for(*state, NULL);

    http_request_complete(&request);
    assert_null(request.path.data);
}

static void a_path_that_is_not_valid_is_none(void **state)
{
    static const char *const targets[] = {"set", "/%zz", "/%ff", "/%00", "*"};

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct http_request request = request_for(*state, targets[i]);
        http_request_complete(&request);
        assert_null(request.path.data);
    }
}

static void https_is_on_or_1(void **state)
{
    static const struct {
        const char *variable;
        bool https;
    } cases[] = {{"on", true}, {"ON", true}, {"1", true},  {"off", false},
                 {"0", false}, {"", false},  {NULL, false}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_request request = request_for(*state, "/");
        request.https_variable = slice_from_string(cases[i].variable);
        http_request_complete(&request);
        assert_int_equal(request.https, cases[i].https);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_target_gives_path_and_query),
        cmocka_unit_test(a_target_without_a_query_leaves_the_servers),
        cmocka_unit_test(an_empty_query_is_empty),
        cmocka_unit_test(without_a_target_there_is_no_path),
        cmocka_unit_test(a_path_that_is_not_valid_is_none),
        cmocka_unit_test(https_is_on_or_1),
    };

    return RUN_TESTS(tests, make_arena, destroy_arena);
}
