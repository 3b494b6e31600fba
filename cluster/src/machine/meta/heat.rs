//! When a room is hot: as much of what META can tune as the owners of rooms look at.

use serde::{Deserialize, Serialize};

use super::check;
use crate::command::MetaRefusal;

/// What a room is asked for a second at most: far beyond what one node bears.
const PER_SECOND_MAX: u64 = 1_000_000;
/// How long a room may be watched before it counts as hot, or as cool: ten minutes.
const WATCHED_MS_MAX: u64 = 600_000;
/// A room that cools where it became hot would be both by turns.
const COOL_PERCENT_MAX: u64 = 90;

/// When a room is hot, and when it has cooled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeatLimits {
    /// So many messages a second are hot; 0: messages make no room hot.
    pub sends_per_s: u32,
    /// So many pages of history a second are hot; 0: reading makes no room hot.
    pub fetches_per_s: u32,
    /// So many people who enter a second are hot; 0: entering makes no room hot.
    pub joins_per_s: u32,
    /// A room that reached any of these for so long is hot, milliseconds.
    pub hot_after_ms: u64,
    /// A hot room cools while it is asked for no more than so many hundredths of each.
    pub cool_percent: u16,
    /// It has cooled once that lasted so long, milliseconds.
    pub cool_after_ms: u64,
}

impl Default for HeatLimits {
    fn default() -> Self {
        Self {
            sends_per_s: 50,
            fetches_per_s: 200,
            joins_per_s: 20,
            hot_after_ms: 3_000,
            cool_percent: 50,
            cool_after_ms: 10_000,
        }
    }
}

impl HeatLimits {
    /// Refuses what is out of bounds.
    pub(super) fn check(&self) -> Result<(), MetaRefusal> {
        let Self { sends_per_s, fetches_per_s, joins_per_s, hot_after_ms, cool_percent, cool_after_ms } =
            *self;
        check("heat.sends_per_s", u64::from(sends_per_s), 0, PER_SECOND_MAX)?;
        check("heat.fetches_per_s", u64::from(fetches_per_s), 0, PER_SECOND_MAX)?;
        check("heat.joins_per_s", u64::from(joins_per_s), 0, PER_SECOND_MAX)?;
        check("heat.hot_after_ms", hot_after_ms, 0, WATCHED_MS_MAX)?;
        check("heat.cool_percent", u64::from(cool_percent), 0, COOL_PERCENT_MAX)?;
        check("heat.cool_after_ms", cool_after_ms, 0, WATCHED_MS_MAX)
    }
}
