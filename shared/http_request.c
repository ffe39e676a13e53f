#include "http.h"

void http_request_complete(struct http_request *request)
{
    request->method = http_method_from(request->method_name);
    request->path = request->target.data ? http_path(request->target, request->arena) : slice_none();
    request->https = slice_equals_ignoring_case(request->https_variable, "on") ||
                     slice_equals_string(request->https_variable, "1");

    const char *question =
        request->target.length > 0 ? memchr(request->target.data, '?', request->target.length) : NULL;
    if (question != NULL) {
        request->query = slice_from(request->target, (size_t)(question - request->target.data) + 1);
        const char *fragment =
            request->query.length > 0 ? memchr(request->query.data, '#', request->query.length) : NULL;
        if (fragment != NULL)
            request->query.length = (size_t)(fragment - request->query.data);
    }
}
