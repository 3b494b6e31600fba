//! Whatever the rate, and whoever comes and goes in the middle of a run: everybody hears everything once and in order,
//! and no cursor covers what somebody lacks.

use proptest::prelude::*;

use super::message::Pace;
use super::options::HubOptions;
use super::pace_tests::{Bench, ROOM, frames};
use super::sessions::SessionKey;
use crate::outbound::{Outbound, Stamp};
use crate::position::FeedPos;
use madang_storage::id::ShardId;

const SHARD: ShardId = ShardId(0);
/// Ticks in which all that is on its way goes out: a few runs, each of a second at the most.
const LONG: u64 = 2_000;

#[derive(Debug, Clone)]
enum Step {
    Say(Pace),
    Tick,
    /// The hub's thread has a turn of so many writes.
    Turn(u32),
    Come,
    Go(prop::sample::Index),
    /// A mark is put behind what was said.
    Mark,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Say(Pace::AtOnce)),
        4 => Just(Step::Say(Pace::Gathered)),
        6 => Just(Step::Tick),
        4 => (1..4_u32).prop_map(Step::Turn),
        2 => Just(Step::Come),
        1 => any::<prop::sample::Index>().prop_map(Step::Go),
        2 => Just(Step::Mark),
    ];
    prop::collection::vec(step, 0..150)
}

/// Somebody who is in the room, or was.
struct Listener {
    key: SessionKey,
    outbound: Outbound,
    /// The last event before they came, and before they went.
    came: u64,
    went: Option<u64>,
    heard: Vec<u64>,
}

struct World {
    bench: Bench,
    listeners: Vec<Listener>,
    last: u64,
}

impl World {
    fn come(&mut self) {
        // Ids of sessions are numbers of one byte.
        let Ok(number) = u8::try_from(self.listeners.len()) else { return };
        let (key, outbound) = self.bench.session(number);
        self.listeners.push(Listener { key, outbound, came: self.last, went: None, heard: Vec::new() });
    }

    fn go(&mut self, which: usize) {
        if let Some(listener) = self.listeners.get_mut(which) {
            self.bench.machine.leave(listener.key, ROOM);
            listener.went.get_or_insert(self.last);
        }
    }

    fn mark(&mut self) {
        self.bench.machine.reached(FeedPos { shard: SHARD, pos: self.last });
        self.bench.machine.sweep(Stamp::now());
    }

    /// Everybody hears one event after the other, and has what a cursor would cover.
    fn look(&mut self) {
        let told = self.bench.told();
        for listener in &mut self.listeners {
            for frame in frames(&listener.outbound) {
                listener.heard.extend(frame.split('/').map(|seq| seq.parse::<u64>().unwrap()));
            }
            let heard = &listener.heard;
            assert!(heard.is_sorted_by(|one, next| one < next), "{heard:?}");
            // Of what was said before they came they may get a part: it was on its way.
            let new = heard.iter().copied().filter(|seq| *seq > listener.came);
            assert!(
                new.zip(listener.came + 1..).all(|(seq, due)| seq == due),
                "{heard:?} behind {}",
                listener.came
            );
            let covered = told.min(listener.went.unwrap_or(u64::MAX));
            let through = heard.last().copied().unwrap_or(0).max(listener.came);
            assert!(
                through >= covered,
                "a cursor of {told} for somebody who came at {}: {heard:?}",
                listener.came
            );
        }
    }
}

proptest! {
    #[test]
    fn everybody_hears_everything_once_in_order(
        steps in steps(),
        room_writes_per_s in prop_oneof![Just(0), Just(200), Just(800), Just(2_400)],
        crowd in 0..12_u8,
    ) {
        let bench = Bench::with(HubOptions { room_writes_per_s, ..HubOptions::default() });
        let mut world = World { bench, listeners: Vec::new(), last: 0 };
        (0..crowd).for_each(|_| world.come());
        for step in steps {
            match step {
                Step::Say(pace) => {
                    world.last += 1;
                    world.bench.put(&world.last.to_string(), Some(world.last), pace);
                }
                Step::Tick => world.bench.machine.tick(),
                Step::Turn(writes) => drop(world.bench.machine.turn(writes)),
                Step::Come => world.come(),
                Step::Go(which) if !world.listeners.is_empty() => {
                    let which = which.index(world.listeners.len());
                    world.go(which);
                }
                Step::Go(_) => {}
                Step::Mark => world.mark(),
            }
            world.look();
        }
        world.bench.work();
        world.mark();
        world.bench.tick(LONG);
        world.mark();
        world.bench.tick(LONG);
        world.look();
        prop_assert!(!world.bench.machine.holds(), "all has gone, and nobody waits for a tick");
        prop_assert_eq!((world.bench.backlog.bytes(), world.bench.told()), (0, world.last));
        for listener in &world.listeners {
            let through = listener.went.unwrap_or(world.last);
            let due = listener.came + 1..=through;
            prop_assert!(due.clone().all(|seq| listener.heard.contains(&seq)), "{due:?} of {:?}", listener.heard);
        }
    }
}
