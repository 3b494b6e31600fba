//! The same as a record, for the page.

use super::ReplayReport;
use crate::goal::Goal;
use crate::kit::{Better, Findings, Knob, Record, figure, times};

impl ReplayReport {
    /// As a record; `knobs` say how it was set.
    pub fn record(&self, knobs: Vec<Knob>) -> Record {
        let mut figures = vec![
            figure("steps", self.steps as f64, "", None),
            figure("steps a second", self.steps_per_s, "/s", Some(Better::Higher)),
            figure("reconnects", self.reconnects as f64, "", None),
            figure("retries", self.retries as f64, "", None),
            figure("repeated answers", self.dups as f64, "", None),
        ];
        figures.extend(times("send to ack", &self.send));
        let stopped = |file: &super::FileReport| {
            file.error.as_ref().map(|error| format!("{}: stopped: {error}", file.file))
        };
        let samples = self.files.iter().flat_map(|file| {
            file.differences.samples.iter().map(move |sample| format!("{}: {sample}", file.file))
        });
        let goals = vec![Goal::none_of("differences", self.differences as u64)];
        let wrong = self.files.iter().filter_map(stopped).chain(samples).collect();
        Findings { figures, goals, wrong, ..Findings::default() }.record("replay", &self.run_id, knobs)
    }
}
