//! One network namespace of Linux: a host of its own as far as the network is concerned.

use crate::command::run;
use crate::leftover;

const PREFIX: &str = "madang-";

/// A namespace. Dropping it removes it, with everything in it.
#[derive(Debug)]
pub(super) struct Namespace {
    name: String,
}

impl Namespace {
    /// A new one; `rest` tells it from our others.
    pub(super) fn new(rest: &str) -> Result<Self, String> {
        let namespace = Self { name: leftover::name(PREFIX, rest) };
        run("ip", &["netns", "add", &namespace.name])?;
        namespace.ip("link set lo up")?;
        Ok(namespace)
    }

    /// Its name, as `ip netns` knows it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// `ip …` inside it.
    pub(super) fn ip(&self, words: &str) -> Result<(), String> {
        let words: Vec<&str> = ["-n", &self.name].into_iter().chain(words.split(' ')).collect();
        run("ip", &words).map(drop)
    }

    /// `tc …` inside it.
    pub(super) fn tc(&self, words: &str) -> Result<(), String> {
        let words: Vec<&str> = ["-n", &self.name].into_iter().chain(words.split(' ')).collect();
        run("tc", &words).map(drop)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Never made, perhaps: then there is nothing to remove.
        let _ = run("ip", &["netns", "del", &self.name]);
    }
}

/// Removes the namespaces of tests that were killed.
pub(super) fn sweep() {
    let listed = run("ip", &["netns", "list"]).unwrap_or_default();
    for name in listed.lines().filter_map(|line| line.split_whitespace().next()) {
        if leftover::is_nobodys(PREFIX, name) {
            // Another test may be sweeping too.
            let _ = run("ip", &["netns", "del", name]);
        }
    }
}
