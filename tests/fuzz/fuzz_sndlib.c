/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include "tests/fuzz/fuzz_netmap.h"

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size)
{
    fuzz_netmap_try("a.xml", text, size);
    return 0;
}
