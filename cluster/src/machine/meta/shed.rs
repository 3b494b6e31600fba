//! What a room may cost a node before it gets less: as much of what META can tune as the ladder of shedding
//! looks at.

use serde::{Deserialize, Serialize};

/// From how many deliveries a second on (messages a second times listeners, of one room on one node) each step
/// of the ladder is taken. 0: that step never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShedLimits {
    /// Nobody is told who types.
    pub typing: u32,
    /// Members are not told who came or went.
    pub presence: u32,
    /// Members are not told how far others have read.
    pub receipts: u32,
    /// Reactions, comings and goings are left out of what is pushed.
    pub reactions: u32,
    /// What is pushed is gathered, for a tenth of a second at least.
    pub coalesced: u32,
    /// Only where the log ends is pushed; clients read it by pages.
    pub heads: u32,
    /// A step is taken once so much lasted so long, milliseconds.
    pub step_up_ms: u64,
    /// A step is taken back while there are no more than so many hundredths of what it was taken for.
    pub cool_percent: u16,
    /// And once that lasted so long, milliseconds.
    pub step_down_ms: u64,
    /// So many pages a second does a node give of one room to those who catch up. Clients that page after a head spread
    /// over a time in which no more come.
    pub pages_per_s: u32,
}

impl Default for ShedLimits {
    fn default() -> Self {
        Self {
            typing: 2_000,
            presence: 3_000,
            receipts: 5_000,
            reactions: 10_000,
            coalesced: 20_000,
            heads: 1_000_000,
            step_up_ms: 500,
            cool_percent: 70,
            step_down_ms: 5_000,
            pages_per_s: 1_000,
        }
    }
}
