// libpcap, loaded when packets are captured and not before: with all that it needs in turn (D-Bus, systemd)
// it would make every start of skein a fifth longer, and no machine that only asks a store needs it.
#ifndef SKEIN_CPCAP_H
#define SKEIN_CPCAP_H

#include <pcap/pcap.h>
#include <stdint.h>

/// Loads libpcap; NULL, or why it cannot be loaded. The other functions must not be called before.
const char *cpcap_load(void);

// As their namesakes in pcap(3PCAP).
pcap_t *cpcap_create(const char *source, char *error);
pcap_t *cpcap_open_offline_with_tstamp_precision(const char *path, uint32_t precision, char *error);
int32_t cpcap_set_snaplen(pcap_t *handle, int32_t octets);
int32_t cpcap_set_promisc(pcap_t *handle, int32_t is_promiscuous);
int32_t cpcap_set_timeout(pcap_t *handle, int32_t milliseconds);
int32_t cpcap_set_buffer_size(pcap_t *handle, int32_t octets);
int32_t cpcap_set_tstamp_precision(pcap_t *handle, int32_t precision);
int32_t cpcap_activate(pcap_t *handle);
int32_t cpcap_setnonblock(pcap_t *handle, int32_t is_nonblocking, char *error);
int32_t cpcap_compile(
    pcap_t *handle, struct bpf_program *program, const char *text, int32_t optimizes, uint32_t mask);
int32_t cpcap_setfilter(pcap_t *handle, struct bpf_program *program);
void cpcap_freecode(struct bpf_program *program);
int32_t cpcap_datalink(pcap_t *handle);
const char *cpcap_datalink_val_to_name(int32_t link);
int32_t cpcap_get_tstamp_precision(pcap_t *handle);
int32_t cpcap_get_selectable_fd(pcap_t *handle);
int32_t cpcap_dispatch(pcap_t *handle, int32_t count, pcap_handler take, uint8_t *context);
int32_t cpcap_stats(pcap_t *handle, struct pcap_stat *counts);
const char *cpcap_geterr(pcap_t *handle);
const char *cpcap_statustostr(int32_t code);
void cpcap_close(pcap_t *handle);

#endif
