//! One scenario before and after, figure by figure.

use crate::kit::{Better, Figure, Record};

/// What has become of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It went the right way, beyond the tolerance.
    Better,
    /// It went the wrong way, beyond the tolerance.
    Worse,
    /// Within the tolerance.
    Same,
    /// Nobody says which way is right.
    Neither,
}

/// One figure of both.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Compared {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) before: f64,
    pub(super) after: f64,
    /// After against before; `None` where there was nothing before.
    pub(super) times: Option<f64>,
    pub(super) verdict: Verdict,
}

/// Both records.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pair {
    pub(super) lines: Vec<Compared>,
    /// Figures that only one of them has.
    pub(super) alone: Vec<String>,
    /// Goals that were met before and are not any more.
    pub(super) broken: Vec<String>,
}

impl Pair {
    pub(super) fn new(before: &Record, after: &Record, tolerance: f64) -> Self {
        let find = |of: &'_ Record, name: &str| of.figures.iter().find(|one| one.name == name).cloned();
        let both = after.figures.iter().filter_map(|figure| Some((find(before, &figure.name)?, figure)));
        let lines = both.map(|(older, figure)| compared(&older, figure, tolerance)).collect();
        let lacks = |of: &Record, figure: &&Figure| find(of, &figure.name).is_none();
        let gone = before.figures.iter().filter(|figure| lacks(after, figure));
        let new = after.figures.iter().filter(|figure| lacks(before, figure));
        let alone = gone.chain(new).map(|figure| figure.name.clone()).collect();
        let was_met = |wanted: &str| before.goals.iter().any(|goal| goal.wanted == wanted && goal.met);
        let broken = after.goals.iter().filter(|goal| !goal.met && was_met(&goal.wanted));
        let broken = broken.map(|goal| format!("{}, found {}", goal.wanted, goal.found)).collect();
        Self { lines, alone, broken }
    }

    /// How many figures are worse.
    pub(super) fn worse(&self) -> usize {
        self.lines.iter().filter(|line| line.verdict == Verdict::Worse).count()
    }
}

fn compared(before: &Figure, after: &Figure, tolerance: f64) -> Compared {
    let times = (before.value != 0.0).then(|| after.value / before.value).filter(|times| times.is_finite());
    Compared {
        name: after.name.clone(),
        unit: after.unit.clone(),
        before: before.value,
        after: after.value,
        times,
        verdict: verdict(after.better, before.value, after.value, tolerance),
    }
}

fn verdict(better: Option<Better>, before: f64, after: f64, tolerance: f64) -> Verdict {
    let Some(better) = better else { return Verdict::Neither };
    let grown = after - before;
    // What came out of nothing has grown beyond any share of it.
    if grown.abs() <= before.abs() * tolerance / 100.0 || !grown.is_finite() {
        return Verdict::Same;
    }
    if (grown < 0.0) == (better == Better::Lower) { Verdict::Better } else { Verdict::Worse }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_judged_by_its_direction() {
        let lower = |before, after| verdict(Some(Better::Lower), before, after, 10.0);
        assert_eq!(lower(10.0, 11.0), Verdict::Same);
        assert_eq!(lower(10.0, 11.1), Verdict::Worse);
        assert_eq!(lower(10.0, 8.9), Verdict::Better);
        assert_eq!(lower(0.0, 1.0), Verdict::Worse, "something where there was nothing");
        assert_eq!(lower(0.0, 0.0), Verdict::Same);
        assert_eq!(lower(f64::NAN, 1.0), Verdict::Same);
        assert_eq!(verdict(Some(Better::Higher), 10.0, 8.9, 10.0), Verdict::Worse);
        assert_eq!(verdict(None, 10.0, 99.0, 10.0), Verdict::Neither);
    }
}
