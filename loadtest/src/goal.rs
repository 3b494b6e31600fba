//! What a drill wants to see, and what it saw. A missed goal is not a wrong result: it is told, no more.

use serde::{Deserialize, Serialize};

/// One goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// What is wanted.
    pub wanted: String,
    /// What was found.
    pub found: String,
    /// Whether that is it.
    pub met: bool,
}

impl Goal {
    /// Nothing of this may be found.
    pub(crate) fn none_of(what: &str, found: u64) -> Self {
        Self { wanted: format!("no {what}"), found: found.to_string(), met: found == 0 }
    }

    /// This may take or be at most so much.
    pub(crate) fn below(what: &str, limit: f64, found: f64, unit: &str) -> Self {
        Self {
            wanted: format!("{what} under {limit} {unit}"),
            found: format!("{found:.2} {unit}"),
            met: found < limit,
        }
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        format!("{}: {}, found {}\n", if self.met { "met" } else { "MISSED" }, self.wanted, self.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_tells_whether_it_was_met() {
        assert_eq!(Goal::none_of("gaps", 0).text(), "met: no gaps, found 0\n");
        assert_eq!(Goal::none_of("gaps", 2).text(), "MISSED: no gaps, found 2\n");
        assert_eq!(Goal::below("p99", 3.0, 2.5, "s").text(), "met: p99 under 3 s, found 2.50 s\n");
        assert!(!Goal::below("p99", 3.0, 3.0, "s").met);
    }
}
