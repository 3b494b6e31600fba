//! What came of a storm of joins.

use std::time::Duration;

use super::gate::{ADMITTED, BROKEN, JOIN, REFUSAL, REFUSED, RUDE, UNANSWERED};
use super::run::JoinStormArgs;
use crate::goal::Goal;
use crate::kit::{Better, Findings, NORMAL_ACK, NORMAL_HEAR, Played, Span, figure, noticed};

/// How far the rate of admissions may be from what is configured, in percent.
const OFF_MAX: f64 = 10.0;

/// What the run knows beside the board.
pub(super) struct Seen {
    pub(super) calm: Span,
    pub(super) storm: Span,
    /// How many a second are to be let in.
    pub(super) configured: f64,
    /// Of the room at the end, its owner included.
    pub(super) members: u64,
}

pub(super) fn findings(args: &JoinStormArgs, played: Played, seen: &Seen) -> Findings {
    let (mut figures, mut goals) = noticed(&played.board, seen.calm, seen.storm, "the storm");
    let all = played.all();
    // The first second has what may enter at once after a pause.
    let steady = Span { from: seen.storm.from + Duration::from_secs(1), to: seen.storm.to };
    let rate = played.board.counted(ADMITTED, steady) as f64 / steady.seconds();
    // While it lasts: who is answered when it is over was not answered at that pace.
    let in_time = |what| played.board.counted(what, seen.storm);
    let answered = [ADMITTED, REFUSED, RUDE, BROKEN].map(in_time).iter().sum::<u64>();
    figures.push(figure("admitted a second", rate, "/s", None));
    figures.push(figure(
        "joins answered a second",
        answered as f64 / seen.storm.seconds(),
        "/s",
        Some(Better::Higher),
    ));
    figures.push(figure("members at the end", seen.members as f64, "", None));
    figures.extend([JOIN, REFUSAL].into_iter().flat_map(|row| played.times(row, all)));
    figures.extend([(ADMITTED, None), (REFUSED, None)].map(|(what, better)| played.count(what, all, better)));
    figures.extend([RUDE, BROKEN, UNANSWERED].map(|what| played.count(what, all, Some(Better::Lower))));
    figures.extend(played.cores("servers while calm", seen.calm));
    figures.extend(played.cores("servers in the storm", seen.storm));

    goals.push(Goal::about("let in a second", seen.configured, OFF_MAX, rate, "/s"));
    goals.extend([RUDE, BROKEN, UNANSWERED].map(|what| Goal::none_of(what, played.counted(what))));
    let off = seen.members.abs_diff(played.counted(ADMITTED) + 1);
    goals.push(Goal::none_of("people counted twice or not at all", off));
    goals.push(Goal::above(
        "joins answered a second",
        args.joins_per_s * 0.9,
        answered as f64 / seen.storm.seconds(),
        "/s",
    ));

    let mut charts = vec![
        played.often("Who knocks", &[ADMITTED, REFUSED, RUDE, BROKEN, UNANSWERED]),
        played.slowest(&[JOIN, REFUSAL]),
        played.slowest(&[NORMAL_ACK, NORMAL_HEAR]),
    ];
    charts.extend(played.used());
    let marks = vec![
        played.mark(seen.calm.from, "calm"),
        played.mark(seen.storm.from, "storm"),
        played.mark(seen.storm.to, "over"),
    ];
    Findings { figures, charts, marks, goals, wrong: played.wrong }
}
