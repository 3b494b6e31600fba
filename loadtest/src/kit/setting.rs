//! Where and how a scenario is run: the same for all of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::board::{Board, Span};
use super::cast::{Cast, Part};
use super::crowd::Crowd;
use super::record::{Better, Chart, Figure, Knob, Line, Mark, Record, figure, times};
use super::watch::Watched;
use crate::attack::AttackOptions;
use crate::client::Nodes;
use crate::goal::Goal;
use crate::report::{machine, now_ms};

/// Between the last one who is in place and the start.
const LEAD: Duration = Duration::from_secs(2);

/// What the command line says beside a scenario's own knobs.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Where the users are, spread over all of them.
    pub nodes: Nodes,
    /// Begins all names.
    pub run_id: String,
    /// Sign-ups at a time.
    pub sign_ups_at_once: usize,
    /// Limit of one command.
    pub limit: Duration,
    /// The servers' processes, to count what they use.
    pub server_pids: Vec<u32>,
    /// Goose's part; `users` is filled in.
    pub attack: AttackOptions,
    /// How the scenario's own knobs are set, for its record.
    pub knobs: Vec<Knob>,
}

/// What a run leaves behind.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) board: Arc<Board>,
    pub(crate) watched: Watched,
    /// When everybody was in place.
    pub(crate) start: Instant,
    /// What went wrong with parts.
    pub(crate) wrong: Vec<String>,
}

/// What came of a run.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) figures: Vec<Figure>,
    pub(crate) charts: Vec<Chart>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) goals: Vec<Goal>,
    pub(crate) wrong: Vec<String>,
}

impl Setting {
    /// Signs so many people up.
    pub(crate) async fn gather(&self, people: usize) -> anyhow::Result<Crowd> {
        eprintln!("run {}: {people} people sign up and enter their rooms", self.run_id);
        Crowd::gather(&self.nodes, &self.run_id, people, self.sign_ups_at_once).await
    }

    /// Lets all parts be played; each must have ended `limit` after the start.
    pub(crate) async fn play(
        &self,
        name: &'static str,
        parts: Vec<Part>,
        limit: Duration,
    ) -> anyhow::Result<Played> {
        let board = Arc::new(Board::new(Instant::now()));
        let cast = Cast::new(name, parts, &board, limit);
        let watch = Watched::begin(&self.server_pids);
        eprintln!("everybody is to be in place");
        let wrong = cast.play(&self.attack, LEAD).await?;
        let watched = watch.end().await;
        let start = cast.started()?;
        Ok(Played { board, watched, start, wrong })
    }

    /// The record of a run that ended now.
    pub(crate) fn record(&self, scenario: &str, found: Findings) -> Record {
        found.record(scenario, &self.run_id, self.knobs.clone())
    }
}

impl Findings {
    /// The record of a run that ended now.
    pub(crate) fn record(self, scenario: &str, run_id: &str, knobs: Vec<Knob>) -> Record {
        let Self { figures, charts, marks, goals, wrong } = self;
        // What could not be measured is no figure.
        let figures = figures.into_iter().filter(|figure| figure.value.is_finite()).collect();
        Record {
            scenario: scenario.to_owned(),
            run_id: run_id.to_owned(),
            at_ms: now_ms(),
            machine: machine(),
            knobs,
            figures,
            charts,
            marks,
            goals,
            wrong,
        }
    }
}

impl Played {
    /// How long something took in a span, in numbers; nothing if it did not happen.
    pub(crate) fn times(&self, row: &'static str, span: Span) -> Vec<Figure> {
        times(row, &self.board.summary(row, span))
    }

    /// How often something happened in a span.
    pub(crate) fn count(&self, what: &'static str, span: Span, better: Option<Better>) -> Figure {
        figure(what, self.board.counted(what, span) as f64, "", better)
    }

    /// How often something happened in the whole run.
    pub(crate) fn counted(&self, what: &'static str) -> u64 {
        self.board.counted(what, self.all())
    }

    /// From the start until long after the end.
    pub(crate) fn all(&self) -> Span {
        Span { from: self.start, to: Instant::now() + Duration::from_secs(1) }
    }

    /// What the servers used in a span, if anybody looked.
    pub(crate) fn cores(&self, name: &str, span: Span) -> Option<Figure> {
        self.watched.servers_in(span).map(|cores| figure(name, cores, "cores", Some(Better::Lower)))
    }

    /// Something at a moment.
    pub(crate) fn mark(&self, at: Instant, text: &str) -> Mark {
        Mark { at_s: self.board.offset(at), text: text.to_owned() }
    }

    /// How long things took, second by second.
    pub(crate) fn slowest(&self, rows: &[&'static str]) -> Chart {
        let lines = rows.iter().map(|row| (*row, self.board.p99_ms(row))).collect();
        chart("p99 of what was due in each second", "ms", lines)
    }

    /// How often things happened, second by second.
    pub(crate) fn often(&self, title: &str, whats: &[&'static str]) -> Chart {
        chart(title, "a second", whats.iter().map(|what| (*what, self.board.rate(what))).collect())
    }

    /// CPU and memory.
    pub(crate) fn used(&self) -> Vec<Chart> {
        let board = &self.board;
        vec![
            chart(
                "CPU",
                "cores",
                vec![
                    ("servers", self.watched.server_cores(board)),
                    ("load test", self.watched.own_cores(board)),
                ],
            ),
            chart("Memory of the servers", "MB", vec![("servers", self.watched.server_mb(board))]),
        ]
    }
}

/// Curves over the seconds of a run; those without points are left out.
pub(crate) fn chart(title: &str, unit: &str, lines: Vec<(&str, Vec<(f64, f64)>)>) -> Chart {
    let line = |(name, points): (&str, Vec<(f64, f64)>)| Line { name: name.to_owned(), points };
    Chart {
        title: title.to_owned(),
        unit: unit.to_owned(),
        across: "seconds".to_owned(),
        lines: lines.into_iter().map(line).filter(|line| !line.points.is_empty()).collect(),
    }
}
