#include "utf8.h"

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t utf8_sequence_length(struct slice text)
{
    const unsigned char *byte = (const unsigned char *)text.data;

    if (text.length == 0)
        return 0;
    if (byte[0] < 0x80)
        return 1;
    if (byte[0] >= 0xc2 && byte[0] <= 0xdf)
        return text.length >= 2 && is_continuation(byte[1]) ? 2 : 0;
    if (byte[0] >= 0xe0 && byte[0] <= 0xef) {
        if (text.length < 3 || !is_continuation(byte[1]) || !is_continuation(byte[2]))
            return 0;
        bool overlong = byte[0] == 0xe0 && byte[1] < 0xa0;
        bool surrogate = byte[0] == 0xed && byte[1] > 0x9f;
        return overlong || surrogate ? 0 : 3;
    }
    if (byte[0] >= 0xf0 && byte[0] <= 0xf4) {
        if (text.length < 4 || !is_continuation(byte[1]) || !is_continuation(byte[2]) ||
            !is_continuation(byte[3]))
            return 0;
        bool overlong = byte[0] == 0xf0 && byte[1] < 0x90;
        bool too_large = byte[0] == 0xf4 && byte[1] > 0x8f;
        return overlong || too_large ? 0 : 4;
    }
    return 0;
}

bool utf8_is_valid(struct slice text)
{
    for (size_t i = 0; i < text.length;) {
        size_t width = utf8_sequence_length(slice_from(text, i));
        if (width == 0)
            return false;
        i += width;
    }
    return true;
}

bool utf8_has_control(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < 0x20 || byte == 0x7f)
            return true;
    }
    return false;
}
