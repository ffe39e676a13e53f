/* What stands in the request line and in single header fields. */
#include <stdint.h>

#include "http.h"
#include "http_text.h"

enum http_method http_method_from(struct slice name)
{
    if (slice_equals_string(name, "GET"))
        return HTTP_GET;
    if (slice_equals_string(name, "HEAD"))
        return HTTP_HEAD;
    if (slice_equals_string(name, "POST"))
        return HTTP_POST;
    return HTTP_OTHER;
}

bool http_media_type_is(struct slice content_type, const char *type)
{
    return slice_equals_ignoring_case(http_trim(http_take_until(&content_type, ';')), type);
}

bool http_parse_length(struct slice text, size_t *length)
{
    const size_t largest = SIZE_MAX / 2;
    size_t value = 0;

    if (text.length == 0)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        size_t digit = (size_t)(text.data[i] - '0');
        if (value > (largest - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *length = value;
    return true;
}

bool http_field_value_is_safe(struct slice value)
{
    for (size_t i = 0; i < value.length; i++) {
        unsigned char byte = (unsigned char)value.data[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}
