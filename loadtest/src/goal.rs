//! What a scenario or a drill wants to see, and what it saw. A missed goal is not a wrong result: it is told, no more.

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

    /// This is to be at least so much.
    pub(crate) fn above(what: &str, limit: f64, found: f64, unit: &str) -> Self {
        Self {
            wanted: format!("{what} at least {limit} {unit}"),
            found: format!("{found:.2} {unit}"),
            met: found >= limit,
        }
    }

    /// This is to be so much, give or take some percent.
    pub(crate) fn about(what: &str, wanted: f64, percent: f64, found: f64, unit: &str) -> Self {
        Self {
            wanted: format!("{what} {wanted} {unit}, give or take {percent} %"),
            found: format!("{found:.2} {unit}"),
            met: (found - wanted).abs() <= wanted * percent / 100.0,
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
        assert!(Goal::above("rate", 3.0, 3.0, "/s").met && !Goal::above("rate", 3.0, 2.9, "/s").met);
        let about = |found| Goal::about("rate", 200.0, 10.0, found, "/s").met;
        assert_eq!([179.9, 180.0, 220.0, 220.1, f64::NAN].map(about), [false, true, true, false, false]);
    }
}
