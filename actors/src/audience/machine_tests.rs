use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use madang_cluster::event::RoomEvent;
use madang_storage::id::RoomId;
use proptest::prelude::*;

use super::machine::{Heal, Machine, Sink, Taken};
use crate::fake::{event, user};
use crate::hub::HubId;

const ROOM: RoomId = RoomId([1; 16]);
const ONE: HubId = HubId(1);
const TWO: HubId = HubId(2);

#[derive(Default)]
struct Hubs {
    heard: HashMap<HubId, Vec<u64>>,
    full: HashSet<HubId>,
    gone: HashSet<HubId>,
}

impl Sink for Hubs {
    fn offer(&mut self, hub: HubId, event: &Arc<RoomEvent>) -> Taken {
        if self.gone.contains(&hub) {
            return Taken::Gone;
        }
        if self.full.contains(&hub) {
            return Taken::Full;
        }
        self.heard.entry(hub).or_default().push(event.seq);
        Taken::Yes
    }
}

fn at(seq: u64) -> Arc<RoomEvent> {
    event(ROOM, seq, &user("minji"), "hi")
}

fn page(seqs: std::ops::RangeInclusive<u64>) -> Vec<Arc<RoomEvent>> {
    seqs.map(at).collect()
}

fn read(after: u64) -> Option<Heal> {
    Some(Heal::Read { room: ROOM, after })
}

fn later(wait_ms: u64) -> Option<Heal> {
    Some(Heal::Later { room: ROOM, wait_ms })
}

/// A room at seq 10 that hub 1 hears.
fn live() -> (Machine, Hubs) {
    let mut machine = Machine::default();
    machine.gained(ONE, ROOM, Some(10));
    (machine, Hubs::default())
}

#[test]
fn events_go_to_those_who_hear_the_room_and_repeats_are_dropped() {
    let (mut machine, mut hubs) = live();
    for seq in [9, 10, 11, 11, 12] {
        assert_eq!(machine.fed(&at(seq), &mut hubs), None);
    }
    assert!(machine.is_heard(&ROOM));
    machine.gained(TWO, ROOM, None);
    machine.fed(&at(13), &mut hubs);
    machine.lost(ONE, ROOM);
    machine.fed(&at(14), &mut hubs);
    assert_eq!(hubs.heard[&ONE], [11, 12, 13]);
    assert_eq!(hubs.heard[&TWO], [13, 14]);
    machine.lost(TWO, ROOM);
    machine.fed(&at(15), &mut hubs);
    assert!(machine.all_rooms().is_empty());
}

#[test]
fn what_is_applied_between_the_look_and_the_listening_is_healed_with_the_next_event() {
    let (mut machine, mut hubs) = live();
    assert_eq!(machine.fed(&at(12), &mut hubs), read(10));
    assert_eq!(machine.page(ROOM, &page(11..=12), &mut hubs), None);
    assert_eq!(hubs.heard[&ONE], [11, 12]);
}

#[test]
fn a_room_that_could_not_be_looked_up_is_heard_from_its_next_event_on() {
    let (mut machine, mut hubs) = (Machine::default(), Hubs::default());
    machine.gained(ONE, ROOM, None);
    assert_eq!(machine.retry(ROOM), None);
    assert_eq!(machine.fed(&at(11), &mut hubs), None);
    assert_eq!(machine.fed(&at(13), &mut hubs), read(11));
    assert_eq!(hubs.heard[&ONE], [11]);
}

#[test]
fn what_is_applied_while_a_room_is_looked_up_is_heard_when_the_feed_brings_it() {
    let (mut machine, mut hubs) = (Machine::default(), Hubs::default());
    machine.gained(ONE, ROOM, None);
    // 10 and 11 were applied since the listening began, but not fed yet.
    assert_eq!(machine.head(ROOM, 11), None);
    assert_eq!(machine.fed(&at(10), &mut hubs), read(10));
    assert_eq!(machine.page(ROOM, &page(11..=11), &mut hubs), None);
    machine.fed(&at(11), &mut hubs);
    machine.fed(&at(12), &mut hubs);
    assert_eq!(hubs.heard[&ONE], [10, 11, 12]);
}

#[test]
fn a_room_that_was_looked_up_late_misses_nothing_behind_what_was_found() {
    let (mut machine, mut hubs) = (Machine::default(), Hubs::default());
    machine.gained(ONE, ROOM, None);
    assert_eq!(machine.head(ROOM, 11), None);
    assert_eq!(machine.fed(&at(14), &mut hubs), read(11));
    let (mut machine, mut hubs) = (Machine::default(), Hubs::default());
    machine.gained(ONE, ROOM, None);
    assert_eq!(machine.head(ROOM, 11), None);
    assert_eq!(machine.head(ROOM, 13), read(11), "the feed skipped meanwhile");
    assert_eq!(machine.page(ROOM, &page(12..=13), &mut hubs), None);
    assert_eq!(hubs.heard[&ONE], [12, 13]);
}

#[test]
fn a_hole_is_healed_from_the_log_while_later_events_wait_there() {
    let (mut machine, mut hubs) = live();
    assert_eq!(machine.fed(&at(13), &mut hubs), read(10));
    assert_eq!(machine.fed(&at(14), &mut hubs), None);
    assert_eq!(machine.page(ROOM, &page(11..=13), &mut hubs), read(13));
    assert_eq!(machine.page(ROOM, &page(14..=14), &mut hubs), None);
    machine.fed(&at(15), &mut hubs);
    assert_eq!(hubs.heard[&ONE], [11, 12, 13, 14, 15]);
}

#[test]
fn after_the_feed_skipped_all_rooms_are_looked_at() {
    let (mut machine, mut hubs) = live();
    assert_eq!(machine.all_rooms(), [ROOM]);
    assert_eq!(machine.head(ROOM, 10), None, "nothing is missing");
    assert_eq!(machine.head(ROOM, 12), read(10));
    assert_eq!(machine.page(ROOM, &page(11..=12), &mut hubs), None);
    assert_eq!(hubs.heard[&ONE], [11, 12]);
}

#[test]
fn a_hub_that_is_full_is_caught_up_later_and_the_others_do_not_wait() {
    let (mut machine, mut hubs) = live();
    machine.gained(TWO, ROOM, None);
    hubs.full.insert(TWO);
    assert_eq!(machine.fed(&at(11), &mut hubs), later(20));
    assert_eq!(machine.retry(ROOM), read(10));
    assert_eq!(machine.page(ROOM, &page(11..=11), &mut hubs), later(40), "still full");
    hubs.full.clear();
    assert_eq!(machine.retry(ROOM), read(10));
    assert_eq!(machine.page(ROOM, &page(11..=11), &mut hubs), None);
    assert_eq!(hubs.heard[&ONE], [11]);
    assert_eq!(hubs.heard[&TWO], [11]);
}

#[test]
fn a_read_that_failed_or_found_nothing_is_tried_again() {
    let (mut machine, mut hubs) = live();
    assert_eq!(machine.failed(ROOM), None, "nothing is being read");
    machine.fed(&at(12), &mut hubs);
    assert_eq!(machine.failed(ROOM), later(20));
    assert_eq!(machine.page(ROOM, &[], &mut hubs), later(40));
}

#[test]
fn waits_double_up_to_two_seconds_while_nothing_moves_and_begin_anew_after_progress() {
    let (mut machine, mut hubs) = live();
    machine.fed(&at(13), &mut hubs);
    let waits: Vec<_> = (0..9).map(|_| machine.failed(ROOM)).collect();
    assert_eq!(waits, [20, 40, 80, 160, 320, 640, 1280, 2000, 2000].map(later));
    assert_eq!(machine.page(ROOM, &page(11..=12), &mut hubs), read(12));
    assert_eq!(machine.failed(ROOM), later(20));
}

#[test]
fn a_successor_reads_what_its_predecessor_was_reading() {
    let (mut machine, mut hubs) = live();
    assert_eq!(machine.fed(&at(12), &mut hubs), read(10));
    machine.forget_reads();
    assert_eq!(machine.all_rooms(), [ROOM]);
    assert_eq!(machine.head(ROOM, 12), read(10));
}

#[test]
fn a_hub_that_is_gone_is_forgotten() {
    let (mut machine, mut hubs) = live();
    hubs.gone.insert(ONE);
    assert_eq!(machine.fed(&at(11), &mut hubs), None);
    assert!(machine.all_rooms().is_empty());
}

#[derive(Debug, Clone)]
enum Step {
    /// An event is logged, and the feed has it or skips it.
    Logged {
        fed: bool,
    },
    /// The oldest read comes back, with at most so many events.
    Read(usize),
    ReadFails,
    Full(bool),
    Skipped,
    Restarted,
    Retry,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => any::<bool>().prop_map(|fed| Step::Logged { fed }),
        2 => (1..4_usize).prop_map(Step::Read),
        1 => Just(Step::ReadFails),
        1 => any::<bool>().prop_map(Step::Full),
        1 => Just(Step::Skipped),
        1 => Just(Step::Restarted),
        1 => Just(Step::Retry),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    #[test]
    fn whatever_happens_every_hub_hears_everything_once_in_order(steps in steps()) {
        let (mut machine, mut hubs) = (Machine::default(), Hubs::default());
        machine.gained(ONE, ROOM, Some(0));
        let (mut log, mut known) = (0_u64, 0_u64);
        let mut heal = Vec::new();
        let end = [Step::Full(false), Step::Skipped, Step::Logged { fed: true }];
        let drain = std::iter::repeat_n([Step::Retry, Step::Read(3)], 100).flatten();
        for step in steps.into_iter().chain(end).chain(drain) {
            match step {
                Step::Logged { fed: true } => known = log + 1,
                Step::Skipped | Step::Restarted => known = log,
                _ => {}
            }
            let next = match step {
                Step::Logged { fed } => {
                    log += 1;
                    if fed { machine.fed(&at(log), &mut hubs) } else { None }
                }
                Step::Read(most) => match heal.pop() {
                    Some(Heal::Read { after, .. }) => {
                        let to = log.min(after + most as u64);
                        if machine.healing() > 0 {
                            // A page shows what the feed has not brought.
                            known = known.max(to);
                        }
                        machine.page(ROOM, &page(after + 1..=to), &mut hubs)
                    }
                    Some(Heal::Later { room, .. }) => machine.retry(room),
                    None => None,
                },
                Step::ReadFails => heal.pop().and_then(|_| machine.failed(ROOM)),
                Step::Full(true) => { hubs.full.insert(ONE); None }
                Step::Full(false) => { hubs.full.clear(); None }
                Step::Skipped => machine.head(ROOM, log),
                Step::Restarted => {
                    heal.clear();
                    machine.forget_reads();
                    machine.head(ROOM, log)
                }
                Step::Retry => machine.retry(ROOM),
            };
            heal.extend(next);
            let passed = hubs.heard.get(&ONE).and_then(|heard| heard.last().copied()).unwrap_or(0);
            prop_assert_eq!(machine.healing() == 0, passed >= known, "nobody lacks what is known, or it is being healed");
        }
        let heard = hubs.heard.remove(&ONE).unwrap_or_default();
        prop_assert_eq!(heard, (1..=log).collect::<Vec<_>>());
    }
}
