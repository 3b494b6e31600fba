//! Says the same thing only once in a while: a misconfigured node knocks for as long as it runs.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How long a thing that was said stays unsaid.
const AGAIN_AFTER: Duration = Duration::from_secs(60);
/// How many things are remembered; strangers must not fill the memory.
const THINGS_MAX: usize = 256;

/// Remembers what was said.
#[derive(Debug, Default)]
pub(super) struct Quiet(Mutex<HashMap<String, Instant>>);

impl Quiet {
    /// Whether `thing` is worth a line in the log now.
    pub(super) fn worth_saying(&self, thing: String, now: Instant) -> bool {
        let mut said = self.0.lock();
        if said.get(&thing).is_some_and(|at| now.saturating_duration_since(*at) < AGAIN_AFTER) {
            return false;
        }
        if said.len() >= THINGS_MAX {
            said.retain(|_, at| now.saturating_duration_since(*at) < AGAIN_AFTER);
        }
        if said.len() >= THINGS_MAX {
            return false;
        }
        said.insert(thing, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_thing_is_said_once_a_minute() {
        let (quiet, now) = (Quiet::default(), Instant::now());
        assert!(quiet.worth_saying("a".into(), now));
        assert!(!quiet.worth_saying("a".into(), now + AGAIN_AFTER / 2));
        assert!(quiet.worth_saying("b".into(), now));
        assert!(quiet.worth_saying("a".into(), now + AGAIN_AFTER));
    }

    #[test]
    fn many_different_things_do_not_fill_the_memory() {
        let (quiet, now) = (Quiet::default(), Instant::now());
        let said = (0..1_000).filter(|n| quiet.worth_saying(n.to_string(), now)).count();
        assert_eq!(said, THINGS_MAX);
        assert!(quiet.worth_saying("later".into(), now + AGAIN_AFTER));
    }
}
