#include "http_text.h"

struct slice http_take_until(struct slice *rest, char separator)
{
    const char *found = rest->length ? memchr(rest->data, separator, rest->length) : NULL;
    struct slice taken = *rest;

    if (found == NULL) {
        *rest = slice_none();
        return taken;
    }
    taken.length = (size_t)(found - taken.data);
    *rest = slice_from(*rest, taken.length + 1);
    return taken;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

struct slice http_trim(struct slice text)
{
    while (text.length > 0 && is_blank(text.data[0]))
        text = slice_from(text, 1);
    while (text.length > 0 && is_blank(text.data[text.length - 1]))
        text.length--;
    return text;
}

struct slice http_after_scheme(struct slice text)
{
    static const char *const schemes[] = {"http://", "https://"};

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        struct slice beginning = {text.data, strlen(schemes[i])};
        if (text.length >= beginning.length && slice_equals_ignoring_case(beginning, schemes[i]))
            return slice_from(text, beginning.length);
    }
    return slice_none();
}

static int hexadecimal_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool http_percent_decode(struct slice text, bool plus_is_space, char *out, size_t *length)
{
    char *end = out;

    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];
        if (byte == '%') {
            if (text.length - i < 3)
                return false;
            int high = hexadecimal_digit(text.data[i + 1]);
            int low = hexadecimal_digit(text.data[i + 2]);
            if (high < 0 || low < 0)
                return false;
            byte = (char)(high * 16 + low);
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        *end++ = byte;
    }
    *length = (size_t)(end - out);
    return true;
}
