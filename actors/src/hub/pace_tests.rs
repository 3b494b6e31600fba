//! What goes at once, what is gathered, and what stands for others.

use std::convert::Infallible;
use std::sync::Arc;

use madang_storage::id::{RoomId, SessionId, ShardId, UserId};

use super::backlog::Backlog;
use super::machine::{Machine, Turn};
use super::message::{Logged, Pace};
use super::options::HubOptions;
use super::rhythm::{GATHER_TICKS, HEAD_TICKS};
use super::sessions::SessionKey;
use crate::outbound::{Outbound, frame};
use crate::position::{FeedPos, Positions};
use crate::shed::{Demand, Levels};

pub(super) const ROOM: RoomId = RoomId([1; 16]);

pub(super) struct Bench {
    pub(super) machine: Machine,
    pub(super) backlog: Arc<Backlog>,
}

impl Bench {
    fn new() -> Self {
        Self::with(HubOptions::default())
    }

    pub(super) fn with(options: HubOptions) -> Self {
        let backlog = Arc::new(Backlog::new(1 << 20));
        let machine = Machine::new(options, backlog.clone(), Positions::start(1), Levels::default());
        Self { machine, backlog }
    }

    pub(super) fn session(&mut self, number: u8) -> (SessionKey, Outbound) {
        let outbound = Outbound::new(1 << 20);
        let user = UserId::parse(&format!("user{number}")).unwrap();
        let key = self.machine.register(outbound.clone(), user, SessionId([number; 16])).unwrap();
        self.machine.join(key, ROOM);
        (key, outbound)
    }

    fn event(&mut self, seq: u64, pace: Pace) {
        self.say(&if pace == Pace::Head { format!("head {seq}") } else { format!("{seq}") }, Some(seq), pace);
    }

    fn say(&mut self, text: &str, seq: Option<u64>, pace: Pace) {
        self.put(text, seq, pace);
        self.work();
    }

    /// Delivers it, and leaves the work for later.
    pub(super) fn put(&mut self, text: &str, seq: Option<u64>, pace: Pace) {
        let logged = seq.map(|seq| Logged { seq, at: FeedPos { shard: ShardId(0), pos: seq } });
        let frame = frame::text(text.as_bytes());
        assert!(self.backlog.try_add(frame.len()));
        self.machine.deliver(ROOM, logged, frame, pace);
    }

    pub(super) fn work(&mut self) {
        while self.machine.turn(64) == Turn::More {}
    }

    pub(super) fn tick(&mut self, times: u64) {
        for _ in 0..times {
            self.machine.tick();
            self.work();
        }
    }

    pub(super) fn told(&self) -> u64 {
        self.machine.told().of(ShardId(0))
    }
}

/// The frames that were written since the last time, all of them short but for those that are given together; lines
/// of one frame are told apart by a slash.
pub(super) fn frames(outbound: &Outbound) -> Vec<String> {
    let mut written = Vec::new();
    outbound.write_batch(|slices| {
        written = slices.iter().flat_map(|slice| slice.to_vec()).collect();
        Ok::<_, Infallible>(written.len())
    });
    let mut frames = Vec::new();
    while !written.is_empty() {
        let (begin, bytes) = match written[1] {
            126 => (4, u16::from_be_bytes([written[2], written[3]])),
            short => (2, u16::from(short)),
        };
        let end = begin + usize::from(bytes);
        frames.push(String::from_utf8(written[begin..end].to_vec()).unwrap().replace('\n', "/"));
        written.drain(..end);
    }
    frames
}

#[test]
fn gathered_frames_go_with_the_tick_as_one() {
    let mut bench = Bench::new();
    let (_, outbound) = bench.session(1);
    (1..=3).for_each(|seq| bench.event(seq, Pace::Gathered));
    assert!(bench.machine.holds() && frames(&outbound).is_empty());
    bench.tick(GATHER_TICKS);
    assert_eq!(frames(&outbound), ["1/2/3"]);
    bench.event(4, Pace::Gathered);
    bench.tick(GATHER_TICKS);
    assert_eq!(frames(&outbound), ["4"]);
    assert!(!bench.machine.holds() && bench.backlog.bytes() == 0);
}

#[test]
fn what_goes_at_once_takes_what_waits_along_in_order() {
    let mut bench = Bench::new();
    let (_, outbound) = bench.session(1);
    bench.event(1, Pace::Gathered);
    bench.event(2, Pace::AtOnce);
    assert_eq!(frames(&outbound), ["1", "2"]);
    assert!(!bench.machine.holds());
    bench.tick(GATHER_TICKS);
    assert_eq!((frames(&outbound), bench.backlog.bytes()), (vec![], 0));
}

#[test]
fn the_newest_head_stands_for_all_and_makes_way_for_an_event() {
    let mut bench = Bench::new();
    let (_, outbound) = bench.session(1);
    bench.event(1, Pace::AtOnce);
    (2..=9).for_each(|seq| bench.event(seq, Pace::Head));
    bench.tick(HEAD_TICKS - 1);
    assert_eq!(frames(&outbound), ["1"]);
    bench.tick(1);
    assert_eq!(frames(&outbound), ["head 9"]);
    bench.event(10, Pace::Head);
    bench.event(11, Pace::Gathered);
    bench.tick(2 * HEAD_TICKS);
    assert_eq!(frames(&outbound), ["11"], "the hole shows by itself");
    assert!(!bench.machine.holds() && bench.backlog.bytes() == 0);
}

#[test]
fn what_is_not_logged_passes_a_head_that_waits() {
    let mut bench = Bench::new();
    let (_, outbound) = bench.session(1);
    bench.event(1, Pace::Head);
    bench.say("shed", None, Pace::AtOnce);
    assert_eq!(frames(&outbound), ["shed"]);
    assert!(bench.machine.holds());
    bench.tick(HEAD_TICKS);
    assert_eq!(frames(&outbound), ["head 1"]);
}

#[test]
fn no_cursor_covers_what_waits_and_who_waits_for_one_waits_for_a_tick() {
    let mut bench = Bench::new();
    let _session = bench.session(1);
    for pace in [Pace::Gathered, Pace::Head] {
        let seq = bench.told() + 1;
        bench.event(seq, pace);
        bench.machine.reached(FeedPos { shard: ShardId(0), pos: seq });
        bench.machine.sweep(crate::outbound::Stamp::now());
        bench.work();
        assert_eq!(bench.told(), seq - 1, "{pace:?}");
        bench.tick(GATHER_TICKS);
        assert_eq!(bench.told(), seq, "{pace:?}");
    }
}

#[test]
fn who_resumes_gets_of_a_gathered_frame_what_was_not_told() {
    let mut bench = Bench::new();
    let (key, outbound) = bench.session(1);
    bench.machine.hold(key);
    (1..=4).for_each(|seq| bench.event(seq, Pace::Gathered));
    bench.tick(GATHER_TICKS);
    let mut told = Positions::start(1);
    told.advance(ShardId(0), 2);
    bench.machine.release(key, Some(told));
    assert_eq!(frames(&outbound), ["3", "4"]);
}

#[test]
fn who_leaves_gets_what_was_delivered_before() {
    let mut bench = Bench::new();
    let (key, outbound) = bench.session(1);
    let (_, other) = bench.session(2);
    bench.event(1, Pace::Gathered);
    bench.event(2, Pace::Gathered);
    bench.machine.leave(key, ROOM);
    assert_eq!(frames(&outbound), ["1", "2"]);
    bench.tick(GATHER_TICKS);
    assert_eq!((frames(&outbound), frames(&other)), (vec![], vec!["1/2".to_owned()]));
}

#[test]
fn a_room_that_all_have_left_holds_nothing() {
    let mut bench = Bench::new();
    let (key, _) = bench.session(1);
    bench.event(1, Pace::Head);
    bench.machine.unregister(key);
    bench.tick(HEAD_TICKS);
    assert!(!bench.machine.holds() && bench.backlog.bytes() == 0);
    let (_, outbound) = bench.session(2);
    bench.event(2, Pace::AtOnce);
    assert_eq!(frames(&outbound), ["2"]);
}

#[test]
fn what_is_delivered_is_counted_whatever_its_pace() {
    let mut bench = Bench::new();
    let _sessions: Vec<_> = (0..20).map(|number| bench.session(number)).collect();
    for (seq, pace) in [(1, Pace::AtOnce), (2, Pace::Gathered), (3, Pace::Head), (3, Pace::AtOnce)] {
        bench.event(seq, pace);
    }
    bench.say("typing", None, Pace::AtOnce);
    let counted: Vec<_> = bench.machine.take_demands().collect();
    assert_eq!(counted, [(ROOM, Demand { deliveries: 60, listeners: 20 })]);
    assert!(!bench.machine.counts());
}

#[test]
fn more_than_one_run_takes_goes_with_one_tick() {
    let mut bench = Bench::new();
    let (_, outbound) = bench.session(1);
    (1..=150).for_each(|seq| bench.event(seq, Pace::Gathered));
    bench.tick(GATHER_TICKS);
    assert_eq!(frames(&outbound).len(), 3);
    assert!(!bench.machine.holds() && bench.backlog.bytes() == 0);
}

#[test]
fn no_cursor_covers_a_head_that_something_else_would_pass() {
    let mut bench = Bench::new();
    let (_, outbound) = bench.session(1);
    bench.event(1, Pace::Head);
    bench.machine.reached(FeedPos { shard: ShardId(0), pos: 1 });
    bench.machine.sweep(crate::outbound::Stamp::now());
    bench.say("shed", None, Pace::AtOnce);
    assert_eq!((frames(&outbound), bench.told()), (vec!["head 1".to_owned(), "shed".to_owned()], 1));
}

#[test]
fn a_room_gets_writes_at_a_rate_and_what_comes_meanwhile_goes_together() {
    let mut bench = Bench::with(HubOptions { room_writes_per_s: 200 * 12, ..HubOptions::default() });
    let outbounds: Vec<Outbound> = (0..36).map(|number| bench.session(number).1).collect();
    let hears = |text: &str| {
        outbounds.iter().filter(|outbound| frames(outbound) == text.split(' ').collect::<Vec<_>>()).count()
    };
    bench.event(1, Pace::AtOnce);
    assert_eq!(hears("1"), 36, "after a pause all hear at once");
    bench.event(2, Pace::AtOnce);
    bench.event(3, Pace::AtOnce);
    assert_eq!(hears("2 3"), 0);
    for _ in 0..3 {
        bench.tick(1);
        assert_eq!(hears("2 3"), 12);
    }
    bench.tick(3);
    assert!(!bench.machine.holds(), "as after a pause");
    bench.event(4, Pace::AtOnce);
    assert_eq!(hears("4"), 36);
    bench.tick(3);
    (5..=6).for_each(|seq| bench.event(seq, Pace::Gathered));
    bench.tick(GATHER_TICKS - 1);
    assert_eq!(hears("5/6"), 0);
    bench.tick(1);
    assert_eq!(hears("5/6"), 3, "a quarter of the writes");
    bench.event(7, Pace::Gathered);
    bench.tick(11);
    assert_eq!(hears("5/6"), 33);
    bench.tick(GATHER_TICKS);
    assert_eq!((hears("7"), bench.backlog.bytes()), (36, 0));
    bench.tick(1);
    assert!(!bench.machine.holds());
}

#[test]
fn a_room_that_falls_behind_writes_on_and_a_mark_waits_only_for_what_is_on_its_way() {
    let mut bench = Bench::with(HubOptions { room_writes_per_s: 200, ..HubOptions::default() });
    let outbounds: Vec<Outbound> = (0..39).map(|number| bench.session(number).1).collect();
    bench.event(1, Pace::AtOnce);
    (2..=150).for_each(|seq| bench.event(seq, Pace::AtOnce));
    let reach = |bench: &mut Bench, pos| {
        bench.machine.reached(FeedPos { shard: ShardId(0), pos });
        bench.machine.sweep(crate::outbound::Stamp::now());
        bench.work();
    };
    reach(&mut bench, 150);
    bench.tick(1);
    assert_eq!((frames(&outbounds[38]).len(), bench.told()), (65, 0), "a whole run with one tick");
    bench.tick(80);
    assert_eq!((frames(&outbounds[38]).len(), bench.told()), (85, 150));
    bench.tick(39);
    assert!(!bench.machine.holds() && bench.backlog.bytes() == 0);
    bench.event(151, Pace::AtOnce);
    assert!(bench.machine.holds(), "its writes are used up");
    reach(&mut bench, 151);
    assert_eq!(bench.told(), 151, "nothing of the room is on its way");
}

#[test]
fn who_leaves_and_who_comes_while_a_run_waits_for_a_tick() {
    let mut bench = Bench::with(HubOptions { room_writes_per_s: 200, ..HubOptions::default() });
    let sessions: Vec<_> = (0..3).map(|number| bench.session(number)).collect();
    bench.event(1, Pace::AtOnce);
    bench.event(2, Pace::AtOnce);
    bench.tick(1);
    bench.machine.leave(sessions[2].0, ROOM);
    let (_, late) = bench.session(9);
    bench.tick(3);
    for (_, outbound) in &sessions {
        assert_eq!(frames(outbound), ["1", "2"]);
    }
    assert_eq!(frames(&late), ["2"], "in the room before the run was over");
    bench.event(3, Pace::AtOnce);
    bench.tick(3);
    assert_eq!((frames(&sessions[2].1), frames(&late)), (vec![], vec!["3".to_owned()]));
}
