//! Everything that must not happen in any drill. Pure.

use std::fmt::Write;

use serde::Serialize;

use super::log_check::LogFaults;
use crate::chat::Faults;

/// Sentences that are kept.
const SENTENCES_MAX: usize = 10;

/// What must not happen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// Whose hearing was checked: listeners, or loads of many.
    pub hearings: u64,
    /// Logs that were checked.
    pub logs: u64,
    /// Logged, and never heard by somebody who listens.
    pub gaps: u64,
    /// Heard more than once.
    pub duplicates: u64,
    /// Heard behind a later one.
    pub heard_out_of_order: u64,
    /// Heard or logged with a text nobody sent.
    pub changed: u64,
    /// Acknowledged, and not in the log.
    pub lost_acks: u64,
    /// More than once in the log.
    pub logged_twice: u64,
    /// In the log elsewhere than acknowledged.
    pub misplaced: u64,
    /// In the log behind a later one of the same sender.
    pub logged_out_of_order: u64,
    /// Positions left out in the log.
    pub holes: u64,
    /// Clients that did not come back, or were refused for good.
    pub complaints: u64,
    /// Some of these in words.
    pub sentences: Vec<String>,
}

impl Wrong {
    /// Adds what one listener found.
    pub(super) fn add_heard(&mut self, faults: Faults) {
        self.hearings += 1;
        self.gaps += faults.missing;
        self.duplicates += faults.doubled;
        self.heard_out_of_order += faults.out_of_order;
        self.changed += faults.changed;
    }

    /// Adds what is wrong in the log of one room.
    pub(super) fn add_logged(&mut self, faults: LogFaults) {
        self.logs += 1;
        self.lost_acks += faults.lost;
        self.logged_twice += faults.doubled;
        self.misplaced += faults.misplaced;
        self.logged_out_of_order += faults.out_of_order;
        self.changed += faults.changed;
        self.holes += faults.holes;
    }

    /// Adds what one client complains about.
    pub(super) fn add_complaints(&mut self, complaints: &[String]) {
        self.complaints += complaints.len() as u64;
        self.explain(complaints.iter().cloned());
    }

    /// Adds words to what was counted, as long as there is space.
    pub(super) fn explain(&mut self, sentences: impl IntoIterator<Item = String>) {
        let space = SENTENCES_MAX.saturating_sub(self.sentences.len());
        self.sentences.extend(sentences.into_iter().take(space));
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        let heard = self.gaps + self.duplicates + self.heard_out_of_order + self.changed;
        let logged =
            self.lost_acks + self.logged_twice + self.misplaced + self.logged_out_of_order + self.holes;
        heard + logged + self.complaints
    }

    /// For people: only what was looked at.
    pub(super) fn text(&self) -> String {
        let mut parts = Vec::new();
        if self.hearings > 0 {
            parts.push(format!(
                "heard: {} gaps, {} duplicates, {} out of order",
                self.gaps, self.duplicates, self.heard_out_of_order
            ));
        }
        if self.logs > 0 {
            parts.push(format!(
                "logs: {} acknowledged and lost, {} twice, {} elsewhere, {} out of order, {} holes",
                self.lost_acks, self.logged_twice, self.misplaced, self.logged_out_of_order, self.holes
            ));
        }
        if self.hearings + self.logs > 0 {
            parts.push(format!("{} changed texts", self.changed));
        }
        parts.push(format!("{} complaints", self.complaints));
        let mut text = parts.join("; ") + "\n";
        for sentence in &self.sentences {
            let _ = writeln!(text, "    {sentence}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_counts_once() {
        let mut wrong = Wrong::default();
        wrong.add_heard(Faults { missing: 1, doubled: 2, out_of_order: 3, changed: 4 });
        let logged =
            LogFaults { lost: 10, doubled: 20, misplaced: 30, out_of_order: 40, changed: 50, holes: 60 };
        wrong.add_logged(logged);
        wrong.add_complaints(&["a".to_owned(), "b".to_owned()]);
        assert_eq!((wrong.total(), wrong.changed, wrong.sentences.len()), (10 + 210 + 2, 54, 2));
    }

    #[test]
    fn what_was_not_looked_at_is_not_said_to_be_well() {
        let mut wrong = Wrong::default();
        assert_eq!(wrong.text(), "0 complaints\n");
        wrong.add_heard(Faults::default());
        assert_eq!(
            wrong.text(),
            "heard: 0 gaps, 0 duplicates, 0 out of order; 0 changed texts; 0 complaints\n"
        );
    }

    #[test]
    fn of_many_sentences_some_are_kept_and_all_are_counted() {
        let mut wrong = Wrong::default();
        wrong.add_complaints(&vec![String::new(); 19]);
        assert_eq!((wrong.complaints, wrong.sentences.len()), (19, SENTENCES_MAX));
    }
}
