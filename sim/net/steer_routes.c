/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/net/steer_impl.h"

/* Cities of the PEERING sites, from their names and the testbed's own list of
 * sites. ufmg01 (Belo Horizonte) stands where its only transit, the Brazilian
 * research network, meets the carriers that are seen behind it: Miami. */
static const struct {
    const char *name;
    struct hb_point at;
} places[] = {
    { "amsterdam01", { 52.37, 4.90 } },
    { "clemson01", { 34.68, -82.84 } },
    { "grnet01", { 37.98, 23.73 } },
    { "isi01", { 33.98, -118.44 } },
    { "phoenix01", { 33.45, -112.07 } },
    { "seattle01", { 47.61, -122.33 } },
    { "ufmg01", { 25.76, -80.19 } },
    { "uw01", { 47.65, -122.30 } },
};

enum hb_status sim_steer_site_at(const char *name, struct hb_point *out)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (strcmp(places[i].name, name) == 0) {
            *out = places[i].at;
            return HB_OK;
        }
    }
    return HB_ERR_NOT_FOUND;
}

double sim_steer_nearer(const struct sim_steer_input *input, const uint32_t site[2], uint32_t as)
{
    struct hb_point at, first, second;
    if (data_ascountry_place(input->countries, as, &at) != HB_OK
        || sim_steer_site_at(input->peering->names[site[0]], &first) != HB_OK
        || sim_steer_site_at(input->peering->names[site[1]], &second) != HB_OK) {
        return 0.0;
    }
    return (hb_geo_distance_km(at, second) - hb_geo_distance_km(at, first)) / 1000.0;
}

static int compare_routes(const void *left, const void *right)
{
    const struct steer_route *a = left, *b = right;
    if (a->as != b->as) {
        return a->as < b->as ? -1 : 1;
    }
    if (a->length != b->length) {
        return a->length < b->length ? -1 : 1;
    }
    return (a->via > b->via) - (a->via < b->via);
}

/* Of each AS the route that stands there most often (of equals the shortest);
 * routes [count] sorted, shortened in place. */
static size_t most_frequent(struct steer_route *routes, size_t count)
{
    size_t kept = 0, most = 0;
    for (size_t i = 0; i < count;) {
        size_t next = i + 1;
        while (next < count && compare_routes(&routes[i], &routes[next]) == 0) {
            next++;
        }
        bool is_new = kept == 0 || routes[kept - 1].as != routes[i].as;
        if (is_new || next - i > most) {
            kept += is_new;
            routes[kept - 1] = routes[i];
            most = next - i;
        }
        i = next;
    }
    return kept;
}

enum hb_status sim_steer_routes(const struct data_peering *peering, uint32_t site,
    struct steer_route **out, size_t *count)
{
    struct steer_route *routes = malloc((peering->hop_count + 1) * sizeof *routes);
    if (routes == NULL) {
        return HB_ERR_MEMORY;
    }
    size_t used = 0;
    for (size_t p = 0; p < peering->path_count; p++) {
        const struct data_peering_path *path = &peering->paths[p];
        const uint32_t *hops = &peering->hops[path->first];
        for (uint32_t i = 0; i < path->count && path->site == site; i++) {
            uint32_t next = i;
            while (next < path->count && hops[next] == hops[i]) {
                next++;
            }
            if (i == 0 || hops[i - 1] != hops[i]) {
                routes[used++] = (struct steer_route){ .as = hops[i],
                    .via = next < path->count ? hops[next] : STEER_NONE,
                    .length = path->count - i };
            }
        }
    }
    qsort(routes, used, sizeof *routes, compare_routes);
    *count = most_frequent(routes, used);
    *out = routes;
    return HB_OK;
}

const struct steer_route *sim_steer_route_of(const struct steer_route *routes, size_t count,
    uint32_t as)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (routes[middle].as < as) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && routes[low].as == as ? &routes[low] : NULL;
}
