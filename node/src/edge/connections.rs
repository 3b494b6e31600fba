//! Which WebSocket connections are open: their number over the whole node, bounded, and on each worker
//! thread their queues, so that a draining node can send them away and a stopping one close them all.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use madang_actors::outbound::Close;
use parking_lot::Mutex;
use slab::Slab;
use tokio::sync::{Notify, mpsc, oneshot};

use super::drain::Respite;
use super::handler::{Goodbye, SessionLink};
use super::turnstile::{Admission, Turn, Turnstile};

/// Connections closed before the thread's other work gets its turn.
const CLOSES_PER_TURN: usize = 64;

/// The node's side, shared by all workers.
pub(super) struct Connections {
    open: AtomicUsize,
    open_max: usize,
    admission: Admission,
    turnstile: Mutex<Turnstile>,
    put_off: AtomicU64,
    waiting: AtomicUsize,
    began: Instant,
    refusing: AtomicBool,
    workers: Mutex<Vec<mpsc::UnboundedSender<Order>>>,
    emptied: Notify,
}

/// What workers are told; so seldom that the queue needs no limit.
enum Order {
    /// Send so many away.
    SendAway { count: usize, goodbye: Arc<dyn Goodbye>, respite: Respite },
    /// Tell how many there are that are not closing yet.
    Count(oneshot::Sender<usize>),
    /// Close all.
    CloseAll(Close),
}

/// Why a connection is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// As many are open as may be.
    Limit,
    /// The node sends its clients away.
    Draining,
    /// Too many come at once; come again after this time.
    Later(Duration),
}

impl Connections {
    pub(super) fn new(open_max: usize, admission: Admission) -> Self {
        Self {
            open: AtomicUsize::new(0),
            open_max,
            admission,
            turnstile: Mutex::default(),
            put_off: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            began: Instant::now(),
            refusing: AtomicBool::new(false),
            workers: Mutex::default(),
            emptied: Notify::new(),
        }
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// How many handshakes wait for their turn now, and how many were told to come again.
    pub(super) fn put_off(&self) -> (usize, u64) {
        (self.waiting.load(Ordering::Relaxed), self.put_off.load(Ordering::Relaxed))
    }

    pub(super) fn open_max(&self) -> usize {
        self.open_max
    }

    /// Admits no more.
    pub(super) fn refuse(&self) {
        self.refusing.store(true, Ordering::SeqCst);
    }

    /// Admits again.
    pub(super) fn admit(&self) {
        self.refusing.store(false, Ordering::SeqCst);
    }

    /// How many connections each worker has that are not closing yet.
    pub(super) async fn count(&self) -> Vec<usize> {
        let asked: Vec<_> = self
            .workers
            .lock()
            .iter()
            .map(|worker| {
                let (count, told) = oneshot::channel();
                let _ = worker.send(Order::Count(count));
                told
            })
            .collect();
        // A worker that has died has nobody left.
        join_all(asked).await.into_iter().map(|told| told.unwrap_or(0)).collect()
    }

    /// Sends so many of each worker's connections away.
    pub(super) fn send_away(&self, shares: &[usize], goodbye: &Arc<dyn Goodbye>, respite: Respite) {
        for (worker, count) in self.workers.lock().iter().zip(shares.iter().copied()) {
            let _ = worker.send(Order::SendAway { count, goodbye: Arc::clone(goodbye), respite });
        }
    }

    /// Admits no more and closes all that are open, each after what waits for it.
    pub(super) fn close_all(&self, close: Close) {
        self.refuse();
        for worker in self.workers.lock().iter() {
            // A worker that has died has nobody left.
            let _ = worker.send(Order::CloseAll(close));
        }
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
            return Err(Full::Draining);
        }
        let one_more = |open| (open < self.open_max).then_some(open + 1);
        match self.open.try_update(Ordering::AcqRel, Ordering::Acquire, one_more) {
            Ok(_) => Ok(()),
            Err(_) => Err(Full::Limit),
        }
    }

    /// How long somebody who was counted in waits for their turn.
    fn take_turn(&self) -> Result<Duration, Full> {
        let now_us = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        match self.turnstile.lock().on_come(self.admission, now_us) {
            Turn::Now => Ok(Duration::ZERO),
            Turn::After(wait) => Ok(wait),
            Turn::Again(wait) => {
                self.put_off.fetch_add(1, Ordering::Relaxed);
                Err(Full::Later(wait))
            }
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
    open: RefCell<Slab<SessionLink>>,
}

impl Worker {
    /// Also starts the task that carries out what this worker is told.
    pub(super) fn start(connections: Arc<Connections>) -> Rc<Self> {
        let worker = Rc::new(Self { connections, open: RefCell::default() });
        let weak = Rc::downgrade(&worker);
        let (sender, mut orders) = mpsc::unbounded_channel();
        worker.connections.workers.lock().push(sender);
        drop(actix_rt::spawn(async move {
            while let Some(order) = orders.recv().await {
                let Some(worker) = weak.upgrade() else { return };
                worker.carry_out(order).await;
            }
        }));
        worker
    }

    /// Counts a connection in, and says how long it waits for its turn.
    pub(super) fn admit(self: &Rc<Self>, link: SessionLink) -> Result<(Permit, Duration), Full> {
        self.connections.try_enter()?;
        let key = self.open.borrow_mut().insert(link);
        let permit = Permit { worker: self.clone(), key };
        let wait = self.connections.take_turn()?;
        Ok((permit, wait))
    }

    /// Waits for a turn. Who is closed meanwhile need not: all that is left is to say goodbye.
    pub(super) async fn wait(&self, turn: Duration, link: &SessionLink) {
        self.connections.waiting.fetch_add(1, Ordering::Relaxed);
        let closed = std::future::poll_fn(|context| {
            link.outbound().register(context);
            if link.is_open() { Poll::Pending } else { Poll::Ready(()) }
        });
        tokio::select! {
            () = tokio::time::sleep(turn) => {}
            () = closed => {}
        }
        self.connections.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    async fn carry_out(&self, order: Order) {
        match order {
            Order::Count(count) => {
                let _ = count.send(self.count());
            }
            Order::SendAway { count, goodbye, respite } => {
                let last_words = |link: &SessionLink| {
                    let frame = goodbye.frame(link.labelled(), respite.draw(rand::random()));
                    // Who does not take it any more is closed all the same.
                    let _ = link.outbound().push(frame);
                };
                self.close(Close::DRAINING, count, last_words).await;
            }
            Order::CloseAll(close) => self.close(close, usize::MAX, |_| ()).await,
        }
    }

    fn count(&self) -> usize {
        self.open.borrow().iter().filter(|(_, link)| link.is_open()).count()
    }

    /// Closes up to `count` connections, each after its last words.
    async fn close(&self, close: Close, mut count: usize, last_words: impl Fn(&SessionLink)) {
        let end = self.open.borrow().capacity();
        for key in 0..end {
            if count == 0 {
                return;
            }
            if let Some(link) = self.open.borrow().get(key).filter(|link| link.is_open()) {
                last_words(link);
                link.close(close);
                count -= 1;
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
        self.worker.open.borrow_mut().try_remove(self.key);
        self.worker.connections.leave();
    }
}
