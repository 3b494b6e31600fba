//! Where the next page of a list starts: what clients see as the opaque `next`.
//!
//! The bytes hold the sort key of the last item of the page before, in base64url. They are read like any
//! other input: whatever is not exactly a cursor of that list is a bad request.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use madang_storage::id::{RoomId, UserId};

use super::ServiceError;

/// The position behind a room in a list by newest activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ActivityCursor {
    pub(super) last_event_ms: u64,
    pub(super) room: RoomId,
}

impl ActivityCursor {
    pub(super) fn text(self) -> String {
        let (ms, room) = (self.last_event_ms.to_be_bytes(), self.room.0);
        URL_SAFE_NO_PAD.encode([ms.as_slice(), &room].concat())
    }

    pub(super) fn parse(text: &str) -> Result<Self, ServiceError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let (ms, room) = bytes.split_first_chunk().ok_or_else(bad)?;
        let room = RoomId(room.try_into().map_err(|_| bad())?);
        Ok(Self { last_event_ms: u64::from_be_bytes(*ms), room })
    }
}

/// The position behind an open room in the directory, which goes shard by shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DirectoryCursor {
    pub(super) shard: u16,
    pub(super) room: RoomId,
}

impl DirectoryCursor {
    pub(super) fn text(self) -> String {
        let (shard, room) = (self.shard.to_be_bytes(), self.room.0);
        URL_SAFE_NO_PAD.encode([shard.as_slice(), &room].concat())
    }

    pub(super) fn parse(text: &str) -> Result<Self, ServiceError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let (shard, room) = bytes.split_first_chunk().ok_or_else(bad)?;
        let room = RoomId(room.try_into().map_err(|_| bad())?);
        Ok(Self { shard: u16::from_be_bytes(*shard), room })
    }
}

/// The position behind a member.
pub(super) fn member_text(user: &UserId) -> String {
    URL_SAFE_NO_PAD.encode(user.as_str())
}

/// The member behind whom a page starts.
pub(super) fn parse_member(text: &str) -> Result<UserId, ServiceError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
    let text = String::from_utf8(bytes).map_err(|_| bad())?;
    UserId::parse(&text).map_err(|_| bad())
}

fn bad() -> ServiceError {
    ServiceError::BadRequest { what: "field `next`: not a `next` of this list".to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_comes_back_from_its_text(last_event_ms: u64, shard: u16, room: [u8; 16]) {
            let room = RoomId(room);
            let activity = ActivityCursor { last_event_ms, room };
            prop_assert_eq!(ActivityCursor::parse(&activity.text()), Ok(activity));
            let directory = DirectoryCursor { shard, room };
            prop_assert_eq!(DirectoryCursor::parse(&directory.text()), Ok(directory));
        }

        #[test]
        fn anything_else_is_a_bad_request(text in ".{0,60}") {
            for refused in [ActivityCursor::parse(&text).err(), DirectoryCursor::parse(&text).err()] {
                let bad_request = matches!(refused, None | Some(ServiceError::BadRequest { .. }));
                prop_assert!(bad_request, "{:?}", refused);
            }
            let _ = parse_member(&text);
        }
    }

    #[test]
    fn cursors_of_different_lists_are_not_mistaken_for_each_other() {
        let room = RoomId([3; 16]);
        let activity = ActivityCursor { last_event_ms: 1, room }.text();
        assert!(DirectoryCursor::parse(&activity).is_err());
        assert!(ActivityCursor::parse(&DirectoryCursor { shard: 1, room }.text()).is_err());
    }
}
