/* Compiles the input as a template that may include itself ({{>page}}), and renders it with fixed data. */
#include <stdint.h>
#include <stdlib.h>

#include "template.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* The items hide the list itself, so that sections within sections cannot multiply the output without end. */
static const struct template_field first[] = {
    {SLICE_LITERAL("name"), {.kind = TEMPLATE_TEXT, .text = SLICE_LITERAL("<one>\n")}},
    {SLICE_LITERAL("list"), {.kind = TEMPLATE_FALSE}},
};
static const struct template_field second[] = {
    {SLICE_LITERAL("list"), {.kind = TEMPLATE_LIST, .list = {NULL, 0}}},
};
static const struct template_value items[] = {
    {.kind = TEMPLATE_OBJECT, .object = {first, 2}},
    {.kind = TEMPLATE_OBJECT, .object = {second, 1}},
};
static const struct template_field inner[] = {
    {SLICE_LITERAL("name"), {.kind = TEMPLATE_TEXT, .text = SLICE_LITERAL("Ada & 'Bo'")}},
};
static const struct template_field fields[] = {
    {SLICE_LITERAL("list"), {.kind = TEMPLATE_LIST, .list = {items, 2}}},
    {SLICE_LITERAL("object"), {.kind = TEMPLATE_OBJECT, .object = {inner, 1}}},
    {SLICE_LITERAL("no"), {.kind = TEMPLATE_FALSE}},
    {SLICE_LITERAL("yes"), {.kind = TEMPLATE_TRUE}},
    {SLICE_LITERAL("text"), {.kind = TEMPLATE_TEXT, .text = SLICE_LITERAL("\"text\"")}},
};
static const struct template_value data = {.kind = TEMPLATE_OBJECT, .object = {fields, 5}};

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct slice name = SLICE_LITERAL("page.html");
    struct slice text = {(const char *)input, size};
    struct error error;
    struct buffer out = {0}, again = {0};
    struct template_set *set = template_set_compile(&name, &text, 1, true, &error);

    if (set == NULL)
        return 0;
    const struct template *template = template_set_find(set, "page.html");
    bool complete = template_render(template, &data, &out);
    if (template_render(template, &data, &again) != complete ||
        !slice_equals(buffer_slice(&out), buffer_slice(&again)))
        abort(); /* rendering must leave the template as it was */
    buffer_free(&out);
    buffer_free(&again);
    template_set_destroy(set);
    return 0;
}
