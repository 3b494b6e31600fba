//! What everybody in a workload is to do now.

use std::time::Instant;

/// What everybody is to do now.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// Chat.
    Talking,
    /// Say nothing new; send what is unanswered until it is answered.
    Settling {
        /// After this it stays unanswered.
        until: Instant,
    },
    /// All is said. Listen until everything that was acknowledged was heard.
    Hearing {
        /// After this it stays unheard.
        until: Instant,
        /// The last acknowledged seq, by room.
        seqs: Vec<u64>,
    },
}

impl Stage {
    /// Whether the time that this stage allows is over.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Talking => false,
            Self::Settling { until } | Self::Hearing { until, .. } => Instant::now() >= *until,
        }
    }
}
