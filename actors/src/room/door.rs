//! How fast a room lets people in, and how fast it hands out pages to those who catch up. Pure.
//!
//! They are let in at a rate, a burst at once after a pause (the generic cell rate algorithm, as in `rate`). Who
//! comes too early is told when to come again, each later than the one before, at the same rate: so those who were
//! put off do not come back together, and find the door free as long as nobody new comes. Nothing is kept for them.

use super::rate::Bucket;
use crate::options::SendRate;

const MICROS_PER_SECOND: u64 = 1_000_000;
/// Nobody is put off for longer: of a queue that long most have gone by then.
const WAIT_US_MAX: u64 = 60 * MICROS_PER_SECOND;

/// One of a room's doors.
#[derive(Debug, Default)]
pub(super) struct Door {
    bucket: Bucket,
    /// When the last of those who were put off was told to come.
    promised_us: u64,
}

impl Door {
    /// Lets one in, or says after how many milliseconds to come again. At a rate of 0 all are let in.
    pub(super) fn admit(&mut self, rate: SendRate, now_us: u64) -> Result<(), u64> {
        if rate.per_second == 0 {
            return Ok(());
        }
        let Err(wait_ms) = self.bucket.admit(rate, now_us) else { return Ok(()) };
        let first_us = now_us + wait_ms * 1_000;
        let mut promised_us = first_us.max(self.promised_us + MICROS_PER_SECOND / u64::from(rate.per_second));
        if promised_us > now_us + WAIT_US_MAX {
            // Begins anew: the rest is spread over the same time again.
            promised_us = first_us;
        }
        self.promised_us = promised_us;
        Err((promised_us - now_us).div_ceil(1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: SendRate = SendRate { per_second: 100, burst: 10 };

    #[test]
    fn exactly_as_many_are_let_in_as_the_rate_says() {
        let (mut door, mut admitted) = (Door::default(), 0);
        // 3,000 a second for ten seconds.
        for step in 0..30_000_u64 {
            admitted += u64::from(door.admit(LIMITS, step * 1_000_000 / 3_000).is_ok());
        }
        assert_eq!(admitted, 10 + 10 * 100 - 1, "a burst, then one each ten milliseconds");
    }

    #[test]
    fn who_is_put_off_is_told_a_time_of_their_own() {
        let mut door = Door::default();
        for _ in 0..10 {
            assert_eq!(door.admit(LIMITS, 0), Ok(()));
        }
        let told: Vec<_> = (0..50).map(|_| door.admit(LIMITS, 0).unwrap_err()).collect();
        assert_eq!(told, (1..=50).map(|place| place * 10).collect::<Vec<_>>());
    }

    #[test]
    fn all_are_inside_once_the_rate_allows_if_they_come_when_they_were_told() {
        let mut door = Door::default();
        let mut waiting: Vec<u64> = vec![0; 500];
        let (mut inside, mut asked, mut last_us) = (0, 0, 0);
        while !waiting.is_empty() {
            waiting.sort_unstable_by(|a, b| b.cmp(a));
            let now_us = waiting.pop().unwrap();
            asked += 1;
            match door.admit(LIMITS, now_us) {
                Ok(()) => (inside, last_us) = (inside + 1, now_us),
                Err(wait_ms) => waiting.push(now_us + wait_ms * 1_000),
            }
        }
        assert_eq!((inside, last_us), (500, 4_900_000));
        assert_eq!(asked, 500 + 490, "each was put off once at most");
    }

    #[test]
    fn nobody_is_put_off_for_longer_than_a_minute() {
        let mut door = Door::default();
        let limits = SendRate { per_second: 1, burst: 1 };
        let longest = (0..1_000).filter_map(|_| door.admit(limits, 0).err()).max();
        assert_eq!(longest, Some(60_000));
    }

    #[test]
    fn without_a_rate_all_are_let_in() {
        let mut door = Door::default();
        let open = SendRate { per_second: 0, burst: 1 };
        assert!((0..10_000).all(|_| door.admit(open, 0).is_ok()));
    }
}
