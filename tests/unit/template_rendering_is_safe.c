/* What template.h promises beyond the specification: bounds, escaping, values. */
#include "template_rows.h"

static const struct template_value nothing = EMPTY_OBJECT;

/* Compiles page.html and p.html, renders the page with `data` into `out` and says whether it is complete. */
static bool render_page(const char *page, const char *p, const struct template_value *data,
                        struct buffer *out)
{
    const struct slice names[] = {SLICE_LITERAL("page.html"), SLICE_LITERAL("p.html")};
    const struct slice texts[] = {slice_from_string(page), slice_from_string(p)};
    struct error error;
    struct template_set *set = template_set_compile(names, texts, 2, false, &error);

    if (set == NULL)
        fail_msg("%s", error.message);
    bool complete = template_render(template_set_find(set, "page.html"), data, out);
    template_set_destroy(set);
    return complete;
}

/* Writes `inner` within `depth` sections. */
static void nest(struct buffer *text, size_t depth, const char *inner)
{
    buffer_clear(text);
    for (size_t i = 0; i < depth; i++)
        buffer_append_string(text, "{{#on}}");
    buffer_append_string(text, inner);
    for (size_t i = 0; i < depth; i++)
        buffer_append_string(text, "{{/on}}");
    buffer_append(text, (struct slice){"", 1});
}

static void a_template_that_includes_itself_without_end_is_stopped(void **state)
{
    struct buffer out = {0};

    (void)state;
    assert_false(render_page("x{{>page}}{{>page}}", "", &nothing, &out));
    assert_int_equal(out.length, 65);
    buffer_clear(&out);
    assert_false(render_page("  {{>page}}\n", "", &nothing, &out));
    assert_int_equal(out.length, 0);
    buffer_free(&out);
}

static void partials_nest_64_deep_and_no_deeper(void **state)
{
    const struct template_value end = EMPTY_LIST;
    struct template_field fields[66][1];
    struct buffer out = {0};

    (void)state;
    for (size_t i = 0; i < 66; i++) {
        struct template_value object = template_object(fields[i], 1);
        fields[i][0] =
            (struct template_field){SLICE_LITERAL("next"), i == 0 ? end : template_object(fields[i - 1], 1)};
        buffer_clear(&out);
        assert_int_equal(render_page("{{>p}}", "x{{#next}}{{>p}}{{/next}}", &object, &out), i < 64);
        assert_int_equal(out.length, i < 64 ? i + 1 : 64);
    }
    buffer_free(&out);
}

static void partials_side_by_side_are_not_nested(void **state)
{
    struct buffer page = {0}, out = {0};

    (void)state;
    for (size_t i = 0; i < 100; i++)
        buffer_append_string(&page, "{{>p}}");
    buffer_append(&page, (struct slice){"", 1});
    assert_true(render_page(page.data, "x", &nothing, &out));
    assert_int_equal(out.length, 100);
    buffer_free(&page);
    buffer_free(&out);
}

static void sections_nest_256_deep_over_partials_and_no_deeper(void **state)
{
    const struct template_value data = OBJECT(FIELD("on", YES));
    struct buffer page = {0}, partial = {0}, out = {0};

    (void)state;
    nest(&page, 100, "<{{>p}}>");
    nest(&partial, 156, "x");
    assert_true(render_page(page.data, partial.data, &data, &out));
    assert_slice_equals(buffer_slice(&out), "<x>");
    buffer_clear(&out);
    nest(&partial, 157, "x");
    assert_false(render_page(page.data, partial.data, &data, &out));
    assert_slice_equals(buffer_slice(&out), "<");
    buffer_free(&page);
    buffer_free(&partial);
    buffer_free(&out);
}

static void rendering_appends_to_what_is_there(void **state)
{
    struct buffer out = {0};

    (void)state;
    buffer_append_string(&out, "before ");
    assert_true(render_page("after", "", &nothing, &out));
    assert_slice_equals(buffer_slice(&out), "before after");
    buffer_free(&out);
}

static void escaping_replaces_five_signs_and_nothing_else(void **state)
{
    static const char escaped[] = "&lt;&lt;a href=&#39;x&#39;&gt;&amp;&quot;\0&quot;&amp;";
    struct buffer out = {0};
    char all[255];

    (void)state;
    for (int i = 1; i < 256; i++)
        all[i - 1] = (char)i;
    template_escape((struct slice){all, sizeof all}, &out);
    assert_int_equal(out.length, sizeof all + 4 + 3 + 3 + 5 + 4);
    buffer_clear(&out);
    template_escape((struct slice)SLICE_LITERAL("<<a href='x'>&\"\0\"&"), &out);
    assert_int_equal(out.length, sizeof escaped - 1);
    assert_memory_equal(out.data, escaped, sizeof escaped - 1);
    buffer_clear(&out);
    template_escape(slice_none(), &out);
    assert_int_equal(out.length, 0);
    buffer_free(&out);
}

static void values_are_made_by_kind(void **state)
{
    struct template_value items[2] = {template_text((struct slice)SLICE_LITERAL("a")),
                                      {.kind = TEMPLATE_TRUE}};
    struct template_field field = {SLICE_LITERAL("list"), template_list(items, 2)};
    struct template_value data = template_object(&field, 1);
    struct buffer out = {0};

    (void)state;
    assert_true(render_page("{{#list}}{{.}},{{/list}}", "", &data, &out));
    assert_slice_equals(buffer_slice(&out), "a,true,");
    buffer_free(&out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_that_includes_itself_without_end_is_stopped),
        cmocka_unit_test(partials_nest_64_deep_and_no_deeper),
        cmocka_unit_test(partials_side_by_side_are_not_nested),
        cmocka_unit_test(sections_nest_256_deep_over_partials_and_no_deeper),
        cmocka_unit_test(rendering_appends_to_what_is_there),
        cmocka_unit_test(escaping_replaces_five_signs_and_nothing_else),
        cmocka_unit_test(values_are_made_by_kind),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
