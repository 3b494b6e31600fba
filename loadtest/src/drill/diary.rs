//! Who a client of a drill is, and what it can tell at the end.

use std::time::{Duration, Instant};

use super::absence::Absence;
use super::hearing::Hearing;
use super::outbox::{Ack, Schedule};
use crate::chat::Faults;
use crate::client::Backoff;

/// Positions that are named when a client missed something.
const POSITIONS_MAX: usize = 5;

/// What is the same for one client during the whole drill.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) user: usize,
    pub(super) token: String,
    pub(super) room: String,
    /// Where the room's log ended before.
    pub(super) room_starts_after: u64,
    /// When it sends, if it does.
    pub(super) schedule: Option<Schedule>,
    pub(super) text_bytes: usize,
    /// Limit of one attempt.
    pub(super) command_timeout: Duration,
    /// Limit of all attempts.
    pub(super) give_up_after: Duration,
    pub(super) backoff: Backoff,
    /// All texts tell time from here.
    pub(super) epoch: Instant,
}

/// What a client can tell at the end.
#[derive(Debug)]
pub(super) struct Diary {
    pub(super) user: usize,
    pub(super) absences: Vec<Absence>,
    pub(super) acks: Vec<Ack>,
    /// Messages that were never acknowledged.
    pub(super) given_up: u64,
    /// What must not happen, in words.
    pub(super) complaints: Vec<String>,
    /// Its books.
    pub(super) hearing: Hearing,
}

impl Diary {
    /// What went wrong with deliveries, when the room's log ends there.
    pub(super) fn faults(&self, last: u64) -> Faults {
        self.hearing.faults(last)
    }

    /// If it missed something, what and when it was away, in words; the room's log ends there, and the drill
    /// began then.
    pub(super) fn gap_in_words(&self, last: u64, began: Instant) -> Option<String> {
        let missing: Vec<u64> = self.hearing.missing(last).take(POSITIONS_MAX).collect();
        let absences: Vec<String> = self.absences.iter().map(|absence| absence.in_words(began)).collect();
        let (user, absences) = (self.user, absences.join("; "));
        (!missing.is_empty()).then(|| format!("user {user} never heard {missing:?}; away: {absences}"))
    }

    /// Events that were told again after coming back, and dropped.
    pub(super) fn repeats(&self) -> u64 {
        self.hearing.repeats()
    }
}
