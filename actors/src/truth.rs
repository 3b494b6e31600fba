//! The few calls that actors make on the cluster, as traits: the real one is [`Cluster`], tests bring one
//! that lives in memory.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use madang_cluster::command::{Op, Outcome, Refusal};
use madang_cluster::event::FeedBatch;
use madang_cluster::machine::meta::Tunables;
use madang_cluster::placement::SlotMap;
use madang_cluster::{Cluster, ClusterError, EventPage, Leader, Page, PeerService, Reader, Service, Tails};
use madang_storage::id::{RoomId, SessionId, ShardId, UserId};
use madang_storage::row::{Features, MemberState, PresenceRow, RoomKind, UserRoomRow};
use tokio::sync::{broadcast, oneshot, watch};

use crate::presence::{self, Circle};
use crate::typing;

/// Something that is read, perhaps on another node.
pub type Found<'a, T> = BoxFuture<'a, Result<T, ClusterError>>;

/// Has commands agreed on.
pub trait Proposer: Send + Sync + 'static {
    /// Enqueues a command in the order of calls; never waits.
    fn submit(
        &self,
        shard: ShardId,
        op: Op,
    ) -> Result<oneshot::Receiver<Result<Outcome, ClusterError>>, ClusterError>;
}

/// Reads one shard. Long reads keep no thread busy that others need.
pub trait History: Send + Sync + 'static {
    /// A room's newest seq and size; `None`: there is no such room. Where this node has a replica it is
    /// one lookup of a row that writing keeps in memory, and ready at once.
    fn head<'a>(&'a self, room: &'a RoomId) -> Found<'a, Option<Head>>;

    /// The newest seq of each of these rooms, in their order and without waiting; 0: there is no such room. `None`:
    /// this node has no replica.
    fn heads_here(&self, rooms: &[RoomId]) -> Option<Result<Vec<u64>, ClusterError>>;

    /// How far the shard's feed has come, and where these rooms' logs end.
    fn tails(&self, rooms: Vec<RoomId>) -> Found<'_, Tails>;

    /// A page of a room's log.
    fn page<'a>(
        &'a self,
        room: &'a RoomId,
        page: Page,
        limit: usize,
        bytes_max: usize,
    ) -> Found<'a, EventPage>;

    /// A user's rooms, also those left.
    fn rooms_of<'a>(&'a self, user: &'a UserId) -> Found<'a, Vec<(RoomId, UserRoomRow)>>;

    /// A user's place in a room, as the user's shard knows it; `None`: not there.
    fn place<'a>(&'a self, user: &'a UserId, room: &'a RoomId) -> Found<'a, Option<MemberState>>;

    /// Whether a user's session has not been ended.
    fn session_lives<'a>(&'a self, user: &'a UserId, session: &'a SessionId) -> Found<'a, bool>;

    /// What a user shows of being there.
    fn presence<'a>(&'a self, user: &'a UserId) -> Found<'a, PresenceRow>;

    /// Who is told of a user beside the members of the user's rooms, and who never.
    fn circle<'a>(&'a self, user: &'a UserId) -> Found<'a, Circle>;

    /// Whether a room may be told that a user types.
    fn typist<'a>(&'a self, room: &'a RoomId, user: &'a UserId) -> Found<'a, Typist>;
}

/// The other nodes.
pub trait Peers: Send + Sync + 'static {
    /// What this one is called among them.
    fn node_id(&self) -> u64;

    /// Who leads a shard, now and from now on.
    fn leader(&self, shard: ShardId) -> Result<watch::Receiver<Leader>, ClusterError>;

    /// Which other nodes can be reached, now and from now on.
    fn linked(&self) -> watch::Receiver<BTreeSet<u64>>;

    /// Answers what other nodes ask of a service. Once a service.
    fn serve(&self, service: Service, handler: Arc<dyn PeerService>);

    /// Asks a service of another node. Order: started there in the order of calls. Errors: `Unavailable`
    /// (nothing was done), `Lost` or `Timeout` (it may have been).
    fn request(&self, node: u64, service: Service, payload: Bytes) -> Found<'static, Bytes>;
}

/// All that the actors need of the cluster.
pub trait Truth: Proposer + Peers {
    /// Which shard has which room and user.
    fn slots(&self) -> SlotMap;

    /// What becomes true in a shard, from now on.
    fn feed(&self, shard: ShardId) -> Result<broadcast::Receiver<FeedBatch>, ClusterError>;

    /// Has the feed of a shard speak here also if this node has no replica of it. Repeats do nothing.
    fn want_feed(&self, shard: ShardId);

    /// Nobody here listens to the feed of a shard any more. Repeats do nothing.
    fn forgo_feed(&self, shard: ShardId);

    /// Reads a shard: shows at least all that was acknowledged on any node before this call.
    fn reader(&self, shard: ShardId) -> Found<'_, Arc<dyn History>>;

    /// Reads what has been applied so far: at least what the shard's feed here has shown.
    fn reader_now(&self, shard: ShardId) -> Result<Arc<dyn History>, ClusterError>;

    /// What can be tuned while the cluster runs, as it is now.
    fn tuned(&self) -> Tunables;
}

/// What a room's row says about its log and its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Seq of the newest event.
    pub last_seq: u64,
    /// How many members have joined.
    pub joined: u64,
    /// What the room does without.
    pub features: Features,
    /// Direct, group or open.
    pub kind: RoomKind,
}

/// Somebody who types in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typist {
    /// May say so.
    Member {
        /// How many have joined the room.
        members: u64,
    },
    /// May not.
    Refused(Refusal),
}

impl Proposer for Cluster {
    fn submit(
        &self,
        shard: ShardId,
        op: Op,
    ) -> Result<oneshot::Receiver<Result<Outcome, ClusterError>>, ClusterError> {
        Self::submit(self, shard, op)
    }
}

impl Peers for Cluster {
    fn node_id(&self) -> u64 {
        Self::node_id(self)
    }

    fn leader(&self, shard: ShardId) -> Result<watch::Receiver<Leader>, ClusterError> {
        Self::leader(self, shard)
    }

    fn linked(&self) -> watch::Receiver<BTreeSet<u64>> {
        self.peers()
    }

    fn serve(&self, service: Service, handler: Arc<dyn PeerService>) {
        Self::serve(self, service, handler);
    }

    fn request(&self, node: u64, service: Service, payload: Bytes) -> Found<'static, Bytes> {
        Self::request(self, node, service, payload)
    }
}

impl History for Reader {
    fn head<'a>(&'a self, room: &'a RoomId) -> Found<'a, Option<Head>> {
        Box::pin(async move {
            let row = self.room(room).await?;
            Ok(row.map(|row| Head {
                last_seq: row.last_seq,
                joined: row.joined,
                features: row.features,
                kind: row.kind,
            }))
        })
    }

    fn heads_here(&self, rooms: &[RoomId]) -> Option<Result<Vec<u64>, ClusterError>> {
        Self::heads_here(self, rooms)
    }

    fn tails(&self, rooms: Vec<RoomId>) -> Found<'_, Tails> {
        Box::pin(Self::tails(self, rooms))
    }

    fn page<'a>(
        &'a self,
        room: &'a RoomId,
        page: Page,
        limit: usize,
        bytes_max: usize,
    ) -> Found<'a, EventPage> {
        Box::pin(self.events(room, page, limit, bytes_max))
    }

    fn rooms_of<'a>(&'a self, user: &'a UserId) -> Found<'a, Vec<(RoomId, UserRoomRow)>> {
        Box::pin(self.user_rooms(user))
    }

    fn place<'a>(&'a self, user: &'a UserId, room: &'a RoomId) -> Found<'a, Option<MemberState>> {
        Box::pin(async move { Ok(self.user_room(user, room).await?.and_then(|row| row.state)) })
    }

    fn session_lives<'a>(&'a self, user: &'a UserId, session: &'a SessionId) -> Found<'a, bool> {
        Box::pin(async move { Ok(self.session(user, session).await?.is_some()) })
    }

    fn presence<'a>(&'a self, user: &'a UserId) -> Found<'a, PresenceRow> {
        Box::pin(async move { Ok(Self::presence(self, user).await?.unwrap_or_default()) })
    }

    fn circle<'a>(&'a self, user: &'a UserId) -> Found<'a, Circle> {
        Box::pin(presence::circle(self, user))
    }

    fn typist<'a>(&'a self, room: &'a RoomId, user: &'a UserId) -> Found<'a, Typist> {
        Box::pin(typing::typist(self, room, user))
    }
}

impl Truth for Cluster {
    fn slots(&self) -> SlotMap {
        Self::slots(self)
    }

    fn feed(&self, shard: ShardId) -> Result<broadcast::Receiver<FeedBatch>, ClusterError> {
        Self::feed(self, shard)
    }

    fn want_feed(&self, shard: ShardId) {
        Self::want_feed(self, shard, true);
    }

    fn forgo_feed(&self, shard: ShardId) {
        Self::want_feed(self, shard, false);
    }

    fn reader(&self, shard: ShardId) -> Found<'_, Arc<dyn History>> {
        Box::pin(async move { Ok(Arc::new(Self::reader(self, shard).await?) as Arc<dyn History>) })
    }

    fn reader_now(&self, shard: ShardId) -> Result<Arc<dyn History>, ClusterError> {
        Ok(Arc::new(Self::reader_now(self, shard)?))
    }

    fn tuned(&self) -> Tunables {
        self.meta().borrow().tunables.clone()
    }
}
