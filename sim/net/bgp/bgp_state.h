/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_BGP_STATE_H
#define SIM_NET_BGP_STATE_H

#include "sim/engine/draw.h"
#include "sim/engine/queue.h"
#include "sim/net/bgp/bgp.h"
#include "sim/net/bgp/bgp_path.h"

/* What is common to the files of this folder; nobody else includes it.
 * An edge is a half-link as its owner sees it; Adj-RIB-In of edge e is what
 * the neighbour told the owner, Adj-RIB-Out what the owner told the neighbour.
 * Arrays by (prefix, edge) or (prefix, node) have the prefix outermost. */

enum sim_bgp_kind {
    SIM_BGP_ARRIVE,  /* edge of the receiver; payload the path, order epoch and prefix */
    SIM_BGP_SEGMENT, /* edge of the receiver; payload the segment */
    SIM_BGP_ACK,     /* edge of the receiver; payload an acknowledged count */
    SIM_BGP_DELACK,  /* edge of the endpoint */
    SIM_BGP_ROUND,   /* node: reads its sockets */
    SIM_BGP_FLUSH,   /* node: ends its round, sends what is queued */
    SIM_BGP_DECIDE,  /* node; order the prefix */
    SIM_BGP_MRAI,    /* edge: its interval is over */
    SIM_BGP_GROUP,   /* node, payload group: the interval of an update group is over */
    SIM_BGP_LOST,    /* edge: its owner learns that the session is gone */
    SIM_BGP_CLEAR,   /* edge: the routes of the lost neighbour are removed */
    SIM_BGP_CONNECT, /* edge: its owner tries to set the session up */
    SIM_BGP_UP,      /* edge: the session is established for its owner */
    SIM_BGP_DUMP,    /* edge: the owner tells the new neighbour its table */
    SIM_BGP_REUSE    /* edge: a damped route may be used again; payload the prefix */
};

enum {
    EDGE_UP = 1,         /* the session, as the owner knows it */
    EDGE_CARRIER = 2,    /* the link is there */
    EDGE_SILENT = 4,     /* the link loses everything */
    EDGE_TIMER = 8,      /* an MRAI event is in the queue */
    EDGE_WAITING = 16,   /* something is queued for the neighbour, on some prefix */
    EDGE_DUMPED = 32,    /* the table has been told since the session came up */
    EDGE_CLEARING = 64,  /* a CLEAR is due */
    EDGE_CONNECTING = 128
};

/* What a neighbour has told: 16 bytes that are read together. */
struct bgp_in {
    uint64_t key;
    uint32_t path;
    uint32_t owner; /* of the edge */
};

/* Route of one prefix at one node. */
struct bgp_best {
    uint64_t key;        /* of the route in use; UINT64_MAX: none */
    uint32_t edge;       /* that it came by; BGP_OWN; SIM_BGP_NONE */
    uint32_t path;
    uint32_t challenger; /* edge with the best key since the last decision, or NONE */
    uint32_t own;        /* path of the own route, 0: not announced */
    uint32_t changes;    /* of the present sim_bgp_run */
    uint8_t flags;
    uint8_t prepend;     /* of the own route */
};
/* Streams of SIM_STREAM_BGP beside 0 and node + 1. */
#define BGP_STREAM_TURN UINT32_MAX
#define BGP_STREAM_KEEPALIVE (UINT32_MAX - 1)
#define BGP_STREAM_REPLAY (UINT32_MAX - 2)

enum { BEST_SCHEDULED = 1, BEST_RESCAN = 2 };
#define BGP_OWN (UINT32_MAX - 1)
#define BGP_KEY_NONE UINT64_MAX
#define BGP_ATTRIBUTES_MAX 4096U

struct bgp_attributes { /* of a path, interned by index */
    uint32_t med, community, local_pref;
    uint16_t stripped; /* what an eBGP neighbour is told */
    uint8_t origin;
    uint8_t source; /* enum data_relation it was learnt by; for internal links */
};

#define BGP_TICK_NS INT64_C(4000000) /* of the kernels' 250 Hz clock */
#define BGP_ATO_TICKS 10U /* least delay of an acknowledgement, 40 ms */

/* One end of a session's TCP connection, as far as small segments matter. */
struct bgp_tcp {
    int64_t received_tick;   /* instant of the last data, in kernel ticks */
    int64_t sent_ns, round_trip_ns; /* of the last segment; smoothed, delays of acks included */
    int64_t keepalive_ns;    /* when the next KEEPALIVE will have come in */
    uint32_t sent, acked;    /* segments of ours */
    uint32_t received;       /* segments of theirs */
    uint32_t ato_ticks;
    uint32_t delack_order;   /* of the timer that counts */
    uint32_t first, last;    /* queue of messages, 0: empty */
    bool pingpong, delack_pending;
};

struct bgp_piece { /* a message in a socket buffer or in a segment */
    uint32_t path, next;
    uint8_t prefix, kind;
};

struct bgp_segment {
    uint32_t first; /* of its messages */
    uint32_t ack, epoch, next;
};

struct bgp_node {
    uint32_t first;           /* sockets with data: edges, through bgp_edge_io.next */
    uint64_t last_born;       /* session read last in an unfinished pass over the sockets */
    uint32_t group_order[2];  /* of the group timers that count */
    int64_t group_due_ns[2];  /* HB_NEVER_NS: none */
    bool busy;      /* a ROUND is due, or runs */
    bool in_round;  /* it will end with a flush */
    bool flush_due; /* a FLUSH is in the queue */
};

struct bgp_edge_io { /* of small networks in full detail */
    struct bgp_tcp tcp;
    uint64_t born;  /* counts sessions: the order of their establishment */
    uint32_t turn;  /* of the node's first + i: the edge of its i-th oldest session */
    uint32_t next, in_first, in_last; /* messages read by nobody yet */
    bool queued;
};

struct sim_bgp {
    struct sim_bgp_options options;
    const struct data_topology *topology;
    struct sim_bgp_profile *profiles;
    struct sim_queue *queue;
    struct sim_queue_touch touches[256];
    struct sim_bgp_paths paths;
    struct bgp_attributes *attributes;
    uint32_t attribute_count, node_count, edge_count, prefix_count;
    uint32_t local_pref[DATA_RELATION_COUNT];
    bool has_internal; /* some AS has iBGP */
    bool rich; /* MED, internal links or prefer_oldest: decisions need the long way */
    int64_t now_ns, stamp_ns;

    struct bgp_in *in;   /* [prefix][edge] */
    uint32_t *queued;    /* [prefix][edge] what the neighbour is to hear */
    uint32_t *told;      /* [prefix][edge] what it has heard */
    uint8_t *waiting;    /* [prefix][edge] queued is not yet sent */
    struct bgp_best *best; /* [prefix][node] */
    int64_t *mrai_ns;    /* [edge] nothing is sent before */
    uint8_t *edge_flags; /* [edge] */
    uint16_t *epoch;     /* [edge] sessions so far; both ends alike */

    struct bgp_edge_io *io;  /* [edge], only with rounds or Nagle */
    struct bgp_node *nodes;  /* [node], the same */
    struct bgp_piece *pieces;
    struct bgp_segment *segments;
    uint32_t piece_count, piece_free, segment_count, segment_free, pool_capacity;
    int64_t processor_ns[8];  /* until then each is busy */
    int64_t tick_phase_ns, second_phase_ns;

    double *penalty;          /* [prefix][edge] damping, or NULL */
    int64_t *penalty_ns;      /* [prefix][edge] instant of that penalty */
    uint8_t *suppressed;      /* [prefix][edge] */
    double *mrai_s, *extra_s; /* [node] where ASes differ, or NULL */
    uint8_t *holds;           /* [node] withdrawals wait for the MRAI too, or NULL */
    uint8_t *busy;            /* [node] other prefixes keep all its timers running */
    uint32_t *permit_first;   /* [node + 1] into permit_order, or NULL */
    const struct sim_bgp_permit **permit_order;

    uint64_t sessions;        /* counter of those established */
    uint32_t order;           /* counter for events that need a fresh one */
    struct sim_stream stream;
    struct sim_bgp_counts counts;
    enum hb_status status;
    char failure[256];
};

static inline const struct sim_bgp_profile *bgp_profile(const struct sim_bgp *bgp, uint32_t node)
{
    const uint8_t *of = bgp->options.profile_of;
    return &bgp->profiles[of == NULL ? 0 : of[node]];
}

static inline bool bgp_holds_withdrawals(const struct sim_bgp *bgp, uint32_t node)
{
    return bgp_profile(bgp, node)->mrai_holds_withdrawals
        && (bgp->holds == NULL || bgp->holds[node] != 0);
}

static inline uint32_t bgp_as(const struct sim_bgp *bgp, uint32_t node)
{
    return bgp->options.as_of == NULL ? node : bgp->options.as_of[node];
}

static inline size_t bgp_at(const struct sim_bgp *bgp, uint32_t prefix, uint32_t edge)
{
    return (size_t)prefix * bgp->edge_count + edge;
}

static inline struct bgp_best *bgp_best_of(
    const struct sim_bgp *bgp, uint32_t prefix, uint32_t node)
{
    return &bgp->best[(size_t)prefix * bgp->node_count + node];
}

/* bgp.c: schedules; the first failure ends the run. */
void sim_bgp_push(struct sim_bgp *bgp, const struct sim_event *event);
/* Hands an UPDATE to options.sent, with the attributes of its path. */
void sim_bgp_tell_sent(struct sim_bgp *bgp, const struct sim_bgp_message *message);
void sim_bgp_fault(struct sim_bgp *bgp, enum hb_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
uint32_t sim_bgp_attributes_of(struct sim_bgp *bgp, const struct bgp_attributes *attributes);

void sim_bgp_mark_paths(void *ctx); /* for the sweep of paths */

/* bgp_check.c: the invariants of a best route. */
void sim_bgp_check_path(struct sim_bgp *bgp, uint32_t node, uint32_t prefix);

/* bgp_rib.c: what comes in and which route is used. */
void sim_bgp_rib_learn(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix, uint32_t path);
void sim_bgp_rib_drop(struct sim_bgp *bgp, uint32_t edge);
void sim_bgp_rib_decide(struct sim_bgp *bgp, uint32_t node, uint32_t prefix);
void sim_bgp_rib_rekey(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix);
void sim_bgp_rib_seed(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix, uint32_t path);
/* Whether another route of the same neighbouring AS has a lower MED. */
bool sim_bgp_rib_is_beaten(
    const struct sim_bgp *bgp, uint32_t prefix, uint32_t node, uint32_t edge);
void sim_bgp_rib_soon(struct sim_bgp *bgp, uint32_t node, uint32_t prefix);

/* bgp_export.c: what goes out, and when. */
void sim_bgp_export_all(struct sim_bgp *bgp, uint32_t node, uint32_t prefix);
void sim_bgp_export_dump(struct sim_bgp *bgp, uint32_t edge, uint32_t answers);
void sim_bgp_export_seed(struct sim_bgp *bgp, uint32_t node, uint32_t prefix);
void sim_bgp_export_flush(struct sim_bgp *bgp, uint32_t node);
void sim_bgp_export_mrai(struct sim_bgp *bgp, uint32_t edge);
void sim_bgp_export_group(struct sim_bgp *bgp, uint32_t node, uint32_t group);

/* bgp_session.c: sessions and links. */
void sim_bgp_session_event(struct sim_bgp *bgp, const struct sim_event *event);

/* bgp_tcp.c: small segments; drop frees a message that has been read. */
void sim_bgp_tcp_drop(struct sim_bgp *bgp, uint32_t id);
void sim_bgp_tcp_write(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix, uint32_t path);
void sim_bgp_tcp_open(struct sim_bgp *bgp, uint32_t edge);
void sim_bgp_tcp_event(struct sim_bgp *bgp, const struct sim_event *event);

int64_t sim_bgp_tcp_tick(const struct sim_bgp *bgp, int64_t at_ns);

/* bgp_keepalive.c: init, start: phases at the start and of a session that owner's end
 * has just established; note: what came in by edge since it was last looked at. */
bool sim_bgp_keepalive_init(struct sim_bgp *bgp);
void sim_bgp_keepalive_start(struct sim_bgp *bgp, uint32_t edge);
void sim_bgp_keepalive_note(struct sim_bgp *bgp, uint32_t edge);

/* bgp_round.c: the rounds of a daemon that reads them; messages from first on
 * have come in by an edge. */
void sim_bgp_round_deliver(struct sim_bgp *bgp, uint32_t edge, uint32_t first);
void sim_bgp_round_wake(struct sim_bgp *bgp, uint32_t node);
void sim_bgp_round_run(struct sim_bgp *bgp, uint32_t node);

/* bgp_turn.c: the order in which a daemon serves its neighbours. */
void sim_bgp_turn_init(struct sim_bgp *bgp);
void sim_bgp_turn_last(struct sim_bgp *bgp, uint32_t edge);

/* bgp_damp.c: flap damping. */
void sim_bgp_damp_flap(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix, bool is_withdrawal);
void sim_bgp_damp_reuse(struct sim_bgp *bgp, uint32_t edge, uint32_t prefix);

#endif
