/* What session-fcgi is measured against: the smallest FastCGI program, in the usual loop, with no session. */
#include <fcgiapp.h>
#include <stdlib.h>

int main(void)
{
    FCGX_Request request;

    if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0)
        return EXIT_FAILURE;
    while (FCGX_Accept_r(&request) >= 0)
        FCGX_PutS("Content-Type: text/plain\r\n\r\n", request.out);
    return EXIT_SUCCESS;
}
