//! The record of a run: the same shape for every scenario. The page, the JSON and the comparison of two runs are made
//! from it. Pure.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::goal::Goal;
use crate::latency::LatencySummary;
use crate::report::table;

/// What was run, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Name of the scenario.
    pub scenario: String,
    /// Prefix of all names of this run.
    pub run_id: String,
    /// When it ended: milliseconds since 1970.
    pub at_ms: u64,
    /// Where it ran.
    pub machine: String,
    /// How it was set.
    pub knobs: Vec<Knob>,
    /// What came of it, in numbers.
    pub figures: Vec<Figure>,
    /// The same over time.
    pub charts: Vec<Chart>,
    /// When what happened, for the charts.
    pub marks: Vec<Mark>,
    /// What was wanted.
    pub goals: Vec<Goal>,
    /// What must not happen, in words.
    pub wrong: Vec<String>,
}

/// One knob of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Knob {
    /// Its flag, without dashes.
    pub name: String,
    /// How it was set.
    pub value: String,
}

/// One number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is. Stable: two runs are compared by it.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: String,
    /// Which direction is good; absent: neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub better: Option<Better>,
}

/// Which direction of a figure is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Less is good.
    Lower,
    /// More is good.
    Higher,
}

/// Curves that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// What they show.
    pub title: String,
    /// Unit of what is shown.
    pub unit: String,
    /// What the horizontal axis is.
    pub across: String,
    /// The curves.
    pub lines: Vec<Line>,
}

/// One curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Place on the horizontal axis, and value.
    pub points: Vec<(f64, f64)>,
}

/// Something that happened during a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Seconds on the charts.
    pub at_s: f64,
    /// What.
    pub text: String,
}

/// A knob as it was set.
pub(crate) fn knob(name: &str, value: impl std::fmt::Display) -> Knob {
    Knob { name: name.to_owned(), value: value.to_string() }
}

/// A number of which less, more or neither is good.
pub(crate) fn figure(name: &str, value: f64, unit: &str, better: Option<Better>) -> Figure {
    Figure { name: name.to_owned(), value, unit: unit.to_owned(), better }
}

/// How long something took, in numbers; nothing when nothing was timed.
pub(crate) fn times(name: &str, summary: &LatencySummary) -> Vec<Figure> {
    if summary.count == 0 {
        return Vec::new();
    }
    let us = [("p50", summary.p50_us), ("p99", summary.p99_us), ("max", summary.max_us)];
    us.map(|(part, us)| figure(&format!("{name} {part}"), us as f64 / 1e3, "ms", Some(Better::Lower))).into()
}

impl Record {
    /// For people.
    pub fn text(&self) -> String {
        let knobs: Vec<String> =
            self.knobs.iter().map(|knob| format!("{} {}", knob.name, knob.value)).collect();
        let mut text = format!("{} {}: {}\n\n", self.scenario, self.run_id, knobs.join(", "));
        let rows: Vec<Vec<String>> = self
            .figures
            .iter()
            .map(|figure| vec![figure.name.clone(), shown(figure.value), figure.unit.clone()])
            .collect();
        let _ = writeln!(text, "{}", table(&rows));
        for goal in &self.goals {
            text.push_str(&goal.text());
        }
        for wrong in &self.wrong {
            let _ = writeln!(text, "WRONG: {wrong}");
        }
        text
    }
}

/// Three digits that tell something, and all of a large number.
pub(crate) fn shown(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_tells_its_figures_and_comes_back_from_its_json() {
        let record = Record {
            scenario: "hot_room".into(),
            run_id: "r1".into(),
            at_ms: 1,
            machine: "2 cores".into(),
            knobs: vec![knob("members", 5_000)],
            figures: vec![
                figure("acks p99", 12.345, "ms", Some(Better::Lower)),
                figure("acks", 9_000.0, "", None),
            ],
            charts: vec![],
            marks: vec![],
            goals: vec![Goal::none_of("gaps", 1)],
            wrong: vec!["somebody fell".into()],
        };
        let text = record.text();
        for part in ["members 5000", "acks p99  12.3  ms", "9000", "MISSED: no gaps", "WRONG: somebody fell"]
        {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
    }

    #[test]
    fn numbers_are_shown_with_three_digits() {
        let numbers = [0.0, 0.01234, 1.234, 12.34, 1_234.5].map(shown);
        assert_eq!(numbers, ["0", "0.012", "1.23", "12.3", "1234"]);
    }
}
