//! The whole scenario, from signing up to the record.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;
use futures_util::{StreamExt, TryStreamExt};

use crate::accounts::patiently;
use crate::cli::seconds;
use crate::client::{Backoff, ClientError, Connection, Page, Push, PushFeed, Pushes, Resume, SendMessage};
use crate::goal::Goal;
use crate::kit::{
    Beside, Better, Crowd, Findings, Hall, NORMAL_ACK, NORMAL_HEAR, Part, Played, Record, Setting, Span,
    Teller, noticed,
};

/// From the cut until somebody is signed in again, and until they have what was said.
const BACK: &str = "back";
const LEVEL: &str = "level";
const REFUSED: &str = "connects refused";
/// Cursors that did not cover all.
const RESYNCS: &str = "resyncs";
/// Pushes that may wait.
const FEED_MAX: usize = 1_000;
/// How long saying it may take.
const SAID_WITHIN: Duration = Duration::from_secs(60);
/// Rooms in which something is said at the same time.
const SAID_AT_ONCE: usize = 16;

/// The knobs.
#[derive(Debug, Clone, Args)]
pub struct ReconnectStormArgs {
    /// Connections that are cut
    #[arg(long, default_value_t = 2_000, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=18_000))]
    connections: u32,
    /// Members of the room that each is in
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000))]
    room_size: u32,
    /// Seconds over which clients spread their first attempt; the protocol asks for 0.5, and 0 is the worst case
    #[arg(long, default_value = "0", value_name = "S", value_parser = seconds)]
    jitter: Duration,
    /// Seconds in which all have to be back
    #[arg(long, default_value = "30", value_name = "S", value_parser = seconds)]
    storm: Duration,
    #[command(flatten)]
    beside: Beside,
}

/// One who is cut off.
struct Client {
    url: String,
    token: String,
    hall: Hall,
    calm: Duration,
    jitter: Duration,
    limit: Duration,
}

/// Runs it.
pub async fn run(args: &ReconnectStormArgs, setting: &Setting) -> anyhow::Result<Record> {
    let (people, size) = (args.connections as usize, args.room_size as usize);
    let neighbours = args.beside.neighbours(setting, people, args.storm);
    let crowd = setting.gather(people + neighbours.people()).await?;
    let groups: Vec<_> = (0..people).step_by(size).map(|first| first..(first + size).min(people)).collect();
    let halls = crowd.halls(&format!("{} storm", setting.run_id), groups.clone()).await?;
    let mut parts = neighbours.parts(&crowd, &setting.nodes, Instant::now()).await?;
    for (group, hall) in groups.into_iter().zip(&halls) {
        for user in group {
            let session = crowd.session(user)?;
            let client = Client {
                url: setting.nodes.home(user).to_owned(),
                token: session.token.clone(),
                hall: hall.clone(),
                calm: args.beside.calm,
                jitter: args.jitter,
                limit: setting.limit,
            };
            let part: Part = Box::new(move |tell| Box::pin(async move { client.live(tell).await }));
            parts.push(part);
        }
    }
    let (crowd, calm) = (Arc::new(crowd), args.beside.calm);
    parts.push(Box::new(move |tell| Box::pin(async move { say(&crowd, halls, size, calm, tell).await })));
    let played =
        setting.play("reconnect_storm", parts, args.beside.calm + args.storm + setting.limit).await?;
    Ok(setting.record("reconnect_storm", findings(args, played)))
}

/// In each room the first of its members says something while all are away.
async fn say(
    crowd: &Crowd,
    halls: Vec<Hall>,
    size: usize,
    calm: Duration,
    mut tell: Teller,
) -> anyhow::Result<()> {
    let begin = tell.in_place().await? + calm;
    tokio::time::sleep_until(begin.into()).await;
    let said = halls.into_iter().enumerate().map(|(room, hall)| {
        let member = crowd.http(room * size);
        async move {
            let member = member?;
            let message = SendMessage { room: &hall.room, cid: "meanwhile", text: "meanwhile", after: None };
            patiently(SAID_WITHIN, || member.send(message)).await?;
            anyhow::Ok(())
        }
    });
    futures_util::stream::iter(said).buffer_unordered(SAID_AT_ONCE).try_collect::<Vec<()>>().await?;
    Ok(())
}

impl Client {
    async fn live(&self, mut tell: Teller) -> anyhow::Result<()> {
        let pushes = Pushes::Places { max: FEED_MAX };
        let (connection, mut feed, _) =
            Connection::connect(&self.url, &self.token, pushes, self.limit).await?;
        let cut = tell.in_place().await? + self.calm;
        tokio::select! {
            () = tokio::time::sleep_until(cut.into()) => {}
            reason = connection.wait_closed() => bail!("a connection was lost before the storm: {reason}"),
        }
        let cursor = connection.cursor();
        connection.cut().await;
        // Some hear the message of the storm just before they are cut off.
        let mut level = false;
        while let Some((_, push)) = feed.next().await {
            level |= self.is_news(&push);
        }
        tokio::time::sleep(self.jitter.mul_f64(rand::random::<f64>())).await;
        let (connection, feed, resume) = self.come_back(cursor.as_deref(), cut, &tell).await?;
        tell.done(BACK, cut);
        tell.count(BACK, 1);
        if resume != Some(Resume::Ok) {
            tell.count(RESYNCS, 1);
        }
        if !level {
            self.catch_up(&connection, feed, resume).await?;
        }
        tell.done(LEVEL, cut);
        tell.count(LEVEL, 1);
        Ok(())
    }

    async fn come_back(
        &self,
        cursor: Option<&str>,
        cut: Instant,
        tell: &Teller,
    ) -> Result<(Connection, PushFeed, Option<Resume>), ClientError> {
        let mut attempt = 0;
        loop {
            let pushes = Pushes::Places { max: FEED_MAX };
            match Connection::resume(&self.url, &self.token, cursor, pushes, self.limit).await {
                Ok((connection, feed, welcome)) => return Ok((connection, feed, welcome.resume)),
                Err(error) if error.is_temporary() => {
                    tell.failed(BACK, REFUSED, cut, &error);
                    let wait = error.retry_after().unwrap_or_default();
                    tokio::time::sleep(wait + Backoff::default().random_delay(attempt)).await;
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether it shows the message. Whose cursor is older than the room is told of the room as it is now.
    fn is_news(&self, push: &Push) -> bool {
        let (room, last_seq) = match push {
            Push::Events { room, seqs } => (room, *seqs.end()),
            Push::RoomAdded(room) => (&room.room, room.last_seq),
            _ => return false,
        };
        *room == self.hall.room && last_seq > self.hall.last_seq
    }

    /// Until the message of the storm is there.
    async fn catch_up(
        &self,
        connection: &Connection,
        mut feed: PushFeed,
        resume: Option<Resume>,
    ) -> anyhow::Result<()> {
        let known = self.hall.last_seq;
        if resume != Some(Resume::Ok) {
            let page = connection.history(&self.hall.room, Page::After(known), 10, self.limit).await?;
            if !page.events.is_empty() {
                return Ok(());
            }
        }
        while let Some((_, push)) = feed.next().await {
            if self.is_news(&push) {
                return Ok(());
            }
        }
        bail!("a connection was lost after the storm: {}", connection.wait_closed().await)
    }
}

fn findings(args: &ReconnectStormArgs, played: Played) -> Findings {
    let cut = played.start + args.beside.calm;
    let (calm, storm) = (Span { from: played.start, to: cut }, Span { from: cut, to: cut + args.storm });
    let all = played.all();
    // What the others notice matters while people come back, not in the rest after it.
    let last_ms = played.board.summary(LEVEL, all).max_us / 1_000;
    let busy = Span { from: cut, to: cut + Duration::from_millis(last_ms.max(1_000)) };
    // The issue of a storm is who is back: what others notice is told, and no goal.
    let (mut figures, _) = noticed(&played.board, calm, busy, "all come back");
    figures.extend([BACK, LEVEL].into_iter().flat_map(|row| played.times(row, all)));
    figures.push(played.count(REFUSED, all, Some(Better::Lower)));
    figures.push(played.count(RESYNCS, all, Some(Better::Lower)));
    figures.extend(played.cores("servers while calm", calm));
    figures.extend(played.cores("servers while all come back", busy));
    let away = |what| u64::from(args.connections).saturating_sub(played.counted(what));
    let goals = vec![
        Goal::none_of("people who are not back", away(BACK)),
        Goal::none_of("people who do not have what was said", away(LEVEL)),
    ];
    let mut charts = vec![
        played.often("Who is back", &[BACK, LEVEL, REFUSED]),
        played.slowest(&[NORMAL_ACK, NORMAL_HEAR]),
    ];
    charts.extend(played.used());
    let marks = vec![
        played.mark(calm.from, "calm"),
        played.mark(cut, "cut"),
        played.mark(busy.to, "all are level"),
        played.mark(storm.to, "over"),
    ];
    Findings { figures, charts, marks, goals, wrong: played.wrong }
}
