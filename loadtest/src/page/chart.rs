//! One chart as SVG: axes, curves, and what happened when as vertical lines. Its colours are names: the page's style
//! gives each its tone by light and dark. Pure.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::kit::{Chart, Line, Mark};

/// Curves in their order; `style.css` knows them by these numbers.
pub(super) const COLOURS: [RGBColor; 6] = [
    RGBColor(0x1f, 0x6f, 0xd6),
    RGBColor(0xc4, 0x4e, 0x00),
    RGBColor(0x1a, 0x7f, 0x4b),
    RGBColor(0x8a, 0x3f, 0xc6),
    RGBColor(0xb0, 0x21, 0x5e),
    RGBColor(0x5f, 0x66, 0x00),
];
const INK: RGBColor = RGBColor(0x33, 0x36, 0x3b);
const GRID: RGBColor = RGBColor(0xdd, 0xdf, 0xe3);
const MARK: RGBColor = RGBColor(0x77, 0x7b, 0x82);
const SIZE: (u32, u32) = (720, 300);
const FONT: (&str, u32) = ("sans-serif", 14);
/// Beyond this, axes cannot be divided into steps any more.
const VALUE_MAX: f64 = 1e15;

/// `None` when there is no point to draw.
pub(super) fn svg(chart: &Chart, marks: &[Mark]) -> Option<String> {
    let lines: Vec<Line> = chart.lines.iter().map(drawable).collect();
    let points = || lines.iter().flat_map(|line| &line.points);
    let across = range(points().map(|(place, _)| *place), None)?;
    let up = range(points().map(|(_, value)| *value), Some(0.0))?;
    let mut text = String::new();
    let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
    // Drawing into a text cannot fail; if it does, there is no chart.
    draw(&area, chart, &lines, marks, (across, up)).ok()?;
    area.present().ok()?;
    drop(area);
    Some(text)
}

type Range = std::ops::Range<f64>;
type Drawn = Result<(), DrawingAreaErrorKind<<SVGBackend<'static> as DrawingBackend>::ErrorType>>;

fn draw(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    chart: &Chart,
    lines: &[Line],
    marks: &[Mark],
    (across, up): (Range, Range),
) -> Drawn {
    let mut context = ChartBuilder::on(area)
        .margin(6)
        .margin_right(16)
        .margin_top(if marks.is_empty() { 8 } else { 22 })
        .x_label_area_size(38)
        .y_label_area_size(64)
        .build_cartesian_2d(across.clone(), up.clone())?;
    let font = FONT.into_font().color(&INK);
    context
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(INK)
        .label_style(font.clone())
        .x_desc(&chart.across)
        .y_labels(6)
        .y_label_formatter(&|value| short(*value))
        .x_label_formatter(&|place| short(*place))
        .draw()?;
    for mark in marks.iter().filter(|mark| across.contains(&mark.at_s) || mark.at_s == across.end) {
        let ends = [(mark.at_s, up.start), (mark.at_s, up.end)];
        context.draw_series(DashedLineSeries::new(ends, 4, 4, MARK.stroke_width(1)))?;
        let late = mark.at_s - across.start > (across.end - across.start) * 0.8;
        let anchor = Pos::new(if late { HPos::Right } else { HPos::Left }, VPos::Bottom);
        let label = Text::new(mark.text.clone(), (mark.at_s, up.end), font.clone().pos(anchor));
        context.draw_series([label])?;
    }
    for (number, line) in lines.iter().enumerate() {
        let colour = COLOURS.get(number % COLOURS.len()).copied().unwrap_or(INK);
        if let [only] = line.points.as_slice() {
            context.draw_series([Circle::new(*only, 3, colour.filled())])?;
        }
        context.draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)))?;
    }
    Ok(())
}

/// A line without points that have no place.
fn drawable(line: &Line) -> Line {
    let has_place = |(place, value): &&(f64, f64)| place.is_finite() && value.is_finite();
    let clip = |value: f64| value.clamp(-VALUE_MAX, VALUE_MAX);
    let points = line.points.iter().filter(has_place).map(|(place, value)| (clip(*place), clip(*value)));
    Line { name: line.name.clone(), points: points.collect() }
}

/// From the least to the greatest, and to `with`; never nothing, which has no axis.
fn range(values: impl Iterator<Item = f64> + Clone, with: Option<f64>) -> Option<Range> {
    let least = values.clone().reduce(f64::min)?;
    let most = values.reduce(f64::max)?;
    let (least, most) = with.map_or((least, most), |with| (least.min(with), most.max(with)));
    let span = most - least;
    if span > 0.0 {
        Some(least..most + if with.is_some() { span * 0.05 } else { 0.0 })
    } else {
        Some(least..least + 1.0)
    }
}

/// A number at an axis.
fn short(value: f64) -> String {
    let size = value.abs();
    let (value, unit) = match size {
        size if size >= 1e9 => (value / 1e9, "G"),
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = format!("{value:.2}");
    format!("{}{unit}", digits.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_at_an_axis_are_short() {
        let numbers = [0.0, 0.25, 1.5, 900.0, 12_000.0, 3_400_000.0].map(short);
        assert_eq!(numbers, ["0", "0.25", "1.5", "900", "12k", "3.4M"]);
    }

    #[test]
    fn an_axis_is_never_nothing() {
        assert_eq!(range([4.0].into_iter(), None), Some(4.0..5.0));
        assert_eq!(range([0.0].into_iter(), Some(0.0)), Some(0.0..1.0));
        assert_eq!(range(std::iter::empty(), Some(0.0)), None);
    }

    #[test]
    fn marks_are_lines_with_their_words() {
        let line = Line { name: "one".into(), points: vec![(0.0, 1.0), (10.0, 2.0)] };
        let chart =
            Chart { title: "t".into(), unit: "ms".into(), across: "seconds".into(), lines: vec![line] };
        let marks = [3.0, 99.0].map(|at_s| Mark { at_s, text: format!("at {at_s}") });
        let text = svg(&chart, &marks).unwrap();
        assert!(text.contains("at 3") && !text.contains("at 99"), "{text}");
        assert!(text.contains("#777B82") && text.contains("#1F6FD6"), "known to the style:\n{text}");
    }
}
