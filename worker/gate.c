#include "gate.h"

#include <ctype.h>
#include <stdio.h>

static bool is_exposable(struct slice key)
{
    if (key.length == 0 || key.length > 40)
        return false;
    for (size_t i = 0; i < key.length; i++) {
        unsigned char byte = (unsigned char)key.data[i];
        if (!isascii(byte) || (!isalnum(byte) && byte != '-' && byte != '_'))
            return false;
    }
    return true;
}

/* CGI variables are in capitals and know no '-'; web servers drop header fields with '_'. */
static void name_exposed(struct gate_exposed *exposed, struct slice key)
{
    exposed->key = key;
    snprintf(exposed->variable, sizeof exposed->variable, "Variable-SESSION_%.*s", (int)key.length, key.data);
    snprintf(exposed->field, sizeof exposed->field, "X-Session-%.*s", (int)key.length, key.data);
    for (char *c = exposed->variable + strlen("Variable-SESSION_"); *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    for (char *c = exposed->field; *c != '\0'; c++) {
        if (*c == '_')
            *c = '-';
    }
}

/* Adds a key to the gate. */
static bool add_exposed(struct gate *gate, struct slice key, struct error *error)
{
    if (!is_exposable(key))
        return error_set(error, "'%.*s' is not a key of 1 to 40 letters, digits, '-' and '_'",
                         (int)(key.length < 100 ? key.length : 100), key.data);
    if (gate->exposed_count == GATE_MAX_EXPOSED)
        return error_set(error, "more than %d keys", GATE_MAX_EXPOSED);
    struct gate_exposed *added = &gate->exposed[gate->exposed_count];
    name_exposed(added, key);
    for (size_t i = 0; i < gate->exposed_count; i++) {
        if (strcmp(gate->exposed[i].variable, added->variable) == 0)
            return error_set(error, "two keys would both be %s", added->variable + strlen("Variable-"));
    }
    gate->exposed_count++;
    return true;
}

static bool add_all_exposed(struct gate *gate, const char *expose, struct error *error)
{
    while (*expose != '\0') {
        struct slice key = {expose, strcspn(expose, ",")};
        if (!add_exposed(gate, key, error))
            return false;
        expose += key.length;
        if (*expose == ',' && *++expose == '\0')
            return error_set(error, "there is no key after the last ','");
    }
    return true;
}

bool gate_check_expose(const char *expose, struct error *error)
{
    struct gate gate = {0};

    return add_all_exposed(&gate, expose, error);
}

bool gate_check_login(const char *login, struct error *error)
{
    return http_field_value_is_safe(slice_from_string(login)) ||
           error_set(error, "the URL has a control character");
}

bool gate_configure(struct gate *gate, const char *require, const char *expose, const char *login,
                    struct error *error)
{
    *gate = (struct gate){.require = require, .login = login};
    if (*require == '\0')
        return error_set(error, "the key of a session that may pass has no name");
    return gate_check_login(login, error) && add_all_exposed(gate, expose, error);
}

bool gate_opens(const struct gate *gate, const struct session *session)
{
    return session_get(session, slice_from_string(gate->require)).data != NULL;
}

struct slice gate_encode(struct slice value, struct arena *arena)
{
    static const char digits[] = "0123456789ABCDEF";
    char *text = arena_allocate_array(arena, value.length, 3);
    size_t length = 0;

    for (size_t i = 0; i < value.length; i++) {
        unsigned char byte = (unsigned char)value.data[i];
        if (byte > 0x20 && byte < 0x7f && byte != '%') {
            text[length++] = (char)byte;
            continue;
        }
        text[length++] = '%';
        text[length++] = digits[byte >> 4];
        text[length++] = digits[byte & 15];
    }
    return (struct slice){text, length};
}

bool gate_is_navigation(const struct http_request *request)
{
    if (request->method != HTTP_GET)
        return false;
    if (request->sec_fetch_mode.data != NULL)
        return slice_equals_string(request->sec_fetch_mode, "navigate");
    return request->accept.data != NULL &&
           memmem(request->accept.data, request->accept.length, "text/html", strlen("text/html")) != NULL;
}
