/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The entry that libFuzzer calls, one a target. Always 0; what it must not do
 * is crash, hang, or break a sanitizer's rule. */
int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size);

#endif
