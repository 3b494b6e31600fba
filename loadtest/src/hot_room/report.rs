//! What came of a hot room.

use super::run::{HOT_ACK, HOT_FAILED, HotRoomOptions, LEVEL};
use crate::goal::Goal;
use crate::kit::{
    Better, Board, Chart, Figure, Line, Mark, NORMAL_ACK, NORMAL_HEAR, Record, Span, Watched, figure, knob,
    noticed,
};
use crate::report::{machine, now_ms};

/// What the run knows beside the board.
pub(super) struct Seen {
    pub(super) calm: Span,
    pub(super) hot: Span,
    pub(super) after: Span,
    /// Events that the hot room's log got.
    pub(super) said: u64,
    pub(super) wrong: Vec<String>,
}

pub(super) fn record(options: &HotRoomOptions, board: &Board, watched: &Watched, seen: Seen) -> Record {
    let (mut figures, mut goals) = noticed(board, seen.calm, seen.hot, "hot");
    figures.extend(hot(options, board, &seen, &mut goals));
    if let (Some(calm), Some(hot)) = (watched.servers_in(seen.calm), watched.servers_in(seen.hot)) {
        figures.push(figure("servers while calm", calm, "cores", Some(Better::Lower)));
        figures.push(figure("servers while hot", hot, "cores", None));
    }
    let marks = [(seen.calm.from, "calm"), (seen.hot.from, "hot"), (seen.after.from, "silent again")];
    let mark =
        |(at, text): (std::time::Instant, &str)| Mark { at_s: board.offset(at), text: text.to_owned() };
    Record {
        scenario: "hot_room".to_owned(),
        run_id: options.run_id.clone(),
        at_ms: now_ms(),
        machine: machine(),
        knobs: vec![
            knob("nodes", options.nodes.iter().count()),
            knob("members", options.members),
            knob("senders", options.senders),
            knob("rate", options.rate),
            knob("normal-rooms", options.normal_rooms),
            knob("normal-size", options.normal_size),
            knob("normal-rate", options.normal_rate),
            knob("text-bytes", options.text_bytes),
            knob("calm", options.calm.as_secs_f64()),
            knob("hot", options.hot.as_secs_f64()),
            knob("drain", options.drain.as_secs_f64()),
        ],
        figures,
        charts: charts(board, watched),
        marks: marks.map(mark).into(),
        goals,
        wrong: seen.wrong,
    }
}

fn hot(options: &HotRoomOptions, board: &Board, seen: &Seen, goals: &mut Vec<Goal>) -> Vec<Figure> {
    let all = whole(seen);
    let ack = board.summary(HOT_ACK, seen.hot);
    let level = board.summary(LEVEL, Span { from: seen.after.from, to: seen.after.to });
    let seconds = |us: u64| us as f64 / 1e6;
    let counts =
        ["pushed", "read by page", "pages", "heads", "pages refused", HOT_FAILED, "connections lost"];
    let mut figures = vec![
        figure("hot messages", seen.said as f64, "", None),
        figure("hot messages a second", seen.said as f64 / seen.hot.seconds(), "/s", Some(Better::Higher)),
        figure("hot ack p50", ack.p50_us as f64 / 1e3, "ms", Some(Better::Lower)),
        figure("hot ack p99", ack.p99_us as f64 / 1e3, "ms", Some(Better::Lower)),
        figure("members level", level.count as f64, "", Some(Better::Higher)),
        figure("level p50 after the last message", seconds(level.p50_us), "s", Some(Better::Lower)),
        figure("level max after the last message", seconds(level.max_us), "s", Some(Better::Lower)),
    ];
    figures.extend(counts.map(|name| figure(name, board.counted(name, all) as f64, "", None)));
    let behind = (options.members as u64).saturating_sub(level.count);
    goals.push(Goal::none_of("members who do not end with all messages", behind));
    goals.push(Goal::none_of("connections lost", board.counted("connections lost", all)));
    figures
}

fn whole(seen: &Seen) -> Span {
    Span { from: seen.calm.from, to: seen.after.to }
}

fn charts(board: &Board, watched: &Watched) -> Vec<Chart> {
    let line = |name: &str, points| Line { name: name.to_owned(), points };
    let chart = |title: &str, unit: &str, lines: Vec<Line>| Chart {
        title: title.to_owned(),
        unit: unit.to_owned(),
        across: "seconds".to_owned(),
        lines: lines.into_iter().filter(|line| !line.points.is_empty()).collect(),
    };
    let p99 = |name: &'static str| line(name, board.p99_ms(name));
    let rate = |name: &'static str| line(name, board.rate(name));
    vec![
        chart("p99 of what was due in each second", "ms", [NORMAL_ACK, NORMAL_HEAR, HOT_ACK].map(p99).into()),
        chart(
            "How messages come to the hot room's members",
            "a second",
            ["pushed", "read by page"].map(rate).into(),
        ),
        chart("Pages and heads", "a second", ["pages", "heads", "pages refused"].map(rate).into()),
        chart(
            "CPU",
            "cores",
            vec![line("servers", watched.server_cores(board)), line("load test", watched.own_cores(board))],
        ),
        chart("Memory of the servers", "MB", vec![line("servers", watched.server_mb(board))]),
    ]
}
