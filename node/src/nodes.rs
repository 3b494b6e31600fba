//! Which nodes clients should go to: told when they log in and connect, and when they are sent away.
//!
//! [`rank`](rank()) decides (pure), [`Directory`] knows what it decides about: what META says about the nodes,
//! who can be reached, how busy they say they are, and who leads the shard of a user. Nothing in here is
//! exact: any node serves any client, and a client that finds one gone or full takes the next.

mod directory;
mod rank;

pub use directory::Directory;
pub use rank::{Candidate, rank};
