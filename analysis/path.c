/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/path.h"

#include <inttypes.h>
#include <stdlib.h>

#include "data/grow.h"

#define CLIENTS_MAX 1024 /* sampled ones that are looked at */
#define ROWS_MAX 100000

struct candidate {
    int64_t changed_ns;
    uint32_t site, changes;
};

static const int64_t flutter_ns = 600 * HB_NS_PER_S; /* changes within it count once */

struct choosing {
    uint16_t setting;
    uint32_t clients[CLIENTS_MAX];
    size_t client_count;
    struct candidate (*candidates)[CLIENTS_MAX]; /* [policy_count] */
};

static size_t client_slot(struct choosing *choosing, uint32_t client)
{
    for (size_t i = choosing->client_count; i-- > 0;) {
        if (choosing->clients[i] == client) {
            return i;
        }
    }
    if (choosing->client_count < CLIENTS_MAX) {
        choosing->clients[choosing->client_count] = client;
        return choosing->client_count++;
    }
    return CLIENTS_MAX;
}

/* Counts from 1, so that whoever was seen at all has more than 0. */
static enum hb_status count_changes(void *context, const void *visited)
{
    struct choosing *choosing = context;
    const struct data_paths_row *row = visited;
    if (row->setting != choosing->setting || row->replication != 0 || row->site == HB_NONE) {
        return HB_OK;
    }
    size_t slot = client_slot(choosing, row->client);
    if (slot < CLIENTS_MAX) {
        struct candidate *candidate = &choosing->candidates[row->policy][slot];
        int is_new = candidate->changes == 0
            || (candidate->site != row->site && row->at_ns - candidate->changed_ns > flutter_ns);
        candidate->changed_ns = is_new ? row->at_ns : candidate->changed_ns;
        candidate->changes += is_new ? 1 : 0;
        candidate->site = row->site;
    }
    return HB_OK;
}

struct collecting {
    struct analysis_path *path;
    uint16_t setting, policy;
    size_t capacity;
};

static enum hb_status collect(void *context, const void *visited)
{
    struct collecting *to = context;
    const struct data_paths_row *row = visited;
    struct analysis_path *path = to->path;
    if (row->setting != to->setting || row->replication != 0 || row->policy != to->policy
        || row->client != path->client || path->row_count == ROWS_MAX) {
        return HB_OK;
    }
    struct data_paths_row *rows = data_grow(path->rows, path->row_count, &to->capacity,
        sizeof *path->rows);
    if (rows == NULL) {
        return HB_ERR_MEMORY;
    }
    path->rows = rows;
    path->rows[path->row_count++] = *row;
    return HB_OK;
}

static int by_instant(const void *a, const void *b)
{
    const struct data_paths_row *x = a, *y = b;
    return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

/* How well a day of that many endpoints suits a figure: a few changes show how
 * it goes, many only that it flutters. */
static int suitability(uint32_t changes)
{
    static const int best = 7;
    return (int)changes <= best ? (int)changes : best - ((int)changes - best) / 2;
}

/* The most suitable day, of policies that ask a predictor if there are any;
 * the first among equals. */
static int choose(const struct choosing *choosing, const struct data_result_info *info,
    struct analysis_path *path)
{
    int best = 0, has_any = 0;
    for (int pass = 0; pass < 2 && best < 3; pass++) {
        for (uint32_t p = 0; p < info->policy_count; p++) {
            int asks = info->policies[p].predictor[0] != '\0';
            for (size_t i = 0; i < choosing->client_count && asks == (pass == 0); i++) {
                uint32_t changes = choosing->candidates[p][i].changes;
                int suits = suitability(changes);
                if (changes > 0 && (!has_any || suits > best)) {
                    has_any = 1;
                    best = suits;
                    path->series = p;
                    path->client = choosing->clients[i];
                }
            }
        }
    }
    return has_any;
}

enum hb_status analysis_path_load(
    const struct analysis_study *study, struct analysis_path *out, struct data_problem *problem)
{
    struct data_result_file *file = analysis_study_file(study, 0);
    const struct data_result_info *info = analysis_study_info(study, 0);
    struct choosing *choosing = calloc(1, sizeof *choosing);
    struct candidate(*candidates)[CLIENTS_MAX] = calloc(info->policy_count, sizeof *candidates);
    struct analysis_path path = { .rows = NULL };
    enum hb_status status = HB_ERR_MEMORY;
    if (choosing != NULL && candidates != NULL) {
        choosing->candidates = candidates;
        choosing->setting = analysis_study_setting(study, 0);
        status = data_results_each(file, DATA_TABLE_PATHS, count_changes, choosing, problem);
    }
    if (status == HB_OK && !choose(choosing, info, &path)) {
        status = HB_ERR_NOT_FOUND;
    }
    if (status == HB_OK) {
        struct collecting to = {
            .path = &path, .setting = choosing->setting, .policy = (uint16_t)path.series
        };
        status = data_results_each(file, DATA_TABLE_PATHS, collect, &to, problem);
    }
    free(candidates);
    free(choosing);
    if (status != HB_OK) {
        free(path.rows);
        return status;
    }
    qsort(path.rows, path.row_count, sizeof *path.rows, by_instant);
    *out = path;
    return HB_OK;
}

void analysis_path_fini(struct analysis_path *path)
{
    free(path->rows);
}
