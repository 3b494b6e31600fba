//! Processes that hold connections (see [`crate::hold`]), as the drill that started them sees them.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::sync::mpsc;

use crate::client::trusted_files;
use crate::hold::{News, Order, Place};
use crate::latency::Latencies;

/// News that wait to be heard; more stay in the pipe.
const NEWS_MAX: usize = 4096;

/// What became of connections.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Open, and how long that took each.
    pub(super) opened: Latencies,
    /// How many are open.
    pub(super) count: usize,
    /// Of these, those that had to read by themselves what they had missed.
    pub(super) resyncs: u64,
    /// What went wrong, in words.
    pub(super) complaints: Vec<String>,
}

/// One process. Dropping it ends it, and so its connections.
#[derive(Debug)]
pub(super) struct Holder {
    child: Child,
    orders: Option<ChildStdin>,
    news: mpsc::Receiver<News>,
}

impl Holder {
    /// Starts this very program once more; it opens so many connections at the same time.
    pub(super) fn start(at_once: usize) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("where is this program?")?;
        let mut command = Command::new(program);
        command.args(["hold", "--at-once", &at_once.to_string()]);
        // It trusts whom this process trusts.
        for file in trusted_files() {
            command.arg("--ca").arg(file);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start a holder of connections")?;
        let orders = child.stdin.take();
        let said = child.stdout.take().context("a holder without a voice")?;
        let (news, heard) = mpsc::channel(NEWS_MAX);
        std::thread::spawn(move || {
            let lines = BufReader::new(said).lines().map_while(Result::ok);
            let known = lines.map_while(|line| serde_json::from_str(&line).ok());
            // It ends when the process does, or when nobody listens any more.
            known.map_while(|told| news.blocking_send(told).ok()).for_each(drop);
        });
        Ok(Self { child, orders, news: heard })
    }

    /// Lets it open one more connection.
    pub(super) fn open(&mut self, url: &str, token: &str) -> anyhow::Result<()> {
        self.tell(&Order::Open { url: url.to_owned(), token: token.to_owned() })
    }

    /// Lets it open one more connection from which nothing is ever read.
    pub(super) fn open_deaf(&mut self, url: &str, token: &str) -> anyhow::Result<()> {
        self.tell(&Order::OpenDeaf { url: url.to_owned(), token: token.to_owned() })
    }

    /// Lets it lose all connections and come back. Answers when they are lost.
    pub(super) async fn storm(&mut self) -> anyhow::Result<Instant> {
        self.tell(&Order::Storm)?;
        while let Some(news) = self.news.recv().await {
            match news {
                News::Cut => return Ok(Instant::now()),
                News::Lost(why) => bail!("a connection was lost before the storm: {why}"),
                News::Opened { .. } | News::Failed(_) | News::Heard(_) | News::Told => {}
            }
        }
        bail!("a holder of connections has ended")
    }

    /// Waits until so many connections have been opened or could not be; at most so long each.
    pub(super) async fn opened(&mut self, count: usize, each: Duration) -> anyhow::Result<Heard> {
        let mut heard = Heard::default();
        let mut open = count;
        while open > 0 {
            let news = tokio::time::timeout(each, self.news.recv()).await;
            let news = news.with_context(|| format!("{open} of {count} connections are not there"))?;
            let news = news.context("a holder of connections has ended")?;
            open -= usize::from(matches!(news, News::Opened { .. } | News::Failed(_)));
            heard.note(news);
        }
        Ok(heard)
    }

    /// How far each client has heard each room.
    pub(super) async fn places(&mut self) -> anyhow::Result<Vec<Place>> {
        self.tell(&Order::Tell)?;
        let mut places = Vec::new();
        while let Some(news) = self.news.recv().await {
            match news {
                News::Heard(place) => places.push(place),
                News::Told => return Ok(places),
                News::Lost(why) => bail!("a connection was lost after the storm: {why}"),
                News::Opened { .. } | News::Failed(_) | News::Cut => {}
            }
        }
        bail!("a holder of connections has ended")
    }

    /// What has been said meanwhile.
    pub(super) fn news(&mut self) -> Heard {
        let mut heard = Heard::default();
        while let Ok(news) = self.news.try_recv() {
            heard.note(news);
        }
        heard
    }

    fn tell(&mut self, order: &Order) -> anyhow::Result<()> {
        let orders = self.orders.as_mut().context("a holder without ears")?;
        writeln!(orders, "{}", serde_json::to_string(order)?).context("a holder of connections has ended")
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // The end of its orders is its end; it may have ended already.
        self.orders.take();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Heard {
    fn note(&mut self, news: News) {
        match news {
            News::Opened { took_us, resync } => {
                self.opened.record(Duration::from_micros(took_us));
                self.count += 1;
                self.resyncs += u64::from(resync);
            }
            News::Failed(why) => self.complaints.push(format!("a connection could not be opened: {why}")),
            News::Lost(why) => self.complaints.push(format!("a connection was lost: {why}")),
            News::Cut | News::Heard(_) | News::Told => {}
        }
    }

    /// Adds what another holder said.
    pub(super) fn merge(&mut self, other: Self) {
        self.opened.merge(&other.opened);
        self.count += other.count;
        self.resyncs += other.resyncs;
        self.complaints.extend(other.complaints);
    }
}
