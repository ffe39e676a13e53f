#include "handover.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool handover_open(struct handover *handover, struct error *error)
{
    int ends[2];
    int size = 1 << 20;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return error_set(error, "no socket pair to hand connections over: %s", strerror(errno));
    /* More room for waiting connections; the system's own limit is enough to go on with. */
    (void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    handover->give = ends[0];
    handover->take = ends[1];
    return true;
}

void handover_close(struct handover *handover)
{
    close(handover->give);
    close(handover->take);
}

/* A message of one byte with one descriptor beside it, in the layout that cmsg(3) asks for. */
struct message {
    char byte;
    struct iovec vector;
    struct msghdr message;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
};

static void message_prepare(struct message *message)
{
    memset(message, 0, sizeof *message);
    message->vector = (struct iovec){&message->byte, 1};
    message->message.msg_iov = &message->vector;
    message->message.msg_iovlen = 1;
    message->message.msg_control = message->control.bytes;
    message->message.msg_controllen = sizeof message->control.bytes;
}

bool handover_give(const struct handover *handover, int descriptor)
{
    struct message message;

    message_prepare(&message);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message.message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    ssize_t sent;
    do {
        sent = sendmsg(handover->give, &message.message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sent == 1;
}

int handover_take(const struct handover *handover)
{
    struct message message;
    int descriptor;
    ssize_t got;

    message_prepare(&message);
    do {
        got = recvmsg(handover->take, &message.message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message.message);
    if (got != 1 || header == NULL || header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len != CMSG_LEN(sizeof descriptor)) {
        errno = EPROTO; /* the process is out of descriptors: the message came without its own */
        return -1;
    }
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}
