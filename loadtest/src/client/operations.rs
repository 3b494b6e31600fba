//! The operations with their types, on top of [`Connection`].

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::connection::{Connection, PendingReply};
use super::error::ClientError;
use super::model::{HistoryPage, Page, Room, RoomKind, RoomPage, SendAck};

/// Fields of `create_room`.
#[derive(Debug, Clone, Serialize)]
pub struct CreateRoom<'a> {
    /// Kind.
    pub kind: RoomKind,
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'a str>,
    /// Topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<&'a str>,
    /// Who is invited to a group.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub members: &'a [String],
    /// The other one of a direct room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<&'a str>,
}

impl<'a> CreateRoom<'a> {
    /// An open room of that title.
    pub fn open(title: &'a str) -> Self {
        Self { kind: RoomKind::Open, title: Some(title), topic: None, members: &[], with: None }
    }
}

/// Fields of `send`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SendMessage<'a> {
    /// Where.
    pub room: &'a str,
    /// Our name for this send.
    pub cid: &'a str,
    /// What.
    pub text: &'a str,
    /// The send before it, for those who pipeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<&'a str>,
}

impl Connection {
    /// `create_room`.
    pub async fn create_room(&self, room: &CreateRoom<'_>, limit: Duration) -> Result<Room, ClientError> {
        self.call("create_room", room, limit).await
    }

    /// `rooms`: one page of one's own rooms.
    pub async fn rooms(&self, next: Option<&str>, limit: Duration) -> Result<RoomPage, ClientError> {
        self.call("rooms", &list_fields(next), limit).await
    }

    /// `open_rooms`: one page of the rooms anybody may join.
    pub async fn open_rooms(&self, next: Option<&str>, limit: Duration) -> Result<RoomPage, ClientError> {
        self.call("open_rooms", &list_fields(next), limit).await
    }

    /// `room`.
    pub async fn room(&self, room: &str, limit: Duration) -> Result<Room, ClientError> {
        self.call("room", &json!({ "room": room }), limit).await
    }

    /// `join`.
    pub async fn join(&self, room: &str, limit: Duration) -> Result<Room, ClientError> {
        self.call("join", &json!({ "room": room }), limit).await
    }

    /// `leave`.
    pub async fn leave(&self, room: &str, limit: Duration) -> Result<(), ClientError> {
        self.call::<Value>("leave", &json!({ "room": room }), limit).await.map(|_| ())
    }

    /// `send`.
    pub async fn send(&self, message: SendMessage<'_>, limit: Duration) -> Result<SendAck, ClientError> {
        self.call("send", &message, limit).await
    }

    /// `send`, put in line but not waited for.
    pub async fn begin_send(&self, message: SendMessage<'_>) -> Result<PendingReply, ClientError> {
        self.begin("send", &message).await
    }

    /// `history`: one page of at most `page_max` events.
    pub async fn history(
        &self,
        room: &str,
        page: Page,
        page_max: usize,
        limit: Duration,
    ) -> Result<HistoryPage, ClientError> {
        self.call("history", &history_fields(Some(room), page, page_max), limit).await
    }
}

fn list_fields(next: Option<&str>) -> Value {
    let mut fields = Map::new();
    fields.insert("limit".to_owned(), json!(100));
    if let Some(next) = next {
        fields.insert("next".to_owned(), json!(next));
    }
    Value::Object(fields)
}

/// Fields of `history`; over HTTP the room stands in the path instead.
pub(crate) fn history_fields(room: Option<&str>, page: Page, page_max: usize) -> Value {
    let mut fields = Map::new();
    if let Some(room) = room {
        fields.insert("room".to_owned(), json!(room));
    }
    fields.insert("limit".to_owned(), json!(page_max));
    let position = match page {
        Page::Newest => None,
        Page::Before(seq) => Some(("before", seq)),
        Page::After(seq) => Some(("after", seq)),
        Page::Around(seq) => Some(("around", seq)),
    };
    if let Some((name, seq)) = position {
        fields.insert(name.to_owned(), json!(seq));
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_fields_are_not_sent_because_null_is_not_absent() {
        let room = serde_json::to_string(&CreateRoom::open("yard")).unwrap();
        assert_eq!(room, r#"{"kind":"open","title":"yard"}"#);
        let send =
            serde_json::to_string(&SendMessage { room: "R", cid: "c", text: "t", after: None }).unwrap();
        assert_eq!(send, r#"{"room":"R","cid":"c","text":"t"}"#);
    }

    #[test]
    fn a_page_names_at_most_one_position() {
        assert_eq!(history_fields(Some("R"), Page::Newest, 5), json!({"room":"R","limit":5}));
        assert_eq!(history_fields(Some("R"), Page::After(0), 5), json!({"room":"R","limit":5,"after":0}));
        assert_eq!(history_fields(None, Page::Before(9), 5), json!({"limit":5,"before":9}));
    }
}
