/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine side by side with plain heaps and ns-3, in one run: prints what
 * an event costs, the ratios, and whether each target is met. Rounds of all
 * contestants alternate, so that other load on the machine disturbs all alike.
 * Exit status 1 if a target is missed.
 *
 *   bench_engine [quick] [memory | mm1 | keepalive | hold | growth | increments ...] */

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/engine/pages.h"
#include "tests/bench/engine/hold.h"
#include "tests/bench/engine/models.h"
#include "tests/support/increments.h"

enum {
    contestant_max = 5,
    ordered_count = 3, /* of these order ties by content */
    round_max = 15,
};

static bool is_all_met = true;

/* Of this thread alone, so that other load does not count as such. */
static double cpu_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* cannot fail for this clock */
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static void require(bool is_met, const char *what, double got, const char *relation, double target)
{
    printf("  %s  %s: %.2f, target %s %.2f\n", is_met ? "met   " : "MISSED", what, got, relation,
        target);
    is_all_met = is_all_met && is_met;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts values [count], count odd. */
static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(values[0]), by_size);
    return values[count / 2];
}

/* ---- the hold model ---- */

struct lane {
    const struct hold_contestant *contestant;
    size_t pending;
    struct hold hold;
    void *self;
    double round_ns[round_max]; /* an operation; in the end from fastest to slowest */
    double median_ns;
};

/* The increments that all lanes draw from. */
static const int64_t *increments_of(enum increment which)
{
    static int64_t increments_ns[HOLD_TABLE_COUNT];
    struct sim_stream stream = sim_stream_of(731, SIM_STREAM_TEST, which);
    for (int i = 0; i < HOLD_TABLE_COUNT; i++) {
        increments_ns[i] = increment_ns(&stream, which);
    }
    return increments_ns;
}

static void open_lane(struct lane *lane, const int64_t *increments_ns)
{
    struct hold_client *clients = sim_pages_create(lane->pending * sizeof(*clients));
    assert(clients != NULL);
    for (uint32_t i = 0; i < lane->pending; i++) {
        clients[i].index = i;
    }
    lane->hold = (struct hold) {
        .increments_ns = increments_ns,
        .clients = clients,
        .pending = lane->pending,
        .picker = 731,
    };
    lane->self = lane->contestant->create(&lane->hold);
}

static void close_lane(struct lane *lane)
{
    lane->contestant->free(lane->self);
    sim_pages_free(lane->hold.clients, lane->hold.pending * sizeof(struct hold_client));
}

static double run_lane(struct lane *lane, size_t ops)
{
    double start_ns = cpu_ns();
    lane->contestant->run(lane->self, &lane->hold, ops);
    return (cpu_ns() - start_ns) / (double)ops;
}

/* Rounds in turn, round_count of them, odd, of ops operations each, after a turn
 * of the population to reach the steady state. A round of two turns at least
 * counts what a set puts off for a turn or two. */
static void race(struct lane *lanes, int lane_count, enum increment which, size_t ops,
    int round_count)
{
    const int64_t *increments_ns = increments_of(which);
    for (int i = 0; i < lane_count; i++) {
        open_lane(&lanes[i], increments_ns);
        (void)run_lane(&lanes[i], lanes[i].pending); /* warms up */
    }
    for (int round = 0; round < round_count; round++) {
        for (int i = 0; i < lane_count; i++) {
            lanes[i].round_ns[round] = run_lane(&lanes[i], ops);
        }
    }
    for (int i = 0; i < lane_count; i++) {
        close_lane(&lanes[i]);
    }
}

/* A race of one population; the median round counts. */
static void race_alike(struct lane *lanes, int lane_count, size_t pending, enum increment which,
    int round_count)
{
    for (int i = 0; i < lane_count; i++) {
        lanes[i].pending = pending;
    }
    race(lanes, lane_count, which, 2 * pending > 300000 ? 2 * pending : 300000, round_count);
    for (int i = 0; i < lane_count; i++) {
        lanes[i].median_ns = median(lanes[i].round_ns, round_count);
        if (lanes[i].hold.instants != lanes[0].hold.instants
            || (i < ordered_count && lanes[i].hold.contents != lanes[0].hold.contents)) {
            printf("  MISSED  %s popped in another order\n", lanes[i].contestant->name);
            is_all_met = false;
        }
    }
}

/* The ladder at 1e7 against itself at 1e3: rounds in turn and the median of
 * their ratios, as what the machine's other guests leave of its memory changes
 * within a minute. */
static void bench_growth(bool is_quick)
{
    (void)is_quick; /* fast as it is */
    enum { few, many, lane_count, round_count = 11 };
    struct lane lanes[lane_count] = {
        [few] = { .contestant = &hold_ladder, .pending = 1000 },
        [many] = { .contestant = &hold_ladder, .pending = 10000000 },
    };
    double ratios[round_count];
    race(lanes, lane_count, INCREMENT_exponential, 2 * lanes[many].pending, round_count);
    for (int round = 0; round < round_count; round++) {
        ratios[round] = lanes[many].round_ns[round] / lanes[few].round_ns[round];
    }
    double growth = median(ratios, round_count);
    printf("ladder at 1e3 and 1e7 in turn: %.1f and %.1f ns, ratios from %.2f to %.2f\n",
        median(lanes[few].round_ns, round_count), median(lanes[many].round_ns, round_count),
        ratios[0], ratios[round_count - 1]);
    require(growth <= 1.6, "1e7 against 1e3", growth, "<=", 1.6);
}

static void bench_hold(bool is_quick)
{
    static const size_t sizes[] = { 1000, 100000, 1000000, 10000000 };
    static const double targets[] = { 2.5, 6.0, 10.0, 12.0 };
    struct lane lanes[contestant_max] = {
        { .contestant = &hold_ladder },
        { .contestant = &hold_heap2 },
        { .contestant = &hold_heap4 },
#ifdef HAVE_NS3
        { .contestant = &hold_ns3_priority },
        { .contestant = &hold_ns3_map },
#endif
    };
    int lane_count = lanes[3].contestant == NULL ? 3 : 5;
    printf("hold model, exponential increments, ns an operation, median round\n%10s", "pending");
    for (int i = 0; i < lane_count; i++) {
        printf("  %s", lanes[i].contestant->name);
    }
    printf("\n");
    for (int s = 0; s < (is_quick ? 3 : 4); s++) {
        int round_count = sizes[s] < 1000000 && !is_quick ? 15 : sizes[s] < 10000000 ? 5 : 3;
        int raced_count = sizes[s] < 1000000 ? lane_count : lane_count < 4 ? 3 : 4; /* no map */
        race_alike(lanes, raced_count, sizes[s], INCREMENT_exponential, round_count);
        printf("%10zu", sizes[s]);
        for (int i = 0; i < raced_count; i++) {
            printf("  %*.1f", (int)strlen(lanes[i].contestant->name), lanes[i].median_ns);
        }
        printf("  (ladder from %.1f to %.1f)\n", lanes[0].round_ns[0],
            lanes[0].round_ns[round_count - 1]);
        if (lane_count > 3) {
            double ratio = lanes[3].median_ns / lanes[0].median_ns;
            require(ratio >= targets[s], "times ns-3's priority queue", ratio, ">=", targets[s]);
        }
        fflush(stdout);
    }
}

static void bench_increments(bool is_quick)
{
    static const size_t sizes[] = { 1000, 100000, 1000000 };
    printf("\nincrement distributions: binary heap's time / ladder's\n%14s", "");
    for (int s = 0; s < 3; s++) {
        printf("%10zu", sizes[s]);
    }
    printf("\n");
    double worst = 1e99;
    for (enum increment which = 0; which < INCREMENT_COUNT; which++) {
        printf("%14s", increment_name(which));
        for (int s = 0; s < (is_quick ? 2 : 3); s++) {
            struct lane lanes[] = {
                { .contestant = &hold_ladder },
                { .contestant = &hold_heap2 },
            };
            race_alike(lanes, 2, sizes[s], which, s < 2 ? 7 : 3);
            double ratio = lanes[1].median_ns / lanes[0].median_ns;
            worst = ratio < worst ? ratio : worst;
            printf("%10.2f", ratio);
            fflush(stdout);
        }
        printf("\n");
    }
    require(worst >= 0.9, "the worst of these", worst, ">=", 0.9);
}

/* ---- timers and M/M/1 ---- */

static void bench_keepalive(bool is_quick)
{
    const struct keepalive model = {
        .picker = 731,
        .client_count = 100000,
        .batch_count = is_quick ? 1000 : 4000,
        .batch_messages = 1000,
        .gap_ns = 100000,
        .timeout_ns = INT64_C(60000000000),
    };
    double restarts = (double)model.batch_count * model.batch_messages;
    double round_ns[2][3], median_ns[2];
    void (*const runs[])(struct keepalive *) = {
        loop_keepalive,
#ifdef HAVE_NS3
        ns3_keepalive,
#endif
    };
    int run_count = sizeof(runs) / sizeof(runs[0]);
    uint32_t expired_counts[2] = { 0 };
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < run_count; i++) {
            struct keepalive copy = model;
            double start_ns = cpu_ns();
            runs[i](&copy);
            round_ns[i][round] = (cpu_ns() - start_ns) / restarts;
            expired_counts[i] = copy.expired_count;
        }
    }
    for (int i = 0; i < run_count; i++) {
        median_ns[i] = median(round_ns[i], 3);
    }
    printf("\nkeepalive restart, %u clients: %.1f ns", model.client_count, median_ns[0]);
    if (run_count > 1) {
        double ratio = median_ns[1] / median_ns[0];
        printf(", ns-3 cancel and schedule %.1f ns\n", median_ns[1]);
        require(ratio >= 10.0, "times ns-3", ratio, ">=", 10.0);
        require(expired_counts[0] == expired_counts[1], "expired timers, ns-3's", expired_counts[0],
            "=", expired_counts[1]);
    }
    printf("\n");
}

static void bench_mm1_form(const struct mm1 *model, double until_s)
{
    uint64_t (*const runs[])(struct mm1 *, double) = {
        loop_mm1,
#ifdef HAVE_NS3
        ns3_mm1,
#endif
    };
    int run_count = sizeof(runs) / sizeof(runs[0]);
    double round_ns[2][round_max], median_ns[2], length[2];
    for (int i = 0; i < round_max * run_count; i++) {
        int which = i % run_count;
        struct mm1 copy = *model;
        double start_ns = cpu_ns();
        uint64_t events = runs[which](&copy, until_s);
        round_ns[which][i / run_count] = (cpu_ns() - start_ns) / (double)events;
        length[which] = copy.area_s / until_s;
    }
    for (int i = 0; i < run_count; i++) {
        median_ns[i] = median(round_ns[i], round_max);
    }
    printf("M/M/1 at load 0.7, %s random numbers, durations in %s: %.1f ns an event, "
           "mean number %.3f (2.333)\n",
        model->is_own ? "each its own" : "the same", model->is_whole_ns ? "whole ns" : "seconds",
        median_ns[0], length[0]);
    if (run_count > 1) {
        double ratio = median_ns[1] / median_ns[0];
        printf("  ns-3: %.1f ns, %.3f\n", median_ns[1], length[1]);
        if (model->is_whole_ns) {
            printf("          times ns-3: %.2f; the target is for seconds\n", ratio);
        } else {
            require(ratio >= 4.0, "times ns-3", ratio, ">=", 4.0);
        }
    }
}

static void bench_mm1(bool is_quick)
{
    for (int form = 0; form < 4; form++) {
        struct mm1 model = {
            .picker = 731,
            .is_own = form % 2 == 1,
            .is_whole_ns = form >= 2,
            .arrival_s_mean = 1e-3,
            .service_s_mean = 7e-4,
        };
        bench_mm1_form(&model, is_quick ? 200.0 : 400.0);
    }
    printf("\n");
}

/* ---- memory ---- */

static double resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%*s %ld", &pages) != 1) {
            pages = 0;
        }
        (void)fclose(file); /* only read */
    }
    return 4096.0 * (double)pages;
}

static void bench_memory(bool is_quick)
{
    (void)is_quick; /* fast as it is */
    enum { pending = 1000000 };
    struct lane lane = { .contestant = &hold_ladder, .pending = pending };
    double before = resident_bytes();
    open_lane(&lane, increments_of(INCREMENT_exponential));
    (void)run_lane(&lane, 3 * pending); /* to the steady state */
    double resident = (resident_bytes() - before) / pending;
    size_t used, whole;
    hold_ladder_bytes(lane.self, &used, &whole);
    double reserved = (double)whole / pending;
    printf("memory at 1e6 pending: %.2f bytes an event used, %.2f reserved\n",
        (double)used / pending, reserved);
    require(reserved <= 24.0, "bytes an event", reserved, "<=", 24.0);
    require(resident <= 90.0, "resident bytes a client with its event", resident, "<=", 90.0);
    close_lane(&lane);
}

static bool is_named(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(bool is_quick);
    } parts[] = {
        { "memory", bench_memory },
        { "mm1", bench_mm1 },
        { "keepalive", bench_keepalive },
        { "hold", bench_hold },
        { "growth", bench_growth },
        { "increments", bench_increments },
    };
    bool is_quick = is_named(argc, argv, "quick");
    bool is_whole = argc == 1 + is_quick;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (is_whole || is_named(argc, argv, parts[i].name)) {
            parts[i].run(is_quick);
        }
    }
    printf("\n%s\n", is_all_met ? "every target met" : "some targets MISSED");
    return is_all_met ? 0 : 1;
}
