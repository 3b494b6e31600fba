//! The time between two connections of one client: from the loss of one until it is level on the next. Pure.

use std::time::Instant;

use crate::client::Resume;

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// It broke, or the node ended it.
    Lost,
    /// The drill told the client to go elsewhere.
    Told,
}

/// One absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Absence {
    pub(super) cause: Cause,
    /// When the client noticed.
    pub(super) since: Instant,
    /// When a node took it in again.
    pub(super) connected: Option<Instant>,
    /// When it knew all that it had missed.
    pub(super) level: Option<Instant>,
    /// When it heard something that it could not have heard before.
    pub(super) news: Option<Instant>,
    /// What became of its cursor.
    pub(super) resume: Option<Resume>,
    /// Attempts to connect.
    pub(super) attempts: u32,
}

impl Absence {
    /// One that begins.
    pub(super) fn begins(cause: Cause, since: Instant) -> Self {
        Self { cause, since, connected: None, level: None, news: None, resume: None, attempts: 0 }
    }

    /// For people; the drill began then.
    pub(super) fn in_words(&self, began: Instant) -> String {
        let after = |at: Instant| at.saturating_duration_since(began).as_millis();
        let back = self.connected.map_or("never back".to_owned(), |at| format!("back at {} ms", after(at)));
        let (cause, since) = (self.cause, after(self.since));
        format!("{cause:?} at {since} ms, {back} at attempt {} with {:?}", self.attempts, self.resume)
    }

    /// Whether the client had to read everything that it missed by itself.
    pub(super) fn is_resync(&self) -> bool {
        matches!(self.resume, Some(Resume::Limited | Resume::Reset))
    }
}
