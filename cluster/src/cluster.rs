//! The handle to everything replicated on this node: META and the shards, their queues, feeds and local
//! replicas. What is above asks here and hears here; it never sees raft.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use madang_storage::id::{RoomId, ShardId, UserId};
use madang_storage::{GroupId, LogStore, StateStore};
use tokio::sync::{broadcast, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::batcher::{Answer, Batcher};
use crate::checkpoint;
use crate::command::{Command, MetaOp, NewNode, Op, Outcome};
use crate::error::ClusterError;
use crate::event::FeedBatch;
use crate::identity::{Beginning, Identity};
use crate::machine::meta::{META_KEY, MetaRow};
use crate::metrics::{ClusterMetrics, Counters};
use crate::options::ClusterOptions;
use crate::outbox::{self, Delivered};
use crate::placement::SlotMap;
use crate::raft::{Group, GroupParts, PeerTransport, RaftCall};
use crate::reader::Reader;

/// How long [`Cluster::settle`] waits at most: the effects are safe in the outbox anyway.
const SETTLE_WITHIN: Duration = Duration::from_secs(2);

/// This node's part of the cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

/// One shard as this node runs it.
struct Shard {
    group: Group,
    batcher: Batcher,
    delivered: Delivered,
}

/// What all clones share.
pub(crate) struct Inner {
    identity: Identity,
    beginning: Beginning,
    options: ClusterOptions,
    slots: SlotMap,
    log: LogStore,
    state: StateStore,
    meta: Group,
    shards: Vec<Shard>,
    counters: Arc<Counters>,
    stop: CancellationToken,
}

impl Cluster {
    /// Opens what this data directory holds, or forms a cluster of one node, and waits until every shard
    /// leads and has replayed its log. Must be called inside a tokio runtime, which then runs consensus.
    pub async fn start(
        options: ClusterOptions,
        log: LogStore,
        state: StateStore,
        transport: Arc<dyn PeerTransport>,
    ) -> Result<Self, ClusterError> {
        let (identity, beginning) = match Identity::load(&log)? {
            Some(identity) => (identity, Beginning::Resumed),
            None => (new_identity(&options, &log).await?, Beginning::Formed),
        };
        let limit = Duration::from_millis(options.start_timeout_ms);
        let open = |group: GroupId| {
            Group::open(GroupParts {
                group,
                node: identity.node,
                log: log.clone(),
                state: state.clone(),
                transport: Arc::clone(&transport),
                options: options.raft.clone(),
            })
        };
        let meta = open(GroupId::META).await?;
        meta.lead_alone(identity.node).await?;
        meta.wait_ready(limit).await?;
        form_meta(&meta, &identity).await?;
        let counters = Arc::new(Counters::default());
        let mut shards = Vec::new();
        for number in 0..identity.shards {
            let group = open(GroupId(number + 1)).await?;
            // All shards elect and replay side by side; they are waited for below.
            group.lead_alone(identity.node).await?;
            let batcher = Batcher::start(group.clone(), &options, Arc::clone(&counters));
            shards.push(Shard { group, batcher, delivered: watch::Sender::new(0) });
        }
        for shard in &shards {
            shard.group.wait_ready(limit).await?;
        }
        let slots = SlotMap::new(identity.shards);
        let stop = CancellationToken::new();
        let inner =
            Arc::new(Inner { identity, beginning, options, slots, log, state, meta, shards, counters, stop });
        for shard in slots.all() {
            tokio::spawn(outbox::run(Arc::downgrade(&inner), shard, inner.stop.clone()));
        }
        tokio::spawn(checkpoint::run(Arc::downgrade(&inner), inner.stop.clone()));
        Ok(Self { inner })
    }

    /// This node's id.
    pub fn node_id(&self) -> u64 {
        self.inner.identity.node
    }

    /// Whether this node's data is new.
    pub fn beginning(&self) -> Beginning {
        self.inner.beginning
    }

    /// The cluster's id, as hexadecimal text.
    pub fn cluster_id(&self) -> String {
        self.inner.identity.cluster_id.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Which shard holds what.
    pub fn slots(&self) -> SlotMap {
        self.inner.slots
    }

    /// What META knows.
    pub fn meta(&self) -> Result<Option<MetaRow>, ClusterError> {
        Reader::new(Arc::clone(self.inner.meta.state())).own(META_KEY)
    }

    /// Whether this node leads the shard.
    pub fn leads(&self, shard: ShardId) -> bool {
        self.inner.leads(shard)
    }

    /// Enqueues a command: order of calls is order in the shard's log. Never waits. Errors: `Overloaded`,
    /// `Unavailable`; then nothing was done.
    pub fn submit(&self, shard: ShardId, op: Op) -> Result<oneshot::Receiver<Answer>, ClusterError> {
        self.inner.submit(shard, op)
    }

    /// Submits and waits for the machine's answer. After a timeout it may or may not have happened.
    pub async fn propose(&self, shard: ShardId, op: Op) -> Result<Outcome, ClusterError> {
        self.inner.propose(shard, op).await
    }

    /// Waits for the answer to a submitted command, as long as the configuration says.
    pub async fn answered(&self, answer: oneshot::Receiver<Answer>) -> Result<Outcome, ClusterError> {
        self.inner.answered(answer).await
    }

    /// Waits until these effects of a reply have reached their shards, two seconds at most: after it, the
    /// users they are about see them in their own shard.
    pub async fn settle(&self, shard: ShardId, outbox: &[u64]) {
        let Some(last) = outbox.iter().max().copied() else { return };
        let Some(shard) = self.inner.shards.get(usize::from(shard.0)) else { return };
        let mut delivered = shard.delivered.subscribe();
        let settled = delivered.wait_for(|through| *through >= last);
        // Too late is no harm: the effects are durable and will be delivered.
        let _ = tokio::time::timeout(SETTLE_WITHIN, settled).await;
    }

    /// Reads the local replica of a shard.
    pub fn reader(&self, shard: ShardId) -> Result<Reader, ClusterError> {
        self.inner.reader(shard)
    }

    /// Reads the local replica of the shard that holds a room.
    pub fn reader_of_room(&self, room: &RoomId) -> Result<Reader, ClusterError> {
        self.reader(self.slots().of_room(room))
    }

    /// Reads the local replica of the shard that holds a user's account.
    pub fn reader_of_user(&self, user: &UserId) -> Result<Reader, ClusterError> {
        self.reader(self.slots().of_user(user))
    }

    /// What becomes true in a shard from now on. A listener that is too late is told how many batches it
    /// missed and heals from the log.
    pub fn feed(&self, shard: ShardId) -> Result<broadcast::Receiver<FeedBatch>, ClusterError> {
        self.inner.feed(shard).ok_or_else(|| no_shard(shard))
    }

    /// What was counted so far, and where the groups stand.
    pub fn metrics(&self) -> ClusterMetrics {
        ClusterMetrics::new(&self.inner.counters, self.inner.groups().map(Group::progress))
    }

    /// Flushes the state of all groups and lets the log behind it go. Blocks its task for as long as the
    /// disk takes.
    pub async fn checkpoint(&self) -> Result<(), ClusterError> {
        checkpoint::once(&self.inner).await
    }

    /// Answers another node's raft request.
    pub async fn answer(
        &self,
        group: GroupId,
        call: RaftCall,
        request: &[u8],
    ) -> Result<Bytes, ClusterError> {
        let group = self.inner.groups().find(|candidate| candidate.id() == group);
        let group = group.ok_or_else(|| ClusterError::Misfit("this node has no such group".to_owned()))?;
        group.answer(call, request).await
    }

    /// Stops: a last checkpoint, so that the next start has nothing to replay, then consensus ends. What
    /// waits is answered with `Unavailable`.
    pub async fn shutdown(&self) -> Result<(), ClusterError> {
        self.inner.stop.cancel();
        checkpoint::once(&self.inner).await?;
        for group in self.inner.groups() {
            group.shutdown().await?;
        }
        Ok(())
    }
}

impl Inner {
    pub(crate) fn submit(&self, shard: ShardId, op: Op) -> Result<oneshot::Receiver<Answer>, ClusterError> {
        let at_ms = now_ms();
        self.shard(shard)?.batcher.submit(Command { at_ms, op })
    }

    pub(crate) async fn propose(&self, shard: ShardId, op: Op) -> Result<Outcome, ClusterError> {
        self.answered(self.submit(shard, op)?).await
    }

    pub(crate) async fn answered(&self, answer: oneshot::Receiver<Answer>) -> Result<Outcome, ClusterError> {
        let after_ms = self.options.command_timeout_ms;
        match tokio::time::timeout(Duration::from_millis(after_ms), answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(ClusterError::Unavailable { why: "the shard is stopping".to_owned() }),
            Err(_) => Err(ClusterError::Timeout { after_ms }),
        }
    }

    pub(crate) fn reader(&self, shard: ShardId) -> Result<Reader, ClusterError> {
        Ok(Reader::new(Arc::clone(self.shard(shard)?.group.state())))
    }

    pub(crate) fn feed(&self, shard: ShardId) -> Option<broadcast::Receiver<FeedBatch>> {
        self.shard(shard).ok().map(|shard| shard.group.feed())
    }

    pub(crate) fn leads(&self, shard: ShardId) -> bool {
        self.shard(shard).is_ok_and(|shard| shard.group.leads())
    }

    pub(crate) fn slots(&self) -> SlotMap {
        self.slots
    }

    /// Everything of the shard's outbox up to `through` has reached its target.
    pub(crate) fn delivered(&self, shard: ShardId, through: u64) {
        if let Ok(shard) = self.shard(shard) {
            shard.delivered.send_replace(through);
        }
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = &Group> {
        std::iter::once(&self.meta).chain(self.shards.iter().map(|shard| &shard.group))
    }

    pub(crate) fn log(&self) -> &LogStore {
        &self.log
    }

    pub(crate) fn state(&self) -> &StateStore {
        &self.state
    }

    pub(crate) fn options(&self) -> &ClusterOptions {
        &self.options
    }

    fn shard(&self, shard: ShardId) -> Result<&Shard, ClusterError> {
        self.shards.get(usize::from(shard.0)).ok_or_else(|| no_shard(shard))
    }
}

/// The first start of a data directory.
async fn new_identity(options: &ClusterOptions, log: &LogStore) -> Result<Identity, ClusterError> {
    let slots = SlotMap::new(options.shards);
    let (cluster_id, incarnation) = (rand::random(), rand::random());
    let identity = Identity { node: 1, cluster_id, incarnation, shards: slots.shards() };
    identity.save(log).await?;
    Ok(identity)
}

async fn form_meta(meta: &Group, identity: &Identity) -> Result<(), ClusterError> {
    let known: Option<MetaRow> = Reader::new(Arc::clone(meta.state())).own(META_KEY)?;
    if let Some(known) = known {
        if known.cluster_id != identity.cluster_id {
            let what = "this data directory mixes two clusters: META and the node's identity differ";
            return Err(ClusterError::Misfit(what.to_owned()));
        }
        return Ok(());
    }
    let Identity { incarnation, cluster_id, shards, .. } = *identity;
    let (peer, http, zone) = Default::default();
    let node = NewNode { incarnation, peer, http, zone, weight: 100, protocol: 1 };
    let op = Op::Meta(MetaOp::Form { cluster_id, shards, replication: 3, node });
    let commands = Arc::new(vec![Command { at_ms: now_ms(), op }]);
    meta.write(crate::command::Batch { commands }).await?.outcomes().await?;
    Ok(())
}

fn no_shard(shard: ShardId) -> ClusterError {
    ClusterError::Misfit(format!("there is no shard {shard}"))
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
