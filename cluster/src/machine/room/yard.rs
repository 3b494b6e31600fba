//! A room for tests of its machine: commands by script, and what came of them.

use madang_storage::id::{Cid, RoomId, UserId};
use madang_storage::row::{EventBody, EventRow, MemberRow, OverlayRow, Role, RoomKind, RoomRow, table};

use crate::command::{Command, Op, Outcome, Reply, RoomOp};
use crate::event::ShardEvent;
use crate::machine::rows::{MemoryBase, Rows, event_key, member_key, overlay_key, room_key};
use crate::machine::shard::{Counters, apply};

pub(super) const ROOM: RoomId = RoomId([1; 16]);

/// One room, and what has become true in it.
#[derive(Default)]
pub(super) struct Yard {
    pub(super) base: MemoryBase,
    counters: Counters,
    pub(super) events: Vec<ShardEvent>,
    pub(super) now: u64,
}

impl Yard {
    pub(super) fn of(kind: RoomKind, members: &[&str]) -> Self {
        let mut yard = Self::default();
        yard.ok("owner", create(kind, members));
        yard
    }

    pub(super) fn run(&mut self, who: &str, op: RoomOp) -> Outcome {
        self.now += 10;
        self.apply(Op::Room { room: ROOM, user: user(who), op })
    }

    /// Any command, at the time that it is now.
    pub(super) fn apply(&mut self, op: Op) -> Outcome {
        let command = Command { at_ms: self.now, op };
        let mut rows = Rows::new(&self.base);
        let outcome = apply(&mut rows, &mut self.counters, &mut self.events, &command).unwrap();
        let writes = rows.into_writes();
        assert!(outcome.is_ok() || writes.is_empty(), "a refusal wrote {writes:?}");
        self.base.write(writes);
        outcome
    }

    pub(super) fn ok(&mut self, who: &str, op: RoomOp) -> Reply {
        self.run(who, op).unwrap()
    }

    pub(super) fn head(&self) -> RoomRow {
        Rows::new(&self.base).load(table::ROOM, &room_key(&ROOM)).unwrap().unwrap()
    }

    pub(super) fn role(&self, who: &str) -> Option<Role> {
        let row = Rows::new(&self.base).load::<MemberRow>(table::MEMBER, &member_key(&ROOM, &user(who)));
        row.unwrap().map(|row| row.role)
    }

    pub(super) fn unread(&mut self, who: &str) -> u64 {
        match self.ok(who, RoomOp::MarkRead(0)) {
            Reply::Read { unread, .. } => unread,
            other => panic!("{other:?}"),
        }
    }

    /// An entry of the log as it is now.
    pub(super) fn entry(&self, seq: u64) -> EventRow {
        Rows::new(&self.base).load(table::ROOM_LOG, &event_key(&ROOM, seq)).unwrap().unwrap()
    }

    /// What hangs on a message.
    pub(super) fn overlay(&self, seq: u64) -> OverlayRow {
        let row = Rows::new(&self.base).load(table::OVERLAY, &overlay_key(&ROOM, seq));
        row.unwrap().unwrap_or_default()
    }

    /// How many unread messages call somebody.
    pub(super) fn mentions(&mut self, who: &str) -> u64 {
        match self.ok(who, RoomOp::MarkRead(0)) {
            Reply::Read { mentions, .. } => mentions,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn log(&self) -> Vec<(u64, EventBody)> {
        let room = self.events.iter().filter_map(|event| match event {
            ShardEvent::Room(event) => Some((event.seq, event.row.body.clone())),
            _ => None,
        });
        room.collect()
    }
}

pub(super) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub(super) fn cid(cid: &str) -> Cid {
    Cid::parse(cid).unwrap()
}

pub(super) fn create(kind: RoomKind, members: &[&str]) -> RoomOp {
    let members = members.iter().map(|name| user(name)).collect();
    RoomOp::Create { kind, title: "t".into(), topic: String::new(), members, sort_title: String::new() }
}

pub(super) fn send(id: &str, text: &str) -> RoomOp {
    RoomOp::Send { cid: cid(id), text: text.into(), after: None, extra: None }
}
