//! Which of the open connections are sent away when, so that those they go to are not trampled down. Pure.
//!
//! They go at an even pace, from all workers alike, and faster than that if the time would not do. A client
//! that has somewhere else to go may do so at once: the pace is already that of the batches. One that can only
//! wait for this node comes back when all others have gone too, spread over as long as it took them.

use std::time::{Duration, Instant};

/// How often a batch goes.
const TURN: Duration = Duration::from_millis(100);
/// About what a restart takes.
const RESTART: Duration = Duration::from_secs(1);

/// How quickly connections are sent away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// So many a second …
    pub per_second: u32,
    /// … or as many more as it takes to be done by then.
    pub within: Duration,
}

/// Whether clients have another node to go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// They have.
    Known,
    /// They can only wait for this one.
    Nowhere,
}

/// How long a client should wait before it connects again: a moment that differs from client to client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Respite {
    at_least: Duration,
    spread: Duration,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    /// Send so many of each worker's connections away, then look again after this time.
    SendAway { shares: Vec<usize>, respite: Respite, again_after: Duration },
    /// Nobody is left.
    Over,
}

/// A node's connections on their way out.
#[derive(Debug)]
pub(super) struct Drain {
    pace: Pace,
    elsewhere: Elsewhere,
    began: Instant,
    sent: u64,
}

impl Drain {
    pub(super) fn new(pace: Pace, elsewhere: Elsewhere, now: Instant) -> Self {
        Self { pace, elsewhere, began: now, sent: 0 }
    }

    /// Decides about the next batch; `open` are the connections that each worker still has.
    pub(super) fn on_turn(&mut self, open: &[usize], now: Instant) -> Turn {
        let left = open.iter().sum::<usize>();
        if left == 0 {
            return Turn::Over;
        }
        let passed = now.saturating_duration_since(self.began);
        let batch = self.by_pace(passed).max(self.by_time(left, passed)).min(left);
        self.sent = self.sent.saturating_add(batch as u64);
        Turn::SendAway { shares: shares(open, left, batch), respite: self.respite(left), again_after: TURN }
    }

    /// What should be gone at the end of this turn, and is not.
    fn by_pace(&self, passed: Duration) -> usize {
        let due_ms = u128::from(self.pace.per_second) * (passed + TURN).as_millis();
        let due = u64::try_from(due_ms.div_ceil(1_000)).unwrap_or(u64::MAX);
        usize::try_from(due.saturating_sub(self.sent)).unwrap_or(usize::MAX)
    }

    /// An equal part for each turn that is left; everything in the last one.
    fn by_time(&self, left: usize, passed: Duration) -> usize {
        let turns = self.pace.within.saturating_sub(passed).as_millis() / TURN.as_millis();
        left / usize::try_from(turns).unwrap_or(usize::MAX).max(1)
    }

    fn respite(&self, left: usize) -> Respite {
        if self.elsewhere == Elsewhere::Known {
            return Respite { at_least: Duration::ZERO, spread: TURN };
        }
        let per_second = u64::from(self.pace.per_second.max(1));
        let as_long_as = |count: u64| Duration::from_millis(count.saturating_mul(1_000) / per_second);
        let to_go = as_long_as(left as u64).min(self.pace.within);
        let all = as_long_as(self.sent.saturating_add(left as u64)).min(self.pace.within);
        Respite { at_least: to_go + RESTART, spread: all.max(RESTART) }
    }
}

impl Respite {
    /// One client's; `random` is any number.
    pub(super) fn draw(self, random: u32) -> Duration {
        self.at_least + self.spread.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

/// Divides a batch among the workers by what each has left, without remainder.
fn shares(open: &[usize], left: usize, batch: usize) -> Vec<usize> {
    let (mut so_far, mut given) = (0_u128, 0);
    let share = |open: &usize| {
        so_far += *open as u128;
        let through = usize::try_from(so_far * batch as u128 / (left as u128).max(1)).unwrap_or(usize::MAX);
        let share = through - given;
        given = through;
        share
    };
    open.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    /// Plays a drain to its end: the size of each batch, and how long it took.
    fn play(pace: Pace, mut open: Vec<usize>) -> (Vec<usize>, Duration) {
        let began = Instant::now();
        let (mut drain, mut now, mut batches) =
            (Drain::new(pace, Elsewhere::Known, began), began, Vec::new());
        while let Turn::SendAway { shares, again_after, .. } = drain.on_turn(&open, now) {
            assert_eq!(shares.len(), open.len());
            for (open, share) in open.iter_mut().zip(&shares) {
                *open = open.checked_sub(*share).expect("nobody is sent away twice");
            }
            batches.push(shares.iter().sum());
            now += again_after;
        }
        assert!(open.iter().all(|open| *open == 0), "{open:?} stay");
        (batches, now - began)
    }

    #[test]
    fn batches_are_even_and_keep_the_pace() {
        let (batches, took) = play(Pace { per_second: 500, within: LONG }, vec![700, 300]);
        assert_eq!(batches, [50; 20]);
        assert_eq!(took, Duration::from_secs(2));
    }

    #[test]
    fn less_than_one_a_turn_is_one_now_and_then() {
        let (batches, took) = play(Pace { per_second: 4, within: LONG }, vec![8]);
        assert_eq!(batches.iter().sum::<usize>(), 8);
        assert!(batches.iter().all(|batch| *batch <= 1), "{batches:?}");
        assert!((Duration::from_millis(1_600)..=Duration::from_secs(2)).contains(&took), "{took:?}");
    }

    #[test]
    fn if_the_time_would_not_do_they_go_faster_and_still_evenly() {
        let (batches, took) = play(Pace { per_second: 10, within: Duration::from_secs(2) }, vec![9_999, 1]);
        assert!(took <= Duration::from_secs(2), "{took:?}");
        assert!(batches.iter().all(|batch| *batch == 500), "{batches:?}");
    }

    #[test]
    fn without_time_all_go_at_once() {
        let (batches, _) = play(Pace { per_second: 10, within: Duration::ZERO }, vec![3, 0, 4]);
        assert_eq!(batches, [7]);
    }

    #[test]
    fn every_worker_gives_its_part() {
        assert_eq!(shares(&[10, 0, 30], 40, 4), [1, 0, 3]);
        assert_eq!(shares(&[1, 1, 1], 3, 2).iter().sum::<usize>(), 2);
        assert_eq!(shares(&[], 0, 0), [0; 0]);
    }

    #[test]
    fn who_comes_late_is_sent_away_too() {
        let began = Instant::now();
        let mut drain = Drain::new(Pace { per_second: 1, within: Duration::ZERO }, Elsewhere::Known, began);
        assert!(matches!(drain.on_turn(&[1], began), Turn::SendAway { .. }));
        let late = drain.on_turn(&[0, 1], began + LONG);
        assert!(matches!(late, Turn::SendAway { shares, .. } if shares == [0, 1]));
        assert_eq!(drain.on_turn(&[0, 0], began + LONG), Turn::Over);
    }

    fn respites(elsewhere: Elsewhere) -> (Duration, Duration) {
        let now = Instant::now();
        let mut drain = Drain::new(Pace { per_second: 100, within: LONG }, elsewhere, now);
        let Turn::SendAway { respite, .. } = drain.on_turn(&[1_000], now) else { panic!("nobody goes") };
        (respite.draw(0), respite.draw(u32::MAX))
    }

    #[test]
    fn who_has_somewhere_to_go_waits_a_moment_only() {
        assert_eq!(respites(Elsewhere::Known), (Duration::ZERO, TURN));
    }

    #[test]
    fn who_has_nowhere_to_go_comes_back_when_all_have_gone_and_not_with_all_the_others() {
        let (soonest, latest) = respites(Elsewhere::Nowhere);
        assert!(soonest >= Duration::from_secs(10), "{soonest:?}: the node is still sending clients away");
        assert!(latest - soonest >= Duration::from_secs(10), "no more than 100 a second come back");
    }
}
