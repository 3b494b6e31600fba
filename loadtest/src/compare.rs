//! Two runs of the same scenarios beside each other: what has become better, what worse? Records come from files or
//! folders; those with the same scenario and the same knobs are one pair. All but reading the files is pure.

mod files;

mod pair;

use std::fmt::Write;

pub use files::read_records;
use pair::{Pair, Verdict};

use crate::kit::{Record, shown};
use crate::report::table;

/// What came of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// For people.
    pub text: String,
    /// Figures that have become worse beyond the tolerance.
    pub worse: usize,
}

/// Compares records; a figure may become worse by so many percent. What had no counterpart is told, no more.
pub fn compare(before: &[Record], after: &[Record], tolerance: f64) -> Comparison {
    let (mut text, mut worse) = (String::new(), 0);
    let mut known: Vec<bool> = vec![false; before.len()];
    for record in after {
        let same = |one: &Record| one.scenario == record.scenario && one.knobs == record.knobs;
        // Of several the newest, which stands last.
        let Some(number) = before.iter().rposition(same) else {
            let other = before.iter().find(|one| one.scenario == record.scenario);
            let _ = writeln!(text, "{}: {}\n", record.scenario, told_knobs(other, record));
            continue;
        };
        before.iter().zip(&mut known).filter(|(one, _)| same(one)).for_each(|(_, known)| *known = true);
        let Some(older) = before.get(number) else { continue };
        let pair = Pair::new(older, record, tolerance);
        worse += pair.worse();
        let _ = writeln!(text, "{}", told(&pair, older, record));
    }
    for (record, _) in before.iter().zip(known).filter(|(_, known)| !known) {
        let _ = writeln!(text, "{}: only in the run before", record.scenario);
    }
    let _ = writeln!(text, "{worse} figures are worse by more than {tolerance} %");
    Comparison { text, worse }
}

fn told(pair: &Pair, before: &Record, after: &Record) -> String {
    let mut text = format!("{} ({} → {})\n", after.scenario, before.run_id, after.run_id);
    if before.machine != after.machine {
        let _ = writeln!(text, "  other machines: {} → {}", before.machine, after.machine);
    }
    for (when, record) in [("before", before), ("after", after)] {
        if !record.wrong.is_empty() {
            let words = record.wrong.join("; ");
            let _ =
                writeln!(text, "  something went wrong in the run {when}, its figures tell little: {words}");
        }
    }
    let mut rows = vec![["figure", "before", "after", "unit", "times", ""].map(str::to_owned).to_vec()];
    for line in &pair.lines {
        let times = line.times.map_or_else(|| "-".to_owned(), |times| format!("{times:.2}"));
        let verdict = match line.verdict {
            Verdict::Better => "better",
            Verdict::Worse => "WORSE",
            Verdict::Same | Verdict::Neither => "",
        };
        rows.push(vec![
            line.name.clone(),
            shown(line.before),
            shown(line.after),
            line.unit.clone(),
            times,
            verdict.to_owned(),
        ]);
    }
    text.push_str(&table(&rows));
    for name in &pair.alone {
        let _ = writeln!(text, "  only in one of them: {name}");
    }
    for goal in &pair.broken {
        let _ = writeln!(text, "  a goal that was met is missed: {goal}");
    }
    text
}

/// Why a record has no counterpart.
fn told_knobs(other: Option<&Record>, record: &Record) -> String {
    let Some(other) = other else { return "only in the run after".to_owned() };
    let value = |of: &Record, name: &str| {
        let knob = of.knobs.iter().find(|knob| knob.name == name);
        knob.map_or_else(|| "-".to_owned(), |knob| knob.value.clone())
    };
    let mut names: Vec<&str> = Vec::new();
    for knob in other.knobs.iter().chain(&record.knobs) {
        if !names.contains(&knob.name.as_str()) && value(other, &knob.name) != value(record, &knob.name) {
            names.push(&knob.name);
        }
    }
    let changed = names.iter().map(|name| format!("{name} {} → {}", value(other, name), value(record, name)));
    format!("other knobs, not compared: {}", changed.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goal::Goal;
    use crate::kit::{Better, figure, knob};

    fn record(p99: f64, rate: f64, members: u32) -> Record {
        Record {
            scenario: "hot_room".into(),
            run_id: "r1".into(),
            at_ms: 1,
            machine: "2 cores".into(),
            knobs: vec![knob("members", members)],
            figures: vec![
                figure("p99", p99, "ms", Some(Better::Lower)),
                figure("rate", rate, "/s", Some(Better::Higher)),
                figure("heads", 7.0, "", None),
            ],
            charts: vec![],
            marks: vec![],
            goals: vec![],
            wrong: vec![],
        }
    }

    fn worse(before: Record, after: Record) -> usize {
        compare(&[before], &[after], 10.0).worse
    }

    #[test]
    fn worse_is_what_goes_the_wrong_way_beyond_the_tolerance() {
        let before = || record(10.0, 100.0, 5);
        assert_eq!(worse(before(), record(10.9, 91.5, 5)), 0, "within it");
        assert_eq!(worse(before(), record(11.2, 100.0, 5)), 1);
        assert_eq!(worse(before(), record(10.0, 89.0, 5)), 1);
        assert_eq!(worse(before(), record(2.0, 900.0, 5)), 0, "better");
        let mut after = before();
        after.figures[2].value = 9_999.0;
        assert_eq!(worse(before(), after), 0, "neither direction is good");
    }

    #[test]
    fn other_knobs_are_told_and_not_compared() {
        let compared = compare(&[record(1.0, 1.0, 5)], &[record(99.0, 1.0, 6)], 10.0);
        assert_eq!(compared.worse, 0);
        assert!(compared.text.contains("members 5 → 6"), "{}", compared.text);
        assert!(compared.text.contains("only in the run before"), "{}", compared.text);
    }

    #[test]
    fn another_machine_and_a_goal_that_is_missed_now_are_told() {
        let (mut before, mut after) = (record(1.0, 1.0, 5), record(1.0, 1.0, 5));
        after.machine = "96 cores".into();
        before.goals.push(Goal::none_of("gaps", 0));
        after.goals.push(Goal::none_of("gaps", 3));
        let text = compare(&[before], &[after], 10.0).text;
        for told in ["2 cores → 96 cores", "a goal that was met is missed: no gaps, found 3"] {
            assert!(text.contains(told), "{told} in\n{text}");
        }
    }

    #[test]
    fn of_several_runs_before_the_last_counts() {
        let before = [record(1.0, 1.0, 5), record(10.0, 1.0, 5)];
        let compared = compare(&before, &[record(10.0, 1.0, 5)], 10.0);
        assert_eq!(compared.worse, 0, "{}", compared.text);
        assert!(!compared.text.contains("only in"), "{}", compared.text);
    }
}
