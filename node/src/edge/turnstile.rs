//! How fast connections are let in. Pure.
//!
//! When a network breaks, all of a node's clients come back in the same moment, and those who stayed would wait behind
//! them all. So handshakes go on at a rate, a burst at once after a pause (the generic cell rate algorithm, ITU-T
//! I.371). Who comes earlier waits here for their turn: that costs a socket, and no second attempt. Who would wait too
//! long is told when to come again, each a little later than the one before: they come back spread as the node can
//! take them, and nothing is kept for them.

use std::time::Duration;

const MICROS_PER_SECOND: u64 = 1_000_000;
/// Nobody is put off for longer: of a queue that long most have gone by then.
const PUT_OFF_US_MAX: u64 = 60 * MICROS_PER_SECOND;

/// How many are let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// On average; 0: as many as come.
    pub per_second: u32,
    /// At once, after a pause.
    pub burst: u32,
    /// How long somebody may wait for their turn.
    pub wait_max: Duration,
}

impl Default for Admission {
    fn default() -> Self {
        Self { per_second: 0, burst: 1, wait_max: Duration::ZERO }
    }
}

/// When somebody is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// At once.
    Now,
    /// After this time, for which they wait.
    After(Duration),
    /// Not this time: they come again after this time.
    Again(Duration),
}

/// One node's.
#[derive(Debug, Default)]
pub(super) struct Turnstile {
    /// When the next one would be due at the average rate.
    due_us: u64,
    /// When the last of those who were put off was told to come.
    promised_us: u64,
}

impl Turnstile {
    /// Somebody comes.
    pub(super) fn on_come(&mut self, admission: Admission, now_us: u64) -> Turn {
        if admission.per_second == 0 {
            return Turn::Now;
        }
        let each_us = MICROS_PER_SECOND.div_ceil(u64::from(admission.per_second));
        let slack_us = each_us * u64::from(admission.burst.max(1) - 1);
        let wait_us = self.due_us.saturating_sub(now_us + slack_us);
        let wait_us_max = u64::try_from(admission.wait_max.as_micros()).unwrap_or(u64::MAX);
        if wait_us > wait_us_max {
            return Turn::Again(self.put_off(now_us, wait_us, each_us));
        }
        self.due_us = self.due_us.max(now_us) + each_us;
        if wait_us == 0 { Turn::Now } else { Turn::After(Duration::from_micros(wait_us)) }
    }

    /// Once all who wait are in, those who were put off come one after the other, at the same rate.
    fn put_off(&mut self, now_us: u64, wait_us: u64, each_us: u64) -> Duration {
        let first_us = now_us + wait_us;
        let mut promised_us = first_us.max(self.promised_us + each_us);
        if promised_us > now_us + PUT_OFF_US_MAX {
            // Begins anew: the rest is spread over the same time again.
            promised_us = first_us;
        }
        self.promised_us = promised_us;
        Duration::from_micros(promised_us - now_us)
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use super::*;

    const fn admission(wait_ms: u64) -> Admission {
        Admission { per_second: 1_000, burst: 10, wait_max: Duration::from_millis(wait_ms) }
    }

    #[test]
    fn a_burst_goes_at_once_and_the_others_one_after_the_other_at_the_rate() {
        let mut turnstile = Turnstile::default();
        let turns: Vec<Turn> = (0..15).map(|_| turnstile.on_come(admission(3), 0)).collect();
        assert_eq!(turns[..10], [Turn::Now; 10]);
        let wait = |ms| Turn::After(Duration::from_millis(ms));
        assert_eq!(turns[10..13], [wait(1), wait(2), wait(3)]);
        let again = |ms| Turn::Again(Duration::from_millis(ms));
        assert_eq!(turns[13..], [again(4), again(5)]);
    }

    #[test]
    fn a_whole_node_is_let_in_as_fast_as_the_rate_says_and_nobody_comes_more_than_twice() {
        let mut turnstile = Turnstile::default();
        let mut coming: BinaryHeap<Reverse<(u64, u32)>> = vec![Reverse((0, 1)); 18_000].into();
        let (mut inside, mut last_us, mut most) = (0, 0, 0);
        while let Some(Reverse((now_us, times))) = coming.pop() {
            let mut enter = |at_us: u64| {
                inside += 1;
                last_us = last_us.max(at_us);
                most = most.max(times);
            };
            match turnstile.on_come(admission(2_000), now_us) {
                Turn::Now => enter(now_us),
                Turn::After(wait) => enter(now_us + wait.as_micros() as u64),
                Turn::Again(wait) => coming.push(Reverse((now_us + wait.as_micros() as u64, times + 1))),
            }
        }
        assert_eq!((inside, most), (18_000, 2));
        assert!((17_900_000..=18_100_000).contains(&last_us), "{last_us}");
    }

    #[test]
    fn who_is_put_off_is_put_off_for_a_minute_at_most() {
        let mut turnstile = Turnstile::default();
        let slow = Admission { per_second: 1, burst: 1, wait_max: Duration::ZERO };
        let waits = (0..1_000).filter_map(|_| match turnstile.on_come(slow, 0) {
            Turn::Again(wait) => Some(wait),
            Turn::Now | Turn::After(_) => None,
        });
        assert_eq!(waits.max(), Some(Duration::from_secs(60)));
    }

    #[test]
    fn without_a_rate_everybody_is_let_in() {
        let mut turnstile = Turnstile::default();
        assert!((0..10_000).all(|_| turnstile.on_come(Admission::default(), 0) == Turn::Now));
    }
}
