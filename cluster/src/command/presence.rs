//! What can be asked of an account about being there. Who has a connection is no command: it is in no log.

use madang_storage::row::{Status, Visibility};
use serde::{Deserialize, Serialize};

/// What can be asked of an account about being there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PresenceOp {
    /// From the user: change what others see.
    #[serde(rename = "1")]
    Show {
        /// Who may know; `None`: as before.
        visibility: Option<Visibility>,
        /// What the user says; `None`: as before.
        status: Option<StatusChange>,
    },
    /// From the user's home: the user has gone, after being active last at this time.
    #[serde(rename = "2")]
    Gone {
        /// Milliseconds since the epoch.
        last_active_ms: u64,
    },
}

/// A change of what a user says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatusChange {
    /// This, from now on.
    #[serde(rename = "1")]
    Set(Status),
    /// Nothing any more.
    #[serde(rename = "2")]
    Clear,
}
