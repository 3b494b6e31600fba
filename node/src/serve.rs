//! A whole node: its parts put together in order, watched while they run, taken apart in order.
//!
//! [`serve`] is what `madang serve` does: [`Node`] plus the process around it (threads, signals, banner,
//! ready file). [`canary`] keeps `/readyz` true. Never here: what the parts do.

mod advertise;
mod banner;
pub mod canary;
mod certificate;
mod drain;
mod node;
mod options;
mod process;

pub use node::{Node, StartError};
pub(crate) use options::link_client;
pub use process::{Serve, serve};
