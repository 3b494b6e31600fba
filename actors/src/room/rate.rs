//! How fast each user sends to one room: the generic cell rate algorithm, which needs one number a user
//! (ITU-T I.371, "virtual scheduling").

use std::collections::HashMap;

use madang_storage::id::UserId;

use crate::options::SendRate;

/// Users that are counted at one time. Those who could send a full burst again are forgotten first.
const USERS_MAX: usize = 16_384;
const MICROS_PER_SECOND: u64 = 1_000_000;

/// When the next message of somebody would be due at the average rate.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Bucket {
    due_us: u64,
}

impl Bucket {
    /// Takes one message, or says after how many milliseconds it would.
    pub(super) fn admit(&mut self, rate: SendRate, now_us: u64) -> Result<(), u64> {
        let interval_us = MICROS_PER_SECOND / u64::from(rate.per_second.max(1));
        let slack_us = interval_us * u64::from(rate.burst.max(1) - 1);
        let early_us = self.due_us.saturating_sub(now_us);
        if early_us > slack_us {
            return Err((early_us - slack_us).div_ceil(1000));
        }
        self.due_us = self.due_us.max(now_us) + interval_us;
        Ok(())
    }
}

/// The buckets of those who sent lately.
#[derive(Debug, Default)]
pub(super) struct Rates {
    buckets: HashMap<UserId, Bucket>,
    /// When there are this many, those that are due are forgotten.
    prune_at: usize,
}

/// Why a message is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TooFast {
    /// The user sent too much.
    Wait { retry_after_ms: u64 },
    /// Too many users send at the same time to count them.
    TooMany { users_max: usize },
}

impl Rates {
    /// Takes one message of `user`, or says why not.
    pub(super) fn admit(&mut self, user: &UserId, rate: SendRate, now_us: u64) -> Result<(), TooFast> {
        if let Some(bucket) = self.buckets.get_mut(user) {
            return bucket.admit(rate, now_us).map_err(|retry_after_ms| TooFast::Wait { retry_after_ms });
        }
        if self.buckets.len() >= self.prune_at.max(64) {
            self.buckets.retain(|_, bucket| bucket.due_us > now_us);
            self.prune_at = self.buckets.len() * 2;
            if self.buckets.len() >= USERS_MAX {
                return Err(TooFast::TooMany { users_max: USERS_MAX });
            }
        }
        let bucket = self.buckets.entry(user.clone()).or_default();
        bucket.admit(rate, now_us).map_err(|retry_after_ms| TooFast::Wait { retry_after_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SendRate = SendRate { per_second: 10, burst: 3 };

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    #[test]
    fn a_burst_is_taken_and_then_one_message_each_interval() {
        let mut rates = Rates::default();
        let minji = user("minji");
        for _ in 0..3 {
            assert_eq!(rates.admit(&minji, RATE, 0), Ok(()));
        }
        assert_eq!(rates.admit(&minji, RATE, 0), Err(TooFast::Wait { retry_after_ms: 100 }));
        assert_eq!(rates.admit(&minji, RATE, 99_500), Err(TooFast::Wait { retry_after_ms: 1 }));
        assert_eq!(rates.admit(&minji, RATE, 100_000), Ok(()));
        assert_eq!(rates.admit(&minji, RATE, 100_000), Err(TooFast::Wait { retry_after_ms: 100 }));
    }

    #[test]
    fn all_users_together_are_slowed_down_too() {
        let mut bucket = Bucket::default();
        for _ in 0..3 {
            assert_eq!(bucket.admit(RATE, 0), Ok(()));
        }
        assert_eq!(bucket.admit(RATE, 0), Err(100));
        assert_eq!(bucket.admit(RATE, 100_000), Ok(()));
    }

    #[test]
    fn waiting_as_told_is_always_enough() {
        let mut rates = Rates::default();
        let (minji, mut now_us) = (user("minji"), 7);
        for _ in 0..1_000 {
            if let Err(TooFast::Wait { retry_after_ms }) = rates.admit(&minji, RATE, now_us) {
                now_us += retry_after_ms * 1000;
                assert_eq!(rates.admit(&minji, RATE, now_us), Ok(()));
            }
        }
    }

    #[test]
    fn users_do_not_share_a_rate_and_who_is_due_is_forgotten() {
        let mut rates = Rates::default();
        for number in 0..1_000 {
            assert_eq!(rates.admit(&user(&format!("u{number}")), RATE, 0), Ok(()));
        }
        assert_eq!(rates.admit(&user("late"), RATE, 10_000_000), Ok(()));
        let mut later = 10_000_000;
        for number in 0..2_000 {
            later += 1_000_000;
            assert_eq!(rates.admit(&user(&format!("v{number}")), RATE, later), Ok(()));
        }
        assert!(rates.buckets.len() < 1_100, "{}", rates.buckets.len());
    }
}
