//! Other people, receipts and invitations: what is asked and answered.

use madang_storage::id::{RoomId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field::{Check, PageLimit, Search};
use super::room::Room;

/// Names a user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfUser {
    /// The user.
    #[schema(value_type = String)]
    pub user: UserId,
}

/// Asks for a page of one's people.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PeoplePage {
    /// People in the page, 1 to 200; 100 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<PageLimit<200>>,
    /// Where the page starts: `next` of the page before.
    pub next: Option<String>,
}

/// What two people are to each other, as one of them sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactState {
    /// Nothing (any more).
    None,
    /// One has asked, and waits.
    Asked,
    /// The other one has asked.
    Asking,
    /// Both said yes.
    Contact,
}

/// A contact, or a request that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Contact {
    /// Who.
    #[schema(value_type = String)]
    pub user: UserId,
    /// The name people see.
    pub display_name: String,
    /// What the two are to each other.
    pub state: ContactState,
    /// Since when.
    pub at_ms: u64,
}

/// A page of contacts and requests, by user id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Contacts {
    /// The contacts.
    pub contacts: Vec<Contact>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
}

/// Somebody who is blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockInfo {
    /// Who.
    #[schema(value_type = String)]
    pub user: UserId,
    /// Since when.
    pub at_ms: u64,
}

/// A page of blocked users, by user id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Blocks {
    /// The users.
    pub blocks: Vec<BlockInfo>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
}

/// Looks for people.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindUsers {
    /// How an id, or a word of a display name, begins.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    pub prefix: Search,
    /// People in the page, 1 to 50; 20 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 50)]
    pub limit: Option<PageLimit<50>>,
    /// Where the page starts: `next` of the page before.
    pub next: Option<String>,
}

/// Somebody who was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Person {
    /// Who.
    #[schema(value_type = String)]
    pub user: UserId,
    /// The name people see.
    pub display_name: String,
}

/// A page of people who were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct People {
    /// The people.
    pub users: Vec<Person>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
}

/// Changes how one wants to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPrivacy {
    /// Nobody else sees how far one has read.
    pub private_reading: Option<bool>,
    /// One comes up in searches of all users; in one's rooms one always does.
    pub findable: Option<bool>,
}

impl Check for SetPrivacy {
    fn check(&self) -> Result<(), String> {
        match (self.private_reading, self.findable) {
            (None, None) => Err("field `private_reading` or `findable`: one of them is wanted".into()),
            _ => Ok(()),
        }
    }
}

/// How one wants to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Privacy {
    /// Nobody else sees how far one has read.
    pub private_reading: bool,
    /// One comes up in searches of all users; in one's rooms one always does.
    pub findable: bool,
}

/// What is not read, in all rooms together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unread {
    /// In how many rooms there is something.
    pub rooms: u64,
    /// Other people's messages.
    pub unread: u64,
    /// Those of them that call the user.
    pub mentions: u64,
    /// Present and true while this node cannot ask the leaders: what is shown is true, but may be old.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub stale: bool,
}

/// Says how far messages have reached a device.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkReceived {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Everything up to here has reached a device.
    pub seq: u64,
}

/// How far messages have reached a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReceivedMark {
    /// Everything up to here has reached a device.
    pub received_seq: u64,
}

/// How far a member has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Receipt {
    /// Who.
    #[schema(value_type = String)]
    pub user: UserId,
    /// Everything up to here is read.
    pub read_seq: u64,
    /// Everything up to here has reached a device.
    pub received_seq: u64,
}

/// How far the members of a room have come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Receipts {
    /// One for each member inside.
    pub receipts: Vec<Receipt>,
}

/// An invitation that waits for its answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Invitation {
    /// Into which room.
    pub room: Room,
    /// Whose it is.
    #[schema(value_type = Option<String>)]
    pub by: Option<UserId>,
    /// When it was sent.
    pub at_ms: u64,
}

/// The invitations that wait, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Invitations {
    /// The invitations.
    pub invitations: Vec<Invitation>,
}

impl Check for OfUser {}
impl Check for PeoplePage {}
impl Check for FindUsers {}
impl Check for MarkReceived {}
