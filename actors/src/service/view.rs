//! What the service answers about users and rooms, and how it is put together from rows. [`Views`] stands
//! apart from the service since pushes show rooms too, and they are encoded below the service.

use std::sync::Arc;

use madang_cluster::command::Refusal;
use madang_cluster::event::RoomEvent;
use madang_cluster::{Cluster, Freshness, Reader};
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{EventBody, MemberRow, MemberState, Role, RoomKind, RoomRow};

use super::ServiceError;
use super::readers::Readers;
use crate::position::Cursors;

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
    /// Whether a device of theirs is connected.
    pub online: bool,
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
        let last = self.last.as_ref().map_or(0, |event| match &event.row.body {
            EventBody::Message { text, .. } => text.len(),
            _ => 0,
        });
        BASE + self.head.title.len() + self.head.topic.len() + last
    }
}

impl Mine {
    fn new(row: &MemberRow, head: &RoomRow) -> Self {
        // What is said before somebody accepts is none of theirs yet.
        let unread = match row.state {
            MemberState::Joined => head.messages.saturating_sub(row.read_messages),
            MemberState::Invited => 0,
        };
        Self { state: row.state, role: row.role, read_seq: row.read_seq, unread }
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
        let head = reader.room(room).await?.ok_or(ServiceError::NoRoom(*room))?;
        let place = reader.member(room, user).await?;
        if place.is_none() && head.kind != RoomKind::Open {
            return Err(ServiceError::NoRoom(*room));
        }
        let my = place.map(|row| Mine::new(&row, &head));
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
        let reader = self.of_room(room).await?;
        let head = reader.room(room).await?.ok_or(ServiceError::NoRoom(*room))?;
        match reader.member(room, user).await? {
            Some(place) => Ok(place),
            None if head.kind == RoomKind::Open => Err(Refusal::NotMember.into()),
            None => Err(ServiceError::NoRoom(*room)),
        }
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
