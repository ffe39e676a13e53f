#include "base64url.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Where each character stands in the alphabet, counted from 1; 0: not in it. */
static const unsigned char position[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

void base64url_encode(const void *bytes, size_t size, char *text)
{
    const unsigned char *byte = bytes;
    uint32_t bits = 0;
    unsigned waiting = 0; /* bits read and not yet written: the lowest ones of `bits` */

    for (size_t i = 0; i < size; i++) {
        bits = bits << 8 | byte[i];
        for (waiting += 8; waiting >= 6; waiting -= 6)
            *text++ = alphabet[bits >> (waiting - 6) & 0x3f];
    }
    if (waiting > 0)
        *text = alphabet[bits << (6 - waiting) & 0x3f];
}

bool base64url_decode(struct slice text, void *bytes, size_t size)
{
    unsigned char *byte = bytes;
    uint32_t bits = 0;
    unsigned waiting = 0;

    if (text.length != BASE64URL_LENGTH(size))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char place = position[(unsigned char)text.data[i]];
        if (place == 0)
            return false;
        bits = bits << 6 | (place - 1u);
        waiting += 6;
        if (waiting >= 8) {
            waiting -= 8;
            *byte++ = (unsigned char)(bits >> waiting & 0xff);
        }
    }
    return (bits & ((1u << waiting) - 1)) == 0;
}
