/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_STOP_H
#define SIM_CLI_STOP_H

/* From now on SIGINT and SIGTERM ask a command to stop, instead of ending it at once: what is
 * being written is given up, or already whole. */
void cli_stop_watch(void);
/* They end it at once again. */
void cli_stop_unwatch(void);
/* Not 0 once it is asked to. */
const volatile int *cli_stop_flag(void);
/* A command's exit status: 128 + the signal, as a shell says it, if that made it fail. */
int cli_stop_exit(int failed);

#endif
