/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine side by side with plain heaps and ns-3, in one run: prints what
 * an event costs, the ratios, and whether each target is met. Rounds of all
 * contestants alternate and the best round of each counts, so that other load
 * on the machine disturbs all alike. Exit status 1 if a target is missed.
 *
 *   bench_engine [quick] [memory | mm1 | keepalive | hold | increments ...] */

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

enum { contestant_max = 5, ordered_count = 3 /* of these order ties by content */ };

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

/* ---- the hold model ---- */

struct lane {
    const struct hold_contestant *contestant;
    struct hold hold;
    void *self;
    double best_ns; /* an operation */
};

static void open_lane(struct lane *lane, size_t pending, const int64_t *increments_ns)
{
    struct hold_client *clients = sim_pages_create(pending * sizeof(*clients));
    assert(clients != NULL);
    for (uint32_t i = 0; i < pending; i++) {
        clients[i].index = i;
    }
    lane->hold = (struct hold) {
        .increments_ns = increments_ns,
        .clients = clients,
        .pending = pending,
        .picker = 731,
    };
    lane->self = lane->contestant->create(&lane->hold);
    lane->best_ns = 1e99;
}

static void close_lane(struct lane *lane)
{
    lane->contestant->free(lane->self);
    sim_pages_free(lane->hold.clients, lane->hold.pending * sizeof(struct hold_client));
}

static void run_lane(struct lane *lane, size_t ops)
{
    double start_ns = cpu_ns();
    lane->contestant->run(lane->self, &lane->hold, ops);
    double spent_ns = (cpu_ns() - start_ns) / (double)ops;
    lane->best_ns = spent_ns < lane->best_ns ? spent_ns : lane->best_ns;
}

/* Rounds of ops in turn, after one of warm_ops to reach the steady state. */
static void race(struct lane *lanes, int lane_count, size_t pending, enum increment which,
    size_t ops, int round_count)
{
    static int64_t increments_ns[HOLD_TABLE_COUNT]; /* the same for all */
    struct sim_stream stream = sim_stream_of(731, SIM_STREAM_TEST, which);
    for (int i = 0; i < HOLD_TABLE_COUNT; i++) {
        increments_ns[i] = increment_ns(&stream, which);
    }
    for (int i = 0; i < lane_count; i++) {
        open_lane(&lanes[i], pending, increments_ns);
        run_lane(&lanes[i], pending);
        lanes[i].best_ns = 1e99;
    }
    for (int round = 0; round < round_count; round++) {
        for (int i = 0; i < lane_count; i++) {
            run_lane(&lanes[i], ops);
        }
    }
    for (int i = 0; i < lane_count; i++) {
        if (lanes[i].hold.instants != lanes[0].hold.instants
            || (i < ordered_count && lanes[i].hold.contents != lanes[0].hold.contents)) {
            printf("  MISSED  %s popped in another order\n", lanes[i].contestant->name);
            is_all_met = false;
        }
        close_lane(&lanes[i]);
    }
}

static size_t round_ops(size_t pending, bool is_quick)
{
    size_t ops = pending < 100000 ? 300000 : pending < 10000000 ? 3 * pending : pending;
    return is_quick || pending == 1000000 ? ops / 3 : ops;
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
    double first_ns = 0.0;
    printf("hold model, exponential increments, ns an operation\n%10s", "pending");
    for (int i = 0; i < lane_count; i++) {
        printf("  %s", lanes[i].contestant->name);
    }
    printf("\n");
    for (int s = 0; s < (is_quick ? 3 : 4); s++) {
        int round_count = sizes[s] < 1000000 ? 15 : sizes[s] < 10000000 ? 5 : 2;
        int raced_count = sizes[s] < 1000000 ? lane_count : lane_count < 4 ? 3 : 4; /* no map */
        race(lanes, raced_count, sizes[s], INCREMENT_exponential, round_ops(sizes[s], is_quick),
            round_count);
        printf("%10zu", sizes[s]);
        for (int i = 0; i < raced_count; i++) {
            printf("  %*.1f", (int)strlen(lanes[i].contestant->name), lanes[i].best_ns);
        }
        printf("\n");
        first_ns = s == 0 ? lanes[0].best_ns : first_ns;
        if (lane_count > 3) {
            double ratio = lanes[3].best_ns / lanes[0].best_ns;
            require(ratio >= targets[s], "times ns-3's priority queue", ratio, ">=", targets[s]);
        }
        if (s == 3) {
            double growth = lanes[0].best_ns / first_ns;
            require(growth <= 1.6, "1e7 against 1e3", growth, "<=", 1.6);
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
            race(lanes, 2, sizes[s], which, round_ops(sizes[s], is_quick), s < 2 ? 7 : 3);
            double ratio = lanes[1].best_ns / lanes[0].best_ns;
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
    double best_ns[2] = { 1e99, 1e99 };
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
            double spent_ns = (cpu_ns() - start_ns) / restarts;
            best_ns[i] = spent_ns < best_ns[i] ? spent_ns : best_ns[i];
            expired_counts[i] = copy.expired_count;
        }
    }
    printf("\nkeepalive restart, %u clients: %.1f ns", model.client_count, best_ns[0]);
    if (run_count > 1) {
        double ratio = best_ns[1] / best_ns[0];
        printf(", ns-3 cancel and schedule %.1f ns\n", best_ns[1]);
        require(ratio >= 10.0, "times ns-3", ratio, ">=", 10.0);
        require(expired_counts[0] == expired_counts[1], "expired timers, ns-3's", expired_counts[0],
            "=", expired_counts[1]);
    }
    printf("\n");
}

static void bench_mm1(bool is_quick)
{
    const struct mm1 model = { .picker = 731, .arrival_s_mean = 1e-3, .service_s_mean = 7e-4 };
    const double until_s = is_quick ? 200.0 : 400.0;
    uint64_t (*const runs[])(struct mm1 *, double, bool) = {
        loop_mm1,
#ifdef HAVE_NS3
        ns3_mm1,
#endif
    };
    int run_count = sizeof(runs) / sizeof(runs[0]);
    for (int is_own = 0; is_own < 2; is_own++) {
        double best_ns[2] = { 1e99, 1e99 }, length[2] = { 0 };
        for (int i = 0; i < 15 * run_count; i++) {
            int which = i % run_count;
            struct mm1 copy = model;
            double start_ns = cpu_ns();
            uint64_t events = runs[which](&copy, until_s, is_own == 1);
            double spent_ns = (cpu_ns() - start_ns) / (double)events;
            best_ns[which] = spent_ns < best_ns[which] ? spent_ns : best_ns[which];
            length[which] = copy.area_s / until_s;
        }
        printf("M/M/1 at load 0.7, %s random numbers: %.1f ns an event, mean number %.3f (2.333)\n",
            is_own ? "each its own" : "the same", best_ns[0], length[0]);
        if (run_count > 1) {
            double ratio = best_ns[1] / best_ns[0];
            printf("  ns-3: %.1f ns, %.3f\n", best_ns[1], length[1]);
            require(ratio >= 4.0, "times ns-3", ratio, ">=", 4.0);
        }
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
    static int64_t increments_ns[HOLD_TABLE_COUNT];
    struct sim_stream stream = sim_stream_of(731, SIM_STREAM_TEST, 0);
    for (int i = 0; i < HOLD_TABLE_COUNT; i++) {
        increments_ns[i] = increment_ns(&stream, INCREMENT_exponential);
    }
    struct lane lane = { .contestant = &hold_ladder };
    double before = resident_bytes();
    open_lane(&lane, pending, increments_ns);
    run_lane(&lane, 3 * pending);
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
