//! `madang status` and its like: an operator asks a running node, over the port for other nodes, and has
//! the cluster do something.
//!
//! [`contact`] finds a node that answers. [`status`], [`ring`], [`rooms`], [`steps`],
//! [`remove`] and [`tune`] are the commands;
//! [`tables`] and [`words`] are what they show.

mod contact;
#[cfg(test)]
mod example;
pub(super) mod remove;
pub(super) mod ring;
pub(super) mod rooms;
#[cfg(test)]
mod shown_tests;
pub(super) mod status;
pub(super) mod steps;
mod tables;
pub(super) mod tune;
mod words;

use std::future::Future;

/// Runs a command to its end. It waits for the network only, so one thread is enough.
fn wait<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
