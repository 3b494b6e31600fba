//! What comes in for one person: stays level with several rooms, through lost connections too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::chat::Payload;
use crate::client::{
    Backoff, ClientError, Connection, Event, EventKind, Follower, Page, Place, Push, PushFeed, Pushes,
};
use crate::kit::{Hall, Teller};

/// What others said, from when it was due.
pub(super) const HEAR: &str = "hear";
/// Connections that were lost, for whatever reason.
pub(super) const LOST: &str = "connections lost";
/// Events that were taken.
pub(super) const TAKEN: &str = "events";
/// Pages read to fill holes.
pub(super) const FILLED: &str = "pages to fill holes";
/// Pushes that may wait.
const FEED_MAX: usize = 50_000;
/// Events of a page.
const PAGE_MAX: usize = 200;

/// Where each room's log ends, once nobody says anything more.
pub(super) type Ends = Arc<HashMap<String, u64>>;

/// The connection as it is now; those who do something take it from here.
pub(super) type Line = watch::Sender<Option<Arc<Connection>>>;

/// The mail of one person.
pub(super) struct Mail {
    /// Number of the person.
    pub(super) user: usize,
    pub(super) url: String,
    pub(super) token: String,
    pub(super) rooms: Vec<Hall>,
    pub(super) line: Line,
    /// The newest message of others in each room.
    pub(super) newest: Mutex<HashMap<String, u64>>,
    pub(super) epoch: Instant,
    pub(super) limit: Duration,
}

impl Mail {
    /// The last message somebody else said there.
    pub(super) fn newest(&self, room: &str) -> Option<u64> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).get(room).copied()
    }

    /// The first connection.
    pub(super) async fn open(&self) -> Result<PushFeed, ClientError> {
        self.dial(None).await
    }

    /// Listens until `ends` is told and everything up to there was taken.
    pub(super) async fn listen(
        &self,
        mut feed: PushFeed,
        tell: &Teller,
        ends: &mut watch::Receiver<Option<Ends>>,
    ) -> anyhow::Result<()> {
        let mut follower = Follower::default();
        for hall in &self.rooms {
            follower.begin(&hall.room, hall.last_seq);
        }
        loop {
            let known = ends.borrow_and_update().clone();
            if let Some(known) = &known {
                for hall in &self.rooms {
                    follower.head(&hall.room, known.get(&hall.room).copied().unwrap_or(0));
                }
            }
            let filled = self.fill(&mut follower, tell).await;
            if filled.is_ok() && known.is_some() {
                return Ok(());
            }
            let listened = match filled {
                Ok(()) => self.hear(&mut feed, &mut follower, tell, ends).await,
                Err(error) => Err(error),
            };
            match listened {
                Ok(()) => {}
                Err(error) if error.is_temporary() || matches!(error, ClientError::Disconnected(_)) => {
                    feed = self.come_back(feed, &mut follower, tell).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Takes what is pushed until something is missing or the ends are told.
    async fn hear(
        &self,
        feed: &mut PushFeed,
        follower: &mut Follower,
        tell: &Teller,
        ends: &mut watch::Receiver<Option<Ends>>,
    ) -> Result<(), ClientError> {
        loop {
            let push = tokio::select! {
                push = feed.next() => push,
                // A conductor that has gone has told all it knows.
                _ = ends.changed() => return Ok(()),
            };
            let Some((_, push)) = push else {
                let lost = "the connection ended".to_owned();
                return Err(ClientError::Disconnected(crate::client::CloseReason {
                    code: None,
                    reason: lost,
                }));
            };
            if self.take(push, follower, tell) == Place::Beyond {
                return Ok(());
            }
        }
    }

    /// Takes one push; [`Place::Beyond`] says that something is to be read.
    fn take(&self, push: Push, follower: &mut Follower, tell: &Teller) -> Place {
        match push {
            Push::Event(event) => {
                let place = follower.event(&event.room, event.seq);
                if place == Place::Next {
                    self.note(&event, tell);
                }
                place
            }
            Push::Head { room, last_seq } => {
                follower.head(&room, last_seq);
                Place::Beyond
            }
            Push::Shed { room, level, spread_ms } => {
                follower.shed(&room, &level, spread_ms);
                Place::Known
            }
            _ => Place::Known,
        }
    }

    fn note(&self, event: &Event, tell: &Teller) {
        tell.count(TAKEN, 1);
        let EventKind::Message { text, .. } = &event.kind else { return };
        let Some(payload) = Payload::read(text).filter(|payload| payload.user != self.user) else { return };
        tell.done(HEAR, self.epoch + payload.sent);
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.insert(event.room.clone(), event.seq);
    }

    /// Reads what was not pushed, room by room.
    async fn fill(&self, follower: &mut Follower, tell: &Teller) -> Result<(), ClientError> {
        for hall in &self.rooms {
            while let Some((mut after, wait)) = follower.wants(&hall.room, rand::random::<f64>()) {
                tokio::time::sleep(wait).await;
                loop {
                    let current = self.line.borrow().clone();
                    let Some(connection) = current else { break };
                    let page = connection.history(&hall.room, Page::After(after), PAGE_MAX, self.limit).await;
                    let page = match page {
                        Ok(page) => page,
                        Err(error) => {
                            follower.read(&hall.room, false);
                            return Err(error);
                        }
                    };
                    tell.count(FILLED, 1);
                    for event in &page.events {
                        if follower.event(&hall.room, event.seq) == Place::Next {
                            self.note(event, tell);
                        }
                    }
                    match follower.read(&hall.room, page.more) {
                        Some(through) => after = through,
                        None => break,
                    }
                }
            }
        }
        Ok(())
    }

    async fn come_back(
        &self,
        mut feed: PushFeed,
        follower: &mut Follower,
        tell: &Teller,
    ) -> Result<PushFeed, ClientError> {
        let last = self.line.send_replace(None);
        let cursor = match last {
            Some(connection) => {
                connection.hang_up();
                // What came before the end counts, and the cursor may cover it.
                while let Some((_, push)) = feed.next().await {
                    self.take(push, follower, tell);
                }
                connection.cursor()
            }
            None => None,
        };
        tell.count(LOST, 1);
        let mut attempt = 0;
        loop {
            tokio::time::sleep(Backoff::default().random_delay(attempt)).await;
            match self.dial(cursor.as_deref()).await {
                Err(error) if error.is_temporary() => attempt += 1,
                Err(error) => return Err(error),
                Ok(feed) => {
                    // Whatever the cursor did not cover shows by where the logs end.
                    self.look_at_rooms(follower).await?;
                    return Ok(feed);
                }
            }
        }
    }

    async fn look_at_rooms(&self, follower: &mut Follower) -> Result<(), ClientError> {
        let current = self.line.borrow().clone();
        let Some(connection) = current else { return Ok(()) };
        for hall in &self.rooms {
            follower.shed(&hall.room, "none", 0);
            let last_seq = connection.room(&hall.room, self.limit).await?.last_seq;
            follower.head(&hall.room, last_seq);
        }
        Ok(())
    }

    async fn dial(&self, cursor: Option<&str>) -> Result<PushFeed, ClientError> {
        let pushes = Pushes::Kept { max: FEED_MAX };
        let (connection, feed, _) =
            Connection::resume(&self.url, &self.token, cursor, pushes, self.limit).await?;
        self.line.send_replace(Some(Arc::new(connection)));
        Ok(feed)
    }
}
