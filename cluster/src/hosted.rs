//! One raft group as this node sees it: its replica, if there is one here, who leads it, and its feed,
//! which lives on while replicas come and go.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use madang_storage::id::ShardId;
use madang_storage::{GroupId, LogStore, StateStore};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, broadcast, oneshot, watch};

use crate::batcher::Batcher;
use crate::error::ClusterError;
use crate::event::FeedBatch;
use crate::fresh::Barrier;
use crate::metrics::Counters;
use crate::options::ClusterOptions;
use crate::outbox::Delivered;
use crate::raft::{Group, GroupParts, GroupState, PeerTransport};
use crate::replica::ReplicaId;
use crate::service::Leader;

/// What every group on this node stands on.
pub(crate) struct Ground {
    pub(crate) log: LogStore,
    pub(crate) state: StateStore,
    pub(crate) transport: Arc<dyn PeerTransport>,
    pub(crate) options: ClusterOptions,
    pub(crate) counters: Arc<Counters>,
}

/// A replica on this node.
#[derive(Clone)]
pub(crate) struct Replica {
    pub(crate) group: Group,
    pub(crate) batcher: Batcher,
}

/// One group as this node sees it.
pub(crate) struct Hosted {
    id: GroupId,
    replica: RwLock<Option<Replica>>,
    feed: broadcast::Sender<FeedBatch>,
    leader: Arc<Led>,
    /// Through which outbox id everything has reached its target; told by the leader's outbox.
    pub(crate) delivered: Delivered,
    /// Through which outbox id there is nothing in the outbox any more; told by the leader's outbox. Stays true
    /// whoever leads: ids only grow.
    pub(crate) emptied: AtomicU64,
    /// Who waits to read what is current.
    pub(crate) barrier: Arc<Barrier>,
}

impl Hosted {
    /// No replica yet. `changed` is told whenever another leads.
    pub(crate) fn new(id: GroupId, options: &ClusterOptions, changed: Arc<Notify>) -> Self {
        Self {
            id,
            replica: RwLock::default(),
            feed: broadcast::Sender::new(options.raft.feed_batches_max),
            leader: Arc::new(Led {
                known: Mutex::default(),
                now: watch::Sender::new(Leader::Unknown),
                changed,
            }),
            delivered: watch::Sender::new(0),
            emptied: AtomicU64::new(0),
            barrier: Arc::default(),
        }
    }

    pub(crate) fn id(&self) -> GroupId {
        self.id
    }

    /// The shard; `None`: this is META.
    pub(crate) fn shard(&self) -> Option<ShardId> {
        self.id.0.checked_sub(1).map(ShardId)
    }

    /// The replica here, if there is one.
    pub(crate) fn replica(&self) -> Option<Replica> {
        self.replica.read().clone()
    }

    /// The replica here. Errors: `Unavailable`.
    pub(crate) fn here(&self) -> Result<Replica, ClusterError> {
        let missing =
            || ClusterError::Unavailable { why: "this node holds no replica of the shard".to_owned() };
        self.replica().ok_or_else(missing)
    }

    pub(crate) fn feed(&self) -> broadcast::Receiver<FeedBatch> {
        self.feed.subscribe()
    }

    /// Where the feed of a node that holds no replica comes in.
    pub(crate) fn feed_in(&self) -> &broadcast::Sender<FeedBatch> {
        &self.feed
    }

    /// Who leads, now and from now on.
    pub(crate) fn leader(&self) -> watch::Receiver<Leader> {
        self.leader.now.subscribe()
    }

    pub(crate) fn leader_now(&self) -> Leader {
        *self.leader.now.borrow()
    }

    /// Other nodes say who leads. Believed as long as no replica here knows better.
    pub(crate) fn hear_leader(&self, leader: Leader) {
        self.leader.set(|known| known.told = leader);
    }

    /// Who leads as far as others have told.
    pub(crate) fn told_leader(&self) -> Leader {
        self.leader.known.lock().told
    }

    /// Starts the replica `id` here. Does nothing if it runs; another one that runs was given up meanwhile.
    pub(crate) async fn open(&self, ground: &Ground, id: ReplicaId) -> Result<Replica, ClusterError> {
        match self.replica() {
            Some(replica) if replica.group.replica() == id => return Ok(replica),
            Some(_) => self.remove(ground).await?,
            None => {}
        }
        self.forget_leftovers(ground).await?;
        let group = Group::open(GroupParts {
            group: self.id,
            replica: id,
            log: ground.log.clone(),
            state: ground.state.clone(),
            transport: Arc::clone(&ground.transport),
            feed: self.feed.clone(),
            options: ground.options.raft.clone(),
            breach: ground.options.breach,
        })
        .await?;
        let batcher = Batcher::start(group.clone(), &ground.options, Arc::clone(&ground.counters));
        let replica = Replica { group, batcher };
        *self.replica.write() = Some(replica.clone());
        let leader = Arc::clone(&self.leader);
        tokio::spawn(replica.group.clone().follow_leader(move |now| leader.set(|known| known.own = now)));
        Ok(replica)
    }

    /// Ends the replica here and removes its rows and its log.
    pub(crate) async fn remove(&self, ground: &Ground) -> Result<(), ClusterError> {
        let Some(replica) = self.replica.write().take() else { return Ok(()) };
        self.leader.set(|known| known.own = Leader::Unknown);
        replica.group.shutdown().await?;
        let state = Arc::clone(replica.group.state());
        let removed = tokio::task::spawn_blocking(move || state.remove_all()).await;
        removed.map_err(|error| ClusterError::Unavailable { why: error.to_string() })??;
        // Last, so that rows are never without the log that made them.
        self.forget_log(ground).await
    }

    /// What a removal that was cut short left behind: a log whose rows are gone.
    async fn forget_leftovers(&self, ground: &Ground) -> Result<(), ClusterError> {
        let state = GroupState::open(ground.state.clone(), self.id)?;
        if state.applied()?.is_some() || ground.log.bounds(self.id)?.purged.is_none() {
            return Ok(());
        }
        self.forget_log(ground).await
    }

    async fn forget_log(&self, ground: &Ground) -> Result<(), ClusterError> {
        let (done, forgotten) = oneshot::channel();
        ground.log.forget(self.id, Box::new(move |result| drop(done.send(result))))?;
        Ok(forgotten.await.map_err(|_| madang_storage::StorageError::Closed)??)
    }
}

/// Who leads, for those who follow it.
struct Led {
    known: Mutex<Known>,
    now: watch::Sender<Leader>,
    changed: Arc<Notify>,
}

/// From where it is known who leads.
struct Known {
    /// The replica here.
    own: Leader,
    /// Other nodes: each tells what it leads itself.
    told: Leader,
}

impl Default for Known {
    fn default() -> Self {
        Self { own: Leader::Unknown, told: Leader::Unknown }
    }
}

impl Led {
    fn set(&self, change: impl FnOnce(&mut Known)) {
        let mut known = self.known.lock();
        change(&mut known);
        // A replica that was just made, or that was cut off, has heard of no leader yet.
        let now = if known.own == Leader::Unknown { known.told } else { known.own };
        if self.now.send_if_modified(|before| std::mem::replace(before, now) != now) {
            self.changed.notify_one();
        }
    }
}
