//! Lists: a user's rooms, the directory of open rooms, a room's members. All are pages; all read many
//! rows, some at a time, since each may be on another node.

use futures_util::future::ready;
use futures_util::{StreamExt, TryStreamExt, stream};
use madang_cluster::{Freshness, Reader};
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::MemberState;
use tokio::task::coop;

use super::account::WRONG_TOKEN;
use super::cursor::{self, ActivityCursor, DirectoryCursor};
use super::readers::Readers;
use super::{Caller, MemberPage, MemberView, RoomPage, RoomView, Service, ServiceError};

/// Rows of one list that are read at the same time. Those on this node are ready at once; each read first
/// takes its share of the task's budget, so that a long list does not keep the thread from others.
const READS_AT_ONCE: usize = 32;

impl Service {
    /// The caller's rooms, newest activity first.
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
        let start =
            after.map_or(0, |after| keys.partition_point(|key| *key >= (after.last_event_ms, after.room)));
        let page = keys.iter().skip(start).take(limit).map(|(_, room)| *room).collect();
        let (rooms, taken) = self.views_of(&readers, user, page).await?;
        let end = start + taken;
        let last = end.checked_sub(1).and_then(|last| keys.get(last)).filter(|_| keys.len() > end);
        let next = last.map(|&(last_event_ms, room)| ActivityCursor { last_event_ms, room }.text());
        Ok(RoomPage { rooms, next, freshness: readers.freshness() })
    }

    /// Open rooms that anybody may join, in the order of the directory.
    pub async fn open_rooms(
        &self,
        caller: &Caller,
        limit: usize,
        next: Option<&str>,
    ) -> Result<RoomPage, ServiceError> {
        let after = next.map(DirectoryCursor::parse).transpose()?;
        let readers = self.readers();
        let mut found: Vec<DirectoryCursor> = Vec::new();
        for shard in
            self.0.cluster.slots().all().filter(|shard| after.is_none_or(|after| shard.0 >= after.shard))
        {
            let behind = after.filter(|after| after.shard == shard.0).map(|after| after.room);
            // One more than asked for tells whether there is a next page.
            let missing = limit + 1 - found.len();
            let rooms = readers.of(shard).await?.open_rooms(behind, missing).await?;
            found.extend(rooms.into_iter().map(|room| DirectoryCursor { shard: shard.0, room }));
            if found.len() > limit {
                break;
            }
        }
        let page = found.iter().take(limit).map(|at| at.room).collect();
        let (rooms, taken) = self.views_of(&readers, &caller.user, page).await?;
        let more = found.len() > taken;
        found.truncate(taken);
        let next = found.last().filter(|_| more).map(|last| last.text());
        Ok(RoomPage { rooms, next, freshness: readers.freshness() })
    }

    /// A room's members by user id, invited ones included, for anybody who is one of them.
    pub async fn members(
        &self,
        caller: &Caller,
        room: RoomId,
        limit: usize,
        next: Option<&str>,
    ) -> Result<MemberPage, ServiceError> {
        let after = next.map(cursor::parse_member).transpose()?;
        let readers = self.readers();
        readers.place(&caller.user, &room).await?;
        let mut rows = readers.of_room(&room).await?.members(&room, after.as_ref(), limit + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|(user, _)| cursor::member_text(user));
        let users: Vec<UserId> = rows.iter().map(|(user, _)| user.clone()).collect();
        let online = self.0.presence.online(&users);
        let members = rows.into_iter().zip(online).map(|((user, row), online)| {
            let readers = &readers;
            async move {
                coop::consume_budget().await;
                let display_name = readers.profile(&user).await?.display_name;
                let (role, state) = (row.role, row.state);
                Ok::<_, ServiceError>(MemberView { user, display_name, role, state, online })
            }
        });
        let members = stream::iter(members).buffered(READS_AT_ONCE).try_collect().await?;
        Ok(MemberPage { members, next, freshness: readers.freshness() })
    }

    /// What a session of the user needs to know of its home to open there.
    pub async fn home(&self, caller: &Caller) -> Result<Home, ServiceError> {
        let readers = self.readers();
        let reader = readers.of_user(&caller.user).await?.clone();
        Ok(Home { reader, caller: caller.clone() })
    }

    /// The rooms as the user sees them, until the page is large enough, and how many ids that took.
    async fn views_of(
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
    /// The user's rooms, with when something last happened in each.
    async fn activity(&self, user: &UserId) -> Result<Vec<(u64, RoomId)>, ServiceError> {
        let rooms = self.of_user(user).await?.user_rooms(user).await?;
        let heads = rooms.into_iter().filter(|(_, row)| row.state.is_some()).map(|(room, _)| async move {
            coop::consume_budget().await;
            let head = self.of_room(&room).await?.room(&room).await?;
            Ok::<_, ServiceError>(head.map(|head| (head.last_event_ms, room)))
        });
        let heads = stream::iter(heads).buffered(READS_AT_ONCE);
        heads.try_filter_map(|head| ready(Ok(head))).try_collect().await
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

    /// All rooms the user has joined: what the session listens to.
    pub async fn joined_rooms(&self) -> Result<Vec<RoomId>, ServiceError> {
        let rooms = self.reader.user_rooms(&self.caller.user).await?;
        let joined = rooms.into_iter().filter(|(_, row)| row.state == Some(MemberState::Joined));
        Ok(joined.map(|(room, _)| room).collect())
    }

    /// Whether the session still lives.
    pub async fn check_session(&self) -> Result<(), ServiceError> {
        let row = self.reader.session(&self.caller.user, &self.caller.session).await?;
        row.map(|_| ()).ok_or(ServiceError::Unauthenticated(WRONG_TOKEN))
    }
}

/// A room that was left between two reads is no error of the list.
fn gone_meanwhile<T>(view: Result<T, ServiceError>) -> Option<Result<T, ServiceError>> {
    match view {
        Err(ServiceError::NoRoom(_)) => None,
        other => Some(other),
    }
}
