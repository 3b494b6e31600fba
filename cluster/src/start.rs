//! How a node finds its place: goes on with the identity that its data has, or asks the seeds, and then forms a
//! cluster, joins one, or waits and says for whom. Reading order: `machine.rs` (which of these? pure), `run.rs`
//! (asks, carries it out, and starts to take part).

mod machine;
mod run;

pub(crate) use run::run;
