//! When a room is hot: as much of what META can tune as the owners of rooms look at.

use serde::{Deserialize, Serialize};

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
