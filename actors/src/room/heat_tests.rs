use madang_cluster::command::{RoomOp, TalkOp};
use madang_cluster::machine::meta::HeatLimits;
use madang_storage::id::UserId;
use proptest::prelude::*;

use super::heat::{Asked, Heat, Reading, Thermometer};
use crate::fake::send;

const LIMITS: HeatLimits = HeatLimits {
    sends_per_s: 50,
    fetches_per_s: 200,
    joins_per_s: 20,
    hot_after_ms: 3_000,
    cool_percent: 50,
    cool_after_ms: 10_000,
};

/// A room, second by second.
#[derive(Default)]
struct Room {
    thermometer: Thermometer,
    second: u64,
}

impl Room {
    /// So many are asked in each of these seconds; looked at as each ends.
    fn asked(&mut self, each: u32, asked: Asked, seconds: u64) -> Vec<Reading> {
        (0..seconds).map(|_| self.second_of(each, asked, &LIMITS)).collect()
    }

    fn second_of(&mut self, each: u32, asked: Asked, limits: &HeatLimits) -> Reading {
        for _ in 0..each {
            self.thermometer.count(asked, self.second * 1_000 + 500);
        }
        self.second += 1;
        self.thermometer.look(limits, self.second * 1_000)
    }

    fn sends(&mut self, each: u32, seconds: u64) -> Vec<u32> {
        self.asked(each, Asked::Send, seconds).iter().map(|reading| reading.heat.sends_per_s).collect()
    }

    /// For how long it is hot, look by look.
    fn hot(&mut self, each: u32, seconds: u64) -> Vec<Option<u64>> {
        self.asked(each, Asked::Send, seconds).iter().map(|reading| reading.hot_for_ms).collect()
    }
}

#[test]
fn a_rate_is_the_average_over_the_last_three_seconds_and_then_nothing() {
    let mut room = Room::default();
    assert_eq!(room.sends(30, 4), [10, 20, 30, 30]);
    assert_eq!(room.sends(0, 4), [20, 10, 0, 0]);
}

#[test]
fn sends_fetches_and_joins_are_counted_apart() {
    let mut room = Room::default();
    for asked in [Asked::Send, Asked::Fetch, Asked::Fetch, Asked::Join] {
        room.asked(3, asked, 1);
    }
    let heat = room.thermometer.look(&LIMITS, 3_000).heat;
    assert_eq!(heat, Heat { sends_per_s: 0, fetches_per_s: 2, joins_per_s: 1 });
    assert_eq!(heat.total_per_s(), 3);
}

#[test]
fn commands_count_as_what_they_cost() {
    let by = |op: &RoomOp| Asked::by(op);
    assert_eq!(by(&send("hello")), Some(Asked::Send));
    assert_eq!(by(&RoomOp::Talk(TalkOp::Delete { target: 1 })), Some(Asked::Send));
    assert_eq!(by(&RoomOp::Join), Some(Asked::Join));
    for other in [RoomOp::Leave, RoomOp::MarkRead(1), RoomOp::Invite(UserId::parse("jun").unwrap())] {
        assert_eq!(by(&other), None, "{other:?}");
    }
}

#[test]
fn a_room_is_hot_when_it_stays_over_a_limit_for_as_long_as_it_says() {
    let mut room = Room::default();
    // Over at once, since 300 in one second are 100 a second.
    assert_eq!(room.hot(300, 3), [None, None, None]);
    assert_eq!(room.hot(300, 2), [Some(0), Some(1_000)]);
    let mut busy = Room::default();
    assert!(busy.hot(49, 60).iter().all(Option::is_none), "under the limit is never hot");
}

#[test]
fn any_of_the_three_makes_a_room_hot_but_not_one_without_a_limit() {
    for (asked, each) in [(Asked::Send, 50), (Asked::Fetch, 200), (Asked::Join, 20)] {
        let mut room = Room::default();
        assert!(room.asked(each - 1, asked, 20).iter().all(|reading| reading.hot_for_ms.is_none()));
        assert!(room.asked(each, asked, 20).iter().any(|reading| reading.hot_for_ms.is_some()), "{asked:?}");
        let open = HeatLimits { sends_per_s: 0, fetches_per_s: 0, joins_per_s: 0, ..LIMITS };
        let mut room = Room::default();
        assert!((0..20).all(|_| room.second_of(1_000, asked, &open).hot_for_ms.is_none()), "{asked:?}");
    }
}

#[test]
fn what_fits_into_one_second_makes_no_room_hot_however_much_it_is() {
    let mut room = Room::default();
    assert!(room.hot(1_000_000, 1).iter().chain(&room.hot(0, 20)).all(Option::is_none));
}

#[test]
fn a_hot_room_cools_when_it_stays_below_the_lower_limit_for_as_long_as_it_says() {
    let mut room = Room::default();
    room.hot(100, 10);
    assert!(room.hot(30, 60).iter().all(Option::is_some), "between the limits nothing changes");
    room.hot(20, 9);
    assert!(room.hot(30, 3).iter().all(Option::is_some), "warmer again: the wait begins anew");
    let cooling = room.hot(20, 13);
    // The first look still averages what was before.
    assert_eq!(cooling.iter().position(Option::is_none), Some(11), "{cooling:?}");
    assert!(room.hot(30, 60).iter().all(Option::is_none), "between the limits nothing changes");
}

#[test]
fn limits_that_change_hold_from_the_next_look() {
    let mut room = Room::default();
    let low = HeatLimits { sends_per_s: 5, hot_after_ms: 0, cool_after_ms: 0, ..LIMITS };
    room.asked(10, Asked::Send, 5);
    assert_eq!(room.second_of(10, Asked::Send, &low).hot_for_ms, Some(0));
    assert_eq!(room.second_of(10, Asked::Send, &HeatLimits { sends_per_s: 21, ..low }).hot_for_ms, None);
}

#[test]
fn a_room_is_warm_while_much_was_asked_or_it_is_hot() {
    let mut room = Room::default();
    room.thermometer.count(Asked::Send, 0);
    room.thermometer.count(Asked::Fetch, 0);
    assert!(!room.thermometer.is_warm());
    room.thermometer.count(Asked::Join, 900);
    assert!(room.thermometer.is_warm());
    room.sends(0, 4);
    assert!(!room.thermometer.is_warm());
    room.hot(100, 5);
    room.hot(0, 5);
    assert!(room.thermometer.is_warm(), "hot still");
}

proptest! {
    /// The window against a list of all that was ever asked.
    #[test]
    fn rates_are_exact_over_their_window(waits_ms in prop::collection::vec(0..2_500_u64, 1..200), later_ms in 0..9_000_u64) {
        let (mut room, mut now_ms, mut all) = (Thermometer::default(), 0, Vec::new());
        for wait_ms in waits_ms {
            now_ms += wait_ms;
            room.count(Asked::Send, now_ms);
            all.push(now_ms / 1_000);
        }
        now_ms += later_ms;
        let now_s = now_ms / 1_000;
        let within = all.iter().filter(|second| (now_s.saturating_sub(3)..now_s).contains(*second)).count();
        let heat = room.look(&LIMITS, now_ms).heat;
        prop_assert_eq!(heat, Heat { sends_per_s: u32::try_from(within / 3).unwrap(), ..Heat::default() });
        let silent = room.look(&LIMITS, now_ms + 4_000).heat;
        prop_assert_eq!(silent, Heat::default());
    }

    /// Whatever is asked: hot no sooner than the one patience, cool no sooner than the other.
    #[test]
    fn a_room_never_goes_to_and_fro(seconds in prop::collection::vec(20..80_u32, 1..300)) {
        let mut room = Room::default();
        let hot: Vec<bool> = seconds.iter().map(|each| room.hot(*each, 1)[0].is_some()).collect();
        let stays: Vec<(bool, usize)> = hot.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect();
        for (hot, looks) in &stays[..stays.len() - 1] {
            prop_assert!(*looks >= if *hot { 10 } else { 3 }, "{stays:?}");
        }
    }

    #[test]
    fn a_clock_that_jumps_harms_nothing(times_ms in prop::collection::vec(any::<u64>(), 1..50)) {
        let mut room = Thermometer::default();
        for now_ms in times_ms {
            room.count(Asked::Fetch, now_ms);
            room.look(&LIMITS, now_ms);
        }
        prop_assert!(room.look(&LIMITS, u64::MAX).heat.total_per_s() <= 50);
    }
}
