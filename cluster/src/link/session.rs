//! One link to one peer on one lane, from its making to its breaking: requests that wait for answers, the
//! window out; what arrives is in `incoming`. The tasks and streams around it are in `run` and `carrier`.

mod incoming;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use super::budget::Budget;
use super::envelope::{Batch, Envelope};
use super::error::LinkError;
use super::handshake::{Terms, Token};
use super::identity::Lane;
use super::meters::LaneCounters;
use super::window::{Full, Window};

/// What a request comes to.
pub(super) type Outcome = Result<Bytes, LinkError>;

/// Which link, and under which terms.
#[derive(Debug)]
pub(super) struct Agreement {
    /// The peer.
    pub(super) node: u64,
    pub(super) lane: Lane,
    /// Counts the links of this process: two of one peer differ.
    pub(super) number: u64,
    /// What the peer granted.
    pub(super) terms: Terms,
    /// This node's own limits.
    pub(super) payload_bytes_max: usize,
    pub(super) queue_bytes_max: usize,
    pub(super) credit_bytes: usize,
}

/// One link.
pub(super) struct Session {
    agreement: Agreement,
    /// What may be sent to the peer in one envelope.
    payload_bytes_max: usize,
    state: Mutex<State>,
    wake: Notify,
    kill: CancellationToken,
    budget: Arc<Budget>,
    counters: Arc<LaneCounters>,
}

struct State {
    life: Life,
    window: Window,
    pending: HashMap<u64, oneshot::Sender<Outcome>>,
    last_id: u64,
    /// Handed over, not yet given back to the peer.
    owed_bytes: u64,
    beat: Beat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beat {
    Due,
    Given,
}

impl Session {
    pub(super) fn new(
        agreement: Agreement,
        kill: CancellationToken,
        budget: Arc<Budget>,
        counters: Arc<LaneCounters>,
    ) -> Arc<Self> {
        let granted = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let window = Window::new(granted(agreement.terms.credit_bytes), agreement.queue_bytes_max);
        let payload_bytes_max = agreement.payload_bytes_max.min(granted(agreement.terms.payload_bytes_max));
        Arc::new(Self {
            agreement,
            payload_bytes_max,
            state: Mutex::new(State {
                life: Life::Open,
                window,
                pending: HashMap::new(),
                last_id: 0,
                owed_bytes: 0,
                // The first batch tells the peer that the way is free.
                beat: Beat::Due,
            }),
            wake: Notify::new(),
            kill,
            budget,
            counters,
        })
    }

    pub(super) fn node(&self) -> u64 {
        self.agreement.node
    }

    pub(super) fn lane(&self) -> Lane {
        self.agreement.lane
    }

    pub(super) fn number(&self) -> u64 {
        self.agreement.number
    }

    /// What the peer's gateway knows this link by.
    pub(super) fn token(&self) -> &Token {
        &self.agreement.terms.token
    }

    /// Cancelled when the link has to end, or has ended.
    pub(super) fn kill(&self) -> &CancellationToken {
        &self.kill
    }

    /// Something may have to be sent.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Puts a request behind all others; what it comes to is in the [`Waiting`].
    pub(super) fn request(self: &Arc<Self>, service: u8, payload: Bytes) -> Result<Waiting, LinkError> {
        let (answer, waiting) = oneshot::channel();
        let id = self.enqueue(&payload, |state| {
            state.last_id += 1;
            state.window.push(Envelope::Request(state.last_id, service, payload.clone()))?;
            state.pending.insert(state.last_id, answer);
            Ok(state.last_id)
        })?;
        Ok(Waiting { session: Arc::clone(self), id, answer: waiting })
    }

    /// Puts a message behind all others.
    pub(super) fn tell(&self, service: u8, payload: Bytes) -> Result<(), LinkError> {
        self.enqueue(&payload, |state| state.window.push(Envelope::Tell(service, payload.clone())))
    }

    fn enqueue<T>(
        &self,
        payload: &Bytes,
        put: impl FnOnce(&mut State) -> Result<T, Full>,
    ) -> Result<T, LinkError> {
        if payload.len() > self.payload_bytes_max {
            return Err(LinkError::TooLarge { bytes: payload.len(), limit_bytes: self.payload_bytes_max });
        }
        let node = self.agreement.node;
        let mut state = self.state.lock();
        if state.life == Life::Closed {
            return Err(LinkError::NotLinked { node });
        }
        let put = put(&mut state).map_err(|Full| {
            self.counters.overloads.add(1);
            LinkError::Overloaded { node, limit_bytes: self.agreement.queue_bytes_max }
        })?;
        drop(state);
        self.wake.notify_one();
        Ok(put)
    }

    /// A sign of life is due.
    pub(super) fn beat(&self) {
        self.state.lock().beat = Beat::Due;
    }

    /// What is to be sent now, if anything.
    pub(super) fn next_batch(&self) -> Option<Batch> {
        let mut state = self.state.lock();
        let State { window, pending, owed_bytes, beat, .. } = &mut *state;
        // Nobody waits any more for the answer of a request whose time is over.
        let envelopes = window.next(|envelope| match envelope {
            Envelope::Request(id, ..) => pending.contains_key(id),
            _ => true,
        });
        if envelopes.is_empty() && *beat == Beat::Given && *owed_bytes < self.owed_bytes_max() {
            return None;
        }
        *beat = Beat::Given;
        let credit_bytes = std::mem::take(owed_bytes);
        self.counters.sent_envelopes.add(envelopes.len());
        Some(Batch { credit_bytes, envelopes })
    }

    /// Credit is given back with whatever is sent next, or once it is so much: small change must not cost a
    /// frame for each message. A peer's window reckons with it (see `window`).
    fn owed_bytes_max(&self) -> u64 {
        self.agreement.credit_bytes as u64 / 4
    }

    /// The link is over: everything that waits fails at once. Called again it does nothing.
    pub(super) fn close(&self) {
        self.kill.cancel();
        let node = self.agreement.node;
        let (unsent, pending) = {
            let mut state = self.state.lock();
            state.life = Life::Closed;
            (state.window.drain(), std::mem::take(&mut state.pending))
        };
        let mut pending = pending;
        for envelope in unsent {
            if let Envelope::Request(id, ..) = envelope
                && let Some(waiting) = pending.remove(&id)
            {
                let _ = waiting.send(Err(LinkError::NotLinked { node }));
            }
        }
        for waiting in pending.into_values() {
            let _ = waiting.send(Err(LinkError::Broken { node }));
        }
    }
}

/// A request that waits for its answer. Dropped, nobody waits any more.
pub(super) struct Waiting {
    session: Arc<Session>,
    id: u64,
    answer: oneshot::Receiver<Outcome>,
}

impl Waiting {
    pub(super) async fn outcome(mut self) -> Outcome {
        let node = self.session.node();
        (&mut self.answer).await.unwrap_or(Err(LinkError::Broken { node }))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.session.state.lock().pending.remove(&self.id);
    }
}
