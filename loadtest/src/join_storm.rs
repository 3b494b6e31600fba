//! Scenario `join_storm`: thousands of people a second want to enter one open room. Are as many let in as the room is to
//! bear, does everybody else hear at once when to come back, is nobody counted twice, and what do other rooms notice?
//!
//! People knock over HTTP with connections that stay open. Whoever is refused knocks again when it is their turn, not
//! when they were told to: a crowd that does not listen is the worst case. A join counts from when it was due.

mod gate;

mod report;

mod run;

pub use run::{JoinStormArgs, run};
