//! One client of a drill: listens, sends what is due, and when its connection breaks goes on at the next node
//! from its cursor, as an app would.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::absence::{Absence, Cause};
use super::diary::{Diary, Role};
use super::hearing::Hearing;
use super::orders::{Board, Orders};
use super::outbox::{Letter, Outbox};
use crate::chat::Payload;
use crate::client::{
    ClientError, Connection, Event, EventKind, Goodbye, Page, Push, PushFeed, Pushes, Resume, Rotation,
    SendAck, SendMessage,
};

/// Pushes that may wait for one client: far more than come.
const FEED_MAX: usize = 100_000;
/// Most events on a page of history; the protocol's limit.
const PAGE_MAX: usize = 200;
/// Over this time the departures are spread when everybody is told to go.
const MARCH: Duration = Duration::from_secs(2);
/// Sentences that are kept of what must not happen.
const COMPLAINTS_MAX: usize = 3;

/// How a stay ended.
enum Left {
    Lost,
    Told,
    Dismissed,
}

type Answer = Pin<Box<dyn Future<Output = Result<(SendAck, Instant), ClientError>> + Send>>;

/// One client.
pub(super) struct Resident {
    role: Role,
    orders: watch::Receiver<Orders>,
    board: Arc<Board>,
    way: Rotation,
    marches: u64,
    cursor: Option<String>,
    /// What the last node said, if it sent this client away.
    goodbye: Option<Goodbye>,
    hearing: Hearing,
    outbox: Option<Outbox>,
    absences: Vec<Absence>,
    complaints: Vec<String>,
}

impl Resident {
    pub(super) fn new(role: Role, orders: watch::Receiver<Orders>, board: Arc<Board>) -> Self {
        let (way, marches) = {
            let orders = orders.borrow();
            (orders.way_of(role.user), orders.marches)
        };
        Self {
            hearing: Hearing::after(role.room_starts_after),
            outbox: role.schedule.map(|schedule| Outbox::new(schedule, role.give_up_after)),
            role,
            orders,
            board,
            way,
            marches,
            cursor: None,
            goodbye: None,
            absences: Vec::new(),
            complaints: Vec::new(),
        }
    }

    /// Lives until it is dismissed or cannot come back.
    pub(super) async fn live(mut self) -> Diary {
        self.obey();
        let mut left = None;
        while let Some((connection, mut feed)) = self.come_in(left).await {
            let how = self.stay(&connection, &mut feed).await;
            self.board.set_place(self.role.user, None);
            let noticed = Instant::now();
            // What came before the end counts, and the cursor may cover it.
            connection.hang_up();
            while let Some((at, push)) = feed.next().await {
                self.hear(at, push);
            }
            self.cursor = connection.cursor();
            self.goodbye = connection.goodbye();
            let cause = match how {
                Left::Dismissed => break,
                Left::Lost => Cause::Lost,
                Left::Told => Cause::Told,
            };
            self.absences.push(Absence::begins(cause, noticed));
            left = Some(cause);
        }
        self.board.set_talks(self.role.user, false);
        let (acks, given_up) = self.outbox.map(Outbox::close).unwrap_or_default();
        let Self { role, absences, complaints, hearing, .. } = self;
        Diary { user: role.user, absences, acks, given_up, complaints, hearing }
    }

    /// Connects somewhere and catches up; `None` when it is dismissed or has tried for too long.
    async fn come_in(&mut self, left: Option<Cause>) -> Option<(Connection, PushFeed)> {
        let deadline = Instant::now() + self.role.give_up_after;
        // Everybody leaves at the same moment; not everybody may come back at the same.
        match left {
            Some(Cause::Lost) => {
                let wait = match self.goodbye.take() {
                    Some(goodbye) => {
                        self.way.go_to(self.way.turn(), &goodbye.nodes);
                        goodbye.reconnect_after
                    }
                    None => {
                        self.way.go_on(self.way.turn());
                        Duration::ZERO
                    }
                };
                tokio::time::sleep(wait + self.role.backoff.random_delay(0)).await;
            }
            Some(Cause::Told) => tokio::time::sleep(MARCH.mul_f64(rand::random())).await,
            None => {}
        }
        for attempt in 0.. {
            if let Some(Left::Dismissed) = self.obey() {
                return None;
            }
            if let Some(absence) = self.absences.last_mut() {
                absence.attempts += 1;
            }
            let error = match self.try_come_in().await {
                Ok(inside) => return Some(inside),
                Err(error) => error,
            };
            if !error.is_temporary() || Instant::now() >= deadline {
                self.complain(format!("cannot come in: {error}"));
                return None;
            }
            if error.blames_node() {
                self.way.go_on(self.way.turn());
            }
            let wait = error.retry_after().unwrap_or_default();
            tokio::time::sleep(wait + self.role.backoff.random_delay(attempt)).await;
        }
        None
    }

    async fn try_come_in(&mut self) -> Result<(Connection, PushFeed), ClientError> {
        let (limit, pushes) = (self.role.command_timeout, Pushes::Kept { max: FEED_MAX });
        self.hearing.reconnected();
        let turn = self.way.turn();
        let url = self.way.address(turn);
        let coming = Connection::resume(url, &self.role.token, self.cursor.as_deref(), pushes, limit);
        let (connection, mut feed, welcome) = coming.await?;
        let connected = Instant::now();
        if matches!(welcome.resume, Some(Resume::Limited | Resume::Reset)) {
            // Before the feed: what is pushed already lies behind what is to be read.
            self.catch_up(&connection).await?;
        }
        while let Some((at, push)) = feed.try_next() {
            self.hear(at, push);
        }
        if let Some(absence) = self.absences.last_mut() {
            absence.connected = Some(connected);
            absence.resume = welcome.resume;
            absence.level = Some(if absence.is_resync() { Instant::now() } else { connected });
        }
        self.board.set_place(self.role.user, Some(self.way.index(turn)));
        Ok((connection, feed))
    }

    /// Reads what was missed, where it was not pushed.
    async fn catch_up(&mut self, connection: &Connection) -> Result<(), ClientError> {
        loop {
            let page = Page::After(self.hearing.known());
            let limit = self.role.command_timeout;
            let page = connection.history(&self.role.room, page, PAGE_MAX, limit).await?;
            for event in &page.events {
                if self.hearing.read(event.seq) {
                    self.learn(Instant::now(), event);
                }
            }
            if !page.more {
                return Ok(());
            }
        }
    }

    /// Listens and sends until the connection ends or the orders say to go.
    async fn stay(&mut self, connection: &Connection, feed: &mut PushFeed) -> Left {
        let connected = Instant::now();
        let mut answer: Option<Answer> = None;
        loop {
            let send_at = self.outbox.as_ref().filter(|_| answer.is_none()).and_then(Outbox::next_at);
            let send_time = send_at.unwrap_or(connected);
            tokio::select! {
                push = feed.next() => match push {
                    Some((at, push)) => self.hear(at, push),
                    None => {
                        self.troubled(Duration::ZERO);
                        return Left::Lost;
                    }
                },
                answered = async { Some(answer.as_mut()?.await) }, if answer.is_some() => {
                    answer = None;
                    if let Some(answered) = answered {
                        self.answered(answered, connected);
                    }
                }
                () = tokio::time::sleep_until(send_time.into()), if send_at.is_some() => {
                    answer = self.send(connection).await;
                }
                _ = self.orders.changed() => if let Some(left) = self.obey() {
                    self.troubled(Duration::ZERO);
                    return left;
                }
            }
        }
    }

    /// Takes over what the orders say now. Answers why it cannot stay where it is.
    fn obey(&mut self) -> Option<Left> {
        let orders = self.orders.borrow_and_update();
        let goes = std::mem::replace(&mut self.marches, orders.marches) != orders.marches;
        if goes || *self.way.nodes() != orders.nodes {
            self.way = orders.way_of(self.role.user);
        }
        if let Some(outbox) = &mut self.outbox {
            if let Some(since) = orders.talk_since {
                outbox.begin(since);
            }
            if orders.hush {
                outbox.end();
            }
            self.board.set_talks(self.role.user, !outbox.is_done());
        }
        if orders.dismissed { Some(Left::Dismissed) } else { goes.then_some(Left::Told) }
    }

    async fn send(&mut self, connection: &Connection) -> Option<Answer> {
        let Letter { number, first_sent, .. } = self.outbox.as_mut()?.take(Instant::now())?;
        let sent = first_sent.saturating_duration_since(self.role.epoch);
        let text = Payload { user: self.role.user, number, sent }.text(self.role.text_bytes);
        let cid = format!("{}-{number}", self.role.user);
        let message = SendMessage { room: &self.role.room, cid: &cid, text: &text, after: None };
        let begun = connection.begin_send(message).await;
        let limit = self.role.command_timeout;
        Some(Box::pin(async move { begun?.wait_timed(limit).await }))
    }

    fn answered(&mut self, answer: Result<(SendAck, Instant), ClientError>, connected: Instant) {
        let Some(outbox) = &mut self.outbox else { return };
        match answer {
            Ok((ack, at)) => {
                outbox.acked(ack.seq, at, connected);
                self.board.count_ack();
            }
            Err(ClientError::Disconnected(_)) => self.troubled(Duration::ZERO),
            Err(error) if error.is_temporary() => {
                let jitter = self.role.backoff.random_delay(0);
                self.troubled(error.retry_after().unwrap_or_default() + jitter);
            }
            Err(error) => {
                outbox.give_up();
                self.complain(format!("a send was refused: {error}"));
            }
        }
        let done = self.outbox.as_ref().is_none_or(Outbox::is_done);
        self.board.set_talks(self.role.user, !done);
    }

    fn troubled(&mut self, delay: Duration) {
        if let Some(outbox) = &mut self.outbox {
            outbox.troubled(Instant::now(), delay);
        }
    }

    fn hear(&mut self, at: Instant, push: Push) {
        if let Push::Event(event) = push
            && event.room == self.role.room
            && self.hearing.hear(event.seq)
        {
            self.learn(at, &event);
        }
    }

    /// An event that is news.
    fn learn(&mut self, at: Instant, event: &Event) {
        self.board.set_known(self.role.user, self.hearing.known());
        let EventKind::Message { text, .. } = &event.kind else { return };
        let Some(payload) = Payload::read(text) else {
            self.hearing.changed();
            return;
        };
        self.hearing.message(payload.user, payload.number);
        if let Some(absence) = self.absences.last_mut()
            && self.role.epoch + payload.sent > absence.since
        {
            absence.news.get_or_insert(at);
        }
    }

    fn complain(&mut self, complaint: String) {
        if self.complaints.len() < COMPLAINTS_MAX {
            self.complaints.push(format!("user {}: {complaint}", self.role.user));
        }
    }
}
