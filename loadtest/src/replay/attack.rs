//! The play as a goose scenario: each goose user takes a seat, which is one nick with its WebSocket, and
//! turns what its performers did into rows of goose's report until the play is over.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use goose::goose::{GooseUser, Scenario, Transaction, TransactionFunction, TransactionResult};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::performer::Performer;
use crate::attack::{AttackOptions, Sample, finish, record, run};
use crate::client::{ClientError, Steady};
use crate::latency::Latencies;

/// Goose cannot interrupt a transaction, so none lasts longer.
const SLICE: Duration = Duration::from_secs(1);

/// One nick.
pub(super) struct Seat {
    /// Its connection.
    pub(super) steady: Arc<Steady>,
    /// Its performers, one per room.
    pub(super) performers: Vec<Performer>,
    /// What they did.
    pub(super) samples: mpsc::Receiver<Sample>,
}

type Seats = Arc<Mutex<VecDeque<Seat>>>;

/// What a goose user keeps: what its performers did, and its connection.
#[derive(Clone)]
struct Watched {
    samples: Arc<tokio::sync::Mutex<mpsc::Receiver<Sample>>>,
    _keeper: Arc<Keeper>,
}

/// Brings a nick back after a lost connection also while it has nothing to do, until dropped.
struct Keeper(JoinHandle<ClientError>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs the play; ends when every performer has ended. Gives the durations of all sends.
pub(super) async fn perform(options: &AttackOptions, seats: Vec<Seat>) -> anyhow::Result<Latencies> {
    let seats: Seats = Arc::new(Mutex::new(seats.into()));
    let sends = Arc::new(Mutex::new(Latencies::default()));
    let enter: TransactionFunction = Arc::new(move |user| {
        let seats = Arc::clone(&seats);
        Box::pin(async move { take_seat(user, &seats).await })
    });
    let watched_sends = Arc::clone(&sends);
    let watch: TransactionFunction = Arc::new(move |user| {
        let sends = Arc::clone(&watched_sends);
        Box::pin(async move { watch(user, &sends).await })
    });
    let scenario = Scenario::new("replay")
        .register_transaction(Transaction::new(enter).set_name("connect").set_on_start())
        .register_transaction(Transaction::new(watch).set_name("play"));
    run(options, scenario).await?;
    let sends = sends.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(sends)
}

async fn take_seat(user: &mut GooseUser, seats: &Seats) -> TransactionResult {
    let seat = seats.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let Some(seat) = seat else { return Ok(()) };
    let started = Instant::now();
    let connected = seat.steady.connection(started + seat.steady.policy().give_up_after).await;
    let failure =
        connected.err().map(|error| (error.refusal().map_or(0, |refusal| refusal.code), error.to_string()));
    // Also without a connection: the performers then answer their cues with the reason.
    for performer in seat.performers {
        tokio::spawn(performer.play());
    }
    let steady = Arc::clone(&seat.steady);
    let keeper = Keeper(tokio::spawn(async move { steady.keep().await }));
    let samples = Arc::new(tokio::sync::Mutex::new(seat.samples));
    user.set_session_data(Watched { samples, _keeper: Arc::new(keeper) });
    record(user, &Sample { operation: "connect", took: started.elapsed(), failure }).await
}

async fn watch(user: &mut GooseUser, sends: &Mutex<Latencies>) -> TransactionResult {
    let Some(Watched { samples, _keeper }) = user.get_session_data::<Watched>().cloned() else {
        finish(user);
        return Ok(());
    };
    let mut samples = samples.lock().await;
    let slice = tokio::time::sleep(SLICE);
    tokio::pin!(slice);
    loop {
        tokio::select! {
            () = &mut slice => return Ok(()),
            sample = samples.recv() => match sample {
                Some(sample) => {
                    if sample.operation == "send" && sample.failure.is_none() {
                        sends.lock().unwrap_or_else(PoisonError::into_inner).record(sample.took);
                    }
                    record(user, &sample).await?;
                }
                None => {
                    finish(user);
                    return Ok(());
                }
            },
        }
    }
}
