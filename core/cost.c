/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cost.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

static const double s_per_hour = 3600.0;
static const double bytes_per_gb = 1e9;
static const double gb_per_mb = 1e-3;

void hb_cost_default(struct hb_prices *prices, struct hb_service *service)
{
    *prices = (struct hb_prices) {
        .request_ms = 1e-6,
        .hour = { 0.0, 0.0010, 0.0104, 0.0104 },
        .state_gb = 0.02,
        .image_gb = 0.02,
        .dns_update = 4e-7,
        .route_update = 1e-4,
        .failed_request = 1e-4,
    };
    *service = (struct hb_service) {
        .request_rate_hz = 1.0,
        .image_mb = 200.0,
        .state_mb = 50.0,
        .lead_s = 60.0,
    };
}

static int is_amount(double value)
{
    return isfinite(value) && value >= 0.0;
}

enum hb_status hb_cost_check(const struct hb_prices *prices, const struct hb_service *service)
{
    const double amounts[] = { prices->request_ms, prices->target_ms,
        prices->over_target_request_ms, prices->state_gb, prices->image_gb, prices->dns_update,
        prices->route_update, prices->failed_request, service->request_rate_hz,
        service->image_mb, service->state_mb, service->lead_s };
    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
        if (!is_amount(amounts[i])) {
            return HB_ERR_RANGE;
        }
    }
    double least = 0.0;
    for (int power = 0; power < HB_POWER_COUNT; power++) {
        if (!is_amount(prices->hour[power]) || prices->hour[power] < least) {
            return HB_ERR_RANGE;
        }
        least = prices->hour[power];
    }
    return HB_OK;
}

double hb_cost_request(const struct hb_prices *prices, double rtt_ms)
{
    double over_ms = fmax(0.0, rtt_ms - prices->target_ms);
    return prices->request_ms * rtt_ms + prices->over_target_request_ms * over_ms;
}

double hb_cost_latency_rate(const struct hb_prices *prices, const struct hb_service *service,
    double rtt_ms)
{
    return service->request_rate_hz * hb_cost_request(prices, rtt_ms);
}

double hb_cost_instance(const struct hb_prices *prices, enum hb_power power,
    double price_factor, double duration_s)
{
    assert(power < HB_POWER_COUNT);
    return prices->hour[power] * price_factor * duration_s / s_per_hour;
}

double hb_cost_state(const struct hb_prices *prices, double bytes)
{
    return prices->state_gb * bytes / bytes_per_gb;
}

double hb_cost_image(const struct hb_prices *prices, double bytes)
{
    return prices->image_gb * bytes / bytes_per_gb;
}

double hb_cost_provision(const struct hb_prices *prices, const struct hb_service *service,
    double price_factor)
{
    return prices->image_gb * service->image_mb * gb_per_mb
        + hb_cost_instance(prices, HB_POWER_IDLE, price_factor, service->lead_s);
}

double hb_cost_mirror(const struct hb_prices *prices, const struct hb_service *service,
    double price_factor)
{
    return hb_cost_provision(prices, service, price_factor)
        + prices->state_gb * service->state_mb * gb_per_mb + prices->dns_update;
}

double hb_cost_saving_rate(const struct hb_prices *prices, const struct hb_service *service,
    struct hb_stay from, struct hb_stay to)
{
    return hb_cost_latency_rate(prices, service, from.rtt_ms)
        - hb_cost_latency_rate(prices, service, to.rtt_ms)
        + hb_cost_instance(prices, HB_POWER_BUSY, from.price_factor - to.price_factor, 1.0);
}

double hb_cost_standby_s(const struct hb_prices *prices, double price_factor, double buy)
{
    if (buy <= 0.0) {
        return 0.0;
    }
    return buy / hb_cost_instance(prices, HB_POWER_STANDBY, price_factor, 1.0);
}
