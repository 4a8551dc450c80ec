// The calls of Linux's sockets that Swift cannot import: those of many messages at once, and those
// with ancillary data. Here, so that no module needs _GNU_SOURCE.
#ifndef SKEIN_CSOCKETS_H
#define SKEIN_CSOCKETS_H

#include <stdint.h>

/// A datagram of the batch that was received last.
struct csockets_datagram {
    /// The sender's address, as numbers; IPv4 in ::ffff:0:0/96.
    uint64_t address_high, address_low;
    /// When the kernel got it, ns since 1970; 0 where it did not say.
    uint64_t received;
    const uint8_t *octets;
    uint32_t length;
    /// The sender's port.
    uint16_t port;
    /// Whether the kernel cut it.
    uint16_t is_cut;
};

/// Memory for a batch of datagrams.
struct csockets_receiver;

/// Makes memory for `count` datagrams of any size; NULL where there is none.
struct csockets_receiver *csockets_receiver_make(uint32_t count);
void csockets_receiver_free(struct csockets_receiver *receiver);

/// Takes what waits in the socket, without waiting for more.
///
/// Answers how many datagrams it was, or -errno. They hold until the next call.
int32_t csockets_receive(struct csockets_receiver *receiver, int32_t socket);
const struct csockets_datagram *csockets_datagrams(const struct csockets_receiver *receiver);

/// Asks the kernel for the time of each datagram; 0, or -errno.
int32_t csockets_request_times(int32_t socket);

/// Datagrams that the kernel dropped because the socket's buffer was full, modulo 2^32; 0, or -errno.
int32_t csockets_drops(int32_t socket, uint32_t *drops);

/// Takes a connection of a listening socket, and says whose it is; its number, or -errno.
int32_t csockets_accept(
    int32_t socket, uint64_t *address_high, uint64_t *address_low, uint16_t *port);

/// Makes a descriptor that is readable once it was woken, or -errno.
int32_t csockets_event_make(void);
/// Wakes who polls it.
void csockets_event_wake(int32_t event);

/// Sends pieces of `base` over a connected socket, without waiting.
///
/// Answers how many were sent, or -errno where it is none.
int32_t csockets_send(
    int32_t socket, const uint8_t *base, const uint32_t *offsets, const uint32_t *lengths,
    uint32_t count);

#endif
