//! The whole scenario, from signing up to the record.

use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;

use crate::cli::seconds;
use crate::client::{Connection, Pushes};
use crate::goal::Goal;
use crate::kit::{Better, Chart, Findings, Line, Part, Played, Record, Setting, Span, Teller, figure};

const CONNECT: &str = "connect";
const CONNECTED: &str = "connected";
/// The last seconds of a step are the ones in which its memory is read.
const REST: f64 = 0.5;
/// Below so many connections the slope is that of the allocator, not theirs.
const SLOPE_FROM: u32 = 2_000;
/// After the end.
const AFTER: Duration = Duration::from_secs(5);

/// The knobs.
#[derive(Debug, Clone, Args)]
pub struct IdleArgs {
    /// Connections
    #[arg(long, default_value_t = 2_000, value_name = "N", value_parser = clap::value_parser!(u32).range(10..=18_000))]
    connections: u32,
    /// Steps in which they come
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=20))]
    steps: u32,
    /// Seconds of a step: they connect in the first half of it
    #[arg(long, default_value = "10", value_name = "S", value_parser = seconds)]
    step: Duration,
    /// Seconds that all of them stay then
    #[arg(long, default_value = "20", value_name = "S", value_parser = seconds)]
    hold: Duration,
    /// Members of the room that everybody is in
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    room_size: u32,
}

/// Runs it.
pub async fn run(args: &IdleArgs, setting: &Setting) -> anyhow::Result<Record> {
    let (people, size) = (args.connections as usize, args.room_size as usize);
    let crowd = setting.gather(people).await?;
    let groups = (0..people).step_by(size).map(|first| first..(first + size).min(people)).collect();
    crowd.halls(&format!("{} idle", setting.run_id), groups).await?;
    let mut parts: Vec<Part> = Vec::new();
    for user in 0..people {
        let session = crowd.session(user)?;
        let (url, token) = (setting.nodes.home(user).to_owned(), session.token.clone());
        let (args, limit) = (args.clone(), setting.limit);
        let part: Part =
            Box::new(move |tell| Box::pin(async move { args.live(user, (&url, &token), limit, tell).await }));
        parts.push(part);
    }
    let played =
        setting.play("idle", parts, args.step * args.steps + args.hold + AFTER + setting.limit).await?;
    if played.watched.memory_at(Instant::now()).is_none() {
        eprintln!("no figures of memory and CPU: name the server with --server-pid");
    }
    Ok(setting.record("idle", findings(args, played)))
}

impl IdleArgs {
    async fn live(
        &self,
        user: usize,
        (url, token): (&str, &str),
        limit: Duration,
        mut tell: Teller,
    ) -> anyhow::Result<()> {
        let start = tell.in_place().await?;
        // Evenly over the first half of its step.
        let place = user as f64 * f64::from(self.steps) / f64::from(self.connections);
        let due = start + self.step.mul_f64(place.floor() + place.fract() * REST);
        tokio::time::sleep_until(due.into()).await;
        let (connection, ..) = Connection::connect(url, token, Pushes::Ignored, limit).await?;
        tell.done(CONNECT, due);
        tell.count(CONNECTED, 1);
        let end = start + self.step * self.steps + self.hold;
        tokio::select! {
            () = tokio::time::sleep_until(end.into()) => {}
            reason = connection.wait_closed() => bail!("an idle connection was lost: {reason}"),
        }
        Ok(())
    }
}

fn findings(args: &IdleArgs, played: Played) -> Findings {
    let all_in = played.start + args.step * args.steps;
    let hold = Span { from: all_in, to: all_in + args.hold };
    let mut figures = played.times(CONNECT, played.all());
    let (mut points, mut line) = (Vec::new(), Vec::new());
    // The first step also pays for what is made once.
    for step in 1..=args.steps {
        let connections = f64::from(args.connections) * f64::from(step) / f64::from(args.steps);
        // A moment before the next step begins.
        let at = played.start + (args.step * step).saturating_sub(Duration::from_millis(200));
        if let Some(bytes) = played.watched.memory_at(at) {
            points.push((connections, bytes / 1024.0));
            line.push((connections, bytes / 1e6));
        }
    }
    if let (Some((few, less)), Some((many, more))) = (points.first(), points.last())
        && many > few
    {
        let each = (more - less) / (many - few);
        let better = (args.connections >= SLOPE_FROM).then_some(Better::Lower);
        figures.push(figure("memory of a connection", each, "KiB", better));
    }
    if let Some(cores) = played.watched.servers_in(hold) {
        figures.push(figure("servers while all are idle", cores, "cores", Some(Better::Lower)));
        let per = cores * 1e6 / f64::from(args.connections);
        figures.push(figure("CPU of an idle connection", per, "µs/s", Some(Better::Lower)));
    }
    let missing = u64::from(args.connections).saturating_sub(played.counted(CONNECTED));
    let goals = vec![Goal::none_of("people who could not connect", missing)];
    let mut charts = vec![
        Chart {
            title: "Memory of the servers by connections".to_owned(),
            unit: "MB".to_owned(),
            across: "connections".to_owned(),
            lines: vec![Line { name: "servers".to_owned(), points: line }],
        },
        played.often("Who connects", &[CONNECTED]),
        played.slowest(&[CONNECT]),
    ];
    charts.extend(played.used());
    let marks = vec![played.mark(all_in, "all are here")];
    Findings { figures, charts, marks, goals, wrong: played.wrong }
}
