//! What the service answers about users and rooms, and how it is put together from rows. [`Views`] stands
//! apart from the service since pushes show rooms too, and they are encoded below the service.

use std::sync::Arc;

use madang_cluster::command::Refusal;
use madang_cluster::event::RoomEvent;
use madang_cluster::{Cluster, Freshness, Reader};
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Life, MemberRow, MemberState, Role, RoomKind, RoomRow, Until, UserRoomRow};

use super::readers::Readers;
use super::{ServiceError, now_ms};
use crate::position::Cursors;
use crate::presence::Shown;

/// What everybody may know about a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The login name.
    pub user: UserId,
    /// What people see.
    pub display_name: String,
    /// When the account was made, milliseconds since the epoch.
    pub created_ms: u64,
}

/// A room as one user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomView {
    /// Its id.
    pub room: RoomId,
    /// Its head.
    pub head: RoomRow,
    /// The newest message.
    pub last: Option<Arc<RoomEvent>>,
    /// The asking user's place in it.
    pub my: Option<Mine>,
    /// The other one in a direct room.
    pub peer: Option<Profile>,
    /// Whether it may be old.
    pub freshness: Freshness,
}

/// A user's place in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mine {
    /// Joined or invited.
    pub state: MemberState,
    /// What the user may do.
    pub role: Role,
    /// Everything up to this seq is read.
    pub read_seq: u64,
    /// How many messages are not.
    pub unread: u64,
    /// How many of them call the user.
    pub mentions: u64,
    /// Until when the user may not speak.
    pub muted: Until,
    /// Until when the user wants to hear nothing of the room.
    pub quiet: Until,
    /// When the user pinned the room, milliseconds since the epoch; 0: it is not pinned.
    pub pinned_ms: u64,
}

/// A page of rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomPage {
    /// The rooms.
    pub rooms: Vec<RoomView>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
    /// Whether it may be old.
    pub freshness: Freshness,
}

/// One member of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberView {
    /// Who.
    pub user: UserId,
    /// What people see.
    pub display_name: String,
    /// What the member may do.
    pub role: Role,
    /// Joined or invited.
    pub state: MemberState,
    /// Until when they may not speak.
    pub muted: Until,
    /// What others see of them.
    pub shown: Shown,
}

/// A page of members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPage {
    /// The members.
    pub members: Vec<MemberView>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
    /// Whether it may be old.
    pub freshness: Freshness,
}

impl RoomView {
    /// About how many bytes it takes in a page.
    pub(super) fn weight(&self) -> usize {
        const BASE: usize = 256;
        let last = self.last.as_ref().map_or(0, |event| event.weight());
        BASE + self.head.title.len() + self.head.topic.len() + self.head.picture.len() + last
    }
}

impl Mine {
    fn new(row: &MemberRow, head: &RoomRow, set: Option<UserRoomRow>) -> Self {
        // What is said before somebody accepts is none of theirs yet.
        let (unread, mentions) = match row.state {
            MemberState::Joined => {
                (head.messages.saturating_sub(row.read_messages), row.unread_mentions(head))
            }
            MemberState::Invited => (0, 0),
        };
        let (quiet, pinned_ms) = set.map(|set| (set.quiet, set.pinned_ms)).unwrap_or_default();
        let MemberRow { state, role, read_seq, muted, .. } = *row;
        Self { state, role, read_seq, unread, mentions, muted, quiet, pinned_ms }
    }
}

/// Looks at rooms from below the service: pushes show them. Clones share the cluster.
#[derive(Clone)]
pub struct Views {
    cluster: Cluster,
}

impl Views {
    /// Over the shards of `cluster`.
    pub fn new(cluster: Cluster) -> Self {
        Self { cluster }
    }

    /// The cursors of this cluster.
    pub fn cursors(&self) -> Cursors {
        Cursors::new(&self.cluster.cluster_id(), self.cluster.slots().shards())
    }

    /// The room as `user` sees it, with all that was acknowledged before the call. Errors:
    /// [`ServiceError::NoRoom`], also for a room that may not be seen.
    pub async fn room(&self, user: &UserId, room: &RoomId) -> Result<RoomView, ServiceError> {
        Readers::new(&self.cluster).room(user, room).await
    }
}

impl Readers {
    /// The room as `user` sees it. Errors: [`ServiceError::NoRoom`], also for a room that may not be seen.
    pub(super) async fn room(&self, user: &UserId, room: &RoomId) -> Result<RoomView, ServiceError> {
        let reader = self.of_room(room).await?;
        let (head, place) = self.seen(user, room).await?;
        let my = match place {
            Some(row) => {
                let set = self.of_user(user).await?.user_room(user, room).await?;
                Some(Mine::new(&row, &head, set))
            }
            None => None,
        };
        let inside = my.as_ref().is_some_and(|my| my.state == MemberState::Joined);
        let last = if inside { newest_message(reader, room, &head).await? } else { None };
        let peer = match &head.pair {
            Some((a, b)) => Some(self.profile(if a == user { b } else { a }).await?),
            None => None,
        };
        Ok(RoomView { room: *room, head, last, my, peer, freshness: self.freshness() })
    }

    /// What everybody may know about `user`.
    pub(super) async fn profile(&self, user: &UserId) -> Result<Profile, ServiceError> {
        let row = self.of_user(user).await?.user(user).await?;
        let row = row.ok_or_else(|| ServiceError::NoUser(user.clone()))?;
        Ok(Profile { user: user.clone(), display_name: row.display_name, created_ms: row.created_ms })
    }

    /// The user's row in the room. Errors: [`ServiceError::NoRoom`] for somebody who may not see it,
    /// else the refusal a machine would give to somebody outside.
    pub(super) async fn place(&self, user: &UserId, room: &RoomId) -> Result<MemberRow, ServiceError> {
        let (_, place) = self.seen(user, room).await?;
        Ok(place.ok_or(Refusal::NotMember)?)
    }

    /// A room's head and the user's row in it. Errors: [`ServiceError::NoRoom`] for somebody who may not see
    /// it: who is outside sees open rooms only, who is banned not even these, and nobody a deleted one.
    pub(super) async fn seen(
        &self,
        user: &UserId,
        room: &RoomId,
    ) -> Result<(RoomRow, Option<MemberRow>), ServiceError> {
        let reader = self.of_room(room).await?;
        let head = reader.room(room).await?.filter(|head| head.life != Life::Deleted);
        let head = head.ok_or(ServiceError::NoRoom(*room))?;
        let place = reader.member(room, user).await?;
        if place.is_none() {
            let now_ms = now_ms();
            let banned = reader.ban(room, user).await?.is_some_and(|ban| ban.until.holds(now_ms));
            if head.kind != RoomKind::Open || banned {
                return Err(ServiceError::NoRoom(*room));
            }
        }
        Ok((head, place))
    }
}

async fn newest_message(
    reader: &Reader,
    room: &RoomId,
    head: &RoomRow,
) -> Result<Option<Arc<RoomEvent>>, ServiceError> {
    if head.last_message_seq == 0 {
        return Ok(None);
    }
    Ok(reader.event(room, head.last_message_seq).await?)
}
