//! What a page of history costs in rooms of 10,000, 100,000 and 1,000,000 events, and the ratio to the smallest.
//!
//! `cargo bench -p madang-storage --bench room_page -- [a criterion filter]`; `MADANG_BENCH_ROOM_EVENTS` sets the
//! size of the largest room, the others are a tenth and a hundredth. The table at the end is made of all rooms in
//! turns, so that what else the machine does meets all of them; criterion, before it, looks at one after the other.

#![allow(clippy::expect_used, reason = "a bench ends at the first thing that goes wrong")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use madang_storage::id::{RoomId, ShardId};
use madang_storage::{PageLimit, StateBatch, StateOptions, StateStore, room_log_key};

const SHARD: ShardId = ShardId(0);
const GENERATION: u32 = 1;
const PAGE: PageLimit = PageLimit { items: 50, bytes: 256 << 10 };
const PAYLOAD_BYTES: usize = 200;
const ROUNDS: usize = 3000;
const PAGES_A_ROUND: u32 = 5;
/// How long criterion looks at each page, and how long before.
const LOOK: Duration = Duration::from_secs(2);
const WARM_UP: Duration = Duration::from_millis(500);

/// A room and how long its log is.
#[derive(Clone, Copy)]
struct Room {
    id: RoomId,
    events: u64,
}

/// Where in the room a page is.
#[derive(Clone, Copy)]
enum Place {
    End,
    Middle,
}

fn main() {
    let largest = std::env::var("MADANG_BENCH_ROOM_EVENTS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000_u64);
    let rooms = [(1, largest / 100), (2, largest / 10), (3, largest)];
    let rooms = rooms.map(|(number, events)| Room { id: RoomId([number; 16]), events });
    let dir = tempfile::tempdir().expect("a directory");
    let store = StateStore::open(dir.path(), &StateOptions::default()).expect("a store");
    let started = Instant::now();
    for room in rooms {
        fill(&store, room);
    }
    store.flush().expect("flush");
    println!("pages of {} events of {PAYLOAD_BYTES} bytes; built in {:.1?}", PAGE.items, started.elapsed());

    let criterion = Criterion::default().warm_up_time(WARM_UP).measurement_time(LOOK);
    let mut criterion = criterion.configure_from_args().without_plots();
    for room in rooms {
        for (name, place) in [("newest", Place::End), ("from the middle", Place::Middle)] {
            criterion.bench_function(&format!("{name} of {}", room.events), |b| {
                b.iter(|| page(&store, room, place));
            });
        }
    }
    criterion.final_summary();

    println!("\nevents | newest | of the smallest room's | from the middle | of the smallest room's");
    let (newest, middle) = (in_turns(&store, rooms, Place::End), in_turns(&store, rooms, Place::Middle));
    let ratio = |time: Duration, of: &[Duration]| time.as_secs_f64() / of[0].as_secs_f64();
    for ((room, end), mid) in rooms.into_iter().zip(newest).zip(middle) {
        let (of_end, of_mid) = (ratio(end, &newest), ratio(mid, &middle));
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        println!(
            "{} | {:.1} µs | {of_end:.2} | {:.1} µs | {of_mid:.2}",
            room.events,
            micros(end),
            micros(mid)
        );
    }
}

/// The time of a page in each room: that of the fastest tenth, since other work on the machine only ever adds time.
fn in_turns<const N: usize>(store: &StateStore, rooms: [Room; N], place: Place) -> [Duration; N] {
    let mut times = [const { Vec::new() }; N];
    for _ in 0..ROUNDS {
        for (room, times) in rooms.into_iter().zip(&mut times) {
            let started = Instant::now();
            for _ in 0..PAGES_A_ROUND {
                page(store, room, place);
            }
            times.push(started.elapsed() / PAGES_A_ROUND);
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times.get(times.len() / 10).copied().unwrap_or_default()
    })
}

fn page(store: &StateStore, room: Room, place: Place) {
    let before = match place {
        Place::End => u64::MAX,
        Place::Middle => room.events / 2,
    };
    let page = store.page_before(SHARD, GENERATION, room.id, before, PAGE).expect("a page");
    assert_eq!(black_box(page).events.len(), PAGE.items);
}

fn fill(store: &StateStore, room: Room) {
    let mut payload = vec![0_u8; PAYLOAD_BYTES];
    let mut batch = StateBatch::new();
    for seq in 1..=room.events {
        let mut word = seq.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for byte in &mut payload {
            // Half text, half noise: compresses like chat.
            word = word.rotate_left(5) ^ seq;
            *byte = b'a' + u8::try_from(word & 15).unwrap_or(0);
        }
        batch.put(&room_log_key(SHARD, GENERATION, room.id, seq), &payload);
        if batch.len() == 1000 || seq == room.events {
            store.write(std::mem::take(&mut batch)).expect("write");
        }
    }
}
