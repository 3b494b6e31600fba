//! One person: does what the plan says, while the mail comes in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::mail::{Ends, Mail};
use super::plan::{Deed, Place, day};
use crate::chat::Payload;
use crate::client::{ClientError, Connection, Page, SendMessage};
use crate::kit::{Hall, Teller};

pub(super) const SEND: &str = "send";
pub(super) const TYPING: &str = "typing";
pub(super) const READ: &str = "mark read";
pub(super) const REACT: &str = "react";
pub(super) const LOOK: &str = "history";
pub(super) const ATTEND: &str = "set presence";
/// Everything that is asked, each timed.
pub(super) const OPERATIONS: [&str; 6] = [SEND, TYPING, READ, REACT, LOOK, ATTEND];
/// Anything of it that had to be asked again.
pub(super) const AGAIN: &str = "asked again";
/// From the end of the day until somebody had everything.
pub(super) const LEVEL: &str = "level";
/// Before something is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// What all people share.
pub(super) struct Office {
    pub(super) day: Duration,
    pub(super) messages: usize,
    pub(super) text_bytes: usize,
    pub(super) epoch: Instant,
    pub(super) limit: Duration,
    /// Begins the names of sends, and decides what chance is.
    pub(super) run_id: String,
    pub(super) seed: u64,
    /// People who have gone home.
    pub(super) home: AtomicUsize,
    pub(super) ends: watch::Sender<Option<Ends>>,
}

/// One person.
pub(super) struct Person {
    pub(super) mail: Mail,
    pub(super) office: Arc<Office>,
}

/// Counts somebody as gone home, however the day ended: the others shall not wait for them.
struct Gone<'a>(&'a AtomicUsize);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

impl Person {
    pub(super) async fn live(&self, mut tell: Teller) -> anyhow::Result<()> {
        let gone = Gone(&self.office.home);
        let feed = self.mail.open().await?;
        let start = tell.in_place().await?;
        let mut ends = self.office.ends.subscribe();
        let work = async {
            let worked = self.work(start, &tell).await;
            drop(gone);
            worked
        };
        tokio::try_join!(work, self.mail.listen(feed, &tell, &mut ends))?;
        tell.done(LEVEL, start + self.office.day);
        tell.count(LEVEL, 1);
        Ok(())
    }

    async fn work(&self, start: Instant, tell: &Teller) -> anyhow::Result<()> {
        let mut chance = StdRng::seed_from_u64(self.office.seed ^ self.mail.user as u64);
        let deeds = day(self.mail.user, self.office.messages, &mut chance);
        for (number, (at, deed)) in deeds.into_iter().enumerate() {
            let due = start + self.office.day.mul_f64(at);
            tokio::time::sleep_until(due.into()).await;
            self.carry_out(deed, number as u64, due, tell).await?;
        }
        Ok(())
    }

    async fn carry_out(
        &self,
        deed: Deed,
        number: u64,
        due: Instant,
        tell: &Teller,
    ) -> Result<(), ClientError> {
        match deed {
            Deed::Say { place, typed } => {
                let room = self.room(place);
                if typed && place != Place::Company {
                    self.do_with(TYPING, due, tell, "typing", &json!({ "room": room, "on": true })).await?;
                }
                let sent = due.saturating_duration_since(self.office.epoch);
                let text = Payload { user: self.mail.user, number, sent }.text(self.office.text_bytes);
                let cid = format!("{}-{}-{number}", self.office.run_id, self.mail.user);
                let message = SendMessage { room, cid: &cid, text: &text, after: None };
                self.do_with(SEND, due, tell, "send", &message).await
            }
            Deed::Read(place) => {
                let room = self.room(place);
                let Some(seq) = self.mail.newest(room) else { return Ok(()) };
                self.do_with(READ, due, tell, "mark_read", &json!({ "room": room, "seq": seq })).await
            }
            Deed::React(place) => {
                let room = self.room(place);
                let Some(seq) = self.mail.newest(room) else { return Ok(()) };
                let fields = json!({ "room": room, "seq": seq, "emoji": "👍" });
                self.do_with(REACT, due, tell, "react", &fields).await
            }
            Deed::Look(place) => {
                let room = self.room(place);
                let before = self.mail.newest(room).map_or(Page::Newest, |seq| Page::Before(1 + seq / 2));
                let fields = crate::client::history_fields(Some(room), before, 50);
                self.do_with(LOOK, due, tell, "history", &fields).await
            }
            Deed::Attend { online } => {
                let state = if online { "online" } else { "idle" };
                self.do_with(ATTEND, due, tell, "set_presence", &json!({ "state": state })).await
            }
            Deed::Stumble => {
                if let Some(connection) = self.mail.line.borrow().as_ref() {
                    connection.hang_up();
                }
                Ok(())
            }
        }
    }

    /// Asks for something until it is answered.
    async fn do_with(
        &self,
        row: &'static str,
        due: Instant,
        tell: &Teller,
        operation: &str,
        fields: &impl serde::Serialize,
    ) -> Result<(), ClientError> {
        loop {
            let connection = self.connection().await?;
            match connection.call::<Value>(operation, fields, self.office.limit).await {
                Ok(_) => {
                    tell.done(row, due);
                    tell.count(row, 1);
                    return Ok(());
                }
                Err(error) if error.is_temporary() || matches!(error, ClientError::Disconnected(_)) => {
                    tell.failed(row, AGAIN, due, &error);
                    tokio::time::sleep(error.retry_after().unwrap_or(PAUSE)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The connection, once there is one again.
    async fn connection(&self) -> Result<Arc<Connection>, ClientError> {
        let mut line = self.mail.line.subscribe();
        let known = line.wait_for(Option::is_some).await.ok().and_then(|connection| connection.clone());
        known.ok_or_else(|| ClientError::Local("the mail has ended".to_owned()))
    }

    fn room(&self, place: Place) -> &str {
        let number = match place {
            Place::Team => 0,
            Place::Direct => 1,
            Place::Company => 2,
        };
        self.mail.rooms.get(number).map_or("", |hall: &Hall| hall.room.as_str())
    }
}
