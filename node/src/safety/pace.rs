//! How often one user may ask for what, on this node, whatever the transport: everything together, and some
//! things that are dear or a nuisance less often.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use madang_storage::id::UserId;

use crate::api::{ApiError, ErrorKind, Operation};
use crate::config::Limits;

/// Users who have been quiet are forgotten after so many questions.
const FORGET_EVERY: u32 = 65_536;

type Limiter = RateLimiter<UserId, DashMapStateStore<UserId>, DefaultClock>;

/// The pace of each user.
pub struct Paces {
    commands: Pace,
    searches: Pace,
    requests: Pace,
    reports: Pace,
}

impl Paces {
    /// By the settings; 0 is no limit.
    pub fn new(limits: &Limits) -> Self {
        let per_minute = |number| NonZeroU32::new(number).map(Quota::per_minute);
        let commands = NonZeroU32::new(limits.commands_per_second)
            .map(|number| Quota::per_second(number).allow_burst(number.saturating_mul(BURST_SECONDS)));
        Self {
            commands: Pace::new(commands),
            searches: Pace::new(per_minute(limits.searches_per_minute)),
            requests: Pace::new(per_minute(limits.requests_per_minute)),
            reports: Pace::new(per_minute(limits.reports_per_minute)),
        }
    }

    /// Counts one. Errors: `rate_limited`, with how long to wait.
    pub fn check(&self, user: &UserId, operation: Operation) -> Result<(), ApiError> {
        let own = match operation {
            Operation::FindUsers => &self.searches,
            Operation::RequestContact | Operation::Invite | Operation::CreateRoom => &self.requests,
            Operation::Report => &self.reports,
            _ => return self.commands.check(user, operation),
        };
        own.check(user, operation)
    }
}

/// After a pause a user may ask for this many seconds' worth at once: a client that comes back reads a lot.
const BURST_SECONDS: NonZeroU32 = match NonZeroU32::new(10) {
    Some(seconds) => seconds,
    None => NonZeroU32::MIN,
};

/// One limit, and who is how far from it.
struct Pace {
    limiter: Option<Limiter>,
    clock: DefaultClock,
    asked: AtomicU32,
}

impl Pace {
    fn new(quota: Option<Quota>) -> Self {
        let clock = DefaultClock::default();
        let limiter = quota.map(|quota| RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()));
        Self { limiter, clock, asked: AtomicU32::new(0) }
    }

    fn check(&self, user: &UserId, operation: Operation) -> Result<(), ApiError> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            limiter.retain_recent();
        }
        limiter.check_key(user).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
            let what = format!("too many `{}` by this user", operation.name());
            ApiError::new(ErrorKind::RateLimited, what).retry_after_ms(wait_ms)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    #[test]
    fn one_user_more_than_the_pace_waits_and_others_do_not() {
        let paces = Paces::new(&Limits { searches_per_minute: 2, ..Limits::default() });
        for _ in 0..2 {
            paces.check(&user("minji"), Operation::FindUsers).unwrap();
        }
        let error = paces.check(&user("minji"), Operation::FindUsers).unwrap_err();
        assert_eq!(error.kind, ErrorKind::RateLimited);
        assert!(error.retry_after_ms.is_some_and(|wait_ms| wait_ms > 1_000 && wait_ms <= 30_001));
        paces.check(&user("jun"), Operation::FindUsers).unwrap();
        paces.check(&user("minji"), Operation::Me).unwrap();
    }

    #[test]
    fn zero_is_no_limit() {
        let limits = Limits { commands_per_second: 0, reports_per_minute: 0, ..Limits::default() };
        let paces = Paces::new(&limits);
        for _ in 0..10_000 {
            paces.check(&user("minji"), Operation::Me).unwrap();
            paces.check(&user("minji"), Operation::Report).unwrap();
        }
    }
}
