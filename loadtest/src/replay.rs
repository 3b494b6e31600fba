//! Scenario `replay`: plays real conversations and compares what comes out with what went in.
//!
//! A log becomes a [`Script`] of steps; every nick is a user with a WebSocket of its own. Per file a
//! conductor gives the cues, the performers (one per nick and room) carry them out and say when they are
//! acknowledged. Afterwards a newcomer reads every room back, three ways, and [`compare`] has the last
//! word. `identity`, `script`, `progress`, `compare` and `verdict` are pure.

mod identity;

mod script;

mod progress;

mod compare;

mod stage;

mod performer;

mod conductor;

mod attack;

mod audit;

mod verdict;

mod run;

mod record;

pub use compare::{Differences, Entry, OrderRule, What, compare};
pub use identity::{user_id, user_ids};
pub use progress::steps_done;
pub use run::{ReplayOptions, run};
pub use script::{Cast, Census, Deed, Script, Step};
pub use verdict::{FileReport, ReplayReport};
