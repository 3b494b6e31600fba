//! What the servers and the load test itself use, second by second.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::board::{Board, Span};
use crate::process::{cpu_time, memory_bytes, own_cpu_time};

/// CPU seconds and bytes at one moment, all servers together.
#[derive(Debug, Clone, Copy)]
struct Look {
    at: Instant,
    servers: Duration,
    memory: u64,
    own: Duration,
}

/// What was used. Empty where no process was named.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    looks: Vec<Look>,
}

/// Somebody who watches until asked for it.
#[derive(Debug)]
pub(crate) struct Watch {
    end: watch::Sender<bool>,
    task: JoinHandle<Vec<Look>>,
}

impl Watched {
    /// Begins to watch these processes.
    pub(crate) fn begin(pids: &[u32]) -> Watch {
        let (end, mut ended) = watch::channel(false);
        let pids = pids.to_vec();
        let task = tokio::spawn(async move {
            let mut looks = Vec::new();
            let mut every = tokio::time::interval(Duration::from_secs(1));
            loop {
                tokio::select! {
                    _ = every.tick() => looks.extend(look(&pids)),
                    _ = ended.changed() => {
                        looks.extend(look(&pids));
                        return looks;
                    }
                }
            }
        });
        Watch { end, task }
    }

    /// Cores that the servers used in each second.
    pub(crate) fn server_cores(&self, board: &Board) -> Vec<(f64, f64)> {
        self.cores(board, |look| look.servers)
    }

    /// Cores that the load test used in each second.
    pub(crate) fn own_cores(&self, board: &Board) -> Vec<(f64, f64)> {
        self.cores(board, |look| look.own)
    }

    /// Memory of the servers, in MB.
    pub(crate) fn server_mb(&self, board: &Board) -> Vec<(f64, f64)> {
        self.looks.iter().map(|look| (board.offset(look.at), look.memory as f64 / 1e6)).collect()
    }

    /// Memory of the servers at the last look before a moment, in bytes; `None` if nobody looked.
    pub(crate) fn memory_at(&self, at: Instant) -> Option<f64> {
        self.looks.iter().rev().find(|look| look.at <= at).map(|look| look.memory as f64)
    }

    /// Cores that the servers used on average in a span; `None` if nobody looked.
    pub(crate) fn servers_in(&self, span: Span) -> Option<f64> {
        let mut inside = self.looks.iter().filter(|look| look.at >= span.from && look.at <= span.to);
        let first = inside.next()?;
        let last = inside.next_back()?;
        Some((last.servers.saturating_sub(first.servers)).as_secs_f64() / (last.at - first.at).as_secs_f64())
    }

    fn cores(&self, board: &Board, used: impl Fn(&Look) -> Duration) -> Vec<(f64, f64)> {
        let pairs = self.looks.iter().zip(self.looks.iter().skip(1));
        pairs
            .map(|(before, after)| {
                let seconds = (after.at - before.at).as_secs_f64().max(1e-3);
                let cores = used(after).saturating_sub(used(before)).as_secs_f64() / seconds;
                (board.offset(after.at), cores)
            })
            .collect()
    }
}

impl Watch {
    /// What was seen until now.
    pub(crate) async fn end(self) -> Watched {
        self.end.send_replace(true);
        Watched { looks: self.task.await.unwrap_or_default() }
    }
}

/// `None` when no process was named, or one of them has ended.
fn look(pids: &[u32]) -> Option<Look> {
    if pids.is_empty() {
        return None;
    }
    let servers = pids.iter().map(|pid| cpu_time(*pid)).sum::<Option<Duration>>()?;
    let memory = pids.iter().map(|pid| memory_bytes(*pid)).sum::<Option<u64>>()?;
    Some(Look { at: Instant::now(), servers, memory, own: own_cpu_time()? })
}
