//! How far up the ladder a room goes, and when back down. Pure: the load and the time come in.
//!
//! Up and down have a threshold and a patience each, so a load that sways around a threshold does not make a room go
//! to and fro. Up it goes as far as the load has lasted for: a room that becomes a hundred times too busy in a moment
//! does not stop at each step while others wait. Down it goes one step at a time.

use madang_cluster::machine::meta::ShedLimits;

use super::level::{Class, Level};

/// Where one room is on the ladder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ladder {
    level: Level,
    /// Since when there is as much as each step takes.
    over_since_ms: [Option<u64>; Class::ALL.len()],
    /// Since when there is as little as it takes to go back.
    under_since_ms: Option<u64>,
}

impl Ladder {
    /// Where it is.
    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// Looks at a load, in deliveries a second.
    pub(super) fn look(&mut self, load: u64, limits: &ShedLimits, now_ms: u64) {
        let mut reached = None;
        for (class, since_ms) in Class::ALL.into_iter().zip(&mut self.over_since_ms) {
            let limit = class.limit(limits);
            if lasted(since_ms, limit > 0 && load >= limit, limits.step_up_ms, now_ms) {
                reached = Some(class);
            }
        }
        let under = self.level.is_some_and(|class| {
            load.saturating_mul(100) <= class.limit(limits).saturating_mul(u64::from(limits.cool_percent))
        });
        // A step that META takes back is not waited for.
        let never = self.level.is_some_and(|class| class.limit(limits) == 0);
        if reached > self.level && !never {
            (self.level, self.under_since_ms) = (reached, None);
        } else if lasted(&mut self.under_since_ms, under, limits.step_down_ms, now_ms) || never {
            (self.level, self.under_since_ms) = (self.before(limits), None);
        }
    }

    /// The step before this one.
    fn before(&self, limits: &ShedLimits) -> Level {
        let mut lower = Class::ALL.into_iter().rev().filter(|class| Some(*class) < self.level);
        lower.find(|class| class.limit(limits) > 0)
    }
}

/// Whether something has held for so long; `since_ms` remembers since when.
fn lasted(since_ms: &mut Option<u64>, holds: bool, long_ms: u64, now_ms: u64) -> bool {
    if !holds {
        *since_ms = None;
        return false;
    }
    now_ms.saturating_sub(*since_ms.get_or_insert(now_ms)) >= long_ms
}
