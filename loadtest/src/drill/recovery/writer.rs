//! Those who fill the node: each in a room of their own, several messages under way at a time, until the
//! connection breaks.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use futures_util::future::try_join_all;
use tokio::task::JoinSet;

use super::filler::Filler;
use crate::accounts::patiently;
use crate::chat::{Plan, Stage};
use crate::client::{
    ClientError, Connection, EventKind, HttpClient, Page, PendingReply, Pushes, SendAck, SendMessage,
};

/// Messages of one writer under way.
const WINDOW: usize = 8;
/// How long an ack may take while the disk is busy.
const ACKED_WITHIN: Duration = Duration::from_secs(60);
const CONNECTED_WITHIN: Duration = Duration::from_secs(30);
/// Before the next message, when one was refused for now.
const PAUSE: Duration = Duration::from_millis(50);
/// Before the next attempt at a node that is not there yet: so long a figure may be too long.
const KNOCK_EVERY: Duration = Duration::from_millis(10);
const SIGN_UPS_AT_ONCE: usize = 4;

/// The last message of a room that was acknowledged.
#[derive(Debug, Clone, Copy)]
struct Acked {
    number: u64,
    seq: u64,
}

/// Somebody with a room.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    room: String,
    token: String,
    next: u64,
    last: Option<Acked>,
}

/// Writers at work.
#[derive(Debug)]
pub(super) struct Writing {
    running: JoinSet<anyhow::Result<Writer>>,
    written: Arc<AtomicU64>,
}

impl Writer {
    /// So many, with their rooms.
    pub(super) async fn crowd(http: &HttpClient, run_id: &str, rooms: usize) -> anyhow::Result<Vec<Self>> {
        let stage = Stage::set(http, run_id, Plan::new(rooms, 1, None), SIGN_UPS_AT_ONCE).await?;
        let pairs = stage.rooms.into_iter().zip(stage.sessions);
        Ok(pairs
            .map(|(room, session)| Self { room: room.room, token: session.token, next: 0, last: None })
            .collect())
    }

    /// Sends the next message again and again until it is acknowledged.
    pub(super) async fn knock(
        &mut self,
        http: &HttpClient,
        filler: &Filler,
        limit: Duration,
    ) -> anyhow::Result<Instant> {
        let (number, deadline) = (self.next, Instant::now() + limit);
        self.next += 1;
        let (http, cid, text) = (http.with_token(&self.token), number.to_string(), filler.text(number));
        loop {
            let message = SendMessage { room: &self.room, cid: &cid, text: &text, after: None };
            match http.send(message).await {
                Ok(ack) => {
                    self.acked(number, ack.seq);
                    return Ok(Instant::now());
                }
                Err(error) if !error.is_temporary() || Instant::now() >= deadline => {
                    return Err(error).context("a send to the node that has come back");
                }
                Err(_) => tokio::time::sleep(KNOCK_EVERY).await,
            }
        }
    }

    /// What is wrong with the last acknowledged message as the room's log has it now; `None`: nothing.
    pub(super) async fn last_is_lost(
        &self,
        http: &HttpClient,
        filler: &Filler,
    ) -> anyhow::Result<Option<String>> {
        let Some(Acked { number, seq }) = self.last else { return Ok(None) };
        let http = http.with_token(&self.token);
        let page = patiently(ACKED_WITHIN, || http.history(&self.room, Page::Before(seq + 1), 1)).await?;
        let wanted = EventKind::Message { cid: number.to_string(), text: filler.text(number) };
        let found = page.events.last();
        let there = found.is_some_and(|event| event.seq == seq && event.kind == wanted);
        Ok((!there).then(|| {
            let found = found.map_or("nothing".to_owned(), |event| format!("another event, {}", event.seq));
            format!("message {number} of {} was acknowledged at {seq}; found {found}", self.room)
        }))
    }

    /// Writes until the connection breaks.
    async fn write(
        mut self,
        connection: Connection,
        filler: Arc<Filler>,
        written: Arc<AtomicU64>,
    ) -> anyhow::Result<Self> {
        let mut under_way: VecDeque<(u64, u64, PendingReply)> = VecDeque::with_capacity(WINDOW);
        loop {
            while under_way.len() < WINDOW {
                let (number, room) = (self.next, &self.room);
                let (cid, text) = (number.to_string(), filler.text(number));
                let begun = connection.begin_send(SendMessage { room, cid: &cid, text: &text, after: None });
                match begun.await {
                    Ok(reply) => under_way.push_back((number, text.len() as u64, reply)),
                    Err(ClientError::Disconnected(_)) => return Ok(self),
                    Err(error) => return Err(error.into()),
                }
                self.next += 1;
            }
            let (number, bytes, reply) = under_way.pop_front().context("nothing is under way")?;
            match reply.wait::<SendAck>(ACKED_WITHIN).await {
                Ok(ack) => {
                    self.acked(number, ack.seq);
                    written.fetch_add(bytes, Ordering::Relaxed);
                }
                Err(ClientError::Disconnected(_)) => return Ok(self),
                // The disk cannot keep up; there are enough other messages.
                Err(error @ ClientError::Refused(_)) if error.is_temporary() => {
                    tokio::time::sleep(error.retry_after().unwrap_or(PAUSE)).await;
                }
                Err(error) => return Err(error).context("a message that should fill the node"),
            }
        }
    }

    fn acked(&mut self, number: u64, seq: u64) {
        if self.last.is_none_or(|last| last.seq < seq) {
            self.last = Some(Acked { number, seq });
        }
    }
}

impl Writing {
    /// They connect to the node, and when all have done so, they begin.
    pub(super) async fn begin(writers: Vec<Writer>, url: &str, filler: &Arc<Filler>) -> anyhow::Result<Self> {
        let connecting = writers
            .iter()
            .map(|writer| Connection::connect(url, &writer.token, Pushes::Ignored, CONNECTED_WITHIN));
        let connections = try_join_all(connecting).await?;
        let (mut running, written) = (JoinSet::new(), Arc::new(AtomicU64::new(0)));
        for (writer, (connection, ..)) in writers.into_iter().zip(connections) {
            running.spawn(writer.write(connection, filler.clone(), written.clone()));
        }
        Ok(Self { running, written })
    }

    /// Bytes of texts that were acknowledged since they began. An error if one of them could not go on.
    pub(super) fn written(&mut self) -> anyhow::Result<u64> {
        match self.running.try_join_next() {
            None => Ok(self.written.load(Ordering::Relaxed)),
            Some(ended) => {
                ended.context("a writer")??;
                bail!("a writer lost its connection to a node that should run");
            }
        }
    }

    /// After the node's end: they put their pens down.
    pub(super) async fn end(mut self) -> anyhow::Result<Vec<Writer>> {
        let mut writers = Vec::with_capacity(self.running.len());
        while let Some(ended) = self.running.join_next().await {
            writers.push(ended.context("a writer")??);
        }
        ensure!(
            writers.iter().all(|writer| writer.last.is_some()),
            "a room without a message when the node ended"
        );
        Ok(writers)
    }
}
