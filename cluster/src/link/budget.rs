//! How much of one peer's requests may be in the door's hands at once.
//!
//! Credit is given back as soon as a request is handed over: kept until its answer, the credit of two nodes
//! that ask each other could run out in a circle. So what is handed over and not answered yet has a bound of
//! its own; a request beyond it is answered `Busy` and not begun.

use std::sync::Arc;

use parking_lot::Mutex;

/// One peer's budget on one lane. It outlives a link, as the handlers do.
#[derive(Debug)]
pub(super) struct Budget {
    whole_bytes: usize,
    left_bytes: Mutex<usize>,
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self { whole_bytes: bytes, left_bytes: Mutex::new(bytes) })
    }

    /// A share of it, until that is dropped; nothing if too little is left. Who asks for more than there
    /// ever is gets all of it, alone.
    pub(super) fn take(self: &Arc<Self>, bytes: usize) -> Option<Share> {
        let mut left = self.left_bytes.lock();
        let bytes = bytes.min(self.whole_bytes);
        *left = left.checked_sub(bytes)?;
        Some(Share { of: Arc::clone(self), bytes })
    }
}

/// A part of a budget, given back on drop.
#[derive(Debug)]
pub(super) struct Share {
    of: Arc<Budget>,
    bytes: usize,
}

impl Drop for Share {
    fn drop(&mut self) {
        *self.of.left_bytes.lock() += self.bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_comes_back() {
        let budget = Budget::new(100);
        let share = budget.take(60).unwrap();
        assert!(budget.take(60).is_none());
        drop(share);
        assert!(budget.take(100).is_some());
    }

    #[test]
    fn more_than_there_is_is_taken_alone() {
        let budget = Budget::new(100);
        let share = budget.take(1_000).unwrap();
        assert!(budget.take(1).is_none());
        drop(share);
        let _small = budget.take(1).unwrap();
        assert!(budget.take(1_000).is_none());
    }
}
