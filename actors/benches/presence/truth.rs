//! A cluster with nothing in it but who is in which room. Two of them are linked by plain calls.

use std::collections::{BTreeSet, HashMap};
use std::future::ready;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use futures_util::FutureExt;
use madang_actors::presence::Circle;
use madang_actors::truth::{Found, Head, History, Peers, Proposer, Truth, Typist};
use madang_cluster::command::{Op, Outcome, Refusal, Reply};
use madang_cluster::event::FeedBatch;
use madang_cluster::machine::meta::Tunables;
use madang_cluster::placement::SlotMap;
use madang_cluster::{ClusterError, EventPage, Leader, Page, PeerService, Service, Tail, Tails};
use madang_storage::id::{RoomId, SessionId, ShardId, UserId};
use madang_storage::row::{Features, MemberState, PresenceRow, RoomKind, Until, UserRoomRow};
use parking_lot::Mutex;
use tokio::sync::{broadcast, oneshot, watch};

/// Shards of the cluster, as by default.
const SHARDS: u16 = 16;

/// One node's view of it. The first node leads the even shards where there are two.
pub(crate) struct Truths {
    me: Weak<Self>,
    node: u64,
    rooms_of: Arc<HashMap<UserId, Vec<RoomId>>>,
    room_members: u64,
    leaders: Vec<watch::Sender<Leader>>,
    feed: broadcast::Sender<FeedBatch>,
    linked: watch::Sender<BTreeSet<u64>>,
    peer: Mutex<Option<Weak<Self>>>,
    services: Mutex<HashMap<Service, Arc<dyn PeerService>>>,
    /// Bytes that went to the other node.
    pub(crate) sent: Mutex<usize>,
}

impl Truths {
    pub(crate) fn new(
        node: u64,
        nodes: u64,
        rooms_of: Arc<HashMap<UserId, Vec<RoomId>>>,
        room_members: u64,
    ) -> Arc<Self> {
        let leader = |shard: u16| match u64::from(shard) % nodes + 1 {
            leader if leader == node => watch::Sender::new(Leader::Here),
            leader => watch::Sender::new(Leader::Node(leader)),
        };
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            node,
            rooms_of,
            room_members,
            leaders: (0..SHARDS).map(leader).collect(),
            feed: broadcast::Sender::new(1),
            linked: watch::Sender::default(),
            peer: Mutex::default(),
            services: Mutex::default(),
            sent: Mutex::default(),
        })
    }

    pub(crate) fn link(self: &Arc<Self>, other: &Arc<Self>) {
        for (one, two) in [(self, other), (other, self)] {
            *one.peer.lock() = Some(Arc::downgrade(two));
            one.linked.send_replace([two.node].into());
        }
    }
}

impl Proposer for Truths {
    fn submit(
        &self,
        _: ShardId,
        _: Op,
    ) -> Result<oneshot::Receiver<Result<Outcome, ClusterError>>, ClusterError> {
        let (sender, receiver) = oneshot::channel();
        let _ = sender.send(Ok(Ok(Reply::Done { outbox: Vec::new() })));
        Ok(receiver)
    }
}

impl Peers for Truths {
    fn node_id(&self) -> u64 {
        self.node
    }

    fn leader(&self, shard: ShardId) -> Result<watch::Receiver<Leader>, ClusterError> {
        Ok(self.leaders[usize::from(shard.0)].subscribe())
    }

    fn linked(&self) -> watch::Receiver<BTreeSet<u64>> {
        self.linked.subscribe()
    }

    fn serve(&self, service: Service, handler: Arc<dyn PeerService>) {
        self.services.lock().insert(service, handler);
    }

    fn request(&self, _: u64, service: Service, payload: Bytes) -> Found<'static, Bytes> {
        *self.sent.lock() += payload.len();
        let peer = self.peer.lock().as_ref().and_then(Weak::upgrade).expect("another node");
        let handler = peer.services.lock().get(&service).cloned().expect("a service");
        let answer = handler.request(self.node, payload);
        async move { answer.await.map_err(|why| ClusterError::Interrupted { why }) }.boxed()
    }
}

impl History for Truths {
    fn head<'a>(&'a self, _: &'a RoomId) -> Found<'a, Option<Head>> {
        let (features, kind) = (Features::default(), RoomKind::Group);
        ready(Ok(Some(Head { last_seq: 1, joined: self.room_members, features, kind }))).boxed()
    }

    fn heads_here(&self, _: &[RoomId]) -> Option<Result<Vec<u64>, ClusterError>> {
        None
    }

    fn tails(&self, rooms: Vec<RoomId>) -> Found<'_, Tails> {
        let rooms = rooms.into_iter().map(|room| Tail { room, seq: 1, pos: 1 }).collect();
        ready(Ok(Tails { pos: 1, rooms })).boxed()
    }

    fn page<'a>(&'a self, _: &'a RoomId, _: Page, _: usize, _: usize) -> Found<'a, EventPage> {
        ready(Ok(EventPage::default())).boxed()
    }

    fn rooms_of<'a>(&'a self, user: &'a UserId) -> Found<'a, Vec<(RoomId, UserRoomRow)>> {
        let state = Some(MemberState::Joined);
        let (quiet, by) = (Until::OVER, None);
        let row = UserRoomRow { state, room_seq: 1, pos: 1, by, at_ms: 0, quiet, pinned_ms: 0 };
        let rooms = self.rooms_of[user].iter().map(|room| (*room, row.clone())).collect();
        ready(Ok(rooms)).boxed()
    }

    fn place<'a>(&'a self, _: &'a UserId, _: &'a RoomId) -> Found<'a, Option<MemberState>> {
        ready(Ok(Some(MemberState::Joined))).boxed()
    }

    fn session_lives<'a>(&'a self, _: &'a UserId, _: &'a SessionId) -> Found<'a, bool> {
        ready(Ok(true)).boxed()
    }

    fn presence<'a>(&'a self, _: &'a UserId) -> Found<'a, PresenceRow> {
        ready(Ok(PresenceRow::default())).boxed()
    }

    fn circle<'a>(&'a self, _: &'a UserId) -> Found<'a, Circle> {
        ready(Ok(Circle::default())).boxed()
    }

    fn typist<'a>(&'a self, _: &'a RoomId, _: &'a UserId) -> Found<'a, Typist> {
        ready(Ok(Typist::Refused(Refusal::NotMember))).boxed()
    }
}

impl Truth for Truths {
    fn slots(&self) -> SlotMap {
        SlotMap::new(SHARDS)
    }

    fn feed(&self, _: ShardId) -> Result<broadcast::Receiver<FeedBatch>, ClusterError> {
        Ok(self.feed.subscribe())
    }

    fn want_feed(&self, _: ShardId) {}

    fn forgo_feed(&self, _: ShardId) {}

    fn tuned(&self) -> Tunables {
        Tunables::default()
    }

    fn reader(&self, shard: ShardId) -> Found<'_, Arc<dyn History>> {
        ready(self.reader_now(shard)).boxed()
    }

    fn reader_now(&self, _: ShardId) -> Result<Arc<dyn History>, ClusterError> {
        Ok(self.me.upgrade().expect("whoever reads has a cluster"))
    }
}
