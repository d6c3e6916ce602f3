/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/stop.h"

#include <signal.h>
#include <stddef.h>

static volatile int stop_signal; /* the one thing that a handler may touch */

static void note(int signal_number)
{
    stop_signal = signal_number;
}

static void handle(void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler };
    (void)sigaction(SIGINT, &action, NULL); /* cannot fail for these numbers */
    (void)sigaction(SIGTERM, &action, NULL);
}

void cli_stop_watch(void)
{
    handle(note);
}

void cli_stop_unwatch(void)
{
    handle(SIG_DFL);
}

const volatile int *cli_stop_flag(void)
{
    return &stop_signal;
}

int cli_stop_exit(int failed)
{
    return failed != 0 && stop_signal != 0 ? 128 + stop_signal : failed;
}
