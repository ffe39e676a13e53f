/* base64url without padding (RFC 4648, section 5), strict: each byte string has exactly one spelling. */
#ifndef SESSION_FCGI_BASE64URL_H
#define SESSION_FCGI_BASE64URL_H

#include "slice.h"

/* The number of characters that spell `size` bytes; a constant expression if `size` is one. */
#define BASE64URL_LENGTH(size) (((size)*4 + 2) / 3)

/* Writes BASE64URL_LENGTH(size) characters to `text`, without a terminating NUL. */
void base64url_encode(const void *bytes, size_t size, char *text);

/* True if `text` is the spelling of `size` bytes, which are then in `bytes`: no padding, no other characters,
 * and the bits of the last character that belong to no byte are zero. Else what `bytes` holds has no meaning.
 */
bool base64url_decode(struct slice text, void *bytes, size_t size);

#endif
