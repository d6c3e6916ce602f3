/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/units.h"
#include "sim/serve/door_impl.h"

int64_t sim_door_now_ns(int is_calendar)
{
    struct timespec time;
    int failed = clock_gettime(is_calendar ? CLOCK_REALTIME : CLOCK_MONOTONIC, &time);
    assert(failed == 0);
    return (int64_t)time.tv_sec * HB_NS_PER_S + time.tv_nsec;
}

struct sim_door_answer sim_door_refusal(unsigned code, const char *sentence)
{
    return (struct sim_door_answer) { .code = code, .text = sim_body_error(sentence) };
}

static struct sim_door_answer refusal_of(enum hb_status status, const char *sentence)
{
    switch (status) {
    case HB_ERR_FORMAT:
        return sim_door_refusal(400, sentence);
    case HB_ERR_RANGE:
        return sim_door_refusal(422, sentence);
    case HB_ERR_DENIED:
        return sim_door_refusal(403, "no consent: nothing is stored, what was known is erased");
    case HB_ERR_NOT_FOUND:
        return sim_door_refusal(404, "no such client, or its id is of an epoch that is over");
    case HB_ERR_EXISTS:
        return sim_door_refusal(409, "at_unix_s is before the client's last observation, over "
                                     "400 days ago, or over 5 minutes ahead");
    case HB_ERR_STATE:
        return sim_door_refusal(429, "too many observations of this client");
    case HB_ERR_INTERRUPTED:
        return sim_door_refusal(503, "closing");
    case HB_ERR_FULL:
        return sim_door_refusal(507, "as many clients are known as there is room for");
    case HB_OK:
    case HB_ERR_MEMORY:
    case HB_ERR_VERSION:
    case HB_ERR_IO:
    case HB_ERR_DIVERGES:
    case HB_ERR_UNSUPPORTED:
    case HB_STATUS_COUNT:
        break;
    }
    return sim_door_refusal(500, hb_status_text(status));
}

/* A text that grows to a bound set by its caller's formats. */
struct page {
    size_t length;
    char text[4096];
};

static void say(struct page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct page *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(page->text + page->length, sizeof page->text - page->length, format,
        arguments);
    va_end(arguments);
    assert(length >= 0);
    page->length += (size_t)length;
    assert(page->length < sizeof page->text);
}

static struct sim_door_answer done(const struct page *page)
{
    return (struct sim_door_answer) { .code = 200, .text = strdup(page->text) };
}

static void say_place(struct page *page, const struct sim_door *door, uint32_t place)
{
    if (place == HB_NONE) {
        say(page, "\"place\":null");
        return;
    }
    struct hb_point at = door->config.places[place].at;
    say(page, "\"place\":%u,\"lat_deg\":%.6f,\"lon_deg\":%.6f", place, at.lat_deg, at.lon_deg);
}

static struct sim_door_answer observe(struct sim_door_call *call)
{
    struct sim_body_observe asked;
    struct data_problem problem = { "" };
    struct sim_book_seen seen;
    enum hb_status status
        = sim_body_observe_parse(call->body, call->body_bytes, &asked, &problem);
    if (status == HB_OK) {
        status = sim_book_observe(call->door->config.book, sim_door_now_ns(1), &asked, &seen);
        (void)data_problem_set(&problem, status, "no such place, or none near enough");
    }
    explicit_bzero(call->body, call->body_bytes); /* the device's name is not kept */
    explicit_bzero(&asked, sizeof asked);
    if (status != HB_OK) {
        return refusal_of(status, problem.text);
    }
    char id[33];
    struct page page = { .length = 0 };
    sim_body_id_text(&seen.id, id);
    say(&page, "{\"client\":\"%s\",", id);
    say_place(&page, call->door, seen.place);
    say(&page, ",\"distance_km\":%.3f}", seen.distance_km);
    return done(&page);
}

static struct sim_door_answer predict(struct sim_door_call *call)
{
    struct data_problem problem = { "" };
    enum hb_status status = sim_body_predict_parse(call->body, call->body_bytes,
        &call->item.question.asked, &problem);
    return status == HB_OK ? (struct sim_door_answer) { .code = 0 }
                           : refusal_of(status, problem.text);
}

struct sim_door_answer sim_door_prediction_of(const struct sim_door_call *call)
{
    const struct sim_book_question *question = &call->item.question;
    if (question->status != HB_OK) {
        return refusal_of(question->status, "");
    }
    char id[33];
    struct page page = { .length = 0 };
    sim_body_id_text(&question->asked.id, id);
    say(&page, "{\"client\":\"%s\",\"timeframe_s\":%.9g,\"predictor\":\"%s\",\"guesses\":[", id,
        question->asked.timeframe_s, call->door->config.predictor_name);
    for (uint32_t i = 0; i < question->answer.guess_count; i++) {
        say(&page, "%s{", i == 0 ? "" : ",");
        say_place(&page, call->door, question->answer.guesses[i].place);
        say(&page, ",\"confidence\":%.7f}", (double)question->answer.guesses[i].confidence);
    }
    say(&page, "],\"elsewhere\":%.7f}", (double)question->answer.elsewhere);
    return done(&page);
}

static struct sim_door_answer forget(struct sim_door_call *call)
{
    enum hb_status status
        = sim_book_forget(call->door->config.book, sim_door_now_ns(1), &call->id);
    return status == HB_OK ? (struct sim_door_answer) { .code = 204, .text = strdup("") }
                           : refusal_of(status, "");
}

static struct sim_door_answer health(const struct sim_door *door)
{
    struct page page = { .length = 0 };
    struct sim_book_size size = sim_book_size(door->config.book);
    say(&page, "{\"status\":\"%s\",\"predictor\":\"%s\",\"clients\":%u}",
        atomic_load(&door->is_closing) ? "closing" : "serving", door->config.predictor_name,
        size.client_count);
    return done(&page);
}

static struct sim_door_answer metrics(const struct sim_door *door)
{
    struct sim_book_size size = sim_book_size(door->config.book);
    return (struct sim_door_answer) { .code = 200,
        .text = sim_tally_text(door->config.tally, &size, atomic_load(&door->line_count)),
        .type = "text/plain; version=0.0.4" };
}

struct sim_door_answer sim_door_answer_of(struct sim_door_call *call)
{
    switch (call->route) {
    case SIM_TALLY_observe:
        return observe(call);
    case SIM_TALLY_predict:
        return predict(call);
    case SIM_TALLY_forget:
        return forget(call);
    case SIM_TALLY_health:
        return health(call->door);
    case SIM_TALLY_metrics:
        return metrics(call->door);
    case SIM_TALLY_openapi:
        return (struct sim_door_answer) { .code = 200,
            .text = strdup(call->door->config.openapi) };
    case SIM_TALLY_other:
    case SIM_TALLY_ROUTE_COUNT:
        break;
    }
    return sim_door_refusal(404, "no such path: /v1/openapi.json lists them");
}
