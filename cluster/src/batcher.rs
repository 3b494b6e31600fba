//! Many commands, one raft entry. Whatever waits in front of a shard goes into the next entry, so the
//! cost of agreement and of the fsync is shared by all who wait, and nobody waits for a timer.
//!
//! Invariant: commands enter the log in the order in which they were submitted.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::breach::{Breach, guess};
use crate::command::{Batch, Command, Outcome};
use crate::error::ClusterError;
use crate::metrics::Counters;
use crate::options::ClusterOptions;
use crate::raft::Group;

/// What comes back to whoever submitted.
pub type Answer = Result<Outcome, ClusterError>;

/// A command on its way, and who waits for its answer.
pub(crate) struct Pending {
    pub(crate) command: Command,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// The queue in front of one group.
#[derive(Clone)]
pub(crate) struct Batcher {
    queue: mpsc::Sender<Pending>,
    limit: usize,
    counters: Arc<Counters>,
}

impl Batcher {
    /// Starts the task that empties the queue.
    pub(crate) fn start(group: Group, options: &ClusterOptions, counters: Arc<Counters>) -> Self {
        let limit = options.queue_commands_max;
        let entries_in_flight_max = match options.breach {
            // A guess stands on what is applied.
            Breach::AckBeforeCommit => 1,
            Breach::None | Breach::WithoutDedup => options.entries_in_flight_max,
        };
        let (queue, waiting) = mpsc::channel(limit);
        let limits = Limits {
            commands: options.batch_commands_max,
            bytes: options.batch_bytes_max,
            entries: Arc::new(Semaphore::new(entries_in_flight_max)),
            breach: options.breach,
        };
        tokio::spawn(run(group, waiting, limits, Arc::clone(&counters)));
        Self { queue, limit, counters }
    }

    /// Takes a command, at once or not at all. A dropped receiver is fine: the command is carried out.
    pub(crate) fn submit(&self, command: Command) -> Result<oneshot::Receiver<Answer>, ClusterError> {
        let (answer, receiver) = oneshot::channel();
        let taken = match self.queue.try_send(Pending { command, answer }) {
            Ok(()) => Ok(receiver),
            Err(mpsc::error::TrySendError::Full(_)) => Err(ClusterError::Overloaded { limit: self.limit }),
            Err(mpsc::error::TrySendError::Closed(_)) => {
                Err(ClusterError::Unavailable { why: "the shard is stopping".to_owned() })
            }
        };
        self.counters.submitted(&taken);
        taken
    }
}

struct Limits {
    commands: usize,
    bytes: usize,
    entries: Arc<Semaphore>,
    breach: Breach,
}

async fn run(group: Group, mut waiting: mpsc::Receiver<Pending>, limits: Limits, counters: Arc<Counters>) {
    while let Some(first) = waiting.recv().await {
        // The entry is filled only when it may go: meanwhile more commands gather.
        let Ok(permit) = Arc::clone(&limits.entries).acquire_owned().await else { return };
        let (commands, mut answers) = fill(first, &mut waiting, &limits);
        let guessed = (limits.breach == Breach::AckBeforeCommit).then(|| guess(&group, &commands)).flatten();
        let written = group.write(Batch { commands: Arc::new(commands) }).await;
        counters.proposed();
        if let Some(outcomes) = guessed {
            give(std::mem::take(&mut answers), Ok(outcomes), &counters);
        }
        let counters = Arc::clone(&counters);
        tokio::spawn(async move {
            let outcomes = match written {
                Ok(answer) => answer.outcomes().await,
                Err(error) => Err(error),
            };
            drop(permit);
            give(answers, outcomes, &counters);
        });
    }
}

fn fill(
    first: Pending,
    waiting: &mut mpsc::Receiver<Pending>,
    limits: &Limits,
) -> (Vec<Command>, Vec<oneshot::Sender<Answer>>) {
    let mut bytes = first.command.op.weight();
    let (mut commands, mut answers) = (vec![first.command], vec![first.answer]);
    while commands.len() < limits.commands && bytes < limits.bytes {
        let Ok(next) = waiting.try_recv() else { break };
        bytes += next.command.op.weight();
        commands.push(next.command);
        answers.push(next.answer);
    }
    (commands, answers)
}

/// Nobody may wait any more: a dropped receiver is not an error.
fn give(
    answers: Vec<oneshot::Sender<Answer>>,
    outcomes: Result<Vec<Outcome>, ClusterError>,
    counters: &Counters,
) {
    let give = |to: oneshot::Sender<Answer>, answer: Answer| {
        counters.answered(&answer);
        let _ = to.send(answer);
    };
    match outcomes {
        Ok(outcomes) => answers.into_iter().zip(outcomes).for_each(|(to, outcome)| give(to, Ok(outcome))),
        Err(error) => answers.into_iter().for_each(|to| give(to, Err(error.clone()))),
    }
}
