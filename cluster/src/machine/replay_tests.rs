//! Properties of all machines together: any sequence of commands from anybody gives the same bytes on
//! every replica, however the commands fall into batches, and keeps the state's own rules.

use std::collections::BTreeMap;

use madang_storage::id::{Cid, RoomId, UserId};
use madang_storage::row::{EventRow, MemberRow, MemberState, Role, RoomKind, RoomRow, Row, table};
use proptest::prelude::*;

use super::rows::{MemoryBase, Rows};
use super::shard::{Counters, apply};
use crate::command::{Command, Op, RoomOp};

fn user() -> impl Strategy<Value = UserId> {
    prop_oneof!["aa", "bb", "cc", "dd"].prop_map(|name| UserId::parse(&name).unwrap())
}

fn op() -> impl Strategy<Value = RoomOp> {
    let kind = prop_oneof![Just(RoomKind::Direct), Just(RoomKind::Group), Just(RoomKind::Open)];
    let role = prop_oneof![Just(Role::Member), Just(Role::Admin), Just(Role::Owner)];
    let cid = || (0..6_u8).prop_map(|n| Cid::parse(&n.to_string()).unwrap());
    prop_oneof![
        2 => (kind, prop::collection::vec(user(), 0..3)).prop_map(|(kind, members)| RoomOp::Create {
            kind, title: "t".into(), topic: String::new(), members
        }),
        6 => (cid(), "[ab]", prop::option::of(cid()))
            .prop_map(|(cid, text, after)| RoomOp::Send { cid, text, after }),
        3 => Just(RoomOp::Join),
        2 => Just(RoomOp::Leave),
        2 => user().prop_map(RoomOp::Invite),
        2 => user().prop_map(RoomOp::Kick),
        2 => (user(), role).prop_map(|(user, role)| RoomOp::SetRole(user, role)),
        1 => "[xy]".prop_map(|title| RoomOp::Change { title: Some(title), topic: None }),
        2 => (0..20_u64).prop_map(RoomOp::MarkRead),
    ]
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let room = prop_oneof![Just(RoomId([1; 16])), Just(RoomId([2; 16]))];
    let command = (0..1_000_u64, room, user(), op())
        .prop_map(|(at_ms, room, user, op)| Command { at_ms, op: Op::Room { room, user, op } });
    prop::collection::vec(command, 1..80)
}

/// Runs the commands in batches of `size`; answers the rows and all outcomes.
fn replay(commands: &[Command], size: usize) -> (MemoryBase, String) {
    let (mut base, mut counters, mut events) = (MemoryBase::default(), Counters::default(), Vec::new());
    let mut outcomes = Vec::new();
    for batch in commands.chunks(size) {
        let mut rows = Rows::new(&base);
        for command in batch {
            outcomes.push(apply(&mut rows, &mut counters, &mut events, command).unwrap());
        }
        let writes = rows.into_writes();
        base.write(writes);
    }
    (base, format!("{outcomes:?} {events:?}"))
}

fn rows<R: Row>(base: &MemoryBase, wanted: u8) -> BTreeMap<Vec<u8>, R> {
    let of_table = base.0.iter().filter(|((table, _), _)| *table == wanted);
    of_table.map(|((_, key), bytes)| (key.clone(), R::decode(bytes).unwrap())).collect()
}

/// What must hold in every state.
fn check_rules(base: &MemoryBase) {
    let (heads, members) = (rows::<RoomRow>(base, table::ROOM), rows::<MemberRow>(base, table::MEMBER));
    let log = rows::<EventRow>(base, table::ROOM_LOG);
    for (room, head) in heads {
        let of_room: Vec<&MemberRow> =
            members.iter().filter(|(key, _)| key.starts_with(&room)).map(|(_, row)| row).collect();
        let count = |state| of_room.iter().filter(|row| row.state == state).count() as u64;
        assert_eq!((head.joined, head.invited), (count(MemberState::Joined), count(MemberState::Invited)));
        let owners = of_room.iter().filter(|row| row.role == Role::Owner).count();
        let expected = usize::from(head.kind != RoomKind::Direct && head.joined > 0);
        assert_eq!(owners, expected, "{head:?} {of_room:?}");
        let seqs: Vec<u64> = log
            .keys()
            .filter_map(|key| key.strip_prefix(room.as_slice()))
            .map(|seq| u64::from_be_bytes(seq.try_into().unwrap()))
            .collect();
        assert_eq!(seqs, (1..=head.last_seq).collect::<Vec<_>>());
        assert!(
            of_room.iter().all(|row| row.read_seq <= head.last_seq && row.read_messages <= head.messages)
        );
    }
    let sent = base.0.keys().filter(|(table, _)| *table == table::SENT).count();
    assert_eq!(sent, log.values().filter(|event| event.body.is_message()).count());
}

proptest! {
    #[test]
    fn any_batching_gives_the_same_bytes(commands in commands(), size in 1..40_usize) {
        let (one, said_one) = replay(&commands, 1);
        let (other, said_other) = replay(&commands, size);
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(said_one, said_other);
        check_rules(&one);
    }

    #[test]
    fn repeating_every_send_changes_nothing(commands in commands()) {
        let sends = |command: &&Command| matches!(&command.op, Op::Room { op: RoomOp::Send { .. }, .. });
        let (base, _) = replay(&commands, 1);
        let messages = |base: &MemoryBase| {
            rows::<EventRow>(base, table::ROOM_LOG).into_iter().filter(|(_, row)| row.body.is_message()).count()
        };
        let mut twice = Vec::new();
        for command in &commands {
            twice.push(command.clone());
            if sends(&command) {
                twice.push(command.clone());
            }
        }
        prop_assert_eq!(messages(&base), messages(&replay(&twice, 3).0));
    }
}
