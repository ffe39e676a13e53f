/* Is the page that sent a request one of this host's own? */
#include "http.h"
#include "http_text.h"

struct authority {
    struct slice name; /* a name, an IPv4 address, or an IPv6 address in brackets */
    struct slice port; /* empty for none, 80 and 443 */
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_in_name(char byte)
{
    return is_letter(byte) || is_digit(byte) || byte == '-' || byte == '.' || byte == '_';
}

static bool is_in_address(char byte)
{
    return is_letter(byte) || is_digit(byte) || byte == ':' || byte == '.';
}

/* The length of the host that `text` begins with; 0 if it begins with none. */
static size_t host_length(struct slice text)
{
    size_t length = 0;

    if (text.length == 0 || text.data[0] != '[') {
        while (length < text.length && is_in_name(text.data[length]))
            length++;
        return length;
    }
    length = 1;
    while (length < text.length && is_in_address(text.data[length]))
        length++;
    return length > 1 && length < text.length && text.data[length] == ']' ? length + 1 : 0;
}

static bool parse_authority(struct slice text, struct authority *authority)
{
    authority->name = (struct slice){text.data, host_length(text)};
    authority->port = slice_from(text, authority->name.length);
    if (authority->name.length == 0)
        return false;
    if (authority->port.length == 0)
        return true;

    if (authority->port.data[0] != ':' || authority->port.length < 2)
        return false;
    authority->port = slice_from(authority->port, 1);
    for (size_t i = 0; i < authority->port.length; i++) {
        if (!is_digit(authority->port.data[i]))
            return false;
    }
    if (slice_equals_string(authority->port, "80") || slice_equals_string(authority->port, "443"))
        authority->port.length = 0;
    return true;
}

bool http_origin_is_host(struct slice origin, struct slice host)
{
    struct authority theirs, ours;

    if (!parse_authority(http_after_scheme(origin), &theirs) || !parse_authority(host, &ours))
        return false;
    return theirs.name.length == ours.name.length &&
           strncasecmp(theirs.name.data, ours.name.data, ours.name.length) == 0 &&
           slice_equals(theirs.port, ours.port);
}
