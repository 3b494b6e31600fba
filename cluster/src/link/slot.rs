//! At most one link for each peer and lane, and the newest wins: whoever comes ends whoever is there, and
//! waits until that one is gone. A half-open link could otherwise keep its successor out.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use super::budget::Budget;

/// The place of one peer on one lane. It outlives links.
#[derive(Debug)]
pub(super) struct Slot {
    place: Arc<tokio::sync::Mutex<()>>,
    newest: Mutex<CancellationToken>,
    budget: Arc<Budget>,
}

/// The place is taken until this is dropped.
pub(super) type Taken = OwnedMutexGuard<()>;

impl Slot {
    pub(super) fn new(budget_bytes: usize) -> Self {
        Self {
            place: Arc::default(),
            newest: Mutex::new(CancellationToken::new()),
            budget: Budget::new(budget_bytes),
        }
    }

    pub(super) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// Ends who is there and takes the place when it is free. `kill` ends the newcomer; `None`: that
    /// happened, perhaps since another came after it.
    pub(super) async fn take(&self, kill: &CancellationToken) -> Option<Taken> {
        std::mem::replace(&mut *self.newest.lock(), kill.clone()).cancel();
        tokio::select! {
            biased;
            () = kill.cancelled() => None,
            taken = Arc::clone(&self.place).lock_owned() => Some(taken),
        }
    }

    /// Ends who is there, and whoever waits.
    pub(super) fn vacate(&self) {
        self.newest.lock().cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_newcomer_ends_the_older_one_and_waits_until_it_is_gone() {
        let slot = Arc::new(Slot::new(1));
        let [first, second, third] = [(); 3].map(|()| CancellationToken::new());
        let taken = slot.take(&first).await.unwrap();

        let waiting = tokio::spawn({
            let (slot, second) = (Arc::clone(&slot), second.clone());
            async move { slot.take(&second).await.is_some() }
        });
        first.cancelled().await;
        let newest = tokio::spawn({
            let (slot, third) = (Arc::clone(&slot), third.clone());
            async move { slot.take(&third).await.is_some() }
        });
        assert!(!waiting.await.unwrap(), "the second was overtaken by the third");
        assert!(!newest.is_finished());
        drop(taken);
        assert!(newest.await.unwrap());
        slot.vacate();
        assert!(third.is_cancelled());
    }
}
