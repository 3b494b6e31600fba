//! A room of 100,000 costs its machine what a room of three costs: the same rows are looked up, as many are written.
//!
//! The machine cannot walk through members, since it looks rows up one by one ([`Base`] has nothing else); what it
//! could do is look up too many of them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use madang_storage::StorageError;
use madang_storage::row::{
    Everybody, Extra, MemberRow, MemberState, Mentions, Role, RoomKind, RoomRow, Row, Switch, table,
};

use super::yard::{ROOM, Yard, cid, send, user};
use crate::command::{Command, Op, RoomOp, TalkOp};
use crate::machine::rows::{Base, MemoryBase, Rows, member_key, room_key};
use crate::machine::shard::{Counters, apply};

const MANY: u64 = 100_000;

/// Counts what is looked up.
struct Counting<'a> {
    base: &'a MemoryBase,
    lookups: AtomicUsize,
}

impl Base for Counting<'_> {
    fn get(&self, table: u8, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.lookups.fetch_add(1, Ordering::Relaxed);
        self.base.get(table, key)
    }
}

/// What a command cost.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    lookups: usize,
    writes: usize,
    events: usize,
}

/// An open room of owner, jun and sora, and so many others.
fn room_of(others: u64) -> Yard {
    let mut yard = Yard::of(RoomKind::Open, &[]);
    for name in ["jun", "sora"] {
        yard.ok(name, RoomOp::Join);
    }
    yard.ok("owner", send("a", "hi"));
    let row = MemberRow::new(MemberState::Joined, Role::Member, 1, 0).encode().unwrap();
    let members = (0..others).map(|number| {
        let key = member_key(&ROOM, &user(&format!("m{number}")));
        ((table::MEMBER, key.to_vec()), Some(row.clone()))
    });
    let members: BTreeMap<_, _> = members.collect();
    yard.base.write(members);
    let head = RoomRow { joined: 3 + others, places_max: 3 * MANY, ..yard.head() };
    let key = (table::ROOM, room_key(&ROOM).to_vec());
    yard.base.write(BTreeMap::from([(key, Some(head.encode().unwrap()))]));
    yard
}

fn cost(yard: &Yard, who: &str, op: RoomOp) -> Cost {
    let base = Counting { base: &yard.base, lookups: AtomicUsize::new(0) };
    let mut rows = Rows::new(&base);
    let (mut counters, mut events) = (Counters::default(), Vec::new());
    let command = Command { at_ms: 1_000, op: Op::Room { room: ROOM, user: user(who), op } };
    apply(&mut rows, &mut counters, &mut events, &command).unwrap().unwrap();
    let writes = rows.into_writes().len();
    Cost { lookups: base.lookups.into_inner(), writes, events: events.len() }
}

#[test]
fn what_is_done_in_a_room_of_100_000_costs_what_it_costs_in_a_room_of_three() {
    let (small, large) = (room_of(0), room_of(MANY));
    let calling = |users: &[&str], everybody| {
        let mentions = Mentions { users: users.iter().map(|name| user(name)).collect(), everybody };
        let extra = Some(Box::new(Extra { mentions, ..Extra::default() }));
        RoomOp::Send { cid: cid("b"), text: "hey".into(), after: None, extra }
    };
    let react =
        TalkOp::React { target: 4, emoji: madang_storage::id::Emoji::parse("👍").unwrap(), to: Switch::On };
    for (who, op) in [
        ("newcomer", RoomOp::Join),
        ("jun", RoomOp::Leave),
        ("jun", send("b", "hello")),
        ("owner", calling(&[], Everybody::Yes)),
        ("owner", calling(&["jun", "sora"], Everybody::No)),
        ("jun", RoomOp::MarkRead(4)),
        ("jun", RoomOp::MarkReceived(4)),
        ("jun", RoomOp::Talk(react)),
        ("owner", RoomOp::Kick(user("jun"))),
        ("owner", RoomOp::Invite(user("newcomer"))),
    ] {
        let (few, many) = (cost(&small, who, op.clone()), cost(&large, who, op.clone()));
        assert_eq!((few.lookups, few.writes), (many.lookups, many.writes), "{op:?}");
        // In a large room members are not told how far others have read.
        assert!(many.events <= few.events, "{op:?}: {few:?} {many:?}");
        assert!(many.lookups <= 16 && many.writes <= 12 && many.events <= 8, "{op:?}: {many:?}");
    }
}
