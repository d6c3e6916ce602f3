// SPDX-License-Identifier: GPL-3.0-or-later
// ns-3's schedulers as a user of ns-3 has them: events made by MakeEvent,
// inserted, removed, invoked, released.
#include "tests/bench/engine/hold.h"
#include "tests/bench/engine/models.h"

#include <ns3/event-impl.h>
#include <ns3/make-event.h>
#include <ns3/map-scheduler.h>
#include <ns3/nstime.h>
#include <ns3/object-factory.h>
#include <ns3/priority-queue-scheduler.h>
#include <ns3/random-variable-stream.h>
#include <ns3/simulator.h>

#include <vector>

namespace
{

struct Ns3Hold
{
    ns3::Ptr<ns3::Scheduler> scheduler;
    uint32_t serial = 0;
};

struct hold* g_hold; // the handler's only way to its data, as in most ns-3 models
int64_t g_now_ns;

void Touch(uint32_t entity)
{
    hold_touch(g_hold, entity, g_now_ns);
}

// Ties go by serial number, as ns-3's simulator numbers its events.
void Insert(Ns3Hold& self, struct hold* hold, uint32_t entity, int64_t nowNs)
{
    ns3::Scheduler::Event event;
    event.impl = ns3::MakeEvent(&Touch, entity);
    event.key.m_ts = static_cast<uint64_t>(nowNs + hold_increment_ns(hold));
    event.key.m_uid = ++self.serial;
    event.key.m_context = entity;
    self.scheduler->Insert(event);
}

void* Create(struct hold* hold, ns3::Ptr<ns3::Scheduler> scheduler)
{
    auto* self = new Ns3Hold{scheduler};
    for (uint32_t i = 0; i < hold->pending; i++)
    {
        Insert(*self, hold, i, 0);
    }
    return self;
}

void* CreatePriority(struct hold* hold)
{
    return Create(hold, ns3::CreateObject<ns3::PriorityQueueScheduler>());
}

void* CreateMap(struct hold* hold)
{
    return Create(hold, ns3::CreateObject<ns3::MapScheduler>());
}

void Run(void* self, struct hold* hold, size_t ops)
{
    Ns3Hold& lane = *static_cast<Ns3Hold*>(self);
    ns3::Scheduler& scheduler = *lane.scheduler;
    g_hold = hold;
    for (size_t i = 0; i < ops; i++)
    {
        ns3::Scheduler::Event event = scheduler.RemoveNext();
        g_now_ns = static_cast<int64_t>(event.key.m_ts);
        event.impl->Invoke();
        event.impl->Unref();
        Insert(lane, hold, event.key.m_context, g_now_ns);
    }
}

void Free(void* self)
{
    auto* hold = static_cast<Ns3Hold*>(self);
    while (!hold->scheduler->IsEmpty())
    {
        hold->scheduler->RemoveNext().impl->Unref();
    }
    delete hold;
}

void UsePriorityQueue()
{
    ns3::ObjectFactory factory;
    factory.SetTypeId("ns3::PriorityQueueScheduler");
    ns3::Simulator::SetScheduler(factory);
}

double Draw(void* variable, double mean)
{
    return static_cast<ns3::ExponentialRandomVariable*>(variable)->GetValue(mean, 0.0);
}

// M/M/1, as in models.c.
struct Station
{
    struct mm1 model;
    uint64_t events = 0;
} g_station;

void ScheduleAfter(double durationS, void (*handle)())
{
    if (g_station.model.is_whole_ns)
    {
        const auto ns = static_cast<uint64_t>(mm1_whole_ns(durationS));
        ns3::Simulator::Schedule(ns3::NanoSeconds(ns), handle);
        return;
    }
    ns3::Simulator::Schedule(ns3::Seconds(durationS), handle);
}

// What the model accounts in: seconds of a time step that is a nanosecond.
double NowS()
{
    const ns3::Time now = ns3::Simulator::Now();
    return g_station.model.is_whole_ns ? 1e-9 * static_cast<double>(now.GetNanoSeconds())
                                       : now.GetSeconds();
}

void Depart();

void Arrive()
{
    g_station.events++;
    mm1_account(&g_station.model, NowS());
    ScheduleAfter(mm1_arrival_s(&g_station.model), &Arrive);
    if (g_station.model.in_system++ == 0)
    {
        ScheduleAfter(mm1_service_s(&g_station.model), &Depart);
    }
}

void Depart()
{
    g_station.events++;
    mm1_account(&g_station.model, NowS());
    if (--g_station.model.in_system > 0)
    {
        ScheduleAfter(mm1_service_s(&g_station.model), &Depart);
    }
}

// Keepalives, as in models.c.
uint32_t g_expired_count;

void Expire(uint32_t)
{
    g_expired_count++;
}

} // namespace

extern "C" {

const struct hold_contestant hold_ns3_priority = {"ns-3 priority queue", CreatePriority, Run, Free};
const struct hold_contestant hold_ns3_map = {"ns-3 map", CreateMap, Run, Free};

uint64_t ns3_mm1(struct mm1* model, double until_s)
{
    UsePriorityQueue();
    g_station = Station{*model};
    auto variable = ns3::CreateObject<ns3::ExponentialRandomVariable>();
    g_station.model.draw = model->is_own ? &Draw : nullptr;
    g_station.model.draw_ctx = ns3::PeekPointer(variable);
    ScheduleAfter(mm1_arrival_s(&g_station.model), &Arrive);
    ns3::Simulator::Stop(ns3::Seconds(until_s));
    ns3::Simulator::Run();
    mm1_account(&g_station.model, until_s);
    ns3::Simulator::Destroy();
    *model = g_station.model;
    return g_station.events;
}

void ns3_keepalive(struct keepalive* model)
{
    UsePriorityQueue();
    g_expired_count = 0;
    std::vector<ns3::EventId> timers(model->client_count);
    const auto timeout = ns3::NanoSeconds(static_cast<uint64_t>(model->timeout_ns));
    const int64_t batchNs = model->gap_ns * model->batch_messages;
    for (uint32_t batch = 0; batch < model->batch_count; batch++)
    {
        for (uint32_t i = 0; i < model->batch_messages; i++)
        {
            const uint32_t client = keepalive_next_client(model);
            timers[client].Cancel();
            timers[client] = ns3::Simulator::Schedule(timeout, &Expire, client);
        }
        ns3::Simulator::Stop(ns3::NanoSeconds(static_cast<uint64_t>(batchNs)));
        ns3::Simulator::Run();
    }
    timers.clear();
    ns3::Simulator::Destroy();
    model->expired_count = g_expired_count;
}
}
