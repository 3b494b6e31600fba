//! A user's rooms: pages that read many rows, some at a time, since each may be on another node.

use std::collections::{BTreeMap, HashMap};

use futures_util::{StreamExt, TryStreamExt, stream};
use madang_cluster::{Freshness, Reader};
use madang_storage::id::{RoomId, ShardId, UserId};
use madang_storage::row::{MemberState, UserRoomRow};
use tokio::task::coop;

use super::account::WRONG_TOKEN;
use super::cursor::ActivityCursor;
use super::readers::Readers;
use super::{Caller, RoomPage, RoomView, Service, ServiceError};

/// Rows of one list that are read at the same time. Those on this node are ready at once; each read first
/// takes its share of the task's budget, so that a long list does not keep the thread from others.
const READS_AT_ONCE: usize = 32;

impl Service {
    /// The caller's rooms: those pinned, the last one first; then the others, newest activity first.
    pub async fn rooms(
        &self,
        caller: &Caller,
        limit: usize,
        next: Option<&str>,
    ) -> Result<RoomPage, ServiceError> {
        let after = next.map(ActivityCursor::parse).transpose()?;
        let (readers, user) = (self.readers(), &caller.user);
        let mut keys = readers.activity(user).await?;
        // The id decides between rooms of the same millisecond, so that the order is total.
        keys.sort_unstable_by(|a, b| b.cmp(a));
        let start = after.map_or(0, |after| keys.partition_point(|key| *key >= after));
        let page = keys.iter().skip(start).take(limit).map(|key| key.room).collect();
        let (rooms, taken) = self.views_of(&readers, user, page).await?;
        let end = start + taken;
        let last = end.checked_sub(1).and_then(|last| keys.get(last)).filter(|_| keys.len() > end);
        let next = last.map(|last| last.text());
        Ok(RoomPage { rooms, next, freshness: readers.freshness() })
    }

    /// What a session of the user needs to know of its home to open there.
    pub async fn home(&self, caller: &Caller) -> Result<Home, ServiceError> {
        let readers = self.readers();
        let reader = readers.of_user(&caller.user).await?.clone();
        Ok(Home { reader, caller: caller.clone() })
    }

    /// The rooms as the user sees them, until the page is large enough, and how many ids that took.
    pub(super) async fn views_of(
        &self,
        readers: &Readers,
        user: &UserId,
        ids: Vec<RoomId>,
    ) -> Result<(Vec<RoomView>, usize), ServiceError> {
        let views = ids.into_iter().map(|room| async move {
            coop::consume_budget().await;
            readers.room(user, &room).await
        });
        let mut views = stream::iter(views).buffered(READS_AT_ONCE);
        let (mut rooms, mut bytes, mut taken) = (Vec::new(), 0, 0);
        while bytes < self.0.options.history_bytes_max
            && let Some(view) = views.next().await
        {
            taken += 1;
            if let Some(view) = gone_meanwhile(view) {
                let view = view?;
                bytes += view.weight();
                rooms.push(view);
            }
        }
        Ok((rooms, taken))
    }
}

impl Readers {
    /// The user's rooms, with what the list sorts by. Each shard is asked once: however many rooms there are, they
    /// cost one question for each shard.
    async fn activity(&self, user: &UserId) -> Result<Vec<ActivityCursor>, ServiceError> {
        let rooms = self.of_user(user).await?.user_rooms(user).await?;
        let mut by_shard: BTreeMap<ShardId, Vec<RoomId>> = BTreeMap::new();
        let mut pinned: HashMap<RoomId, u64> = HashMap::new();
        for (room, row) in rooms.into_iter().filter(|(_, row)| row.state.is_some()) {
            by_shard.entry(self.shard_of(&room)).or_default().push(room);
            pinned.insert(room, row.pinned_ms);
        }
        let looks = by_shard.into_iter().map(|(shard, rooms)| async move {
            Ok::<_, ServiceError>(self.of(shard).await?.activity(rooms).await?)
        });
        let looked: Vec<Vec<(RoomId, u64)>> =
            stream::iter(looks).buffered(READS_AT_ONCE).try_collect().await?;
        let key = |(room, last_event_ms)| {
            let pinned_ms = pinned.get(&room).copied().unwrap_or_default();
            ActivityCursor { pinned_ms, last_event_ms, room }
        };
        Ok(looked.into_iter().flatten().map(key).collect())
    }
}

/// A user's shard as a session that opens looks at it, again and again.
pub struct Home {
    reader: Reader,
    caller: Caller,
}

impl Home {
    /// Whether the list may be old.
    pub fn freshness(&self) -> Freshness {
        self.reader.freshness()
    }

    /// The user's list of rooms, as it is now.
    pub async fn rooms(&self) -> Result<RoomList, ServiceError> {
        // Read first: the list is at least as new.
        let pos = self.pos().await?;
        Ok(RoomList { pos, rooms: self.reader.user_rooms(&self.caller.user).await? })
    }

    /// Whether the same rooms are certainly in it still (not what the user has set up for them): nothing has become
    /// true in the whole shard since it was read. Costs one row, however long the list is.
    pub async fn is_unchanged(&self, list: &RoomList) -> Result<bool, ServiceError> {
        Ok(self.pos().await? == list.pos)
    }

    /// How far the shard's feed has come.
    async fn pos(&self) -> Result<u64, ServiceError> {
        Ok(self.reader.tails(Vec::new()).await?.pos)
    }

    /// Whether the session still lives.
    pub async fn check_session(&self) -> Result<(), ServiceError> {
        let row = self.reader.session(&self.caller.user, &self.caller.session).await?;
        row.map(|_| ()).ok_or(ServiceError::Unauthenticated(WRONG_TOKEN))
    }
}

/// A user's list of rooms, and through which place of the shard's feed it is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomList {
    pub(super) pos: u64,
    pub(super) rooms: Vec<(RoomId, UserRoomRow)>,
}

impl RoomList {
    /// All rooms the user has joined, sorted: what a session listens to.
    pub fn joined(&self) -> Vec<RoomId> {
        let joined = self.rooms.iter().filter(|(_, row)| row.state == Some(MemberState::Joined));
        let mut joined: Vec<RoomId> = joined.map(|(room, _)| *room).collect();
        joined.sort_unstable();
        joined
    }
}

/// A room that was left between two reads is no error of the list.
fn gone_meanwhile<T>(view: Result<T, ServiceError>) -> Option<Result<T, ServiceError>> {
    match view {
        Err(ServiceError::NoRoom(_)) => None,
        other => Some(other),
    }
}
