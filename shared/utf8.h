/* UTF-8 as RFC 3629 defines it: shortest forms only, no surrogates, nothing above U+10FFFF. */
#ifndef SESSION_FCGI_UTF8_H
#define SESSION_FCGI_UTF8_H

#include "slice.h"

/* The length (1–4 bytes) of the character that `text` begins with, or 0 if it begins with none or is empty.
 */
size_t utf8_sequence_length(struct slice text);

/* True if all of `text` is UTF-8. The empty text is. */
bool utf8_is_valid(struct slice text);

/* True if `text` has a control byte: U+0000–U+001F or U+007F. */
bool utf8_has_control(struct slice text);

#endif
