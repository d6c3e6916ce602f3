/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/infra/queueing.h"

#include <assert.h>
#include <math.h>

/* With p(n) the probability of n requests present, a = arrival rate x service
 * time and rho = a / c, everything is written relative to p(c):
 *   below c  sum of p(n) / p(c) for n <= c  =  1 / ErlangB(c, a)  =: below
 *   above c  p(c + j) / p(c) = rho^j, j = 1 .. room
 * so nothing over- or underflows, however large c is. */

static const uint32_t servers_max = 1000000;

/* 1 / ErlangB(c, a) = sum over k of c (c-1) ... (c-k+1) / a^k. Terms rise while
 * c - k > a and then fall; beyond 1e30 the pool is as good as never full. */
static double inverse_erlang_b(uint32_t servers, double load)
{
    double term = 1.0, sum = 1.0;
    for (uint32_t k = 0; k < servers; k++) {
        term *= (double)(servers - k) / load;
        sum += term;
        if (sum > 1e30 || term < 1e-18 * sum) {
            break;
        }
    }
    return sum;
}

struct series {
    double zeroth, first; /* sums of x^i and of i x^i over i = 0 .. count - 1 */
};

static struct series summed(double x, uint32_t count)
{
    struct series sum = { 0.0, 0.0 };
    double power = 1.0;
    for (uint32_t i = 0; i < count && power > 1e-30; i++) {
        sum.zeroth += power;
        sum.first += (double)i * power;
        power *= x;
    }
    return sum;
}

/* 0 < x <= 1. Long sums in closed form; where 1 - x is too small for that
 * (cancellation), the first terms of the expansion around x = 1. */
static struct series series_of(double x, uint32_t count)
{
    if (count <= 16384) {
        return summed(x, count);
    }
    double n = count, d = 1.0 - x;
    if (n * d < 1e-4) {
        double squares = (n - 1.0) * n * (2.0 * n - 1.0) / 6.0;
        double half = n * (n - 1.0) / 2.0;
        return (struct series){ n - d * half, half - d * squares + 0.125 * d * d * n * n * n * n };
    }
    double tail = exp(n * log1p(-d)); /* x^n */
    return (struct series){ -expm1(n * log1p(-d)) / d,
        (x - tail * (n - (n - 1.0) * x)) / (d * d) };
}

static enum hb_status checked(const struct sim_queueing *in)
{
    int is_good = in->arrival_hz >= 0.0 && isfinite(in->arrival_hz) && in->service_s > 0.0
        && isfinite(in->service_s) && isfinite(in->arrival_hz * in->service_s)
        && in->servers >= 1 && in->servers <= servers_max;
    return is_good ? HB_OK : HB_ERR_RANGE;
}

static void unlimited(const struct sim_queueing *in, double rho, struct sim_queueing_delay *out)
{
    double below = inverse_erlang_b(in->servers, rho * in->servers);
    double all = below + rho / (1.0 - rho);
    out->wait_share = 1.0 / (1.0 - rho) / all;
    out->wait_s = out->wait_share * in->service_s / (in->servers * (1.0 - rho));
    out->loss_share = 0.0;
    out->utilization = rho;
}

/* room < UINT32_MAX. Under overload every weight is divided by rho^room. */
static void limited(const struct sim_queueing *in, double rho, struct sim_queueing_delay *out)
{
    double room = in->waiting_room;
    double below = inverse_erlang_b(in->servers, rho * in->servers);
    double all, full, queue, waiting;
    if (rho <= 1.0) {
        struct series sum = series_of(rho, in->waiting_room + 1);
        full = exp(room * log(rho));
        all = below - 1.0 + sum.zeroth;
        queue = sum.first;
        waiting = sum.zeroth - full;
    } else {
        struct series sum = series_of(1.0 / rho, in->waiting_room + 1);
        full = 1.0;
        all = (below - 1.0) * exp(-room * log(rho)) + sum.zeroth;
        queue = room * sum.zeroth - sum.first;
        waiting = sum.zeroth - 1.0;
    }
    double accepted = 1.0 - full / all;
    out->loss_share = full / all;
    out->wait_share = accepted > 0.0 ? fmax(0.0, waiting / all / accepted) : 0.0;
    out->wait_s = accepted > 0.0 ? queue / all / (in->arrival_hz * accepted) : 0.0;
    out->utilization = fmin(1.0, rho * accepted);
}

enum hb_status sim_queueing_delay(const struct sim_queueing *in, struct sim_queueing_delay *out)
{
    enum hb_status status = checked(in);
    if (status != HB_OK) {
        return status;
    }
    double rho = in->arrival_hz * in->service_s / in->servers;
    if (in->waiting_room == UINT32_MAX && rho >= 1.0) {
        return HB_ERR_DIVERGES;
    }
    if (rho < 1e-300) {
        *out = (struct sim_queueing_delay){ .utilization = 0.0 };
        return HB_OK;
    }
    if (in->waiting_room == UINT32_MAX) {
        unlimited(in, rho, out);
    } else {
        limited(in, rho, out);
    }
    return HB_OK;
}

/* The wait of those who wait is exponential with rate c / service - arrivals. */
enum hb_status sim_queueing_quantile_s(const struct sim_queueing *in, double p, double *out)
{
    assert(p >= 0.0);
    assert(p < 1.0);
    if (in->waiting_room != UINT32_MAX) {
        return HB_ERR_RANGE;
    }
    struct sim_queueing_delay delay;
    enum hb_status status = sim_queueing_delay(in, &delay);
    if (status != HB_OK) {
        return status;
    }
    double rate_hz = in->servers / in->service_s - in->arrival_hz;
    *out = p <= 1.0 - delay.wait_share ? 0.0 : log(delay.wait_share / (1.0 - p)) / rate_hz;
    return HB_OK;
}
