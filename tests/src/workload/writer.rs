//! Somebody who writes: numbered messages into one room, pipelined, none given up.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use madang_loadtest::client::{
    ClientError, Connection, HistoryPage, Lane, LaneSend, Page, PendingReply, SendAck, SendMessage,
};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};

use super::roamer::{COMMAND_LIMIT, Roamer, is_no_good, outcome_of};
use super::stage::Stage;
use super::{Chat, Client};
use crate::record::{Attempt, Ears, Moment, Outcome, RoomIndex, Seen, TextHash, Told};

/// After so many acknowledgements a writer reads whether its messages are there.
const LOOK_EVERY: u64 = 25;
/// How long a writer waits after a refusal that does not say how long.
const PAUSE: Duration = Duration::from_millis(50);

/// Somebody who writes.
pub(super) struct Writer {
    roamer: Roamer,
    room: RoomIndex,
    room_id: String,
    lane: Lane<String>,
    said: u64,
    acked: u64,
    everybodys_acked: Arc<AtomicU64>,
    beat: Interval,
    quiet_until: Instant,
    stage: watch::Receiver<Stage>,
    last_trouble: Option<String>,
}

/// What came back.
enum Answer {
    Sent { send: LaneSend, begin: Moment, result: Result<(SendAck, Instant), ClientError> },
    Looked { begin: Moment, result: Result<(HistoryPage, Instant), ClientError> },
}

type Answers = FuturesUnordered<Pin<Box<dyn Future<Output = Answer> + Send>>>;

impl Writer {
    pub(super) fn new(
        roamer: Roamer,
        (room, room_id): (RoomIndex, String),
        chat: Chat,
        stage: watch::Receiver<Stage>,
        everybodys_acked: Arc<AtomicU64>,
    ) -> Self {
        let mut beat = tokio::time::interval(Duration::from_secs(1) / chat.sends_per_second.max(1));
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Self {
            roamer,
            room,
            room_id,
            lane: Lane::new(chat.window),
            said: 0,
            acked: 0,
            everybodys_acked,
            beat,
            quiet_until: Instant::now(),
            stage,
            last_trouble: None,
        }
    }

    /// Writes until it is told to end and everything is answered, or it is too late for that.
    pub(super) async fn run(mut self) -> Client {
        while !self.is_done() {
            if let Some((connection, _)) = self.roamer.connect(Ears::Shut).await
                && let Some(why) = self.talk(connection).await
            {
                self.last_trouble = Some(why.clone());
                self.roamer.leave(why).await;
            }
        }
        let trouble = self.last_trouble.as_deref().unwrap_or("nothing");
        let unanswered = self.lane.give_up().into_iter().map(|cid| {
            format!("{} in room {}: cid {cid}; heard last: {trouble}", self.roamer.person.user, self.room_id)
        });
        let unanswered = unanswered.collect();
        let (record, complaints) = self.roamer.into_record();
        Client { record, unanswered, complaints }
    }

    fn is_done(&self) -> bool {
        match &*self.stage.borrow() {
            Stage::Talking => false,
            stage => self.lane.is_empty() || stage.is_over(),
        }
    }

    /// One connection's worth. Answers why it came to an end, or nothing when all is said.
    async fn talk(&mut self, connection: Connection) -> Option<String> {
        let mut answers = Answers::new();
        // What was acknowledged on another connection must be there on this one.
        let mut broken = self.look(&connection, &mut answers).await;
        while broken.is_none() {
            broken = self.send_all(&connection, &mut answers).await;
            if broken.is_some() || (self.is_done() && answers.is_empty()) {
                break;
            }
            let pause = tokio::time::sleep_until(self.quiet_until.into());
            tokio::select! {
                Some(answer) = answers.next() => broken = self.hear(answer, &connection, &mut answers).await,
                _ = self.beat.tick() => self.say(),
                () = pause, if Instant::now() < self.quiet_until => {}
                _ = self.stage.changed() => {}
            }
        }
        // What is still unanswered on it will be so for good.
        connection.cut().await;
        while let Some(answer) = answers.next().await {
            self.take(answer);
        }
        broken
    }

    /// A new message, if there is to be one and the window allows it.
    fn say(&mut self) {
        if matches!(*self.stage.borrow(), Stage::Talking) && self.lane.has_space() {
            let cid = format!("{}-{}", self.roamer.person.user, self.said);
            let text = format!("{cid} 안녕 {}", "마당".repeat(usize::try_from(self.said % 50).unwrap_or(0)));
            self.lane.push(cid.clone(), text, cid);
            self.said += 1;
        }
    }

    /// Sends whatever may go out now. Answers why the connection is broken, if it is.
    async fn send_all(&mut self, connection: &Connection, answers: &mut Answers) -> Option<String> {
        while Instant::now() >= self.quiet_until
            && let Some(send) = self.lane.next_send()
        {
            let message = SendMessage {
                room: &self.room_id,
                cid: &send.cid,
                text: &send.text,
                after: send.after.as_deref(),
            };
            let begin = self.roamer.clock.now();
            match connection.begin_send(message).await {
                Ok(reply) => answers.push(Box::pin(sent(send, begin, reply))),
                Err(error) => {
                    self.lane.troubled(&send.cid);
                    return Some(error.to_string());
                }
            }
        }
        None
    }

    /// Asks for the newest page, on which the client's own messages must be.
    async fn look(&self, connection: &Connection, answers: &mut Answers) -> Option<String> {
        let begin = self.roamer.clock.now();
        match connection.begin("history", &json!({ "room": self.room_id, "limit": 200 })).await {
            Ok(reply) => {
                answers.push(Box::pin(looked(begin, reply)));
                None
            }
            Err(error) => Some(error.to_string()),
        }
    }

    /// Takes an answer and looks from time to time. Answers why it is time for another node, if it is.
    async fn hear(
        &mut self,
        answer: Answer,
        connection: &Connection,
        answers: &mut Answers,
    ) -> Option<String> {
        let before = self.acked;
        if let Some(error) = self.take(answer) {
            if is_no_good(&error) {
                return Some(error.to_string());
            }
            self.quiet_until = Instant::now() + error.retry_after().unwrap_or(PAUSE);
            self.last_trouble = Some(error.to_string());
        }
        if self.acked > before && self.acked.is_multiple_of(LOOK_EVERY) {
            return self.look(connection, answers).await;
        }
        None
    }

    /// Notes an answer down. Gives the error, if it is one.
    fn take(&mut self, answer: Answer) -> Option<ClientError> {
        match answer {
            Answer::Sent { send, begin, result } => {
                let (outcome, end, error) = match result {
                    Ok((ack, at)) => {
                        self.lane.answered(&send.cid);
                        self.acked += 1;
                        self.everybodys_acked.fetch_add(1, Ordering::Relaxed);
                        self.roamer.is_served();
                        (Outcome::Acked { seq: ack.seq, dup: ack.dup }, self.roamer.clock.at(at), None)
                    }
                    Err(error) => {
                        self.lane.troubled(&send.cid);
                        self.roamer.judge(&error);
                        (outcome_of(&error), self.roamer.clock.now(), Some(error))
                    }
                };
                let text = TextHash::of(&send.text);
                let attempt = Attempt { room: self.room, cid: send.cid, text, after: send.after, outcome };
                self.roamer.note(begin, end, Told::Sent(attempt));
                error
            }
            Answer::Looked { begin, result: Ok((page, at)) } => {
                let (room, events) = (self.room, page.events.iter().map(Seen::from).collect());
                let told = match page.stale {
                    true => Told::PagedStale { room, events },
                    false => Told::Paged { room, page: Page::Newest, events, more: page.more },
                };
                self.roamer.note(begin, self.roamer.clock.at(at), told);
                None
            }
            Answer::Looked { result: Err(error), .. } => {
                self.roamer.judge(&error);
                Some(error)
            }
        }
    }
}

async fn sent(send: LaneSend, begin: Moment, reply: PendingReply) -> Answer {
    Answer::Sent { send, begin, result: reply.wait_timed(COMMAND_LIMIT).await }
}

async fn looked(begin: Moment, reply: PendingReply) -> Answer {
    Answer::Looked { begin, result: reply.wait_timed(COMMAND_LIMIT).await }
}
