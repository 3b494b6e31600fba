//! How much is on its way to one hub, counted where it is sent, so that its mailbox is bounded too.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The bytes of all frames sent to a hub and not yet in its sessions' queues.
#[derive(Debug)]
pub(super) struct Backlog {
    bytes: AtomicUsize,
    limit_bytes: usize,
    gone: AtomicBool,
    eased: Notify,
}

impl Backlog {
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self { bytes: AtomicUsize::new(0), limit_bytes, gone: AtomicBool::new(false), eased: Notify::new() }
    }

    /// Counts a frame in; false if the hub has enough to do.
    pub(super) fn try_add(&self, bytes: usize) -> bool {
        if self.bytes.load(Ordering::Relaxed) >= self.limit_bytes && !self.gone.load(Ordering::Acquire) {
            return false;
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        true
    }

    /// Counts a frame in, however much there is.
    pub(super) fn insist(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts a frame out.
    pub(super) fn remove(&self, bytes: usize) {
        let before = self.bytes.fetch_sub(bytes, Ordering::AcqRel);
        if before >= self.limit_bytes && before.saturating_sub(bytes) < self.limit_bytes {
            self.eased.notify_waiters();
        }
    }

    /// The hub has stopped: nobody shall wait for it.
    pub(super) fn close(&self) {
        self.gone.store(true, Ordering::Release);
        self.eased.notify_waiters();
    }

    /// Waits until a frame was counted in.
    pub(super) async fn add(&self, bytes: usize) {
        loop {
            let eased = self.eased.notified();
            tokio::pin!(eased);
            // Listening begins before the look, or a change in between would be missed.
            eased.as_mut().enable();
            if self.try_add(bytes) {
                return;
            }
            eased.await;
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}
