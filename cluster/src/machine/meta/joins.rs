//! How fast a room lets people in: as much of what META can tune as the owners of rooms look at.

use serde::{Deserialize, Serialize};

/// How fast one room lets people in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JoinLimits {
    /// So many a second, on average; 0: as fast as they come.
    pub per_s: u32,
    /// So many at once, after a pause.
    pub burst: u32,
}

impl Default for JoinLimits {
    fn default() -> Self {
        Self { per_s: 200, burst: 50 }
    }
}
