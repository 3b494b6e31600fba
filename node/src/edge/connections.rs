//! Which WebSocket connections are open: their number over the whole node, bounded, and on each worker
//! thread their queues, so that a stopping node can close them all.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use madang_actors::outbound::{Close, Outbound};
use slab::Slab;
use tokio::sync::{Notify, watch};

/// Connections closed before the thread's other work gets its turn.
const CLOSES_PER_TURN: usize = 64;

/// The node's side, shared by all workers.
pub(super) struct Connections {
    open: AtomicUsize,
    open_max: usize,
    refusing: AtomicBool,
    close_all: watch::Sender<Option<Close>>,
    emptied: Notify,
}

/// Why a connection is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// As many are open as may be.
    Limit,
    /// The node is stopping.
    Stopping,
}

impl Connections {
    pub(super) fn new(open_max: usize) -> Self {
        Self {
            open: AtomicUsize::new(0),
            open_max,
            refusing: AtomicBool::new(false),
            close_all: watch::Sender::new(None),
            emptied: Notify::new(),
        }
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// Admits no more.
    pub(super) fn refuse(&self) {
        self.refusing.store(true, Ordering::SeqCst);
    }

    /// Admits no more and closes all that are open, each after what waits for it.
    pub(super) fn close_all(&self, close: Close) {
        self.refuse();
        self.close_all.send_replace(Some(close));
    }

    /// Waits until none is open.
    pub(super) async fn wait_until_empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            tokio::pin!(emptied);
            emptied.as_mut().enable();
            if self.open() == 0 {
                return;
            }
            emptied.await;
        }
    }

    fn try_enter(&self) -> Result<(), Full> {
        if self.refusing.load(Ordering::SeqCst) {
            return Err(Full::Stopping);
        }
        let one_more = |open| (open < self.open_max).then_some(open + 1);
        match self.open.try_update(Ordering::AcqRel, Ordering::Acquire, one_more) {
            Ok(_) => Ok(()),
            Err(_) => Err(Full::Limit),
        }
    }

    fn leave(&self) {
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.emptied.notify_waiters();
        }
    }
}

/// One worker thread's side.
pub(super) struct Worker {
    connections: Arc<Connections>,
    queues: RefCell<Slab<Outbound>>,
}

impl Worker {
    /// Also starts the task that closes this worker's connections when the node stops.
    pub(super) fn start(connections: Arc<Connections>) -> Rc<Self> {
        let worker = Rc::new(Self { connections, queues: RefCell::default() });
        let weak = Rc::downgrade(&worker);
        let mut closes = worker.connections.close_all.subscribe();
        drop(actix_rt::spawn(async move {
            while closes.changed().await.is_ok() {
                let close = *closes.borrow_and_update();
                let (Some(worker), Some(close)) = (weak.upgrade(), close) else { return };
                worker.close_all(close).await;
            }
        }));
        worker
    }

    /// Counts a connection in.
    pub(super) fn admit(self: &Rc<Self>, outbound: Outbound) -> Result<Permit, Full> {
        self.connections.try_enter()?;
        let key = self.queues.borrow_mut().insert(outbound);
        Ok(Permit { worker: self.clone(), key })
    }

    async fn close_all(&self, close: Close) {
        let end = self.queues.borrow().capacity();
        for key in 0..end {
            if let Some(outbound) = self.queues.borrow().get(key) {
                outbound.close_after_queue(close);
            }
            if key % CLOSES_PER_TURN == 0 {
                tokio::task::yield_now().await;
            }
        }
    }
}

/// One open connection; dropping it counts it out.
pub(super) struct Permit {
    worker: Rc<Worker>,
    key: usize,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.worker.queues.borrow_mut().try_remove(self.key);
        self.worker.connections.leave();
    }
}
