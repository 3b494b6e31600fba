//! What `/readyz` says: set by whoever starts, probes and stops the node.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// Whether clients should be sent to this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// Not yet.
    Starting,
    /// Yes.
    Ready,
    /// No longer: the node is stopping, or an operator drains it.
    Draining,
    /// Not now, and why.
    Failing(String),
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("the node is starting"),
            Self::Ready => f.write_str("the node is ready"),
            Self::Draining => f.write_str("the node is draining"),
            Self::Failing(reason) => f.write_str(reason),
        }
    }
}

/// What one look at a shard found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which shard.
    pub shard: u16,
    /// Who leads it, as far as this node knows.
    pub leader: Option<u64>,
    /// How long a write took to come back; else what went wrong.
    pub took: Result<Duration, String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leader =
            self.leader.map_or_else(|| "no leader known".to_owned(), |node| format!("leader node {node}"));
        match &self.took {
            Ok(took) => write!(f, "shard {}: ok, {leader}, {} ms", self.shard, took.as_millis()),
            Err(why) => write!(f, "shard {}: failed, {leader}: {why}", self.shard),
        }
    }
}

/// A shared, changeable [`Ready`], and what was found last.
#[derive(Debug, Clone)]
pub struct Readiness {
    ready: watch::Sender<Ready>,
    findings: watch::Sender<Arc<[Finding]>>,
}

impl Readiness {
    /// Starts with [`Ready::Starting`].
    pub fn starting() -> Self {
        Self { ready: watch::Sender::new(Ready::Starting), findings: watch::Sender::new(Arc::new([])) }
    }

    /// What holds now.
    pub fn get(&self) -> Ready {
        self.ready.borrow().clone()
    }

    /// What was found last, shard by shard.
    pub fn findings(&self) -> Arc<[Finding]> {
        self.findings.borrow().clone()
    }

    /// Takes note of what was found, and is ready if no shard failed.
    pub fn found(&self, findings: Vec<Finding>) {
        let failed = findings.iter().find_map(|finding| finding.took.is_err().then(|| finding.to_string()));
        self.findings.send_replace(findings.into());
        self.set(failed.map_or(Ready::Ready, Ready::Failing));
    }

    /// Changes it. A node that drains stays so: nothing that still reports can make it ready again, only
    /// [`Self::serve_again`].
    pub fn set(&self, ready: Ready) {
        self.ready.send_if_modified(|current| {
            let change = *current != Ready::Draining && *current != ready;
            if change {
                *current = ready;
            }
            change
        });
    }

    /// The drain was called off: as at the start, ready once that is found.
    pub fn serve_again(&self) {
        self.ready.send_if_modified(|current| {
            let drained = *current == Ready::Draining;
            if drained {
                *current = Ready::Starting;
            }
            drained
        });
    }

    /// Follows the changes.
    pub fn subscribe(&self) -> watch::Receiver<Ready> {
        self.ready.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_that_failed_is_why_the_node_is_not_ready() {
        let readiness = Readiness::starting();
        let well = Finding { shard: 0, leader: Some(2), took: Ok(Duration::from_millis(3)) };
        let sick = Finding { shard: 1, leader: None, took: Err("its feed ended".to_owned()) };
        readiness.found(vec![well.clone(), sick]);
        let why = "shard 1: failed, no leader known: its feed ended".to_owned();
        assert_eq!(readiness.get(), Ready::Failing(why));
        readiness.found(vec![well]);
        assert_eq!(readiness.get(), Ready::Ready);
        assert_eq!(readiness.findings()[0].to_string(), "shard 0: ok, leader node 2, 3 ms");
    }

    #[test]
    fn a_draining_node_becomes_ready_again_only_when_it_is_to_serve_again() {
        let readiness = Readiness::starting();
        for ready in [Ready::Ready, Ready::Failing("no quorum".into()), Ready::Ready, Ready::Draining] {
            readiness.set(ready.clone());
            assert_eq!(readiness.get(), ready);
        }
        readiness.set(Ready::Ready);
        assert_eq!(readiness.get(), Ready::Draining);
        readiness.serve_again();
        assert_eq!(readiness.get(), Ready::Starting);
        readiness.set(Ready::Ready);
        readiness.serve_again();
        assert_eq!(readiness.get(), Ready::Ready);
    }
}
