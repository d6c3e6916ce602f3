/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The entry that libFuzzer calls, one a target. Always 0; what it must not do
 * is crash, hang, or break a sanitizer's rule. */
int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size);

/* How many inputs were accepted so far. A target may define it: then one of its seeds must be,
 * else it would test nothing but the first refusal. */
unsigned long fuzz_accepted(void) __attribute__((weak));

#endif
