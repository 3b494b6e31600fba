//! Moves replicas to where the ring wants them, by safe single steps, and spreads leaders over the nodes. Runs
//! on every node and acts on META's leader. Reading order: `plan.rs` (what is the next step? pure), `absence.rs`
//! (who is away for so long that others stand in for it? pure), `run.rs` (asks all nodes how their groups stand,
//! carries the steps out).

mod absence;
mod plan;
mod run;

pub(crate) use plan::targets;
pub(crate) use run::run;
