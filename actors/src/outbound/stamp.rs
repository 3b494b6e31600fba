//! A coarse, small point in time: two of them sit in every idle connection.

use std::sync::OnceLock;
use std::time::Instant;

/// Milliseconds since the process first asked, modulo 2^32. Ages up to 24 days are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(u32);

impl Stamp {
    /// The time now.
    pub fn now() -> Self {
        static START: OnceLock<Instant> = OnceLock::new();
        let elapsed = START.get_or_init(Instant::now).elapsed().as_millis();
        Self(u32::try_from(elapsed & u128::from(u32::MAX)).unwrap_or_default())
    }

    /// The time `ms` later.
    pub fn plus_ms(self, ms: u32) -> Self {
        Self(self.0.wrapping_add(ms))
    }

    /// How long before `now` this was. A stamp from after `now` has age 0.
    pub fn age_ms(self, now: Self) -> u32 {
        let age = now.0.wrapping_sub(self.0);
        if age > u32::MAX / 2 { 0 } else { age }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_survives_the_wrap_of_the_counter() {
        let before = Stamp(u32::MAX - 4);
        assert_eq!(before.age_ms(before.plus_ms(10)), 10);
        assert_eq!(before.plus_ms(10).age_ms(before), 0);
    }
}
