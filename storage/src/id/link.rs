//! Links into rooms: a secret that opens the door, the id by which people speak of it, and the code that
//! names room and secret together.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Bytes16, IdError, RoomId};

/// A link of a room: what lists show and what is revoked. Tells nothing about the secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub [u8; 16]);

id128!(LinkId, IdError::Link);

/// 128 random bits: whoever knows them may come in. Not shown by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LinkSecret(pub [u8; 16]);

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Serialize for LinkSecret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for LinkSecret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_bytes(Bytes16).map(Self)
    }
}

/// What a link says: the room and its secret, so that the room's shard is found without asking around.
/// Written as 52 characters of Crockford base32. Not shown by `Debug`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkCode {
    /// Where it leads.
    pub room: RoomId,
    /// What opens the door.
    pub secret: LinkSecret,
}

impl LinkCode {
    /// Reads the text form.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let (room, secret) = text.split_at_checked(26).ok_or(IdError::Link)?;
        let half = |text| ulid::Ulid::from_string(text).map_err(|_| IdError::Link);
        Ok(Self { room: RoomId(half(room)?.to_bytes()), secret: LinkSecret(half(secret)?.to_bytes()) })
    }
}

impl fmt::Display for LinkCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.room, ulid::Ulid::from_bytes(self.secret.0))
    }
}

impl Serialize for LinkCode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LinkCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_code_comes_back_from_its_text(room: [u8; 16], secret: [u8; 16]) {
            let code = LinkCode { room: RoomId(room), secret: LinkSecret(secret) };
            prop_assert_eq!(LinkCode::parse(&code.to_string()), Ok(code));
            prop_assert_eq!(code.to_string().len(), 52);
        }

        #[test]
        fn anything_else_is_no_code(text in ".{0,80}") {
            if let Ok(code) = LinkCode::parse(&text) {
                prop_assert_eq!(code.to_string(), text.to_uppercase());
            }
        }
    }

    #[test]
    fn nobody_reads_a_secret_in_a_log() {
        let code = LinkCode { room: RoomId([1; 16]), secret: LinkSecret([0xab; 16]) };
        assert!(!format!("{code:?}").contains(&ulid::Ulid::from_bytes(code.secret.0).to_string()));
        assert!(!format!("{code:?}").contains("171"));
    }
}
