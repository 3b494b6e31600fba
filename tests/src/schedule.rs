//! Schedules of faults: plain data that a seed decides, that can be printed, read back, and run.
//!
//! In text, episodes are separated by `;`, each `at <ms> for <ms> <fault>`, with nodes counted from 1:
//! `at 500 for 1200 kill 2; at 2900 for 800 cut 1 to 3`.

mod dice;
mod fault;
mod generate;
mod run;

use std::str::FromStr;

pub use dice::Dice;
pub use fault::{Fault, Kind};
pub use generate::{Terms, generate};
pub use run::run;

/// One fault, from its beginning to its repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// When it begins, at the earliest; in milliseconds from the schedule's beginning.
    pub at_ms: u64,
    /// How long until it is repaired.
    pub lasts_ms: u64,
    /// What happens.
    pub fault: Fault,
}

/// Faults in the order in which they begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// The episodes.
    pub episodes: Vec<Episode>,
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, Episode { at_ms, lasts_ms, fault }) in self.episodes.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}at {at_ms} for {lasts_ms} {fault}")?;
        }
        Ok(())
    }
}

impl FromStr for Schedule {
    type Err = String;

    /// Errors: a sentence with the episode that cannot be read.
    fn from_str(text: &str) -> Result<Self, String> {
        let episodes = text.split(';').map(str::trim).filter(|episode| !episode.is_empty());
        let episodes: Result<Vec<Episode>, String> = episodes
            .map(|episode| read_episode(episode).ok_or_else(|| format!("{episode:?} is no episode")))
            .collect();
        Ok(Self { episodes: episodes? })
    }
}

fn read_episode(text: &str) -> Option<Episode> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let ["at", at_ms, "for", lasts_ms, fault @ ..] = words.as_slice() else { return None };
    Some(Episode { at_ms: at_ms.parse().ok()?, lasts_ms: lasts_ms.parse().ok()?, fault: Fault::read(fault)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_read_back_as_it_was_printed() {
        for seed in 0..50 {
            let schedule = generate(seed, &Terms { nodes: 3, lasts_ms: 60_000, kinds: Kind::ALL.to_vec() });
            assert!(!schedule.episodes.is_empty());
            assert_eq!(schedule.to_string().parse(), Ok(schedule));
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused_and_the_episode_named() {
        for text in ["kill 2", "at 1 for 2", "at 1 for 2 kill", "at 1 for 2 kill 0", "at 1 for 2 dance 1"] {
            let error = format!("at 5 for 5 kill 1; {text}").parse::<Schedule>().unwrap_err();
            assert!(error.contains(text), "{error}");
        }
    }
}
