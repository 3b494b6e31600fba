//! Scenario `fetch_storm`: everybody asks for the same page of one room at the same moment, wave after wave. First the
//! newest page, which a room in use has in memory; then old pages, drawn at random for each wave, which
//! hardly anybody has asked for before: they should cost one look at the disk, not one for each reader. What do other rooms notice?
//!
//! A page counts from when its wave began, refusals for a moment included.

mod run;

pub use run::{FetchStormArgs, run};
