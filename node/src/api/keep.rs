//! Keeping rooms: what holds in them, bans and mutes, links, and what one sets up for oneself.

use madang_storage::id::{LinkCode, LinkId, RoomId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field::{
    Check, LastingMs, PageLimit, Picture, Places, Reason, Search, SlowMode, Title, Topic, Uses,
};
use super::room::{Role, RoomKind};

/// What is on in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Features {
    /// That somebody is typing is passed on.
    pub typing: bool,
    /// How far members have read is passed on.
    pub receipts: bool,
    /// Reactions to messages.
    pub reactions: bool,
    /// Threads.
    pub threads: bool,
    /// Who is there is passed on.
    pub presence: bool,
}

/// What is to be on; what is absent stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeaturesChange {
    /// See [`Features`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typing: Option<bool>,
    /// See [`Features`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipts: Option<bool>,
    /// See [`Features`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reactions: Option<bool>,
    /// See [`Features`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<bool>,
    /// See [`Features`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence: Option<bool>,
}

/// The least role for what a room decides for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rights {
    /// To send messages.
    pub send: Role,
    /// To ask people in, by name or by link.
    pub invite: Role,
    /// To pin messages.
    pub pin: Role,
    /// To change title, topic and picture.
    pub describe: Role,
    /// To call everybody in a message.
    pub mention_room: Role,
    /// To delete other people's messages.
    pub delete_others: Role,
}

/// The least role from now on; what is absent stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightsChange {
    /// See [`Rights`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send: Option<Role>,
    /// See [`Rights`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite: Option<Role>,
    /// See [`Rights`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin: Option<Role>,
    /// See [`Rights`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub describe: Option<Role>,
    /// See [`Rights`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mention_room: Option<Role>,
    /// See [`Rights`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_others: Option<Role>,
}

/// Changes what a room is called, or what holds in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRoom {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Its new title.
    #[schema(value_type = Option<String>, max_length = 128)]
    pub title: Option<Title>,
    /// Its new topic.
    #[schema(value_type = Option<String>, max_length = 512)]
    pub topic: Option<Topic>,
    /// Its new picture: an http(s) address, or the name that a media store gave it; empty takes it away.
    #[schema(value_type = Option<String>, max_length = 512)]
    pub picture: Option<Picture>,
    /// What is switched on or off.
    pub features: Option<FeaturesChange>,
    /// What needs another role.
    pub rights: Option<RightsChange>,
    /// Seconds between two messages of one member, up to a day; 0 switches slow mode off.
    #[schema(value_type = Option<u32>, maximum = 86400)]
    pub slow_mode_s: Option<SlowMode>,
    /// How many people there are places for, up to the node's limit.
    #[schema(value_type = Option<u64>, minimum = 2)]
    pub places_max: Option<Places>,
}

impl Check for SetRoom {
    fn check(&self) -> Result<(), String> {
        let Self { room: _, title, topic, picture, features, rights, slow_mode_s, places_max } = self;
        let described = title.is_some() || topic.is_some() || picture.is_some();
        let configured =
            features.is_some() || rights.is_some() || slow_mode_s.is_some() || places_max.is_some();
        if described || configured {
            Ok(())
        } else {
            Err("at least one field beside `room` is needed".into())
        }
    }
}

/// What changed about a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Changed {
    /// The new title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The new topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The new picture, empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// What was switched on or off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<FeaturesChange>,
    /// What needs another role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rights: Option<RightsChange>,
    /// Seconds between two messages of one member, 0 without slow mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_mode_s: Option<u32>,
    /// How many people there are places for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub places_max: Option<u64>,
}

/// Keeps somebody out of a room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ban {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Whom.
    #[schema(value_type = String)]
    pub user: UserId,
    /// For how long; for good if absent.
    #[schema(value_type = Option<u64>, minimum = 1)]
    pub for_ms: Option<LastingMs>,
    /// Why, for people.
    #[schema(value_type = Option<String>, max_length = 200)]
    pub reason: Option<Reason>,
}

/// Forbids a member to speak.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mute {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Whom.
    #[schema(value_type = String)]
    pub user: UserId,
    /// For how long; for good if absent.
    #[schema(value_type = Option<u64>, minimum = 1)]
    pub for_ms: Option<LastingMs>,
}

/// Asks for a page of bans.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BansPage {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Bans in the page, 1 to 200; 100 if absent. It may have fewer though there is a next page.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<PageLimit<200>>,
    /// The `next` of the page before.
    pub next: Option<String>,
}

/// A page of bans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Bans {
    /// The bans that hold, by user id.
    pub bans: Vec<BanInfo>,
    /// Where the next page starts, if there is one.
    #[schema(required)]
    pub next: Option<String>,
}

/// Somebody who may not enter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BanInfo {
    /// Who.
    #[schema(value_type = String)]
    pub user: UserId,
    /// The name people see.
    pub display_name: String,
    /// Who decided it.
    #[schema(value_type = String)]
    pub by: UserId,
    /// When.
    pub at_ms: u64,
    /// Until when; 9007199254740991 for good.
    pub until_ms: u64,
    /// Why, for people; may be empty.
    pub reason: String,
}

/// Makes a link into a room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateLink {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// For how long it opens the door; for good if absent.
    #[schema(value_type = Option<u64>, minimum = 1)]
    pub for_ms: Option<LastingMs>,
    /// How many people it lets in; any number if absent.
    #[schema(value_type = Option<u32>, minimum = 1)]
    pub uses_max: Option<Uses>,
}

/// A room's links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Links {
    /// Those that let people in, oldest first.
    pub links: Vec<LinkInfo>,
}

/// A link into a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LinkInfo {
    /// What it is called.
    #[schema(value_type = String)]
    pub link: LinkId,
    /// What leads in: whoever has it may enter.
    #[schema(value_type = String)]
    pub code: LinkCode,
    /// Who made it.
    #[schema(value_type = String)]
    pub by: UserId,
    /// When it was made.
    pub created_ms: u64,
    /// Until when it opens the door; 9007199254740991 for good.
    pub until_ms: u64,
    /// How many people have come in by it.
    pub uses: u32,
    /// How many people it lets in; null: any number.
    #[schema(required)]
    pub uses_max: Option<u32>,
}

/// Names a link of a room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeLink {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// The link.
    #[schema(value_type = String)]
    pub link: LinkId,
}

/// Names a link by what leads in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ByCode {
    /// What leads in.
    #[schema(value_type = String)]
    pub code: LinkCode,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Preview {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Its kind.
    pub kind: RoomKind,
    /// Its title.
    pub title: String,
    /// Its topic.
    pub topic: String,
    /// Its picture, empty if it has none.
    pub picture: String,
    /// Joined members.
    pub members: u64,
    /// Whether the asking user is in it already.
    pub joined: bool,
}

/// Sets a room up for oneself; what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetMyRoom {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Until when one wants to hear nothing of it; 0: no longer.
    pub quiet_until_ms: Option<u64>,
    /// Whether it stands before the others in the list.
    pub pinned: Option<bool>,
}

impl Check for SetMyRoom {
    fn check(&self) -> Result<(), String> {
        match (self.quiet_until_ms, self.pinned) {
            (None, None) => Err("field `quiet_until_ms` or `pinned`: at least one is needed".into()),
            _ => Ok(()),
        }
    }
}

/// Asks for a page of open rooms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenRoomsPage {
    /// How their titles begin, in capitals or not; all if absent.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    pub search: Option<Search>,
    /// Rooms in the page, 1 to 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Option<PageLimit<100>>,
    /// The `next` of the page before.
    pub next: Option<String>,
}

impl Check for Ban {}
impl Check for Mute {}
impl Check for BansPage {}
impl Check for CreateLink {}
impl Check for RevokeLink {}
impl Check for ByCode {}
impl Check for OpenRoomsPage {}
