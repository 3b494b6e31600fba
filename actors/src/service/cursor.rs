//! Where the next page of a list starts: what clients see as the opaque `next`.
//!
//! The bytes hold the sort key of the last item of the page before, in base64url. They are read like any
//! other input: whatever is not exactly a cursor of that list is a bad request.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use madang_cluster::{Listed, Name, QueuePlace};
use madang_storage::id::{Emoji, ReportId, RoomId, UserId};
use madang_storage::row::Pin;

use super::ServiceError;
use super::members::FoundBy;

/// A room's place in a user's list, which goes from the greatest to the least; and the position behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ActivityCursor {
    pub(super) pinned_ms: u64,
    pub(super) last_event_ms: u64,
    pub(super) room: RoomId,
}

impl ActivityCursor {
    pub(super) fn text(&self) -> String {
        let (pinned, ms) = (self.pinned_ms.to_be_bytes(), self.last_event_ms.to_be_bytes());
        URL_SAFE_NO_PAD.encode([pinned.as_slice(), &ms, &self.room.0].concat())
    }

    pub(super) fn parse(text: &str) -> Result<Self, ServiceError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let (pinned, rest) = bytes.split_first_chunk().ok_or_else(bad)?;
        let (ms, room) = rest.split_first_chunk().ok_or_else(bad)?;
        let room = RoomId(room.try_into().map_err(|_| bad())?);
        let (pinned_ms, last_event_ms) = (u64::from_be_bytes(*pinned), u64::from_be_bytes(*ms));
        Ok(Self { pinned_ms, last_event_ms, room })
    }
}

/// The position behind an open room in the directory.
pub(super) fn listed_text((title, room): &Listed) -> String {
    URL_SAFE_NO_PAD.encode([&room.0, title.as_bytes()].concat())
}

/// The open room behind which a page starts.
pub(super) fn parse_listed(text: &str) -> Result<Listed, ServiceError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
    let (room, title) = bytes.split_first_chunk::<16>().ok_or_else(bad)?;
    let title = String::from_utf8(title.to_vec()).map_err(|_| bad())?;
    Ok((title, RoomId(*room)))
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

/// The position behind a member that a search found: as behind a member, or behind a name, which has a 0 in it.
pub(super) fn found_text(by: &FoundBy) -> String {
    match by {
        FoundBy::Id(user) => member_text(user),
        FoundBy::Name(name) => name_text(name),
    }
}

/// The member behind whom a page of a search for `prefix` starts.
pub(super) fn parse_found(text: &str, prefix: &str) -> Result<FoundBy, ServiceError> {
    let by = parse_member(text).map(FoundBy::Id).or_else(|_| parse_name(text).map(FoundBy::Name))?;
    if by.is_of(prefix) { Ok(by) } else { Err(bad()) }
}

/// The position behind a name that a search found.
pub(super) fn name_text((name, user): &Name) -> String {
    URL_SAFE_NO_PAD.encode(format!("{name}\0{user}"))
}

/// The name behind which a page starts.
pub(super) fn parse_name(text: &str) -> Result<Name, ServiceError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
    let text = String::from_utf8(bytes).map_err(|_| bad())?;
    let (name, user) = text.split_once('\0').ok_or_else(bad)?;
    Ok((name.to_owned(), UserId::parse(user).map_err(|_| bad())?))
}

/// The position behind somebody's reaction.
pub(super) fn reaction_text(emoji: &Emoji, user: &UserId) -> String {
    URL_SAFE_NO_PAD.encode(format!("{emoji}\0{user}"))
}

/// The reaction behind which a page starts.
pub(super) fn parse_reaction(text: &str) -> Result<(Emoji, UserId), ServiceError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
    let text = String::from_utf8(bytes).map_err(|_| bad())?;
    let (emoji, user) = text.split_once('\0').ok_or_else(bad)?;
    Ok((Emoji::parse(emoji).map_err(|_| bad())?, UserId::parse(user).map_err(|_| bad())?))
}

/// The position behind a pin.
pub(super) fn pin_text(pin: &Pin) -> String {
    URL_SAFE_NO_PAD.encode([pin.at_ms.to_be_bytes(), pin.seq.to_be_bytes()].concat())
}

/// The pin behind which a page starts: when it was made, and of what.
pub(super) fn parse_pin(text: &str) -> Result<(u64, u64), ServiceError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
    let (at_ms, rest) = bytes.split_first_chunk().ok_or_else(bad)?;
    let seq = rest.try_into().map_err(|_| bad())?;
    Ok((u64::from_be_bytes(*at_ms), u64::from_be_bytes(seq)))
}

/// A call of everybody, in the order of the list of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CallKey {
    pub(super) at_ms: u64,
    pub(super) room: RoomId,
    pub(super) seq: u64,
}

/// The position in the list of what calls a user: behind which call by name, and which call of everybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct CalledCursor {
    pub(super) number: Option<u64>,
    pub(super) call: Option<CallKey>,
}

impl CalledCursor {
    pub(super) fn text(self) -> String {
        // Numbers are from 1 on.
        let mut bytes = self.number.unwrap_or(0).to_be_bytes().to_vec();
        if let Some(CallKey { at_ms, room, seq }) = self.call {
            bytes.extend([at_ms.to_be_bytes(), seq.to_be_bytes()].concat());
            bytes.extend(room.0);
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(super) fn parse(text: &str) -> Result<Self, ServiceError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let (number, rest) = bytes.split_first_chunk().ok_or_else(bad)?;
        let number = Some(u64::from_be_bytes(*number)).filter(|number| *number > 0);
        if rest.is_empty() {
            return Ok(Self { number, call: None });
        }
        let (at_ms, rest) = rest.split_first_chunk().ok_or_else(bad)?;
        let (seq, room) = rest.split_first_chunk().ok_or_else(bad)?;
        let (at_ms, seq) = (u64::from_be_bytes(*at_ms), u64::from_be_bytes(*seq));
        let room = RoomId(room.try_into().map_err(|_| bad())?);
        Ok(Self { number, call: Some(CallKey { at_ms, room, seq }) })
    }
}

/// The position behind a report in the queue.
pub(super) fn place_text((at_ms, report): QueuePlace) -> String {
    URL_SAFE_NO_PAD.encode([at_ms.to_be_bytes().as_slice(), &report.0].concat())
}

/// The report behind which a page starts.
pub(super) fn parse_place(text: &str) -> Result<QueuePlace, ServiceError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
    let (at_ms, report) = bytes.split_first_chunk().ok_or_else(bad)?;
    Ok((u64::from_be_bytes(*at_ms), ReportId(report.try_into().map_err(|_| bad())?)))
}

/// The position behind an entry of the audit log of all shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AuditCursor {
    pub(super) at_ms: u64,
    pub(super) shard: u16,
    pub(super) number: u64,
}

impl AuditCursor {
    pub(super) fn text(self) -> String {
        let (at_ms, shard, number) =
            (self.at_ms.to_be_bytes(), self.shard.to_be_bytes(), self.number.to_be_bytes());
        URL_SAFE_NO_PAD.encode([at_ms.as_slice(), &shard, &number].concat())
    }

    pub(super) fn parse(text: &str) -> Result<Self, ServiceError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let (at_ms, rest) = bytes.split_first_chunk().ok_or_else(bad)?;
        let (shard, number) = rest.split_first_chunk().ok_or_else(bad)?;
        let number = number.try_into().map_err(|_| bad())?;
        Ok(Self {
            at_ms: u64::from_be_bytes(*at_ms),
            shard: u16::from_be_bytes(*shard),
            number: u64::from_be_bytes(number),
        })
    }
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
            let activity = ActivityCursor { pinned_ms: last_event_ms / 7, last_event_ms, room };
            prop_assert_eq!(ActivityCursor::parse(&activity.text()), Ok(activity));
            let listed = ("마당".to_owned(), room);
            prop_assert_eq!(parse_listed(&listed_text(&listed)), Ok(listed));
            let audit = AuditCursor { at_ms: last_event_ms, shard, number: last_event_ms / 3 };
            prop_assert_eq!(AuditCursor::parse(&audit.text()), Ok(audit));
            let call = CallKey { at_ms: last_event_ms, room, seq: last_event_ms / 5 };
            let called = CalledCursor { number: Some(last_event_ms).filter(|n| *n > 0), call: Some(call) };
            prop_assert_eq!(CalledCursor::parse(&called.text()), Ok(called));
            let place = (last_event_ms, ReportId(room.0));
            prop_assert_eq!(parse_place(&place_text(place)), Ok(place));
            let emoji = (Emoji::parse("👍").unwrap(), UserId::parse("minji").unwrap());
            prop_assert_eq!(parse_reaction(&reaction_text(&emoji.0, &emoji.1)), Ok(emoji));
            let pin = Pin { seq: last_event_ms / 7, user: UserId::parse("minji").unwrap(), at_ms: last_event_ms };
            prop_assert_eq!(parse_pin(&pin_text(&pin)), Ok((pin.at_ms, pin.seq)));
            let name = ("민지 kim".to_owned(), UserId::parse("minji").unwrap());
            prop_assert_eq!(parse_name(&name_text(&name)), Ok(name.clone()));
            for by in [FoundBy::Id(name.1.clone()), FoundBy::Name(name)] {
                let text = found_text(&by);
                prop_assert_eq!(parse_found(&text, "mi").ok(), matches!(by, FoundBy::Id(_)).then(|| by.clone()));
                prop_assert_eq!(parse_found(&text, "").ok(), Some(by));
            }
        }

        #[test]
        fn anything_else_is_a_bad_request(text in ".{0,60}") {
            for refused in [ActivityCursor::parse(&text).err(), parse_listed(&text).err()] {
                let bad_request = matches!(refused, None | Some(ServiceError::BadRequest { .. }));
                prop_assert!(bad_request, "{:?}", refused);
            }
            let _ = (parse_member(&text), parse_name(&text), parse_place(&text), parse_reaction(&text), parse_pin(&text), AuditCursor::parse(&text));
            let _ = (CalledCursor::parse(&text), parse_found(&text, ""));
        }
    }
}
