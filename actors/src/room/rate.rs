//! How fast each user sends to one room: the generic cell rate algorithm, which needs one number a user
//! (ITU-T I.371, "virtual scheduling").

use std::collections::HashMap;

use madang_storage::id::UserId;

use crate::options::SendRate;

/// Users that are counted at one time. Those who could send a full burst again are forgotten first.
const USERS_MAX: usize = 16_384;
const MICROS_PER_SECOND: u64 = 1_000_000;

/// For each user who sent lately, when the next message would be due at the average rate.
#[derive(Debug, Default)]
pub(super) struct Rates {
    due_us: HashMap<UserId, u64>,
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
        let interval_us = MICROS_PER_SECOND / u64::from(rate.per_second.max(1));
        let slack_us = interval_us * u64::from(rate.burst.max(1) - 1);
        if let Some(due_us) = self.due_us.get_mut(user) {
            let early_us = due_us.saturating_sub(now_us);
            if early_us > slack_us {
                return Err(TooFast::Wait { retry_after_ms: (early_us - slack_us).div_ceil(1000) });
            }
            *due_us = (*due_us).max(now_us) + interval_us;
            return Ok(());
        }
        if self.due_us.len() >= self.prune_at.max(64) {
            self.due_us.retain(|_, due_us| *due_us > now_us);
            self.prune_at = self.due_us.len() * 2;
            if self.due_us.len() >= USERS_MAX {
                return Err(TooFast::TooMany { users_max: USERS_MAX });
            }
        }
        self.due_us.insert(user.clone(), now_us + interval_us);
        Ok(())
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
        assert!(rates.due_us.len() < 1_100, "{}", rates.due_us.len());
    }
}
