//! What arrives on a link: answers for those who wait, requests and messages for the door.

use std::sync::Arc;

use bytes::Bytes;

use super::{Life, Outcome, Session};
use crate::link::budget::Share;
use crate::link::door::Door;
use crate::link::envelope::{Batch, Envelope};
use crate::link::error::LinkError;

/// What a request counts in the budget beside itself: the future that makes its answer.
const HANDLER_BYTES: usize = 1_024;

impl Session {
    /// Hands a batch of the peer over: answers to who waits for them, requests and messages to `door`, in
    /// order. Must run on the lane's runtime.
    pub(in crate::link) fn receive(self: &Arc<Self>, batch: Batch, door: &Arc<dyn Door>) {
        self.counters.received_envelopes.add(batch.envelopes.len());
        let cost = batch.cost_bytes() as u64;
        self.state.lock().window.credit(batch.credit_bytes);
        for envelope in batch.envelopes {
            self.take_in(envelope, door);
        }
        let mut state = self.state.lock();
        state.owed_bytes += cost;
        if !state.window.is_empty() || state.owed_bytes >= self.owed_bytes_max() {
            self.wake.notify_one();
        }
    }

    fn take_in(self: &Arc<Self>, envelope: Envelope, door: &Arc<dyn Door>) {
        let (node, lane) = (self.agreement.node, self.agreement.lane);
        let cost = envelope.cost_bytes() + HANDLER_BYTES;
        match envelope {
            Envelope::Request(id, service, payload) => match self.budget.take(cost) {
                Some(share) => {
                    let answer = door.request(node, lane, service, payload);
                    let reply = Reply { session: Arc::clone(self), id, _share: share, said: Said::Nothing };
                    tokio::spawn(async move { reply.say(answer.await) });
                }
                None => {
                    self.counters.overloads.add(1);
                    self.state.lock().window.push_anyway(Envelope::Busy(id));
                }
            },
            Envelope::Tell(service, payload) => door.tell(node, lane, service, payload),
            Envelope::Answer(id, payload) => self.resolve(id, Ok(payload)),
            Envelope::Failed(id, why) => self.resolve(id, Err(LinkError::Remote { why })),
            Envelope::Busy(id) => self.resolve(id, Err(LinkError::Busy { node })),
        }
    }

    fn resolve(&self, id: u64, outcome: Outcome) {
        let waiting = self.state.lock().pending.remove(&id);
        if let Some(waiting) = waiting {
            // Whoever asked may have gone away.
            let _ = waiting.send(outcome);
        }
    }

    fn answer(&self, id: u64, outcome: Result<Bytes, String>) {
        let envelope = match outcome {
            Ok(payload) if payload.len() > self.payload_bytes_max => Envelope::failed(
                id,
                &format!(
                    "the answer of {} bytes is over the limit of {}",
                    payload.len(),
                    self.payload_bytes_max
                ),
            ),
            Ok(payload) => Envelope::Answer(id, payload),
            Err(why) => Envelope::failed(id, &why),
        };
        let mut state = self.state.lock();
        if state.life == Life::Closed {
            return;
        }
        if state.window.push(envelope).is_err() {
            self.counters.overloads.add(1);
            state
                .window
                .push_anyway(Envelope::failed(id, "done, but too much waits for you to send the answer"));
        }
        drop(state);
        self.wake.notify_one();
    }
}

/// The answer that a request of the peer must get, also if its handler dies.
struct Reply {
    session: Arc<Session>,
    id: u64,
    _share: Share,
    said: Said,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Something,
}

impl Reply {
    fn say(mut self, outcome: Result<Bytes, String>) {
        self.said = Said::Something;
        self.session.answer(self.id, outcome);
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if self.said == Said::Nothing {
            self.session.answer(self.id, Err("the request was dropped without an answer".to_owned()));
        }
    }
}
