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
