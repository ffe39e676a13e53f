/* What concerns a process as such: its title, its start, its parent. */
#ifndef SESSION_FCGI_PROCESS_H
#define SESSION_FCGI_PROCESS_H

#include "error.h"

/* Takes over the memory of the arguments and the environment for titles; once, before process_title. Both
 * stay valid (the environment is copied). */
void process_prepare_title(int argc, char *argv[]);

/* What ps(1) shows: "session-fcgi: worker 3". Printf-style; cut to the room there is. */
void process_title(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The process is sent `signal` when `parent` ends. False, with the reason, if that cannot be arranged; ends
 * the process at once, with status 0, if the parent is gone already. */
bool process_follow_parent(int parent, int signal, struct error *error);

#endif
