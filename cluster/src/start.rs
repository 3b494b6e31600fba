//! How a node finds its place.
mod machine;
mod run;
pub(crate) use run::run;
