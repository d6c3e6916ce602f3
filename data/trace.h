/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_TRACE_H
#define DATA_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "core/map.h"
#include "data/problem.h"

/* What a client is doing during a visit; decides its access technology. */
#define DATA_ACTIVITY_LIST(X)                                              \
    X(UNKNOWN, "unknown") X(HOME, "home") X(WORK, "work")                  \
    X(LEISURE, "leisure") X(WALK, "walk") X(CAR, "car")                    \
    X(TRANSIT, "transit") X(RAIL, "rail") X(AIR, "air")

enum data_activity {
#define X(name, text) DATA_ACTIVITY_##name,
    DATA_ACTIVITY_LIST(X)
#undef X
        DATA_ACTIVITY_COUNT
};

#define DATA_NOWHERE ((UINT32_C(1) << 26) - 1) /* absent: in the air, no fix */

/* The client is at place from start_s (since the trace's epoch) until its
 * next visit starts. 8 bytes. */
struct data_visit {
    uint32_t start_s;
    uint32_t place : 26;   /* index into places, or DATA_NOWHERE */
    uint32_t activity : 6; /* enum data_activity */
};

/* Movement of a population: the generator's output, the importers' output and
 * all that a policy's run reads. Visits of client i are
 * visits[first[i] .. first[i + 1]), strictly increasing in start_s, no two
 * successive ones at the same place with the same activity. */
struct data_trace {
    int64_t epoch_unix_s; /* of second 0 */
    uint32_t end_s;       /* nothing is known after it */
    uint32_t client_count, place_count, region_count;
    const struct hb_place *places;       /* [place_count] */
    const char *const *region_names;     /* [region_count] */
    const uint64_t *first;               /* [client_count + 1] */
    const struct data_visit *visits;
};

#define DATA_TRACE_PLACES_MAX DATA_NOWHERE
#define DATA_TRACE_CLIENTS_MAX (UINT32_C(1) << 28)
#define DATA_TRACE_VISITS_MAX (UINT64_C(1) << 34)

/* A trace on the heap, all arrays zero and the caller's to fill through the
 * pointers of data_trace_arrays; region names are copied by
 * data_trace_name_region. HB_ERR_RANGE beyond the maxima above, HB_ERR_MEMORY. */
struct data_trace_store;

struct data_trace_sizes {
    uint64_t visit_count;
    uint32_t client_count, place_count, region_count;
};

/* The arrays of a store, for its maker to fill. */
struct data_trace_arrays {
    struct hb_place *places;
    uint64_t *first;
    struct data_visit *visits;
};

enum hb_status data_trace_create(const struct data_trace_sizes *sizes,
    struct data_trace_store **out);
void data_trace_free(struct data_trace_store *store);
struct data_trace_arrays data_trace_arrays(struct data_trace_store *store);
enum hb_status data_trace_name_region(struct data_trace_store *store, uint32_t region,
    const char *name);
void data_trace_span(struct data_trace_store *store, int64_t epoch_unix_s, uint32_t end_s);

/* The trace itself; valid until the store is freed. */
const struct data_trace *data_trace_view(const struct data_trace_store *store);

/* Holds every promise of struct data_trace above, and coordinates, offsets and
 * region indices in range? HB_ERR_FORMAT, with the first breach in problem; file
 * names it there. */
enum hb_status data_trace_check(const struct data_trace *trace, const char *file,
    struct data_problem *problem);

/* Index into visits of the client's last visit that has begun by at_s, or
 * UINT64_MAX before its first. */
uint64_t data_trace_visit_at(const struct data_trace *trace, uint32_t client, uint32_t at_s);

/* Where the client is at at_s: a place, or DATA_NOWHERE. */
uint32_t data_trace_place_at(const struct data_trace *trace, uint32_t client, uint32_t at_s);

#endif
