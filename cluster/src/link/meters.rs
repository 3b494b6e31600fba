//! Counters of the links. The layer that serves metrics asks for a snapshot when somebody asks it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::identity::{Lane, PerLane};

/// A snapshot: counted since this node listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinkMeters {
    /// The raft lane.
    pub raft: LaneMeters,
    /// The bulk lane.
    pub bulk: LaneMeters,
    /// Connections that this node refused with a sentence: wrong secret, other cluster, unknown node …
    pub refused_handshakes: u64,
    /// Connections that were closed since they said nothing in time, or what makes no sense.
    pub broken_handshakes: u64,
    /// Connections that were closed at once since too many were being introduced.
    pub refused_connections: u64,
    /// Questions answered.
    pub asks: u64,
}

/// One lane, over all peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneMeters {
    /// Bytes written to links.
    pub sent_bytes: u64,
    /// Bytes read from links.
    pub received_bytes: u64,
    /// Requests, answers and messages sent.
    pub sent_envelopes: u64,
    /// Requests, answers and messages received.
    pub received_envelopes: u64,
    /// Links made.
    pub links: u64,
    /// Links made to a peer that was linked before.
    pub reconnects: u64,
    /// Requests, messages and answers not taken since too much waited, here or there.
    pub overloads: u64,
}

/// One number that only grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, more: usize) {
        // Nothing else depends on it.
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What is counted for each lane.
#[derive(Debug, Default)]
pub(super) struct LaneCounters {
    pub(super) sent_bytes: Counter,
    pub(super) received_bytes: Counter,
    pub(super) sent_envelopes: Counter,
    pub(super) received_envelopes: Counter,
    pub(super) links: Counter,
    pub(super) reconnects: Counter,
    pub(super) overloads: Counter,
}

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) lanes: PerLane<std::sync::Arc<LaneCounters>>,
    pub(super) refused_handshakes: Counter,
    pub(super) broken_handshakes: Counter,
    pub(super) refused_connections: Counter,
    pub(super) asks: Counter,
}

impl Counters {
    pub(super) fn snapshot(&self) -> LinkMeters {
        let lane = |lane: Lane| {
            let counters = self.lanes.get(lane);
            LaneMeters {
                sent_bytes: counters.sent_bytes.get(),
                received_bytes: counters.received_bytes.get(),
                sent_envelopes: counters.sent_envelopes.get(),
                received_envelopes: counters.received_envelopes.get(),
                links: counters.links.get(),
                reconnects: counters.reconnects.get(),
                overloads: counters.overloads.get(),
            }
        };
        LinkMeters {
            raft: lane(Lane::Raft),
            bulk: lane(Lane::Bulk),
            refused_handshakes: self.refused_handshakes.get(),
            broken_handshakes: self.broken_handshakes.get(),
            refused_connections: self.refused_connections.get(),
            asks: self.asks.get(),
        }
    }
}
