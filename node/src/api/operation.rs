//! The table of operations: name, what is asked, what is answered, whether it needs a token. Requests,
//! answers, WebSocket frames, HTTP routes and the OpenAPI document are all made from it, so they cannot
//! disagree.

use serde::{Deserializer, Serialize, Serializer};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::account::{
    ChangePassword, Connect, Connected, Empty, GetProfile, LoggedIn, Login, Profile, Revoke, Sessions,
    SetProfile, SignUp,
};
use super::error::ApiError;
use super::field::Check;
use super::message::{History, MarkRead, Page, ReadMark, Send, Sent};
use super::room::{
    CreateRoom, InRoom, Members, MembersPage, Room, Rooms, RoomsPage, SetRole, SetRoom, UserInRoom,
};

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
                matches!(self, Self::Rooms | Self::OpenRooms | Self::Members | Self::History)
            }

            /// Whether whoever asks is in the room afterwards.
            pub const fn enters_a_room(self) -> bool {
                matches!(self, Self::Join | Self::CreateRoom)
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
    /// Open rooms that anybody may join.
    OpenRooms = "open_rooms", RoomsPage => Rooms, Session;
    /// A room.
    Room = "room", InRoom => Room, Session;
    /// Changes a room's title or topic.
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
    /// Sends a message; answered when it is on stable storage of a majority.
    Send = "send", Send => Sent, Session;
    /// A page of a room's log.
    History = "history", History => Page, Session;
    /// Says how far one has read; moves only forwards.
    MarkRead = "mark_read", MarkRead => ReadMark, Session;
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
