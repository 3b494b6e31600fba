//! Carries out one nick's cues in one room: messages pipelined up to a window, joins and leaves alone.
//!
//! Every cue is answered exactly once, when it is acknowledged or given up.

use std::sync::Arc;
use std::time::Instant;

use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::script::Deed;
use crate::attack::Sample;
use crate::client::{ClientError, Lane, LaneSend, SendAck, SendMessage, Steady};

/// What a conductor asks for.
#[derive(Debug)]
pub(super) struct Cue {
    /// What to do.
    pub(super) deed: Deed,
    /// Hears how it went: a send's acknowledgement, nothing for a join or leave.
    pub(super) done: oneshot::Sender<Result<Option<SendAck>, ClientError>>,
}

/// A place on stage: everything one nick needs in one room.
pub(super) struct Performer {
    /// The nick's connection.
    pub(super) steady: Arc<Steady>,
    /// The room.
    pub(super) room: String,
    /// Sends that may be under way.
    pub(super) window: usize,
    /// What to do.
    pub(super) cues: mpsc::Receiver<Cue>,
    /// What becomes rows of the report.
    pub(super) samples: mpsc::Sender<Sample>,
}

/// What belongs to a send until it is answered.
struct Ticket {
    done: oneshot::Sender<Result<Option<SendAck>, ClientError>>,
    started: Instant,
}

type Answer = (LaneSend, Result<SendAck, ClientError>);

impl Performer {
    /// Plays until the conductor has gone.
    pub(super) async fn play(mut self) {
        let mut held: Option<Cue> = None;
        loop {
            let cue = match held.take() {
                Some(cue) => Some(cue),
                None => self.cues.recv().await,
            };
            match cue {
                None => return,
                Some(Cue { deed: Deed::Say { cid, text }, done }) => {
                    held = self.speak(cid, text, done).await;
                }
                Some(Cue { deed: Deed::Join, done }) => self.go("join", done).await,
                Some(Cue { deed: Deed::Leave, done }) => self.go("leave", done).await,
            }
        }
    }

    /// A join or a leave. When an earlier attempt was not answered, being where one wanted to be counts.
    async fn go(&self, operation: &'static str, done: oneshot::Sender<Result<Option<SendAck>, ClientError>>) {
        let started = Instant::now();
        let (answer, attempts) = self.steady.call::<Value>(operation, &json!({ "room": self.room })).await;
        let result = match answer {
            Ok(_) => Ok(None),
            Err(error) if attempts > 1 && happened_before(operation, &error) => Ok(None),
            Err(error) => Err(error),
        };
        self.finish(operation, started, result, done).await;
    }

    /// Sends messages until none is under way. Gives back the cue that has to wait for that.
    async fn speak(
        &mut self,
        cid: String,
        text: String,
        done: oneshot::Sender<Result<Option<SendAck>, ClientError>>,
    ) -> Option<Cue> {
        let mut lane = Lane::new(self.window);
        lane.push(cid, text, Ticket { done, started: Instant::now() });
        let mut held = None;
        let mut conductor_gone = false;
        let mut under_way = FuturesUnordered::new();
        let mut deadline = self.new_deadline();
        while !lane.is_empty() {
            while let Some(send) = lane.next_send() {
                under_way.push(self.begin(send, deadline).await);
            }
            let open = held.is_none() && !conductor_gone && lane.has_space();
            tokio::select! {
                Some((send, answer)) = under_way.next() => {
                    if answer.is_ok() {
                        // Patience is measured from the last success on.
                        deadline = self.new_deadline();
                    }
                    if let Err(error) = self.answered(&mut lane, &send, answer, deadline).await {
                        self.give_up(lane, &error).await;
                        return held;
                    }
                }
                cue = self.cues.recv(), if open => match cue {
                    Some(Cue { deed: Deed::Say { cid, text }, done }) => {
                        lane.push(cid, text, Ticket { done, started: Instant::now() });
                    }
                    Some(other) => held = Some(other),
                    None => conductor_gone = true,
                },
            }
        }
        held
    }

    fn new_deadline(&self) -> Instant {
        Instant::now() + self.steady.policy().give_up_after
    }

    /// Puts one send in line; its place in the order is taken when this returns.
    async fn begin(&self, send: LaneSend, deadline: Instant) -> impl Future<Output = Answer> + use<> {
        let begun = match self.steady.connection(deadline).await {
            Ok(connection) => {
                let message = SendMessage {
                    room: &self.room,
                    cid: &send.cid,
                    text: &send.text,
                    after: send.after.as_deref(),
                };
                connection.begin_send(message).await
            }
            Err(error) => Err(error),
        };
        let limit = self.steady.policy().command_timeout;
        async move {
            let answer = match begun {
                Ok(pending) => pending.wait(limit).await,
                Err(error) => Err(error),
            };
            (send, answer)
        }
    }

    async fn answered(
        &self,
        lane: &mut Lane<Ticket>,
        send: &LaneSend,
        answer: Result<SendAck, ClientError>,
        deadline: Instant,
    ) -> Result<(), ClientError> {
        match answer {
            Ok(ack) => {
                if let Some(ticket) = lane.answered(&send.cid) {
                    self.finish("send", ticket.started, Ok(Some(ack)), ticket.done).await;
                }
                Ok(())
            }
            Err(error) => {
                // Those behind the first unanswered one go out again together with it, after its pause.
                if lane.is_first(&send.cid) || !error.is_temporary() {
                    self.steady.pause(&error, send.earlier_attempts, deadline).await?;
                }
                self.steady.count_retry();
                lane.troubled(&send.cid);
                Ok(())
            }
        }
    }

    async fn give_up(&self, mut lane: Lane<Ticket>, error: &ClientError) {
        for ticket in lane.give_up() {
            self.finish("send", ticket.started, Err(error.clone()), ticket.done).await;
        }
    }

    async fn finish(
        &self,
        operation: &'static str,
        started: Instant,
        result: Result<Option<SendAck>, ClientError>,
        done: oneshot::Sender<Result<Option<SendAck>, ClientError>>,
    ) {
        let failure = result
            .as_ref()
            .err()
            .map(|error| (error.refusal().map_or(0, |refusal| refusal.code), error.to_string()));
        // Whoever listened may have gone after an error elsewhere.
        let _ = self.samples.send(Sample { operation, took: started.elapsed(), failure }).await;
        let _ = done.send(result);
    }
}

fn happened_before(operation: &str, error: &ClientError) -> bool {
    match operation {
        "join" => error.is("conflict"),
        _ => error.is("conflict") || error.is("forbidden") || error.is("not_found"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ServerError;

    #[test]
    fn only_a_refusal_that_means_already_there_counts_as_done() {
        let refused = |name: &str| {
            ClientError::from(ServerError {
                code: 0,
                name: name.into(),
                message: String::new(),
                temporary: false,
                retry_after_ms: None,
            })
        };
        assert!(happened_before("join", &refused("conflict")));
        assert!(!happened_before("join", &refused("forbidden")));
        assert!(happened_before("leave", &refused("not_found")));
        assert!(!happened_before("leave", &refused("internal")));
    }
}
