//! Somebody who listens to all rooms, reads up what was missed after each reconnect, and moves the read
//! markers.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use madang_loadtest::client::{ClientError, Connection, Event, Page, PendingReply, Push, PushFeed};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};

use super::Client;
use super::roamer::{COMMAND_LIMIT, Roamer};
use super::stage::Stage;
use crate::record::{Ears, Moment, RoomIndex, Seen, Told};

/// How long a node that cannot ask the leaders is left alone.
const STALE_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// After so many events a reader moves its marker.
const MARK_EVERY: u64 = 10;
/// How often a reader makes sure that its node is still there: a frozen one closes nothing.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// The most events on a page.
const PAGE_MAX: usize = 200;

/// Somebody who listens.
pub(super) struct Reader {
    roamer: Roamer,
    rooms: Vec<String>,
    /// The newest seq that it has, by room.
    known: Vec<u64>,
    heard: u64,
    probe: Interval,
    probed: usize,
    stage: watch::Receiver<Stage>,
}

/// An answer that holds the reader's own marker in a room.
struct Answer {
    room: usize,
    begin: Moment,
    result: Result<(Value, Instant), ClientError>,
}

type Answers = FuturesUnordered<Pin<Box<dyn Future<Output = Answer> + Send>>>;

impl Reader {
    pub(super) fn new(roamer: Roamer, rooms: Vec<String>, stage: watch::Receiver<Stage>) -> Self {
        let mut probe = tokio::time::interval(PROBE_EVERY);
        probe.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Self { roamer, known: vec![0; rooms.len()], rooms, heard: 0, probe, probed: 0, stage }
    }

    /// Listens until everything was heard, or it is too late for that.
    pub(super) async fn run(mut self) -> Client {
        while !self.is_done() {
            if let Some((connection, feed)) = self.roamer.connect(Ears::Open).await
                && let Err(error) = self.listen(connection, feed).await
            {
                self.roamer.judge(&error);
                self.roamer.leave(error.to_string()).await;
            }
        }
        let unheard = self.unheard();
        let (record, mut complaints) = self.roamer.into_record();
        complaints.extend(unheard);
        Client { record, unanswered: Vec::new(), complaints }
    }

    /// What it should have heard and did not, whether connected or not.
    fn unheard(&self) -> Vec<String> {
        let Stage::Hearing { seqs, .. } = &*self.stage.borrow() else { return Vec::new() };
        let rooms = self.rooms.iter().zip(self.known.iter().zip(seqs));
        let behind = rooms.filter(|(_, (known, seq))| known < seq);
        let sentence = |(room, (known, seq)): (&String, (&u64, &u64))| {
            format!(
                "{} by way of {} has room {room} up to seq {known} only; seq {seq} was acknowledged",
                self.roamer.person.user,
                self.roamer.node()
            )
        };
        behind.map(sentence).collect()
    }

    fn is_done(&self) -> bool {
        match &*self.stage.borrow() {
            Stage::Hearing { seqs, .. } if self.known.iter().zip(seqs).all(|(known, seq)| known >= seq) => {
                true
            }
            Stage::Hearing { until, .. } => Instant::now() >= *until,
            Stage::Talking | Stage::Settling { .. } => false,
        }
    }

    /// One connection's worth.
    ///
    /// Errors: why it came to an end before all was heard.
    async fn listen(&mut self, connection: Connection, mut feed: PushFeed) -> Result<(), ClientError> {
        for room in 0..self.rooms.len() {
            self.read_up(&connection, room).await?;
        }
        self.roamer.is_served();
        // Listening goes on while an answer is on its way: a slow answer is no reason to be behind.
        let mut answers = Answers::new();
        while !self.is_done() {
            tokio::select! {
                push = feed.next() => match push {
                    Some((at, Push::Event(event))) => {
                        if let Some(room) = self.hear(at, &event) && answers.is_empty() {
                            let fields = json!({ "room": event.room, "seq": event.seq });
                            self.ask(&connection, "mark_read", fields, room, &mut answers).await?;
                        }
                    }
                    Some(_) => {}
                    None => return Err(ClientError::Disconnected(connection.wait_closed().await)),
                },
                Some(answer) = answers.next() => self.take(answer)?,
                _ = self.probe.tick(), if answers.is_empty() => {
                    let room = self.probed % self.rooms.len();
                    self.probed += 1;
                    let fields = json!({ "room": self.rooms[room] });
                    self.ask(&connection, "room", fields, room, &mut answers).await?;
                }
                _ = self.stage.changed() => {}
            }
        }
        Ok(())
    }

    /// Reads what it missed in a room.
    async fn read_up(&mut self, connection: &Connection, room: usize) -> Result<(), ClientError> {
        loop {
            let (begin, page) = (self.roamer.clock.now(), Page::After(self.known[room]));
            let found = connection.history(&self.rooms[room], page, PAGE_MAX, COMMAND_LIMIT).await?;
            let events: Vec<Seen> = found.events.iter().map(Seen::from).collect();
            if found.stale {
                let told = Told::PagedStale { room: RoomIndex(room), events };
                self.roamer.note(begin, self.roamer.clock.now(), told);
                tokio::time::sleep(STALE_AGAIN_AFTER).await;
                continue;
            }
            if let Some(last) = events.last() {
                self.known[room] = last.seq.max(self.known[room]);
            }
            let more = found.more;
            let told = Told::Paged { room: RoomIndex(room), page, events, more };
            self.roamer.note(begin, self.roamer.clock.now(), told);
            if !more {
                return Ok(());
            }
        }
    }

    /// Notes an event down. Answers its room when it is time to move the marker there.
    fn hear(&mut self, at: Instant, event: &Event) -> Option<usize> {
        let room = self.rooms.iter().position(|room| *room == event.room)?;
        let at = self.roamer.clock.at(at);
        self.roamer.note(at, at, Told::Heard { room: RoomIndex(room), event: Seen::from(event) });
        self.known[room] = event.seq.max(self.known[room]);
        self.heard += 1;
        self.heard.is_multiple_of(MARK_EVERY).then_some(room)
    }

    /// Asks something whose answer holds its own marker in a room.
    async fn ask(
        &self,
        connection: &Connection,
        operation: &str,
        fields: Value,
        room: usize,
        answers: &mut Answers,
    ) -> Result<(), ClientError> {
        let begin = self.roamer.clock.now();
        let reply = connection.begin(operation, &fields).await?;
        answers.push(Box::pin(answered(room, begin, reply)));
        Ok(())
    }

    fn take(&mut self, answer: Answer) -> Result<(), ClientError> {
        let (found, at) = answer.result?;
        if found.get("stale").and_then(Value::as_bool) == Some(true) {
            // It says itself that it may be old.
            return Ok(());
        }
        let read_seq = found.get("read_seq").or_else(|| found.pointer("/my/read_seq"));
        let read_seq = read_seq.and_then(Value::as_u64).ok_or_else(|| {
            ClientError::Protocol(format!("a member has no read marker in {}", self.rooms[answer.room]))
        })?;
        let told = Told::Marker { room: RoomIndex(answer.room), read_seq };
        self.roamer.note(answer.begin, self.roamer.clock.at(at), told);
        Ok(())
    }
}

async fn answered(room: usize, begin: Moment, reply: PendingReply) -> Answer {
    Answer { room, begin, result: reply.wait_timed(COMMAND_LIMIT).await }
}
