/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <string.h>

#include "core/status.h"

static void every_status_has_a_text_of_its_own(void **state)
{
    (void)state;
    assert_string_equal(hb_status_text(HB_OK), "ok");
    for (int a = 0; a < HB_STATUS_COUNT; a++) {
        assert_true(strlen(hb_status_text((enum hb_status)a)) > 0);
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(hb_status_text((enum hb_status)a),
                hb_status_text((enum hb_status)b));
        }
    }
}

static void outside_the_list_the_text_says_so(void **state)
{
    (void)state;
    assert_string_equal(hb_status_text(HB_STATUS_COUNT), "unknown status");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_text_of_its_own),
        cmocka_unit_test(outside_the_list_the_text_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
