//! What the parts of a node measure: one table for each crate. Names stay what they are, since somebody's
//! dashboards know them. No labels for rooms and users: there are too many.

use std::sync::{Arc, OnceLock, Weak};

use madang_actors::service::{SeenMetrics, Service};
use madang_actors::{ActorMeter, ActorMetrics};
use madang_cluster::link::LinkMeters;
use madang_cluster::{Cluster, ClusterMetrics};
use madang_storage::{LogMetrics, LogStore, SyncTimes};
use prometheus_client::registry::{Registry, Unit};

use super::collector::{Read, Row, Spread, Table};
use crate::edge::{EdgeHandle, Tls, TlsMeters};

/// The parts that measure.
pub struct Measured {
    /// The raft log.
    pub log: LogStore,
    /// Consensus.
    pub cluster: Cluster,
    /// The actors.
    pub actors: ActorMeter,
    /// The edge, as soon as it has started. Weak, since the edge keeps the page that shows this.
    pub edge: Arc<OnceLock<Weak<EdgeHandle>>>,
    /// TLS with clients, where it is spoken.
    pub tls: Option<Arc<Tls>>,
    /// The operations.
    pub service: Service,
}

impl Measured {
    /// Adds all tables.
    pub fn register(self, registry: &mut Registry) {
        let Self { log, cluster, actors, edge, tls, service } = self;
        registry.register_collector(Table::new(LOG, move || log.metrics()));
        let links = cluster.clone();
        registry.register_collector(Table::new(CLUSTER, move || cluster.metrics()));
        registry.register_collector(Table::new(LINKS, move || links.link_meters()));
        registry.register_collector(Table::new(ACTORS, move || actors.read()));
        let door =
            move || edge.get().and_then(Weak::upgrade).map_or_else(Door::default, |edge| Door::of(&edge));
        registry.register_collector(Table::new(EDGE, door));
        registry.register_collector(Table::new(SEEN, move || service.seen_metrics()));
        if let Some(tls) = tls {
            registry.register_collector(Table::new(TLS, move || tls.meters()));
        }
    }
}

const LOG: &[Row<LogMetrics>] = &[
    counter("log_batches", "Batches written to the raft log", |log| log.batches),
    counter("log_operations", "Appends, votes, truncations and purges in these batches", |log| {
        log.operations
    }),
    counter("log_entries", "Entries appended to the raft log", |log| log.entries),
    bytes("log_written", "Bytes written to the raft log", Read::Counter(|log| log.bytes)),
    Row {
        name: "log_sync_duration",
        unit: Some(Unit::Seconds),
        help: "How long the disk took to make a batch durable",
        read: Read::Histogram(|log| spread(&log.sync_times)),
    },
    counter("log_overloads", "Appends refused since too much waited for the disk", |log| log.overloads),
    gauge("log_queue_operations", "Operations that wait for the disk", |log| number(log.queue_items)),
    bytes("log_queue", "Bytes that wait for the disk", Read::Gauge(|log| number(log.queue_bytes))),
    bytes("log_tail", "Bytes of log entries kept in memory", Read::Gauge(|log| number(log.tail_bytes))),
];

const CLUSTER: &[Row<ClusterMetrics>] = &[
    counter("commands", "Commands taken into a shard's queue", |cluster| cluster.commands),
    counter("command_overloads", "Commands not taken since the shard's queue was full", |cluster| {
        cluster.overloads
    }),
    counter("command_refusals", "Commands that were refused by the rules", |cluster| cluster.refusals),
    counter("command_failures", "Commands without an answer: no leader, stopping, failed disk", |cluster| {
        cluster.failures
    }),
    counter("raft_proposed_entries", "Raft entries proposed, each with many commands", |cluster| {
        cluster.entries
    }),
    counter("feed_asks", "Requests to other nodes for feeds of shards that are not held here", |cluster| {
        cluster.feed_asks
    }),
    counter("raft_applied_entries", "Raft entries applied since the cluster was formed", |cluster| {
        cluster.applied_entries
    }),
    gauge("raft_unapplied_entries", "Raft entries in the logs that are not applied yet", |cluster| {
        cluster.unapplied_entries
    }),
    gauge("raft_groups", "Raft groups on this node", |cluster| number(cluster.groups)),
    gauge("raft_groups_led", "Raft groups that this node leads", |cluster| number(cluster.groups_led)),
];

const LINKS: &[Row<LinkMeters>] = &[
    bytes(
        "link_raft_sent",
        "Bytes sent to other nodes to agree",
        Read::Counter(|links| links.raft.sent_bytes),
    ),
    bytes("link_bulk_sent", "Other bytes sent to nodes", Read::Counter(|links| links.bulk.sent_bytes)),
    counter("link_raft_messages", "Messages sent to other nodes to agree", |links| links.raft.sent_envelopes),
    counter("link_bulk_messages", "Other messages sent to nodes", |links| links.bulk.sent_envelopes),
    counter("link_reconnects", "Links made again to nodes that were linked before", |links| {
        links.raft.reconnects + links.bulk.reconnects
    }),
    counter("link_overloads", "Messages not taken since too much waited for a node", |links| {
        links.raft.overloads + links.bulk.overloads
    }),
    counter("link_refusals", "Nodes and programs that were refused with a sentence", |links| {
        links.refused_handshakes
    }),
    counter("link_strangers", "Connections closed since they did not introduce themselves", |links| {
        links.broken_handshakes + links.refused_connections
    }),
];

const ACTORS: &[Row<ActorMetrics>] = &[
    gauge("sessions", "Connections of signed-in sessions", |actors| number(actors.sessions)),
    gauge("users_online", "Users who are connected to this node", |actors| number(actors.users_online)),
    gauge("rooms_active", "Rooms with an owner in memory", |actors| number(actors.rooms_active)),
    gauge("rooms_hot", "Rooms of which more is asked than META says they should bear", |actors| {
        number(actors.heat.hot)
    }),
    gauge("room_sends_per_second_max", "Messages a second of the room with the most", |actors| {
        u64::from(actors.heat.most.sends_per_s)
    }),
    gauge("room_fetches_per_second_max", "Pages of history a second of the room with the most", |actors| {
        u64::from(actors.heat.most.fetches_per_s)
    }),
    gauge(
        "room_joins_per_second_max",
        "People a second who want to enter the room with the most",
        |actors| u64::from(actors.heat.most.joins_per_s),
    ),
    gauge("rooms_shed_typing", "Rooms that are told less, at the step of typing", |actors| {
        number(actors.shed[0])
    }),
    gauge("rooms_shed_presence", "Rooms at the step of presence", |actors| number(actors.shed[1])),
    gauge("rooms_shed_receipts", "Rooms at the step of receipts", |actors| number(actors.shed[2])),
    gauge("rooms_shed_reactions", "Rooms at the step of reactions", |actors| number(actors.shed[3])),
    gauge("rooms_shed_coalesced", "Rooms at the step of gathered frames", |actors| number(actors.shed[4])),
    gauge("rooms_shed_heads", "Rooms at the step of heads alone", |actors| number(actors.shed[5])),
    counter(
        "room_shed_steps",
        "Steps of the ladder of shedding that rooms were taken up or down",
        |actors| actors.shed_changes,
    ),
    counter("room_joins_put_off", "People who were told to enter a room a little later", |actors| {
        actors.joins_put_off
    }),
    counter(
        "room_page_reads",
        "Pages of history read from the log, each for all who wanted it then",
        |actors| actors.page_reads,
    ),
    bytes(
        "room_tails",
        "Newest events of active rooms kept in memory",
        Read::Gauge(|actors| number(actors.tail_bytes)),
    ),
    bytes(
        "fan_out_waiting",
        "Frames on their way to sessions, counted once for each worker",
        Read::Gauge(|actors| number(actors.fan_out_bytes)),
    ),
    counter("feed_skips", "How often a feed was too fast and healed from the log", |actors| {
        actors.feed_skips
    }),
    counter("feed_heal_reads", "Pages of the log read to fill holes in what sessions hear", |actors| {
        actors.heal_reads
    }),
    counter("actor_restarts", "Actors that failed and were replaced", |actors| actors.restarts),
];

/// Who is at the edge's door.
#[derive(Debug, Clone, Copy, Default)]
struct Door {
    connections: u64,
    waiting: u64,
    put_off: u64,
}

impl Door {
    fn of(edge: &EdgeHandle) -> Self {
        let (waiting, put_off) = edge.put_off();
        Self { connections: number(edge.connections()), waiting: number(waiting), put_off }
    }
}

const EDGE: &[Row<Door>] = &[
    gauge("connections", "Open WebSocket connections, and those that wait to be", |door| door.connections),
    gauge("handshakes_waiting", "WebSocket handshakes that wait for their turn", |door| door.waiting),
    counter(
        "handshakes_put_off",
        "WebSocket handshakes refused, to come again at a time of their own",
        |door| door.put_off,
    ),
];

const SEEN: &[Row<SeenMetrics>] = &[
    gauge("devices_seen_waiting", "Devices of which it will be written down when they were seen", |seen| {
        number(seen.waiting)
    }),
    counter("devices_seen", "Devices of which it was written down when they were seen", |seen| seen.written),
    counter("devices_seen_dropped", "Devices of which it was not, since too many waited", |seen| {
        seen.dropped
    }),
];

const TLS: &[Row<TlsMeters>] = &[
    counter("tls_handshakes", "TLS handshakes with clients that led to a connection", |tls| tls.handshakes),
    counter("tls_resumptions", "Of these, those that went on with an earlier session", |tls| tls.resumed),
    counter("tls_failures", "Connections of clients that ended before their TLS handshake", |tls| {
        tls.failures
    }),
    Row {
        name: "tls_certificate_end_timestamp",
        unit: Some(Unit::Seconds),
        help: "When the certificate that clients are shown expires, since 1970",
        read: Read::Gauge(|tls| tls.not_after),
    },
];

const fn counter<S>(name: &'static str, help: &'static str, read: fn(&S) -> u64) -> Row<S> {
    Row { name, unit: None, help, read: Read::Counter(read) }
}

const fn gauge<S>(name: &'static str, help: &'static str, read: fn(&S) -> u64) -> Row<S> {
    Row { name, unit: None, help, read: Read::Gauge(read) }
}

const fn bytes<S>(name: &'static str, help: &'static str, read: Read<S>) -> Row<S> {
    Row { name, unit: Some(Unit::Bytes), help, read }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn spread(times: &SyncTimes) -> Spread {
    let bounds = SyncTimes::bounds_seconds().iter().copied().chain([f64::INFINITY]);
    Spread { sum: times.sum_seconds, buckets: bounds.zip(times.counts).collect() }
}
