//! What operators see, letter by letter.

use madang_cluster::machine::meta::Tunables;

use super::rooms::{Which, chosen, text};
use super::{example, tables, words};
use crate::api::http::TunablesReport;

#[test]
fn a_well_cluster_says_so() {
    let expected = "\
cluster 5eed, as node 1 sees it (META version 7, 3 replicas wanted)

 node  state  reached  clients at     nodes at       zone     leads  votes
    1  up     yes      10.0.0.1:7300  10.0.0.1:7400  seoul-a      2      3
    2  up     yes      10.0.0.2:7300  10.0.0.2:7400  -            1      3
    3  up     yes      10.0.0.3:7300  10.0.0.3:7400  -            0      3

shards  2; with a leader: all; where they should be: all
moving  nothing
lag     none

All is well.
";
    assert_eq!(words::status(&example::three_nodes()), expected);
}

#[test]
fn what_is_missing_moving_and_late_is_said() {
    let text = words::status(&example::one_away());
    let expected = "\
shards  2; with a leader: 1; where they should be: 0
moving  shard 0 from nodes 1,2,3 to 1,2,4 (node 4 is 1200 entries behind)
lag     at most 1200 entries (shard 0 on node 4)

Not well:
  - node 3 cannot be reached at 10.0.0.3:7400
";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("    3  up     NO  "), "{text}");
}

#[test]
fn the_ring_is_shown_group_by_group() {
    let expected = " group    leader  voters  learners  wanted  behind       settled
 META          1  1,2,3   -         -       -            yes
 shard 0       1  1,2,3   4         1,2,4   3:40 4:1200  no
 shard 1    NONE  -       -         2,3,1   -            no
";
    assert_eq!(tables::groups(&example::one_away()), expected);
}

#[test]
fn rooms_are_shown_with_what_is_asked_of_them_and_who_did_not_say() {
    let expected = " \
 room                        kind  members  leader  sends/s  fetches/s  joins/s  deliveries/s  shed      hot for
 01K9ZZZZZZZZZZZZZZZZZZZZZZ  open     5000       2      104         31        0        520000  heads  1 min 23 s
 01K9YYYYYYYYYYYYYYYYYYYYYY  -           -       -       12          0        1             0  -               -
node 3 did not answer: what is asked of rooms there is missing
";
    assert_eq!(text(&example::rooms(), Which::Busy), expected);
}

#[test]
fn hot_rooms_alone_are_shown_or_that_there_are_none() {
    let mut report = chosen(example::rooms(), Which::Hot);
    assert_eq!(report.rooms, example::rooms().rooms[..1]);
    report.rooms[0].hot_for_ms = None;
    let none = chosen(report, Which::Hot);
    assert!(text(&none, Which::Hot).starts_with("No room is hot. `madang rooms` shows"));
    assert!(text(&none, Which::Busy).starts_with("No room is asked for as often as once a second."));
}

#[test]
fn times_are_told_in_their_two_largest_units() {
    for (ms, told) in [(0, "0 s"), (59_999, "59 s"), (60_000, "1 min 0 s"), (7_260_000, "2 h 1 min")] {
        assert_eq!(words::time(ms), told);
    }
}

#[test]
fn what_was_tuned_is_shown_before_and_after() {
    let report = |moves_at_once| TunablesReport::new(&Tunables { moves_at_once, ..Tunables::default() });
    assert_eq!(tables::changed(&report(4), &report(7)), "moves_at_once: 4 -> 7\n");
    assert_eq!(tables::changed(&report(4), &report(4)), "Nothing changes: it is so already.\n");
    let shown = tables::tunables(&report(7));
    let words: Vec<&str> = shown.lines().nth(1).unwrap().split_whitespace().take(5).collect();
    assert_eq!(words, ["moves_at_once", "7", "4", "0", "64"], "{shown}");
}
