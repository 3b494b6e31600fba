//! For every violation a record that has it and nothing else.

use madang_tests::record::{Outcome, Page, Seen, TextHash, Told, What};

use super::story::{ROOM, Story, attempt, message, new};

fn joined(seq: u64, by: &str) -> Seen {
    Seen { seq, at_ms: 1_000 + seq, by: by.to_owned(), what: What::Other("joined".to_owned()) }
}

fn abc() -> [Seen; 3] {
    [message(1, "minji", "a"), message(2, "minji", "b"), message(3, "minji", "c")]
}

/// Minji sends a, b and c, and each is acknowledged at once.
fn minji_sends(story: Story) -> Story {
    story.sends("minji", "a", new(1)).sends_chained("minji", "b", Some("a"), new(2)).sends_chained(
        "minji",
        "c",
        Some("b"),
        new(3),
    )
}

#[test]
fn a_day_without_trouble_is_clean() {
    let story = Story::with_log(&abc()).connects("jun").reads("jun", Page::After(0), &[]);
    let story = story.sends("minji", "a", new(1)).hears("jun", abc()[0].clone()).marker("jun", 1);
    let story = story.sends_chained("minji", "b", Some("a"), new(2)).hears("jun", abc()[1].clone());
    let story = story.sends_chained("minji", "c", Some("b"), new(3)).hears("jun", abc()[2].clone());
    story.reads("minji", Page::Newest, &abc()).marker("jun", 3).is_clean();
}

#[test]
fn trouble_that_ends_well_is_clean() {
    let log = [joined(1, "jun"), message(2, "minji", "a"), message(3, "minji", "b")];
    Story::with_log(&log)
        .sends("minji", "a", Outcome::Unknown)
        .sends_chained("minji", "b", Some("a"), Outcome::Refused)
        .connects("jun")
        .reads("jun", Page::After(0), &log[..1])
        .hears("jun", log[1].clone())
        .parts("jun")
        .sends("minji", "a", Outcome::Acked { seq: 2, dup: true })
        .sends_chained("minji", "b", Some("a"), new(3))
        .sends_chained("minji", "never there", Some("b"), Outcome::Unknown)
        .connects("jun")
        // Pushes may begin before the page is read that they go on from.
        .hears("jun", log[2].clone())
        .reads("jun", Page::After(2), &log[2..])
        .is_clean();
}

#[test]
fn a_lost_message_is_found_with_client_room_node_cid_seq_and_time() {
    minji_sends(Story::with_log(&abc()[..2])).is_found(&[
        "minji",
        "room yard",
        "node 2",
        "cid c",
        "seq 3",
        "3.000000 s",
        "not in the log",
    ]);
}

#[test]
fn a_doubled_message_is_found() {
    let log = [message(1, "minji", "a"), message(2, "minji", "a")];
    Story::with_log(&log).sends("minji", "a", new(1)).is_found(&[
        "cid a of minji",
        "seq 1",
        "again at seq 2",
    ]);
}

#[test]
fn equal_cids_of_two_people_are_two_sends() {
    let log = [message(1, "minji", "a"), message(2, "jun", "a")];
    Story::with_log(&log).sends("minji", "a", new(1)).sends("jun", "a", new(2)).is_clean();
}

#[test]
fn nodes_that_disagree_are_found_once() {
    let mut other = abc();
    other[1].at_ms += 1;
    other[2].at_ms += 1;
    minji_sends(Story::with_log(&abc())).second_node_has(&other).is_found(&["node 2", "node 1", "seq 2"]);
    minji_sends(Story::with_log(&abc()))
        .second_node_has(&abc()[..2])
        .is_found(&["node 2 has nothing more where node 1 has seq 3"]);
}

#[test]
fn a_hole_in_a_log_is_found() {
    let log = [message(1, "minji", "a"), message(3, "minji", "b")];
    let verdict = Story::with_log(&log).sends("minji", "a", new(1)).sends("minji", "b", Outcome::Unknown);
    let verdict = verdict.verdict();
    assert_eq!(verdict.total, 2, "one on each node: {verdict}");
    for violation in &verdict.violations {
        assert!(violation.to_string().contains("seq 3 stands where seq 2 should be"), "{violation}");
    }
}

#[test]
fn a_log_that_nobody_gives_is_found() {
    minji_sends(Story::with_log(&[])).without_logs().is_found(&["room yard: no node gave its log"]);
}

#[test]
fn a_message_that_nobody_sent_is_found() {
    let log = [message(1, "minji", "a")];
    Story::with_log(&log).sends("minji", "other", Outcome::Refused).is_found(&["seq 1 by minji (cid a)"]);
    Story::with_log(&log).is_found(&["was never sent like that"]);
}

#[test]
fn a_message_with_another_text_than_was_sent_is_found() {
    let told = attempt("a", "not what the log says", None, new(1));
    Story::with_log(&[message(1, "minji", "a")]).told("minji", told).is_found(&["was never sent like that"]);
}

#[test]
fn a_refused_message_in_the_log_is_found() {
    Story::with_log(&[message(1, "minji", "a")])
        .sends("minji", "a", Outcome::Refused)
        .sends("minji", "a", Outcome::Refused)
        .is_found(&["cid a was refused at every attempt", "seq 1", "2.000000 s"]);
}

#[test]
fn a_message_of_which_one_attempt_has_no_answer_may_be_in_the_log() {
    Story::with_log(&[message(1, "minji", "a")])
        .sends("minji", "a", Outcome::Unknown)
        .sends("minji", "a", Outcome::Refused)
        .is_clean();
}

#[test]
fn an_acknowledgement_that_names_another_place_is_found() {
    let log = [joined(1, "jun"), message(2, "minji", "a")];
    Story::with_log(&log)
        .sends("minji", "a", new(1))
        .is_found(&["cid a was acknowledged at seq 1", "is in the log at seq 2"]);
}

#[test]
fn a_send_that_is_new_twice_is_found() {
    Story::with_log(&[message(1, "minji", "a")])
        .sends("minji", "a", new(1))
        .sends("minji", "a", new(1))
        .is_found(&["cid a was acknowledged as new at seq 1, for the second time"]);
}

#[test]
fn a_sender_whose_messages_changed_places_is_found() {
    let log = [message(1, "minji", "b"), message(2, "minji", "a")];
    Story::with_log(&log)
        .told_after("minji", 1, attempt("a", "a", None, new(2)))
        .told_after("minji", 2, attempt("b", "b", Some("a"), new(1)))
        .is_found(&["cid b is at seq 1, not behind cid a, which is at seq 2"]);
}

#[test]
fn a_gap_closed_in_the_wrong_order_is_found() {
    Story::with_log(&[message(1, "minji", "b")])
        .sends("minji", "a", Outcome::Unknown)
        .sends_chained("minji", "b", Some("a"), new(1))
        .is_found(&["cid b is at seq 1, not behind cid a, which is not in the log"]);
}

#[test]
fn a_message_that_came_before_one_that_was_acknowledged_earlier_is_found() {
    let log = [message(1, "jun", "late"), message(2, "minji", "early")];
    Story::with_log(&log).sends("minji", "early", new(2)).sends("jun", "late", new(1)).is_found(&[
        "jun in room yard",
        "cid late at seq 1",
        "seq 2 was acknowledged already (to minji at 1.",
    ]);
    // Sent beside each other, either may be first.
    Story::with_log(&log)
        .sends("minji", "early", new(2))
        .told_after("jun", 1, attempt("late", "late", None, new(1)))
        .is_clean();
}

#[test]
fn a_missed_push_is_found() {
    minji_sends(Story::with_log(&abc()).connects("jun"))
        .hears("jun", abc()[0].clone())
        .hears("jun", abc()[2].clone())
        .is_found(&["jun", "heard seq 3, when seq 2 should come next"]);
}

#[test]
fn a_repeated_push_is_found() {
    minji_sends(Story::with_log(&abc()).connects("jun"))
        .hears("jun", abc()[1].clone())
        .hears("jun", abc()[1].clone())
        .hears("jun", abc()[2].clone())
        .is_found(&["heard seq 2 again or too late; seq 3 should come next"]);
}

#[test]
fn another_connection_may_begin_anywhere_behind_its_history() {
    minji_sends(Story::with_log(&abc()).connects("jun"))
        .hears("jun", abc()[0].clone())
        .parts("jun")
        .connects("jun")
        .reads("jun", Page::After(1), &abc()[1..2])
        .hears("jun", abc()[2].clone())
        .is_clean();
}

#[test]
fn a_hole_between_history_and_pushes_is_found_whichever_came_first() {
    minji_sends(Story::with_log(&abc()).connects("jun"))
        .reads("jun", Page::After(0), &abc()[..1])
        .hears("jun", abc()[2].clone())
        .is_found(&["up to seq 1", "first push (seq 3)"]);
    minji_sends(Story::with_log(&abc()).connects("jun"))
        .hears("jun", abc()[2].clone())
        .reads("jun", Page::After(0), &abc()[..1])
        .is_found(&["up to seq 1", "first push (seq 3)"]);
}

#[test]
fn a_connection_that_hears_nothing_any_more_is_found() {
    minji_sends(Story::with_log(&abc()).connects("jun").reads("jun", Page::After(0), &[]))
        .hears("jun", abc()[0].clone())
        .is_found(&["nothing beyond seq 1", "seq 3 was acknowledged"]);
}

#[test]
fn an_event_that_the_log_has_otherwise_is_found() {
    let mut other = abc()[2].clone();
    other.by = "somebody".to_owned();
    minji_sends(Story::with_log(&abc())).connects("jun").hears("jun", other.clone()).is_found(&[
        "jun",
        "was shown seq 3 by somebody",
        "where the log has seq 3 by minji",
    ]);
    minji_sends(Story::with_log(&abc()))
        .reads("jun", Page::Around(3), &[other])
        .is_found(&["was shown seq 3 by somebody"]);
}

#[test]
fn an_event_that_was_shown_and_is_gone_is_found() {
    minji_sends(Story::with_log(&abc()))
        .reads("jun", Page::Around(3), &[message(4, "minji", "d")])
        .is_found(&["was shown seq 4 by minji (cid d)", "where the log has nothing"]);
}

#[test]
fn a_page_with_a_hole_is_found() {
    minji_sends(Story::with_log(&abc()))
        .reads("jun", Page::Newest, &[abc()[0].clone(), abc()[2].clone()])
        .is_found(&["goes on with seq 3 where seq 2 should be"]);
    minji_sends(Story::with_log(&abc()))
        .reads("jun", Page::After(0), &abc()[1..])
        .is_found(&["goes on with seq 2 where seq 1 should be"]);
}

#[test]
fn a_client_that_does_not_see_its_own_message_is_found_also_after_a_reconnect() {
    minji_sends(Story::with_log(&abc())).reads("minji", Page::Newest, &abc()[..2]).is_found(&[
        "minji",
        "ended at seq 2",
        "own seq 3 had been acknowledged",
    ]);
    minji_sends(Story::with_log(&abc()))
        .parts("minji")
        .connects("minji")
        .reads("minji", Page::After(3), &[])
        .reads("minji", Page::After(2), &[])
        .is_found(&["ended at seq 2", "7.000000 s"]);
    // Somebody else may be behind.
    minji_sends(Story::with_log(&abc())).reads("jun", Page::Newest, &abc()[..2]).is_clean();
}

#[test]
fn a_page_asked_for_before_the_acknowledgement_need_not_have_the_message() {
    let page = Told::Paged { room: ROOM, page: Page::Newest, events: abc()[..2].to_vec(), more: false };
    minji_sends(Story::with_log(&abc())).told_after("minji", 1, page).is_clean();
}

#[test]
fn a_marker_that_goes_back_is_found() {
    let story = minji_sends(Story::with_log(&abc())).marker("jun", 3).marker("jun", 3);
    story.marker("jun", 2).is_found(&["jun", "the read marker is at 2, having been at 3", "6.000000 s"]);
}

#[test]
fn markers_of_two_people_are_two() {
    minji_sends(Story::with_log(&abc())).marker("jun", 3).marker("minji", 2).is_clean();
}

#[test]
fn texts_are_told_apart() {
    assert_ne!(TextHash::of("a"), TextHash::of("b"));
}
