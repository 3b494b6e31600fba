//! Pages of a room's log.
//!
//! Key: `… | ROOM_LOG | room 16 bytes | seq u64 BE`. A page is one seek and as many steps as it has events;
//! both are bounded to the room's keys, so the cost doesn't grow with the room (`benches/room_page.rs`).

use std::ops::ControlFlow;

use bytes::Bytes;

use super::key::{KeyBuilder, KeyReader, prefix_end};
use super::scan::{Direction, KeyRange, ScanEnd, ScanLimit};
use super::store::StateStore;
use crate::error::StorageError;
use crate::id::{RoomId, ShardId};
use crate::row::table::ROOM_LOG;

/// How large a page may be. It holds at least one event if there is one.
pub type PageLimit = ScanLimit;

/// Events of one room, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoomPage {
    /// Seq and payload of each event.
    pub events: Vec<(u64, Bytes)>,
    /// Whether the room has more in the direction asked for; for `around`, towards older.
    pub more: bool,
}

/// The key of one event.
pub fn room_log_key(shard: ShardId, generation: u32, room: RoomId, seq: u64) -> Vec<u8> {
    room_prefix(shard, generation, room).u64(seq).finish()
}

fn room_prefix(shard: ShardId, generation: u32, room: RoomId) -> KeyBuilder {
    KeyBuilder::new(shard, generation, ROOM_LOG).id(&room.0)
}

impl StateStore {
    /// The newest events whose seq is below `before_seq`. `u64::MAX` asks for the newest page.
    pub fn page_before(
        &self,
        shard: ShardId,
        generation: u32,
        room: RoomId,
        before_seq: u64,
        limit: PageLimit,
    ) -> Result<RoomPage, StorageError> {
        let from = room_prefix(shard, generation, room).finish();
        let to = room_log_key(shard, generation, room, before_seq);
        let mut page = self.page(&KeyRange { from, to }, Direction::Descending, limit)?;
        page.events.reverse();
        Ok(page)
    }

    /// The oldest events whose seq is above `after_seq`.
    pub fn page_after(
        &self,
        shard: ShardId,
        generation: u32,
        room: RoomId,
        after_seq: u64,
        limit: PageLimit,
    ) -> Result<RoomPage, StorageError> {
        let Some(first) = after_seq.checked_add(1) else { return Ok(RoomPage::default()) };
        let from = room_log_key(shard, generation, room, first);
        let to = prefix_end(&room_prefix(shard, generation, room).finish());
        self.page(&KeyRange { from, to }, Direction::Ascending, limit)
    }

    /// Events on both sides of `seq`, itself included: half the limit before it, the rest from it on; what one
    /// side doesn't use the other doesn't get. `more` looks towards older.
    pub fn page_around(
        &self,
        shard: ShardId,
        generation: u32,
        room: RoomId,
        seq: u64,
        limit: PageLimit,
    ) -> Result<RoomPage, StorageError> {
        let newer_limit = PageLimit { items: limit.items.div_ceil(2), bytes: limit.bytes.div_ceil(2) };
        let from = room_log_key(shard, generation, room, seq);
        let to = prefix_end(&room_prefix(shard, generation, room).finish());
        let newer = self.page(&KeyRange { from, to }, Direction::Ascending, newer_limit)?;
        let older_limit = PageLimit { items: limit.items / 2, bytes: limit.bytes / 2 };
        if older_limit.items == 0 && !newer.events.is_empty() {
            let probe = PageLimit { items: 1, bytes: 0 };
            let older = self.page_before(shard, generation, room, seq, probe)?;
            return Ok(RoomPage { events: newer.events, more: !older.events.is_empty() });
        }
        let mut page = self.page_before(shard, generation, room, seq, older_limit)?;
        page.events.extend(newer.events);
        Ok(page)
    }

    fn page(
        &self,
        range: &KeyRange,
        direction: Direction,
        limit: PageLimit,
    ) -> Result<RoomPage, StorageError> {
        if range.from >= range.to {
            return Ok(RoomPage::default());
        }
        let mut events = Vec::with_capacity(limit.items.min(256));
        let mut broken = None;
        let end = self.scan(range, direction, limit, &mut |key, payload| match seq_of(key) {
            Ok(seq) => {
                events.push((seq, Bytes::copy_from_slice(payload)));
                ControlFlow::Continue(())
            }
            Err(error) => {
                broken = Some(error);
                ControlFlow::Break(())
            }
        })?;
        match broken {
            Some(error) => Err(error),
            None => Ok(RoomPage { events, more: end == ScanEnd::Limit }),
        }
    }
}

/// The seq at the end of a room log key.
fn seq_of(key: &[u8]) -> Result<u64, StorageError> {
    let (mut reader, ..) = KeyReader::new(key)?;
    reader.id()?;
    let seq = reader.u64()?;
    reader.finish()?;
    Ok(seq)
}
