/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_FUZZ_FUZZ_NETMAP_H
#define TESTS_FUZZ_FUZZ_NETMAP_H

#include <stddef.h>
#include <stdint.h>

/* Reads text as a network file of that name: what is accepted is whole, what
 * is refused says why. */
void fuzz_netmap_try(const char *name, const uint8_t *text, size_t size);

#endif
