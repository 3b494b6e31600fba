//! A user's list of mentions by script: repeats, stragglers, and how far back it reaches.

use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Effect, MentionNumberRow, MentionRow, Row, Switch, table};

use super::mention::MENTIONS_MAX;
use crate::command::{Command, Op};
use crate::machine::rows::{MemoryBase, Rows, user_key};
use crate::machine::shard::{Counters, apply};

fn minji() -> UserId {
    UserId::parse("minji").unwrap()
}

fn tell(base: &mut MemoryBase, seq: u64, state: Switch, room_seq: u64) {
    let effect = Effect::Mention { user: minji(), room: RoomId([1; 16]), seq, state, room_seq };
    let command = Command { at_ms: 1, op: Op::Effect(effect) };
    let mut rows = Rows::new(base);
    apply(&mut rows, &mut Counters::default(), &mut Vec::new(), &command).unwrap().unwrap();
    let writes = rows.into_writes();
    base.write(writes);
}

fn list(base: &MemoryBase) -> Vec<(u64, Switch)> {
    let rows = base.0.iter().filter(|((table, _), _)| *table == table::MENTION);
    rows.map(|(_, row)| MentionRow::decode(row).unwrap()).map(|row| (row.seq, row.state)).collect()
}

#[test]
fn repeats_and_stragglers_change_nothing() {
    let mut base = MemoryBase::default();
    tell(&mut base, 5, Switch::On, 5);
    tell(&mut base, 7, Switch::On, 7);
    tell(&mut base, 7, Switch::Off, 9);
    let before = base.clone();
    // Repeats, the second one of what is over already.
    tell(&mut base, 5, Switch::On, 5);
    tell(&mut base, 7, Switch::On, 7);
    assert_eq!(base, before);
    assert_eq!(list(&base), [(5, Switch::On), (7, Switch::Off)]);
    tell(&mut base, 5, Switch::Off, 11);
    tell(&mut base, 7, Switch::On, 12);
    assert_eq!(list(&base), [(5, Switch::Off), (7, Switch::On)]);
}

#[test]
fn the_oldest_make_room_for_the_newest() {
    let mut base = MemoryBase::default();
    for seq in 1..=MENTIONS_MAX + 10 {
        tell(&mut base, seq, Switch::On, seq);
    }
    let seqs: Vec<u64> = list(&base).into_iter().map(|(seq, _)| seq).collect();
    assert_eq!(seqs, (11..=MENTIONS_MAX + 10).collect::<Vec<_>>());
    let of = |wanted| base.0.keys().filter(|(table, _)| *table == wanted).count() as u64;
    assert_eq!(of(table::MENTION_AT), MENTIONS_MAX);
    let newest: Option<MentionNumberRow> =
        Rows::new(&base).load(table::MENTIONS, &user_key(&minji())).unwrap();
    assert_eq!(newest.unwrap().number, MENTIONS_MAX + 10);
}

#[test]
fn the_end_of_what_never_called_drives_nobody_out() {
    let mut base = MemoryBase::default();
    for seq in 1..=MENTIONS_MAX {
        tell(&mut base, seq, Switch::On, seq);
    }
    let before = base.clone();
    for seq in 2_000..2_100 {
        tell(&mut base, seq, Switch::Off, seq + 1);
    }
    assert_eq!(base, before);
}
