//! Parts that goose users play.
//!
//! Goose runs its users in short turns and cannot interrupt one. So a part is a task of its own, which lives as it
//! likes, and its goose user writes what it is told into goose's report until the part has ended.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use futures_util::future::BoxFuture;
use goose::goose::{GooseUser, Scenario, Transaction, TransactionFunction, TransactionResult};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant as Moment;

use super::board::Board;
use crate::attack::{AttackOptions, Sample, finish, record};
use crate::client::ClientError;

/// Rows that may wait for goose; the board has what does not fit here.
const ROWS_MAX: usize = 256;
/// No turn of a goose user lasts longer.
const TURN: Duration = Duration::from_secs(1);
/// What went wrong with so many parts is told in words; the others are counted.
const COMPLAINTS_MAX: usize = 10;

/// What one user does from the beginning to the end.
pub(crate) type Part = Box<dyn FnOnce(Teller) -> BoxFuture<'static, anyhow::Result<()>> + Send>;

/// When everything starts: known once every part is in its place.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    in_place: Arc<AtomicUsize>,
    at: watch::Receiver<Option<Instant>>,
}

impl Start {
    /// Waits for the start.
    pub(crate) async fn wait(&mut self) -> anyhow::Result<Instant> {
        let at = self.at.wait_for(Option::is_some).await.context("the run ended before it began")?;
        at.context("no start")
    }
}

/// With which a part tells what it did.
#[derive(Debug)]
pub(crate) struct Teller {
    board: Arc<Board>,
    rows: mpsc::Sender<Sample>,
    start: Start,
    in_place: AtomicBool,
}

impl Teller {
    /// This part is where it should be; waits until all are.
    pub(crate) async fn in_place(&mut self) -> anyhow::Result<Instant> {
        self.take_place();
        self.start.wait().await
    }

    /// Something that was due at `due` is done now.
    pub(crate) fn done(&self, operation: &'static str, due: Instant) {
        self.took(operation, due, due.elapsed());
    }

    /// Something that was due at `due` took so long.
    pub(crate) fn took(&self, operation: &'static str, due: Instant, took: Duration) {
        self.board.took(operation, due, took);
        let _ = self.rows.try_send(Sample::good(operation, took));
    }

    /// Something that was due at `due` failed, which `what` counts.
    pub(crate) fn failed(
        &self,
        operation: &'static str,
        what: &'static str,
        due: Instant,
        error: &ClientError,
    ) {
        self.board.count(what, Instant::now(), 1);
        let code = error.refusal().map_or(0, |refusal| refusal.code);
        let failure = Some((code, error.to_string()));
        let _ = self.rows.try_send(Sample { operation, took: due.elapsed(), failure });
    }

    /// Something happened so many times, now.
    pub(crate) fn count(&self, what: &'static str, times: u64) {
        self.board.count(what, Instant::now(), times);
    }

    fn take_place(&self) {
        if !self.in_place.swap(true, Ordering::AcqRel) {
            self.start.in_place.fetch_add(1, Ordering::AcqRel);
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        // Nobody waits for a part that failed on its way in.
        self.take_place();
    }
}

/// All parts of a run, and what came of them.
pub(crate) struct Cast {
    name: &'static str,
    parts: Mutex<VecDeque<Part>>,
    size: usize,
    board: Arc<Board>,
    start: Start,
    at: watch::Sender<Option<Instant>>,
    complaints: Mutex<(usize, Vec<String>)>,
    /// No part lasts longer than this from the start.
    limit: Duration,
}

impl Cast {
    /// The parts of the scenario `name`; each must have ended `limit` after the start.
    pub(crate) fn new(
        name: &'static str,
        parts: Vec<Part>,
        board: &Arc<Board>,
        limit: Duration,
    ) -> Arc<Self> {
        let (at, started) = watch::channel(None);
        Arc::new(Self {
            name,
            size: parts.len(),
            parts: Mutex::new(parts.into()),
            board: Arc::clone(board),
            start: Start { in_place: Arc::default(), at: started },
            at,
            complaints: Mutex::default(),
            limit,
        })
    }

    /// When it started, if it did.
    pub(crate) fn started(&self) -> anyhow::Result<Instant> {
        (*self.at.borrow()).context("the run ended before it began")
    }

    /// Lets goose users play all parts, `lead` before the start when the last is in its place; answers what went
    /// wrong with parts, in words.
    pub(crate) async fn play(
        self: &Arc<Self>,
        attack: &AttackOptions,
        lead: Duration,
    ) -> anyhow::Result<Vec<String>> {
        let cast = Arc::clone(self);
        let starter = tokio::spawn(async move {
            let mut look = tokio::time::interval(Duration::from_millis(20));
            while cast.start.in_place.load(Ordering::Acquire) < cast.size {
                look.tick().await;
            }
            cast.at.send_replace(Some(cast.board.whole_second(Instant::now() + lead)));
        });
        let attack = AttackOptions { users: self.size, ..attack.clone() };
        let played = crate::attack::run(&attack, self.scenario()).await;
        starter.abort();
        played?;
        let (all, mut words) =
            std::mem::take(&mut *self.complaints.lock().unwrap_or_else(PoisonError::into_inner));
        if all > words.len() {
            words.push(format!("and {} more", all - words.len()));
        }
        Ok(words)
    }

    fn scenario(self: &Arc<Self>) -> Scenario {
        let cast = Arc::clone(self);
        let enter: TransactionFunction = Arc::new(move |user| {
            let cast = Arc::clone(&cast);
            Box::pin(async move { cast.enter(user) })
        });
        let live: TransactionFunction = Arc::new(move |user| Box::pin(write_down(user)));
        Scenario::new(self.name)
            .register_transaction(Transaction::new(enter).set_name("enter").set_on_start())
            .register_transaction(Transaction::new(live).set_name("live"))
    }

    fn enter(self: &Arc<Self>, user: &mut GooseUser) -> TransactionResult {
        let part = self.parts.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(part) = part else { return Ok(()) };
        let (rows, told) = mpsc::channel(ROWS_MAX);
        let start = self.start.clone();
        let teller = Teller { board: Arc::clone(&self.board), rows, start, in_place: AtomicBool::new(false) };
        let (playing, cast) = (Arc::clone(self), Arc::clone(self));
        let played = tokio::spawn(async move { playing.within_limit(part(teller)).await });
        tokio::spawn(async move {
            // A part that panicked went wrong like any other.
            if let Err(error) = played.await.unwrap_or_else(|panic| Err(panic.into())) {
                cast.complain(&error);
            }
        });
        user.set_session_data(Rows(Arc::new(tokio::sync::Mutex::new(told))));
        Ok(())
    }

    async fn within_limit(&self, part: BoxFuture<'static, anyhow::Result<()>>) -> anyhow::Result<()> {
        let mut start = self.start.clone();
        let too_long = async {
            // Without a start there is no limit yet: whoever is not in place holds all others up, and says why.
            let at = start.wait().await.unwrap_or_else(|_| Instant::now());
            tokio::time::sleep_until(Moment::from_std(at + self.limit)).await;
        };
        tokio::select! {
            ended = part => ended,
            () = too_long => anyhow::bail!("not at its end {:?} after the start", self.limit),
        }
    }

    fn complain(&self, error: &anyhow::Error) {
        let mut complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        complaints.0 += 1;
        if complaints.1.len() < COMPLAINTS_MAX {
            complaints.1.push(format!("{error:#}"));
        }
    }
}

/// What a goose user keeps.
#[derive(Clone)]
struct Rows(Arc<tokio::sync::Mutex<mpsc::Receiver<Sample>>>);

/// One turn of a goose user.
async fn write_down(user: &mut GooseUser) -> TransactionResult {
    let Some(Rows(told)) = user.get_session_data::<Rows>().cloned() else {
        finish(user);
        return Ok(());
    };
    let (mut told, end) = (told.lock().await, Moment::now() + TURN);
    loop {
        match tokio::time::timeout_at(end, told.recv()).await {
            Ok(Some(sample)) => record(user, &sample).await?,
            Ok(None) => {
                finish(user);
                return Ok(());
            }
            Err(_) => return Ok(()),
        }
    }
}
