//! The ladder by script: every step up and down.

use std::collections::HashMap;

use madang_cluster::machine::meta::ShedLimits;
use madang_storage::id::RoomId;
use proptest::prelude::*;

use super::crowd::{Change, Crowd, Demand};
use super::ladder::Ladder;
use super::level::{Class, Level, Taken};

const ROOM: RoomId = RoomId([1; 16]);
/// Steps at 100, 200 … 600 deliveries a second; back at half of that.
const LIMITS: ShedLimits = ShedLimits {
    typing: 100,
    presence: 200,
    receipts: 300,
    reactions: 400,
    coalesced: 500,
    heads: 600,
    step_up_ms: 500,
    cool_percent: 50,
    step_down_ms: 2_000,
    pages_per_s: 100,
};
const LOOK_MS: u64 = 100;

/// Where the ladder is after each of so many looks at a load, and the time after them.
fn looks(ladder: &mut Ladder, load: u64, limits: &ShedLimits, from_ms: u64, count: u64) -> (Vec<Level>, u64) {
    let levels = (0..count).map(|look| {
        ladder.look(load, limits, from_ms + look * LOOK_MS);
        ladder.level()
    });
    (levels.collect(), from_ms + count * LOOK_MS)
}

#[test]
fn what_lasted_long_enough_takes_all_steps_that_it_is_enough_for() {
    let mut ladder = Ladder::default();
    let (levels, now_ms) = looks(&mut ladder, 350, &LIMITS, 0, 6);
    assert_eq!(levels, [vec![None; 5], vec![Some(Class::Receipts)]].concat());
    let (levels, _) = looks(&mut ladder, 10_000, &LIMITS, now_ms, 6);
    assert_eq!(levels, [vec![Some(Class::Receipts); 5], vec![Some(Class::Heads)]].concat());
    let mut rising = Ladder::default();
    let levels: Vec<Level> = (0..12)
        .map(|look| {
            rising.look((look + 1) * 100, &LIMITS, look * LOOK_MS);
            rising.level()
        })
        .collect();
    let steps = Class::ALL.into_iter().map(Some);
    assert_eq!(levels[5..11], steps.collect::<Vec<Level>>(), "each step waits for its own load");
}

#[test]
fn a_load_goes_as_far_as_its_threshold_and_no_further() {
    for (load, level) in [
        (99, None),
        (100, Some(Class::Typing)),
        (299, Some(Class::Presence)),
        (300, Some(Class::Receipts)),
        (499, Some(Class::Reactions)),
        (500, Some(Class::Coalesced)),
        (600, Some(Class::Heads)),
    ] {
        let mut ladder = Ladder::default();
        looks(&mut ladder, load, &LIMITS, 0, 100);
        assert_eq!(ladder.level(), level, "{load}");
    }
}

#[test]
fn a_moment_of_calm_begins_the_wait_anew() {
    let mut ladder = Ladder::default();
    let mut now_ms = 0;
    for _ in 0..50 {
        (_, now_ms) = looks(&mut ladder, 1_000, &LIMITS, now_ms, 5);
        (_, now_ms) = looks(&mut ladder, 99, &LIMITS, now_ms, 1);
    }
    assert_eq!(ladder.level(), None);
}

#[test]
fn steps_are_taken_back_one_at_a_time_and_slower() {
    let mut ladder = Ladder::default();
    let (_, now_ms) = looks(&mut ladder, 300, &LIMITS, 0, 20);
    assert_eq!(ladder.level(), Some(Class::Receipts));
    let (levels, _) = looks(&mut ladder, 0, &LIMITS, now_ms, 70);
    let changes: Vec<Level> = levels.windows(2).filter(|two| two[0] != two[1]).map(|two| two[1]).collect();
    assert_eq!(changes, [Some(Class::Presence), Some(Class::Typing), None]);
    assert_eq!(levels.iter().filter(|level| **level == Some(Class::Presence)).count(), 21);
}

#[test]
fn between_its_thresholds_a_room_stays_where_it_is() {
    let mut ladder = Ladder::default();
    let (_, now_ms) = looks(&mut ladder, 300, &LIMITS, 0, 20);
    let (levels, now_ms) = looks(&mut ladder, 151, &LIMITS, now_ms, 200);
    assert!(levels.iter().all(|level| *level == Some(Class::Receipts)));
    let (levels, _) = looks(&mut ladder, 150, &LIMITS, now_ms, 200);
    assert_eq!(levels.last(), Some(&Some(Class::Presence)), "150 is more than half of 200");
}

#[test]
fn a_step_that_is_never_taken_is_passed_over() {
    let limits = ShedLimits { presence: 0, coalesced: 0, ..LIMITS };
    let mut ladder = Ladder::default();
    let (levels, now_ms) = looks(&mut ladder, 10_000, &limits, 0, 100);
    assert!(!levels.contains(&Some(Class::Presence)) && !levels.contains(&Some(Class::Coalesced)));
    let taken = Taken::at(ladder.level(), &limits);
    assert_eq!(taken.classes(), [Class::Typing, Class::Receipts, Class::Reactions, Class::Heads]);
    let off = ShedLimits { typing: 0, receipts: 0, reactions: 0, heads: 0, ..limits };
    assert_eq!(Taken::at(ladder.level(), &off), Taken::default(), "what META takes back ends at once");
    let (levels, _) = looks(&mut ladder, 10_000, &off, now_ms, 2);
    assert_eq!(levels.last(), Some(&None));
}

#[test]
fn a_room_is_told_of_each_step_with_what_is_taken_and_over_how_long_to_read() {
    let mut crowd = Crowd::default();
    let mut told: Vec<Change> = Vec::new();
    for look in 0..40 {
        // More from look to look.
        let demand = Demand { deliveries: 5 * look, listeners: 500 };
        told.extend(crowd.look(HashMap::from([(ROOM, demand)]), &LIMITS, look * LOOK_MS).0);
    }
    let levels: Vec<Level> = told.iter().map(|change| change.level).collect();
    assert_eq!(levels, Class::ALL.map(Some));
    assert!(told.iter().all(|change| change.spread_ms == 5_000), "{told:?}");
    assert_eq!(told[2].taken.classes(), [Class::Typing, Class::Presence, Class::Receipts]);
    let (mut watched, mut back) = (Vec::new(), Vec::new());
    for look in 40..240 {
        let (changes, now) = crowd.look(HashMap::new(), &LIMITS, look * LOOK_MS);
        back.extend(changes.into_iter().map(|change| change.level));
        watched = now;
    }
    let down: Vec<Level> = Class::ALL.into_iter().rev().skip(1).map(Some).chain([None]).collect();
    assert_eq!((back, watched), (down, vec![]), "who is calm is watched no more");
}

#[test]
fn a_load_is_what_was_delivered_in_the_last_half_second() {
    let mut crowd = Crowd::default();
    let mut loads = Vec::new();
    for look in 0..10 {
        let demand = Demand { deliveries: if look < 5 { 100 } else { 0 }, listeners: 10 };
        let (_, watched) =
            crowd.look(HashMap::from([(ROOM, demand)]), &ShedLimits::default(), look * LOOK_MS);
        loads.push(watched.first().map_or(0, |room| room.load));
    }
    assert_eq!(loads, [200, 400, 600, 800, 1_000, 800, 600, 400, 200, 0]);
}

proptest! {
    #[test]
    fn whatever_the_load_steps_have_their_reason_and_a_swaying_load_does_not_flap(
        loads in proptest::collection::vec(0_u64..2_000, 1..400),
    ) {
        let mut ladder = Ladder::default();
        let (mut down_ms, patience) = (None, LIMITS.step_up_ms / LOOK_MS);
        for (look, load) in loads.iter().copied().enumerate() {
            let (before, now_ms) = (ladder.level(), look as u64 * LOOK_MS);
            ladder.look(load, &LIMITS, now_ms);
            let place = |level: Level| level.map_or(0, |class| 1 + Class::ALL.iter().position(|one| *one == class).unwrap());
            let (was, is) = (place(before), place(ladder.level()));
            if is > was {
                let lasted = loads[..=look].iter().rev().take(1 + patience as usize);
                prop_assert!(lasted.clone().count() as u64 == 1 + patience);
                prop_assert!(lasted.min() >= Some(&(100 * is as u64)));
            }
            if is < was {
                prop_assert_eq!(was - is, 1);
                prop_assert!(load <= 50 * was as u64);
                prop_assert!(down_ms.is_none_or(|at| now_ms - at >= LIMITS.step_down_ms));
                down_ms = Some(now_ms);
            }
        }
    }
}
