//! A client that goes to the next node when the one it is at is no good, and notes down what it is told.

use std::time::Duration;

use madang_loadtest::client::{Backoff, ClientError, Connection, PushFeed, Pushes};

use crate::people::Person;
use crate::record::{ClientRecord, Clock, Ears, Entry, Moment, NodeIndex, Outcome, Told};

/// How long one command may take before the client thinks that the node is no good.
pub(super) const COMMAND_LIMIT: Duration = Duration::from_secs(5);
/// Pushes that may wait to be noted down.
const PUSHES_MAX: usize = 100_000;
/// Odd answers that are kept; a client that gets one gets many.
const COMPLAINTS_MAX: usize = 5;

/// One user's way through the nodes.
pub(super) struct Roamer {
    pub(super) person: Person,
    pub(super) clock: Clock,
    pub(super) complaints: Vec<String>,
    urls: Vec<String>,
    at: usize,
    failures: u32,
    entries: Vec<Entry>,
}

impl Roamer {
    /// Begins at the node of that number, counted around.
    pub(super) fn new(urls: &[String], begin: usize, person: Person, clock: Clock) -> Self {
        Self {
            person,
            clock,
            complaints: Vec::new(),
            urls: urls.to_vec(),
            at: begin % urls.len(),
            failures: 0,
            entries: Vec::new(),
        }
    }

    /// Where it is.
    pub(super) fn node(&self) -> NodeIndex {
        NodeIndex(self.at)
    }

    /// Connects to the node it is at; otherwise waits a little and goes to the next.
    pub(super) async fn connect(&mut self, ears: Ears) -> Option<(Connection, PushFeed)> {
        let pushes = match ears {
            Ears::Open => Pushes::Kept { max: PUSHES_MAX },
            Ears::Shut => Pushes::Ignored,
        };
        let begin = self.clock.now();
        let url = &self.urls[self.at];
        match Connection::connect(url, &self.person.token, pushes, COMMAND_LIMIT).await {
            Ok((connection, feed, _)) => {
                self.note(begin, self.clock.now(), Told::Connected(ears));
                Some((connection, feed))
            }
            Err(error) => {
                self.judge(&error);
                self.move_on().await;
                None
            }
        }
    }

    /// Notes that it left a connection, waits a little and goes to the next node.
    pub(super) async fn leave(&mut self, why: String) {
        let now = self.clock.now();
        self.note(now, now, Told::Parted { why });
        self.move_on().await;
    }

    /// The node it is at is good.
    pub(super) fn is_served(&mut self) {
        self.failures = 0;
    }

    /// Notes down what it was told.
    pub(super) fn note(&mut self, begin: Moment, end: Moment, told: Told) {
        self.entries.push(Entry { node: self.node(), begin, end, told });
    }

    /// Complains about an error that says that this client is in the wrong: it is not.
    pub(super) fn judge(&mut self, error: &ClientError) {
        if !error.is_temporary() && self.complaints.len() < COMPLAINTS_MAX {
            self.complaints.push(format!(
                "{} by way of {} at {}: {error}",
                self.person.user,
                self.node(),
                self.clock.now()
            ));
        }
    }

    /// What it was told.
    pub(super) fn into_record(self) -> (ClientRecord, Vec<String>) {
        (ClientRecord { user: self.person.user, entries: self.entries }, self.complaints)
    }

    async fn move_on(&mut self) {
        let backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(1) };
        tokio::time::sleep(backoff.random_delay(self.failures)).await;
        self.failures = self.failures.saturating_add(1);
        self.at = (self.at + 1) % self.urls.len();
    }
}

/// What an error says about an attempt to send.
pub(super) fn outcome_of(error: &ClientError) -> Outcome {
    let Some(refusal) = error.refusal() else { return Outcome::Unknown };
    match refusal.name.as_str() {
        // Only these leave it open whether something happened.
        "unavailable" | "timeout" | "internal" => Outcome::Unknown,
        _ => Outcome::Refused,
    }
}

/// Whether it is better to ask another node.
pub(super) fn is_no_good(error: &ClientError) -> bool {
    match error.refusal() {
        Some(refusal) => !matches!(refusal.name.as_str(), "rate_limited" | "overloaded" | "out_of_order"),
        None => true,
    }
}
