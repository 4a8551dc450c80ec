#define _GNU_SOURCE
#include "CSockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

/// UDP's largest payload fits. Not a power of two: the beginnings of the slots, all that is used of most,
/// would share a few sets of the cache.
enum { slot_octets = 65536 + 1536, control_octets = 64, send_max = 64 };

struct csockets_receiver {
    uint32_t count;
    struct mmsghdr *messages;
    struct iovec *pieces;
    struct sockaddr_storage *senders;
    /// Aligned as the headers in it have to be.
    uint64_t (*control)[control_octets / 8];
    struct csockets_datagram *datagrams;
    uint8_t *octets;
};

struct csockets_receiver *csockets_receiver_make(uint32_t count) {
    struct csockets_receiver *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    made->count = count;
    made->messages = calloc(count, sizeof *made->messages);
    made->pieces = calloc(count, sizeof *made->pieces);
    made->senders = calloc(count, sizeof *made->senders);
    made->control = calloc(count, sizeof *made->control);
    made->datagrams = calloc(count, sizeof *made->datagrams);
    // Only what is written to becomes memory.
    made->octets = malloc((size_t)count * slot_octets);
    if (!made->messages || !made->pieces || !made->senders || !made->control || !made->datagrams
        || !made->octets) {
        csockets_receiver_free(made);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        made->pieces[i].iov_base = made->octets + (size_t)i * slot_octets;
        made->pieces[i].iov_len = 65536;
        made->messages[i].msg_hdr.msg_iov = &made->pieces[i];
        made->messages[i].msg_hdr.msg_iovlen = 1;
        made->messages[i].msg_hdr.msg_name = &made->senders[i];
        made->messages[i].msg_hdr.msg_control = made->control[i];
    }
    return made;
}

void csockets_receiver_free(struct csockets_receiver *receiver) {
    if (!receiver) return;
    free(receiver->messages);
    free(receiver->pieces);
    free(receiver->senders);
    free(receiver->control);
    free(receiver->datagrams);
    free(receiver->octets);
    free(receiver);
}

static uint64_t network64(const uint8_t *octets) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | octets[i];
    return value;
}

/// An address as numbers, and a port; zeros where it is of another family.
static void read_address(
    const struct sockaddr_storage *from, uint64_t *high, uint64_t *low, uint16_t *port) {
    *high = *low = 0;
    *port = 0;
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
        *low = UINT64_C(0xffff00000000) | ntohl(v4->sin_addr.s_addr);
        *port = ntohs(v4->sin_port);
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
        *high = network64(v6->sin6_addr.s6_addr);
        *low = network64(v6->sin6_addr.s6_addr + 8);
        *port = ntohs(v6->sin6_port);
    }
}

static void describe(struct csockets_datagram *datagram, const struct mmsghdr *message) {
    datagram->octets = message->msg_hdr.msg_iov->iov_base;
    datagram->length = message->msg_len;
    datagram->is_cut = (message->msg_hdr.msg_flags & MSG_TRUNC) != 0;
    read_address(
        message->msg_hdr.msg_name, &datagram->address_high, &datagram->address_low,
        &datagram->port);
    datagram->received = 0;
    struct msghdr *header = (struct msghdr *)&message->msg_hdr;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
        if (c->cmsg_len < CMSG_LEN(sizeof(struct timespec))) continue;
        struct timespec time;
        memcpy(&time, CMSG_DATA(c), sizeof time);
        if (time.tv_sec > 0)
            datagram->received = (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
    }
}

int32_t csockets_receive(struct csockets_receiver *receiver, int32_t socket) {
    for (uint32_t i = 0; i < receiver->count; i++) {
        receiver->messages[i].msg_hdr.msg_namelen = sizeof *receiver->senders;
        receiver->messages[i].msg_hdr.msg_controllen = control_octets;
    }
    int count = recvmmsg(socket, receiver->messages, receiver->count, MSG_DONTWAIT, NULL);
    if (count < 0) return -errno;
    for (int i = 0; i < count; i++) describe(&receiver->datagrams[i], &receiver->messages[i]);
    return count;
}

const struct csockets_datagram *csockets_datagrams(const struct csockets_receiver *receiver) {
    return receiver->datagrams;
}

int32_t csockets_request_times(int32_t socket) {
    int on = 1;
    return setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0 ? -errno : 0;
}

int32_t csockets_drops(int32_t socket, uint32_t *drops) {
    // SK_MEMINFO_DROPS is the ninth. Unlike SO_RXQ_OVFL, which comes with a later datagram, it is up
    // to date also when none follows.
    uint32_t values[9] = {0};
    socklen_t length = sizeof values;
    if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, values, &length) < 0) return -errno;
    if (length < sizeof values) return -ENOTSUP;
    *drops = values[8];
    return 0;
}

int32_t csockets_accept(
    int32_t socket, uint64_t *address_high, uint64_t *address_low, uint16_t *port) {
    struct sockaddr_storage sender = {0};
    socklen_t length = sizeof sender;
    int number = accept4(
        socket, (struct sockaddr *)&sender, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (number < 0) return -errno;
    read_address(&sender, address_high, address_low, port);
    return number;
}

int32_t csockets_event_make(void) {
    int number = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return number < 0 ? -errno : number;
}

void csockets_event_wake(int32_t event) {
    // Where it cannot count further it was woken already.
    (void)!eventfd_write(event, 1);
}

int32_t csockets_send(
    int32_t socket, const uint8_t *base, const uint32_t *offsets, const uint32_t *lengths,
    uint32_t count) {
    struct mmsghdr messages[send_max];
    struct iovec pieces[send_max];
    if (count > send_max) count = send_max;
    memset(messages, 0, count * sizeof *messages);
    for (uint32_t i = 0; i < count; i++) {
        pieces[i].iov_base = (void *)(base + offsets[i]);
        pieces[i].iov_len = lengths[i];
        messages[i].msg_hdr.msg_iov = &pieces[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int sent = sendmmsg(socket, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}
