//! The page of a record: one HTML file that a person can read anywhere. Nothing in it comes from elsewhere, no script
//! runs in it, and whatever a record says is escaped. Pure.

mod chart;

use std::time::{Duration, UNIX_EPOCH};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::goal::Goal;
use crate::kit::{Better, Chart, Figure, Knob, Line, Mark, Record, shown};

const STYLE: &str = include_str!("page/style.css");

impl Record {
    /// The whole page.
    pub fn html(&self) -> String {
        let title = format!("{} {}", self.scenario, self.run_id);
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header {
                        h1 { (self.scenario) }
                        p { "Run " (self.run_id) ", ended " (moment(self.at_ms)) }
                        p { (self.machine) }
                        (verdict(self))
                    }
                    main {
                        (wrong(&self.wrong))
                        (goals(&self.goals))
                        (figures(&self.figures))
                        @if !self.charts.is_empty() { h2 { "Over time" } }
                        @for chart in &self.charts { (drawn(chart, &self.marks)) }
                        (knobs(&self.knobs))
                    }
                }
            }
        }
        .into_string()
    }
}

fn verdict(record: &Record) -> Markup {
    let missed = record.goals.iter().filter(|goal| !goal.met).count();
    let (class, text) = match (record.wrong.len(), missed) {
        (0, 0) => ("good", "Nothing went wrong, and every goal was met.".to_owned()),
        (0, missed) => {
            ("bad", format!("Nothing went wrong; {missed} of {} goals were missed.", record.goals.len()))
        }
        (_, missed) => ("bad", format!("Something went wrong, and {missed} goals were missed.")),
    };
    html! { p class=(class) { strong { (text) } } }
}

fn wrong(wrong: &[String]) -> Markup {
    html! {
        @if !wrong.is_empty() {
            h2 { "What went wrong" }
            ul { @for one in wrong { li class="bad" { (one) } } }
        }
    }
}

fn goals(goals: &[Goal]) -> Markup {
    html! {
        @if !goals.is_empty() {
            h2 { "Goals" }
            div class="wide" tabindex="0" role="region" aria-label="Goals" {
                table {
                    thead { tr { th { "" } th { "Wanted" } th { "Found" } } }
                    tbody {
                        @for goal in goals {
                            tr {
                                td class=(if goal.met { "good" } else { "bad" }) {
                                    (if goal.met { "met" } else { "missed" })
                                }
                                td { (goal.wanted) }
                                td { (goal.found) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn figures(figures: &[Figure]) -> Markup {
    html! {
        @if !figures.is_empty() {
            h2 { "Figures" }
            div class="wide" tabindex="0" role="region" aria-label="Figures" {
                table {
                    thead { tr { th { "What" } th class="number" { "How much" } th { "Unit" } th { "Better" } } }
                    tbody {
                        @for figure in figures {
                            tr {
                                td { (figure.name) }
                                td class="number" { (shown(figure.value)) }
                                td { (figure.unit) }
                                td { (direction(figure.better)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn direction(better: Option<Better>) -> &'static str {
    match better {
        Some(Better::Lower) => "less",
        Some(Better::Higher) => "more",
        None => "",
    }
}

fn drawn(chart: &Chart, marks: &[Mark]) -> Markup {
    // Marks are moments: a chart over anything else has none.
    let marks = if chart.across == "seconds" { marks } else { &[] };
    html! {
        figure {
            figcaption {
                strong { (chart.title) }
                @if !chart.unit.is_empty() { ", " (chart.unit) }
            }
            @match chart::svg(chart, marks) {
                Some(svg) => {
                    div class="wide" tabindex="0" role="img" aria-label=(chart.title) { (PreEscaped(svg)) }
                    ul class="legend" {
                        @for (number, line) in chart.lines.iter().enumerate() { (legend(number, line)) }
                    }
                }
                None => p { "There is nothing to show." }
            }
        }
    }
}

fn legend(number: usize, line: &Line) -> Markup {
    let most = line.points.iter().map(|(_, value)| *value).filter(|value| value.is_finite()).reduce(f64::max);
    html! {
        li {
            span class={ "key key-" (number % chart::COLOURS.len()) } {}
            (line.name)
            @if let Some(most) = most { ", at most " (shown(most)) }
        }
    }
}

fn knobs(knobs: &[Knob]) -> Markup {
    html! {
        @if !knobs.is_empty() {
            h2 { "How it was set" }
            div class="wide" tabindex="0" role="region" aria-label="How it was set" {
                table {
                    thead { tr { th { "Knob" } th class="number" { "Value" } } }
                    tbody {
                        @for knob in knobs { tr { td { (knob.name) } td class="number" { (knob.value) } } }
                    }
                }
            }
        }
    }
}

fn moment(at_ms: u64) -> String {
    // What lies beyond the year 9999 cannot be written down.
    let at = UNIX_EPOCH + Duration::from_millis(at_ms.min(253_402_300_799_000));
    httpdate::fmt_http_date(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::{figure, knob};

    fn chart(title: &str, points: &[&[(f64, f64)]]) -> Chart {
        let line = |(number, points): (usize, &&[(f64, f64)])| Line {
            name: format!("line {number}"),
            points: points.to_vec(),
        };
        let lines = points.iter().enumerate().map(line).collect();
        Chart { title: title.into(), unit: "ms".into(), across: "seconds".into(), lines }
    }

    fn record(charts: Vec<Chart>) -> Record {
        Record {
            scenario: "made <up>".into(),
            run_id: "r1".into(),
            at_ms: 1_763_784_000_000,
            machine: "2 cores & more".into(),
            knobs: vec![knob("members", "\"5,000\"")],
            figures: vec![figure("acks <script>alert(1)</script>", f64::NAN, "ms", Some(Better::Lower))],
            charts,
            marks: vec![
                Mark { at_s: 2.0, text: "<b>hot</b>".into() },
                Mark { at_s: f64::NAN, text: "never".into() },
            ],
            goals: vec![Goal::none_of("gaps", 1), Goal::none_of("doubles", 0)],
            wrong: vec!["somebody </style> fell".into()],
        }
    }

    #[test]
    fn whatever_a_record_says_is_escaped_and_nothing_comes_from_elsewhere() {
        let page = record(vec![chart("p99 <i>", &[&[(0.0, 1.0), (3.0, 2.0)]])]).html();
        for raw in ["<script", "<up>", "<b>hot", "<i>", " </style> fell"] {
            assert!(!page.contains(raw), "{raw} stands there as it is");
        }
        for told in ["made &lt;up&gt;", "2 cores &amp; more", "&lt;b&gt;hot&lt;/b&gt;", "missed", "NaN"] {
            assert!(page.contains(told), "{told} is missing in\n{page}");
        }
        let without_names = page.replace("http://www.w3.org/2000/svg", "");
        for outside in ["http:", "https:", "url(", "src=", "@import", "href="] {
            assert!(!without_names.contains(outside), "{outside}");
        }
        assert!(page.contains("Sat, 22 Nov 2025 04:00:00 GMT"));
    }

    #[test]
    fn every_chart_with_something_to_show_is_drawn() {
        let nan = f64::NAN;
        let shown: [&[&[(f64, f64)]]; 5] = [
            &[&[(0.0, 1.0), (1.0, 5.0)], &[(0.0, 2.0)]],
            &[&[(4.0, 4.0)]],
            &[&[(0.0, 0.0), (1.0, 0.0)]],
            &[&[(0.0, nan), (1.0, 2.0), (f64::INFINITY, 1.0)], &[]],
            &[&[(0.0, -3.0), (1.0, 1e300)]],
        ];
        let empty: [&[&[(f64, f64)]]; 3] = [&[], &[&[]], &[&[(0.0, nan), (nan, 1.0)]]];
        let charts = shown.iter().chain(&empty).enumerate();
        let page =
            record(charts.map(|(number, points)| chart(&format!("chart {number}"), points)).collect()).html();
        assert_eq!(page.matches("<svg").count(), shown.len());
        assert_eq!(page.matches("There is nothing to show.").count(), empty.len());
        assert!((0..8).all(|number| page.contains(&format!("chart {number}"))));
        assert_eq!(page.matches("</svg>").count(), shown.len());
        assert!(!page.contains("never"), "a mark without a place");
    }

    #[test]
    fn an_empty_record_is_a_page_too() {
        let empty = Record { knobs: vec![], figures: vec![], goals: vec![], wrong: vec![], ..record(vec![]) };
        let page = empty.html();
        assert!(page.contains("Nothing went wrong") && page.ends_with("</html>"));
    }
}
