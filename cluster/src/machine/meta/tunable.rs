//! Every value that can be tuned, by its name: with its bounds, for META, and in words, for operators.

use super::{Tunables, check};
use crate::command::MetaRefusal;

/// What a room is asked for a second at most: far beyond what one node bears.
const PER_SECOND_MAX: u64 = 1_000_000;
/// What a room may be delivered a second on one node: far beyond what one bears.
const DELIVERIES_MAX: u64 = 1_000_000_000;
/// How long something may be watched before it counts: ten minutes.
const WATCHED_MS_MAX: u64 = 600_000;
/// What cools where it became hot would be both by turns.
const COOL_PERCENT_MAX: u64 = 90;
/// A node is waited for no longer than this: longer than any failed disk takes to be replaced.
const SUBSTITUTE_AFTER_MS_MAX: u64 = 30 * 24 * 3_600_000;

/// One value that can be tuned.
#[derive(Debug, Clone, Copy)]
pub struct Tunable {
    /// Its name, such as `heat.sends_per_s`.
    pub name: &'static str,
    /// What it means.
    pub what: &'static str,
    /// The least it may be.
    pub min: u64,
    /// The most it may be.
    pub max: u64,
    get: fn(&Tunables) -> u64,
    set: fn(&mut Tunables, u64),
}

/// Why a value was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TuneError {
    /// There is nothing of this name.
    #[error("there is no `{name}` to tune; there are {}", names().join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// It may not have this value.
    #[error("`{name}` is a number from {min} to {max}")]
    OutOfBounds {
        /// Which.
        name: &'static str,
        /// The least it may be.
        min: u64,
        /// The most it may be.
        max: u64,
    },
}

/// A row of the table: name, place, bounds, meaning.
macro_rules! tunables {
    ($($name:literal: $($field:ident).+, $min:expr, $max:expr, $what:literal;)+) => {
        &[$(Tunable {
            name: $name,
            what: $what,
            min: $min,
            max: $max,
            get: |tunables| u64::from(tunables.$($field).+),
            // A value within its bounds has a place.
            set: |tunables, value| tunables.$($field).+ = value.try_into().unwrap_or_default(),
        }),+]
    };
}

/// All that can be tuned, in the order in which it is shown.
pub const TUNABLES: &[Tunable] = tunables! {
    "moves_at_once": moves_at_once, 0, 64, "shards that may get a new replica at the same time; 0: none is moved";
    "move_bytes_per_second": move_bytes_per_second, 1 << 20, 1 << 40, "bytes a second that a node may send for new replicas";
    "promote_lag_entries_max": promote_lag_entries_max, 1, 1 << 20, "raft entries that a replica may lack when it becomes a voter, or a leader";
    "substitute_after_ms": substitute_after_ms, 0, SUBSTITUTE_AFTER_MS_MAX, "a node that cannot be reached for so long is stood in for by others; 0: never";
    "heat.sends_per_s": heat.sends_per_s, 0, PER_SECOND_MAX, "so many messages a second make a room hot; 0: never";
    "heat.fetches_per_s": heat.fetches_per_s, 0, PER_SECOND_MAX, "so many pages of history a second make a room hot; 0: never";
    "heat.joins_per_s": heat.joins_per_s, 0, PER_SECOND_MAX, "so many people who enter a second make a room hot; 0: never";
    "heat.hot_after_ms": heat.hot_after_ms, 0, WATCHED_MS_MAX, "a room that reached any of these for so long is hot";
    "heat.cool_percent": heat.cool_percent, 0, COOL_PERCENT_MAX, "a hot room cools while it is asked for no more than so many hundredths of each";
    "heat.cool_after_ms": heat.cool_after_ms, 0, WATCHED_MS_MAX, "it has cooled once that lasted so long";
    "shed.typing": shed.typing, 0, DELIVERIES_MAX, "a room with so many deliveries a second on a node is not told who types; 0: never";
    "shed.presence": shed.presence, 0, DELIVERIES_MAX, "nor who came or went; 0: never";
    "shed.receipts": shed.receipts, 0, DELIVERIES_MAX, "nor how far others have read; 0: never";
    "shed.reactions": shed.reactions, 0, DELIVERIES_MAX, "its reactions, comings and goings are left out of what is pushed; 0: never";
    "shed.coalesced": shed.coalesced, 0, DELIVERIES_MAX, "what is pushed is gathered, for a tenth of a second or, with many listeners, up to a second; 0: never";
    "shed.heads": shed.heads, 0, DELIVERIES_MAX, "only where its log ends is pushed, clients read by pages; 0: never";
    "shed.step_up_ms": shed.step_up_ms, 0, WATCHED_MS_MAX, "a step is taken once so much lasted so long";
    "shed.cool_percent": shed.cool_percent, 0, COOL_PERCENT_MAX, "a step is taken back while there are no more than so many hundredths of what it was taken for";
    "shed.step_down_ms": shed.step_down_ms, 0, WATCHED_MS_MAX, "and once that lasted so long";
    "shed.pages_per_s": shed.pages_per_s, 1, PER_SECOND_MAX, "so many pages a second does a node give of one room to those who catch up; after a head they spread over a time that this is enough for";
    "joins.per_s": joins.per_s, 0, PER_SECOND_MAX, "so many people a second may enter one room; 0: as fast as they come";
    "joins.burst": joins.burst, 1, PER_SECOND_MAX, "so many may enter at once, after a pause";
};

impl Tunable {
    /// The one of this name.
    pub fn named(name: &str) -> Result<&'static Self, TuneError> {
        let found = TUNABLES.iter().find(|tunable| tunable.name == name);
        found.ok_or_else(|| TuneError::Unknown { name: name.to_owned() })
    }

    /// Its value.
    pub fn of(&self, tunables: &Tunables) -> u64 {
        (self.get)(tunables)
    }

    /// Changes its value.
    pub fn change(&self, tunables: &mut Tunables, value: u64) -> Result<(), TuneError> {
        let Self { name, min, max, .. } = *self;
        if !(min..=max).contains(&value) {
            return Err(TuneError::OutOfBounds { name, min, max });
        }
        (self.set)(tunables, value);
        Ok(())
    }
}

/// Refuses values that are out of bounds.
pub(super) fn check_all(tunables: &Tunables) -> Result<(), MetaRefusal> {
    TUNABLES
        .iter()
        .try_for_each(|tunable| check(tunable.name, tunable.of(tunables), tunable.min, tunable.max))
}

fn names() -> Vec<&'static str> {
    TUNABLES.iter().map(|tunable| tunable.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_can_be_changed_within_its_bounds_and_nothing_else_changes_with_it() {
        for tunable in TUNABLES {
            for value in [tunable.min, tunable.max] {
                let mut tunables = Tunables::default();
                tunable.change(&mut tunables, value).unwrap();
                assert_eq!(tunable.of(&tunables), value, "{}", tunable.name);
                tunable.change(&mut tunables, tunable.of(&Tunables::default())).unwrap();
                assert_eq!(tunables, Tunables::default(), "{}", tunable.name);
            }
            let refused = tunable.change(&mut Tunables::default(), tunable.max + 1);
            assert!(refused.unwrap_err().to_string().contains(tunable.name));
        }
    }

    #[test]
    fn the_defaults_are_within_their_bounds() {
        check_all(&Tunables::default()).unwrap();
    }

    #[test]
    fn an_unknown_name_is_told_which_there_are() {
        let said = Tunable::named("shed.typin").unwrap_err().to_string();
        assert!(said.starts_with("there is no `shed.typin` to tune; there are moves_at_once, "), "{said}");
        assert!(said.contains("shed.typing"), "{said}");
    }

    #[test]
    fn no_value_of_the_table_is_missing() {
        let shown = format!("{:?}", Tunables::default());
        let all = shown.split(": ").skip(1).filter(|rest| rest.starts_with(char::is_numeric)).count();
        assert_eq!(all, TUNABLES.len());
    }
}
