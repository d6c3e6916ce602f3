/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise */

#include "sim/engine/pages.h"

#include <assert.h>
#include <sys/mman.h>

static const size_t large_bytes = 8 << 20; /* four of x86-64's large pages */

void *sim_pages_create(size_t bytes)
{
    assert(bytes > 0);
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) {
        return NULL;
    }
    if (bytes >= large_bytes) {
        (void)madvise(pages, bytes, MADV_HUGEPAGE); /* a hint: refused means slower */
    }
    return pages;
}

void sim_pages_free(void *pages, size_t bytes)
{
    if (pages != NULL) {
        (void)munmap(pages, bytes); /* cannot fail for what mmap gave */
    }
}
