/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/peering.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/grow.h"
#include "data/lines.h"

#define PATH_BYTES 4096
#define HOPS_MAX 64
#define PEERING_AS 47065 /* the testbed's; what follows it in a path is its own prepending */
static const uint32_t prepended[] = { 61574, 61575 }; /* the testbed's too */

void data_peering_free(struct data_peering *peering)
{
    if (peering == NULL) {
        return;
    }
    for (uint32_t i = 0; i < peering->experiment_count; i++) {
        free(peering->experiments[i].answers);
    }
    free(peering->experiments);
    free(peering->hops);
    free(peering->paths);
    free(peering->links);
    free(peering);
}

uint32_t data_peering_site(struct data_peering *peering, const char *name)
{
    uint32_t site = 0;
    while (site < peering->site_count && strcmp(peering->names[site], name) != 0) {
        site++;
    }
    if (site < peering->site_count) {
        return site;
    }
    size_t length = strlen(name);
    if (length == 0 || length >= DATA_PEERING_NAME_BYTES || site == DATA_PEERING_SITES_MAX) {
        return UINT32_MAX;
    }
    memcpy(peering->names[site], name, length + 1);
    peering->site_count++;
    return site;
}

struct way {
    uint32_t hops[HOPS_MAX], count;
    bool is_whole; /* up to the testbed's AS */
};

/* "196621,8758,1916,47065,61574,47065"; false if it is not of that form. */
static bool way_is_read(char *text, struct way *way)
{
    *way = (struct way){ .count = 0 };
    for (char *at = text; *at != '\0';) {
        char *end = NULL;
        unsigned long long as = strtoull(at, &end, 10);
        if (*at < '0' || *at > '9' || as > UINT32_MAX || (*end != '\0' && *end != ',')) {
            return false;
        }
        way->is_whole |= as == PEERING_AS;
        if (!way->is_whole) {
            if (way->count == HOPS_MAX) {
                return false;
            }
            way->hops[way->count++] = (uint32_t)as;
        }
        at = *end == '\0' ? end : end + 1;
    }
    return true;
}

static bool is_usable(const struct way *way)
{
    for (uint32_t i = 0; i < way->count; i++) {
        if (way->hops[i] == prepended[0] || way->hops[i] == prepended[1]) {
            return false;
        }
        for (uint32_t j = 0; j + 1 < i; j++) {
            if (way->hops[j] == way->hops[i] && way->hops[i - 1] != way->hops[i]) {
                return false;
            }
        }
    }
    return way->is_whole && way->count > 0;
}

struct store {
    struct data_peering *peering;
    struct data_problem *problem;
    size_t path_capacity, hop_capacity;
};

static enum hb_status way_add(struct store *store, uint32_t site, const struct way *way)
{
    struct data_peering *peering = store->peering;
    void *paths = data_grow(peering->paths, peering->path_count, &store->path_capacity,
        sizeof *peering->paths);
    if (paths == NULL) {
        return HB_ERR_MEMORY;
    }
    peering->paths = paths;
    if (peering->hop_count + HOPS_MAX > store->hop_capacity) {
        size_t capacity = 2 * store->hop_capacity + 8192;
        void *hops = realloc(peering->hops, capacity * sizeof *peering->hops);
        if (hops == NULL) {
            return HB_ERR_MEMORY;
        }
        peering->hops = hops;
        store->hop_capacity = capacity;
    }
    memcpy(&peering->hops[peering->hop_count], way->hops, way->count * sizeof *way->hops);
    peering->paths[peering->path_count++] = (struct data_peering_path){
        .site = site, .first = (uint32_t)peering->hop_count, .count = way->count };
    peering->hop_count += way->count;
    return HB_OK;
}

/* collector TAB neighbour TAB path, a line. */
static enum hb_status paths_read(struct store *store, const char *path, uint32_t site)
{
    struct data_lines *lines = NULL;
    enum hb_status status = data_lines_open(path, store->problem, &lines);
    if (status != HB_OK) {
        return status;
    }
    char *text = NULL;
    while ((status = data_lines_next(lines, store->problem, &text)) == HB_OK && text != NULL) {
        char *last = strrchr(text, '\t');
        struct way way;
        if (last == NULL || strchr(text, '\t') == last || !way_is_read(last + 1, &way)) {
            status = data_lines_refuse(lines, store->problem,
                "found \"%.60s\": expected collector, AS and path, tabs between", text);
            break;
        }
        status = is_usable(&way) ? way_add(store, site, &way) : HB_OK;
        if (status != HB_OK) {
            break;
        }
    }
    data_lines_close(lines);
    return status;
}

static enum hb_status experiment_read(struct store *store, const char *folder, const char *name)
{
    struct data_peering *peering = store->peering;
    struct data_peering_experiment *experiment = &peering->experiments[peering->experiment_count];
    char path[PATH_BYTES], sites[2][DATA_PEERING_NAME_BYTES];
    if (sscanf(name, "%u_%23[a-z0-9]_%23[a-z0-9]", &experiment->id, sites[0], sites[1]) != 3) {
        return data_problem_set(store->problem, HB_ERR_FORMAT,
            "%s/%.80s: found this folder: expected ID_SITE_SITE", folder, name);
    }
    for (int side = 0; side < 2; side++) {
        experiment->site[side] = data_peering_site(peering, sites[side]);
        if (experiment->site[side] == UINT32_MAX) {
            return data_problem_set(store->problem, HB_ERR_FULL, "%s: over %d sites", folder,
                DATA_PEERING_SITES_MAX);
        }
    }
    peering->experiment_count++;
    (void)snprintf(path, sizeof path, "%s/%s/dp_pings_est_as_to_mux_catchment.json.gz", folder,
        name);
    enum hb_status status = data_peering_answers_read(path, peering, experiment, store->problem);
    for (int side = 0; side < 2 && status == HB_OK; side++) {
        (void)snprintf(path, sizeof path, "%s/%s/%s_bgpstream_paths.csv.gz", folder, name,
            sites[side]);
        status = paths_read(store, path, experiment->site[side]);
    }
    return status;
}

static int compare_names(const struct dirent **left, const struct dirent **right)
{
    int a = atoi((*left)->d_name), b = atoi((*right)->d_name);
    int order = strcmp((*left)->d_name, (*right)->d_name);
    return a != b ? (a > b) - (a < b) : order;
}

static int is_experiment(const struct dirent *entry)
{
    return entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
}

static enum hb_status experiments_read(struct store *store, const char *folder)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, is_experiment, compare_names);
    if (count < 0) {
        return data_problem_set(store->problem, HB_ERR_IO,
            "%s: found %s: expected a folder of experiments", folder, strerror(errno));
    }
    enum hb_status status = HB_OK;
    if (count == 0 || count > DATA_PEERING_EXPERIMENTS_MAX) {
        status = data_problem_set(store->problem, HB_ERR_FORMAT,
            "%s: found %d experiments: expected 1..%d", folder, count,
            DATA_PEERING_EXPERIMENTS_MAX);
    }
    store->peering->experiments
        = calloc((size_t)count + 1, sizeof *store->peering->experiments);
    status = store->peering->experiments == NULL ? HB_ERR_MEMORY : status;
    for (int i = 0; i < count; i++) {
        status = status == HB_OK ? experiment_read(store, folder, names[i]->d_name) : status;
        free(names[i]);
    }
    free(names);
    return status;
}

enum hb_status data_peering_load(
    const char *folder, struct data_peering **out, struct data_problem *problem)
{
    struct data_peering *peering = calloc(1, sizeof *peering);
    if (peering == NULL) {
        return HB_ERR_MEMORY;
    }
    struct store store = { .peering = peering, .problem = problem };
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/peers.json", folder);
    enum hb_status status = data_peering_links_read(path, peering, problem);
    if (status == HB_OK) {
        status = experiments_read(&store, folder);
    }
    if (status != HB_OK) {
        data_peering_free(peering);
        return status;
    }
    *out = peering;
    return HB_OK;
}
