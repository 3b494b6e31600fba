//! A shard's machine: one command in; outcome, rows and events out. A refused command changes nothing.

use std::sync::Arc;

use madang_storage::StorageError;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Act, AuditRow, Effect, EventBody, EventRow, OutboxRow, RoomRow, Row, table};
use serde::{Deserialize, Serialize};

use super::rows::{Rows, audit_key, event_key, room_key};
use super::{audit, desk, effect, room, sweep, user};
use crate::command::{Command, Op, Outcome, Refusal, Reply};
use crate::event::{Change, RoomEvent, ShardEvent};

/// What a shard counts over all its rooms and users.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Position of the newest feed item.
    pub pos: u64,
    /// Id of the newest outbox row.
    pub outbox: u64,
    /// Number of the newest entry of the audit log.
    #[serde(default)]
    pub audit: u64,
}

impl Row for Counters {
    const NAME: &'static str = "shard counters";
}

/// Key of [`Counters`] in [`table::SHARD`].
pub const COUNTERS_KEY: &[u8] = b"counters";

/// Why a command stops half way.
pub(super) enum Stop {
    /// The machine says no.
    Refused(Refusal),
    /// The state cannot be read: the shard must stop.
    Broken(StorageError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StorageError> for Stop {
    fn from(error: StorageError) -> Self {
        Self::Broken(error)
    }
}

/// A command's turn: what it may touch. Machines check everything before they write anything.
pub(super) struct Turn<'t, 'b> {
    pub(super) rows: &'t mut Rows<'b>,
    pub(super) at_ms: u64,
    counters: &'t mut Counters,
    events: &'t mut Vec<ShardEvent>,
    outbox: Vec<u64>,
}

impl Turn<'_, '_> {
    /// When what a room logs next happens: its time never goes back.
    pub(super) fn time(&self, head: &RoomRow) -> u64 {
        self.at_ms.max(head.last_event_ms)
    }

    /// Appends an event to a room's log and saves the room's head. Answers its seq.
    pub(super) fn log(
        &mut self,
        room: &RoomId,
        head: &mut RoomRow,
        user: &UserId,
        body: EventBody,
    ) -> Result<u64, StorageError> {
        self.log_changing(room, head, user, body, Vec::new())
    }

    /// As [`Self::log`], for an event that changed older entries: the rows are written already, `changes` goes
    /// to whoever has copies of them.
    pub(super) fn log_changing(
        &mut self,
        room: &RoomId,
        head: &mut RoomRow,
        user: &UserId,
        body: EventBody,
        changes: Vec<Change>,
    ) -> Result<u64, StorageError> {
        let at_ms = self.time(head);
        head.last_seq += 1;
        head.last_event_ms = at_ms;
        if body.is_message() {
            head.messages += 1;
            head.last_message_seq = head.last_seq;
        }
        if let Some(act) = audit::of_event(room, head.last_seq, user, &body) {
            self.audit(user, act)?;
        }
        self.counters.pos += 1;
        let (user, pos, messages) = (user.clone(), self.counters.pos, head.messages);
        let row = EventRow { at_ms, user, pos, messages, body };
        let seq = head.last_seq;
        self.rows.save(table::ROOM_LOG, event_key(room, seq), &row)?;
        self.rows.save(table::ROOM, room_key(room), head)?;
        let event = RoomEvent { changes, ..RoomEvent::new(*room, seq, row) };
        self.events.push(ShardEvent::Room(Arc::new(event)));
        Ok(seq)
    }

    /// Puts an effect on another shard into the outbox.
    pub(super) fn effect(&mut self, effect: Effect) -> Result<(), StorageError> {
        self.counters.outbox += 1;
        let id = self.counters.outbox;
        self.rows.save(table::OUTBOX, id.to_be_bytes().to_vec(), &OutboxRow { effect })?;
        if self.outbox.is_empty() {
            self.events.push(ShardEvent::Outbox);
        }
        self.outbox.push(id);
        Ok(())
    }

    /// Writes down what somebody did by their power over others.
    pub(super) fn audit(&mut self, by: &UserId, act: Act) -> Result<(), StorageError> {
        self.counters.audit += 1;
        let key = audit_key(self.at_ms, self.counters.audit);
        self.rows.save(table::AUDIT, key, &AuditRow { by: by.clone(), act })
    }

    /// How many acts this shard has written down.
    pub(super) fn acts(&self) -> u64 {
        self.counters.audit
    }

    /// Tells the feed something that no log holds.
    pub(super) fn tell(&mut self, event: ShardEvent) {
        self.events.push(event);
    }

    /// The next position in the feed.
    pub(super) fn next_pos(&mut self) -> u64 {
        self.counters.pos += 1;
        self.counters.pos
    }
}

/// Carries out one command. Errors: only a state that cannot be read or written; the shard must stop
/// then, and the rows of the batch must not be written.
pub fn apply(
    rows: &mut Rows<'_>,
    counters: &mut Counters,
    events: &mut Vec<ShardEvent>,
    command: &Command,
) -> Result<Outcome, StorageError> {
    let mut turn = Turn { rows, at_ms: command.at_ms, counters, events, outbox: Vec::new() };
    let done = match &command.op {
        Op::Room { room, user, op } => room::decide(&mut turn, room, user, op),
        Op::User { user, op } => user::decide(&mut turn, user, op),
        Op::Safety { by, standing, op } => desk::decide(&mut turn, by, *standing, op).map(|()| None),
        Op::Effect(effect) => effect::take(&mut turn, effect).map(|()| None),
        Op::Sweep(op) => sweep::decide(&mut turn, op).map(|()| None),
        Op::OutboxDone(ids) => {
            for id in ids {
                turn.rows.remove(table::OUTBOX, id.to_be_bytes().to_vec());
            }
            Ok(None)
        }
        Op::Meta(_) => Err(Refusal::WrongGroup.into()),
    };
    match done {
        Ok(reply) => Ok(Ok(reply.unwrap_or(Reply::Done { outbox: turn.outbox }))),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::Broken(error)) => Err(error),
    }
}
