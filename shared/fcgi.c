#include "fcgi.h"

#include <limits.h>
#include <stdlib.h>

#include <fcgiapp.h>

#include "memory.h"

struct fcgi_request {
    FCGX_Request library;
};

bool fcgi_prepare(struct error *error)
{
    int status = FCGX_Init();

    return status == 0 || error_set(error, "libfcgi could not be prepared: FCGX_Init returned %d", status);
}

struct fcgi_request *fcgi_request_create(void)
{
    struct fcgi_request *request = memory_allocate_zeroed(1, sizeof *request);

    /* No listening socket: accepting is the program's. FCGX_InitRequest only fills in the struct. */
    FCGX_InitRequest(&request->library, -1, 0);
    request->library.ipcFd = -1;
    return request;
}

void fcgi_request_destroy(struct fcgi_request *request)
{
    if (request == NULL)
        return;
    fcgi_request_abandon(request);
    free(request);
}

bool fcgi_request_begin(struct fcgi_request *request, int *connection)
{
    FCGX_Request *library = &request->library;

    library->ipcFd = *connection;
    library->keepConnection = 1; /* FCGX_Accept_r finishes the request before, and must not close this one */
    library->detached = 1;       /* should it close after all: without its two seconds of lingering */
    if (FCGX_Accept_r(library) < 0) {
        *connection = library->ipcFd; /* -1: on what it takes for an error, the library closes */
        return false;
    }
    if (FCGX_GetError(library->in) != 0)
        return false;
    library->keepConnection = 1; /* closing is the caller's */
    return true;
}

struct slice fcgi_request_parameter(const struct fcgi_request *request, const char *name)
{
    return slice_from_string(FCGX_GetParam(name, request->library.envp));
}

/* Where each parameter goes. One pass over the environment: FCGX_GetParam would search it once for each. */
static struct slice *field_for(struct http_request *http, struct slice name)
{
    static const struct {
        struct slice name;
        size_t offset;
    } fields[] = {
        {SLICE_LITERAL("REQUEST_METHOD"), offsetof(struct http_request, method_name)},
        {SLICE_LITERAL("REQUEST_URI"), offsetof(struct http_request, target)},
        {SLICE_LITERAL("QUERY_STRING"), offsetof(struct http_request, query)},
        {SLICE_LITERAL("HTTP_COOKIE"), offsetof(struct http_request, cookies)},
        {SLICE_LITERAL("CONTENT_TYPE"), offsetof(struct http_request, content_type)},
        {SLICE_LITERAL("CONTENT_LENGTH"), offsetof(struct http_request, content_length)},
        {SLICE_LITERAL("HTTPS"), offsetof(struct http_request, https_variable)},
        {SLICE_LITERAL("HTTP_HOST"), offsetof(struct http_request, host)},
        {SLICE_LITERAL("HTTP_ORIGIN"), offsetof(struct http_request, origin)},
        {SLICE_LITERAL("HTTP_SEC_FETCH_SITE"), offsetof(struct http_request, sec_fetch_site)},
        {SLICE_LITERAL("HTTP_SEC_FETCH_MODE"), offsetof(struct http_request, sec_fetch_mode)},
        {SLICE_LITERAL("HTTP_ACCEPT"), offsetof(struct http_request, accept)},
    };

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (slice_equals(fields[i].name, name))
            return (struct slice *)(void *)((char *)http + fields[i].offset);
    }
    return NULL;
}

void fcgi_request_describe(const struct fcgi_request *request, struct http_request *http)
{
    for (char **variable = request->library.envp; *variable != NULL; variable++) {
        const char *equals = strchr(*variable, '=');
        if (equals == NULL)
            continue;
        struct slice name = {*variable, (size_t)(equals - *variable)};
        struct slice *field = field_for(http, name);
        if (field != NULL && field->data == NULL) /* the first of several counts, as in FCGX_GetParam */
            *field = slice_from_string(equals + 1);
    }
    http_request_complete(http);
}

bool fcgi_request_read(struct fcgi_request *request, size_t size, struct buffer *body)
{
    while (size > 0) {
        int part = size > INT_MAX ? INT_MAX : (int)size;
        int got = FCGX_GetStr(buffer_reserve(body, (size_t)part), part, request->library.in);
        if (got != part)
            return false;
        body->length += (size_t)got;
        size -= (size_t)got;
    }
    return true;
}

bool fcgi_request_read_end(struct fcgi_request *request)
{
    char byte;

    return FCGX_GetStr(&byte, 1, request->library.in) == 0 && FCGX_GetError(request->library.in) == 0;
}

void fcgi_request_reply_to(struct fcgi_request *request, int connection)
{
    request->library.ipcFd = connection;
}

static bool put(FCGX_Stream *out, struct slice bytes)
{
    while (bytes.length > 0) {
        int part = bytes.length > INT_MAX ? INT_MAX : (int)bytes.length;
        if (FCGX_PutStr(bytes.data, part, out) != part)
            return false;
        bytes = slice_from(bytes, (size_t)part);
    }
    return true;
}

bool fcgi_request_reply(struct fcgi_request *request, struct slice header, struct slice body)
{
    FCGX_Request *library = &request->library;

    bool written = put(library->out, header) && put(library->out, body);
    /* FCGX_Finish_r closes both streams and forgets their errors, so they are closed and looked at here. */
    if (FCGX_FClose(library->err) < 0 || FCGX_FClose(library->out) < 0 || FCGX_GetError(library->out) != 0)
        written = false;
    fcgi_request_abandon(request);
    return written;
}

void fcgi_request_abandon(struct fcgi_request *request)
{
    FCGX_Free(&request->library, 0);
    request->library.ipcFd = -1;
}
