#include "CAllocator.h"

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

void callocator_trim(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

void callocator_share(int arenas) {
#ifdef __GLIBC__
    if (arenas > 0) mallopt(M_ARENA_MAX, arenas);
#else
    (void)arenas;
#endif
}

void callocator_apart(size_t octets) {
#ifdef __GLIBC__
    if (octets > 0 && octets <= 32u << 20) mallopt(M_MMAP_THRESHOLD, (int)octets);
#else
    (void)octets;
#endif
}
