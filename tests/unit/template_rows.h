/* Tables of templates and what they render as, for the tests of templates. */
#ifndef SESSION_FCGI_TEMPLATE_ROWS_H
#define SESSION_FCGI_TEMPLATE_ROWS_H

#include "unit.h"

#include "template.h"

/* Data as initialisers: OBJECT(FIELD("name", TEXT("Ada")), FIELD("list", LIST(TEXT("a"), TEXT("b")))). They
 * live as long as the block they are written in. */
#define TEXT(bytes)                                                                                          \
    {                                                                                                        \
        .kind = TEMPLATE_TEXT, .text = SLICE_LITERAL(bytes)                                                  \
    }
#define NO                                                                                                   \
    {                                                                                                        \
        .kind = TEMPLATE_FALSE                                                                               \
    }
#define YES                                                                                                  \
    {                                                                                                        \
        .kind = TEMPLATE_TRUE                                                                                \
    }
#define EMPTY_LIST                                                                                           \
    {                                                                                                        \
        .kind = TEMPLATE_LIST                                                                                \
    }
#define EMPTY_OBJECT                                                                                         \
    {                                                                                                        \
        .kind = TEMPLATE_OBJECT                                                                              \
    }
#define ARRAY_OF(type, ...)                                                                                  \
    {                                                                                                        \
        (const type[]){__VA_ARGS__}, sizeof((const type[]){__VA_ARGS__}) / sizeof(type)                      \
    }
#define LIST(...)                                                                                            \
    {                                                                                                        \
        .kind = TEMPLATE_LIST, .list = ARRAY_OF(struct template_value, __VA_ARGS__)                          \
    }
#define OBJECT(...)                                                                                          \
    {                                                                                                        \
        .kind = TEMPLATE_OBJECT, .object = ARRAY_OF(struct template_field, __VA_ARGS__)                      \
    }
#define FIELD(key, ...)                                                                                      \
    {                                                                                                        \
        SLICE_LITERAL(key), __VA_ARGS__                                                                      \
    }

struct row {
    const char *promise;
    const char *template;
    const char *expected;
};

/* A row whose template may include "p" and "q"; NULL: there is no such file. */
struct row_with_partials {
    struct row row;
    const char *p, *q;
};

/* Compiles the row's template as page.html beside its partials, renders it with `data` and compares. */
static inline void check_row_with_partials(const struct row_with_partials *it,
                                           const struct template_value *data)
{
    const struct slice names[] = {SLICE_LITERAL("page.html"), SLICE_LITERAL("p.html"),
                                  SLICE_LITERAL("q.html")};
    const struct slice texts[] = {slice_from_string(it->row.template), slice_from_string(it->p),
                                  slice_from_string(it->q)};
    size_t count = it->p == NULL ? 1 : it->q == NULL ? 2 : 3;
    struct error error;
    struct buffer out = {0};
    struct template_set *set = template_set_compile(names, texts, count, true, &error);

    if (set == NULL)
        fail_msg("%s: %s", it->row.promise, error.message);
    assert_true(template_render(template_set_find(set, "page.html"), data, &out));
    if (!slice_equals_string(buffer_slice(&out), it->row.expected))
        fail_msg("%s: '%.*s' instead of '%s'", it->row.promise, (int)out.length, buffer_slice(&out).data,
                 it->row.expected);
    buffer_free(&out);
    template_set_destroy(set);
}

static inline void check_rows(const struct row *rows, size_t count, const struct template_value *data)
{
    for (size_t i = 0; i < count; i++)
        check_row_with_partials(&(struct row_with_partials){.row = rows[i]}, data);
}

#define CHECK_ROWS(rows, data) check_rows((rows), sizeof(rows) / sizeof *(rows), (data))

#endif
