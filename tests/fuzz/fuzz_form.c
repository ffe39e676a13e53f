/* Any bytes as a query string or a form: what is accepted must keep the promises of http_parse_form. */
#include <stdint.h>
#include <stdlib.h>

#include "http.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool promise)
{
    if (!promise)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(1024);
    struct http_parameters parameters = {0};
    enum http_parse_result result =
        http_parse_form((struct slice){(const char *)data, size}, arena, &parameters);
    size_t decoded = 0;

    if (result != HTTP_PARSE_OK) {
        check(parameters.count == 0 && parameters.items == NULL);
        check(http_parse_reason(result, "the form", arena) != NULL);
    }
    for (size_t i = 0; i < parameters.count; i++) {
        struct http_parameter parameter = parameters.items[i];
        check(parameter.name.length > 0 && parameter.value.data != NULL);
        check(utf8_is_valid(parameter.name) && !utf8_has_control(parameter.name));
        check(utf8_is_valid(parameter.value) && !utf8_has_control(parameter.value));
        decoded += parameter.name.length + parameter.value.length;
    }
    check(decoded <= size);
    arena_destroy(arena);
    return 0;
}
