/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_ASREL_H
#define DATA_ASREL_H

#include "data/topology.h"

/* AS relationships as CAIDA publishes them, serial-1 and serial-2:
 *   # comment
 *   <provider>|<customer>|-1[|source]
 *   <peer>|<peer>|0[|source]
 * Every link gets delay_ns one way (the files tell none). Strict: whatever is
 * not of this form is refused with its line.
 *   HB_ERR_IO, HB_ERR_FORMAT, HB_ERR_EXISTS, HB_ERR_RANGE, HB_ERR_MEMORY
 * Source: publicdata.caida.org/datasets/as-relationships. */
enum hb_status data_asrel_load(const char *path, uint32_t delay_ns,
    struct data_topology **out, struct data_problem *problem);

/* The same from text [length], name being the file's for messages. */
enum hb_status data_asrel_parse(const char *text, size_t length, const char *name,
    uint32_t delay_ns, struct data_topology **out, struct data_problem *problem);

#endif
