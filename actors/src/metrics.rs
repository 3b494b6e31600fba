//! Counters of the actors. The layer that serves metrics asks for a snapshot when somebody asks it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::hot::{Board, BoardSummary};
use crate::hub::Hubs;
use crate::presence::Roster;
use crate::room::Budget;

/// A snapshot: counted since the node was started, but for what says "now".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ActorMetrics {
    /// Rooms with an owner in memory now.
    pub rooms_active: usize,
    /// What their newest events take in memory now.
    pub tail_bytes: usize,
    /// How many rooms are hot now, and how hot.
    pub heat: BoardSummary,
    /// How many rooms are at each step of the ladder of shedding now, the first step first.
    pub shed: [usize; 6],
    /// How often a room was taken a step up or down.
    pub shed_changes: u64,
    /// Joins that had to wait for their turn.
    pub joins_put_off: u64,
    /// Pages of history that were read from the log; readers of one page at the same time share one.
    pub page_reads: u64,
    /// Connections of signed-in sessions now.
    pub sessions: usize,
    /// Users with such a connection now.
    pub users_online: usize,
    /// Bytes of frames on their way to sessions now, counted once for each hub.
    pub fan_out_bytes: usize,
    /// How often a shard's feed was too fast for an audience and skipped.
    pub feed_skips: u64,
    /// Pages of the log that were read to fill holes in what sessions hear.
    pub heal_reads: u64,
    /// Actors that failed and were replaced.
    pub restarts: u64,
}

/// Reads the counters, also after the actors were stopped. Clones read the same.
#[derive(Clone)]
pub struct ActorMeter {
    pub(crate) counters: Arc<Counters>,
    pub(crate) budget: Budget,
    pub(crate) board: Board,
    pub(crate) roster: Roster,
    pub(crate) hubs: Hubs,
}

impl ActorMeter {
    /// What they say now.
    pub fn read(&self) -> ActorMetrics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ActorMetrics {
            rooms_active: self.counters.rooms_active.load(Ordering::Relaxed),
            tail_bytes: self.budget.used_bytes(),
            heat: self.board.summary(),
            shed: self.hubs.levels().summary(),
            shed_changes: read(&self.counters.shed_changes),
            joins_put_off: read(&self.counters.joins_put_off),
            page_reads: read(&self.counters.page_reads),
            sessions: self.roster.connections(),
            users_online: self.roster.users(),
            fan_out_bytes: self.hubs.all().iter().map(crate::hub::HubRef::backlog_bytes).sum(),
            feed_skips: read(&self.counters.feed_skips),
            heal_reads: read(&self.counters.heal_reads),
            restarts: read(&self.counters.restarts),
        }
    }
}

/// What the actors of one node count.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    rooms_active: AtomicUsize,
    feed_skips: AtomicU64,
    heal_reads: AtomicU64,
    restarts: AtomicU64,
    shed_changes: AtomicU64,
    joins_put_off: AtomicU64,
    page_reads: AtomicU64,
}

impl Counters {
    pub(crate) fn shed_changed(&self) {
        self.shed_changes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn join_put_off(&self) {
        self.joins_put_off.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn page_read(&self) {
        self.page_reads.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn feed_skipped(&self) {
        self.feed_skips.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn heal_read(&self) {
        self.heal_reads.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn restarted(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }
}

/// One active room. Counts it out when it is dropped, however its owner ended.
#[derive(Debug)]
pub(crate) struct ActiveRoom(Arc<Counters>);

impl ActiveRoom {
    pub(crate) fn new(counters: &Arc<Counters>) -> Self {
        counters.rooms_active.fetch_add(1, Ordering::Relaxed);
        Self(counters.clone())
    }
}

impl Drop for ActiveRoom {
    fn drop(&mut self) {
        self.0.rooms_active.fetch_sub(1, Ordering::Relaxed);
    }
}
