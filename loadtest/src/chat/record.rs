//! The same as a record, for the page.

use super::report::ChatReport;
use crate::goal::Goal;
use crate::kit::{Better, Findings, Knob, Record, figure, times};

impl ChatReport {
    /// As a record; `knobs` say how it was set.
    pub fn record(&self, knobs: Vec<Knob>) -> Record {
        let (lower, higher) = (Some(Better::Lower), Some(Better::Higher));
        let mut figures = vec![
            figure("acks a second", self.acks_per_s, "/s", higher),
            figure("heard a second", self.heard_per_s, "/s", higher),
            figure("refused or failed", self.failed as f64, "", lower),
        ];
        figures.extend(times("send to ack", &self.send));
        figures.extend(times("intended to ack", &self.intended));
        figures.extend(times("send to hear", &self.hear));
        for (name, value, unit) in [
            ("server per million acks", self.server_cpu_s_per_million_acks, "CPU s"),
            ("server per million heard", self.server_cpu_s_per_million_heard, "CPU s"),
            ("raft's lane per ack", self.link_raft_bytes_per_ack, "bytes"),
            ("bulk lane per ack", self.link_bulk_bytes_per_ack, "bytes"),
        ] {
            figures.extend(value.map(|value| figure(name, value, unit, lower)));
        }
        let faults = [
            ("missing deliveries", self.missing),
            ("doubled deliveries", self.doubled),
            ("deliveries out of order", self.out_of_order),
            ("changed texts", self.changed),
            ("lost connections", self.disconnects),
        ];
        let goals = faults.map(|(what, found)| Goal::none_of(what, found)).into();
        let wrong = self.failure.iter().map(|failure| format!("one of the failures: {failure}")).collect();
        let found = Findings { figures, goals, wrong, ..Findings::default() };
        found.record(self.scenario, &self.run_id, knobs)
    }
}
