//! What was found, bounded: the first few tell the story, the rest are counted.

use super::violation::Violation;
use crate::record::{Outcome, Record, Told};

/// Violations that are kept; more are counted.
const KEPT_MAX: usize = 200;

/// Violations as they are found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: Vec<Violation>,
    total: usize,
}

impl Findings {
    pub(super) fn add(&mut self, violation: Violation) {
        self.total += 1;
        if self.kept.len() < KEPT_MAX {
            self.kept.push(violation);
        }
    }

    pub(super) fn verdict(self, record: &Record) -> Verdict {
        let mut verdict =
            Verdict { violations: self.kept, total: self.total, acked: 0, attempts: 0, heard: 0, paged: 0 };
        for entry in record.clients.iter().flat_map(|client| &client.entries) {
            match &entry.told {
                Told::Sent(attempt) => {
                    verdict.attempts += 1;
                    if matches!(attempt.outcome, Outcome::Acked { dup: _, seq: _ }) {
                        verdict.acked += 1;
                    }
                }
                Told::Heard { .. } => verdict.heard += 1,
                Told::Paged { .. } | Told::PagedStale { .. } => verdict.paged += 1,
                Told::Connected(_) | Told::Parted { .. } | Told::Marker { .. } => {}
            }
        }
        verdict
    }
}

/// The judgement over a record.
#[derive(Debug)]
pub struct Verdict {
    /// The first violations.
    pub violations: Vec<Violation>,
    /// How many there are in all.
    pub total: usize,
    /// Acknowledgements in the record.
    pub acked: usize,
    /// Attempts to send in the record.
    pub attempts: usize,
    /// Events heard in the record.
    pub heard: usize,
    /// Pages of history in the record.
    pub paged: usize,
}

impl Verdict {
    /// Whether every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.total == 0
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} violations in {} attempts to send ({} acknowledged), {} events heard, {} pages read",
            self.total, self.attempts, self.acked, self.heard, self.paged
        )?;
        for violation in &self.violations {
            write!(f, "\n  {violation}")?;
        }
        if self.total > self.violations.len() {
            write!(f, "\n  … and {} more", self.total - self.violations.len())?;
        }
        Ok(())
    }
}
