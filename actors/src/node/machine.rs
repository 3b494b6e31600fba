//! How long the root waits before it starts a child again.

use std::collections::HashMap;

use super::message::Child;

/// A child that lived this many longest waits has recovered.
const RECOVERED_AFTER_WAITS: u64 = 10;

/// The waits of all children.
#[derive(Debug)]
pub(super) struct Machine {
    wait_ms_min: u64,
    wait_ms_max: u64,
    failures: HashMap<Child, Failure>,
}

#[derive(Debug, Clone, Copy)]
struct Failure {
    at_ms: u64,
    waited_ms: u64,
}

impl Machine {
    /// Nobody has failed yet.
    pub(super) fn new(wait_ms_min: u64, wait_ms_max: u64) -> Self {
        let wait_ms_min = wait_ms_min.max(1);
        Self { wait_ms_min, wait_ms_max: wait_ms_max.max(wait_ms_min), failures: HashMap::new() }
    }

    /// A child ended, or could not start. Returns how long to wait before it is started again.
    pub(super) fn failed(&mut self, child: Child, now_ms: u64) -> u64 {
        let recovered_ms = self.wait_ms_max * RECOVERED_AFTER_WAITS;
        let waited_ms = match self.failures.get(&child) {
            Some(last) if now_ms < last.at_ms + last.waited_ms + recovered_ms => {
                (last.waited_ms * 2).min(self.wait_ms_max)
            }
            _ => self.wait_ms_min,
        };
        self.failures.insert(child, Failure { at_ms: now_ms, waited_ms });
        waited_ms
    }
}
