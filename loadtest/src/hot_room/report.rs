//! What came of a hot room.

use super::member::{HOT_ACK, HOT_FAILED, LEVEL};
use super::run::HotRoomArgs;
use crate::goal::Goal;
use crate::kit::{Better, Findings, NORMAL_ACK, NORMAL_HEAR, Played, Span, figure, noticed};

const LOST: &str = "connections lost";

/// What the run knows beside the board.
pub(super) struct Seen {
    pub(super) calm: Span,
    pub(super) hot: Span,
    pub(super) after: Span,
    /// Events that the hot room's log got.
    pub(super) said: u64,
}

pub(super) fn findings(args: &HotRoomArgs, played: Played, seen: &Seen) -> Findings {
    let (mut figures, mut goals) = noticed(&played.board, seen.calm, seen.hot, "hot");
    let all = played.all();
    let ack = played.board.summary(HOT_ACK, seen.hot);
    let level = played.board.summary(LEVEL, all);
    let seconds = |us: u64| us as f64 / 1e6;
    figures.extend([
        figure("hot messages", seen.said as f64, "", None),
        figure("hot messages a second", seen.said as f64 / seen.hot.seconds(), "/s", Some(Better::Higher)),
        figure("hot ack p50", ack.p50_us as f64 / 1e3, "ms", Some(Better::Lower)),
        figure("hot ack p99", ack.p99_us as f64 / 1e3, "ms", Some(Better::Lower)),
        figure("members level", level.count as f64, "", Some(Better::Higher)),
        figure("level p50 after the last message", seconds(level.p50_us), "s", Some(Better::Lower)),
        figure("level max after the last message", seconds(level.max_us), "s", Some(Better::Lower)),
    ]);
    let counts = ["pushed", "read by page", "pages", "heads", "pages refused", HOT_FAILED, LOST];
    figures.extend(counts.map(|what| played.count(what, all, None)));
    figures.extend(played.cores("servers while calm", seen.calm));
    figures.extend(played.cores("servers while hot", seen.hot));

    let behind = u64::from(args.members).saturating_sub(level.count);
    goals.push(Goal::none_of("members who do not end with all messages", behind));
    goals.push(Goal::none_of(LOST, played.counted(LOST)));

    let mut charts = vec![
        played.slowest(&[NORMAL_ACK, NORMAL_HEAR, HOT_ACK]),
        played.often("How messages come to the hot room's members", &["pushed", "read by page"]),
        played.often("Pages and heads", &["pages", "heads", "pages refused"]),
    ];
    charts.extend(played.used());
    let marks = vec![
        played.mark(seen.calm.from, "calm"),
        played.mark(seen.hot.from, "hot"),
        played.mark(seen.after.from, "silent again"),
    ];
    Findings { figures, charts, marks, goals, wrong: played.wrong }
}
