//! The command line.

mod compare;

mod drill;

mod knobs;

mod manual;

mod scenes;

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use self::scenes::Scene;
use crate::attack::{AttackOptions, Tables};
use crate::chat::{self, ChatOptions, Load, Plan};
use crate::client::{Nodes, Restarts, trust};
use crate::fetch_storm::{self, FetchStormArgs};
use crate::history::{self, HistoryArgs};
use crate::hold::hold;
use crate::hot_room::{self, HotRoomArgs};
use crate::idle::{self, IdleArgs};
use crate::join_storm::{self, JoinStormArgs};
use crate::kit::{Knob, Record};
use crate::mixed_day::{self, MixedDayArgs};
use crate::presence_flap::{self, PresenceFlapArgs};
use crate::reconnect_storm::{self, ReconnectStormArgs};
use crate::replay::{self, ReplayOptions};
use crate::report::{chat_text, replay_text, write_json};

/// Puts load on a running madang and checks what comes out of it.
#[derive(Debug, Parser)]
#[command(name = "madang-loadtest", version, max_term_width = 100)]
pub struct Cli {
    /// Authorities, or certificates themselves, that are trusted beside the machine's own (PEM), for nodes at
    /// https://; may be given more than once
    #[arg(long, global = true, value_name = "FILE", env = "MADANG_CA")]
    ca: Vec<PathBuf>,
    #[command(subcommand)]
    scenario: ScenarioArgs,
    /// How the scenario's knobs are set.
    #[arg(skip)]
    knobs: Vec<Knob>,
}

#[derive(Debug, Subcommand)]
enum ScenarioArgs {
    /// Play IRC logs: a WebSocket per nick, a room per file; then read every room back and compare line by
    /// line. Ends with 1 when anything is lost, doubled, reordered or changed.
    Replay(ReplayArgs),
    /// Let made-up users talk, at a chosen rate or as fast as acknowledgements come, and time it. Ends with
    /// 1 when a delivery is missing, doubled or out of order, or a connection was lost.
    Chat(ChatArgs),
    /// Let one room of thousands of members get a hundred times the usual traffic beside many normal rooms. Ends
    /// with 1 when somebody does not end with all messages.
    HotRoom(Scene<HotRoomArgs>),
    /// Let thousands of people a second want to enter one open room beside normal rooms
    JoinStorm(Scene<JoinStormArgs>),
    /// Let everybody read the same page of one room at once, the newest and old ones, beside normal rooms
    FetchStorm(Scene<FetchStormArgs>),
    /// Let people who see each other come and go
    PresenceFlap(Scene<PresenceFlapArgs>),
    /// Read pages of rooms of different length, from their ends and from anywhere
    History(Scene<HistoryArgs>),
    /// Let connections rest, and see what each costs
    Idle(Scene<IdleArgs>),
    /// Cut all connections at once and let everybody come back, beside normal rooms
    ReconnectStorm(Scene<ReconnectStormArgs>),
    /// Let a company have a day: teams, pairs, receipts, typing, reactions, presence, lost connections
    MixedDay(Scene<MixedDayArgs>),
    /// Start a cluster of its own on this machine, put load on it, do something bad to it, and check that nobody
    /// lost anything. Ends with 1 when somebody did.
    Drill(drill::DrillArgs),
    /// Compare the records of two runs. Ends with 1 when a figure has become worse beyond the tolerance.
    Compare(compare::CompareArgs),
    /// Write the tables of knobs of `docs/loadtest.md` anew
    #[command(hide = true)]
    Manual(manual::ManualArgs),
    /// Hold connections for a drill, which starts this by itself: orders come in on standard input
    #[command(hide = true)]
    Hold(HoldArgs),
}

#[derive(Debug, Args)]
struct CommonArgs {
    /// Address of the node, or of all nodes of a cluster with commas between them: the users are spread over
    /// them, and in `replay` go to the next one when theirs fails
    #[arg(
        long,
        visible_alias = "nodes",
        value_name = "URL,…",
        default_value = "http://127.0.0.1:7300",
        env = "MADANG_URL"
    )]
    url: Nodes,
    /// Name of this run, up to 8 characters a-z 0-9: prefix of all user names and room titles. A new one
    /// each time unless given; giving it again continues with the same users
    #[arg(long, value_parser = run_id)]
    run_id: Option<String>,
    /// Sign-ups at a time; each costs the server a password hash
    #[arg(long, default_value_t = 4, value_name = "N")]
    sign_ups: usize,
    /// Limit of one attempt of a command, in milliseconds
    #[arg(long, default_value_t = 10_000, value_name = "MS")]
    timeout_ms: u64,
    /// Connections opened per second
    #[arg(long, default_value_t = 500, value_name = "N")]
    ramp: usize,
    /// Write the result as JSON
    #[arg(long, value_name = "FILE")]
    report_json: Option<PathBuf>,
    /// Write the result as one HTML page, with charts
    #[arg(long, value_name = "FILE")]
    report_html: Option<PathBuf>,
    /// Write goose's own report, as .md or .json; may be given more than once
    #[arg(long, value_name = "FILE")]
    goose_report: Vec<PathBuf>,
    /// A limit goose watches, for example 'p95<50ms for WS send'; may be given more than once
    #[arg(long, value_name = "RULE")]
    threshold: Vec<String>,
}

#[derive(Debug, Args)]
struct ReplayArgs {
    /// Folder of logs (*.raw.txt, else *.txt and *.log), or one log
    #[arg(long, value_name = "DIR")]
    log: PathBuf,
    /// How many times faster than it was; 0: as fast as possible
    #[arg(long, default_value_t = 0.0)]
    speed: f64,
    /// Let every nick have up to N sends under way in each room. Then only each nick's own order is
    /// compared; without it a line goes out when the one before it is acknowledged, and the room must
    /// equal the file
    #[arg(long, value_name = "N")]
    pipeline: Option<usize>,
    /// Go on when the server is stopped or killed and started again: reconnect and repeat what was not
    /// answered
    #[arg(long)]
    tolerate_restarts: bool,
    /// Give up a command after so many seconds of trying
    #[arg(long, default_value_t = 120, value_name = "S")]
    give_up_after: u64,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
struct ChatArgs {
    /// Users, each with a connection
    #[arg(long, default_value_t = 100, value_name = "N")]
    users: usize,
    /// Members of a room
    #[arg(long, default_value_t = 10, value_name = "M")]
    room_size: usize,
    /// How many of the users send; all unless given
    #[arg(long, value_name = "N")]
    senders: Option<usize>,
    /// Messages per second over all senders, sent on time however slow the answers are
    #[arg(long, default_value_t = 100.0, value_name = "R", conflicts_with = "closed_loop")]
    rate: f64,
    /// Instead of a rate: every sender sends when its last message is acknowledged
    #[arg(long)]
    closed_loop: bool,
    /// Bytes of a message
    #[arg(long, default_value_t = 200, value_name = "BYTES")]
    text_bytes: usize,
    /// Seconds before it counts
    #[arg(long, default_value_t = 2.0, value_name = "S")]
    warm_up: f64,
    /// Seconds it counts
    #[arg(long, default_value_t = 10.0, value_name = "S")]
    duration: f64,
    /// Seconds to wait for the last deliveries
    #[arg(long, default_value_t = 10.0, value_name = "S")]
    drain: f64,
    /// Only every Nth delivery becomes a row of goose's report; the summary counts all
    #[arg(long, default_value_t = 1, value_name = "N")]
    hear_rows_every: u64,
    /// Process id of the server, to count its CPU time; may be given more than once
    #[arg(long, value_name = "PID")]
    server_pid: Vec<u32>,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
struct HoldArgs {
    /// Connections opened at the same time
    #[arg(long, default_value_t = 64, value_name = "N")]
    at_once: usize,
}

/// Whether all was well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to complain about.
    Clean,
    /// The report tells what is wrong.
    Faulty,
}

impl Cli {
    /// Reads the command line; ends the process when it makes no sense.
    pub fn read() -> Self {
        let command = Self::command();
        let matches = command.clone().get_matches();
        let knobs = knobs::knobs(&command, &matches);
        let cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        Self { knobs, ..cli }
    }

    /// Runs the scenario and prints its report.
    pub async fn run(self) -> anyhow::Result<Outcome> {
        for file in &self.ca {
            trust(file)?;
        }
        match self.scenario {
            ScenarioArgs::Replay(args) => run_replay(args, self.knobs).await,
            ScenarioArgs::Chat(args) => run_chat(args, self.knobs).await,
            ScenarioArgs::HotRoom(scene) => scene.run(self.knobs, hot_room::run).await,
            ScenarioArgs::JoinStorm(scene) => scene.run(self.knobs, join_storm::run).await,
            ScenarioArgs::FetchStorm(scene) => scene.run(self.knobs, fetch_storm::run).await,
            ScenarioArgs::PresenceFlap(scene) => scene.run(self.knobs, presence_flap::run).await,
            ScenarioArgs::History(scene) => scene.run(self.knobs, history::run).await,
            ScenarioArgs::Idle(scene) => scene.run(self.knobs, idle::run).await,
            ScenarioArgs::ReconnectStorm(scene) => scene.run(self.knobs, reconnect_storm::run).await,
            ScenarioArgs::MixedDay(scene) => scene.run(self.knobs, mixed_day::run).await,
            ScenarioArgs::Drill(args) => args.run().await,
            ScenarioArgs::Compare(args) => args.run(),
            ScenarioArgs::Manual(args) => args.run(),
            ScenarioArgs::Hold(args) => hold(args.at_once).await.map(|()| Outcome::Clean),
        }
    }
}

async fn run_replay(args: ReplayArgs, knobs: Vec<Knob>) -> anyhow::Result<Outcome> {
    if !args.speed.is_finite() || args.speed < 0.0 {
        bail!("--speed must be 0 or more");
    }
    let options = ReplayOptions {
        nodes: args.common.url.clone(),
        log: args.log,
        speed: args.speed,
        // The protocol allows 256 commands under way.
        pipeline: args.pipeline.map(|window| window.clamp(1, 200)),
        restarts: if args.tolerate_restarts { Restarts::Tolerated } else { Restarts::Fatal },
        run_id: args.common.run_id(),
        sign_ups_at_once: args.common.sign_ups,
        command_timeout: Duration::from_millis(args.common.timeout_ms),
        give_up_after: Duration::from_secs(args.give_up_after),
        attack: args.common.attack(),
    };
    let report = replay::run(&options).await?;
    print!("{}", replay_text(&report));
    if let Some(path) = &args.common.report_json {
        write_json(path, &report)?;
    }
    args.common.write_page(|| report.record(knobs))?;
    Ok(if report.differences == 0 { Outcome::Clean } else { Outcome::Faulty })
}

async fn run_chat(args: ChatArgs, knobs: Vec<Knob>) -> anyhow::Result<Outcome> {
    let load = if args.closed_loop {
        Load::Closed
    } else if args.rate.is_finite() && args.rate > 0.0 {
        Load::Open { rate: args.rate }
    } else {
        bail!("--rate must be more than 0");
    };
    let seconds = |name: &str, value: f64| {
        Duration::try_from_secs_f64(value).map_err(|error| anyhow::anyhow!("--{name}: {error}"))
    };
    let options = ChatOptions {
        nodes: args.common.url.clone(),
        plan: Plan::new(args.users, args.room_size, args.senders),
        load,
        text_bytes: args.text_bytes,
        warm_up: seconds("warm-up", args.warm_up)?,
        duration: seconds("duration", args.duration)?,
        drain: seconds("drain", args.drain)?,
        hear_every: args.hear_rows_every,
        server_pids: args.server_pid,
        run_id: args.common.run_id(),
        sign_ups_at_once: args.common.sign_ups,
        command_timeout: Duration::from_millis(args.common.timeout_ms),
        attack: args.common.attack(),
    };
    let report = chat::run(&options).await?;
    print!("{}", chat_text(&report));
    if let Some(failure) = &report.failure {
        println!("one of the failures: {failure}");
    }
    if let Some(path) = &args.common.report_json {
        write_json(path, &report)?;
    }
    args.common.write_page(|| report.record(knobs))?;
    Ok(if report.faults() == 0 { Outcome::Clean } else { Outcome::Faulty })
}

impl CommonArgs {
    fn run_id(&self) -> String {
        self.run_id.clone().unwrap_or_else(fresh_run_id)
    }

    /// Prints a record and writes it down.
    fn conclude(&self, record: &Record) -> anyhow::Result<Outcome> {
        print!("{}", record.text());
        if let Some(path) = &self.report_json {
            write_json(path, record)?;
        }
        self.write_page(|| record.clone())?;
        Ok(if record.wrong.is_empty() { Outcome::Clean } else { Outcome::Faulty })
    }

    /// Writes the page, if it is wanted.
    fn write_page(&self, record: impl FnOnce() -> Record) -> anyhow::Result<()> {
        let Some(path) = &self.report_html else { return Ok(()) };
        std::fs::write(path, record().html()).with_context(|| format!("cannot write {}", path.display()))
    }

    fn attack(&self) -> AttackOptions {
        AttackOptions {
            url: self.url.first().to_owned(),
            users: 0,
            ramp: self.ramp,
            goose_reports: self.goose_report.clone(),
            thresholds: self.threshold.clone(),
            tables: Tables::Printed,
        }
    }
}

/// Seconds of a knob.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds".to_owned())?;
    // A board has room for no more.
    if (0.0..=86_400.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("0 to 86400".to_owned())
    }
}

/// A rate of a knob.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "a number".to_owned())?;
    if (0.001..=1e6).contains(&rate) { Ok(rate) } else { Err("0.001 to 1000000".to_owned()) }
}

fn run_id(text: &str) -> Result<String, String> {
    let fits = (1..=8).contains(&text.len());
    if fits && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("1 to 8 characters of a-z 0-9".to_owned())
    }
}

/// Different every tenth of a second for years: `r` and six characters.
fn fresh_run_id() -> String {
    const DIGITS: u128 = 36;
    let mut rest = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() / 100;
    let mut id = String::from("r");
    for _ in 0..6 {
        let digit = u32::try_from(rest % DIGITS).unwrap_or(0);
        id.push(char::from_digit(digit, 36).unwrap_or('0'));
        rest /= DIGITS;
    }
    id
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn run_ids_fit_into_user_names() {
        assert!(run_id(&fresh_run_id()).is_ok());
        for bad in ["", "A", "a-b", "123456789"] {
            assert!(run_id(bad).is_err(), "{bad:?}");
        }
    }
}
