//! Scenario `chat`: made-up conversations at a chosen rate, or as fast as acknowledgements come.
//!
//! Every listener keeps a ledger of what it heard, so that a missing, doubled or swapped delivery is
//! counted, not only timed. `plan`, `payload` and `ledger` are pure.

mod plan;

mod payload;

mod stage;

mod ledger;

mod member;

mod usage;

mod hall;

mod attack;

mod run;

mod report;

mod record;

pub use ledger::{Faults, Ledger};
pub use payload::Payload;
pub use plan::{Load, Plan, due};
pub use report::ChatReport;
pub use run::{ChatOptions, run};
pub(crate) use stage::{Stage, make_room};
