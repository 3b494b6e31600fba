//! One object from the server, told apart: reply, push, ping. Pure.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::error::{ClientError, ServerError};
use super::model::{Event, Room};

/// A push.
#[derive(Debug, Clone, PartialEq)]
pub enum Push {
    /// Something was logged in a room the user has joined.
    Event(Box<Event>),
    /// The same, of which only the places were read: of those that came together and follow on, as one.
    Events {
        /// Which room.
        room: String,
        /// Their seqs.
        seqs: RangeInclusive<u64>,
    },
    /// A room gets less for a while, or all again.
    Shed {
        /// Which room.
        room: String,
        /// The last step that was taken; `none`: all is pushed.
        level: String,
        /// Over how long clients spread what they read instead.
        spread_ms: u64,
    },
    /// A room's log goes through here.
    Head {
        /// Which room.
        room: String,
        /// Seq of its newest event.
        last_seq: u64,
    },
    /// The user was invited, or joined on another device.
    RoomAdded(Box<Room>),
    /// The user left, declined or was kicked.
    RoomRemoved {
        /// Which room.
        room: String,
    },
    /// Where the next connection goes on, if this one breaks.
    Cursor(String),
    /// The node is about to stop.
    Drain {
        /// How long to wait before coming back.
        reconnect_after_ms: u64,
        /// Where to, the best first; empty: here.
        nodes: Vec<String>,
    },
    /// Any other push: its name and content.
    Other(String, Value),
}

impl Push {
    /// Takes the places of events that follow on. False: they do not, or `next` is something else.
    pub(super) fn takes(&mut self, next: &Self) -> bool {
        match (self, next) {
            (Self::Events { room, seqs }, Self::Events { room: other, seqs: more })
                if room == other && seqs.end().checked_add(1) == Some(*more.start()) =>
            {
                *seqs = *seqs.start()..=*more.end();
                true
            }
            _ => false,
        }
    }
}

/// The content of an answer, read when it is known what it should be.
#[derive(Debug, Clone)]
pub struct Answer(Box<RawValue>);

impl Answer {
    /// Reads it.
    ///
    /// Errors: [`ClientError::Protocol`] when it is something else.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_str(self.0.get())
            .map_err(|error| ClientError::Protocol(format!("{error} in an answer")))
    }
}

impl PartialEq for Answer {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

/// One object from the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// `{}`, to be answered with `{}`.
    Ping,
    /// The answer to a command.
    Reply {
        /// The command's id.
        id: u64,
        /// What was answered.
        result: Result<Answer, ServerError>,
    },
    /// An error that belongs to no command.
    Complaint(ServerError),
    /// A push.
    Push(Push),
}

impl Heard {
    /// Reads one line of a frame.
    ///
    /// Errors: [`ClientError::Protocol`] when it is not an object the protocol allows.
    pub fn read(line: &str) -> Result<Self, ClientError> {
        let raw: RawObject<Box<Event>> = serde_json::from_str(line)
            .map_err(|error| ClientError::Protocol(format!("{error} in {line}")))?;
        raw.tell_apart(Push::Event).map_err(|error| ClientError::Protocol(format!("{error} in {line}")))
    }

    /// Like [`Self::read`], but of events only where they are, [`Push::Events`]: for those who only count.
    ///
    /// Errors: as [`Self::read`].
    pub fn read_places(line: &str) -> Result<Self, ClientError> {
        #[derive(Deserialize)]
        struct At {
            room: String,
            seq: u64,
        }
        if let Some((room, seq)) = place(line) {
            return Ok(Self::Push(Push::Events { room: room.to_owned(), seqs: seq..=seq }));
        }
        let raw: RawObject<At> = serde_json::from_str(line)
            .map_err(|error| ClientError::Protocol(format!("{error} in {line}")))?;
        raw.tell_apart(|At { room, seq }| Push::Events { room, seqs: seq..=seq })
            .map_err(|error| ClientError::Protocol(format!("{error} in {line}")))
    }

    /// Like [`Self::read`], and leaves what is said about rooms as it stands there: [`Push::Other`].
    ///
    /// Errors: as [`Self::read`].
    pub fn read_plain(line: &str) -> Result<Self, ClientError> {
        let heard = Self::read(line)?;
        if !matches!(heard, Self::Push(Push::Event(_) | Push::RoomAdded(_) | Push::RoomRemoved { .. })) {
            return Ok(heard);
        }
        let object: Map<String, Value> = serde_json::from_str(line)
            .map_err(|error| ClientError::Protocol(format!("{error} in {line}")))?;
        let plain = object.into_iter().next().map(|(name, value)| Push::Other(name, value));
        Ok(plain.map_or(heard, Self::Push))
    }
}

/// Where an event is, as nodes write it: its room and its seq come first. What is written otherwise is read in full;
/// half a million events a second could not be.
fn place(line: &str) -> Option<(&str, u64)> {
    let (room, rest) = line.strip_prefix(r#"{"event":{"room":""#)?.split_once('"')?;
    let (seq, _) = rest.strip_prefix(r#","seq":"#)?.split_once(',')?;
    Some((room, seq.parse().ok()?))
}

/// What any object of the server may have; `E` is as much of an event as is wanted.
struct RawObject<E> {
    id: Option<u64>,
    error: Option<ServerError>,
    event: Option<E>,
    other: Option<(String, Box<RawValue>)>,
}

impl<E> RawObject<E> {
    fn tell_apart(self, event_push: impl FnOnce(E) -> Push) -> Result<Heard, serde_json::Error> {
        if let Some(event) = self.event {
            return Ok(Heard::Push(event_push(event)));
        }
        match (self.id, self.error, self.other) {
            (Some(id), Some(error), _) => Ok(Heard::Reply { id, result: Err(error) }),
            (Some(id), None, Some((_, value))) => Ok(Heard::Reply { id, result: Ok(Answer(value)) }),
            (None, Some(error), _) => Ok(Heard::Complaint(error)),
            (None, None, Some((name, value))) => Ok(Heard::Push(push(name, value.get())?)),
            (None, None, None) => Ok(Heard::Ping),
            (Some(_), None, None) => Err(de::Error::custom("a reply without content")),
        }
    }
}

fn push(name: String, value: &str) -> Result<Push, serde_json::Error> {
    #[derive(Deserialize)]
    struct Removed {
        room: String,
    }
    #[derive(Deserialize)]
    struct Shed {
        room: String,
        level: String,
        spread_ms: u64,
    }
    #[derive(Deserialize)]
    struct Head {
        room: String,
        last_seq: u64,
    }
    #[derive(Deserialize)]
    struct Drain {
        reconnect_after_ms: u64,
        #[serde(default)]
        nodes: Vec<String>,
    }
    Ok(match name.as_str() {
        "room_added" => Push::RoomAdded(serde_json::from_str(value)?),
        "room_removed" => Push::RoomRemoved { room: serde_json::from_str::<Removed>(value)?.room },
        "cursor" => Push::Cursor(serde_json::from_str(value)?),
        "shed" => {
            let Shed { room, level, spread_ms } = serde_json::from_str(value)?;
            Push::Shed { room, level, spread_ms }
        }
        "head" => {
            let Head { room, last_seq } = serde_json::from_str(value)?;
            Push::Head { room, last_seq }
        }
        "drain" => {
            let Drain { reconnect_after_ms, nodes } = serde_json::from_str(value)?;
            Push::Drain { reconnect_after_ms, nodes }
        }
        _ => Push::Other(name, serde_json::from_str(value)?),
    })
}

impl<'de, E: Deserialize<'de>> Deserialize<'de> for RawObject<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RawVisitor(PhantomData))
    }
}

/// Reads an event straight into its type, without a detour over [`Value`]: events are most of what a
/// client hears.
struct RawVisitor<E>(PhantomData<E>);

impl<'de, E: Deserialize<'de>> Visitor<'de> for RawVisitor<E> {
    type Value = RawObject<E>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of the protocol")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut raw = RawObject { id: None, error: None, event: None, other: None };
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "id" => raw.id = Some(map.next_value()?),
                "error" => raw.error = Some(map.next_value()?),
                "event" => raw.event = Some(map.next_value()?),
                _ => {
                    let value = map.next_value()?;
                    raw.other.get_or_insert((name, value));
                }
            }
        }
        Ok(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_pushes_keep_every_field() {
        let line = r#"{"event":{"room":"R","seq":3,"at_ms":9,"user":"minji","kind":"reacted","target":2,"emoji":"x"}}"#;
        let Ok(Heard::Push(Push::Other(name, event))) = Heard::read_plain(line) else { panic!("{line}") };
        assert_eq!((name.as_str(), &event["target"]), ("event", &serde_json::json!(2)));
        assert_eq!(Heard::read_plain("{}"), Ok(Heard::Ping));
        assert_eq!(Heard::read_plain(r#"{"cursor":"a"}"#), Ok(Heard::Push(Push::Cursor("a".into()))));
    }
    use serde_json::json;

    #[test]
    fn every_shape_of_the_protocol_is_told_apart() {
        assert_eq!(Heard::read("{}").unwrap(), Heard::Ping);
        let Ok(Heard::Reply { id: 7, result: Ok(answer) }) = Heard::read(r#"{"id":7,"send":{"seq":1}}"#)
        else {
            panic!("no reply")
        };
        assert_eq!(answer.read::<Value>(), Ok(json!({"seq":1})));
        let error = r#"{"code":1003,"name":"not_found","message":"no","temporary":false}"#;
        assert!(matches!(
            Heard::read(&format!(r#"{{"error":{error},"id":8}}"#)).unwrap(),
            Heard::Reply { id: 8, result: Err(error) } if error.is("not_found")
        ));
        assert!(matches!(Heard::read(&format!(r#"{{"error":{error}}}"#)).unwrap(), Heard::Complaint(_)));
        assert!(matches!(
            Heard::read(r#"{"event":{"room":"R","seq":1,"at_ms":1,"user":"u","kind":"joined"}}"#).unwrap(),
            Heard::Push(Push::Event(event)) if event.seq == 1
        ));
        assert_eq!(
            Heard::read(r#"{"drain":{"reconnect_after_ms":5,"nodes":["http://a"]}}"#).unwrap(),
            Heard::Push(Push::Drain { reconnect_after_ms: 5, nodes: vec!["http://a".to_owned()] })
        );
        assert_eq!(
            Heard::read(r#"{"shed":{"room":"R","level":"heads","shed":["typing"],"spread_ms":7}}"#).unwrap(),
            Heard::Push(Push::Shed { room: "R".to_owned(), level: "heads".to_owned(), spread_ms: 7 })
        );
        assert_eq!(
            Heard::read(r#"{"head":{"room":"R","last_seq":9}}"#).unwrap(),
            Heard::Push(Push::Head { room: "R".to_owned(), last_seq: 9 })
        );
        for line in [
            r#"{"event":{"room":"R","seq":4,"at_ms":1,"user":"u","kind":"new"}}"#,
            r#"{"event":{"user":"u","seq":4,"room":"R","kind":"new"}}"#,
            r#"{"event": {"room":"R", "seq":4}}"#,
        ] {
            let at = Push::Events { room: "R".to_owned(), seqs: 4..=4 };
            assert_eq!(Heard::read_places(line), Ok(Heard::Push(at)), "{line}");
        }
        assert_eq!(Heard::read(r#"{"cursor":"abc"}"#).unwrap(), Heard::Push(Push::Cursor("abc".to_owned())));
        assert!(matches!(
            Heard::read(r#"{"presence":{"user":"u","online":true}}"#).unwrap(),
            Heard::Push(Push::Other(name, _)) if name == "presence"
        ));
    }

    #[test]
    fn places_that_follow_on_become_one() {
        let at = |room: &str, seq| Push::Events { room: room.to_owned(), seqs: seq..=seq };
        let mut push = at("R", 4);
        assert!(push.takes(&at("R", 5)) && push.takes(&at("R", 6)));
        for other in [at("R", 8), at("R", 6), at("S", 7), Push::Cursor("7".to_owned())] {
            assert!(!push.takes(&other), "{other:?}");
        }
        assert_eq!(push, Push::Events { room: "R".to_owned(), seqs: 4..=6 });
    }

    #[test]
    fn what_is_no_object_of_the_protocol_is_an_error_that_shows_it() {
        for line in ["", "[]", "7", r#"{"id":7}"#, r#"{"event":{"seq":1}}"#] {
            let error = Heard::read(line).unwrap_err().to_string();
            assert!(error.contains("protocol"), "{error}");
        }
    }
}
