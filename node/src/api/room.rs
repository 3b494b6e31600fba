//! Rooms and their members: what is asked and answered.

use madang_storage::id::{RoomId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::Profile;
use super::field::{Check, PageLimit, Search, Title, Topic};
use super::keep::{Features, Rights};
use super::message::Event;
use super::presence::State;

/// The most users invited when a room is created.
pub const INVITED_AT_CREATION_MAX: usize = 99;

/// What kind of room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Two users, one room per pair.
    Direct,
    /// By invitation.
    Group,
    /// Found and joined by anybody.
    Open,
}

impl From<madang_storage::row::RoomKind> for RoomKind {
    fn from(kind: madang_storage::row::RoomKind) -> Self {
        match kind {
            madang_storage::row::RoomKind::Direct => Self::Direct,
            madang_storage::row::RoomKind::Group => Self::Group,
            madang_storage::row::RoomKind::Open => Self::Open,
        }
    }
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything: also deletes the room or hands it over.
    Owner,
    /// Changes the room, gives lesser roles.
    Admin,
    /// Keeps order: kicks, bans and mutes members.
    Moderator,
    /// Talks.
    Member,
}

/// How somebody belongs to a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// In the room.
    Joined,
    /// Asked in, has not answered.
    Invited,
}

/// Creates a room, or finds the direct room of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRoom {
    /// What kind of room.
    pub kind: RoomKind,
    /// Its title.
    #[schema(value_type = Option<String>, max_length = 128)]
    pub title: Option<Title>,
    /// Its topic.
    #[schema(value_type = Option<String>, max_length = 512)]
    pub topic: Option<Topic>,
    /// Users to invite, up to 99.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 99)]
    pub members: Vec<UserId>,
    /// The other user of a direct room.
    #[schema(value_type = Option<String>)]
    pub with: Option<UserId>,
}

impl Check for CreateRoom {
    fn check(&self) -> Result<(), String> {
        let named = self.title.is_some() || self.topic.is_some() || !self.members.is_empty();
        match (self.kind, &self.with) {
            (RoomKind::Direct, None) => Err("field `with`: a direct room needs the other user".into()),
            (RoomKind::Direct, Some(_)) if named => {
                Err("field `with`: a direct room has no title, topic or members beside it".into())
            }
            (RoomKind::Group | RoomKind::Open, Some(_)) => {
                Err("field `with`: only a direct room is created with it".into())
            }
            _ if self.members.len() > INVITED_AT_CREATION_MAX => {
                Err(format!("field `members`: up to {INVITED_AT_CREATION_MAX} users can be invited at once"))
            }
            _ => Ok(()),
        }
    }
}

/// Asks for a page of rooms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomsPage {
    /// Rooms in the page, 1 to 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Option<PageLimit<100>>,
    /// The `next` of the page before.
    pub next: Option<String>,
}

/// A page of rooms.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Rooms {
    /// The rooms.
    pub rooms: Vec<Room>,
    /// Where the next page starts, if there is one.
    #[schema(required)]
    pub next: Option<String>,
    /// Present and true while this node cannot ask the leaders: what is shown is true, but may be old.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub stale: bool,
}

/// Names a room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InRoom {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
}

/// Names a room and a user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserInRoom {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// The user.
    #[schema(value_type = String)]
    pub user: UserId,
}

/// Gives a member a role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// The member.
    #[schema(value_type = String)]
    pub user: UserId,
    /// The role from now on.
    pub role: Role,
}

/// Asks for a page of members.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MembersPage {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// How their user ids or display names begin; all if absent.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    pub search: Option<Search>,
    /// Members in the page, 1 to 200; 100 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<PageLimit<200>>,
    /// The `next` of the page before.
    pub next: Option<String>,
}

/// A page of members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Members {
    /// The members; a page of a search may be short or empty although there is more.
    pub members: Vec<Member>,
    /// Where the next page starts, if there is one.
    #[schema(required)]
    pub next: Option<String>,
    /// Present and true while this node cannot ask the leaders: what is shown is true, but may be old.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub stale: bool,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Member {
    /// Who.
    #[schema(value_type = String)]
    pub user: UserId,
    /// The name people see.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// Joined or invited.
    pub state: MemberState,
    /// Until when they may not speak, if so; 9007199254740991 for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until_ms: Option<u64>,
    /// Whether they are connected now.
    pub online: bool,
    /// The same, and whether somebody looks.
    pub presence: State,
}

/// A room as one user sees it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Room {
    /// Its id.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Its kind.
    pub kind: RoomKind,
    /// Its title, empty if it has none.
    pub title: String,
    /// Its topic, empty if it has none.
    pub topic: String,
    /// Its picture, empty if it has none.
    pub picture: String,
    /// Whether it can be read and nothing else.
    pub archived: bool,
    /// What is on in it.
    pub features: Features,
    /// The least role for what it decides for itself.
    pub rights: Rights,
    /// Seconds between two messages of one member, 0 without slow mode.
    pub slow_mode_s: u32,
    /// How many people it has places for, invitations included.
    pub places_max: u64,
    /// When it was created.
    pub created_ms: u64,
    /// Joined members.
    pub members: u64,
    /// The newest position in its log.
    pub last_seq: u64,
    /// The newest message.
    #[schema(required)]
    pub last: Option<Event>,
    /// How the asking user belongs to it; null for somebody outside.
    #[schema(required)]
    pub my: Option<My>,
    /// The other one in a direct room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<Profile>,
    /// Present and true while this node cannot ask the leaders: what is shown is true, but may be old.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub stale: bool,
}

/// How the asking user belongs to a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct My {
    /// Joined or invited.
    pub state: MemberState,
    /// What they may do.
    pub role: Role,
    /// How far they have read.
    pub read_seq: u64,
    /// Other people's messages after that.
    pub unread: u64,
    /// Those of them that call the user, by name or with everybody.
    pub mentions: u64,
    /// Until when they may not speak, if so; 9007199254740991 for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until_ms: Option<u64>,
    /// Until when they want to hear nothing of it; 0: not so.
    pub quiet_until_ms: u64,
    /// Whether it stands before the others in their list.
    pub pinned: bool,
}

impl Check for RoomsPage {}
impl Check for InRoom {}
impl Check for UserInRoom {}
impl Check for SetRole {}
impl Check for MembersPage {}
