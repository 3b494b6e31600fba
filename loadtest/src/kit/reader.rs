//! Somebody who ends level with a room, whatever is pushed: takes what is pushed in order, reads the holes by pages,
//! and comes back when the connection is lost. Counts, and looks at no text.

use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::watch;

use super::cast::Teller;
use crate::client::{
    Backoff, ClientError, Connection, Follower, Page, Place, Push, PushFeed, Pushes, history_fields,
};

/// Pushes that may wait while a page is read.
const FEED_MAX: usize = 50_000;
/// Most events of a page that the protocol allows by default.
const PAGE_MAX: usize = 200;
/// How often counts go to the board.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// Who reads what.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) room: String,
    /// Everything up to here is known.
    pub(crate) through: u64,
    /// Limit of a command.
    pub(crate) limit: Duration,
}

/// Of a page, only where its events are.
#[derive(Deserialize)]
struct Places {
    events: Vec<EventPlace>,
    more: bool,
}

#[derive(Deserialize)]
struct EventPlace {
    seq: u64,
}

/// What was taken since it was told last.
#[derive(Debug, Default)]
struct Taken {
    pushed: u64,
    by_page: u64,
    pages: u64,
    heads: u64,
}

/// One reader with its connection.
#[derive(Debug)]
pub(crate) struct Reader {
    subscription: Subscription,
    connection: Connection,
    feed: PushFeed,
    follower: Follower,
    /// When the next page is to be read.
    read_at: Option<Instant>,
    taken: Taken,
    told: Instant,
}

impl Reader {
    /// Connects.
    pub(crate) async fn connect(subscription: Subscription) -> Result<Self, ClientError> {
        let (connection, feed) = dial(&subscription).await?;
        let mut follower = Follower::default();
        follower.begin(&subscription.room, subscription.through);
        let told = Instant::now();
        Ok(Self { subscription, connection, feed, follower, read_at: None, taken: Taken::default(), told })
    }

    /// Through where everything was taken.
    pub(crate) fn through(&self) -> u64 {
        self.follower.through(&self.subscription.room).unwrap_or(0)
    }

    /// Reads until `until` is told and everything up to it was taken, however often the connection is lost.
    pub(crate) async fn read_through(
        &mut self,
        tell: &Teller,
        until: &mut watch::Receiver<Option<u64>>,
    ) -> anyhow::Result<()> {
        while let Err(error) = self.read_on(tell, until).await {
            if !error.is_temporary() && !matches!(error, ClientError::Disconnected(_)) {
                return Err(error.into());
            }
            tell.count("connections lost", 1);
            self.come_back().await?;
        }
        self.tell(tell);
        Ok(())
    }

    async fn read_on(
        &mut self,
        tell: &Teller,
        until: &mut watch::Receiver<Option<u64>>,
    ) -> Result<(), ClientError> {
        loop {
            let last = *until.borrow_and_update();
            if last.is_some_and(|last| self.through() >= last) {
                return Ok(());
            }
            let read_at = self.read_at.unwrap_or_else(Instant::now);
            tokio::select! {
                push = self.feed.next() => match push {
                    Some((_, push)) => self.hear(push),
                    None => return Err(ClientError::Disconnected(self.connection.wait_closed().await)),
                },
                () = tokio::time::sleep_until(read_at.into()), if self.read_at.is_some() => {
                    self.read_pages(tell).await?;
                }
                changed = until.changed() => if changed.is_err() {
                    return Ok(());
                },
            }
            if self.told.elapsed() >= TELL_EVERY {
                self.tell(tell);
            }
        }
    }

    fn hear(&mut self, push: Push) {
        match push {
            Push::Events { room, seqs } => self.taken.pushed += self.follower.events(&room, seqs),
            Push::Head { room, last_seq } => {
                self.taken.heads += 1;
                self.follower.head(&room, last_seq);
            }
            Push::Shed { room, level, spread_ms } => {
                self.follower.shed(&room, &level, spread_ms);
                if level == "none" && self.read_at.is_some() {
                    self.read_at = Some(Instant::now());
                }
            }
            _ => return,
        }
        if self.read_at.is_none()
            && let Some((_, wait)) = self.follower.wants(&self.subscription.room, rand::random::<f64>())
        {
            self.read_at = Some(Instant::now() + wait);
        }
    }

    /// Reads by pages until there is no more.
    async fn read_pages(&mut self, tell: &Teller) -> Result<(), ClientError> {
        self.read_at = None;
        let room = self.subscription.room.clone();
        loop {
            let asked = Instant::now();
            let fields = history_fields(Some(&room), Page::After(self.through()), PAGE_MAX);
            let page: Places = match self.connection.call("history", &fields, self.subscription.limit).await {
                Ok(page) => page,
                Err(ClientError::Refused(refusal)) if refusal.temporary => {
                    let error = ClientError::Refused(refusal);
                    tell.failed("page", "pages refused", asked, &error);
                    let wait = error.retry_after().unwrap_or(Duration::from_millis(200));
                    self.read_at = Some(Instant::now() + wait + Backoff::default().random_delay(0));
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            tell.done("page", asked);
            self.taken.pages += 1;
            for event in &page.events {
                match self.follower.event(&room, event.seq) {
                    Place::Next => self.taken.by_page += 1,
                    Place::Known => {}
                    Place::Beyond => {
                        let what = format!("a page after {} begins with {}", self.through(), event.seq);
                        return Err(ClientError::Protocol(what));
                    }
                }
            }
            if self.follower.read(&room, page.more).is_none() {
                return Ok(());
            }
        }
    }

    /// After a connection was lost: a new one, and whatever was missed is wanted.
    async fn come_back(&mut self) -> Result<(), ClientError> {
        let room = self.subscription.room.clone();
        let (mut attempt, mut asked) = (0, Duration::ZERO);
        let last_seq = loop {
            tokio::time::sleep(asked + Backoff::default().random_delay(attempt)).await;
            let back = async {
                let (connection, feed) = dial(&self.subscription).await?;
                let last_seq = connection.room(&room, self.subscription.limit).await?.last_seq;
                Ok::<_, ClientError>((connection, feed, last_seq))
            };
            match back.await {
                Ok((connection, feed, last_seq)) => {
                    (self.connection, self.feed) = (connection, feed);
                    break last_seq;
                }
                Err(error) if error.is_temporary() || matches!(error, ClientError::Disconnected(_)) => {
                    asked = error.retry_after().unwrap_or_default();
                }
                Err(error) => return Err(error),
            }
            attempt += 1;
        };
        self.follower.read(&room, false);
        self.follower.shed(&room, "none", 0);
        self.follower.head(&room, last_seq);
        self.read_at = self.follower.wants(&room, 0.0).map(|_| Instant::now());
        Ok(())
    }

    fn tell(&mut self, tell: &Teller) {
        let Taken { pushed, by_page, pages, heads } = std::mem::take(&mut self.taken);
        let counts = [("pushed", pushed), ("read by page", by_page), ("pages", pages), ("heads", heads)];
        for (what, times) in counts {
            if times > 0 {
                tell.count(what, times);
            }
        }
        self.told = Instant::now();
    }
}

async fn dial(subscription: &Subscription) -> Result<(Connection, PushFeed), ClientError> {
    let Subscription { url, token, limit, .. } = subscription;
    let pushes = Pushes::Places { max: FEED_MAX };
    Connection::connect(url, token, pushes, *limit).await.map(|(connection, feed, _)| (connection, feed))
}
