/* A template that cannot be compiled is refused with "file:line: reason", whatever is wrong with it. */
#include "unit.h"

#include "buffer.h"
#include "template.h"

struct row {
    const char *template;
    const char *message;
};

/* Compiles `text` as page.html beside an empty p.html, which must fail. */
static void check_message(struct slice text, bool missing_partials_are_empty, const char *message)
{
    const struct slice names[] = {SLICE_LITERAL("page.html"), SLICE_LITERAL("p.html")};
    const struct slice texts[] = {text, SLICE_LITERAL("")};
    struct error error = {""};

    assert_null(template_set_compile(names, texts, 2, missing_partials_are_empty, &error));
    assert_string_equal(error.message, message);
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_message(slice_from_string(rows[i].template), true, rows[i].message);
}

#define CHECK_ROWS(rows) check_rows((rows), sizeof(rows) / sizeof *(rows))

static void sections_that_do_not_fit_are_named(void **state)
{
    static const struct row rows[] = {
        {"a\n{{#user}}\nb\n", "page.html:2: section 'user' is never closed"},
        {"{{#a}}{{^b.c}}\n\n", "page.html:1: section 'b.c' is never closed"},
        {"{{#a}}\n{{/b}}", "page.html:2: end of section 'b', but 'a' of line 1 is open"},
        {"{{#a}}\n{{#b}}\n{{/a}}{{/b}}", "page.html:3: end of section 'a', but 'b' of line 2 is open"},
        {"\n\n {{/a}}", "page.html:3: end of section 'a', but no section is open"},
        {"{{#a.b}}{{/a}}", "page.html:1: end of section 'a', but 'a.b' of line 1 is open"},
        {"{{!\n\n}}\r\n{{#a}}", "page.html:4: section 'a' is never closed"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void tags_that_do_not_end_are_named(void **state)
{
    static const struct row rows[] = {
        {"\n{{name", "page.html:2: tag is never closed: no '}}' follows"},
        {"{{", "page.html:1: tag is never closed: no '}}' follows"},
        {"{{name}", "page.html:1: tag is never closed: no '}}' follows"},
        {"a\n{{{name}}\n", "page.html:2: tag is never closed: no '}}}' follows"},
        {"{{! on\nand on", "page.html:1: tag is never closed: no '}}' follows"},
        {"{{=<% %>}}", "page.html:1: tag is never closed: no '=}}' follows"},
        {"{{=<% %>=}}\n<%{name}}}", "page.html:2: tag is never closed: no '}%>' follows"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void names_that_are_none_are_refused(void **state)
{
    static const struct row rows[] = {
        {"{{}}", "page.html:1: tag without a name"},
        {"{{ \n }}", "page.html:1: tag without a name"},
        {"{{{}}}", "page.html:1: tag without a name"},
        {"{{#}}{{/}}", "page.html:1: tag without a name"},
        {"{{#a}}{{/ }}", "page.html:1: tag without a name"},
        {"{{>}}", "page.html:1: tag without a name"},
        {"\n{{first last}}", "page.html:2: white space in a name"},
        {"{{> two words}}", "page.html:1: white space in a name"},
        {"{{.name}}", "page.html:1: nothing beside a dot in the name '.name'"},
        {"{{a.}}", "page.html:1: nothing beside a dot in the name 'a.'"},
        {"{{#a..b}}", "page.html:1: nothing beside a dot in the name 'a..b'"},
        {"{{..}}", "page.html:1: nothing beside a dot in the name '..'"},
        {"{{<parent}}", "page.html:1: parents and blocks ('<', '$') are not supported"},
        {"{{$block}}", "page.html:1: parents and blocks ('<', '$') are not supported"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void delimiters_that_are_none_are_refused(void **state)
{
    static const struct row rows[] = {
        {"{{==}}", "page.html:1: two delimiters, with a space between them, are needed"},
        {"{{=<%=}}", "page.html:1: two delimiters, with a space between them, are needed"},
        {"\n{{=<% | %>=}}", "page.html:2: more than two delimiters"},
        {"{{=<= =>=}}", "page.html:1: '=' in a delimiter"},
        {"{{=12345678901234567 |=}}", "page.html:1: delimiter longer than 16 bytes"},
        {"{{=| 12345678901234567=}}", "page.html:1: delimiter longer than 16 bytes"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void a_missing_partial_is_named_unless_it_may_be_missing(void **state)
{
    struct slice text = SLICE_LITERAL("{{>p}}\n\n  {{> footer }}\n");
    struct slice name = SLICE_LITERAL("page.html");
    struct error error;

    (void)state;
    check_message(text, false, "page.html:3: there is no partial 'footer.html'");
    struct template_set *set = template_set_compile(&name, &text, 1, true, &error);
    assert_non_null(set);
    template_set_destroy(set);
}

static void a_text_that_is_not_utf8_is_refused(void **state)
{
    static const struct row rows[] = {
        {"a\n\xc3\xa9\n\xff", "page.html:3: not UTF-8"},
        {"\xc3", "page.html:1: not UTF-8"},
        {"\xed\xa0\x80", "page.html:1: not UTF-8"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

/* `times` times the same text, to go to a limit and past it. */
static struct slice repeat(struct buffer *buffer, const char *text, size_t times)
{
    buffer_clear(buffer);
    for (size_t i = 0; i < times; i++)
        buffer_append_string(buffer, text);
    return buffer_slice(buffer);
}

static void what_is_too_deep_or_too_long_is_refused(void **state)
{
    struct buffer text = {0};

    (void)state;
    check_message(repeat(&text, "{{#a}}\n", 256), true, "page.html:256: section 'a' is never closed");
    check_message(repeat(&text, "{{#a}}\n", 257), true, "page.html:257: sections nest deeper than 256");
    check_message(repeat(&text, "{{^a}}\n", 100000), true, "page.html:257: sections nest deeper than 256");
    repeat(&text, "n", 2 + 255);
    memcpy(text.data, "{{", 2);
    buffer_append_string(&text, "}}{{the name before is not what is wrong");
    check_message(buffer_slice(&text), true, "page.html:1: tag is never closed: no '}}' follows");
    repeat(&text, "n", 2 + 256);
    memcpy(text.data, "{{", 2);
    buffer_append_string(&text, "}}");
    check_message(buffer_slice(&text), true, "page.html:1: name longer than 255 bytes");
    check_message(repeat(&text, "0123456789abcdef", 65537), true, "page.html: larger than 1 MiB");
    buffer_free(&text);
}

static void two_templates_of_one_name_are_refused(void **state)
{
    const struct slice names[] = {SLICE_LITERAL("b.html"), SLICE_LITERAL("a.html"), SLICE_LITERAL("b.html")};
    const struct slice texts[] = {SLICE_LITERAL("1"), SLICE_LITERAL("2"), SLICE_LITERAL("3")};
    struct error error = {""};

    (void)state;
    assert_null(template_set_compile(names, texts, 3, true, &error));
    assert_string_equal(error.message, "b.html: there are two templates of this name");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_that_do_not_fit_are_named),
        cmocka_unit_test(tags_that_do_not_end_are_named),
        cmocka_unit_test(names_that_are_none_are_refused),
        cmocka_unit_test(delimiters_that_are_none_are_refused),
        cmocka_unit_test(a_missing_partial_is_named_unless_it_may_be_missing),
        cmocka_unit_test(a_text_that_is_not_utf8_is_refused),
        cmocka_unit_test(what_is_too_deep_or_too_long_is_refused),
        cmocka_unit_test(two_templates_of_one_name_are_refused),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
