/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_RESULTS_DIGEST_H
#define DATA_RESULTS_DIGEST_H

#include "data/digest.h"
#include "data/results.h"

/* What of the manifest decides the rows: version, seed, times, replications
 * and the scenario's text of info; its other fields are not looked at. The
 * digest of a file is this, followed by one block for each table in the order
 * of DATA_TABLE_LIST: the table's own digest, whose blocks are the columns of
 * every DATA_COLUMNS_BATCH rows in turn. HB_ERR_MEMORY. */
enum hb_status data_results_digest_head(struct data_digest *digest,
    const struct data_result_info *info);

#endif
