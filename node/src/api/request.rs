//! Reads what a client sends over WebSocket: `{"id":7,"send":{…}}` or `{}`.

use std::fmt;

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::ApiError;
use super::operation::{Operation, Request};

/// The largest command id: the largest whole number that JavaScript holds exactly.
pub const ID_MAX: u64 = (1 << 53) - 1;

/// One object from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "read, taken apart and gone; never kept")]
pub enum Incoming {
    /// `{}`: a sign of life.
    Ping,
    /// Something to do.
    Command(Command),
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The client's number for it; the reply has the same.
    pub id: u64,
    /// What is asked.
    pub request: Request,
}

/// An object that is no command: answered with an error, the connection stays open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidCommand {
    /// The id, if one could be read.
    pub id: Option<u64>,
    /// What is wrong with it.
    pub error: ApiError,
}

impl Incoming {
    /// Reads one object.
    ///
    /// # Errors
    /// `bad_request` that names what is wrong; `id` is set if one could be read.
    pub fn parse(text: &str) -> Result<Self, InvalidCommand> {
        let nameless = |error| InvalidCommand { id: None, error };
        let frame: Frame<'_> = serde_json::from_str(text)
            .map_err(|error| nameless(ApiError::bad_request(format!("not a command: {error}"))))?;
        let id = match frame.id {
            None => None,
            Some(raw) => match raw.get().parse::<u64>() {
                Ok(id) if (1..=ID_MAX).contains(&id) => Some(id),
                _ => {
                    let message = format!("field `id`: a whole number from 1 to {ID_MAX} is wanted");
                    return Err(nameless(ApiError::bad_request(message)));
                }
            },
        };
        let invalid = |message: String| InvalidCommand { id, error: ApiError::bad_request(message) };
        let (name, fields) = match (frame.operation, frame.further) {
            (None, _) if id.is_none() => return Ok(Self::Ping),
            (None, _) => return Err(invalid("there is no operation beside the id".into())),
            (Some(_), Some(second)) => {
                return Err(invalid(format!("one operation per object: `{second}` is one too many")));
            }
            (Some(operation), None) => operation,
        };
        let operation = Operation::from_name(&name)
            .ok_or_else(|| invalid(format!("there is no operation `{name}`{}", suggestion(&name))))?;
        let id = id.ok_or_else(|| invalid(format!("`{name}` needs an `id`")))?;
        let request = Request::read(operation, &mut serde_json::Deserializer::from_str(fields.get()))
            .map_err(|error| InvalidCommand {
                id: Some(id),
                error: ApiError { message: format!("{name}: {}", error.message), ..error },
            })?;
        Ok(Self::Command(Command { id, request }))
    }
}

fn suggestion(name: &str) -> String {
    Operation::ALL
        .iter()
        .map(|operation| operation.name())
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| format!("; did you mean `{known}`?"))
        .unwrap_or_default()
}

/// The outer object, its values still text: the fields are read once, when the operation is known.
#[derive(Default)]
struct Frame<'a> {
    id: Option<&'a RawValue>,
    operation: Option<(String, &'a RawValue)>,
    further: Option<String>,
}

impl<'de> de::Deserialize<'de> for Frame<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(FrameVisitor)
    }
}

struct FrameVisitor;

impl<'de> Visitor<'de> for FrameVisitor {
    type Value = Frame<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with an id and one operation")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut frame = Frame::default();
        while let Some(key) = map.next_key::<String>()? {
            if key == "id" {
                if frame.id.is_some() {
                    return Err(de::Error::duplicate_field("id"));
                }
                frame.id = Some(map.next_value()?);
            } else if frame.operation.is_none() {
                frame.operation = Some((key, map.next_value()?));
            } else {
                map.next_value::<IgnoredAny>()?;
                frame.further.get_or_insert(key);
            }
        }
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ErrorKind;

    const ROOM: &str = "01K9ZZZZZZZZZZZZZZZZZZZZZZ";

    fn refusal(text: &str) -> (Option<u64>, String) {
        let invalid = Incoming::parse(text).unwrap_err();
        assert_eq!(invalid.error.kind, ErrorKind::BadRequest);
        (invalid.id, invalid.error.message)
    }

    #[test]
    fn a_command_is_its_id_and_its_operation_in_any_order() {
        let send = format!(r#"{{"room":"{ROOM}","cid":"c1","text":"안녕"}}"#);
        for text in [format!(r#"{{"id":7,"send":{send}}}"#), format!(r#"{{"send":{send},"id":7}}"#)] {
            let Incoming::Command(Command { id: 7, request: Request::Send(send) }) =
                Incoming::parse(&text).unwrap()
            else {
                panic!("{text}")
            };
            assert_eq!((send.room.to_string().as_str(), send.cid.as_str()), (ROOM, "c1"));
            assert_eq!((send.text.as_str(), send.after), ("안녕", None));
        }
    }

    #[test]
    fn an_empty_object_is_a_ping() {
        assert_eq!(Incoming::parse(" {} "), Ok(Incoming::Ping));
    }

    #[test]
    fn what_is_wrong_is_named_and_the_id_given_back() {
        let rows = [
            ("hello", None, "not a command"),
            ("[1]", None, "an object with an id and one operation"),
            (r#"{"id":0,"me":{}}"#, None, "field `id`"),
            (r#"{"id":"7","me":{}}"#, None, "field `id`"),
            (r#"{"id":9007199254740992,"me":{}}"#, None, "field `id`"),
            (r#"{"id":1,"id":2,"me":{}}"#, None, "duplicate field `id`"),
            (r#"{"me":{}}"#, None, "`me` needs an `id`"),
            (r#"{"id":7}"#, Some(7), "no operation"),
            (r#"{"id":7,"sned":{}}"#, Some(7), "no operation `sned`; did you mean `send`?"),
            (r#"{"id":7,"me":{},"logout":{}}"#, Some(7), "`logout` is one too many"),
            (r#"{"id":7,"me":{"x":1}}"#, Some(7), "unknown field `x`"),
            (r#"{"id":7,"me":5}"#, Some(7), "me: invalid type: integer `5`"),
            (r#"{"id":7,"send":{"cid":"a","text":"t"}}"#, Some(7), "send: missing field `room`"),
            (r#"{"id":7,"room":{"room":"x"}}"#, Some(7), "field `room`: a room id has 26 characters"),
            (r#"{"id":7,"profile":{"user":"Min Ji"}}"#, Some(7), "field `user`: a user id has"),
            (r#"{"id":7,"rooms":{"limit":101}}"#, Some(7), "field `limit`: a limit is 1 to 100, not 101"),
            (r#"{"id":7,"rooms":{"limit":"5"}}"#, Some(7), "field `limit`: invalid type"),
            (r#"{"id":7,"set_profile":{"display_name":""}}"#, Some(7), "field `display_name`: 1 to 64"),
            (
                r#"{"id":7,"create_room":{"kind":"group","members":["ab","C"]}}"#,
                Some(7),
                "field `members[1]`: a user id has",
            ),
            (r#"{"id":7,"create_room":{"kind":"club"}}"#, Some(7), "unknown variant `club`"),
            (r#"{"id":7,"create_room":{"kind":"direct"}}"#, Some(7), "field `with`"),
            (r#"{"id":7,"sign_up":{"user":"ab","password":"short"}}"#, Some(7), "8 to 256 bytes"),
        ];
        for (text, id, named) in rows {
            let (got_id, message) = refusal(text);
            assert_eq!(got_id, id, "{text}");
            assert!(message.contains(named), "{text}: {message}");
        }
    }

    #[test]
    fn rules_between_fields_are_checked() {
        let rows = [
            (format!(r#"{{"id":1,"send":{{"room":"{ROOM}","cid":"c","text":""}}}}"#), "field `text`"),
            (format!(r#"{{"id":1,"history":{{"room":"{ROOM}","before":1,"after":2}}}}"#), "only one of them"),
            (format!(r#"{{"id":1,"set_room":{{"room":"{ROOM}"}}}}"#), "at least one field beside `room`"),
        ];
        for (text, named) in rows {
            let (_, message) = refusal(&text);
            assert!(message.contains(named), "{text}: {message}");
        }
    }

    #[test]
    fn passwords_and_tokens_do_not_show_in_debug_output() {
        let text = r#"{"id":1,"login":{"user":"minji","password":"hunter22-secret"}}"#;
        assert!(!format!("{:?}", Incoming::parse(text).unwrap()).contains("hunter22"));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_is_read_or_refused_but_never_more(text in ".{0,200}") {
            let _ = Incoming::parse(&text);
        }

        #[test]
        fn every_valid_id_is_given_back(id in 1..=ID_MAX) {
            let parsed = Incoming::parse(&format!(r#"{{"id":{id},"me":{{}}}}"#)).unwrap();
            proptest::prop_assert_eq!(
                parsed,
                Incoming::Command(Command { id, request: Request::Me(Default::default()) })
            );
        }
    }
}
