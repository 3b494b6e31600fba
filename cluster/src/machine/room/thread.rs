//! Threads: messages of the same log that hang on one of them, their root.

use madang_storage::StorageError;
use madang_storage::id::RoomId;
use madang_storage::row::{Feature, InThread, OverlayRow, ThreadMark, table};

use super::Place;
use super::message::{self, Found};
use crate::command::Refusal;
use crate::event::Change;
use crate::machine::rows::thread_key;
use crate::machine::shard::{Stop, Turn};

/// A message on which a thread hangs, or may.
pub(super) struct Root {
    seq: u64,
    overlay: OverlayRow,
}

/// The root at `seq`. A message within a thread is none: threads have no threads. One that was deleted goes on
/// with the thread it has, but none begins on it.
pub(super) fn root(turn: &Turn<'_, '_>, place: &Place<'_>, seq: u64) -> Result<Root, Stop> {
    place.has(Feature::Threads)?;
    let found = message::find(turn, place.room, seq)?;
    let overlay = message::overlay(turn, place.room, seq)?;
    match found {
        Found::Message(message) if message.extra.thread.is_none() => {}
        Found::Tombstone { thread: None } if overlay.thread.is_some() => {}
        Found::Tombstone { thread: None } => return Err(Refusal::MessageGone.into()),
        Found::Message(_) | Found::Tombstone { .. } => return Err(Refusal::NoThread.into()),
    }
    Ok(Root { seq, overlay })
}

impl Root {
    /// One reply more, at `seq`.
    pub(super) fn grow(
        mut self,
        turn: &mut Turn<'_, '_>,
        room: &RoomId,
        seq: u64,
    ) -> Result<(InThread, Change), StorageError> {
        let number = self.overlay.thread.map_or(1, |thread| thread.replies + 1);
        self.overlay.thread = Some(ThreadMark { replies: number, last_seq: seq });
        turn.rows.mark(table::THREAD, thread_key(room, self.seq, seq));
        let change = message::save_overlay(turn, room, self.seq, self.overlay, None)?;
        Ok((InThread { root: self.seq, number }, change))
    }
}
