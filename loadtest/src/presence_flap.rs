//! Scenario `presence_flap`: people who see each other in rooms, of whom some come and go all the time. What does each
//! observer hear of it, what does it cost, and is anybody said to be gone who is not?
//!
//! Of every four people one *goes* for longer than the server's grace, which all others are to hear; one *blinks*: its
//! connection breaks and is back at once, which nobody may notice; two stay.

mod person;

mod report;

mod run;

pub use run::{PresenceFlapArgs, run};
