//! One user of a chat while it runs: sends when it is time, hears, and keeps its ledger.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::ledger::{Faults, Ledger};
use super::payload::Payload;
use super::plan::{Load, due};
use crate::attack::Sample;
use crate::client::{ClientError, Connection, EventKind, Push, PushFeed, SendAck, SendMessage};
use crate::latency::Latencies;

/// Below the protocol's limit of commands that wait for a reply.
const IN_FLIGHT_MAX: usize = 200;
/// After a failed send in a closed loop, so that a server in trouble is not hammered.
const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// When a chat starts and ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// First send.
    pub(super) start: Instant,
    /// From here on it counts.
    pub(super) measured_from: Instant,
    /// Last send.
    pub(super) end: Instant,
}

impl Times {
    fn counts(&self, at: Instant) -> bool {
        (self.measured_from..self.end).contains(&at)
    }
}

/// What one user, or all together, did and heard.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) send: Latencies,
    pub(super) intended: Latencies,
    pub(super) hear: Latencies,
    /// Acknowledged while it counted.
    pub(super) acked: u64,
    /// Heard while it counted, own messages too.
    pub(super) heard: u64,
    pub(super) failed: u64,
    pub(super) disconnects: u64,
    pub(super) faults: Faults,
    /// One failure in words.
    pub(super) failure: Option<String>,
}

impl Totals {
    /// Adds those of one user.
    pub(super) fn add(&mut self, other: Self) {
        self.send.merge(&other.send);
        self.intended.merge(&other.intended);
        self.hear.merge(&other.hear);
        self.acked += other.acked;
        self.heard += other.heard;
        self.failed += other.failed;
        self.disconnects += other.disconnects;
        self.faults.add(other.faults);
        self.failure = self.failure.take().or(other.failure);
    }
}

/// What is the same for a member during the whole chat.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) user: usize,
    pub(super) run_id: Arc<str>,
    pub(super) room: String,
    /// Number among the senders.
    pub(super) sender: Option<usize>,
    pub(super) senders: usize,
    pub(super) load: Load,
    pub(super) text_bytes: usize,
    pub(super) command_timeout: Duration,
    /// Every so many deliveries become a row of goose's report.
    pub(super) hear_every: u64,
    /// All texts tell time from here.
    pub(super) epoch: Instant,
}

type Answer = (u64, Instant, Instant, Result<(SendAck, Instant), ClientError>);
type UnderWay = FuturesUnordered<Pin<Box<dyn Future<Output = Answer> + Send>>>;

/// One user while the chat runs.
pub(super) struct Member {
    role: Role,
    connection: Connection,
    feed: PushFeed,
    ledger: Ledger,
    under_way: UnderWay,
    /// Number of the next message.
    next: u64,
    /// No send before this, after a failure.
    not_before: Instant,
    deliveries: u64,
    /// Newest acknowledged position.
    pub(super) last_acked: u64,
    pub(super) totals: Totals,
    /// What goose shall hear of.
    pub(super) samples: Vec<Sample>,
}

impl Member {
    pub(super) fn new(role: Role, connection: Connection, feed: PushFeed, room_starts_after: u64) -> Self {
        Self {
            not_before: role.epoch,
            role,
            connection,
            feed,
            ledger: Ledger::after(room_starts_after),
            under_way: FuturesUnordered::new(),
            next: 0,
            deliveries: 0,
            last_acked: 0,
            totals: Totals::default(),
            samples: Vec::new(),
        }
    }

    /// Whether all sends are answered or given up and nothing more will be sent.
    pub(super) fn has_spoken(&self, times: &Times) -> bool {
        self.under_way.is_empty() && (self.role.sender.is_none() || Instant::now() >= times.end)
    }

    /// Whether everything up to this position was heard.
    pub(super) fn has_heard(&self, last: u64) -> bool {
        self.ledger.is_complete(last)
    }

    /// Closes the books.
    pub(super) fn close(mut self, last: u64) -> Totals {
        self.totals.faults = self.ledger.faults(last);
        self.totals
    }

    /// Sends and hears until `until`.
    ///
    /// Errors: why the connection ended.
    pub(super) async fn live(&mut self, times: &Times, until: Instant) -> Result<(), ClientError> {
        let slice = tokio::time::sleep_until(until.into());
        tokio::pin!(slice);
        loop {
            let next_send = self.next_send(times);
            let send_at = next_send.unwrap_or(until);
            tokio::select! {
                () = &mut slice => return Ok(()),
                push = self.feed.next() => match push {
                    Some((at, push)) => self.hear(times, at, push),
                    None => return Err(ClientError::Disconnected(self.connection.wait_closed().await)),
                },
                Some(answer) = self.under_way.next() => self.answered(times, answer),
                () = tokio::time::sleep_until(send_at.into()), if next_send.is_some() => {
                    self.send(send_at).await?;
                }
            }
        }
    }

    /// When the next message is to be sent, if one may be.
    fn next_send(&self, times: &Times) -> Option<Instant> {
        let sender = self.role.sender?;
        let at = match self.role.load {
            Load::Open { rate } => {
                let after_start = due(rate, self.role.senders, sender, self.next);
                times.start.checked_add(after_start)?
            }
            Load::Closed => times.start.max(self.not_before),
        };
        let most = match self.role.load {
            Load::Open { .. } => IN_FLIGHT_MAX,
            Load::Closed => 1,
        };
        let now_over = Instant::now() >= times.end && self.role.load == Load::Closed;
        (at < times.end && !now_over && self.under_way.len() < most).then_some(at)
    }

    async fn send(&mut self, intended: Instant) -> Result<(), ClientError> {
        let started = Instant::now();
        let sent = started.saturating_duration_since(self.role.epoch);
        let text = Payload { user: self.role.user, number: self.next, sent }.text(self.role.text_bytes);
        let number = self.next;
        let cid = format!("{}-{}-{number}", self.role.run_id, self.role.user);
        self.next += 1;
        let message = SendMessage { room: &self.role.room, cid: &cid, text: &text, after: None };
        let pending = self.connection.begin_send(message).await?;
        let limit = self.role.command_timeout;
        self.under_way
            .push(Box::pin(async move { (number, started, intended, pending.wait_timed(limit).await) }));
        Ok(())
    }

    fn answered(&mut self, times: &Times, (number, started, intended, answer): Answer) {
        match answer {
            Ok((ack, at)) => {
                self.last_acked = self.last_acked.max(ack.seq);
                self.ledger.own_acked(number, ack.seq);
                if times.counts(at) {
                    self.totals.acked += 1;
                }
                let took = at.saturating_duration_since(started);
                self.samples.push(Sample::good("send", took));
                if times.counts(started) {
                    self.totals.send.record(took);
                }
                // In a closed loop nothing is intended but the next message after the last.
                if matches!(self.role.load, Load::Open { .. }) {
                    let took = at.saturating_duration_since(intended);
                    self.samples.push(Sample::good("send intended", took));
                    if times.counts(intended) {
                        self.totals.intended.record(took);
                    }
                }
            }
            Err(error) => {
                self.totals.failed += 1;
                self.totals.failure.get_or_insert_with(|| error.to_string());
                self.not_before = Instant::now() + error.retry_after().unwrap_or(AFTER_FAILURE);
                let code = error.refusal().map_or(0, |refusal| refusal.code);
                let failure = Some((code, error.to_string()));
                self.samples.push(Sample { operation: "send", took: started.elapsed(), failure });
            }
        }
    }

    fn hear(&mut self, times: &Times, at: Instant, push: Push) {
        let Push::Event(event) = push else { return };
        if event.room != self.role.room {
            return;
        }
        self.ledger.hear(event.seq);
        let EventKind::Message { text, .. } = &event.kind else { return };
        let Some(payload) = Payload::read(text) else {
            self.ledger.hear_changed();
            return;
        };
        self.ledger.hear_message(payload.user, payload.number);
        if payload.user == self.role.user {
            self.ledger.own_heard(payload.number, event.seq);
        }
        let took = payload.took(self.role.epoch, at);
        self.deliveries += 1;
        if self.deliveries.is_multiple_of(self.role.hear_every.max(1)) {
            self.samples.push(Sample::good("hear", took));
        }
        if times.counts(at) {
            self.totals.heard += 1;
            self.totals.hear.record(took);
        }
    }
}
