//! The table of operations: name, what is asked, what is answered, whether it needs a token. Requests,
//! answers, WebSocket frames, HTTP routes and the OpenAPI document are all made from it, so they cannot
//! disagree.

use serde::{Deserializer, Serialize, Serializer};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::account::{
    ChangePassword, Connect, Connected, Empty, GetProfile, LoggedIn, Login, Nodes, Profile, Revoke, Sessions,
    SetProfile, SignUp,
};
use super::error::ApiError;
use super::field::Check;
use super::keep::{
    Ban, Bans, BansPage, ByCode, CreateLink, LinkInfo, Links, Mute, OpenRoomsPage, Preview, RevokeLink,
    SetMyRoom, SetRoom,
};
use super::message::{History, MarkRead, Page, ReadMark, Send, Sent};
use super::message_about::{
    AtMessage, Edit, Edits, Forward, MentionList, MentionsPage, Pin, Pins, PinsPage, React, Reactions,
    ReactionsPage, ThreadPage,
};
use super::people::{
    Blocks, Contact, Contacts, FindUsers, Invitations, MarkReceived, OfUser, People, PeoplePage, Privacy,
    Receipts, ReceivedMark, SetPrivacy, Unread,
};
use super::presence::{GetPresence, MyPresence, Presences, SetPresence, SetTyping};
use super::room::{CreateRoom, InRoom, Members, MembersPage, Room, Rooms, RoomsPage, SetRole, UserInRoom};
use super::safety::{
    Appoint, Audit, AuditPage, MakeReport, MoveReport, Report, Reported, Reports, ReportsPage, Staff,
};
use super::suspension::{Suspend, Suspensions, SuspensionsPage};

/// Who may use an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever proves a session by its token.
    Session,
}

/// Named schemas that others refer to.
pub type Schemas = Vec<(String, RefOr<Schema>)>;

macro_rules! operations {
    ($( $(#[doc = $doc:literal])* $op:ident = $name:literal, $request:ty => $response:ty, $access:ident; )*) => {
        /// The operations of the protocol.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation {
            $( $(#[doc = $doc])* $op, )*
        }

        /// What a client asks.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Request {
            $( $(#[doc = $doc])* $op($request), )*
        }

        /// What it is answered.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Response {
            $( $(#[doc = $doc])* $op($response), )*
        }

        impl Operation {
            /// All operations, in the order of the protocol's page.
            pub const ALL: &'static [Self] = &[$( Self::$op, )*];

            /// Its name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$op => $name, )* }
            }

            /// The operation of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $( $name => Some(Self::$op), )* _ => None }
            }

            /// Who may use it.
            pub const fn access(self) -> Access {
                match self { $( Self::$op => Access::$access, )* }
            }

            /// Whether it answers a page, which may be large.
            pub const fn is_page(self) -> bool {
                matches!(self, Self::Rooms | Self::OpenRooms | Self::Members
                    | Self::Bans
                    | Self::History
                    | Self::Thread
                    | Self::Edits
                    | Self::Reactions
                    | Self::Pins
                    | Self::Mentions
                )
            }

            /// Whether whoever asks is in the room afterwards.
            pub const fn enters_a_room(self) -> bool {
                matches!(self, Self::Join | Self::JoinLink | Self::CreateRoom)
            }

            /// What it does, in a sentence.
            pub const fn doc(self) -> &'static str {
                match self { $( Self::$op => concat!($($doc),*), )* }
            }

            /// The shape of what is asked.
            pub fn request_schema(self) -> RefOr<Schema> {
                match self { $( Self::$op => <$request as utoipa::PartialSchema>::schema(), )* }
            }

            /// The name and shape of what is answered.
            pub fn response_schema(self) -> (String, RefOr<Schema>) {
                match self {
                    $( Self::$op => (
                        <$response as ToSchema>::name().into_owned(),
                        <$response as utoipa::PartialSchema>::schema(),
                    ), )*
                }
            }

            /// Adds the schemas that request and answer refer to.
            pub fn collect_schemas(self, into: &mut Schemas) {
                match self {
                    $( Self::$op => {
                        <$request as ToSchema>::schemas(into);
                        <$response as ToSchema>::schemas(into);
                    } )*
                }
            }
        }

        impl Request {
            /// Which operation is asked for.
            pub const fn operation(&self) -> Operation {
                match self { $( Self::$op(_) => Operation::$op, )* }
            }

            /// Reads the fields of `operation` from JSON, a query string or a tree.
            ///
            /// # Errors
            /// `bad_request`, with a message that names the field.
            pub fn read<'de, D: Deserializer<'de>>(operation: Operation, from: D) -> Result<Self, ApiError> {
                match operation {
                    $( Operation::$op => Ok(Self::$op(read_fields::<$request, D>(from)?)), )*
                }
            }
        }

        impl Response {
            /// Which operation is answered.
            pub const fn operation(&self) -> Operation {
                match self { $( Self::$op(_) => Operation::$op, )* }
            }
        }

        /// The answer object itself, without the operation's name.
        impl Serialize for Response {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self { $( Self::$op(answer) => answer.serialize(to), )* }
            }
        }
    };
}

operations! {
    /// Opens a session on this connection.
    Connect = "connect", Connect => Connected, Public;
    /// Creates a user and logs in.
    SignUp = "sign_up", SignUp => LoggedIn, Public;
    /// Logs in: a new session with a token of its own.
    Login = "login", Login => LoggedIn, Public;
    /// Where to connect: the nodes that serve, the best for this user first.
    Nodes = "nodes", Empty => Nodes, Session;
    /// Ends the session of the token.
    Logout = "logout", Empty => Empty, Session;
    /// One's own profile.
    Me = "me", Empty => Profile, Session;
    /// Changes one's own profile.
    SetProfile = "set_profile", SetProfile => Profile, Session;
    /// Changes the password and ends all other sessions.
    ChangePassword = "change_password", ChangePassword => Empty, Session;
    /// One's own sessions.
    Sessions = "sessions", Empty => Sessions, Session;
    /// Ends one of one's own sessions.
    Revoke = "revoke", Revoke => Empty, Session;
    /// A user's profile.
    Profile = "profile", GetProfile => Profile, Session;
    /// Creates a room; for a direct room, finds the one of the pair.
    CreateRoom = "create_room", CreateRoom => Room, Session;
    /// One's own rooms, newest activity first.
    Rooms = "rooms", RoomsPage => Rooms, Session;
    /// Open rooms that anybody may join, by title.
    OpenRooms = "open_rooms", OpenRoomsPage => Rooms, Session;
    /// A room.
    Room = "room", InRoom => Room, Session;
    /// Changes what a room is called, or what holds in it.
    SetRoom = "set_room", SetRoom => Room, Session;
    /// Joins an open room, or accepts an invitation.
    Join = "join", InRoom => Room, Session;
    /// Leaves a room, or declines an invitation.
    Leave = "leave", InRoom => Empty, Session;
    /// Invites a user.
    Invite = "invite", UserInRoom => Empty, Session;
    /// Puts a user out of a room.
    Kick = "kick", UserInRoom => Empty, Session;
    /// Gives a member a role.
    SetRole = "set_role", SetRole => Empty, Session;
    /// The members of a room.
    Members = "members", MembersPage => Members, Session;
    /// Keeps a user out of a room.
    Ban = "ban", Ban => Empty, Session;
    /// Lets a banned user in again.
    Unban = "unban", UserInRoom => Empty, Session;
    /// Who is banned from a room.
    Bans = "bans", BansPage => Bans, Session;
    /// Forbids a member to speak.
    Mute = "mute", Mute => Empty, Session;
    /// Lets a muted member speak again.
    Unmute = "unmute", UserInRoom => Empty, Session;
    /// Makes a link into a room.
    CreateLink = "create_link", CreateLink => LinkInfo, Session;
    /// The links into a room.
    Links = "links", InRoom => Links, Session;
    /// Takes a link into a room away.
    RevokeLink = "revoke_link", RevokeLink => Empty, Session;
    /// What a link leads to.
    PreviewLink = "preview_link", ByCode => Preview, Session;
    /// Joins a room by a link.
    JoinLink = "join_link", ByCode => Room, Session;
    /// Makes a room read only.
    Archive = "archive", InRoom => Room, Session;
    /// Takes a room out of the archive.
    Unarchive = "unarchive", InRoom => Room, Session;
    /// Deletes a room for everybody.
    DeleteRoom = "delete_room", InRoom => Empty, Session;
    /// Sets a room up for oneself: quiet hours, and the pin in the list.
    SetMyRoom = "set_my_room", SetMyRoom => Room, Session;
    /// Sends a message; answered when it is on stable storage of a majority.
    Send = "send", Send => Sent, Session;
    /// A page of a room's log.
    History = "history", History => Page, Session;
    /// Says again in a room what was said in another.
    Forward = "forward", Forward => Sent, Session;
    /// Says one's own message differently.
    Edit = "edit", Edit => Sent, Session;
    /// Deletes a message for everybody.
    Delete = "delete", AtMessage => Sent, Session;
    /// A message as it was before its edits, for those who keep order.
    Edits = "edits", AtMessage => Edits, Session;
    /// Reacts to a message, or takes that back.
    React = "react", React => Sent, Session;
    /// Who reacted to a message.
    Reactions = "reactions", ReactionsPage => Reactions, Session;
    /// Pins a message, or takes it off.
    Pin = "pin", Pin => Sent, Session;
    /// The pinned messages of a room.
    Pins = "pins", PinsPage => Pins, Session;
    /// A page of the thread that hangs on a message.
    Thread = "thread", ThreadPage => Page, Session;
    /// The messages that call one, by name or with everybody, in all rooms.
    Mentions = "mentions", MentionsPage => MentionList, Session;
    /// Says how far one has read; moves only forwards.
    MarkRead = "mark_read", MarkRead => ReadMark, Session;
    /// Says how far messages have reached a device; moves only forwards.
    MarkReceived = "mark_received", MarkReceived => ReceivedMark, Session;
    /// How far the members of a room have read and received.
    Receipts = "receipts", InRoom => Receipts, Session;
    /// What is not read, in all rooms together.
    Unread = "unread", Empty => Unread, Session;
    /// The invitations that wait.
    Invitations = "invitations", Empty => Invitations, Session;
    /// Says no to an invitation.
    Decline = "decline", InRoom => Empty, Session;
    /// One's contacts, and the requests that wait.
    Contacts = "contacts", PeoplePage => Contacts, Session;
    /// Asks somebody to be a contact.
    RequestContact = "request_contact", OfUser => Contact, Session;
    /// Says yes to somebody who asked.
    AcceptContact = "accept_contact", OfUser => Contact, Session;
    /// Says no to somebody who asked.
    DeclineContact = "decline_contact", OfUser => Contact, Session;
    /// Ends a contact, or takes a request back.
    RemoveContact = "remove_contact", OfUser => Contact, Session;
    /// Whom one blocks.
    Blocks = "blocks", PeoplePage => Blocks, Session;
    /// Has nothing more to do with somebody.
    Block = "block", OfUser => Empty, Session;
    /// Takes a block back.
    Unblock = "unblock", OfUser => Empty, Session;
    /// People whose id or name begins so.
    FindUsers = "find_users", FindUsers => People, Session;
    /// How one wants to be seen.
    Privacy = "privacy", Empty => Privacy, Session;
    /// Changes how one wants to be seen.
    SetPrivacy = "set_privacy", SetPrivacy => Privacy, Session;
    /// Reports a message or a user to the moderators.
    Report = "report", MakeReport => Reported, Session;
    /// The moderators' queue.
    Reports = "reports", ReportsPage => Reports, Session;
    /// Moves a report on.
    MoveReport = "move_report", MoveReport => Report, Session;
    /// The staff of the cluster.
    Staff = "staff", Empty => Staff, Session;
    /// Gives somebody a role in the staff.
    Appoint = "appoint", Appoint => Empty, Session;
    /// Keeps a user out of the whole cluster.
    Suspend = "suspend", Suspend => Empty, Session;
    /// Lets a suspended user in again.
    Restore = "restore", OfUser => Empty, Session;
    /// Who is suspended.
    Suspensions = "suspensions", SuspensionsPage => Suspensions, Session;
    /// What the staff and the keepers of rooms did.
    Audit = "audit", AuditPage => Audit, Session;
    /// Whether users are there.
    Presence = "presence", GetPresence => Presences, Session;
    /// Changes what others see of oneself.
    SetPresence = "set_presence", SetPresence => MyPresence, Session;
    /// Says that one types, or has stopped to.
    Typing = "typing", SetTyping => Empty, Session;
}

/// Reads one request type and checks its fields against each other.
fn read_fields<'de, T, D>(from: D) -> Result<T, ApiError>
where
    T: serde::Deserialize<'de> + Check,
    D: Deserializer<'de>,
{
    let fields: T = serde_path_to_error::deserialize(from).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner().to_string();
        // serde_json counts columns from the start of the fields, which would mislead.
        let reason = inner.split_once(" at line ").map_or(inner.as_str(), |(reason, _)| reason);
        // serde names missing and unknown fields itself; the path is then that of the object around them.
        ApiError::bad_request(if path == "." || reason.contains(&format!("`{path}`")) {
            reason.to_owned()
        } else {
            format!("field `{path}`: {reason}")
        })
    })?;
    fields.check().map_err(ApiError::bad_request)?;
    Ok(fields)
}
