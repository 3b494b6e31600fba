//! What do we promise? Tests over the whole workspace: real processes, faults, and the rules of the house.
//!
//! Here are the tools. [`node`] starts and kills real nodes, [`cluster`] several of them, on hosts of a
//! [`network`] whose links can be cut. [`disk`] is a disk that loses its power or runs full, [`syscall`] makes
//! system calls fail, [`damage`] is done to files; an [`authority`] signs certificates. [`people`] are clients; in a [`workload`] many of them chat
//! while a [`schedule`] of faults runs; the [`record`] of what they were told goes to the [`checker`].
//! The promises themselves are in `tests/`, one file each.

pub mod authority;
pub mod checker;
pub mod cluster;
pub mod command;
pub mod damage;
pub mod device;
pub mod disk;
pub mod leftover;
pub mod network;
pub mod node;
pub mod people;
pub mod record;
pub mod schedule;
pub mod syscall;
pub mod workload;

use std::future::Future;
use std::time::{Duration, Instant};

/// Waits until `done` answers something, asking every few milliseconds. Panics with `what` at the limit.
pub async fn wait_until<T, F: Future<Output = Option<T>>>(
    what: &str,
    limit: Duration,
    mut done: impl FnMut() -> F,
) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = done().await {
            return value;
        }
        assert!(Instant::now() < end, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
