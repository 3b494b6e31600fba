//! The links that are usable now, the slots they stand in, and why others are not there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use super::error::LinkError;
use super::identity::{Lane, PerLane};
use super::session::Session;
use super::slot::Slot;

/// All links of this node.
pub(super) struct Table {
    links: RwLock<BTreeMap<u64, PerLane<Option<Arc<Session>>>>>,
    slots: Mutex<HashMap<(u64, Lane), Arc<Slot>>>,
    refusals: Mutex<BTreeMap<u64, String>>,
    /// Who was ever linked.
    known: Mutex<BTreeSet<(u64, Lane)>>,
    changed: Notify,
    budget_bytes: usize,
}

/// Whether a peer was linked on this lane before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    New,
    Linked,
}

/// The numbers of a peer's two links.
pub(super) type Pair = (u64, u64);

impl Table {
    pub(super) fn new(budget_bytes: usize) -> Self {
        Self {
            links: RwLock::default(),
            slots: Mutex::default(),
            refusals: Mutex::default(),
            known: Mutex::default(),
            changed: Notify::new(),
            budget_bytes,
        }
    }

    /// The usable link, or why there is none.
    pub(super) fn session(&self, node: u64, lane: Lane) -> Result<Arc<Session>, LinkError> {
        let links = self.links.read();
        match links.get(&node).and_then(|pair| pair.get(lane).as_ref()) {
            Some(session) => Ok(Arc::clone(session)),
            None => Err(match self.refusals.lock().get(&node) {
                Some(why) => LinkError::Refused { why: why.clone() },
                None => LinkError::NotLinked { node },
            }),
        }
    }

    /// A link became usable.
    pub(super) fn add(&self, session: &Arc<Session>) -> Before {
        let (node, lane) = (session.node(), session.lane());
        self.refusals.lock().remove(&node);
        *self.links.write().entry(node).or_default().get_mut(lane) = Some(Arc::clone(session));
        self.changed.notify_one();
        if self.known.lock().insert((node, lane)) { Before::New } else { Before::Linked }
    }

    /// A link is not usable any more, unless a newer one has its place already.
    pub(super) fn remove(&self, session: &Session) {
        let mut links = self.links.write();
        let Some(pair) = links.get_mut(&session.node()) else { return };
        let place = pair.get_mut(session.lane());
        if place.as_ref().is_some_and(|there| there.number() == session.number()) {
            *place = None;
        }
        if pair.raft.is_none() && pair.bulk.is_none() {
            links.remove(&session.node());
        }
        drop(links);
        self.changed.notify_one();
    }

    /// Dialling a peer failed: it refused this node, or there was nobody to refuse.
    pub(super) fn refused(&self, node: u64, why: Option<String>) {
        let mut refusals = self.refusals.lock();
        match why {
            Some(why) => refusals.insert(node, why),
            None => refusals.remove(&node),
        };
    }

    /// The place of a peer on a lane.
    pub(super) fn slot(&self, node: u64, lane: Lane) -> Arc<Slot> {
        let slot = || Arc::new(Slot::new(self.budget_bytes));
        Arc::clone(self.slots.lock().entry((node, lane)).or_insert_with(slot))
    }

    /// Ends the links of a node that is no peer any more, or another than it was.
    pub(super) fn drop_peer(&self, node: u64) {
        self.refusals.lock().remove(&node);
        for lane in Lane::ALL {
            self.slot(node, lane).vacate();
        }
    }

    /// Nodes with both lanes usable, and by which links.
    pub(super) fn pairs(&self) -> BTreeMap<u64, Pair> {
        let links = self.links.read();
        let both = |pair: &PerLane<Option<Arc<Session>>>| {
            Some((pair.raft.as_ref()?.number(), pair.bulk.as_ref()?.number()))
        };
        links.iter().filter_map(|(node, pair)| Some((*node, both(pair)?))).collect()
    }

    /// Nodes with both lanes usable.
    pub(super) fn linked(&self) -> BTreeSet<u64> {
        self.pairs().into_keys().collect()
    }

    /// Returns when [`pairs`](Self::pairs) may have changed since it returned last.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}
