//! Gives the cues of one file, in order and in time, and notes what was acknowledged.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::compare::OrderRule;
use super::performer::Cue;
use super::script::{Script, Step};
use crate::client::{ClientError, SendAck};

/// How many cues have been carried out, over all files.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Carried out and acknowledged.
    pub(super) done: AtomicUsize,
    /// Sends answered with `dup`.
    pub(super) dups: AtomicUsize,
}

/// How one file went.
#[derive(Debug, Clone, Default)]
pub(super) struct FileRun {
    /// What was acknowledged at which seq, by the number of the step.
    pub(super) acked: HashMap<usize, u64>,
    /// Why it stopped before the end.
    pub(super) error: Option<String>,
}

/// Everything a file's conductor needs.
pub(super) struct Conductor {
    /// What is to be done.
    pub(super) script: Arc<Script>,
    /// Which steps an earlier run has done already.
    pub(super) done_before: Vec<bool>,
    /// The performers of this room, by the number of their nick.
    pub(super) stage: HashMap<usize, mpsc::Sender<Cue>>,
    /// Whether a step waits for the one before it.
    pub(super) order: OrderRule,
    /// How many times faster than in the log; 0 for as fast as possible.
    pub(super) speed: f64,
    /// Shared by all files.
    pub(super) tally: Arc<Tally>,
}

type Done = oneshot::Receiver<Result<Option<SendAck>, ClientError>>;

impl Conductor {
    /// Plays the file to its end, or to the first step that fails.
    pub(super) async fn conduct(self) -> FileRun {
        let start = Instant::now();
        let mut run = FileRun::default();
        let mut open: Vec<(usize, Done)> = Vec::new();
        let first_due = self.remaining().next().map(|(_, _, due)| due).unwrap_or_default();
        for (number, step, due) in self.remaining() {
            if let Some(wait) = waiting_time(due.saturating_sub(first_due), self.speed, start.elapsed()) {
                tokio::time::sleep(wait).await;
            }
            let Some(done) = self.cue(step).await else {
                run.error = Some(format!("line {}: the nick's goose user has ended", step.line));
                break;
            };
            match self.order {
                OrderRule::Total => {
                    if let Err(error) = self.note(&mut run, number, done).await {
                        run.error = Some(format!("line {}: {error}", step.line));
                        break;
                    }
                }
                OrderRule::PerUser => open.push((number, done)),
            }
        }
        for (number, done) in open {
            if let Err(error) = self.note(&mut run, number, done).await {
                let line = self.script.steps.get(number).map_or(0, |step| step.line);
                run.error.get_or_insert_with(|| format!("line {line}: {error}"));
            }
        }
        run
    }

    fn remaining(&self) -> impl Iterator<Item = (usize, &Step, Duration)> {
        let steps = self.script.steps.iter().zip(&self.script.due).zip(&self.done_before).enumerate();
        steps.filter(|(_, (_, done))| !**done).map(|(number, ((step, due), _))| (number, step, *due))
    }

    async fn cue(&self, step: &Step) -> Option<Done> {
        let (done, hears) = oneshot::channel();
        let performer = self.stage.get(&step.nick)?;
        performer.send(Cue { deed: step.deed.clone(), done }).await.ok()?;
        Some(hears)
    }

    async fn note(&self, run: &mut FileRun, number: usize, done: Done) -> Result<(), String> {
        let answer = done.await.map_err(|_| "the performer has ended".to_owned())?;
        let ack = answer.map_err(|error| error.to_string())?;
        self.tally.done.fetch_add(1, Ordering::Relaxed);
        if let Some(ack) = ack {
            run.acked.insert(number, ack.seq);
            if ack.dup {
                self.tally.dups.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}

/// How long to wait until something that is due so long after the start at the log's own speed.
fn waiting_time(due: Duration, speed: f64, elapsed: Duration) -> Option<Duration> {
    if speed <= 0.0 {
        return None;
    }
    // Years pass for finite numbers only.
    let at = Duration::try_from_secs_f64(due.as_secs_f64() / speed).ok()?;
    at.checked_sub(elapsed).filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_divides_the_time_and_zero_means_at_once() {
        let minute = Duration::from_secs(60);
        assert_eq!(waiting_time(minute, 0.0, Duration::ZERO), None);
        assert_eq!(waiting_time(minute, 1.0, Duration::ZERO), Some(minute));
        assert_eq!(waiting_time(minute, 60.0, Duration::ZERO), Some(Duration::from_secs(1)));
        assert_eq!(waiting_time(minute, 60.0, Duration::from_millis(400)), Some(Duration::from_millis(600)));
        assert_eq!(waiting_time(minute, 60.0, minute), None);
    }
}
