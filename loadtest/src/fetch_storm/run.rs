//! The whole scenario, from signing up to the record.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::cli::seconds;
use crate::client::{ClientError, Connection, Page, Pushes, history_fields};
use crate::goal::Goal;
use crate::kit::{
    Beside, Better, Findings, NORMAL_ACK, NORMAL_HEAR, Part, Played, Record, Setting, Span, Teller, figure,
    noticed,
};
use crate::meters::counted;

/// Pages of the room's end, and old ones.
const NEWEST: &str = "newest page";
const OLD: &str = "old page";
/// Pages that were refused for a moment.
const REFUSED: &str = "pages refused";
/// Pages with fewer events than there are.
const SHORT: &str = "pages with fewer events than wanted";
/// After the last wave, time for it and for the last words of others.
const AFTER: Duration = Duration::from_secs(10);

/// The knobs.
#[derive(Debug, Clone, Args)]
pub struct FetchStormArgs {
    /// Members of the room who all read, each with a connection
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=18_000))]
    readers: u32,
    /// Messages that the room has
    #[arg(long, default_value_t = 20_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    messages: u32,
    /// Bytes of a message
    #[arg(long, default_value_t = 200, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    text_bytes: u32,
    /// Events of a page
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=200))]
    page: u32,
    /// Waves for the newest page, and as many for old ones
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    waves: u32,
    /// Seconds from one wave to the next
    #[arg(long, default_value = "2", value_name = "S", value_parser = seconds)]
    every: Duration,
    #[command(flatten)]
    beside: Beside,
}

/// What all readers share.
struct Storm {
    room: String,
    /// What each wave wants.
    waves: Vec<Page>,
    page: usize,
    calm: Duration,
    every: Duration,
    limit: Duration,
}

/// Of a page, only how much it has.
#[derive(Deserialize)]
struct Counted {
    events: Vec<IgnoredAny>,
}

/// Runs it.
pub async fn run(args: &FetchStormArgs, setting: &Setting) -> anyhow::Result<Record> {
    let readers = args.readers as usize;
    let busy = args.every * args.waves * 2;
    let neighbours = args.beside.neighbours(setting, readers, busy);
    let crowd = setting.gather(readers + neighbours.people()).await?;
    let hall = crowd.hall(&format!("{} storm", setting.run_id), 0..readers).await?;
    eprintln!("the room gets {} messages", args.messages);
    let filled = (args.messages as usize, args.text_bytes as usize);
    let (first, last) = (hall.last_seq, crowd.fill(setting, 0, &hall, filled).await?.last_seq);
    // Each wave another page, from the older half: far from what the newest page brought along.
    let old = |_| Page::Before(rand::random_range(first + u64::from(args.page) + 1..=(first + last) / 2));
    let newest = (0..args.waves).map(|_| Page::Newest);
    let storm = Arc::new(Storm {
        room: hall.room,
        waves: newest.chain((0..args.waves).map(old)).collect(),
        page: args.page as usize,
        calm: args.beside.calm,
        every: args.every,
        limit: setting.limit,
    });
    let mut parts = neighbours.parts(&crowd, &setting.nodes, Instant::now()).await?;
    for user in 0..readers {
        let session = crowd.session(user)?;
        let (url, token) = (setting.nodes.home(user).to_owned(), session.token.clone());
        let storm = Arc::clone(&storm);
        let part: Part = Box::new(move |tell| Box::pin(async move { storm.read(&url, &token, tell).await }));
        parts.push(part);
    }
    let reads = || counted(setting.nodes.iter(), "madang_room_page_reads_total");
    let before = reads().await;
    let played = setting.play("fetch_storm", parts, args.beside.calm + busy + AFTER + setting.limit).await?;
    let from_disk = before.zip(reads().await).map(|(before, after)| after.saturating_sub(before));
    Ok(setting.record("fetch_storm", findings(args, played, from_disk)))
}

impl Storm {
    async fn read(&self, url: &str, token: &str, mut tell: Teller) -> anyhow::Result<()> {
        let (connection, ..) = Connection::connect(url, token, Pushes::Ignored, self.limit).await?;
        let mut due = tell.in_place().await? + self.calm;
        for page in &self.waves {
            tokio::time::sleep_until(due.into()).await;
            let row = if *page == Page::Newest { NEWEST } else { OLD };
            let events = self.page(&connection, *page, due, (row, &tell)).await?;
            tell.done(row, due);
            tell.count(row, 1);
            if events < self.page {
                tell.count(SHORT, 1);
            }
            due += self.every;
        }
        Ok(())
    }

    /// One page, asked for again as long as it is refused for a moment.
    async fn page(
        &self,
        connection: &Connection,
        page: Page,
        due: Instant,
        (row, tell): (&'static str, &Teller),
    ) -> Result<usize, ClientError> {
        let fields = history_fields(Some(&self.room), page, self.page);
        loop {
            match connection.call::<Counted>("history", &fields, self.limit).await {
                Ok(page) => return Ok(page.events.len()),
                Err(error) if error.is_temporary() && connection.closed().is_none() => {
                    tell.failed(row, REFUSED, due, &error);
                    let wait = error.retry_after().unwrap_or(Duration::from_millis(50));
                    tokio::time::sleep(wait.mul_f64(1.0 + rand::random::<f64>())).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn findings(args: &FetchStormArgs, played: Played, from_disk: Option<u64>) -> Findings {
    let begin = played.start + args.beside.calm;
    let half = args.every * args.waves;
    let calm = Span { from: played.start, to: begin };
    let newest = Span { from: begin, to: begin + half };
    let old = Span { from: begin + half, to: begin + half * 2 };
    let (mut figures, mut goals) = noticed(&played.board, calm, newest, "all read the newest page");
    let (more_figures, more_goals) = noticed(&played.board, calm, old, "all read old pages");
    // What it was while calm stands there already.
    figures.extend(more_figures.into_iter().filter(|figure| figure.name.contains("old pages")));
    goals.extend(more_goals);
    let all = played.all();
    for (row, span) in [(NEWEST, newest), (OLD, old)] {
        figures.extend(played.times(row, all));
        let summary = played.board.summary(row, all);
        if summary.count > 0 {
            let per_s = f64::from(args.readers) / (summary.max_us.max(1) as f64 / 1e6);
            let name = format!("{row}s a second in the slowest wave");
            figures.push(figure(&name, per_s, "/s", Some(Better::Higher)));
        }
        figures.extend(played.cores(&format!("servers while all read the {row}"), span));
    }
    figures.push(played.count(REFUSED, all, Some(Better::Lower)));
    figures.extend(from_disk.map(|reads| figure("reads of the log", reads as f64, "", Some(Better::Lower))));
    goals.push(Goal::none_of(SHORT, played.counted(SHORT)));
    let read = played.counted(NEWEST) + played.counted(OLD);
    let wanted = u64::from(args.readers) * u64::from(args.waves) * 2;
    goals.push(Goal::none_of("pages that were never read", wanted.saturating_sub(read)));
    let mut charts = vec![
        played.slowest(&[NEWEST, OLD]),
        played.slowest(&[NORMAL_ACK, NORMAL_HEAR]),
        played.often("Pages", &[NEWEST, OLD, REFUSED]),
    ];
    charts.extend(played.used());
    let marks = vec![
        played.mark(calm.from, "calm"),
        played.mark(newest.from, "newest page"),
        played.mark(old.from, "old pages"),
        played.mark(old.to, "over"),
    ];
    Findings { figures, charts, marks, goals, wrong: played.wrong }
}
