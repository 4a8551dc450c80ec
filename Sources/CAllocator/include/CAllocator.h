#ifndef CALLOCATOR_H
#define CALLOCATOR_H

#include <stddef.h>

/// Gives free memory of all threads back to the system, where the C library can.
void callocator_trim(void);

/// Lets all threads take memory from so many pools, where the C library makes more: what one thread frees is
/// then there for the others. Call it before there are threads.
void callocator_share(int arenas);

/// Takes pieces of so many octets and more from the system one by one, and gives each back when it is freed.
/// The C library would raise that limit with each such piece, and put the next among smaller ones, where it
/// leaves holes. Call it before there are threads.
void callocator_apart(size_t octets);

#endif
