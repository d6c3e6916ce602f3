/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ENGINE_PAGES_H
#define SIM_ENGINE_PAGES_H

#include <stddef.h>

/* Zeroed memory for the large tables of a run (clients, visits, events). It
 * costs address space until it is written to. Large tables lie in large pages
 * where the system has them, so that touching records at random does not wait
 * for address translation. NULL: no memory. bytes > 0. */
void *sim_pages_create(size_t bytes);

/* bytes as at create; NULL is accepted. */
void sim_pages_free(void *pages, size_t bytes);

#endif
