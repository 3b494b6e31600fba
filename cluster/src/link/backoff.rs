//! How long to wait before a link is made anew: doubling, with jitter, so that the peers of a node that
//! comes back do not all knock at once.

use std::time::Duration;

/// The waits of one peer and lane.
#[derive(Debug)]
pub(super) struct Backoff {
    min_ms: u64,
    max_ms: u64,
    next_ms: u64,
}

impl Backoff {
    pub(super) fn new(min_ms: u64, max_ms: u64) -> Self {
        Self { min_ms, max_ms, next_ms: min_ms }
    }

    /// A link was made: begin again with the shortest.
    pub(super) fn reset(&mut self) {
        self.next_ms = self.min_ms;
    }

    /// The reason will not go away by itself: wait long.
    pub(super) fn lengthen(&mut self) {
        self.next_ms = self.max_ms;
    }

    /// The next wait: between half of it and all of it, as `dice` falls.
    pub(super) fn next(&mut self, dice: u64) -> Duration {
        let wait = self.next_ms;
        self.next_ms = wait.saturating_mul(2).min(self.max_ms);
        let half = wait / 2;
        Duration::from_millis(half + dice % (wait - half + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_begin_again() {
        let mut backoff = Backoff::new(50, 200);
        let mut longest = || backoff.next(25).as_millis();
        assert_eq!([longest(), longest(), longest(), longest()], [50, 75, 125, 125]);
        backoff.reset();
        assert_eq!(backoff.next(0).as_millis(), 25);
        backoff.lengthen();
        assert_eq!(backoff.next(0).as_millis(), 100);
    }

    #[test]
    fn every_wait_is_between_half_and_all_of_it() {
        for dice in [0, 1, 7, u64::MAX] {
            let wait = Backoff::new(100, 100).next(dice).as_millis();
            assert!((50..=100).contains(&wait), "{wait}");
        }
    }
}
