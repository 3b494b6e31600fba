//! When a room is taken the next step up the ladder, and when one down. Pure: the load and the time come in.
//!
//! Up and down have a threshold and a patience each, and a look takes one step at most; so a load that sways
//! around a threshold does not make a room go to and fro, and what goes first always went before what goes next.

use madang_cluster::machine::meta::ShedLimits;

use super::level::{Class, Level};

/// Where one room is on the ladder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ladder {
    level: Level,
    /// Since when there is as much as the next step takes.
    over_since_ms: Option<u64>,
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
        let lasted = |since: &mut Option<u64>, holds: bool, long_ms: u64| {
            if !holds {
                *since = None;
                return false;
            }
            now_ms.saturating_sub(*since.get_or_insert(now_ms)) >= long_ms
        };
        let next = self.next(limits);
        let over = next.is_some_and(|class| load >= class.limit(limits));
        let under = self.level.is_some_and(|class| {
            load.saturating_mul(100) <= class.limit(limits).saturating_mul(u64::from(limits.cool_percent))
        });
        // A step that META takes back is not waited for.
        let never = self.level.is_some_and(|class| class.limit(limits) == 0);
        if lasted(&mut self.over_since_ms, over && !never, limits.step_up_ms) {
            *self = Self { level: next, ..Self::default() };
        } else if lasted(&mut self.under_since_ms, under, limits.step_down_ms) || never {
            *self = Self { level: self.before(limits), ..Self::default() };
        }
    }

    /// The step after this one, of those that are taken at all.
    fn next(&self, limits: &ShedLimits) -> Level {
        Class::ALL.into_iter().find(|class| Some(*class) > self.level && class.limit(limits) > 0)
    }

    /// The step before this one.
    fn before(&self, limits: &ShedLimits) -> Level {
        let mut lower = Class::ALL.into_iter().rev().filter(|class| Some(*class) < self.level);
        lower.find(|class| class.limit(limits) > 0)
    }
}
