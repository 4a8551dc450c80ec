#ifndef CALLOCATOR_H
#define CALLOCATOR_H

/// Gives free memory of all threads back to the system, where the C library can.
void callocator_trim(void);

/// Lets all threads take memory from so many pools, where the C library makes more: what one thread frees is
/// then there for the others. Call it before there are threads.
void callocator_share(int arenas);

#endif
