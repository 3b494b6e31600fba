//! Limits sign-ups and logins by address, before they cost a password hash.
//!
//! A [`Throttle`] stands in front of another [`Dispatch`], so WebSocket and HTTP share its counts. Memory is
//! bounded: counts of addresses that have been quiet are forgotten, and while there are still too many, new
//! addresses share one count.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::dispatch::{Caller, Dispatch};
use super::error::{ApiError, ErrorKind};
use super::operation::{Operation, Request, Response};
use crate::config::Limits;

/// Quiet addresses are forgotten at most this often.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// A [`Dispatch`] that refuses too many sign-ups and logins from one address.
pub struct Throttle<D, C: Clock = DefaultClock> {
    inner: D,
    sign_ups: Option<Counts<C>>,
    logins: Option<Counts<C>>,
    loopback_exempt: bool,
}

impl<D: Dispatch> Throttle<D> {
    /// Guards `inner`.
    pub fn new(inner: D, limits: &Limits) -> Self {
        Self::with_clock(inner, limits, &DefaultClock::default())
    }
}

impl<D: Dispatch, C: Clock + Clone> Throttle<D, C> {
    fn with_clock(inner: D, limits: &Limits, clock: &C) -> Self {
        let counts = |per_minute| Counts::new(per_minute, limits.addresses_max, clock);
        Self {
            inner,
            sign_ups: counts(limits.sign_ups_per_minute),
            logins: counts(limits.logins_per_minute),
            loopback_exempt: limits.loopback_exempt,
        }
    }

    fn check(&self, remote: IpAddr, operation: Operation) -> Result<(), ApiError> {
        let counts = match operation {
            Operation::SignUp => &self.sign_ups,
            Operation::Login => &self.logins,
            _ => return Ok(()),
        };
        match counts {
            Some(counts) if !(self.loopback_exempt && remote.to_canonical().is_loopback()) => {
                counts.check(remote).map_err(|wait| refusal(operation, wait))
            }
            _ => Ok(()),
        }
    }
}

impl<D: Dispatch, C: Clock + Clone + Send + Sync + 'static> Dispatch for Throttle<D, C>
where
    C::Instant: Send + Sync,
{
    fn dispatch(&self, caller: Caller, request: Request) -> BoxFuture<'static, Result<Response, ApiError>> {
        match self.check(caller.remote, request.operation()) {
            Ok(()) => self.inner.dispatch(caller, request),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }
}

fn refusal(operation: Operation, wait: Duration) -> ApiError {
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
    ApiError::new(ErrorKind::RateLimited, format!("too many `{}` from this address", operation.name()))
        .retry_after_ms(wait_ms)
}

type Limiter<C> = RateLimiter<Key, DashMapStateStore<Key>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    /// One address, or one /64 of IPv6: whoever has one address there has them all.
    Address(IpAddr),
    /// All addresses beyond the limit of how many are counted.
    Overflow,
}

impl Key {
    fn of(remote: IpAddr) -> Self {
        Self::Address(match remote.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// The counts of one operation.
struct Counts<C: Clock> {
    limiter: Limiter<C>,
    clock: C,
    started: C::Instant,
    addresses_max: usize,
    /// Milliseconds from `started` to the last sweep.
    swept_ms: AtomicU64,
}

impl<C: Clock + Clone> Counts<C> {
    /// `None` if there is no limit.
    fn new(per_minute: u32, addresses_max: usize, clock: &C) -> Option<Self> {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute)?);
        Some(Self {
            limiter: RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()),
            started: clock.now(),
            clock: clock.clone(),
            addresses_max,
            swept_ms: AtomicU64::new(0),
        })
    }

    /// Counts one, or says how long to wait.
    fn check(&self, remote: IpAddr) -> Result<(), Duration> {
        let key = if self.has_room() { Key::of(remote) } else { Key::Overflow };
        self.limiter.check_key(&key).map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }

    /// Whether one more address can be counted on its own. Addresses known already share the count too
    /// while there is no room: telling them apart would need a look-up that the limiter does not offer.
    fn has_room(&self) -> bool {
        if self.limiter.len() < self.addresses_max {
            return true;
        }
        let now_ms = self.elapsed_ms();
        let last_ms = self.swept_ms.load(Ordering::Relaxed);
        let due =
            now_ms.saturating_sub(last_ms) >= u64::try_from(SWEEP_EVERY.as_millis()).unwrap_or(u64::MAX);
        let mine = due
            && self.swept_ms.compare_exchange(last_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if mine {
            self.limiter.retain_recent();
        }
        self.limiter.len() < self.addresses_max
    }

    fn elapsed_ms(&self) -> u64 {
        use governor::clock::Reference;
        let elapsed: Duration = self.clock.now().duration_since(self.started).into();
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use governor::clock::FakeRelativeClock;

    use super::*;
    use crate::api::account::{Empty, Login, SignUp};
    use crate::api::field::Secret;

    struct Counting(Arc<AtomicUsize>);

    impl Dispatch for Counting {
        fn dispatch(&self, _: Caller, _: Request) -> BoxFuture<'static, Result<Response, ApiError>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Box::pin(ready(Ok(Response::Logout(Empty {}))))
        }
    }

    fn throttle(
        limits: &Limits,
    ) -> (Throttle<Counting, FakeRelativeClock>, FakeRelativeClock, Arc<AtomicUsize>) {
        let (clock, passed) = (FakeRelativeClock::default(), Arc::new(AtomicUsize::new(0)));
        (Throttle::with_clock(Counting(passed.clone()), limits, &clock), clock, passed)
    }

    fn login() -> Request {
        Request::Login(Login { user: "minji".parse_user(), password: Secret::new("password"), device: None })
    }

    fn sign_up() -> Request {
        let json = serde_json::json!({"user": "minji", "password": "password"});
        Request::SignUp(serde_json::from_value::<SignUp>(json).unwrap())
    }

    trait ParseUser {
        fn parse_user(&self) -> madang_storage::id::UserId;
    }

    impl ParseUser for str {
        fn parse_user(&self) -> madang_storage::id::UserId {
            madang_storage::id::UserId::parse(self).unwrap()
        }
    }

    async fn ask<C>(throttle: &Throttle<Counting, C>, remote: &str, request: Request) -> Result<(), ApiError>
    where
        C: Clock + Clone + Send + Sync + 'static,
        C::Instant: Send + Sync,
    {
        let caller = Caller { token: None, remote: remote.parse().unwrap() };
        throttle.dispatch(caller, request).await.map(drop)
    }

    fn limits(logins_per_minute: u32) -> Limits {
        Limits { logins_per_minute, sign_ups_per_minute: 1, ..Limits::default() }
    }

    #[tokio::test]
    async fn the_third_login_of_two_a_minute_waits_half_a_minute() {
        let (throttle, clock, passed) = throttle(&limits(2));
        ask(&throttle, "10.0.0.1", login()).await.unwrap();
        ask(&throttle, "10.0.0.1", login()).await.unwrap();
        let error = ask(&throttle, "10.0.0.1", login()).await.unwrap_err();
        assert_eq!((error.kind, error.retry_after_ms), (ErrorKind::RateLimited, Some(30_000)));
        assert_eq!(passed.load(Ordering::Relaxed), 2);
        clock.advance(Duration::from_secs(30));
        ask(&throttle, "10.0.0.1", login()).await.unwrap();
    }

    #[tokio::test]
    async fn other_addresses_operations_and_this_machine_are_not_affected() {
        let (throttle, ..) = throttle(&limits(1));
        ask(&throttle, "10.0.0.1", login()).await.unwrap();
        ask(&throttle, "10.0.0.1", login()).await.unwrap_err();
        ask(&throttle, "10.0.0.2", login()).await.unwrap();
        ask(&throttle, "10.0.0.1", sign_up()).await.unwrap();
        for _ in 0..9 {
            ask(&throttle, "10.0.0.1", Request::Me(Empty {})).await.unwrap();
            ask(&throttle, "127.0.0.1", login()).await.unwrap();
            ask(&throttle, "::ffff:127.0.0.1", login()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn addresses_of_one_ipv6_network_share_their_count() {
        let (throttle, ..) = throttle(&limits(1));
        ask(&throttle, "2001:db8:1:2::1", login()).await.unwrap();
        ask(&throttle, "2001:db8:1:2:ffff::9", login()).await.unwrap_err();
        ask(&throttle, "2001:db8:1:3::1", login()).await.unwrap();
    }

    #[tokio::test]
    async fn with_too_many_addresses_new_ones_share_a_count_until_old_ones_are_forgotten() {
        let (throttle, clock, _) = throttle(&Limits { addresses_max: 2, ..limits(1) });
        for remote in ["10.0.0.1", "10.0.0.2", "10.0.0.3"] {
            ask(&throttle, remote, login()).await.unwrap();
        }
        ask(&throttle, "10.0.0.4", login()).await.unwrap_err();
        assert!(throttle.logins.as_ref().unwrap().limiter.len() <= 3);
        clock.advance(Duration::from_secs(120));
        ask(&throttle, "10.0.0.4", login()).await.unwrap();
        ask(&throttle, "10.0.0.5", login()).await.unwrap();
    }

    #[tokio::test]
    async fn zero_means_no_limit() {
        let (throttle, ..) = throttle(&limits(0));
        for _ in 0..100 {
            ask(&throttle, "10.0.0.1", login()).await.unwrap();
        }
    }
}
