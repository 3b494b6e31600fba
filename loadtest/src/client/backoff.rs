//! How long to wait before coming back: full jitter, as the protocol asks.

use std::time::Duration;

/// A uniformly random delay between zero and a bound that doubles with every attempt.
///
/// Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Bound of the first delay.
    pub base: Duration,
    /// Bound of every delay.
    pub cap: Duration,
}

impl Default for Backoff {
    /// The protocol's: min(30 s, 0.5 s · 2^attempt).
    fn default() -> Self {
        Self { base: Duration::from_millis(500), cap: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// The longest delay of this attempt, counted from 0.
    pub fn bound(&self, attempt: u32) -> Duration {
        let factor = 1_u32.checked_shl(attempt).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.cap)
    }

    /// The delay of this attempt; `share` is a random number from 0 to 1.
    pub fn delay(&self, attempt: u32, share: f64) -> Duration {
        self.bound(attempt).mul_f64(share.clamp(0.0, 1.0))
    }

    /// The delay of this attempt with a random share.
    pub fn random_delay(&self, attempt: u32) -> Duration {
        self.delay(attempt, rand::random::<f64>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_up_to_the_cap_and_never_overflows() {
        let backoff = Backoff::default();
        let bounds: Vec<_> = [0, 1, 2, 6, 31, 32, u32::MAX].map(|n| backoff.bound(n).as_millis()).into();
        assert_eq!(bounds, [500, 1000, 2000, 30_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn the_delay_is_a_share_of_the_bound() {
        let backoff = Backoff::default();
        assert_eq!(backoff.delay(1, 0.0), Duration::ZERO);
        assert_eq!(backoff.delay(1, 0.25), Duration::from_millis(250));
        assert_eq!(backoff.delay(1, 7.0), Duration::from_secs(1));
    }
}
