/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _XOPEN_SOURCE 700 /* pseudo-terminals */

#include "sim/engine/progress.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "core/units.h"
#include "tests/support/assert_near.h"

static void wait_a_redraw(void)
{
    struct timespec pause = { .tv_nsec = 600 * 1000 * 1000 };
    assert_int_equal(nanosleep(&pause, NULL), 0);
}

static void run_for_a_while(FILE *out)
{
    struct sim_progress *progress = NULL;
    assert_int_equal(sim_progress_create(2, 100 * HB_NS_PER_S, out, &progress), HB_OK);
    sim_progress_step(progress, 0, 10 * HB_NS_PER_S, 1000);
    wait_a_redraw();
    sim_progress_step(progress, 1, 50 * HB_NS_PER_S, 3000);
    sim_progress_step(progress, 1, 70 * HB_NS_PER_S, 3000);
    sim_progress_free(progress);
}

static void is_silent_in_a_file(void **state)
{
    (void)state;
    FILE *out = tmpfile();
    assert_non_null(out);
    run_for_a_while(out);
    assert_int_equal(ftell(out), 0);
    assert_int_equal(fclose(out), 0);
}

/* What one redraw puts on a terminal, as its other end reads it. */
static ssize_t seen_on_a_terminal(char *text, size_t text_bytes)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        print_message("skipped: no pseudo-terminal\n");
        skip();
    }
    FILE *out = fopen(ptsname(master), "w");
    assert_non_null(out);
    run_for_a_while(out);
    ssize_t length = read(master, text, text_bytes);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(close(master), 0);
    return length;
}

static void shows_the_share_of_all_lanes_on_a_terminal(void **state)
{
    (void)state;
    char text[200] = "";
    assert_int_equal(unsetenv("CI"), 0);
    assert_true(seen_on_a_terminal(text, sizeof(text) - 1) > 0);
    assert_non_null(strstr(text, " 30.0 %")); /* (10 + 50) of 2 x 100 s, drawn once */
    assert_non_null(strstr(text, "events/s"));
    assert_non_null(strstr(text, "s left"));
    assert_null(strstr(text, " 40.0 %"));
    assert_non_null(strstr(text, "\r\033[K")); /* wiped at the end */
}

static void is_silent_in_ci(void **state)
{
    (void)state;
    char text[200] = "";
    assert_int_equal(setenv("CI", "1", 1), 0);
    assert_true(seen_on_a_terminal(text, sizeof(text) - 1) <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_silent_in_a_file),
        cmocka_unit_test(shows_the_share_of_all_lanes_on_a_terminal),
        cmocka_unit_test(is_silent_in_ci),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
