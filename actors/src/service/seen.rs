//! When devices were seen last. That a device came or went is written down a while later, at a bounded pace, and not
//! at all if one that went was back by then, at the same node: when everybody loses the connection and comes back,
//! nothing is to be agreed on. What waits is lost with the node; "last seen" is then as old as what was written before.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use madang_cluster::Cluster;
use madang_cluster::command::{Op, UserOp};
use madang_storage::id::SessionId;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Caller;
use crate::pump::Running;

/// How often what is due is written, as long as something is.
const TURN: Duration = Duration::from_millis(100);
const TURNS_PER_SECOND: u32 = 10;

/// How it is written down when devices were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenOptions {
    /// How long after a device came or went.
    pub after_ms: u64,
    /// How many a second.
    pub per_second: u32,
    /// How many may wait; of one more it is not written down.
    pub waiting_max: usize,
}

impl Default for SeenOptions {
    fn default() -> Self {
        Self { after_ms: 30_000, per_second: 1_000, waiting_max: 100_000 }
    }
}

/// A snapshot: counted since the node was started, but for what says "now".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeenMetrics {
    /// Devices of which it is to be written down, now.
    pub waiting: usize,
    /// Devices of which it was written down.
    pub written: u64,
    /// Devices of which it was not, since too many waited.
    pub dropped: u64,
}

/// Why it is to be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// The device is here, and what is written down is old.
    Came,
    /// It has gone; if it comes back soon that need not be known.
    Went,
}

/// What is to be written down. Pure.
#[derive(Debug, Default)]
struct Notes {
    waiting: HashMap<SessionId, Note>,
    /// In order of time; what is not in `waiting` with the same time was taken back.
    queue: VecDeque<(u64, SessionId)>,
}

#[derive(Debug)]
struct Note {
    caller: Caller,
    sight: Sight,
    due_ms: u64,
}

impl Notes {
    /// Notes it, unless it is noted already: the time written down is that of the writing. False: too many wait.
    fn note(&mut self, caller: &Caller, sight: Sight, due_ms: u64, waiting_max: usize) -> bool {
        if let Some(noted) = self.waiting.get_mut(&caller.session) {
            if sight == Sight::Came {
                noted.sight = sight;
            }
            return true;
        }
        if self.waiting.len() >= waiting_max {
            return false;
        }
        if self.queue.len() >= 64 + 2 * self.waiting.len() {
            let waiting = &self.waiting;
            let holds = |(due_ms, session): &(u64, SessionId)| {
                waiting.get(session).is_some_and(|note| note.due_ms == *due_ms)
            };
            self.queue.retain(holds);
        }
        self.queue.push_back((due_ms, caller.session));
        self.waiting.insert(caller.session, Note { caller: caller.clone(), sight, due_ms });
        true
    }

    /// A device is back: that it went need not be written down.
    fn back(&mut self, session: &SessionId) {
        if self.waiting.get(session).is_some_and(|note| note.sight == Sight::Went) {
            self.waiting.remove(session);
        }
    }

    /// Takes up to `max` of those that are due.
    fn take(&mut self, now_ms: u64, max: usize) -> Vec<Caller> {
        let mut due = Vec::new();
        while due.len() < max
            && let Some((due_ms, session)) = self.queue.pop_front_if(|(due_ms, _)| *due_ms <= now_ms)
        {
            if self.waiting.get(&session).is_some_and(|note| note.due_ms == due_ms) {
                due.extend(self.waiting.remove(&session).map(|note| note.caller));
            }
        }
        due
    }

    /// When something may be due next.
    fn next_ms(&self) -> Option<u64> {
        self.queue.front().map(|(due_ms, _)| *due_ms)
    }
}

/// Writes down when devices were seen, for as long as it is there.
pub(super) struct Seen {
    shared: Arc<Shared>,
    _writing: Running,
}

struct Shared {
    cluster: Cluster,
    options: SeenOptions,
    notes: Mutex<Notes>,
    noted: Notify,
    began: Instant,
    written: AtomicU64,
    dropped: AtomicU64,
}

impl Seen {
    /// Writes on the current runtime.
    pub(super) fn start(cluster: Cluster, options: SeenOptions) -> Self {
        let shared = Arc::new(Shared {
            cluster,
            options,
            notes: Mutex::default(),
            noted: Notify::new(),
            began: Instant::now(),
            written: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        });
        Self { _writing: Running::start(Arc::clone(&shared).write_what_is_due()), shared }
    }

    /// Has it written down, a while later. Nobody waits for it.
    pub(super) fn note(&self, caller: &Caller, sight: Sight) {
        let shared = &self.shared;
        let due_ms = shared.now_ms().saturating_add(shared.options.after_ms);
        let mut notes = shared.notes.lock();
        let is_first = notes.queue.is_empty();
        let noted = notes.note(caller, sight, due_ms, shared.options.waiting_max);
        drop(notes);
        if !noted {
            shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
        if is_first {
            shared.noted.notify_one();
        }
    }

    /// A device has a connection again.
    pub(super) fn back(&self, caller: &Caller) {
        self.shared.notes.lock().back(&caller.session);
    }

    /// Writes down at once all that waits: the node stops. What is not done within `limit` is lost.
    pub(super) async fn write_all(&self, limit: Duration) {
        let all = async {
            loop {
                let some = self.shared.notes.lock().take(u64::MAX, self.shared.a_turn());
                if some.is_empty() {
                    return;
                }
                Arc::clone(&self.shared).write(some).await;
            }
        };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::debug!("when some devices were seen is not written down: the node stops");
        }
    }

    pub(super) fn metrics(&self) -> SeenMetrics {
        SeenMetrics {
            waiting: self.shared.notes.lock().waiting.len(),
            written: self.shared.written.load(Ordering::Relaxed),
            dropped: self.shared.dropped.load(Ordering::Relaxed),
        }
    }
}

impl Shared {
    async fn write_what_is_due(self: Arc<Self>) {
        loop {
            let next_ms = self.notes.lock().next_ms();
            let now_ms = self.now_ms();
            match next_ms {
                None => self.noted.notified().await,
                Some(due_ms) if due_ms > now_ms => {
                    tokio::time::sleep(Duration::from_millis(due_ms - now_ms)).await;
                }
                Some(_) => {
                    let due = self.notes.lock().take(now_ms, self.a_turn());
                    // Not waited for: a shard that has no leader shall not hold the others up. What is under way
                    // is bounded by the pace and by how long a command may take.
                    tokio::spawn(Arc::clone(&self).write(due));
                    tokio::time::sleep(TURN).await;
                }
            }
        }
    }

    /// How many are written in one turn.
    fn a_turn(&self) -> usize {
        usize::try_from(self.options.per_second.div_ceil(TURNS_PER_SECOND)).unwrap_or(usize::MAX).max(1)
    }

    /// All together: each shard has its part agreed on at once.
    async fn write(self: Arc<Self>, callers: Vec<Caller>) {
        let shared = &self;
        let writes = callers.into_iter().map(|Caller { user, session }| async move {
            let shard = shared.cluster.slots().of_user(&user);
            let op = Op::User { user, op: UserOp::SeeSession(session) };
            match shared.cluster.propose(shard, op).await {
                Ok(_) => drop(shared.written.fetch_add(1, Ordering::Relaxed)),
                Err(error) => tracing::debug!(%error, "when a device was seen is not written down"),
            }
        });
        join_all(writes).await;
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::user;

    fn device(number: u8) -> Caller {
        Caller { user: user("minji"), session: SessionId([number; 16]) }
    }

    #[test]
    fn who_is_back_in_time_is_not_written_down_and_who_stays_away_is() {
        let mut notes = Notes::default();
        assert!(notes.note(&device(1), Sight::Went, 10, 9) && notes.note(&device(2), Sight::Went, 11, 9));
        notes.back(&device(1).session);
        assert_eq!(notes.take(10, 9), []);
        assert_eq!(notes.take(11, 9), [device(2)]);
        assert_eq!(notes.next_ms(), None);
    }

    #[test]
    fn who_went_again_is_due_by_the_last_time() {
        let mut notes = Notes::default();
        notes.note(&device(1), Sight::Went, 10, 9);
        notes.back(&device(1).session);
        notes.note(&device(1), Sight::Went, 20, 9);
        assert_eq!(notes.take(19, 9), []);
        assert_eq!(notes.take(20, 9), [device(1)]);
    }

    #[test]
    fn that_somebody_is_here_whose_note_is_old_is_written_down_however_often_they_come_and_go() {
        let mut notes = Notes::default();
        notes.note(&device(1), Sight::Went, 10, 9);
        notes.note(&device(1), Sight::Came, 12, 9);
        notes.back(&device(1).session);
        notes.note(&device(1), Sight::Went, 15, 9);
        notes.back(&device(1).session);
        assert_eq!(notes.take(10, 9), [device(1)]);
        assert_eq!(notes.take(99, 9), []);
    }

    #[test]
    fn only_so_many_wait_and_only_so_many_are_taken_at_once() {
        let mut notes = Notes::default();
        let noted = (0..5).filter(|number| notes.note(&device(*number), Sight::Went, 10, 3)).count();
        assert_eq!(noted, 3);
        assert_eq!(notes.take(10, 2).len(), 2);
        assert_eq!(notes.take(10, 2).len(), 1);
    }

    #[test]
    fn what_was_taken_back_takes_no_place_for_long() {
        let mut notes = Notes::default();
        for turn in 0..10_000 {
            notes.note(&device(1), Sight::Went, turn, 9);
            notes.back(&device(1).session);
        }
        assert!(notes.queue.len() < 100, "{}", notes.queue.len());
    }
}
