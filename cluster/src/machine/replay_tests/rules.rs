//! What must hold in every state.

use std::collections::{BTreeMap, BTreeSet};

use madang_storage::row::{
    EventBody, EventRow, Life, LinksRow, MemberRow, MemberState, MyReactionsRow, OverlayRow, PinsRow, Role,
    RoomKind, RoomRow, Row, table,
};

use crate::event::ShardEvent;
use crate::machine::rows::MemoryBase;

pub(super) fn rows<R: Row>(base: &MemoryBase, wanted: u8) -> BTreeMap<Vec<u8>, R> {
    let of_table = base.0.iter().filter(|((table, _), _)| *table == wanted);
    of_table.map(|((_, key), bytes)| (key.clone(), R::decode(bytes).unwrap())).collect()
}

/// The keys of a table that begin with a prefix.
pub(super) fn count(base: &MemoryBase, wanted: u8, prefix: &[u8]) -> u64 {
    base.0.keys().filter(|(table, key)| *table == wanted && key.starts_with(prefix)).count() as u64
}

pub(super) fn check(base: &MemoryBase, events: &[ShardEvent]) {
    check_that_deleted_texts_are_gone(base, events);
    // What is left of a deleted room goes in any order.
    let base = &living(base);
    let log = rows::<EventRow>(base, table::ROOM_LOG);
    let members = rows::<MemberRow>(base, table::MEMBER);
    for (room, head) in rows::<RoomRow>(base, table::ROOM) {
        let of_room: Vec<&MemberRow> =
            members.iter().filter(|(key, _)| key.starts_with(&room)).map(|(_, row)| row).collect();
        check_people(&head, &of_room);
        let seqs: Vec<u64> =
            log.keys().filter_map(|key| key.strip_prefix(room.as_slice())).map(number).collect();
        assert_eq!(seqs, (1..=head.last_seq).collect::<Vec<_>>());
    }
    check_memory_of_sends(base, &log);
    check_what_hangs_on_messages(base, &log);
    check_doors(base);
}

/// The rows without those of deleted rooms, but for the rooms' own.
fn living(base: &MemoryBase) -> MemoryBase {
    let heads = rows::<RoomRow>(base, table::ROOM);
    let is_dead = |room: &[u8]| heads.get(room).is_none_or(|head| head.life == Life::Deleted);
    let stays = |table: u8, key: &[u8]| match table {
        table::MEMBER => !heads.contains_key(&key[..16]) || !is_dead(&key[..16]),
        table::ROOM => !is_dead(key),
        table => !table::OF_A_ROOM.contains(&table) || !is_dead(&key[..16]),
    };
    let mut living = base.clone();
    living.0.retain(|(table, key), _| stays(*table, key));
    living
}

/// Who may come in, and who may not: as many as is counted, and no word of links that are gone.
fn check_doors(base: &MemoryBase) {
    let heads = rows::<RoomRow>(base, table::ROOM);
    for (room, head) in &heads {
        assert_eq!(head.bans, count(base, table::BAN, room), "{head:?}");
        let listed = head.kind == RoomKind::Open && head.life == Life::Live;
        let in_directory =
            base.0.keys().filter(|(table, key)| *table == table::DIRECTORY && key.ends_with(room));
        assert_eq!(in_directory.count(), usize::from(listed), "{head:?}");
    }
    for (room, links) in rows::<LinksRow>(base, table::LINKS) {
        for link in links.links {
            assert!(link.uses_max.is_none_or(|max| link.uses <= max), "{link:?}");
            let used = count(base, table::LINK_USE, &[room.as_slice(), &link.id.0].concat());
            assert!(used >= u64::from(link.uses), "{link:?} was used {used} times");
        }
    }
    for key in base.0.keys().filter(|(table, _)| *table == table::LEFT).map(|(_, key)| key) {
        assert!(!base.0.contains_key(&(table::MEMBER, key.clone())), "who is inside has left nothing behind");
    }
}

fn check_people(head: &RoomRow, people: &[&MemberRow]) {
    let count = |state| people.iter().filter(|row| row.state == state).count() as u64;
    assert_eq!((head.joined, head.invited), (count(MemberState::Joined), count(MemberState::Invited)));
    let owners = people.iter().filter(|row| row.role == Role::Owner).count();
    let expected = usize::from(head.kind != RoomKind::Direct && head.joined > 0);
    assert_eq!(owners, expected, "{head:?} {people:?}");
    for row in people {
        assert!(row.read_seq <= head.last_seq && row.read_messages <= head.messages, "{row:?}");
        assert!(row.mentions.is_sorted() && row.mentions.iter().all(|seq| *seq > row.read_seq), "{row:?}");
    }
}

/// One row for each message, and one for each edit that has a name.
fn check_memory_of_sends(base: &MemoryBase, log: &BTreeMap<Vec<u8>, EventRow>) {
    let named = log.values().filter(|row| match &row.body {
        EventBody::Edited { cid, .. } => cid.is_some(),
        body => body.is_message(),
    });
    assert_eq!(count(base, table::SENT, &[]), named.count() as u64);
}

fn check_what_hangs_on_messages(base: &MemoryBase, log: &BTreeMap<Vec<u8>, EventRow>) {
    let overlays = rows::<OverlayRow>(base, table::OVERLAY);
    let pins = rows::<PinsRow>(base, table::PINS);
    for (key, overlay) in &overlays {
        assert!(!overlay.is_empty());
        let body = &log[key].body;
        assert!(body.is_message());
        assert_eq!(overlay.thread.map_or(0, |thread| thread.replies), count(base, table::THREAD, key));
        assert_eq!(overlay.edited.map_or(0, |edited| edited.count), count(base, table::VERSION, key));
        let counted: u64 = overlay.reactions.iter().map(|reaction| reaction.count).sum();
        assert!(overlay.reactions.iter().all(|reaction| reaction.count > 0));
        if matches!(body, EventBody::Message { .. }) {
            assert_eq!(counted, count(base, table::REACTION, key));
        }
        let (room, seq) = (&key[..16], number(&key[16..]));
        let pinned = pins.get(room).is_some_and(|row| row.pins.iter().any(|pin| pin.seq == seq));
        assert_eq!(overlay.pinned_ms.is_some(), pinned);
    }
    let pinned: usize = pins.values().map(|row| row.pins.len()).sum();
    assert_eq!(pinned, overlays.values().filter(|overlay| overlay.pinned_ms.is_some()).count());
    let mine = rows::<MyReactionsRow>(base, table::MY_REACTIONS);
    let mine: usize = mine.values().map(|row| row.emojis.len()).sum();
    assert_eq!(mine as u64, count(base, table::REACTION, &[]));
}

/// No row holds a text of a message that was deleted, whichever of its versions it was.
fn check_that_deleted_texts_are_gone(base: &MemoryBase, events: &[ShardEvent]) {
    let mut texts: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    let mut dead = BTreeSet::new();
    for event in events {
        let ShardEvent::Room(event) = event else { continue };
        match &event.row.body {
            EventBody::Message { text, extra, .. } => {
                let known = texts.entry((event.room, event.seq)).or_default();
                known.insert(text.clone());
                if let Some(extra) = extra
                    && let madang_storage::row::Content::Opaque { data, .. } = &extra.content
                {
                    known.insert(data.clone());
                }
            }
            EventBody::Edited { target, now: Some(now), .. } => {
                let known = texts.entry((event.room, *target)).or_default();
                known.insert(now.text.clone());
                known.extend(now.data.clone());
            }
            EventBody::Deleted { target } => dead.extend(texts.remove(&(event.room, *target))),
            _ => {}
        }
    }
    let alive: BTreeSet<String> = texts.into_values().flatten().collect();
    for text in dead.iter().flatten().filter(|text| !alive.contains(*text)) {
        let holds = |row: &[u8]| row.windows(text.len()).any(|part| part == text.as_bytes());
        let kept = base.0.iter().find(|(_, row)| holds(row));
        assert!(kept.is_none(), "{text} was deleted and is in {kept:?}");
    }
}

fn number(key: &[u8]) -> u64 {
    u64::from_be_bytes(key.try_into().unwrap())
}
