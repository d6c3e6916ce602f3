/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_STATUS_H
#define HB_STATUS_H

/* The one list of outcomes; a surprise from the world is one of these, a
 * broken promise of our own code is an assert. */
#define HB_STATUS_LIST(X)                                           \
    X(HB_OK, "ok")                                                  \
    X(HB_ERR_MEMORY, "out of memory")                               \
    X(HB_ERR_FULL, "table is full")                                 \
    X(HB_ERR_RANGE, "value out of range")                           \
    X(HB_ERR_FORMAT, "malformed input")                             \
    X(HB_ERR_VERSION, "unsupported version")                        \
    X(HB_ERR_NOT_FOUND, "not found")                                \
    X(HB_ERR_EXISTS, "exists already")                              \
    X(HB_ERR_IO, "input or output failed")                          \
    X(HB_ERR_DIVERGES, "does not converge")                         \
    X(HB_ERR_UNSUPPORTED, "not supported")                          \
    X(HB_ERR_DENIED, "consent or key missing")                      \
    X(HB_ERR_STATE, "not possible in this state")                   \
    X(HB_ERR_INTERRUPTED, "interrupted")

enum hb_status {
#define X(name, text) name,
    HB_STATUS_LIST(X)
#undef X
        HB_STATUS_COUNT
};

#ifdef __cplusplus /* every function is seen from outside, and called as C from there */
#define HB_API extern "C" __attribute__((visibility("default")))
#else
#define HB_API __attribute__((visibility("default")))
#endif

/* English text for people; never NULL, "unknown status" outside the list. */
HB_API const char *hb_status_text(enum hb_status status);

#endif
