#include "CPcap.h"

#include <dlfcn.h>
#include <pthread.h>

// Every function that is used; their types are those of libpcap's own header.
#define EACH_FUNCTION(x) \
    x(create) x(open_offline_with_tstamp_precision) x(set_snaplen) x(set_promisc) x(set_timeout) \
    x(set_buffer_size) x(set_tstamp_precision) x(activate) x(setnonblock) x(compile) x(setfilter) \
    x(freecode) x(datalink) x(datalink_val_to_name) x(get_tstamp_precision) x(get_selectable_fd) \
    x(dispatch) x(stats) x(geterr) x(statustostr) x(close)

#define MEMBER(name) __typeof__(&pcap_##name) name;
static struct { EACH_FUNCTION(MEMBER) } library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *refusal;

static void load(void) {
    // Debian's name, then that of libpcap itself.
    void *found = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);
    if (!found) found = dlopen("libpcap.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!found) {
        refusal = "libpcap is not installed (Debian: libpcap0.8)";
        return;
    }
#define FIND(name) \
    library.name = (__typeof__(library.name))dlsym(found, "pcap_" #name); \
    if (!library.name) refusal = "libpcap is too old, it has no pcap_" #name;
    EACH_FUNCTION(FIND)
}

const char *cpcap_load(void) {
    pthread_once(&once, load);
    return refusal;
}

pcap_t *cpcap_create(const char *source, char *error) { return library.create(source, error); }
pcap_t *cpcap_open_offline_with_tstamp_precision(
    const char *path, uint32_t precision, char *error) {
    return library.open_offline_with_tstamp_precision(path, precision, error);
}
int32_t cpcap_set_snaplen(pcap_t *handle, int32_t octets) {
    return library.set_snaplen(handle, octets);
}
int32_t cpcap_set_promisc(pcap_t *handle, int32_t is_promiscuous) {
    return library.set_promisc(handle, is_promiscuous);
}
int32_t cpcap_set_timeout(pcap_t *handle, int32_t milliseconds) {
    return library.set_timeout(handle, milliseconds);
}
int32_t cpcap_set_buffer_size(pcap_t *handle, int32_t octets) {
    return library.set_buffer_size(handle, octets);
}
int32_t cpcap_set_tstamp_precision(pcap_t *handle, int32_t precision) {
    return library.set_tstamp_precision(handle, precision);
}
int32_t cpcap_activate(pcap_t *handle) { return library.activate(handle); }
int32_t cpcap_setnonblock(pcap_t *handle, int32_t is_nonblocking, char *error) {
    return library.setnonblock(handle, is_nonblocking, error);
}
int32_t cpcap_compile(
    pcap_t *handle, struct bpf_program *program, const char *text, int32_t optimizes, uint32_t mask) {
    return library.compile(handle, program, text, optimizes, mask);
}
int32_t cpcap_setfilter(pcap_t *handle, struct bpf_program *program) {
    return library.setfilter(handle, program);
}
void cpcap_freecode(struct bpf_program *program) { library.freecode(program); }
int32_t cpcap_datalink(pcap_t *handle) { return library.datalink(handle); }
const char *cpcap_datalink_val_to_name(int32_t link) { return library.datalink_val_to_name(link); }
int32_t cpcap_get_tstamp_precision(pcap_t *handle) { return library.get_tstamp_precision(handle); }
int32_t cpcap_get_selectable_fd(pcap_t *handle) { return library.get_selectable_fd(handle); }
int32_t cpcap_dispatch(pcap_t *handle, int32_t count, pcap_handler take, uint8_t *context) {
    return library.dispatch(handle, count, take, context);
}
int32_t cpcap_stats(pcap_t *handle, struct pcap_stat *counts) {
    return library.stats(handle, counts);
}
const char *cpcap_geterr(pcap_t *handle) { return library.geterr(handle); }
const char *cpcap_statustostr(int32_t code) { return library.statustostr(code); }
void cpcap_close(pcap_t *handle) { library.close(handle); }
