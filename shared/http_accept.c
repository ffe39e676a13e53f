/* The Accept field: what a client would rather have. */
#include "http.h"
#include "http_text.h"

enum { ACCEPT_FULL = 1000 };

/* "0", "0.5", "1.000": thousandths, or -1. */
static int parse_quality(struct slice text)
{
    int quality = 0, worth = ACCEPT_FULL;

    if (text.length == 0 || text.length > 5 || (text.length > 1 && text.data[1] != '.'))
        return -1;
    for (size_t i = 0; i < text.length; i++) {
        if (i == 1)
            continue;
        if (text.data[i] < '0' || text.data[i] > '9')
            return -1;
        quality += (text.data[i] - '0') * worth;
        worth /= 10;
    }
    return quality <= ACCEPT_FULL ? quality : -1;
}

/* The weight among the parameters of a range; other parameters do not matter here. -1 if it is malformed. */
static int find_quality(struct slice parameters)
{
    while (parameters.data != NULL) {
        struct slice value = http_take_until(&parameters, ';');
        struct slice name = http_trim(http_take_until(&value, '='));
        if (slice_equals_ignoring_case(name, "q"))
            return parse_quality(http_trim(value));
    }
    return ACCEPT_FULL;
}

/* 3 for the type itself, 2 for "text/" and any subtype, 1 for any type, 0 if the range does not cover it. */
static int specificity(struct slice range, const char *type)
{
    size_t main_length = strcspn(type, "/") + 1;

    if (slice_equals_ignoring_case(range, type))
        return 3;
    if (slice_equals_string(range, "*/*"))
        return 1;
    return range.length == main_length + 1 && range.data[main_length] == '*' &&
                   strncasecmp(range.data, type, main_length) == 0
               ? 2
               : 0;
}

int http_accept_quality(struct slice accept, const char *type)
{
    int best = 0, best_quality = 0;

    if (accept.data == NULL)
        return ACCEPT_FULL;
    while (accept.data != NULL) {
        struct slice parameters = http_take_until(&accept, ',');
        int specific = specificity(http_trim(http_take_until(&parameters, ';')), type);
        int quality = find_quality(parameters);
        if (specific >= best && specific > 0 && quality >= 0) {
            best_quality = specific > best || quality > best_quality ? quality : best_quality;
            best = specific;
        }
    }
    return best_quality;
}
