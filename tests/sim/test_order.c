/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/order.h"

#include <stdlib.h>

#include "sim/engine/draw.h"
#include "tests/support/assert_near.h"

/* Oracle: the C library's sort. */
static int latest_first(const void *a, const void *b)
{
    const struct sim_bucket_record *x = a, *y = b;
    if (x->at != y->at) {
        return x->at < y->at ? 1 : -1;
    }
    return (x->tag < y->tag) - (x->tag > y->tag);
}

/* at_bits, tag_bits: how far apart the keys are, from none to all of 64 bits. */
static void assert_sorts(struct sim_stream *random, uint32_t count, uint32_t at_bits,
    uint32_t tag_bits)
{
    struct sim_bucket_record records[SIM_ORDER_MAX], want[SIM_ORDER_MAX];
    uint8_t order[SIM_ORDER_MAX];
    for (uint32_t i = 0; i < count; i++) {
        records[i] = want[i] = (struct sim_bucket_record) {
            .at = at_bits == 0 ? 731 : sim_stream_next(random) >> (64 - at_bits),
            .tag = tag_bits == 0 ? i * 2654435761U : sim_stream_next(random) >> (64 - tag_bits),
        };
    }
    qsort(want, count, sizeof(want[0]), latest_first);
    sim_order_latest_first(records, count, order);
    for (uint32_t k = 0; k < count; k++) {
        assert_true(records[order[k]].at == want[k].at);
        assert_true(records[order[k]].tag == want[k].tag);
    }
}

static void sorts_as_the_library_does(void **state)
{
    (void)state;
    const uint32_t bits[] = { 0, 1, 3, 10, 25, 26, 27, 40, 63, 64 };
    struct sim_stream random = sim_stream_of(731, SIM_STREAM_TEST, 0);
    for (uint32_t count = 0; count <= SIM_ORDER_MAX; count++) {
        for (int a = 0; a < 10; a++) {
            for (int t = 0; t < 10; t++) {
                assert_sorts(&random, count, bits[a], bits[t]);
            }
        }
    }
}

static void orders_what_the_leading_bits_cannot_tell(void **state)
{
    (void)state;
    struct sim_bucket_record records[3] = { { .at = 5 }, { .at = 6 }, { .at = UINT64_MAX } };
    uint8_t order[3];
    sim_order_latest_first(records, 3, order);
    assert_int_equal(order[0], 2);
    assert_int_equal(order[1], 1);
    assert_int_equal(order[2], 0);
}

static void bit_length_counts_to_the_highest_one(void **state)
{
    (void)state;
    assert_int_equal(sim_order_bit_length(0), 0);
    assert_int_equal(sim_order_bit_length(1), 1);
    assert_int_equal(sim_order_bit_length(731), 10);
    assert_int_equal(sim_order_bit_length(UINT64_MAX), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_as_the_library_does),
        cmocka_unit_test(orders_what_the_leading_bits_cannot_tell),
        cmocka_unit_test(bit_length_counts_to_the_highest_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
