/* The status of the pool, from the scoreboard, for people and programs. */
#ifndef SESSION_FCGI_STATUS_H
#define SESSION_FCGI_STATUS_H

#include "scoreboard.h"

/* One log line for the pool and one for each worker. */
void status_log(const struct scoreboard *scoreboard);

#endif
