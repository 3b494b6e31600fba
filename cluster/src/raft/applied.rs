//! How far a group's log has been applied on this node, for those who wait for it.

use std::sync::Arc;

use tokio::sync::watch;

/// How far: both only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AppliedTo {
    /// How many entries: the index of the newest, and one.
    pub(crate) entries: u64,
    /// The term in which the newest was proposed.
    pub(crate) term: u64,
}

/// Told by the state machine after each write, heard by readers that wait.
#[derive(Debug, Clone)]
pub(crate) struct Applying {
    to: Arc<watch::Sender<AppliedTo>>,
    /// Changes far less often than `to`: what follows leadership needs not wake with each write.
    term: Arc<watch::Sender<u64>>,
}

impl Default for Applying {
    fn default() -> Self {
        Self { to: Arc::new(watch::Sender::default()), term: Arc::new(watch::Sender::default()) }
    }
}

impl Applying {
    /// The rows now show this.
    pub(super) fn show(&self, to: AppliedTo) {
        self.to.send_replace(to);
        self.term.send_if_modified(|term| std::mem::replace(term, to.term) != to.term);
    }

    /// How far it is now.
    pub(crate) fn now(&self) -> AppliedTo {
        *self.to.borrow()
    }

    /// The term of what is applied, now and from now on.
    pub(super) fn term(&self) -> watch::Receiver<u64> {
        self.term.subscribe()
    }

    /// Waits until that many entries are applied.
    pub(crate) async fn reached(&self, entries: u64) {
        // Fails only when the sender is gone, and this is one.
        let _ = self.to.subscribe().wait_for(|to| to.entries >= entries).await;
    }
}
