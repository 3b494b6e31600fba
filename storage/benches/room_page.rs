//! What a page of history costs in a small and in a huge room, and the ratio of the two.
//!
//! `MADANG_BENCH_ROOM_EVENTS` sets the size of the huge room (default 1,000,000), the small one is a hundredth.

#![allow(clippy::expect_used, reason = "a bench ends at the first thing that goes wrong")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use madang_storage::id::{RoomId, ShardId};
use madang_storage::{PageLimit, StateBatch, StateOptions, StateStore, room_log_key};

const SHARD: ShardId = ShardId(0);
const GENERATION: u32 = 1;
const SMALL: RoomId = RoomId([1; 16]);
const HUGE: RoomId = RoomId([2; 16]);
const PAGE: PageLimit = PageLimit { items: 50, bytes: 256 << 10 };
const PAYLOAD_BYTES: usize = 200;
const ROUNDS: usize = 3000;
const PAGES_A_ROUND: u32 = 5;

fn main() {
    let huge = std::env::var("MADANG_BENCH_ROOM_EVENTS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let small = huge / 100;
    let dir = tempfile::tempdir().expect("a directory");
    let store = StateStore::open(dir.path(), &StateOptions::default()).expect("a store");
    let started = Instant::now();
    fill(&store, SMALL, small);
    fill(&store, HUGE, huge);
    store.flush().expect("flush");
    println!(
        "rooms of {small} and {huge} events of {PAYLOAD_BYTES} bytes, built in {:.1?}",
        started.elapsed()
    );

    let mut criterion = Criterion::default().configure_from_args().without_plots();
    for (name, room, size) in [("small", SMALL, small), ("huge", HUGE, huge)] {
        criterion.bench_function(&format!("newest 50 of the {name} room"), |b| {
            b.iter(|| page(&store, room, u64::MAX))
        });
        criterion.bench_function(&format!("50 from the middle of the {name} room"), |b| {
            b.iter(|| page(&store, room, size / 2));
        });
    }
    criterion.final_summary();
    print_ratio("newest 50", &store, u64::MAX, u64::MAX);
    print_ratio("50 from the middle", &store, small / 2, huge / 2);
}

/// Both rooms in turns, so that what else the machine does meets both; and the fastest tenth, since other
/// work on the machine only ever adds time.
fn print_ratio(what: &str, store: &StateStore, before_small: u64, before_huge: u64) {
    let (mut small, mut huge) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        small.push(round(store, SMALL, before_small));
        huge.push(round(store, HUGE, before_huge));
    }
    let (small, huge) = (fast(small), fast(huge));
    let ratio = huge.as_secs_f64() / small.as_secs_f64();
    println!("{what}: small room {small:.1?}, huge room {huge:.1?}, ratio {ratio:.2}");
}

fn round(store: &StateStore, room: RoomId, before: u64) -> Duration {
    let started = Instant::now();
    for _ in 0..PAGES_A_ROUND {
        page(store, room, before);
    }
    started.elapsed() / PAGES_A_ROUND
}

fn fast(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 10).copied().unwrap_or_default()
}

fn page(store: &StateStore, room: RoomId, before: u64) {
    let page = store.page_before(SHARD, GENERATION, room, before, PAGE).expect("a page");
    assert_eq!(black_box(page).events.len(), 50);
}

fn fill(store: &StateStore, room: RoomId, events: u64) {
    let mut payload = vec![0_u8; PAYLOAD_BYTES];
    let mut batch = StateBatch::new();
    for seq in 1..=events {
        let mut word = seq.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for byte in &mut payload {
            // Half text, half noise: compresses like chat.
            word = word.rotate_left(5) ^ seq;
            *byte = b'a' + u8::try_from(word & 15).unwrap_or(0);
        }
        batch.put(&room_log_key(SHARD, GENERATION, room, seq), &payload);
        if batch.len() == 1000 || seq == events {
            store.write(std::mem::take(&mut batch)).expect("write");
        }
    }
}
