//! The checker's time grows with the record, not with its square.

use std::time::{Duration, Instant};

use madang_tests::record::Page;

use super::story::{Story, message, new};

const WRITERS: u64 = 10;
/// How often each message is heard.
const READERS: u64 = 8;

/// A clean record of about so many operations.
fn story(operations: u64) -> Story {
    let messages = operations / (READERS + 2);
    let by = |seq: u64| format!("writer{}", seq % WRITERS);
    let cid = |seq: u64| format!("c{seq}");
    let log: Vec<_> = (1..=messages).map(|seq| message(seq, &by(seq), &cid(seq))).collect();
    let mut story = Story::with_log(&log);
    for reader in 0..READERS {
        story =
            story.connects(&format!("reader{reader}")).reads(&format!("reader{reader}"), Page::After(0), &[]);
    }
    for event in &log {
        let after = event.seq.checked_sub(WRITERS).filter(|seq| *seq > 0).map(cid);
        story = story.sends_chained(&by(event.seq), &cid(event.seq), after.as_deref(), new(event.seq));
        for reader in 0..READERS {
            story = story.hears(&format!("reader{reader}"), event.clone());
        }
        story = story.marker("reader0", event.seq);
    }
    story
}

fn time_of(operations: u64) -> Duration {
    let story = story(operations);
    let began = Instant::now();
    story.is_clean();
    began.elapsed()
}

#[test]
fn a_million_operations_take_about_ten_times_as_long_as_a_hundred_thousand() {
    let small = time_of(100_000);
    let large = time_of(1_000_000);
    // A square would take a hundred times as long. Ten and a logarithm are expected; the machine is shared.
    assert!(large < small * 40, "{large:?} against {small:?}");
}
