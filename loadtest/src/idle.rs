//! Scenario `idle`: connections that are signed in and say nothing. What does each cost in memory, what do all of them cost
//! in CPU, and does any break?
//!
//! They come in steps, so that the cost of one is the slope of a line and not the share of whatever was there before. It
//! measures a server that made the accounts and rooms itself a moment ago; the drill `idle` starts a fresh one.

mod run;

pub use run::{IdleArgs, run};
