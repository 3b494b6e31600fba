//! The whole scenario, from signing up to the record.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use crate::cli::seconds;
use crate::client::{Connection, Page, Pushes};
use crate::goal::Goal;
use crate::kit::{Better, Chart, Findings, Hall, Line, Part, Played, Record, Setting, Span, Teller, figure};

const NEWEST: &str = "newest page";
const DEEP: &str = "deep page";
/// Pages that are not what was asked for.
const ODD: &str = "pages with other events than asked for";
/// How much longer a deep page may take than the newest.
const TIMES_MAX: f64 = 1.5;
/// After the last page is due.
const AFTER: Duration = Duration::from_secs(5);

/// The knobs.
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {
    /// Messages of each room, with commas between them, the shortest first
    #[arg(long, default_value = "10000,100000", value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    rooms_of: Vec<u32>,
    /// Bytes of a message
    #[arg(long, default_value_t = 200, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=4_000))]
    text_bytes: u32,
    /// Readers, each with one page under way
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    readers: u32,
    /// Events of a page
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=200))]
    page: u32,
    /// Seconds in which each room is read
    #[arg(long, default_value = "10", value_name = "S", value_parser = seconds)]
    read: Duration,
}

/// What all readers share.
struct Library {
    halls: Vec<Hall>,
    page: usize,
    read: Duration,
    limit: Duration,
}

/// Runs it.
pub async fn run(args: &HistoryArgs, setting: &Setting) -> anyhow::Result<Record> {
    let readers = args.readers as usize;
    let crowd = setting.gather(readers).await?;
    let mut halls = Vec::new();
    for messages in &args.rooms_of {
        eprintln!("a room gets {messages} messages");
        let hall = crowd.hall(&format!("{} of {messages}", setting.run_id), 0..readers).await?;
        halls.push(crowd.fill(setting, 0, &hall, (*messages as usize, args.text_bytes as usize)).await?);
    }
    let limit = setting.limit;
    let library = Arc::new(Library { halls, page: args.page as usize, read: args.read, limit });
    let mut parts: Vec<Part> = Vec::new();
    for user in 0..readers {
        let session = crowd.session(user)?;
        let (url, token) = (setting.nodes.home(user).to_owned(), session.token.clone());
        let library = Arc::clone(&library);
        parts.push(Box::new(move |tell| Box::pin(async move { library.visit(&url, &token, tell).await })));
    }
    let rooms = u32::try_from(library.halls.len()).unwrap_or(u32::MAX);
    let played = setting.play("history", parts, args.read * rooms + AFTER + limit).await?;
    Ok(setting.record("history", findings(args, played)))
}

impl Library {
    async fn visit(&self, url: &str, token: &str, mut tell: Teller) -> anyhow::Result<()> {
        let (connection, ..) = Connection::connect(url, token, Pushes::Ignored, self.limit).await?;
        let mut begin = tell.in_place().await?;
        for hall in &self.halls {
            tokio::time::sleep_until(begin.into()).await;
            let end = begin + self.read;
            while Instant::now() < end {
                self.take(&connection, hall, (NEWEST, hall.last_seq + 1), &tell).await?;
                let deep = rand::random_range(self.page as u64 + 1..hall.last_seq);
                self.take(&connection, hall, (DEEP, deep), &tell).await?;
            }
            begin = end;
        }
        Ok(())
    }

    /// One page that ends before this seq.
    async fn take(
        &self,
        connection: &Connection,
        hall: &Hall,
        (row, before): (&'static str, u64),
        tell: &Teller,
    ) -> anyhow::Result<()> {
        let wanted = if row == NEWEST { Page::Newest } else { Page::Before(before) };
        let asked = Instant::now();
        let page = connection.history(&hall.room, wanted, self.page, self.limit).await?;
        tell.done(row, asked);
        tell.count(row, 1);
        let seqs = page.events.iter().map(|event| event.seq);
        if !seqs.eq(before - self.page as u64..before) {
            tell.count(ODD, 1);
        }
        Ok(())
    }
}

fn findings(args: &HistoryArgs, played: Played) -> Findings {
    let (mut figures, mut goals, mut marks) = (Vec::new(), Vec::new(), Vec::new());
    let mut curves = [NEWEST, DEEP].map(|row| Line { name: format!("{row} p50"), points: Vec::new() });
    let mut from = played.start;
    for messages in &args.rooms_of {
        let span = Span { from, to: from + args.read };
        let (newest, deep) = (played.board.summary(NEWEST, span), played.board.summary(DEEP, span));
        for ((row, summary), curve) in [(NEWEST, newest), (DEEP, deep)].into_iter().zip(&mut curves) {
            for (part, us) in [("p50", summary.p50_us), ("p99", summary.p99_us)] {
                let name = format!("{row} of {messages} {part}");
                figures.push(figure(&name, us as f64 / 1e3, "ms", Some(Better::Lower)));
            }
            curve.points.push((f64::from(*messages), summary.p50_us as f64 / 1e3));
        }
        let times = deep.p50_us as f64 / newest.p50_us.max(1) as f64;
        let name = format!("deep against newest page of {messages}, p50");
        figures.push(figure(&name, times, "times", Some(Better::Lower)));
        goals.push(Goal::below(&name, TIMES_MAX, times, "times"));
        marks.push(played.mark(from, &format!("{messages} messages")));
        from = span.to;
    }
    let all = played.all();
    let pages = (played.counted(NEWEST) + played.counted(DEEP)) as f64;
    let reading = Span { from: played.start, to: from };
    figures.push(figure("pages a second", pages / reading.seconds(), "/s", Some(Better::Higher)));
    if let Some(cores) = played.watched.servers_in(reading) {
        // Not the cores themselves: whoever answers faster is asked for more.
        let each = cores * reading.seconds() * 1e6 / pages.max(1.0);
        figures.push(figure("servers for each page", each, "µs", Some(Better::Lower)));
    }
    figures.push(played.count(ODD, all, Some(Better::Lower)));
    goals.push(Goal::none_of(ODD, played.counted(ODD)));
    let growth = Chart {
        title: "A page, by the length of its room".to_owned(),
        unit: "ms".to_owned(),
        across: "messages".to_owned(),
        lines: curves.into(),
    };
    let mut charts = vec![played.slowest(&[NEWEST, DEEP]), played.often("Pages", &[NEWEST, DEEP])];
    charts.extend(played.used());
    charts.push(growth);
    Findings { figures, charts, marks, goals, wrong: played.wrong }
}
