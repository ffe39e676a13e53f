/* A look at a request's records (FastCGI 1.0, sections 3 to 5) before libfcgi reads them.
 *
 * libfcgi reads until it has what it wants, however long that takes, and some inputs make it abort. So the
 * bytes that wait on a connection are scanned first, as they arrive: libfcgi is called only when it will find
 * all it asks for, and never meets a record that it cannot bear. The scan keeps no bytes; each is looked at
 * once. */
#ifndef SESSION_FCGI_FCGI_SCAN_H
#define SESSION_FCGI_FCGI_SCAN_H

#include <stdint.h>

#include "slice.h"

enum { FCGI_SCAN_MAX_PARAMETERS = 65536 }; /* bytes of all names and values of one request */

enum fcgi_role { FCGI_ROLE_RESPONDER = 1, FCGI_ROLE_AUTHORIZER = 2 };

enum fcgi_scan_state {
    FCGI_SCAN_PARAMETERS, /* the parameters have not all arrived */
    FCGI_SCAN_BODY,       /* they have; of the body, `body_length` bytes have */
    FCGI_SCAN_WHOLE,      /* the request is complete; scanned bytes beyond it were not looked at */
    FCGI_SCAN_REFUSED,    /* not a request that may be handed on; `refusal` says why */
};

/* Zero-initialised for each request. The public part is read, never written, by others. */
struct fcgi_scan {
    enum fcgi_scan_state state;
    const char *refusal;  /* static text */
    size_t length;        /* bytes that belong to the request, so far; of no meaning once REFUSED */
    size_t body_length;   /* bytes of the body's content, so far */
    enum fcgi_role role;  /* once the first record is there */
    bool keep_connection; /* the web server's FCGI_KEEP_CONN */
    bool ends_in_padding; /* the last record was padded: libfcgi leaves such bytes behind */

    /* private: where in which record the scan stands */
    unsigned char header[8];
    size_t header_length;
    size_t content_left;
    size_t padding_left;
    unsigned int request_id; /* 0: no first record yet */
    unsigned char type;
    unsigned char begin[8];
    size_t begin_length;
    size_t parameters_length; /* as announced, so far */
    unsigned char pair[8];    /* the two lengths of a name-value pair */
    size_t pair_length;
    size_t pair_left; /* bytes of name and value still to come */
};

/* Scans further bytes and returns how many of them belong to this request: all of them, unless the state
 * becomes WHOLE or REFUSED. However the bytes are cut into pieces, the result is the same. */
size_t fcgi_scan(struct fcgi_scan *scan, struct slice bytes);

#endif
