/* The path of a request target. */
#include "http.h"
#include "http_text.h"
#include "utf8.h"

static bool ends_authority(char byte)
{
    return byte == '/' || byte == '?' || byte == '#';
}

/* The target without scheme and host, if it had any: it may be empty then, which stands for the root
 * (RFC 9110, 4.2.3). "No value" for a scheme without a host. */
static struct slice without_origin(struct slice target)
{
    struct slice rest = http_after_scheme(target);
    if (rest.data == NULL)
        return target;

    size_t host = 0;
    while (host < rest.length && !ends_authority(rest.data[host]))
        host++;
    if (host == 0)
        return slice_none();
    rest = slice_from(rest, host);
    return rest.length > 0 && rest.data[0] == '/' ? rest : slice_from_string("/");
}

struct slice http_path(struct slice target, struct arena *arena)
{
    struct slice rest = without_origin(target);
    rest = http_take_until(&rest, '#');
    struct slice path = http_take_until(&rest, '?');
    if (path.length == 0 || path.data[0] != '/')
        return slice_none();

    if (memchr(path.data, '%', path.length) != NULL) {
        char *decoded = arena_allocate(arena, path.length);
        if (!http_percent_decode(path, false, decoded, &path.length))
            return slice_none();
        path.data = decoded;
    }
    if (!utf8_is_valid(path) || utf8_has_control(path))
        return slice_none();
    if (path.length > 1 && path.data[path.length - 1] == '/')
        path.length--;
    return path;
}
