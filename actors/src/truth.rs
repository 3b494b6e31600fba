//! The few calls that actors make on the cluster, as traits: the real one is [`Cluster`], tests bring one
//! that lives in memory.

use madang_cluster::command::{Op, Outcome};
use madang_cluster::event::FeedBatch;
use madang_cluster::placement::SlotMap;
use madang_cluster::{Cluster, ClusterError, EventPage, Page};
use madang_storage::id::{RoomId, SessionId, ShardId, UserId};
use madang_storage::row::MemberState;
use tokio::sync::{broadcast, oneshot};

/// Has commands agreed on.
pub trait Proposer: Send + Sync + 'static {
    /// Enqueues a command in the order of calls; never waits.
    fn submit(
        &self,
        shard: ShardId,
        op: Op,
    ) -> Result<oneshot::Receiver<Result<Outcome, ClusterError>>, ClusterError>;
}

/// Reads what has been applied here. All calls may touch the disk, but for [`head`](Self::head), which is
/// one lookup of a row that writing keeps in memory.
pub trait History: Send + Sync + 'static {
    /// A room's newest seq and size; `None`: there is no such room.
    fn head(&self, room: &RoomId) -> Result<Option<Head>, ClusterError>;

    /// A page of a room's log.
    fn page(
        &self,
        room: &RoomId,
        page: Page,
        limit: usize,
        bytes_max: usize,
    ) -> Result<EventPage, ClusterError>;

    /// A user's rooms, also those left.
    fn rooms_of(&self, user: &UserId) -> Result<Vec<(RoomId, Option<MemberState>)>, ClusterError>;

    /// A user's place in a room, as the user's shard knows it; `None`: not there.
    fn place(&self, user: &UserId, room: &RoomId) -> Result<Option<MemberState>, ClusterError>;

    /// Whether a user's session has not been ended.
    fn session_lives(&self, user: &UserId, session: &SessionId) -> Result<bool, ClusterError>;
}

/// All that the actors need of the cluster.
pub trait Truth: Proposer + History {
    /// Which shard has which room and user.
    fn slots(&self) -> SlotMap;

    /// What becomes true in a shard, from now on.
    fn feed(&self, shard: ShardId) -> Result<broadcast::Receiver<FeedBatch>, ClusterError>;
}

/// What a room's row says about its log and its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Seq of the newest event.
    pub last_seq: u64,
    /// How many members have joined.
    pub joined: u64,
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

impl History for Cluster {
    fn head(&self, room: &RoomId) -> Result<Option<Head>, ClusterError> {
        let row = self.reader_of_room(room)?.room(room)?;
        Ok(row.map(|row| Head { last_seq: row.last_seq, joined: row.joined }))
    }

    fn page(
        &self,
        room: &RoomId,
        page: Page,
        limit: usize,
        bytes_max: usize,
    ) -> Result<EventPage, ClusterError> {
        self.reader_of_room(room)?.events(room, page, limit, bytes_max)
    }

    fn rooms_of(&self, user: &UserId) -> Result<Vec<(RoomId, Option<MemberState>)>, ClusterError> {
        let rows = self.reader_of_user(user)?.user_rooms(user)?;
        Ok(rows.into_iter().map(|(room, row)| (room, row.state)).collect())
    }

    fn place(&self, user: &UserId, room: &RoomId) -> Result<Option<MemberState>, ClusterError> {
        let row = self.reader_of_user(user)?.user_room(user, room)?;
        Ok(row.and_then(|row| row.state))
    }

    fn session_lives(&self, user: &UserId, session: &SessionId) -> Result<bool, ClusterError> {
        Ok(self.reader_of_user(user)?.session(user, session)?.is_some())
    }
}

impl Truth for Cluster {
    fn slots(&self) -> SlotMap {
        Self::slots(self)
    }

    fn feed(&self, shard: ShardId) -> Result<broadcast::Receiver<FeedBatch>, ClusterError> {
        Self::feed(self, shard)
    }
}

/// Reads where nobody waits for the disk but the one who asked.
pub(crate) async fn read_off_thread<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ClusterError> + Send + 'static,
) -> Result<T, ClusterError> {
    match tokio::task::spawn_blocking(read).await {
        Ok(result) => result,
        Err(error) => Err(ClusterError::Unavailable { why: format!("a read failed: {error}") }),
    }
}
