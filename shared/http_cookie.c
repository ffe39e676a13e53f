/* The Cookie header field. */
#include "http.h"
#include "http_text.h"

struct slice http_next_cookie(struct slice *header, const char *name)
{
    while (header->length > 0) {
        struct slice value = http_trim(http_take_until(header, ';'));
        struct slice found = http_take_until(&value, '=');
        if (value.data != NULL && slice_equals_string(found, name) && http_field_value_is_safe(value))
            return value;
    }
    return slice_none();
}
