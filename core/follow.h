/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_FOLLOW_H
#define HB_FOLLOW_H

#include <stddef.h>

#include "core/history.h"

#define HB_FOLLOW_PLACES 8

/* What followed one context: the places 15, 30, 45, 60 minutes later, the
 * commonest ones by name, the others as lost. */
struct hb_follow_row {
    uint64_t key; /* 0: free */
    uint32_t places[HB_FOLLOW_PLACES];
    uint16_t counts[HB_FOLLOW_PLACES][HB_HISTORY_STEPS]; /* all 0: free */
    uint16_t lost[HB_HISTORY_STEPS];
};

/* A table of such rows of set size: when it is full the least used row of a
 * few makes room. Keys are never 0. */
struct hb_follow;

/* HB_ERR_MEMORY. */
enum hb_status hb_follow_create(uint32_t context_capacity, struct hb_follow **out);
void hb_follow_free(struct hb_follow *follow);
size_t hb_follow_bytes(const struct hb_follow *follow);

void hb_follow_count(struct hb_follow *follow, uint64_t key, unsigned step, uint32_t place);

/* NULL if the context is not known. */
const struct hb_follow_row *hb_follow_row_of(const struct hb_follow *follow, uint64_t key);

#endif
