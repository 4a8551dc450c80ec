#ifndef CPAGE_H
#define CPAGE_H

/// A file of the page, as it lies in `web`.
struct page_file {
    const char *name;
    const unsigned char *bytes;
    unsigned long size;
};

/// The files in the order of the table; the name is NULL behind the last one.
struct page_file page_file_at(unsigned long index);

#endif
