//! What `/readyz` says: set by whoever starts, probes and stops the node.

use tokio::sync::watch;

/// Whether clients should be sent to this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// Not yet.
    Starting,
    /// Yes.
    Ready,
    /// No longer; the node is stopping.
    Draining,
    /// Not now, and why.
    Failing(String),
}

/// A shared, changeable [`Ready`].
#[derive(Debug, Clone)]
pub struct Readiness(watch::Sender<Ready>);

impl Readiness {
    /// Starts with [`Ready::Starting`].
    pub fn starting() -> Self {
        Self(watch::Sender::new(Ready::Starting))
    }

    /// What holds now.
    pub fn get(&self) -> Ready {
        self.0.borrow().clone()
    }

    /// Changes it. A node that drains stays so: nothing that still reports can make it ready again.
    pub fn set(&self, ready: Ready) {
        self.0.send_if_modified(|current| {
            let change = *current != Ready::Draining && *current != ready;
            if change {
                *current = ready;
            }
            change
        });
    }

    /// Follows the changes.
    pub fn subscribe(&self) -> watch::Receiver<Ready> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draining_node_never_becomes_ready_again() {
        let readiness = Readiness::starting();
        for ready in [Ready::Ready, Ready::Failing("no quorum".into()), Ready::Ready, Ready::Draining] {
            readiness.set(ready.clone());
            assert_eq!(readiness.get(), ready);
        }
        readiness.set(Ready::Ready);
        assert_eq!(readiness.get(), Ready::Draining);
    }
}
