//! What came of a day.

use std::time::Duration;

use super::mail::{FILLED, HEAR, LOST, TAKEN};
use super::person::{AGAIN, LEVEL, OPERATIONS, SEND};
use super::run::MixedDayArgs;
use crate::goal::Goal;
use crate::kit::{Better, Findings, Played, Span, figure};

pub(super) fn findings(args: &MixedDayArgs, users: usize, played: Played) -> Findings {
    let (all, end) = (played.all(), played.start + args.day_seconds);
    let day = Span { from: played.start, to: end };
    let seconds = day.seconds();
    let mut figures = Vec::new();
    for row in OPERATIONS {
        figures.push(figure(&format!("{row} a second"), played.counted(row) as f64 / seconds, "/s", None));
        figures.extend(played.times(row, all));
    }
    figures.extend(played.times(HEAR, all));
    let events = played.counted(TAKEN) as f64 / seconds;
    figures.push(figure("events delivered a second", events, "/s", None));
    figures.extend(played.times(LEVEL, all));
    figures.extend([FILLED, LOST].map(|what| played.count(what, all, None)));
    figures.push(played.count(AGAIN, all, Some(Better::Lower)));
    figures.extend(played.cores("servers over the day", day));
    if let Some(cores) = played.watched.servers_in(day) {
        let sends = (played.counted(SEND) as f64).max(1.0);
        let each = cores * seconds * 1e3 / sends;
        figures.push(figure("servers for each message, all else included", each, "ms", Some(Better::Lower)));
    }
    let unsaid = (users as u64 * u64::from(args.messages)).saturating_sub(played.counted(SEND));
    let behind = (users as u64).saturating_sub(played.counted(LEVEL));
    let goals = vec![
        Goal::none_of("messages not said", unsaid),
        Goal::none_of("people who do not end level", behind),
    ];
    let mut charts = vec![
        played.often("What people do", &OPERATIONS),
        played.slowest(&OPERATIONS),
        played.slowest(&[HEAR]),
        played.often("What comes in", &[TAKEN, FILLED, LOST, AGAIN]),
    ];
    charts.extend(played.used());
    let marks = vec![
        played.mark(played.start, "morning"),
        played.mark(played.start + args.day_seconds / 2, "noon"),
        played.mark(end.max(played.start + Duration::from_millis(1)), "evening"),
    ];
    Findings { figures, charts, marks, goals, wrong: played.wrong }
}
