/* Any bytes as a Cookie header field: the walk ends, and each value is a safe part of the header. */
#include <stdint.h>
#include <stdlib.h>

#include "http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool promise)
{
    if (!promise)
        abort();
}

static void walk(struct slice header, const char *name)
{
    struct slice rest = header;
    const char *behind = header.data;

    for (;;) {
        size_t before = rest.length;
        struct slice value = http_next_cookie(&rest, name);
        if (value.data == NULL)
            break;
        check(rest.length < before);
        check(value.data >= behind + strlen(name) + 1);
        check(value.data[-1] == '=' && memcmp(value.data - 1 - strlen(name), name, strlen(name)) == 0);
        behind = value.data + value.length;
        check(behind <= header.data + header.length);
        check(http_field_value_is_safe(value));
    }
    check(rest.length == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice header = {(const char *)data, size};

    walk(header, "session");
    walk(header, "__Host-session");
    return 0;
}
