//! Rooms: creating, coming and going, roles.

use madang_cluster::command::RoomOp;
use madang_cluster::machine::pair::direct_room;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{MemberState, Role, RoomKind};

use super::readers::Readers;
use super::{Caller, RoomView, Service, ServiceError, directory, fresh_id};

/// What a new room is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewRoom {
    /// The one room of the caller and this user.
    Direct {
        /// The other one.
        with: UserId,
    },
    /// A room entered by invitation.
    Group(Described),
    /// A room found by anybody.
    Open(Described),
}

/// Title, topic and first guests of a room that has such things.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Described {
    /// Title, may be empty.
    pub title: String,
    /// Topic, may be empty.
    pub topic: String,
    /// Whom to invite.
    pub members: Vec<UserId>,
}

impl Service {
    /// Creates a room, or finds the direct room of the pair.
    pub async fn create_room(&self, caller: &Caller, new: NewRoom) -> Result<RoomView, ServiceError> {
        let (room, kind, described) = match new {
            NewRoom::Direct { with } => {
                if with == caller.user {
                    let what = "field `with`: a direct room is with somebody else".to_owned();
                    return Err(ServiceError::BadRequest { what });
                }
                let room = direct_room(&caller.user, &with);
                (room, RoomKind::Direct, Described { members: vec![with], ..Described::default() })
            }
            NewRoom::Group(described) => (RoomId(fresh_id()), RoomKind::Group, described),
            NewRoom::Open(described) => (RoomId(fresh_id()), RoomKind::Open, described),
        };
        let people = [std::slice::from_ref(&caller.user), &described.members].concat();
        let readers = self.readers();
        for user in &people {
            let becomes = match kind {
                RoomKind::Direct => MemberState::Joined,
                _ if *user == caller.user => MemberState::Joined,
                _ => MemberState::Invited,
            };
            self.check_space(&readers, user, &room, becomes).await?;
            if kind != RoomKind::Direct && *user != caller.user {
                self.check_welcome(&readers, &caller.user, user).await?;
            }
        }
        let Described { title, topic, members } = described;
        let sort_title = directory::sort_title(&title);
        let create = RoomOp::Create { kind, title, topic, members, sort_title };
        self.change_room(room, &caller.user, create).await?;
        self.readers().room(&caller.user, &room).await
    }

    /// One room.
    pub async fn room(&self, caller: &Caller, room: &RoomId) -> Result<RoomView, ServiceError> {
        self.readers().room(&caller.user, room).await
    }

    /// Enters an open room, or accepts an invitation.
    pub async fn join(&self, caller: &Caller, room: RoomId) -> Result<RoomView, ServiceError> {
        self.check_space(&self.readers(), &caller.user, &room, MemberState::Joined).await?;
        self.change_room(room, &caller.user, RoomOp::Join).await?;
        self.readers().room(&caller.user, &room).await
    }

    /// Leaves, or declines.
    pub async fn leave(&self, caller: &Caller, room: RoomId) -> Result<(), ServiceError> {
        self.change_room(room, &caller.user, RoomOp::Leave).await
    }

    /// Asks somebody in.
    pub async fn invite(&self, caller: &Caller, room: RoomId, user: UserId) -> Result<(), ServiceError> {
        let readers = self.readers();
        readers.place(&caller.user, &room).await?;
        self.check_welcome(&readers, &caller.user, &user).await?;
        self.check_space(&readers, &user, &room, MemberState::Invited).await?;
        self.change_room(room, &caller.user, RoomOp::Invite(user)).await
    }

    /// Puts somebody out.
    pub async fn kick(&self, caller: &Caller, room: RoomId, user: UserId) -> Result<(), ServiceError> {
        self.change_room(room, &caller.user, RoomOp::Kick(user)).await
    }

    /// Gives somebody a role.
    pub async fn set_role(
        &self,
        caller: &Caller,
        room: RoomId,
        user: UserId,
        role: Role,
    ) -> Result<(), ServiceError> {
        self.change_room(room, &caller.user, RoomOp::SetRole(user, role)).await
    }
}

impl Service {
    /// Refuses when there is no such user, or when one room more to be in, or invited to, would be too many.
    /// What strangers send does not keep anybody from entering rooms of their own choice. Between this look and
    /// the decision others may slip in: the limits bound memory, a few more do no harm.
    pub(super) async fn check_space(
        &self,
        readers: &Readers,
        user: &UserId,
        room: &RoomId,
        becomes: MemberState,
    ) -> Result<(), ServiceError> {
        let reader = readers.of_user(user).await?;
        if reader.user(user).await?.is_none() {
            return Err(ServiceError::NoUser(user.clone()));
        }
        let now = reader.user_room(user, room).await?.and_then(|row| row.state);
        if now == Some(MemberState::Joined) || now == Some(becomes) {
            return Ok(());
        }
        let rooms = reader.user_rooms(user).await?;
        let same = rooms.iter().filter(|(_, row)| row.state == Some(becomes)).count();
        let (what, limit) = match becomes {
            MemberState::Joined => ("the user's list of rooms", self.0.options.rooms_per_user_max),
            MemberState::Invited => {
                ("the user's list of invitations", self.0.options.invitations_per_user_max)
            }
        };
        if same >= limit {
            return Err(ServiceError::TooLarge { what, limit: limit as u64 });
        }
        Ok(())
    }
}
