//! Scenario `mixed_day`: the day of a company, compressed. People talk in their team, with the whole company and with one
//! other person; they type before they say something, read what others said, react, look into the past, look away from the
//! screen and come back, and some lose their connection. Everybody ends level with all their rooms.
//!
//! What somebody does is decided beforehand (`plan`, pure) and timed from when it was due.

mod mail;

mod person;

mod plan;

mod report;

mod run;

pub use run::{MixedDayArgs, run};
