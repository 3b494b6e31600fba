//! The fence of a store: after the first failed write or sync nothing may be written any more.
//!
//! A failed fsync may have dropped the dirty pages, and the next one may succeed without them
//! (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020). So the first failure
//! is final for this process. Invariant: once down, never up again.

use parking_lot::Mutex;

use crate::error::StorageError;

type Listener = Box<dyn FnOnce(&StorageError) + Send>;

#[derive(Default)]
struct Inner {
    cause: Option<StorageError>,
    listeners: Vec<Listener>,
}

/// First failure and who wants to hear of it.
#[derive(Default)]
pub(crate) struct Fence {
    inner: Mutex<Inner>,
}

impl Fence {
    /// The first failure, if there was one.
    pub(crate) fn cause(&self) -> Option<StorageError> {
        self.inner.lock().cause.clone()
    }

    /// Ok while writes are allowed. Errors: `Fenced`.
    pub(crate) fn check(&self) -> Result<(), StorageError> {
        match &self.inner.lock().cause {
            None => Ok(()),
            Some(cause) => Err(StorageError::Fenced { reason: cause.to_string() }),
        }
    }

    /// Lowers the fence for good; the first cause stays. Listeners run on this thread, once.
    pub(crate) fn lower(&self, cause: &StorageError) {
        let listeners = {
            let mut inner = self.inner.lock();
            if inner.cause.is_some() {
                return;
            }
            inner.cause = Some(cause.clone());
            std::mem::take(&mut inner.listeners)
        };
        tracing::error!(%cause, "storage fenced: nothing is written until the node is restarted");
        for listener in listeners {
            listener(cause);
        }
    }

    /// Calls `listener` when the fence is lowered; at once if it already is.
    pub(crate) fn on_lower(&self, listener: Listener) {
        let cause = {
            let mut inner = self.inner.lock();
            match inner.cause.clone() {
                Some(cause) => cause,
                None => {
                    inner.listeners.push(listener);
                    return;
                }
            }
        };
        listener(&cause);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn io(what: &str) -> StorageError {
        StorageError::Io { what: what.to_owned() }
    }

    #[test]
    fn first_cause_stays_and_every_listener_hears_it_once() {
        let (tx, rx) = mpsc::channel();
        let fence = Fence::default();
        let early = tx.clone();
        fence.on_lower(Box::new(move |cause| early.send(cause.clone()).unwrap()));
        assert_eq!(fence.check(), Ok(()));

        fence.lower(&io("first"));
        fence.lower(&io("second"));
        fence.on_lower(Box::new(move |cause| tx.send(cause.clone()).unwrap()));

        assert_eq!(rx.into_iter().collect::<Vec<_>>(), [io("first"), io("first")]);
        assert_eq!(fence.cause(), Some(io("first")));
        assert_eq!(fence.check(), Err(StorageError::Fenced { reason: "disk: first".to_owned() }));
    }
}
