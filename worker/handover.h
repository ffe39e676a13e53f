/* Handing connections from a worker that leaves to one that stays.
 *
 * The web server may send its next request on a kept connection at any moment; closing one could lose that
 * request. So a leaving worker sends the open sockets (SCM_RIGHTS, unix(7)) into a socket pair that all
 * workers of the pool share, and whichever comes first takes them. While no worker is there, they wait in the
 * socket. */
#ifndef SESSION_FCGI_HANDOVER_H
#define SESSION_FCGI_HANDOVER_H

#include "error.h"

struct handover {
    int give; /* descriptors; both are inherited by every worker */
    int take;
};

bool handover_open(struct handover *handover, struct error *error);
void handover_close(struct handover *handover);

/* Sends a descriptor, without waiting; the caller closes its own copy afterwards. False, with errno: EAGAIN
 * when too many are waiting. */
bool handover_give(const struct handover *handover, int descriptor);

/* Takes one descriptor, without waiting; -1, with errno, if there is none. */
int handover_take(const struct handover *handover);

#endif
