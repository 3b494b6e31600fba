//! The handle to everything replicated: META and the shards, wherever their replicas are. What is above
//! asks here and hears here; it never sees raft.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use madang_storage::id::{RoomId, ShardId, UserId};
use madang_storage::{GroupId, LogStore, StateStore};
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::acquaintance::Acquaintances;
use crate::away::Away;
use crate::batcher::Answer;
use crate::checkpoint;
use crate::command::{MetaOp, Op, Outcome};
use crate::error::ClusterError;
use crate::event::FeedBatch;
use crate::fresh::freshen;
use crate::hosted::{Ground, Hosted, Replica};
use crate::identity::{Beginning, Identity};
use crate::link::{Lane, LinkMeters, Links};
use crate::load::Load;
use crate::machine::meta::{MetaRow, Tunables};
use crate::metrics::ClusterMetrics;
use crate::options::ClusterOptions;
use crate::overview::Overview;
use crate::peer::{LinkTransport, PeerAnswer, PeerRequest, number};
use crate::placement::SlotMap;
use crate::reader::{Freshness, LocalReader, Reader};
use crate::service::{Leader, PeerService, Service, Services};
use crate::watch::Watchers;

/// This node's part of the cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) inner: Arc<Inner>,
}

/// What all clones share.
pub(crate) struct Inner {
    pub(crate) identity: Identity,
    pub(crate) beginning: Beginning,
    pub(crate) ground: Ground,
    pub(crate) slots: SlotMap,
    /// By group number: META, then the shards.
    pub(crate) groups: Vec<Hosted>,
    pub(crate) links: Links,
    pub(crate) transport: Arc<LinkTransport>,
    pub(crate) services: Services,
    pub(crate) watchers: Watchers,
    /// By shard: whether anybody here listens to its feed.
    pub(crate) wanted: Vec<watch::Sender<bool>>,
    pub(crate) peers: watch::Sender<BTreeSet<u64>>,
    pub(crate) meta: watch::Sender<Arc<MetaRow>>,
    /// What was heard of other nodes, beside META.
    pub(crate) acquaintances: Mutex<Acquaintances>,
    /// How busy the nodes are, as they said last.
    pub(crate) loads: Mutex<BTreeMap<u64, Load>>,
    /// Where clients reach this node.
    pub(crate) http: watch::Sender<String>,
    pub(crate) leaders_changed: Arc<Notify>,
    pub(crate) stop: CancellationToken,
}

impl Cluster {
    /// Opens what this data directory holds, or finds the cluster to be part of (see [`crate::start`]), and
    /// takes part in it from then on. Returns once this node knows its place; whether its shards can be
    /// used is another matter, which may depend on other nodes. Must be called inside a tokio runtime,
    /// which then runs consensus.
    ///
    /// # Errors
    /// `Misfit` with a sentence that says what to do; the disk; the port for other nodes.
    pub async fn start(
        options: ClusterOptions,
        log: LogStore,
        state: StateStore,
    ) -> Result<Self, ClusterError> {
        Ok(Self { inner: crate::start::run(options, log, state).await? })
    }

    /// This node's id.
    pub fn node_id(&self) -> u64 {
        self.inner.identity.node
    }

    /// How this node came to be part of the cluster.
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

    /// What META knows, as far as this node has heard, now and from now on.
    pub fn meta(&self) -> watch::Receiver<Arc<MetaRow>> {
        self.inner.meta.subscribe()
    }

    /// Where other nodes reach this one, with the real port.
    pub fn peer_address(&self) -> std::net::SocketAddr {
        self.inner.links.local_addr()
    }

    /// Clients reach this node there from now on.
    pub fn serves_clients_at(&self, address: &str) {
        self.inner.http.send_if_modified(|known| {
            let news = known != address;
            address.clone_into(known);
            news
        });
    }

    /// Who leads a shard, now and from now on.
    pub fn leader(&self, shard: ShardId) -> Result<watch::Receiver<Leader>, ClusterError> {
        Ok(self.inner.shard(shard)?.leader())
    }

    /// Whether this node leads the shard.
    pub fn leads(&self, shard: ShardId) -> bool {
        self.inner.leads(shard)
    }

    /// Which other nodes can be reached, now and from now on.
    pub fn peers(&self) -> watch::Receiver<BTreeSet<u64>> {
        self.inner.peers.subscribe()
    }

    /// Enqueues a command for a shard that this node leads: order of calls is order in the shard's log.
    /// Never waits. Errors: `NotLeader`, `Overloaded`, `Unavailable`; then nothing was done.
    pub fn submit(&self, shard: ShardId, op: Op) -> Result<oneshot::Receiver<Answer>, ClusterError> {
        self.inner.submit(shard, op)
    }

    /// Has the shard's leader decide, wherever it is, and waits for the answer. Errors: `Unavailable`
    /// (nothing was done); `Timeout`, `Interrupted`, `Lost` (it may have been).
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
        if let Some(last) = outbox.iter().max() {
            self.inner.settle(shard, *last).await;
        }
    }

    /// Reads a shard. What it shows is at least as new as all that had been acknowledged when this was
    /// called, on any node; if the shard's leader cannot be asked it says that it may be stale.
    pub async fn reader(&self, shard: ShardId) -> Result<Reader, ClusterError> {
        let hosted = self.inner.shard(shard)?;
        let there = || Reader::there(Arc::new(Away::new(Arc::downgrade(&self.inner), hosted.id().0)));
        match hosted.replica() {
            // A copy that is still being made may lack most of the rows.
            Some(replica) if replica.group.has_vote() => {}
            Some(_) | None => return Ok(there()),
        }
        let (local, freshness) = self.inner.local_reader(hosted.id().0).await?;
        Ok(Reader::here(local, freshness))
    }

    /// Reads what has been applied to a shard so far, without asking whether there is more: at least what
    /// its feed on this node has shown.
    pub fn reader_now(&self, shard: ShardId) -> Result<Reader, ClusterError> {
        let hosted = self.inner.shard(shard)?;
        Ok(match hosted.replica() {
            Some(replica) if replica.group.has_vote() => {
                Reader::here(LocalReader::new(Arc::clone(replica.group.state())), Freshness::Current)
            }
            Some(_) | None => Reader::there(Arc::new(Away::new(Arc::downgrade(&self.inner), hosted.id().0))),
        })
    }

    /// Reads the shard that holds a room, as [`Self::reader`].
    pub async fn reader_of_room(&self, room: &RoomId) -> Result<Reader, ClusterError> {
        self.reader(self.slots().of_room(room)).await
    }

    /// Reads the shard that holds a user's account, as [`Self::reader`].
    pub async fn reader_of_user(&self, user: &UserId) -> Result<Reader, ClusterError> {
        self.reader(self.slots().of_user(user)).await
    }

    /// Whether anybody on this node listens to a shard's feed. Where a replica is here it costs nothing;
    /// elsewhere the feed is silent until it is wanted.
    pub fn want_feed(&self, shard: ShardId, wanted: bool) {
        if let Some(sender) = self.inner.wanted.get(usize::from(shard.0)) {
            sender.send_if_modified(|before| std::mem::replace(before, wanted) != wanted);
        }
    }

    /// Whether this node holds a replica of a shard.
    pub fn holds(&self, shard: ShardId) -> bool {
        self.inner.shard(shard).is_ok_and(|hosted| hosted.replica().is_some())
    }

    /// What becomes true in a shard from now on. A listener that is too late is told how many batches it
    /// missed and heals from the log.
    pub fn feed(&self, shard: ShardId) -> Result<broadcast::Receiver<FeedBatch>, ClusterError> {
        Ok(self.inner.shard(shard)?.feed())
    }

    /// Answers what other nodes ask of a service. Once a service.
    pub fn serve(&self, service: Service, handler: Arc<dyn PeerService>) {
        self.inner.services.serve(service, handler);
    }

    /// Asks a service of another node. Order: what is asked of one node is started there in the order of
    /// calls. Errors: `Unavailable` (nothing was done), `Lost` or `Timeout` (it may have been),
    /// `Interrupted` with what the service says.
    pub fn request(
        &self,
        node: u64,
        service: Service,
        payload: Bytes,
    ) -> BoxFuture<'static, Result<Bytes, ClusterError>> {
        let timeout = Duration::from_millis(self.inner.options().command_timeout_ms);
        let answer = self.inner.links.request(node, Lane::Bulk, service.0, payload, timeout);
        async move { Ok(answer.await?) }.boxed()
    }

    /// Changes what can be tuned while the cluster runs. Values out of bounds are a refusal.
    pub async fn tune(&self, tunables: Tunables) -> Result<Outcome, ClusterError> {
        self.inner.propose_meta(MetaOp::Tune { tunables }).await
    }

    /// How the cluster stands, gathered from all nodes that can be reached.
    pub async fn overview(&self) -> Overview {
        self.inner.overview().await
    }

    /// What was counted so far, and where the groups stand.
    pub fn metrics(&self) -> ClusterMetrics {
        let progress = self.inner.replicas().map(|(_, replica)| replica.group.progress());
        ClusterMetrics::new(&self.inner.ground.counters, progress)
    }

    /// What went over the links.
    pub fn link_meters(&self) -> LinkMeters {
        self.inner.links.meters()
    }

    /// Flushes the state of all groups and lets the log behind it go. Blocks its task for as long as the
    /// disk takes.
    pub async fn checkpoint(&self) -> Result<(), ClusterError> {
        checkpoint::once(&self.inner).await
    }

    /// Hands over all that this node leads, before it stops; after `limit` at the latest. Nothing is lost if it
    /// is cut short: the others elect.
    pub async fn drain(&self, limit: Duration) {
        self.inner.drain(limit).await;
    }

    /// Stops: a last checkpoint, so that the next start has nothing to replay, then consensus ends. What
    /// waits is answered with an error.
    pub async fn shutdown(&self) -> Result<(), ClusterError> {
        self.inner.stop.cancel();
        checkpoint::once(&self.inner).await?;
        for (_, replica) in self.inner.replicas() {
            replica.group.shutdown().await?;
        }
        self.inner.links.shutdown().await;
        Ok(())
    }
}

impl Inner {
    pub(crate) fn hosted(&self, group: u16) -> Result<&Hosted, ClusterError> {
        let missing = || ClusterError::Misfit(format!("there is no group {group}"));
        self.groups.get(usize::from(group)).ok_or_else(missing)
    }

    pub(crate) fn shard(&self, shard: ShardId) -> Result<&Hosted, ClusterError> {
        self.hosted(MetaRow::shard_group(shard).0)
    }

    /// The groups of which there is a replica here.
    pub(crate) fn replicas(&self) -> impl Iterator<Item = (GroupId, Replica)> {
        self.groups.iter().filter_map(|hosted| Some((hosted.id(), hosted.replica()?)))
    }

    /// Reads the replica here once it is current, or says that it may not be.
    pub(crate) async fn local_reader(
        self: &Arc<Self>,
        group: u16,
    ) -> Result<(LocalReader, Freshness), ClusterError> {
        let hosted = self.hosted(group)?;
        let replica = hosted.here()?;
        let freshness = freshen(self, hosted, &replica).await;
        Ok((LocalReader::new(Arc::clone(replica.group.state())), freshness))
    }

    pub(crate) fn leads(&self, shard: ShardId) -> bool {
        self.shard(shard).is_ok_and(|hosted| hosted.leader_now() == Leader::Here)
    }

    pub(crate) fn meta_now(&self) -> Arc<MetaRow> {
        Arc::clone(&self.meta.borrow())
    }

    pub(crate) fn linked(&self) -> BTreeSet<u64> {
        self.peers.borrow().clone()
    }

    pub(crate) fn slots(&self) -> SlotMap {
        self.slots
    }

    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    pub(crate) fn log(&self) -> &LogStore {
        &self.ground.log
    }

    pub(crate) fn state(&self) -> &StateStore {
        &self.ground.state
    }

    pub(crate) fn options(&self) -> &ClusterOptions {
        &self.ground.options
    }

    /// Everything of the shard's outbox up to `through` has reached its target.
    pub(crate) fn delivered(&self, shard: ShardId, through: u64) {
        if let Ok(hosted) = self.shard(shard) {
            hosted.delivered.send_if_modified(|known| {
                let news = *known < through;
                *known = through.max(*known);
                news
            });
        }
    }

    /// Asks another node. Errors: `Unavailable` (nothing was done), others (it may have been).
    pub(crate) async fn ask(&self, node: u64, request: PeerRequest) -> Result<PeerAnswer, ClusterError> {
        let timeout = Duration::from_millis(self.options().command_timeout_ms);
        let request = crate::peer::encode(&request)?;
        let answer = self.links.request(node, Lane::Bulk, number::CLUSTER, request, timeout).await?;
        match crate::peer::decode(&answer)? {
            PeerAnswer::Failed(failure) => Err(failure.into()),
            answer => Ok(answer),
        }
    }
}

pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
