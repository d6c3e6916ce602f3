/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/path.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

/* The fit. Data: p50 over a year of the RTT between 32 cloud regions (992
 * pairs, 176 to 17,400 km; cloudping.co, snapshot of 2026-08). Model: what a
 * region measures to itself (2.96 ms median, mostly its servers) + detour +
 * stretch x propagation; the parameters minimise the median of |model -
 * measured| / measured, which is 0.118 then (mean 0.167, 90 % below 0.37). One
 * constant stretch alone has 0.149, an affine law 0.119, a power of the
 * distance 0.119, a stretch that decays with distance 0.118: nothing with as
 * few parameters is better, and the data say nothing below 176 km, where the
 * detour therefore goes to 0 with the distance. The stretch of short paths
 * that follows (3.1 at 400 km) is that of the measured ones (3.1). */
static const double light_in_fibre_km_ms = 204.0; /* refractive index 1.468 */

/* Earth's mean radius, as core/geo.h's: distances of the matrix come from unit
 * vectors, one square root and arc sine an entry. */
static const double radius_km = 6371.0088;
static const double rad_per_deg = 0.017453292519943295;

void sim_path_default(struct sim_path *out)
{
    *out = (struct sim_path){
        .aggregation_ms = 1.0, /* our choice: metropolitan ring and peering */
        .detour_ms = 4.3,
        .detour_km = 300.0,
        .stretch = 1.536,
    };
}

enum hb_status sim_path_check(const struct sim_path *path)
{
    int is_good = path->aggregation_ms >= 0.0 && path->aggregation_ms <= 1e4
        && path->detour_ms >= 0.0 && path->detour_ms <= 1e4 && path->detour_km >= 0.0
        && path->detour_km <= 1e5 && path->stretch >= 1.0 && path->stretch <= 100.0;
    return is_good ? HB_OK : HB_ERR_RANGE;
}

static double propagation_ms(const struct sim_path *path, double distance_km)
{
    return path->stretch * 2.0 * distance_km / light_in_fibre_km_ms;
}

static double geographic_ms(const struct sim_path *path, double distance_km)
{
    double share = path->detour_km > 0.0 ? -expm1(-distance_km / path->detour_km) : 1.0;
    return path->aggregation_ms + path->detour_ms * share + propagation_ms(path, distance_km);
}

struct end {
    double x, y, z; /* on the unit sphere */
    uint32_t node;  /* nearest measured node, or HB_NONE */
    double rest_km; /* to it */
};

static double distance_km(const struct end *a, const struct end *b)
{
    double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
    double half_chord = 0.5 * sqrt(dx * dx + dy * dy + dz * dz);
    return 2.0 * radius_km * asin(half_chord < 1.0 ? half_chord : 1.0);
}

static struct end end_at(struct hb_point at)
{
    double lat = at.lat_deg * rad_per_deg, lon = at.lon_deg * rad_per_deg;
    return (struct end){ cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat), HB_NONE, 0.0 };
}

static void attach(const struct sim_path *path, struct end *end)
{
    const struct data_latency *measured = path->measured;
    for (uint32_t i = 0; measured != NULL && i < measured->node_count; i++) {
        struct end node = end_at(measured->at[i]);
        double rest_km = distance_km(end, &node);
        if (end->node == HB_NONE || rest_km < end->rest_km) {
            end->node = i;
            end->rest_km = rest_km;
        }
    }
}

static double rtt_ms(const struct sim_path *path, const struct end *place,
    const struct end *site)
{
    double km = distance_km(place, site);
    if (path->measured != NULL && place->node != site->node) {
        double rest_km = place->rest_km + site->rest_km;
        double ms = (double)path->measured->rtt_ms[(size_t)place->node
            * path->measured->node_count + site->node];
        if (!isnan(ms) && rest_km <= 0.5 * km) {
            return ms + path->aggregation_ms + propagation_ms(path, rest_km);
        }
    }
    return geographic_ms(path, km);
}

double sim_path_rtt_ms(const struct sim_path *path, struct hb_point place, struct hb_point site)
{
    struct end from = end_at(place), to = end_at(site);
    attach(path, &from);
    attach(path, &to);
    return rtt_ms(path, &from, &to);
}

struct share {
    const struct sim_path *path;
    const struct hb_map *map;
    const struct end *sites;
    float *out;
    uint32_t first, last; /* places */
};

static void *fill_share(void *argument)
{
    const struct share *share = argument;
    for (uint32_t place = share->first; place < share->last; place++) {
        struct end from = end_at(share->map->places[place].at);
        attach(share->path, &from);
        float *row = share->out + (size_t)place * share->map->site_count;
        for (uint32_t site = 0; site < share->map->site_count; site++) {
            row[site] = (float)rtt_ms(share->path, &from, &share->sites[site]);
        }
    }
    return NULL;
}

/* A thread that cannot be had is done without. */
static void fill(struct share whole, unsigned threads)
{
    enum { THREADS_MAX = 64 };
    pthread_t ids[THREADS_MAX];
    int started[THREADS_MAX] = { 0 };
    struct share shares[THREADS_MAX];
    for (unsigned t = 0; t < threads; t++) {
        shares[t] = whole;
        shares[t].first = (uint32_t)((uint64_t)whole.map->place_count * t / threads);
        shares[t].last = (uint32_t)((uint64_t)whole.map->place_count * (t + 1) / threads);
        started[t] = t > 0 && pthread_create(&ids[t], NULL, fill_share, &shares[t]) == 0;
    }
    for (unsigned t = 0; t < threads; t++) {
        if (started[t]) {
            (void)pthread_join(ids[t], NULL); /* cannot fail: ours and joinable */
        } else {
            (void)fill_share(&shares[t]);
        }
    }
}

enum hb_status sim_path_matrix(const struct sim_path *path, const struct hb_map *map,
    unsigned threads, float **out)
{
    assert(threads >= 1);
    assert(threads <= 64);
    uint64_t entries = (uint64_t)map->place_count * map->site_count;
    if (entries == 0 || entries > SIM_PATH_MATRIX_MAX || sim_path_check(path) != HB_OK) {
        return HB_ERR_RANGE;
    }
    float *matrix = malloc(entries * sizeof *matrix);
    struct end *sites = calloc(map->site_count, sizeof *sites);
    if (matrix == NULL || sites == NULL) {
        free(sites);
        free(matrix);
        return HB_ERR_MEMORY;
    }
    for (uint32_t site = 0; site < map->site_count; site++) {
        sites[site] = end_at(map->sites[site].at);
        attach(path, &sites[site]);
    }
    fill((struct share){ .path = path, .map = map, .sites = sites, .out = matrix }, threads);
    free(sites);
    *out = matrix;
    return HB_OK;
}
