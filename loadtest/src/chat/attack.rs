//! The chat as a goose scenario: each goose user is one member, lives in slices, and turns what it did and
//! heard into rows of goose's report.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use goose::goose::{GooseUser, Scenario, Transaction, TransactionFunction, TransactionResult};

use super::hall::Hall;
use super::member::Member;
use crate::attack::{Sample, finish, record};
use crate::client::{Connection, Pushes};

/// Pushes that may wait for one user; far more than a user of a chat that keeps up ever has.
const FEED_MAX: usize = 100_000;
/// Goose cannot interrupt a transaction, so none lasts longer.
const SLICE: Duration = Duration::from_secs(1);
/// While waiting for the last deliveries.
const SHORT_SLICE: Duration = Duration::from_millis(50);

/// What a goose user keeps.
#[derive(Clone)]
struct Place {
    user: usize,
    member: Arc<tokio::sync::Mutex<Option<Member>>>,
    /// Whether the others know already that this one sends no more.
    told: Arc<AtomicBool>,
}

pub(super) fn scenario(hall: &Arc<Hall>) -> Scenario {
    let (at_door, inside) = (Arc::clone(hall), Arc::clone(hall));
    let enter: TransactionFunction = Arc::new(move |user| {
        let hall = Arc::clone(&at_door);
        Box::pin(async move { enter(user, &hall).await })
    });
    let live: TransactionFunction = Arc::new(move |user| {
        let hall = Arc::clone(&inside);
        Box::pin(async move { live(user, &hall).await })
    });
    Scenario::new("chat")
        .register_transaction(Transaction::new(enter).set_name("connect").set_on_start())
        .register_transaction(Transaction::new(live).set_name("chat"))
}

async fn enter(goose: &mut GooseUser, hall: &Hall) -> TransactionResult {
    let user = hall.entered.fetch_add(1, Ordering::Relaxed);
    let Some((role, session, last_seq)) = hall.role(user) else { return Ok(()) };
    let started = Instant::now();
    let pushes = Pushes::Kept { max: FEED_MAX };
    let limit = hall.options.command_timeout;
    let url = hall.options.nodes.home(user);
    let connected = Connection::connect(url, &session.token, pushes, limit).await;
    let (member, failure) = match connected {
        Ok((connection, feed, _)) => (Some(Member::new(role, connection, feed, last_seq)), None),
        Err(error) => {
            let mut totals = hall.totals.lock().unwrap_or_else(PoisonError::into_inner);
            totals.disconnects += 1;
            totals.failure.get_or_insert_with(|| error.to_string());
            (None, Some((error.refusal().map_or(0, |refusal| refusal.code), error.to_string())))
        }
    };
    if member.is_none() {
        hall.silent.fetch_add(1, Ordering::AcqRel);
    }
    let place = Place { user, member: Arc::new(tokio::sync::Mutex::new(member)), told: Arc::default() };
    goose.set_session_data(place);
    hall.ready.fetch_add(1, Ordering::AcqRel);
    record(goose, &Sample { operation: "connect", took: started.elapsed(), failure }).await
}

/// One slice of a user's life.
async fn live(goose: &mut GooseUser, hall: &Hall) -> TransactionResult {
    let Some(place) = goose.get_session_data::<Place>().cloned() else {
        finish(goose);
        return Ok(());
    };
    let mut slot = place.member.lock().await;
    let Some(member) = slot.as_mut() else {
        finish(goose);
        return Ok(());
    };
    let mut times = hall.times.subscribe();
    let waiting = tokio::time::timeout(SLICE, times.wait_for(Option::is_some)).await;
    let Some(times) = waiting.ok().and_then(Result::ok).and_then(|times| *times) else { return Ok(()) };

    let now = Instant::now();
    let slice = if now < times.end { SLICE.min(times.end - now) } else { SHORT_SLICE };
    let lived = member.live(&times, now + slice).await;
    for sample in std::mem::take(&mut member.samples) {
        record(goose, &sample).await?;
    }
    let Some(last_acked) = hall.last_acked_of(place.user) else { return Ok(()) };
    let over = lived.is_err() || member.has_spoken(&times);
    if over && !place.told.swap(true, Ordering::Relaxed) {
        last_acked.fetch_max(member.last_acked, Ordering::AcqRel);
        hall.silent.fetch_add(1, Ordering::AcqRel);
    }
    let all_silent = hall.silent.load(Ordering::Acquire) >= hall.options.plan.users;
    let last = last_acked.load(Ordering::Acquire);
    let patience_over = Instant::now() >= times.end + hall.options.drain;
    if (all_silent && member.has_heard(last)) || patience_over || lived.is_err() {
        if let Err(error) = lived {
            member.totals.disconnects += 1;
            member.totals.failure.get_or_insert_with(|| error.to_string());
        }
        if let Some(member) = slot.take() {
            hall.totals.lock().unwrap_or_else(PoisonError::into_inner).add(member.close(last));
        }
        finish(goose);
    }
    Ok(())
}
