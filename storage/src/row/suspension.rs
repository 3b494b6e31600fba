//! Suspended users: what the desk decided, and what the user's own shard knows of it.

use serde::{Deserialize, Serialize};

use super::{Row, Until};
use crate::id::UserId;

/// That somebody may not use this cluster, as the desk decided it. Goes when the user is restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspensionRow {
    /// Who decided it.
    pub by: UserId,
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
    /// Until when it holds.
    pub until: Until,
    /// Why, in words for the user; may be empty.
    pub reason: String,
}

impl Row for SuspensionRow {
    const NAME: &'static str = "suspension row";
}

/// The same, where the user logs in. Stays when it is over, so that older news is told from newer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspendedRow {
    /// Until when it holds; [`Until::OVER`]: it does not.
    pub until: Until,
    /// Why, in words for the user; may be empty.
    pub reason: String,
    /// Grows with every act of the desk: news of an older one is dropped.
    pub version: u64,
}

impl Row for SuspendedRow {
    const NAME: &'static str = "suspended row";
}
