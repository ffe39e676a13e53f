#include "store_memcached.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { DEFAULT_PORT = 11211, ENTRY_MAX = 300 };

static struct slice trim(struct slice text)
{
    while (text.length > 0 && text.data[0] == ' ')
        text = slice_from(text, 1);
    while (text.length > 0 && text.data[text.length - 1] == ' ')
        text.length--;
    return text;
}

static bool is_letter_or_digit(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

/* The letters, digits, '-', '.' and '_' that names and IPv4 addresses are made of. */
static bool is_host_name(struct slice text)
{
    if (text.length == 0 || text.data[0] == '-')
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (!is_letter_or_digit(text.data[i]) && memchr("-._", text.data[i], 3) == NULL)
            return false;
    }
    return true;
}

/* An IPv6 address with or without a zone ("fe80::1%eth0"). */
static bool is_ipv6_address(struct slice text)
{
    char address[INET6_ADDRSTRLEN];
    unsigned char binary[16];
    const char *percent = text.length ? memchr(text.data, '%', text.length) : NULL;
    size_t length = percent != NULL ? (size_t)(percent - text.data) : text.length;

    if (length >= sizeof address || (percent != NULL && !is_host_name(slice_from(text, length + 1))))
        return false;
    if (length > 0)
        memcpy(address, text.data, length);
    address[length] = '\0';
    return inet_pton(AF_INET6, address, binary) == 1;
}

/* 1 to 65535 in decimal digits, or 0 for anything else. */
static int parse_port(struct slice text)
{
    int port = 0;

    if (text.length == 0 || text.length > 5)
        return 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return 0;
        port = port * 10 + (text.data[i] - '0');
    }
    return port <= 65535 ? port : 0;
}

static bool has_control_byte(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
            return true;
    }
    return false;
}

static bool parse_path(struct slice entry, struct store_memcached_server *server, struct error *error)
{
    if (entry.length >= sizeof server->path)
        return error_set(error, "store \"%.*s\": the path of a socket has at most %zu bytes",
                         (int)entry.length, entry.data, sizeof server->path - 1);
    memcpy(server->path, entry.data, entry.length);
    server->path[entry.length] = '\0';
    return true;
}

/* Divides "host", "host:port", "[v6]" or "[v6]:port"; `port` is "no value" when there is none. */
static bool split_host(struct slice entry, struct slice *host, struct slice *port)
{
    size_t end; /* of the host, before "]" or ":" */

    *port = slice_none();
    if (entry.data[0] == '[') {
        entry = slice_from(entry, 1);
        const char *bracket = entry.length ? memchr(entry.data, ']', entry.length) : NULL;
        if (bracket == NULL)
            return false;
        end = (size_t)(bracket - entry.data);
        *host = (struct slice){entry.data, end};
        entry = slice_from(entry, end + 1);
        if (!is_ipv6_address(*host) || (entry.length > 0 && entry.data[0] != ':'))
            return false;
        if (entry.length > 0)
            *port = slice_from(entry, 1);
        return true;
    }
    const char *colon = memchr(entry.data, ':', entry.length);
    end = colon != NULL ? (size_t)(colon - entry.data) : entry.length;
    *host = (struct slice){entry.data, end};
    if (colon != NULL)
        *port = slice_from(entry, end + 1);
    return is_host_name(*host);
}

static bool parse_entry(struct slice entry, struct store_memcached_server *server, struct error *error)
{
    struct slice host, port;
    int length = (int)(entry.length < ENTRY_MAX ? entry.length : ENTRY_MAX); /* of what an error shows */

    *server = (struct store_memcached_server){.port = DEFAULT_PORT};
    if (entry.length == 0)
        return error_set(error, "the list of stores has an empty entry");
    if (has_control_byte(entry))
        return error_set(error, "the list of stores has a control character");
    if (entry.data[0] == '/') {
        server->port = 0;
        return parse_path(entry, server, error);
    }
    if (is_ipv6_address(entry))
        return error_set(error, "store \"%.*s\": write an IPv6 address in brackets, \"[%.*s]:%d\"", length,
                         entry.data, length, entry.data, DEFAULT_PORT);
    if (!split_host(entry, &host, &port) || host.length >= sizeof server->host)
        return error_set(error,
                         "store \"%.*s\" is no host, host:port, [IPv6 address]:port or /path/of/socket",
                         length, entry.data);
    if (port.data != NULL && (server->port = parse_port(port)) == 0)
        return error_set(error, "store \"%.*s\": the port is a number from 1 to 65535", length, entry.data);
    memcpy(server->host, host.data, host.length);
    server->host[host.length] = '\0';
    return true;
}

static bool is_same_server(const struct store_memcached_server *a, const struct store_memcached_server *b)
{
    return strcasecmp(a->host, b->host) == 0 && a->port == b->port && strcmp(a->path, b->path) == 0;
}

size_t store_memcached_parse_list(const char *list,
                                  struct store_memcached_server servers[STORE_MEMCACHED_MAX_SERVERS],
                                  struct error *error)
{
    size_t count = 0;

    for (const char *next = list; next != NULL;) {
        const char *comma = strchr(next, ',');
        struct slice entry = {next, comma != NULL ? (size_t)(comma - next) : strlen(next)};
        next = comma != NULL ? comma + 1 : NULL;

        if (count == STORE_MEMCACHED_MAX_SERVERS) {
            error_set(error, "the list of stores has more than %d entries", STORE_MEMCACHED_MAX_SERVERS);
            return 0;
        }
        if (!parse_entry(trim(entry), &servers[count], error))
            return 0;
        for (size_t i = 0; i < count; i++) {
            if (is_same_server(&servers[i], &servers[count])) {
                error_set(error, "the list of stores names \"%.*s\" twice", ENTRY_MAX,
                          servers[i].path[0] ? servers[i].path : servers[i].host);
                return 0;
            }
        }
        count++;
    }
    return count;
}
