//! A process that holds connections for another one: a process may have only so many open files, a drill needs
//! more sockets than that. It obeys lines of JSON on its standard input, says what became of them on its standard
//! output, and ends when its input does: also when whoever started it was killed.

mod deaf;
mod ledger;

use std::collections::VecDeque;
use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use crate::client::{ClientError, Connection, Push, PushFeed, Pushes, Resume};
use deaf::Deaf;
use ledger::Ledger;
pub use ledger::Place;

/// How long a connection may take from the first packet to the answer to `connect`.
const CONNECT_WITHIN: Duration = Duration::from_secs(60);
/// Orders that wait; more stay in the pipe.
const ORDERS_MAX: usize = 1024;
/// Pushes of one connection that wait to be written down.
const PUSHES_MAX: usize = 4096;
/// How often the connections are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What the holder is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Open a connection and hold it. Answered with [`News::Opened`] or [`News::Failed`].
    Open {
        /// The node.
        url: String,
        /// The session.
        token: String,
    },
    /// Open a connection, sign in, and never read from it again. Answered like [`Order::Open`], and nothing is said
    /// of it afterwards. No part of storms.
    OpenDeaf {
        /// The node.
        url: String,
        /// The session.
        token: String,
    },
    /// Tell how far each client has heard each room. Answered with [`News::Heard`] for each, then [`News::Told`].
    Tell,
    /// Cut all connections in mid-air and open them again at once, with their cursors. Answered with
    /// [`News::Cut`], then as many times as there were connections.
    Storm,
}

/// What the holder says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// A connection is open and knows all that it missed.
    Opened {
        /// From the first packet, or from the cut.
        took_us: u64,
        /// It had to be told to read by itself what it missed.
        resync: bool,
    },
    /// A connection could not be opened.
    Failed(String),
    /// A connection was lost.
    Lost(String),
    /// All connections are cut.
    Cut,
    /// How far a client has heard a room.
    Heard(Place),
    /// That was all that was heard.
    Told,
}

/// A connection that can come again.
struct Held {
    url: String,
    token: String,
    connection: Connection,
    ledger: Arc<Mutex<Ledger>>,
    /// Writes the ledger; ends with the connection.
    listening: JoinHandle<()>,
}

/// Somebody who wants in.
struct Caller {
    url: String,
    token: String,
    cursor: Option<String>,
    ledger: Arc<Mutex<Ledger>>,
    since: Instant,
}

/// Holds connections until the input ends; `at_once` are opened at the same time.
pub async fn hold(at_once: usize) -> anyhow::Result<()> {
    let (orders, mut obeyed) = mpsc::channel(ORDERS_MAX);
    // A thread of its own: nothing of it is left to wait for when the connections have ended.
    let reading = std::thread::spawn(move || read_orders(&orders));
    let mut holder = Holder::new(at_once);
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        let news = tokio::select! {
            order = obeyed.recv() => match order {
                Some(order) => holder.obey(order).await,
                None => break,
            },
            Some(done) = holder.calls.join_next() => vec![holder.answered(done.context("a call")?)],
            _ = look.tick() => holder.lost(),
        };
        holder.call();
        tell(&news)?;
    }
    reading.join().unwrap_or_else(|_| bail!("the reader of orders panicked"))
}

fn read_orders(orders: &mpsc::Sender<Order>) -> anyhow::Result<()> {
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let order = serde_json::from_str(&line).with_context(|| format!("an order: {line}"))?;
        if orders.blocking_send(order).is_err() {
            break;
        }
    }
    Ok(())
}

/// Whoever started this process reads all the time.
fn tell(news: &[News]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for news in news {
        writeln!(out, "{}", serde_json::to_string(news)?)?;
    }
    Ok(out.flush()?)
}

struct Holder {
    at_once: usize,
    held: Vec<Held>,
    deaf: Vec<Deaf>,
    waiting: VecDeque<Caller>,
    calls: JoinSet<Result<(Held, News), ClientError>>,
}

impl Holder {
    fn new(at_once: usize) -> Self {
        Self {
            at_once: at_once.max(1),
            held: Vec::new(),
            deaf: Vec::new(),
            waiting: VecDeque::new(),
            calls: JoinSet::new(),
        }
    }

    async fn obey(&mut self, order: Order) -> Vec<News> {
        match order {
            Order::Open { url, token } => {
                let (cursor, ledger) = (None, Arc::default());
                self.waiting.push_back(Caller { url, token, cursor, ledger, since: Instant::now() });
                Vec::new()
            }
            Order::OpenDeaf { url, token } => {
                let since = Instant::now();
                vec![match Deaf::open(&url, &token).await {
                    Ok(deaf) => {
                        self.deaf.push(deaf);
                        News::Opened { took_us: micros(since), resync: false }
                    }
                    Err(error) => News::Failed(format!("{error:#}")),
                }]
            }
            Order::Tell => {
                let places = |held: &Held| locked(&held.ledger).places().map(News::Heard).collect::<Vec<_>>();
                let mut news: Vec<News> = self.held.iter().flat_map(places).collect();
                news.push(News::Told);
                news
            }
            Order::Storm => {
                self.at_once = usize::MAX;
                let mut callers = VecDeque::with_capacity(self.held.len());
                for Held { url, token, connection, ledger, listening } in self.held.drain(..) {
                    let cursor = connection.cursor();
                    connection.cut().await;
                    // What the cursor covers is written down; one that failed misses something.
                    let _ = listening.await;
                    callers.push_back(Caller { url, token, cursor, ledger, since: Instant::now() });
                }
                let now = Instant::now();
                callers.iter_mut().for_each(|caller| caller.since = now);
                self.waiting.extend(callers);
                vec![News::Cut]
            }
        }
    }

    /// Begins as many calls as may be under way.
    fn call(&mut self) {
        while self.calls.len() < self.at_once
            && let Some(caller) = self.waiting.pop_front()
        {
            self.calls.spawn(caller.call());
        }
    }

    fn answered(&mut self, done: Result<(Held, News), ClientError>) -> News {
        match done {
            Ok((held, news)) => {
                self.held.push(held);
                news
            }
            Err(error) => News::Failed(error.to_string()),
        }
    }

    fn lost(&mut self) -> Vec<News> {
        let lost = self.held.extract_if(.., |held| held.connection.closed().is_some());
        let reason = |held: Held| held.connection.closed().map_or(String::new(), |closed| closed.to_string());
        lost.map(|held| News::Lost(reason(held))).collect()
    }
}

impl Caller {
    /// Comes in, also after having been told to come again.
    async fn call(self) -> Result<(Held, News), ClientError> {
        let Self { url, token, cursor, ledger, since } = self;
        let pushes = Pushes::Places { max: PUSHES_MAX };
        let (connection, feed, welcome) = loop {
            let opening = Connection::resume(&url, &token, cursor.as_deref(), pushes, CONNECT_WITHIN);
            match opening.await {
                Ok(open) => break open,
                Err(error) => match error.retry_after() {
                    Some(later) if since.elapsed() + later < CONNECT_WITHIN => {
                        tokio::time::sleep(later).await
                    }
                    _ => return Err(error),
                },
            }
        };
        let took_us = micros(since);
        let resync = matches!(welcome.resume, Some(Resume::Limited | Resume::Reset));
        let listening = tokio::spawn(listen(feed, Arc::clone(&ledger)));
        let held = Held { url, token, connection, ledger, listening };
        Ok((held, News::Opened { took_us, resync }))
    }
}

/// Writes down what is heard, until the connection has ended.
async fn listen(mut feed: PushFeed, ledger: Arc<Mutex<Ledger>>) {
    while let Some((_, push)) = feed.next().await {
        if let Push::Events { room, seqs } = push {
            let mut ledger = locked(&ledger);
            seqs.for_each(|seq| ledger.heard(&room, seq));
        }
    }
}

/// Nobody panics while it is locked.
fn locked(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_and_news_are_lines_that_read_back() {
        let open = Order::Open { url: "http://127.0.0.1:1".to_owned(), token: "t".to_owned() };
        for order in [open, Order::Storm] {
            let line = serde_json::to_string(&order).unwrap();
            assert!(!line.contains('\n'));
            assert_eq!(serde_json::from_str::<Order>(&line).unwrap(), order);
        }
        for news in [News::Opened { took_us: 5, resync: true }, News::Lost("a\nb".to_owned()), News::Cut] {
            let line = serde_json::to_string(&news).unwrap();
            assert!(!line.contains('\n'));
            assert_eq!(serde_json::from_str::<News>(&line).unwrap(), news);
        }
    }
}
