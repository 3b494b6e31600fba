//! Moves replicas to where the ring wants them.
mod plan;
mod run;
pub(crate) use plan::targets;
pub(crate) use run::run;
