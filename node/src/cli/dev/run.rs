//! Carries out what the keeper decides, and tells it what happens.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::banner::{self, Shown};
use super::child::{Logs, Running};
use super::keeper::{Effect, Input, Keeper};
use super::plan::Plan;

/// How often it is looked whether a starting node is ready.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Longer than a node takes to stop in good order with its default settings.
const STOP_WITHIN: Duration = Duration::from_secs(15);

/// Runs the nodes until a signal ends them.
pub(super) fn run(plan: &Plan, restart_after: Option<Duration>, logs: Logs) -> anyhow::Result<()> {
    std::fs::create_dir_all(plan.folder()).with_context(|| format!("{}", plan.folder().display()))?;
    // On this thread only: the children are tied to it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Yard { plan, restart_after, logs, running: BTreeMap::new() }.run())
}

/// The nodes that run.
struct Yard<'a> {
    plan: &'a Plan,
    restart_after: Option<Duration>,
    logs: Logs,
    running: BTreeMap<u16, Running>,
}

impl Yard<'_> {
    async fn run(mut self) -> anyhow::Result<()> {
        let mut signals = Signals::new()?;
        let began = Instant::now();
        let (mut keeper, effects) = Keeper::new(self.plan.numbers(), self.restart_after);
        say(&format!("madang dev: starting; everything is in {}\n", self.plan.folder().display()));
        self.carry_out(effects)?;
        loop {
            let wait = match keeper.next_due() {
                _ if !keeper.starting().is_empty() => LOOK_EVERY,
                Some(due) => due.saturating_sub(began.elapsed()),
                None => Duration::MAX,
            };
            tokio::select! {
                heard = signals.next() => if heard != Heard::Child { break },
                () = tokio::time::sleep(wait) => {}
            }
            for input in self.news(&keeper)? {
                let effects = keeper.on(input, began.elapsed());
                self.carry_out(effects)?;
            }
        }
        self.stop(&mut signals).await
    }

    /// What has happened since the last look.
    fn news(&mut self, keeper: &Keeper) -> anyhow::Result<Vec<Input>> {
        let mut news = vec![Input::Tick];
        for number in keeper.starting() {
            if self.running.contains_key(&number) && self.plan.ready_file(number).exists() {
                news.push(Input::Ready(number));
            }
        }
        for (number, status) in self.reap()? {
            news.push(match status.success() {
                true => Input::Left(number),
                false => Input::Ended(number, words(status)),
            });
        }
        Ok(news)
    }

    /// Takes those away that have ended.
    fn reap(&mut self) -> anyhow::Result<Vec<(u16, ExitStatus)>> {
        let mut ended = Vec::new();
        for (number, node) in &mut self.running {
            if let Some(status) = node.ended()? {
                ended.push((*number, status));
            }
        }
        for (number, _) in &ended {
            self.running.remove(number);
        }
        Ok(ended)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> anyhow::Result<()> {
        for effect in effects {
            match effect {
                Effect::Start(number) => {
                    let node = Running::start(self.plan, number, self.logs)?;
                    self.running.insert(number, node);
                }
                Effect::Announce => {
                    let nodes: Vec<Shown> =
                        self.running.iter().map(|(number, node)| self.shown(*number, node)).collect();
                    say(&banner::text(self.plan, &nodes, self.restart_after));
                }
                Effect::Say(text) => say(&format!("madang dev: {text}\n")),
                Effect::SayHowToStart(number) => {
                    say(&format!("start it again with: {}\n", self.plan.command_line(number)));
                }
                Effect::Fail(why) => bail!("{why}{}", self.where_to_look()),
            }
        }
        Ok(())
    }

    /// A node as the banner shows it. Its id is the cluster's choice, first come, first served.
    fn shown(&self, number: u16, node: &Running) -> Shown {
        let about = std::fs::read_to_string(self.plan.ready_file(number)).unwrap_or_default();
        let about: serde_json::Value = serde_json::from_str(&about).unwrap_or_default();
        let url = about.get("http").and_then(serde_json::Value::as_str).map(str::to_owned);
        Shown {
            number,
            id: about.get("node").and_then(serde_json::Value::as_u64),
            pid: node.pid(),
            url: url.unwrap_or_else(|| format!("http://{}", self.plan.http(number))),
        }
    }

    fn where_to_look(&self) -> String {
        match self.logs {
            Logs::Shown => "; its log is above".to_owned(),
            Logs::Files => format!("; its log is in {}", self.plan.folder().display()),
        }
    }

    /// Ends all nodes in good order; at once after another Ctrl-C, or when it takes too long.
    async fn stop(mut self, signals: &mut Signals) -> anyhow::Result<()> {
        self.running.values().for_each(Running::stop);
        let too_late = tokio::time::sleep(STOP_WITHIN);
        tokio::pin!(too_late);
        loop {
            self.reap()?;
            if self.running.is_empty() {
                return Ok(());
            }
            tokio::select! {
                heard = signals.next() => if heard == Heard::Interrupt { bail!("stopped at once") },
                () = &mut too_late => bail!("nodes did not stop within {} s and were killed", STOP_WITHIN.as_secs()),
            }
        }
    }
}

/// How a process ended.
fn words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no status".to_owned(),
    }
}

fn say(text: &str) {
    // Nobody looking is no reason to end the nodes.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    let _ = std::io::stdout().flush();
}

/// What a signal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// Ctrl-C.
    Interrupt,
    /// Another wish for an end. It may come twice: some tools send it to the process and to its group.
    Terminate,
    /// A node has ended.
    Child,
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    child: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let on = |kind| signal(kind).context("listening to signals");
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
            hangup: on(SignalKind::hangup())?,
            child: on(SignalKind::child())?,
        })
    }

    async fn next(&mut self) -> Heard {
        tokio::select! {
            _ = self.interrupt.recv() => Heard::Interrupt,
            _ = self.terminate.recv() => Heard::Terminate,
            _ = self.hangup.recv() => Heard::Terminate,
            _ = self.child.recv() => Heard::Child,
        }
    }
}
