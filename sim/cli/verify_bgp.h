/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_VERIFY_BGP_H
#define SIM_CLI_VERIFY_BGP_H

/* `harbinger verify bgp FILE...`: the simulation of each file beside what was
 * measured. argv[0] is the kind. Exit status: 0 all read, 1 failed, 2 bad use. */
int cli_verify_bgp(int argc, char **argv);

#endif
