//! What came of the drill, and how long a return may take. Pure.

use std::fmt::Write;

use serde::Serialize;

use super::GB;
use crate::drill::wrong::Wrong;
use crate::goal::Goal;
use crate::report::table;

/// One return. Times are from the start of the process.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Return {
    /// What the node held on the disk.
    pub data_bytes: u64,
    /// Until it called itself ready.
    pub ready_ms: f64,
    /// Until it acknowledged a message.
    pub first_ack_ms: f64,
    /// Until it had acknowledged one in each of the rooms.
    pub all_rooms_ms: f64,
}

/// All returns at one size.
#[derive(Debug, Clone, Serialize)]
pub struct RecoveryStep {
    /// What the node was to hold, in GB.
    pub wanted_gb: f64,
    /// How long it took to fill it, from the size before.
    pub filled_s: f64,
    /// One for each kill.
    pub returns: Vec<Return>,
}

/// The drill's result.
#[derive(Debug, Clone, Serialize)]
pub struct RecoveryReport {
    /// `recovery`.
    pub drill: &'static str,
    /// Rooms that were written to.
    pub rooms: usize,
    /// Bytes of a message.
    pub text_bytes: usize,
    /// Size after size.
    pub steps: Vec<RecoveryStep>,
    /// What must not happen.
    pub wrong: Wrong,
    /// What was wanted.
    pub goals: Vec<Goal>,
}

/// At the largest size a return takes at most as many times as long as at the smallest as there is more data.
pub(super) fn goals(steps: &[RecoveryStep]) -> Vec<Goal> {
    let (Some(smallest), Some(largest)) = (steps.first(), steps.last()) else { return Vec::new() };
    if steps.len() < 2 {
        return Vec::new();
    }
    let times = largest.middle(Return::data_gb) / smallest.middle(Return::data_gb);
    let goal = |what: &str, figure: fn(&Return) -> f64| {
        let most = (smallest.middle(figure) * times).round();
        let what = format!(
            "{what} with {} GB, {times:.1} times the {} GB that take {:.0} ms,",
            largest.wanted_gb,
            smallest.wanted_gb,
            smallest.middle(figure),
        );
        Goal::below(&what, most, largest.middle(figure), "ms")
    };
    vec![goal("ready", |one| one.ready_ms), goal("first ack", |one| one.first_ack_ms)]
}

impl Return {
    /// What the node held, in GB.
    pub(super) fn data_gb(&self) -> f64 {
        self.data_bytes as f64 / GB
    }
}

impl RecoveryStep {
    /// The figure of the return in the middle.
    fn middle(&self, figure: impl Fn(&Return) -> f64) -> f64 {
        let mut figures: Vec<f64> = self.returns.iter().map(figure).collect();
        figures.sort_unstable_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or_default()
    }

    fn worst(&self, figure: impl Fn(&Return) -> f64) -> f64 {
        self.returns.iter().map(figure).fold(0.0, f64::max)
    }
}

impl RecoveryReport {
    /// For people.
    pub(in crate::drill) fn text(&self) -> String {
        let mut text = format!(
            "one node, {} rooms, messages of {} bytes; from the start of the process\n\n",
            self.rooms, self.text_bytes
        );
        let header = [
            "GB",
            "on the disk",
            "filled in",
            "kills",
            "ready",
            "worst",
            "first ack",
            "worst",
            "all rooms",
            "worst",
        ];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        for step in &self.steps {
            let mut row = vec![
                step.wanted_gb.to_string(),
                format!("{:.2} GB", step.middle(Return::data_gb)),
                format!("{:.0} s", step.filled_s),
                step.returns.len().to_string(),
            ];
            let figures: [fn(&Return) -> f64; 3] =
                [|one| one.ready_ms, |one| one.first_ack_ms, |one| one.all_rooms_ms];
            for figure in figures {
                row.push(format!("{:.0} ms", step.middle(figure)));
                row.push(format!("{:.0} ms", step.worst(figure)));
            }
            rows.push(row);
        }
        text.push_str(&table(&rows));
        let _ =
            writeln!(text, "\nafter each return every room was asked for what it had acknowledged last\n");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(wanted_gb: f64, ready_ms: [f64; 3]) -> RecoveryStep {
        let data_bytes = (wanted_gb * GB) as u64;
        let back = |ready_ms| Return { data_bytes, ready_ms, first_ack_ms: 100.0, all_rooms_ms: 200.0 };
        RecoveryStep { wanted_gb, filled_s: 9.0, returns: ready_ms.map(back).to_vec() }
    }

    #[test]
    fn a_return_may_take_as_many_times_as_long_as_there_is_more_data_and_no_longer() {
        let met = |last: f64| {
            let steps = [step(1.0, [500.0, 900.0, 400.0]), step(2.0, [9e9; 3]), step(5.0, [1.0, last, 9e9])];
            goals(&steps).iter().map(|goal| goal.met).collect::<Vec<_>>()
        };
        assert_eq!(met(2499.0), [true, true]);
        assert_eq!(met(2501.0), [false, true]);
        assert!(goals(&[step(1.0, [1.0; 3])]).is_empty(), "there is nothing to compare with");
        assert!(goals(&[]).is_empty());
    }

    #[test]
    fn people_see_the_middle_and_the_worst() {
        let steps = vec![step(1.0, [700.0, 300.0, 400.0])];
        let (wrong, goals) = (Wrong::default(), Vec::new());
        let text = RecoveryReport { drill: "recovery", rooms: 2, text_bytes: 9, steps, wrong, goals }.text();
        let row: Vec<&str> =
            text.lines().nth(3).unwrap().split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        assert_eq!(
            row,
            ["1", "1.00 GB", "9 s", "3", "400 ms", "700 ms", "100 ms", "100 ms", "200 ms", "200 ms"]
        );
    }
}
