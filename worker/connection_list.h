/* Lists of connections, one for each state, in the order in which they entered it: the oldest is the first to
 * time out. */
#ifndef SESSION_FCGI_CONNECTION_LIST_H
#define SESSION_FCGI_CONNECTION_LIST_H

#include "connection.h"

struct connection_list {
    struct connection *first, *last;
    size_t count;
};

static inline void connection_list_append(struct connection_list *list, struct connection *connection)
{
    connection->previous = list->last;
    connection->next = NULL;
    if (list->last != NULL)
        list->last->next = connection;
    else
        list->first = connection;
    list->last = connection;
    list->count++;
}

static inline void connection_list_remove(struct connection_list *list, struct connection *connection)
{
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        list->first = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    else
        list->last = connection->previous;
    connection->previous = connection->next = NULL;
    list->count--;
}

#endif
