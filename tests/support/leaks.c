/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For programs that hand HDF5 damaged or unwritable files: 1.10.8 loses memory of its own where it
 * gives up on them, which is not ours to give back. */
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}
#else
typedef int leaks_are_not_looked_for; /* a file must not be empty */
#endif
