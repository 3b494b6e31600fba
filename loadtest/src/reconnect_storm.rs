//! Scenario `reconnect_storm`: a network breaks and is back, so that everybody loses the connection at the same moment and
//! comes back at once. How long until all are signed in again and have what was said meanwhile, and what do those notice
//! who stayed?
//!
//! While they are away one message is said in each room. Whoever is back goes on from its cursor, or reads what the cursor
//! does not cover; times count from when the connections were cut.

mod run;

pub use run::{ReconnectStormArgs, run};
