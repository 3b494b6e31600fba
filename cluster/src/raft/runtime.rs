//! Where openraft's tasks run: tokio, but with one beat for all groups.
//!
//! Each group has a timer that ticks five times a heartbeat, at a moment of its own. With many groups on a node
//! that is a wake-up of the processor for each of them, and a frame to each peer for each heartbeat. Here all
//! timers wait for the next common beat: the groups wake together, and what they say to a peer leaves together.
//! On three idle nodes with 17 groups that is the larger half of the processor time (ARCHITECTURE.md, "Where the
//! time of a send goes").

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use openraft_rt::{AsyncRuntime, Instant, OptionalSend};
use openraft_rt_tokio::{TokioInstant, TokioRuntime};

/// How far beats are apart. An election begins up to this much later than it would.
pub(crate) const BEAT: Duration = Duration::from_millis(100);

/// Tokio, with timers that fire on the beat.
#[derive(Debug)]
pub(crate) struct Beating(TokioRuntime);

/// The first beat at or after `deadline`.
fn on_the_beat(deadline: TokioInstant) -> TokioInstant {
    static FIRST: OnceLock<TokioInstant> = OnceLock::new();
    let first = *FIRST.get_or_init(TokioInstant::now);
    if deadline <= first {
        return deadline;
    }
    let beats = (deadline - first).as_nanos().div_ceil(BEAT.as_nanos());
    first + BEAT * u32::try_from(beats).unwrap_or(u32::MAX)
}

impl AsyncRuntime for Beating {
    type JoinError = <TokioRuntime as AsyncRuntime>::JoinError;
    type JoinHandle<T: OptionalSend + 'static> = <TokioRuntime as AsyncRuntime>::JoinHandle<T>;
    type Sleep = <TokioRuntime as AsyncRuntime>::Sleep;
    type Instant = TokioInstant;
    type TimeoutError = <TokioRuntime as AsyncRuntime>::TimeoutError;
    type Timeout<R, T: Future<Output = R> + OptionalSend> = <TokioRuntime as AsyncRuntime>::Timeout<R, T>;
    type ThreadLocalRng = <TokioRuntime as AsyncRuntime>::ThreadLocalRng;
    type Mpsc = <TokioRuntime as AsyncRuntime>::Mpsc;
    type Watch = <TokioRuntime as AsyncRuntime>::Watch;
    type Oneshot = <TokioRuntime as AsyncRuntime>::Oneshot;
    type Mutex<T: OptionalSend + 'static> = <TokioRuntime as AsyncRuntime>::Mutex<T>;

    fn spawn<T>(future: T) -> Self::JoinHandle<T::Output>
    where
        T: Future + OptionalSend + 'static,
        T::Output: OptionalSend + 'static,
    {
        TokioRuntime::spawn(future)
    }

    /// A pause within one operation: not on the beat.
    fn sleep(duration: Duration) -> Self::Sleep {
        TokioRuntime::sleep(duration)
    }

    /// What timers wait with: on the beat.
    fn sleep_until(deadline: Self::Instant) -> Self::Sleep {
        TokioRuntime::sleep_until(on_the_beat(deadline))
    }

    fn timeout<R, F: Future<Output = R> + OptionalSend>(
        duration: Duration,
        future: F,
    ) -> Self::Timeout<R, F> {
        TokioRuntime::timeout(duration, future)
    }

    fn timeout_at<R, F: Future<Output = R> + OptionalSend>(
        deadline: Self::Instant,
        future: F,
    ) -> Self::Timeout<R, F> {
        TokioRuntime::timeout_at(deadline, future)
    }

    fn is_panic(join_error: &Self::JoinError) -> bool {
        TokioRuntime::is_panic(join_error)
    }

    fn thread_rng() -> Self::ThreadLocalRng {
        TokioRuntime::thread_rng()
    }

    fn new(threads: usize) -> Self {
        Self(TokioRuntime::new(threads))
    }

    fn block_on<F, T>(&mut self, future: F) -> T
    where
        F: Future<Output = T>,
    {
        self.0.block_on(future)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn timers_meet_on_the_beat_and_never_fire_early() {
        let now = TokioInstant::now();
        let origin = on_the_beat(now + BEAT);
        for ms in [100, 101, 140, 199, 200, 250, 1_000] {
            let deadline = now + Duration::from_millis(ms);
            let beat = on_the_beat(deadline);
            assert!(beat >= deadline && beat - deadline < BEAT, "{ms} ms");
            let apart = if beat > origin { beat - origin } else { origin - beat };
            assert_eq!(apart.as_nanos() % BEAT.as_nanos(), 0, "{ms} ms");
        }
    }
}
