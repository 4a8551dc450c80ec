// Sends the UDP payloads of an Ethernet/IPv4 pcap to a port of loopback, as fast as it is told to.
//
//   send CAPTURE PORT DATAGRAMS/S [ROUNDS]
//
// 0 datagrams a second is as fast as it can. The whole capture is sent ROUNDS times (default: once).
// Each datagram bears the source address that it has in the capture where that is one of 127.0.0.0/8, which
// all belong to loopback; else 127.0.0.1. Prints datagrams, octets, seconds and own CPU seconds.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { batch = 32, link_octets = 14, packet_header = 16, file_header = 24 };

/// Room for the source address of a datagram (ip(7), IP_PKTINFO).
union source {
    struct cmsghdr head;
    char octets[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

/// Has a message sent from an address, in network order.
static void send_from(struct msghdr *message, union source *source, uint32_t address) {
    memset(source, 0, sizeof *source);
    message->msg_control = source;
    message->msg_controllen = sizeof source->octets;
    source->head.cmsg_level = IPPROTO_IP;
    source->head.cmsg_type = IP_PKTINFO;
    source->head.cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
    struct in_pktinfo info = {.ipi_spec_dst.s_addr = address};
    memcpy(CMSG_DATA(&source->head), &info, sizeof info);
}

int main(int count, char **words) {
    if (count < 4) {
        fprintf(stderr, "usage: send CAPTURE PORT DATAGRAMS/S [ROUNDS]\n");
        return 64;
    }
    int file = open(words[1], O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status) < 0) fail(words[1]);
    const uint8_t *octets =
        mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (octets == MAP_FAILED) fail(words[1]);
    double rate = atof(words[3]);
    int rounds = count > 4 ? atoi(words[4]) : 1;

    struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons(atoi(words[2]))};
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int out = socket(AF_INET, SOCK_DGRAM, 0);
    if (out < 0) fail("socket");

    struct mmsghdr messages[batch];
    struct iovec pieces[batch];
    union source sources[batch];
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < batch; i++) {
        messages[i].msg_hdr.msg_name = &target;
        messages[i].msg_hdr.msg_namelen = sizeof target;
        messages[i].msg_hdr.msg_iov = &pieces[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    uint64_t sent = 0, bytes = 0;
    double begun = now();
    int64_t place = file_header;
    int is_over = 0;
    while (!is_over) {
        int filled = 0;
        while (filled < batch) {
            if (place + packet_header > status.st_size) {
                if (--rounds <= 0) {
                    is_over = 1;
                    break;
                }
                place = file_header;
            }
            uint32_t length;
            memcpy(&length, octets + place + 8, 4);
            const uint8_t *ip = octets + place + packet_header + link_octets;
            int header = (ip[0] & 15) * 4 + 8;
            pieces[filled].iov_base = (void *)(ip + header);
            pieces[filled].iov_len = length - link_octets - header;
            bytes += pieces[filled].iov_len;
            messages[filled].msg_hdr.msg_control = NULL;
            messages[filled].msg_hdr.msg_controllen = 0;
            if (ip[12] == 127) {
                uint32_t address;
                memcpy(&address, ip + 12, 4);
                send_from(&messages[filled].msg_hdr, &sources[filled], address);
            }
            place += packet_header + length;
            filled++;
        }
        for (int done = 0; done < filled;) {
            int step = sendmmsg(out, messages + done, filled - done, 0);
            if (step < 0 && errno != ECONNREFUSED && errno != ENOBUFS) fail("sendmmsg");
            if (step > 0) done += step, sent += step;
        }
        if (rate > 0) {
            double due = begun + sent / rate;
            double wait = due - now();
            if (wait > 0.0002) {
                struct timespec pause = {(time_t)wait, (wait - (time_t)wait) * 1e9};
                nanosleep(&pause, NULL);
            }
        }
    }
    double took = now() - begun;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"datagrams\":%llu,\"octets\":%llu,\"seconds\":%.3f,\"cpu\":%.3f}\n",
           (unsigned long long)sent, (unsigned long long)bytes, took,
           usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
               + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6);
    return 0;
}
