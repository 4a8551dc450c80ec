#ifndef CALLOCATOR_H
#define CALLOCATOR_H

/// Gives free memory of all threads back to the system, where the C library can.
void callocator_trim(void);

#endif
