//! The names of things: users, rooms, sessions, sends, shards. Text becomes an id once, at the edge;
//! below it nobody can hold an id that breaks the rules.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not a user id.
    #[error("a user id has 2 to 32 characters of a-z 0-9 . _ - and starts with a letter or digit")]
    User,
    /// Not a room id.
    #[error("a room id has 26 characters of Crockford base32")]
    Room,
    /// Not a report id.
    #[error("a report id has 26 characters of Crockford base32")]
    Report,
    /// Not a session id.
    #[error("a session id has 26 characters of Crockford base32")]
    Session,
    /// Not a link.
    #[error("a link id has 26 characters of Crockford base32, a link code 52")]
    Link,
    /// Not a cid.
    #[error("a cid has 1 to 64 printable ASCII characters without spaces")]
    Cid,
    /// Not an emoji.
    #[error("an emoji has 1 to 32 bytes without spaces or control characters")]
    Emoji,
}

/// The shortest user id, in bytes.
pub const USER_ID_BYTES_MIN: usize = 2;
/// The longest user id, in bytes.
pub const USER_ID_BYTES_MAX: usize = 32;
/// The longest cid, in bytes.
pub const CID_BYTES_MAX: usize = 64;
/// The longest emoji, in bytes: families and flags take many.
pub const EMOJI_BYTES_MAX: usize = 32;

/// A user's login name; never changes, never given to somebody else. Shape: see [`IdError::User`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Arc<str>);

impl UserId {
    /// Checks and takes `text`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let bytes = text.as_bytes();
        let word = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let fits = (USER_ID_BYTES_MIN..=USER_ID_BYTES_MAX).contains(&bytes.len());
        let starts = bytes.first().is_some_and(word);
        let rest = bytes.iter().all(|b| word(b) || matches!(b, b'.' | b'_' | b'-'));
        if fits && starts && rest { Ok(Self(text.into())) } else { Err(IdError::User) }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The client's own name for one send, unique per user and room.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cid(Arc<str>);

impl Cid {
    /// Checks and takes `text`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let fits = (1..=CID_BYTES_MAX).contains(&text.len());
        if fits && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.into()))
        } else {
            Err(IdError::Cid)
        }
    }

    /// The cid as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What somebody reacts with: any short text without spaces or control characters, as the client wrote it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Emoji(Arc<str>);

impl Emoji {
    /// Checks and takes `text`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let fits = (1..=EMOJI_BYTES_MAX).contains(&text.len());
        if fits && !text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            Ok(Self(text.into()))
        } else {
            Err(IdError::Emoji)
        }
    }

    /// The emoji as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A room: 128 bits, written as 26 characters of Crockford base32.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub [u8; 16]);

/// A device's session, made at login: 128 bits, written like a [`RoomId`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub [u8; 16]);

/// A report to the moderators: 128 bits, written like a [`RoomId`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportId(pub [u8; 16]);

/// One shard: a raft group that holds a share of the rooms and users. Counts from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShardId(pub u16);

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Gives a 128-bit id its text form and its 16-byte binary form.
macro_rules! id128 {
    ($name:ident, $error:expr) => {
        impl $name {
            /// Reads the text form.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let id = ulid::Ulid::from_string(text).map_err(|_| $error)?;
                Ok(Self(id.to_bytes()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&ulid::Ulid::from_bytes(self.0), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                if to.is_human_readable() { to.collect_str(self) } else { to.serialize_bytes(&self.0) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                if from.is_human_readable() {
                    let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                    Self::parse(&text).map_err(de::Error::custom)
                } else {
                    from.deserialize_bytes(Bytes16).map(Self)
                }
            }
        }
    };
}

id128!(RoomId, IdError::Room);
id128!(SessionId, IdError::Session);

// Behind the macro, which it uses.
mod link;
pub use link::{LinkCode, LinkId, LinkSecret};
id128!(ReportId, IdError::Report);

/// Gives a checked text id its conversions.
macro_rules! text_id {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                Self::parse(&text).map_err(de::Error::custom)
            }
        }
    };
}

text_id!(UserId);
text_id!(Cid);
text_id!(Emoji);

/// Reads exactly 16 bytes.
struct Bytes16;

impl de::Visitor<'_> for Bytes16 {
    type Value = [u8; 16];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("16 bytes")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_keep_to_their_alphabet() {
        for good in ["ab", "minji", "0x.y_z-9", &"a".repeat(32)] {
            assert!(UserId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "Minji", "-ab", "a b", "민지", &"a".repeat(33)] {
            assert_eq!(UserId::parse(bad), Err(IdError::User), "{bad}");
        }
    }

    #[test]
    fn a_room_id_survives_text_and_binary() {
        let id = RoomId([7; 16]);
        assert_eq!(RoomId::parse(&id.to_string()), Ok(id));
        let bytes = rmp_serde::to_vec(&id).unwrap();
        assert_eq!(bytes.len(), 18);
        assert_eq!(rmp_serde::from_slice::<RoomId>(&bytes).unwrap(), id);
        assert!(RoomId::parse("short").is_err());
    }

    #[test]
    fn a_cid_has_no_spaces_and_an_end() {
        assert!(Cid::parse("a-1").is_ok());
        assert!(Cid::parse("a b").is_err());
        assert!(Cid::parse("").is_err());
        assert!(Cid::parse(&"x".repeat(65)).is_err());
    }

    #[test]
    fn an_emoji_is_short_and_has_no_spaces() {
        for good in ["👍", "👨‍👩‍👧‍👦", "🇰🇷", "+1", ":tada:"] {
            assert!(Emoji::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a\0", "\n", &"👍".repeat(9)] {
            assert_eq!(Emoji::parse(bad), Err(IdError::Emoji), "{bad}");
        }
    }
}
