// The calls about privileges that Swift cannot import: capset has no declaration in glibc, prctl is
// variadic.
#ifndef SKEIN_CPRIVILEGES_H
#define SKEIN_CPRIVILEGES_H

#include <stdint.h>

/// The capabilities of the calling thread, a bit each (capabilities(7)); 0, or -errno.
int32_t cprivileges_get(uint64_t *effective, uint64_t *permitted);
/// Sets them; what is not permitted any more does not come back. Programs that the thread starts get none.
int32_t cprivileges_set(uint64_t effective, uint64_t permitted);

/// Whether what is permitted stays so when the process becomes another user; 0, or -errno.
int32_t cprivileges_keep(int32_t is_kept);
/// Makes programs that are started have no more privileges than this one; 0, or -errno.
int32_t cprivileges_grow_no_more(void);

#endif
