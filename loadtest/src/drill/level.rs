//! Whether everybody who listens has heard all of what was said: as far as the log goes, without a hole.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::holders::Holder;
use crate::hold::Place;

/// How long what was said last may be on its way.
const LEVEL_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What listeners have heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Level {
    /// Listeners, each in one room.
    pub listeners: u64,
    /// Of these, those who have not heard the end of the log.
    pub behind: u64,
    /// Events between what they heard first and last that they did not hear.
    pub missed: u64,
}

impl Level {
    /// Looks at the rooms whose logs end there; `listeners` is how many should have heard them.
    fn of(ends: &BTreeMap<String, u64>, places: &[Place], listeners: u64) -> Self {
        let heard = places.iter().filter_map(|place| Some((place, ends.get(&place.room)?)));
        let (mut level, mut missed) = (0, 0);
        for (place, end) in heard {
            level += u64::from(place.seq >= *end);
            missed += place.missed;
        }
        Self { listeners, behind: listeners.saturating_sub(level), missed }
    }

    /// Waits until all are level, or should be.
    pub(super) async fn wait(
        holders: &mut [Holder],
        ends: &BTreeMap<String, u64>,
        listeners: u64,
    ) -> anyhow::Result<Self> {
        let begun = Instant::now();
        loop {
            let mut places = Vec::new();
            for holder in &mut *holders {
                places.extend(holder.places().await?);
            }
            let level = Self::of(ends, &places, listeners);
            if level.behind == 0 || begun.elapsed() > LEVEL_WITHIN {
                return Ok(level);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_not_heard_the_end_is_behind_and_so_is_who_heard_nothing() {
        let ends = BTreeMap::from([("a".to_owned(), 9), ("b".to_owned(), 4)]);
        let place = |room: &str, seq, missed| Place { room: room.to_owned(), seq, missed };
        let places = [place("a", 9, 2), place("a", 8, 0), place("b", 4, 0), place("elsewhere", 1, 7)];
        assert_eq!(Level::of(&ends, &places, 4), Level { listeners: 4, behind: 2, missed: 2 });
    }
}
