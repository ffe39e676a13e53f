/* Query strings and forms: application/x-www-form-urlencoded. */
#include "http.h"
#include "http_text.h"
#include "utf8.h"

const char *http_parse_reason(enum http_parse_result result, const char *where, struct arena *arena)
{
    static const char *const reasons[] = {
        [HTTP_PARSE_BAD_PERCENT] = "has a broken percent-encoding",
        [HTTP_PARSE_NOT_UTF8] = "is not UTF-8",
        [HTTP_PARSE_CONTROL_BYTE] = "has a control character",
        [HTTP_PARSE_EMPTY_NAME] = "has a value without a name",
    };

    return arena_format(arena, "%s %s", where, reasons[result]).data;
}

/* Decodes one name or value to *out and moves *out behind it. */
static enum http_parse_result decode(struct slice text, char **out, struct slice *decoded)
{
    decoded->data = *out;
    if (!http_percent_decode(text, true, *out, &decoded->length))
        return HTTP_PARSE_BAD_PERCENT;
    *out += decoded->length;
    if (!utf8_is_valid(*decoded))
        return HTTP_PARSE_NOT_UTF8;
    return utf8_has_control(*decoded) ? HTTP_PARSE_CONTROL_BYTE : HTTP_PARSE_OK;
}

static enum http_parse_result decode_pair(struct slice pair, char **out, struct http_parameter *parameter)
{
    struct slice value = pair;
    struct slice name = http_take_until(&value, '=');

    enum http_parse_result result = decode(name, out, &parameter->name);
    if (result == HTTP_PARSE_OK)
        result = decode(value, out, &parameter->value);
    if (result == HTTP_PARSE_OK && name.length == 0)
        result = HTTP_PARSE_EMPTY_NAME;
    return result;
}

static size_t count_pairs(struct slice text)
{
    size_t pairs = 0;

    while (text.length > 0)
        pairs += http_take_until(&text, '&').length > 0;
    return pairs;
}

enum http_parse_result http_parse_form(struct slice text, struct arena *arena,
                                       struct http_parameters *parameters)
{
    size_t pairs = count_pairs(text);
    if (pairs == 0)
        return HTTP_PARSE_OK;

    /* One array for the known number of pairs and one run of bytes for all names and values: neither grows,
     * so a form of nothing but tiny pairs costs no more than its length. */
    size_t count = parameters->count;
    struct http_parameter *items = arena_allocate_array(arena, count + pairs, sizeof *items);
    if (count > 0)
        memcpy(items, parameters->items, count * sizeof *items);
    char *out = arena_allocate(arena, text.length);

    while (text.length > 0) {
        struct slice pair = http_take_until(&text, '&');
        if (pair.length == 0)
            continue;
        enum http_parse_result result = decode_pair(pair, &out, &items[count]);
        if (result != HTTP_PARSE_OK)
            return result;
        count++;
    }
    *parameters = (struct http_parameters){items, count};
    return HTTP_PARSE_OK;
}

struct slice http_parameter_find(const struct http_parameters *parameters, const char *name)
{
    for (size_t i = parameters->count; i > 0; i--) {
        if (slice_equals_string(parameters->items[i - 1].name, name))
            return parameters->items[i - 1].value;
    }
    return slice_none();
}
