//! An outbox in memory, with shards that answer, do not answer, or answer late.

use std::collections::BTreeMap;
use std::time::Duration;

use madang_storage::id::{RoomId, ShardId, UserId};
use madang_storage::row::{Effect, Switch};
use parking_lot::Mutex;
use proptest::prelude::*;
use tokio::time::{Instant, sleep, timeout};

use super::lanes::{Lanes, REST};
use super::round::{Post, Waiting, run};
use crate::error::ClusterError;

const SILENT: ShardId = ShardId(3);
/// Longer than any test.
const FOR_EVER: Duration = Duration::from_secs(3_600);

#[derive(Default)]
struct Fake {
    issued: Mutex<u64>,
    rows: Mutex<BTreeMap<u64, ShardId>>,
    /// Who does not answer, and how long they are asked.
    silent: Mutex<BTreeMap<ShardId, Duration>>,
    told: Mutex<BTreeMap<ShardId, Vec<u64>>>,
    delivered: Mutex<u64>,
    emptied: Mutex<u64>,
    /// Behind which ids it was read.
    read: Mutex<Vec<u64>>,
}

impl Fake {
    /// Effects on these shards, one after the other.
    fn of(targets: impl IntoIterator<Item = u16>) -> Self {
        let fake = Self::default();
        for target in targets {
            fake.write(target);
        }
        fake
    }

    /// One more; answers its id.
    fn write(&self, target: u16) -> u64 {
        let mut issued = self.issued.lock();
        *issued += 1;
        self.rows.lock().insert(*issued, ShardId(target));
        *issued
    }

    fn told(&self, target: u16) -> Vec<u64> {
        self.told.lock().get(&ShardId(target)).cloned().unwrap_or_default()
    }

    fn left(&self) -> Vec<u64> {
        self.rows.lock().keys().copied().collect()
    }

    /// Waits until something holds while the outbox is being delivered.
    async fn sees(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let seen = async {
            while !holds(self) {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(20), seen).await.unwrap_or_else(|_| panic!("never: {what}"));
    }
}

impl Post for Fake {
    fn is_mine(&self) -> bool {
        true
    }

    fn issued(&self) -> Result<u64, ClusterError> {
        Ok(*self.issued.lock())
    }

    fn empty_through(&self) -> u64 {
        *self.emptied.lock()
    }

    fn emptied(&self, through: u64) {
        let oldest = self.rows.lock().keys().next().copied();
        assert!(
            oldest.is_none_or(|oldest| oldest > through),
            "{oldest:?} is left, not only behind {through}"
        );
        let mut known = self.emptied.lock();
        *known = through.max(*known);
    }

    fn waiting(&self, after: u64, limit: usize) -> Result<Vec<Waiting>, ClusterError> {
        self.read.lock().push(after);
        let rows = self.rows.lock();
        let waiting = rows.range(after + 1..).take(limit).map(|(id, target)| {
            let user = UserId::parse("jun").unwrap();
            let effect =
                Effect::Mention { user, room: RoomId([1; 16]), seq: *id, state: Switch::On, room_seq: *id };
            Waiting { id: *id, target: *target, effect }
        });
        Ok(waiting.collect())
    }

    async fn deliver(&self, target: ShardId, effect: Effect) -> Result<(), ClusterError> {
        let Effect::Mention { seq, .. } = effect else { panic!("{effect:?}") };
        let silent = self.silent.lock().get(&target).copied();
        if let Some(asked) = silent {
            sleep(asked).await;
            return Err(ClusterError::Unavailable { why: "nobody leads".to_owned() });
        }
        self.told.lock().entry(target).or_default().push(seq);
        Ok(())
    }

    fn delivered(&self, through: u64) {
        let mut known = self.delivered.lock();
        *known = through.max(*known);
    }

    async fn forget(&self, ids: Vec<u64>) -> Result<(), ClusterError> {
        self.rows.lock().retain(|id, _| !ids.contains(id));
        Ok(())
    }
}

#[tokio::test]
async fn what_is_for_others_arrives_and_is_forgotten_behind_a_thousand_that_nobody_takes() {
    let fake = Fake::of([1, 2].into_iter().chain((0..1_000).map(|_| SILENT.0)).chain([1, 2, 1]));
    fake.silent.lock().insert(SILENT, FOR_EVER);
    tokio::select! {
        ended = run(&fake) => panic!("one is still being asked: {ended:?}"),
        () = fake.sees("only what nobody takes is left", |fake| fake.left().len() == 1_000) => {}
    }
    assert_eq!((fake.told(1), fake.told(2)), (vec![1, 1_003, 1_005], vec![2, 1_004]));
    assert_eq!(fake.left(), (3..=1_002).collect::<Vec<_>>());
    assert_eq!(*fake.delivered.lock(), 2, "up to the first that did not arrive");
}

#[tokio::test]
async fn a_round_begins_where_those_before_left_something_and_not_at_what_is_gone() {
    let fake = Fake::of((0..1_000).map(|_| 1));
    run(&fake).await.unwrap();
    for (silence, begins) in [(Some(FOR_EVER), 1_000), (None, 1_001)] {
        fake.silent.lock().extend(silence.map(|asked| (SILENT, asked)));
        fake.read.lock().clear();
        let (kept, last) = (fake.write(1), fake.write(SILENT.0));
        let _ = timeout(Duration::from_millis(400), run(&fake)).await;
        assert_eq!(fake.read.lock().first(), Some(&begins));
        assert!(fake.told(1).contains(&kept));
        // Whoever did not answer before gets it now.
        assert_eq!(fake.left().contains(&last), silence.is_some());
        fake.silent.lock().clear();
    }
    assert_eq!(fake.left(), [0; 0]);
}

#[tokio::test]
async fn what_comes_while_somebody_does_not_answer_goes_out_too() {
    let fake = Fake::of([SILENT.0]);
    fake.silent.lock().insert(SILENT, FOR_EVER);
    let later = async {
        for _ in 0..4 {
            let id = fake.write(1);
            fake.sees("it has arrived", |fake| fake.told(1).last() == Some(&id)).await;
        }
    };
    tokio::select! {
        ended = run(&fake) => panic!("{ended:?}"),
        () = later => {}
    }
}

#[tokio::test]
async fn a_round_says_that_somebody_did_not_answer_and_the_next_one_delivers_the_rest_in_order() {
    let fake = Fake::of((0..2_000).map(|i| if i % 3 == 0 { SILENT.0 } else { 1 }));
    fake.silent.lock().insert(SILENT, Duration::from_millis(150));
    assert!(matches!(run(&fake).await, Err(ClusterError::Unavailable { .. })));
    assert_eq!(fake.told(1).len(), 1_333);
    assert_eq!((fake.told(SILENT.0), fake.left().len()), (vec![], 667));
    fake.silent.lock().clear();
    run(&fake).await.unwrap();
    assert_eq!(fake.left(), [0; 0]);
    assert_eq!(*fake.delivered.lock(), 2_000);
    for target in [1, SILENT.0] {
        assert!(fake.told(target).is_sorted());
    }
    assert_eq!(fake.told(1).len() + fake.told(SILENT.0).len(), 2_000);
}

#[tokio::test]
async fn whoever_takes_over_an_outbox_in_which_all_has_arrived_says_so() {
    let fake = Fake::of([1, 2]);
    run(&fake).await.unwrap();
    *fake.delivered.lock() = 0;
    run(&fake).await.unwrap();
    assert_eq!(*fake.delivered.lock(), 2);
}

#[derive(Debug, Clone)]
enum Step {
    /// Reads so many rows and hands them out.
    Read(usize),
    /// A batch of a target is over; each effect arrived, or this one did not, and not all behind it.
    End(u16, Option<usize>),
    Rest,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..8_usize).prop_map(Step::Read),
        (0..4_u16, prop::option::of(0..6_usize)).prop_map(|(target, missed)| Step::End(target, missed)),
        Just(Step::Rest),
    ]
}

proptest! {
    #[test]
    fn each_arrives_and_nothing_is_said_to_have_arrived_before(
        targets in prop::collection::vec(0..4_u16, 0..40), mut steps in prop::collection::vec(step(), 0..80)
    ) {
        let mut outbox: BTreeMap<u64, ShardId> = (1..).zip(targets.iter().copied().map(ShardId)).collect();
        let (mut lanes, mut now) = (Lanes::default(), Instant::now());
        let mut under_way: BTreeMap<ShardId, Vec<u64>> = BTreeMap::new();
        let mut arrived: BTreeMap<ShardId, Vec<u64>> = BTreeMap::new();
        // In the end everybody answers.
        let calm = (0..4).map(|target| Step::End(target, None)).chain([Step::Rest, Step::Read(8)]);
        steps.extend(calm.cycle().take(300));
        for step in steps {
            match step {
                Step::Read(limit) => {
                    let rows: Vec<_> = outbox.range(lanes.read_through() + 1..).take(limit).collect();
                    let is_end = rows.len() < limit;
                    let rows = rows.into_iter().map(|(id, target)| (*id, *target, ()));
                    for (target, batch) in lanes.hand_out(rows) {
                        let ids = batch.into_iter().map(|(id, ())| id).collect();
                        let before = under_way.insert(target, ids);
                        prop_assert_eq!(before, None, "one batch after the other");
                    }
                    if is_end {
                        lanes.read_to_end(targets.len() as u64);
                    }
                }
                Step::End(target, missed) => {
                    let target = ShardId(target);
                    let Some(ids) = under_way.remove(&target) else { continue };
                    let missed = missed.and_then(|at| ids.get(at)).copied();
                    for id in ids.into_iter().filter(|id| missed.is_none_or(|missed| *id < missed || (*id > missed && id % 2 == 0))) {
                        outbox.remove(&id);
                        arrived.entry(target).or_default().push(id);
                    }
                    lanes.end(target, missed, now);
                }
                Step::Rest => {
                    now += REST;
                    lanes.wake(now);
                }
            }
            let first = outbox.keys().next().copied().unwrap_or(u64::MAX);
            prop_assert!(lanes.delivered_through() < first, "{} {first}", lanes.delivered_through());
        }
        prop_assert!(outbox.is_empty(), "{outbox:?} {lanes:?}");
        let mut all: Vec<u64> = arrived.into_values().flatten().collect();
        all.sort_unstable();
        prop_assert_eq!(all, (1..=targets.len() as u64).collect::<Vec<_>>(), "each once");
        prop_assert_eq!(lanes.delivered_through(), targets.len() as u64);
    }
}
