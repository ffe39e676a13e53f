/* What a peer sends to the FastCGI socket, whole and cut into pieces: the scan must come to the same result.
 * The first byte of the input is how many cuts there are (its low four bits), and the next ones how long the
 * pieces are; the rest is what is scanned. */
#include <stdint.h>
#include <stdlib.h>

#include "fcgi_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct fcgi_scan *scan, struct slice bytes, size_t used)
{
    if (used > bytes.length || (scan->state == FCGI_SCAN_REFUSED) != (scan->refusal != NULL))
        abort();
    if (used < bytes.length && scan->state != FCGI_SCAN_WHOLE && scan->state != FCGI_SCAN_REFUSED)
        abort();
}

static void check_equal(const struct fcgi_scan *whole, const struct fcgi_scan *cut)
{
    if (whole->state != cut->state || whole->refusal != cut->refusal ||
        whole->body_length != cut->body_length || whole->role != cut->role ||
        whole->keep_connection != cut->keep_connection || whole->ends_in_padding != cut->ends_in_padding)
        abort();
    if (whole->state != FCGI_SCAN_REFUSED && whole->length != cut->length)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fcgi_scan whole = {0}, cut = {0};

    if (size == 0 || size <= (size_t)(data[0] & 15) + 1)
        return 0;
    size_t cuts = data[0] & 15;
    struct slice bytes = {(const char *)data + 1 + cuts, size - 1 - cuts};

    check(&whole, bytes, fcgi_scan(&whole, bytes));
    struct slice rest = bytes;
    for (size_t i = 0; i <= cuts; i++) {
        size_t length = i < cuts && data[1 + i] < rest.length ? data[1 + i] : rest.length;
        struct slice piece = {rest.data, length};
        size_t used = fcgi_scan(&cut, piece);
        check(&cut, piece, used);
        if (used < length)
            break;
        rest = slice_from(rest, length);
    }
    check_equal(&whole, &cut);
    return 0;
}
