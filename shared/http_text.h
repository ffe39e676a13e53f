/* Steps that the parsers of HTTP share (http_*.c); nobody else includes this file. */
#ifndef SESSION_FCGI_HTTP_TEXT_H
#define SESSION_FCGI_HTTP_TEXT_H

#include "slice.h"

/* Returns what stands before the first `separator` and moves *rest behind it. Without a separator all is
 * returned, and *rest becomes "no value": so "a" and "a=" can be told apart. */
struct slice http_take_until(struct slice *rest, char separator);

/* The text without spaces and tabs at either end. */
struct slice http_trim(struct slice text);

/* What follows "http://" or "https://" (in any case), or "no value". */
struct slice http_after_scheme(struct slice text);

/* Decodes %XX, and '+' to a space if asked, into `out`, which has room for text.length bytes: decoding never
 * makes text longer. *length is what was written. False for '%' without two hexadecimal digits. */
bool http_percent_decode(struct slice text, bool plus_is_space, char *out, size_t *length);

#endif
