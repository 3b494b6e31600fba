//! The protocol's objects as a client sees them. Unknown fields are ignored, as the protocol asks.

use serde::{Deserialize, Serialize};

/// Answer to `connect`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Welcome {
    /// Whose session this is.
    pub user: String,
    /// Public name of the session.
    pub session: String,
    /// The node that answers.
    pub node: String,
    /// How often the server says something, in milliseconds.
    pub ping_ms: u64,
    /// The server's limits.
    pub limits: Limits,
    /// What became of the cursor; `None` if there was none.
    #[serde(default)]
    pub resume: Option<Resume>,
    /// Where the next connection goes on, if this one breaks.
    pub cursor: String,
    /// Where to connect if the node goes away, the best first.
    #[serde(default)]
    pub nodes: Vec<String>,
}

/// What became of a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resume {
    /// All that was missed was pushed before the answer.
    Ok,
    /// It has to be read from the history.
    Limited,
    /// The cursor is not one of this cluster.
    Reset,
}

/// The server's limits as told in [`Welcome`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Limits {
    /// Longest frame, in bytes.
    pub frame_bytes_max: usize,
    /// Longest message text, in bytes.
    pub text_bytes_max: usize,
    /// Most commands that may wait for a reply.
    pub commands_in_flight_max: usize,
    /// Most events on one page of history.
    pub history_page_max: usize,
}

/// A user as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Profile {
    /// User id.
    pub user: String,
    /// What people see.
    pub display_name: String,
    /// When the account was made.
    pub created_ms: u64,
}

/// Kind of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Of exactly two users.
    Direct,
    /// Entered by invitation.
    Group,
    /// Found in the list and joined by anybody.
    Open,
}

/// A room as one user sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Room {
    /// Room id.
    pub room: String,
    /// Kind.
    pub kind: RoomKind,
    /// Title, absent in a direct room.
    #[serde(default)]
    pub title: Option<String>,
    /// Topic.
    #[serde(default)]
    pub topic: Option<String>,
    /// When it was made.
    pub created_ms: u64,
    /// Joined members.
    pub members: u64,
    /// Position of the newest event.
    pub last_seq: u64,
    /// Newest message.
    #[serde(default)]
    pub last: Option<Event>,
    /// The asking user's own standing, absent for somebody outside.
    #[serde(default)]
    pub my: Option<Membership>,
    /// The other one of a direct room.
    #[serde(default)]
    pub peer: Option<Profile>,
}

/// The asking user's standing in a room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Membership {
    /// `joined` or `invited`.
    pub state: String,
    /// `owner`, `admin` or `member`.
    pub role: String,
    /// Read up to here.
    pub read_seq: u64,
    /// Other people's messages after `read_seq`.
    pub unread: u64,
}

/// One page of rooms.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RoomPage {
    /// The rooms, newest activity first.
    pub rooms: Vec<Room>,
    /// Where the next page starts, if there is one.
    #[serde(default)]
    pub next: Option<String>,
}

/// One page of history, oldest event first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HistoryPage {
    /// The events.
    pub events: Vec<Event>,
    /// Whether there is more in the direction asked for.
    pub more: bool,
    /// Whether newer ones may be missing: the node is cut off from the leaders.
    #[serde(default)]
    pub stale: bool,
}

/// Which page of history is asked for. The named position itself is excluded, except for `Around`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The newest events.
    Newest,
    /// What came before this seq.
    Before(u64),
    /// What came after this seq.
    After(u64),
    /// Centred on this seq.
    Around(u64),
}

/// Answer to `send`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct SendAck {
    /// Position of the message in the room's log.
    pub seq: u64,
    /// When it was logged.
    pub at_ms: u64,
    /// Whether this cid had been logged before.
    pub dup: bool,
}

/// Something that was logged in a room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "FlatEvent")]
pub struct Event {
    /// Where.
    pub room: String,
    /// Position in the room's log.
    pub seq: u64,
    /// When.
    pub at_ms: u64,
    /// Who did it.
    pub user: String,
    /// What.
    pub kind: EventKind,
}

/// What an [`Event`] tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// Somebody said something.
    Message {
        /// The sender's name for this send.
        cid: String,
        /// What was said.
        text: String,
    },
    /// The room was made.
    Created,
    /// Somebody came.
    Joined,
    /// Somebody went.
    Left,
    /// Somebody was invited.
    Invited {
        /// Who.
        target: String,
    },
    /// Somebody was put out.
    Kicked {
        /// Who.
        target: String,
    },
    /// Somebody got a role.
    Role {
        /// Who.
        target: String,
        /// Which role.
        role: String,
    },
    /// Title or topic changed.
    Changed {
        /// The new title.
        title: Option<String>,
        /// The new topic.
        topic: Option<String>,
    },
    /// A kind this client does not know, by its name.
    Other(String),
}

/// The event as it stands in JSON. Serde's own tagged enums would copy every field once more, and a load
/// test decodes a great many events.
#[derive(Deserialize)]
struct FlatEvent {
    room: String,
    seq: u64,
    at_ms: u64,
    user: String,
    kind: String,
    cid: Option<String>,
    text: Option<String>,
    target: Option<Target>,
    role: Option<String>,
    title: Option<String>,
    topic: Option<String>,
}

/// Whom or what an event is about.
#[derive(Deserialize)]
#[serde(untagged)]
enum Target {
    User(String),
    /// The seq of a message. Kinds that have one are not told apart here.
    Message(#[expect(dead_code, reason = "only its shape is checked")] u64),
}

impl TryFrom<FlatEvent> for Event {
    type Error = String;

    fn try_from(flat: FlatEvent) -> Result<Self, Self::Error> {
        let need = |name: &str, value: Option<String>| {
            value.ok_or_else(|| format!("event {} of kind {} has no {name}", flat.seq, flat.kind))
        };
        let user = match flat.target {
            Some(Target::User(user)) => Some(user),
            Some(Target::Message(_)) | None => None,
        };
        let kind = match flat.kind.as_str() {
            "message" => EventKind::Message { cid: need("cid", flat.cid)?, text: need("text", flat.text)? },
            "created" => EventKind::Created,
            "joined" => EventKind::Joined,
            "left" => EventKind::Left,
            "invited" => EventKind::Invited { target: need("target", user)? },
            "kicked" => EventKind::Kicked { target: need("target", user)? },
            "role" => EventKind::Role { target: need("target", user)?, role: need("role", flat.role)? },
            "changed" => EventKind::Changed { title: flat.title, topic: flat.topic },
            other => EventKind::Other(other.to_owned()),
        };
        Ok(Self { room: flat.room, seq: flat.seq, at_ms: flat.at_ms, user: flat.user, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_event_is_read_with_unknown_fields_ignored() {
        let json = r#"{"room":"R","seq":3,"at_ms":9,"user":"minji","kind":"message","cid":"c","text":"안녕","new":1}"#;
        let event: Event = serde_json::from_str(json).unwrap();
        assert_eq!(event.seq, 3);
        assert_eq!(event.kind, EventKind::Message { cid: "c".into(), text: "안녕".into() });
    }

    #[test]
    fn message_event_without_text_is_refused_and_the_field_named() {
        let json = r#"{"room":"R","seq":3,"at_ms":9,"user":"minji","kind":"message","cid":"c"}"#;
        let error = serde_json::from_str::<Event>(json).unwrap_err().to_string();
        assert!(error.contains("no text"), "{error}");
    }

    #[test]
    fn event_about_a_message_names_it_by_a_number() {
        let json = r#"{"room":"R","seq":3,"at_ms":9,"user":"minji","kind":"deleted","target":2}"#;
        let event: Event = serde_json::from_str(json).unwrap();
        assert_eq!(event.kind, EventKind::Other("deleted".into()));
    }

    #[test]
    fn event_of_an_unknown_kind_keeps_its_name() {
        let json = r#"{"room":"R","seq":3,"at_ms":9,"user":"minji","kind":"danced"}"#;
        let event: Event = serde_json::from_str(json).unwrap();
        assert_eq!(event.kind, EventKind::Other("danced".into()));
    }
}
