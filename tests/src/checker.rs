//! Judges a record of what clients were told against the logs that the nodes give in the end. Pure; time and
//! memory grow with the record's length (times a logarithm where moments are sorted).
//!
//! The first log that is given for a room is the one that everything is compared with; that all nodes give
//! the same is checked first. Reading order: `violation.rs` (what can be wrong), `index.rs` (what is looked
//! up), then one file for each kind of promise.

mod findings;
mod heard;
mod index;
mod logs;
mod markers;
mod reads;
mod real_time;
mod sends;
mod violation;

pub use findings::Verdict;
pub use violation::{Spot, Violation};

use findings::Findings;
use index::Index;

use crate::record::{ReadBack, Record};

/// Judges a record.
pub fn check(record: &Record, read_back: &ReadBack) -> Verdict {
    let mut findings = Findings::default();
    let index = Index::new(record, read_back, &mut findings);
    logs::check(&index, read_back, &mut findings);
    sends::check(&index, &mut findings);
    real_time::check(&index, &mut findings);
    heard::check(&index, &mut findings);
    reads::check(&index, &mut findings);
    markers::check(&index, &mut findings);
    findings.verdict(record)
}
