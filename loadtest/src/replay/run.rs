//! The whole replay, from the logs to the report.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::attack::{Seat, perform};
use super::audit::{Reads, read_as_member};
use super::compare::{Differences, OrderRule};
use super::conductor::{Conductor, FileRun, Tally};
use super::performer::{Cue, Performer};
use super::progress::steps_done;
use super::script::{Cast, Script};
use super::stage::{Stage, StagePlan};
use super::verdict::{Evidence, FileReport, ReplayReport, expected_entries, found_entries};
use crate::attack::AttackOptions;
use crate::client::{Backoff, HttpClient, Nodes, Restarts, RetryPolicy, Steady};
use crate::irc::ChannelLog;
use crate::latency::LatencySummary;
use crate::report::Progress;

/// Cues that may wait for one performer.
const CUES_MAX: usize = 64;
/// Results of one nick that may wait for its goose user.
const SAMPLES_MAX: usize = 256;

/// What the command line says.
#[derive(Debug, Clone)]
pub struct ReplayOptions {
    /// Where the users are, spread over all of them.
    pub nodes: Nodes,
    /// A folder of logs, or one log.
    pub log: PathBuf,
    /// How many times faster than in the log; 0 for as fast as possible.
    pub speed: f64,
    /// Sends of one nick in one room that may be under way; `None` keeps the file's order over all nicks.
    pub pipeline: Option<usize>,
    /// What a lost connection means.
    pub restarts: Restarts,
    /// Prefix of users and titles.
    pub run_id: String,
    /// Sign-ups at a time.
    pub sign_ups_at_once: usize,
    /// Limit of one attempt.
    pub command_timeout: Duration,
    /// Limit of all attempts.
    pub give_up_after: Duration,
    /// Goose's part; `users` is filled in.
    pub attack: AttackOptions,
}

impl ReplayOptions {
    fn order(&self) -> OrderRule {
        if self.pipeline.is_some() { OrderRule::PerUser } else { OrderRule::Total }
    }

    fn policy(&self) -> RetryPolicy {
        RetryPolicy {
            command_timeout: self.command_timeout,
            give_up_after: self.give_up_after,
            restarts: self.restarts,
            // A run should not outlast a restart by half a minute.
            backoff: Backoff { cap: Duration::from_secs(3), ..Backoff::default() },
        }
    }

    /// The user of that number.
    fn steady(&self, number: usize, token: &str) -> Arc<Steady> {
        Arc::new(Steady::new(&self.nodes, number, token, self.policy()))
    }
}

/// Plays all logs, reads the rooms back and compares.
pub async fn run(options: &ReplayOptions) -> anyhow::Result<ReplayReport> {
    let mut cast = Cast::default();
    let scripts: Vec<Script> =
        ChannelLog::read_all(&options.log)?.iter().map(|log| Script::write(log, &mut cast)).collect();
    let http = HttpClient::among(&options.nodes, options.command_timeout)?;
    eprintln!(
        "run {}: {} files, {} lines, {} users; signing up",
        options.run_id,
        scripts.len(),
        scripts.iter().map(|script| script.census.lines).sum::<usize>(),
        cast.nicks().len()
    );
    let plan = StagePlan {
        http: &http,
        run_id: &options.run_id,
        at_once: options.sign_ups_at_once,
        patience: options.give_up_after,
    };
    let stage = plan.set(&cast, &scripts).await?;
    let users: Vec<String> = stage.users.iter().map(|session| session.user.clone()).collect();
    let play = Play { options, stage: &stage, scripts: scripts.into_iter().map(Arc::new).collect(), users };
    let done_before = play.done_before().await?;
    let played = play.play(&done_before).await?;
    play.report(&http, &done_before, played).await
}

/// A play with its stage set.
struct Play<'a> {
    options: &'a ReplayOptions,
    stage: &'a Stage,
    scripts: Vec<Arc<Script>>,
    users: Vec<String>,
}

/// What came of playing.
struct Played {
    runs: Vec<FileRun>,
    nicks: Vec<Arc<Steady>>,
    tally: Arc<Tally>,
    took: Duration,
    send: LatencySummary,
}

impl Play<'_> {
    fn aside(&self) -> [&str; 2] {
        [&self.stage.host.user, &self.stage.reader.user]
    }

    /// Which steps each room holds already.
    async fn done_before(&self) -> anyhow::Result<Vec<Vec<bool>>> {
        let host = self.options.steady(0, &self.stage.host.token);
        let mut all = Vec::new();
        for (script, room) in self.scripts.iter().zip(&self.stage.rooms) {
            let events = read_as_member(&host, &room.room)
                .await
                .with_context(|| format!("cannot read what the room of {} holds", script.name))?;
            let found = found_entries(&events, &self.aside());
            all.push(steps_done(&expected_entries(script, &self.users), &found));
        }
        Ok(all)
    }

    async fn play(&self, done_before: &[Vec<bool>]) -> anyhow::Result<Played> {
        let tally = Arc::new(Tally::default());
        let (conductors, seats, nicks) = self.cast_parts(done_before, &tally);
        let steps = done_before.iter().flatten().filter(|done| !**done).count();
        let mut played =
            Played { runs: vec![], nicks, tally, took: Duration::ZERO, send: LatencySummary::default() };
        if seats.is_empty() {
            played.runs = vec![FileRun::default(); self.scripts.len()];
            return Ok(played);
        }
        eprintln!("playing {steps} steps with {} connections", seats.len());
        let progress = Progress::start("steps", steps, {
            let tally = Arc::clone(&played.tally);
            move || tally.done.load(Ordering::Relaxed)
        });
        let started = Instant::now();
        let mut running = JoinSet::new();
        for (file, conductor) in conductors.into_iter().enumerate() {
            running.spawn(async move { (file, conductor.conduct().await, started.elapsed()) });
        }
        let attack = AttackOptions { users: seats.len(), ..self.options.attack.clone() };
        let sends = perform(&attack, seats).await?;
        // The attack ends when the conductors have, or when it was interrupted.
        if goose::is_killswitch_triggered() {
            running.abort_all();
        }
        let mut runs = vec![None; self.scripts.len()];
        while let Some(ended) = running.join_next().await {
            if let Ok((file, run, took)) = ended {
                played.took = played.took.max(took);
                if let Some(place) = runs.get_mut(file) {
                    *place = Some(run);
                }
            }
        }
        let interrupted = || FileRun { error: Some("interrupted".to_owned()), ..FileRun::default() };
        played.runs = runs.into_iter().map(|run| run.unwrap_or_else(interrupted)).collect();
        played.send = sends.summary();
        drop(progress);
        Ok(played)
    }

    /// A conductor per file, and a seat per nick that has something left to do.
    fn cast_parts(
        &self,
        done_before: &[Vec<bool>],
        tally: &Arc<Tally>,
    ) -> (Vec<Conductor>, Vec<Seat>, Vec<Arc<Steady>>) {
        let mut seats: HashMap<usize, (Seat, mpsc::Sender<_>)> = HashMap::new();
        let mut conductors = Vec::new();
        for ((script, room), done) in self.scripts.iter().zip(&self.stage.rooms).zip(done_before) {
            let mut stage = HashMap::new();
            for (step, done) in script.steps.iter().zip(done) {
                if *done || stage.contains_key(&step.nick) {
                    continue;
                }
                let Some(session) = self.stage.users.get(step.nick) else { continue };
                let (seat, samples) = seats.entry(step.nick).or_insert_with(|| {
                    let (sender, samples) = mpsc::channel(SAMPLES_MAX);
                    let steady = self.options.steady(step.nick, &session.token);
                    (Seat { steady, performers: Vec::new(), samples }, sender)
                });
                let (cue, cues) = mpsc::channel::<Cue>(CUES_MAX);
                seat.performers.push(Performer {
                    steady: Arc::clone(&seat.steady),
                    room: room.room.clone(),
                    window: self.options.pipeline.unwrap_or(1),
                    cues,
                    samples: samples.clone(),
                });
                stage.insert(step.nick, cue);
            }
            conductors.push(Conductor {
                script: Arc::clone(script),
                done_before: done.clone(),
                stage,
                order: self.options.order(),
                speed: self.options.speed,
                tally: Arc::clone(tally),
            });
        }
        let seats: Vec<Seat> = seats.into_values().map(|(seat, _)| seat).collect();
        let nicks = seats.iter().map(|seat| Arc::clone(&seat.steady)).collect();
        (conductors, seats, nicks)
    }

    async fn report(
        &self,
        http: &HttpClient,
        done_before: &[Vec<bool>],
        played: Played,
    ) -> anyhow::Result<ReplayReport> {
        eprintln!("reading {} rooms back", self.scripts.len());
        let mut files = Vec::new();
        let reader = self.options.steady(0, &self.stage.reader.token);
        // What is read over HTTP comes from another node than what is read over WebSocket.
        let http = http.numbered(1).with_token(&self.stage.reader.token);
        for (((script, room), done), run) in
            self.scripts.iter().zip(&self.stage.rooms).zip(done_before).zip(&played.runs)
        {
            files.push(self.judge(&reader, &http, script, &room.room, done, run).await);
        }
        let counts: Vec<_> = played.nicks.iter().map(|steady| steady.counts()).collect();
        let steps = played.tally.done.load(Ordering::Relaxed);
        let seconds = played.took.as_secs_f64();
        Ok(ReplayReport {
            scenario: "replay",
            run_id: self.options.run_id.clone(),
            users: played.nicks.len(),
            steps,
            play_ms: u64::try_from(played.took.as_millis()).unwrap_or(u64::MAX),
            steps_per_s: if seconds > 0.0 { steps as f64 / seconds } else { 0.0 },
            send: played.send,
            reconnects: counts.iter().map(|counts| counts.reconnects).sum(),
            retries: counts.iter().map(|counts| counts.retries).sum(),
            dups: played.tally.dups.load(Ordering::Relaxed),
            differences: files.iter().map(FileReport::total).sum(),
            files,
        })
    }

    async fn judge(
        &self,
        reader: &Steady,
        http: &HttpClient,
        script: &Script,
        room: &str,
        done_before: &[bool],
        run: &FileRun,
    ) -> FileReport {
        let read = Reads::of_room(reader, http, room, self.options.give_up_after).await;
        let evidence = Evidence {
            script,
            room,
            users: &self.users,
            aside: &self.aside(),
            done_before: done_before.iter().filter(|done| **done).count(),
            order: self.options.order(),
            run,
        };
        match read {
            Ok(reads) => evidence.judge(&reads),
            Err(error) => {
                // What was not read cannot be compared: one fault, not one per line.
                let mut report = evidence.judge(&Reads::default());
                report.differences = Differences::default();
                report.misplaced = 0;
                report.error = Some(format!("cannot read the room back: {error}"));
                report
            }
        }
    }
}
