//! Those who wait before the room, and the gates at which they knock in turn.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::client::{ClientError, HttpClient};
use crate::kit::Teller;

/// Joins that let somebody in, and those that were refused, from when they were due.
pub(super) const JOIN: &str = "join";
pub(super) const REFUSAL: &str = "refusal";
/// People who were let in.
pub(super) const ADMITTED: &str = "admitted";
/// Answers that say when to come back, and refusals that do not.
pub(super) const REFUSED: &str = "refused";
pub(super) const RUDE: &str = "refusals without retry_after_ms";
/// Joins that failed as servers fail, 5xx over HTTP; whatever else was refused counts too.
pub(super) const BROKEN: &str = "joins answered with 5xx";
/// No answer at all.
pub(super) const UNANSWERED: &str = "joins without an answer";

/// Everybody who wants to enter.
#[derive(Debug, Default)]
pub(super) struct Crowded {
    waiting: VecDeque<usize>,
    /// Who may be inside already, without having been told.
    unsure: HashSet<usize>,
}

/// What all gates share.
pub(super) struct Gates {
    pub(super) room: String,
    /// HTTP as each of them, by number; the owner is the first.
    pub(super) people: Vec<HttpClient>,
    crowd: Mutex<Crowded>,
    pub(super) begin_after: Duration,
    pub(super) length: Duration,
    pub(super) joins_per_s: f64,
    pub(super) gates: usize,
    /// Limit of one join.
    limit: Duration,
}

impl Gates {
    pub(super) fn new(
        room: String,
        people: Vec<HttpClient>,
        (begin_after, length): (Duration, Duration),
        joins_per_s: f64,
        gates: usize,
        limit: Duration,
    ) -> Arc<Self> {
        let waiting = (1..people.len()).collect();
        let crowd = Mutex::new(Crowded { waiting, unsure: HashSet::new() });
        Arc::new(Self { room, people, crowd, begin_after, length, joins_per_s, gates, limit })
    }

    /// At this gate people knock, one after the other, at its share of the pace.
    pub(super) async fn stand(&self, gate: usize, mut tell: Teller) -> anyhow::Result<()> {
        let begin = tell.in_place().await? + self.begin_after;
        let every = Duration::from_secs_f64(self.gates as f64 / self.joins_per_s);
        let mut due = begin + every.mul_f64(gate as f64 / self.gates as f64);
        while due < begin + self.length {
            tokio::time::sleep_until(due.into()).await;
            let Some(person) = self.with(|crowd| crowd.waiting.pop_front()) else { return Ok(()) };
            self.knock(person, due, &tell).await;
            due += every;
        }
        Ok(())
    }

    async fn knock(&self, person: usize, due: Instant, tell: &Teller) {
        let Some(http) = self.people.get(person) else { return };
        let joined = tokio::time::timeout(self.limit, http.join(&self.room)).await;
        let Err(error) = joined.unwrap_or(Err(ClientError::TimedOut { limit: self.limit })) else {
            return self.let_in(due, tell);
        };
        // Whose join before was not answered may have entered by it.
        if error.is("conflict") && self.with(|crowd| crowd.unsure.contains(&person)) {
            return self.let_in(due, tell);
        }
        match &error {
            ClientError::Refused(refusal) if refusal.is("rate_limited") => {
                tell.took(REFUSAL, due, due.elapsed());
                tell.count(if refusal.retry_after().is_some() { REFUSED } else { RUDE }, 1);
            }
            ClientError::Refused(_) => tell.failed(JOIN, BROKEN, due, &error),
            _ => tell.failed(JOIN, UNANSWERED, due, &error),
        }
        let sure = error.is("rate_limited");
        self.with(|crowd| {
            if !sure {
                crowd.unsure.insert(person);
            }
            crowd.waiting.push_back(person);
        });
    }

    fn let_in(&self, due: Instant, tell: &Teller) {
        tell.done(JOIN, due);
        tell.count(ADMITTED, 1);
    }

    fn with<T>(&self, act: impl FnOnce(&mut Crowded) -> T) -> T {
        act(&mut self.crowd.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
