//! What came of people who come and go.

use std::time::Duration;

use super::person::{BACK, BLINKED, BYTES, FALSE_NEWS, FRAMES, NEWS, TRUE_NEWS, WENT};
use super::run::PresenceFlapArgs;
use crate::goal::Goal;
use crate::kit::{Better, Findings, Played, Span, figure};

/// News are late by the server's grace.
const GRACE: Duration = Duration::from_secs(5);

pub(super) fn findings(args: &PresenceFlapArgs, played: Played) -> Findings {
    // All connect at the beginning, of which news go on for a moment.
    let settled = played.start + args.calm / 2;
    let flap = played.start + args.calm;
    let calm = Span { from: settled, to: flap };
    // From when the first of those who go are noticed.
    let busy = Span { from: flap + GRACE.min(args.flap / 2), to: flap + args.flap };
    let all = played.all();
    let each = |what: &'static str, span: Span| {
        played.board.counted(what, span) as f64 / span.seconds() / f64::from(args.people)
    };
    let mut figures = Vec::new();
    for (name, what, unit) in [("news", NEWS, "/s"), ("frames", FRAMES, "/s"), ("bytes", BYTES, "bytes/s")] {
        figures.push(figure(
            &format!("{name} for an observer while calm"),
            each(what, calm),
            unit,
            Some(Better::Lower),
        ));
        figures.push(figure(&format!("{name} for an observer"), each(what, busy), unit, Some(Better::Lower)));
    }
    figures.extend([WENT, BLINKED, TRUE_NEWS].map(|what| played.count(what, all, None)));
    figures.push(played.count(FALSE_NEWS, all, Some(Better::Lower)));
    figures.extend(played.times(BACK, all));
    let (before, meanwhile) = (played.watched.servers_in(calm), played.watched.servers_in(busy));
    if let (Some(before), Some(meanwhile)) = (before, meanwhile) {
        figures.push(figure("servers while calm", before, "cores", Some(Better::Lower)));
        figures.push(figure("servers", meanwhile, "cores", Some(Better::Lower)));
        let acted = played.board.counted(WENT, busy) + played.board.counted(BLINKED, busy);
        if acted > 0 {
            let cost = (meanwhile - before).max(0.0) * 1e3 * busy.seconds() / acted as f64;
            figures.push(figure("servers for each who goes or blinks", cost, "ms", Some(Better::Lower)));
        }
    }
    let mut goals = vec![Goal::none_of(FALSE_NEWS, played.counted(FALSE_NEWS))];
    let went = played.counted(WENT);
    if went > 0 {
        let told = played.counted(TRUE_NEWS) as f64 / went as f64;
        goals.push(Goal::above("others told of each who went", 1.0, told, "people"));
    }
    let mut charts = vec![
        played.often("What all observers together hear", &[NEWS, FRAMES]),
        played.often("Bytes of all observers together", &[BYTES]),
        played.often("Who comes and goes", &[WENT, BLINKED]),
        played.slowest(&[BACK]),
    ];
    charts.extend(played.used());
    let marks = vec![
        played.mark(played.start, "calm"),
        played.mark(flap, "flap"),
        played.mark(busy.to, "calm again"),
    ];
    Findings { figures, charts, marks, goals, wrong: played.wrong }
}
