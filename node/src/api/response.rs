//! Writes replies for WebSocket: `{"id":7,"send":{…}}` or `{"id":7,"error":{…}}`.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::error::ApiError;
use super::operation::Response;

/// The reply to one command.
#[derive(Debug)]
pub struct Reply<'a> {
    /// The command's id; none if it could not be read.
    pub id: Option<u64>,
    /// The answer or the error.
    pub outcome: Result<&'a Response, &'a ApiError>,
}

impl Reply<'_> {
    /// The JSON text, without a newline at its end.
    ///
    /// # Errors
    /// Never for these types; `serde_json` cannot know that.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

impl Serialize for Reply<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        if let Some(id) = self.id {
            map.serialize_entry("id", &id)?;
        }
        match self.outcome {
            Ok(response) => map.serialize_entry(response.operation().name(), response)?,
            Err(error) => map.serialize_entry("error", error)?,
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use madang_storage::id::{Cid, RoomId, UserId};

    use super::*;
    use crate::api::keep::Changed;
    use crate::api::message::{Event, EventKind, Sent};
    use crate::api::message_parts::Message;
    use crate::api::{ErrorKind, Push};

    #[test]
    fn a_reply_has_the_id_and_the_name_of_its_command() {
        let sent = Response::Send(Sent { seq: 5, at_ms: 9, dup: false });
        let reply = Reply { id: Some(7), outcome: Ok(&sent) };
        assert_eq!(reply.to_json().unwrap(), r#"{"id":7,"send":{"seq":5,"at_ms":9,"dup":false}}"#);
    }

    #[test]
    fn an_error_takes_the_place_of_the_answer() {
        let error = ApiError::new(ErrorKind::Forbidden, "no");
        let reply = Reply { id: Some(7), outcome: Err(&error) };
        assert!(reply.to_json().unwrap().starts_with(r#"{"id":7,"error":{"code":1002,"#));
        let reply = Reply { id: None, outcome: Err(&error) };
        assert!(reply.to_json().unwrap().starts_with(r#"{"error":{"#));
    }

    #[test]
    fn pushes_and_events_have_the_shape_of_the_protocol() {
        let room = RoomId([1; 16]);
        let user = UserId::parse("minji").unwrap();
        let event = |kind| Push::Event(Event { room, seq: 3, at_ms: 4, user: user.clone(), kind });
        let head = format!(r#"{{"event":{{"room":"{room}","seq":3,"at_ms":4,"user":"minji","#);
        let message = EventKind::Message(Box::new(Message {
            cid: Cid::parse("c1").unwrap(),
            text: "hi".into(),
            content: None,
            reply: None,
            thread: None,
            thread_number: None,
            mentions: None,
            forward: None,
            edited: None,
            deleted: None,
            reactions: Vec::new(),
            replies: None,
            pinned_ms: None,
        }));
        let changed = EventKind::Changed(Changed {
            title: Some("T".into()),
            topic: None,
            picture: None,
            features: None,
            rights: None,
            slow_mode_s: None,
            places_max: None,
        });
        let rows = [
            (event(message), format!(r#"{head}"kind":"message","cid":"c1","text":"hi"}}}}"#)),
            (event(EventKind::Joined {}), format!(r#"{head}"kind":"joined"}}}}"#)),
            (event(changed), format!(r#"{head}"kind":"changed","title":"T"}}}}"#)),
            (Push::RoomRemoved { room }, format!(r#"{{"room_removed":{{"room":"{room}"}}}}"#)),
            (Push::Cursor("abc".into()), r#"{"cursor":"abc"}"#.to_owned()),
            (
                Push::Drain { reconnect_after_ms: 9, nodes: vec!["http://a:1".into()] },
                r#"{"drain":{"reconnect_after_ms":9,"nodes":["http://a:1"]}}"#.to_owned(),
            ),
        ];
        for (push, json) in rows {
            assert_eq!(push.to_json().unwrap(), json);
        }
    }
}
