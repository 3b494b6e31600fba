use super::backlog::Backlog;
use super::giving::Frame;
use super::machine::{Machine, Turn};
use super::message::{Logged, Pace, Place};
use super::options::HubOptions;
use super::sessions::SessionKey;
use crate::outbound::{Close, Outbound, Stamp, frame};
use crate::position::{FeedPos, Positions};
use crate::shed::Levels;
use bytes::Bytes;
use madang_storage::id::{RoomId, SessionId, ShardId, UserId};
use std::convert::Infallible;
use std::sync::Arc;

const ROOM: RoomId = RoomId([1; 16]);
const OTHER: RoomId = RoomId([2; 16]);

struct Bench {
    machine: Machine,
    backlog: Arc<Backlog>,
}

impl Bench {
    fn new() -> Self {
        Self::with_backlog(1000)
    }

    fn with_backlog(backlog_bytes_max: usize) -> Self {
        let backlog = Arc::new(Backlog::new(backlog_bytes_max));
        let options = HubOptions {
            ping_ms: 1000,
            idle_ms: 2500,
            backlog_bytes_max,
            notice_after_ms: 1,
            room_writes_per_s: 0,
        };
        Self {
            machine: Machine::new(options, backlog.clone(), Positions::start(1), Levels::default()),
            backlog,
        }
    }

    fn session(&mut self, user: &str) -> (SessionKey, Outbound) {
        let outbound = Outbound::new(100);
        let id = session_id(self.machine.sessions());
        let key = self.machine.register(outbound.clone(), UserId::parse(user).unwrap(), id).unwrap();
        (key, outbound)
    }

    /// `count` sessions in the room.
    fn crowd(&mut self, room: RoomId, count: usize) -> Vec<(SessionKey, Outbound)> {
        (0..count)
            .map(|n| {
                let session = self.session(&format!("user{n}"));
                self.machine.join(session.0, room);
                session
            })
            .collect()
    }

    fn deliver(&mut self, room: RoomId, seq: u64, text: &'static str) {
        assert!(self.backlog.try_add(text.len()));
        self.machine.deliver(room, logged(seq), Bytes::from_static(text.as_bytes()), Pace::AtOnce);
    }

    fn settle(&mut self) {
        while self.machine.turn(64) == Turn::More {}
        assert_eq!(self.backlog.bytes(), 0, "all that was delivered is accounted for");
    }
}

/// An event of the only shard, which has only one busy room.
fn logged(seq: u64) -> Option<Logged> {
    Some(Logged { seq, at: at(seq) })
}

fn at(pos: u64) -> FeedPos {
    FeedPos { shard: ShardId(0), pos }
}

fn through(pos: u64) -> Positions {
    let mut positions = Positions::start(1);
    positions.advance(ShardId(0), pos);
    positions
}

/// The id of the session that was registered as the `n`-th.
fn session_id(n: usize) -> SessionId {
    SessionId((n as u128).to_be_bytes())
}

/// All that waits in a queue.
fn heard(outbound: &Outbound) -> String {
    String::from_utf8(written(outbound)).unwrap()
}

/// All that waits in a queue, as one write takes it.
fn written(outbound: &Outbound) -> Vec<u8> {
    let mut bytes = Vec::new();
    outbound.write_batch(|slices| {
        bytes = slices.concat_all();
        Ok::<_, Infallible>(bytes.len())
    });
    bytes
}

trait ConcatAll {
    fn concat_all(&self) -> Vec<u8>;
}

impl ConcatAll for [std::io::IoSlice<'_>] {
    fn concat_all(&self) -> Vec<u8> {
        self.iter().flat_map(|slice| slice.iter().copied()).collect()
    }
}

#[test]
fn a_frame_reaches_the_rooms_sessions_and_nobody_else() {
    let mut bench = Bench::new();
    let inside = bench.crowd(ROOM, 3);
    let outside = bench.session("other");
    bench.deliver(ROOM, 1, "a");
    bench.deliver(ROOM, 2, "b");
    bench.settle();
    assert!(inside.iter().all(|(_, outbound)| heard(outbound) == "ab"));
    assert_eq!(heard(&outside.1), "");
}

#[test]
fn repeats_are_dropped_and_what_is_not_logged_passes() {
    let mut bench = Bench::new();
    let (_, outbound) = bench.crowd(ROOM, 1).remove(0);
    for seq in [5, 5, 4, 6] {
        bench.deliver(ROOM, seq, "x");
    }
    bench.backlog.try_add(1);
    bench.machine.deliver(ROOM, None, Bytes::from_static(b"t"), Pace::AtOnce);
    bench.deliver(OTHER, 1, "nobody");
    bench.settle();
    assert_eq!(heard(&outbound), "xxt");
}

#[test]
fn a_small_room_does_not_wait_for_a_large_one() {
    let mut bench = Bench::new();
    let crowd = bench.crowd(ROOM, 1000);
    let (_, small) = bench.crowd(OTHER, 1).remove(0);
    bench.deliver(ROOM, 1, "a");
    bench.deliver(OTHER, 1, "b");
    assert_eq!(bench.machine.turn(64), Turn::More);
    assert_eq!(bench.machine.turn(64), Turn::More);
    assert_eq!(heard(&small), "b");
    let served = crowd.iter().filter(|(_, outbound)| outbound.waiting_bytes() > 0).count();
    assert!((64..=128).contains(&served), "{served}");
    bench.settle();
    assert!(crowd.iter().all(|(_, outbound)| heard(outbound) == "a"));
}

#[test]
fn who_leaves_in_the_middle_of_a_run_gets_what_was_delivered_before_and_nobody_is_passed_over() {
    let mut bench = Bench::new();
    let crowd = bench.crowd(ROOM, 10);
    bench.deliver(ROOM, 1, "a");
    assert_eq!(bench.machine.turn(4), Turn::More);
    bench.deliver(ROOM, 2, "b");
    assert!(!bench.machine.leave(crowd[0].0, ROOM), "served already");
    assert!(!bench.machine.leave(crowd[9].0, ROOM), "not served yet");
    assert_eq!(bench.machine.unregister(crowd[5].0), []);
    let (late, late_outbound) = bench.session("late");
    assert!(!bench.machine.join(late, ROOM));
    bench.deliver(ROOM, 3, "c");
    bench.settle();
    for (n, (_, outbound)) in crowd.iter().enumerate() {
        let expected = match n {
            0 | 9 => "ab",
            5 => "",
            _ => "abc",
        };
        assert_eq!(heard(outbound), expected, "session {n}");
    }
    assert!(heard(&late_outbound).ends_with('c'), "what comes after a join is heard");
    bench.deliver(ROOM, 4, "d");
    bench.settle();
    assert_eq!(heard(&crowd[1].1), "d");
    assert_eq!(heard(&late_outbound), "d");
    assert_eq!(heard(&crowd[9].1), "");
}

#[test]
fn first_and_last_of_a_room_are_reported() {
    let mut bench = Bench::new();
    let (a, _) = bench.session("minji");
    let (b, _) = bench.session("minji");
    assert!(bench.machine.join(a, ROOM));
    assert!(!bench.machine.join(a, ROOM), "a repeat");
    assert!(!bench.machine.join(b, ROOM));
    assert!(!bench.machine.leave(a, ROOM));
    assert!(!bench.machine.leave(a, ROOM), "a repeat");
    assert!(bench.machine.join(a, OTHER));
    assert_eq!(bench.machine.unregister(b), [ROOM]);
    assert_eq!(bench.machine.unregister(b), []);
    assert!(bench.machine.join_user(&UserId::parse("minji").unwrap(), ROOM));
    assert!(bench.machine.leave_user(&UserId::parse("minji").unwrap(), ROOM));
}

#[test]
fn who_is_put_in_place_changes_only_what_was_wrong() {
    let mut bench = Bench::new();
    let (phone, _) = bench.session("minji");
    bench.session("minji");
    bench.machine.join(phone, ROOM);
    let minji = UserId::parse("minji").unwrap();
    let third = RoomId([3; 16]);
    let places = [(ROOM, Place::In), (OTHER, Place::In), (third, Place::Out)];
    let placed = bench.machine.set_places(&minji, &places);
    assert_eq!((placed.changed, placed.gained), (vec![ROOM, OTHER], vec![OTHER]), "one session lacked both");
    assert_eq!(bench.machine.set_places(&minji, &places).changed, [], "a repeat");
    let placed = bench.machine.set_places(&minji, &[(OTHER, Place::Out)]);
    assert_eq!((placed.changed, placed.lost), (vec![OTHER], vec![OTHER]));
    assert_eq!(bench.machine.set_places(&UserId::parse("nobody").unwrap(), &places).changed, []);
}

#[test]
fn an_old_key_never_reaches_the_session_that_came_after() {
    let mut bench = Bench::new();
    let (old, _) = bench.session("old");
    bench.machine.unregister(old);
    let (_, outbound) = bench.session("new");
    assert!(!bench.machine.join(old, ROOM));
    bench.deliver(ROOM, 1, "secret");
    bench.settle();
    assert_eq!(heard(&outbound), "");
}

#[test]
fn a_room_emptied_in_the_middle_of_a_run_starts_anew() {
    let mut bench = Bench::new();
    let crowd = bench.crowd(ROOM, 3);
    bench.deliver(ROOM, 1, "a");
    assert_eq!(bench.machine.turn(1), Turn::More);
    for (key, _) in &crowd {
        bench.machine.unregister(*key);
    }
    let (key, outbound) = bench.session("next");
    assert!(bench.machine.join(key, ROOM));
    bench.settle();
    heard(&outbound);
    bench.deliver(ROOM, 2, "b");
    bench.settle();
    assert_eq!(heard(&outbound), "b");
}

#[test]
fn a_slow_reader_is_closed_and_the_others_hear_on() {
    let mut bench = Bench::new();
    let crowd = bench.crowd(ROOM, 2);
    let mut fast = String::new();
    for seq in 1..=60 {
        bench.deliver(ROOM, seq, "abc");
        bench.settle();
        fast.push_str(&heard(&crowd[1].1));
    }
    assert_eq!(crowd[0].1.closing(), Some(Close::SLOW_READER));
    assert_eq!(fast, "abc".repeat(60));
}

#[test]
fn a_burst_of_large_messages_to_a_client_that_reads_does_not_close_it() {
    const MESSAGE: &[u8] = &[b'x'; 16 << 10];
    let mut bench = Bench::with_backlog(16 << 20);
    let outbound = Outbound::new(512 << 10);
    let key = bench.machine.register(outbound.clone(), UserId::parse("minji").unwrap(), session_id(0));
    for room in 0..8 {
        bench.machine.join(key.unwrap(), RoomId([room; 16]));
    }
    for seq in 1..=64 {
        for room in 0..8 {
            assert!(bench.backlog.try_add(MESSAGE.len()));
            bench.machine.deliver(RoomId([room; 16]), logged(seq), Bytes::from_static(MESSAGE), Pace::AtOnce);
        }
    }
    let mut bytes = 0;
    loop {
        let turn = bench.machine.turn(64);
        // Between turns the driver writes what the socket takes.
        while outbound.waiting_bytes() > 0 && outbound.is_open() {
            bytes += written(&outbound).len();
        }
        assert_eq!(outbound.closing(), None);
        if turn == Turn::Idle {
            break;
        }
    }
    assert_eq!(bytes, 8 * 64 * MESSAGE.len());
    assert_eq!(bench.backlog.bytes(), 0);
}

#[test]
fn the_sweep_pings_the_silent_once_and_closes_the_dead() {
    let mut bench = Bench::new();
    let (_, quiet) = bench.session("quiet");
    let (_, busy) = bench.session("busy");
    let (_, dead) = bench.session("dead");
    let later = Stamp::now().plus_ms(1500);
    busy.mark_heard(later);
    bench.machine.sweep(later);
    bench.settle();
    assert_eq!(written(&quiet), frame::PING);
    assert_eq!(busy.waiting_bytes(), 0);
    bench.machine.sweep(later.plus_ms(100));
    bench.settle();
    assert_eq!(quiet.waiting_bytes(), 0, "no second ping while the first is unanswered");
    let answered = later.plus_ms(200);
    quiet.mark_heard(answered);
    busy.mark_heard(answered);
    bench.machine.sweep(answered.plus_ms(1000));
    bench.settle();
    assert_eq!(dead.closing(), Some(Close::IDLE));
    assert_eq!(quiet.closing(), None);
    assert_eq!(written(&quiet), frame::PING, "an answered ping is followed by the next");
    assert_eq!(busy.closing(), None);
}

#[test]
fn a_client_that_only_listens_in_a_busy_room_is_pinged_too() {
    let mut bench = Bench::new();
    let (_, listener) = bench.crowd(ROOM, 1).remove(0);
    let start = Stamp::now();
    for (seq, after_ms) in (1..).zip((0..=4000).step_by(100)) {
        let now = start.plus_ms(after_ms);
        bench.deliver(ROOM, seq, "x");
        bench.machine.sweep(now);
        bench.settle();
        // It reads everything at once and answers pings, but says nothing of its own.
        if written(&listener).ends_with(&frame::PING) {
            listener.mark_heard(now);
        }
    }
    assert_eq!(listener.closing(), None);
}

#[test]
fn all_of_a_users_sessions_are_reached() {
    let mut bench = Bench::new();
    let (phone, phone_out) = bench.session("minji");
    let (_, laptop_out) = bench.session("minji");
    let (joon, joon_out) = bench.session("joon");
    let minji = UserId::parse("minji").unwrap();
    bench.machine.deliver_user(&minji, &Frame::one(None, Bytes::from_static(b"m")));
    bench.settle();
    assert_eq!(
        (heard(&phone_out), heard(&laptop_out), heard(&joon_out)),
        ("m".into(), "m".into(), "".into())
    );
    bench.machine.join(phone, ROOM);
    bench.machine.join(joon, ROOM);
    bench.machine.join_user(&minji, ROOM);
    bench.deliver(ROOM, 1, "r");
    bench.settle();
    for outbound in [&phone_out, &laptop_out] {
        assert_eq!(heard(outbound), "r", "once each, however they came in");
    }
    assert_eq!(heard(&joon_out), "r");
    bench.machine.close_session(session_id(1), Close::REVOKED);
    bench.settle();
    assert_eq!(laptop_out.closing(), Some(Close::REVOKED));
    assert_eq!((phone_out.closing(), joon_out.closing()), (None, None));
}

/// What the next cursor says, pushed to everybody who is owed one.
fn cursor_round(bench: &mut Bench) -> Option<u64> {
    bench.machine.sweep(Stamp::now());
    bench.settle();
    let told = bench.machine.next_cursor()?;
    let pos = told.of(ShardId(0));
    bench.machine.push_cursor(told, Bytes::from_static(b"#"));
    bench.settle();
    Some(pos)
}

#[test]
fn what_is_on_its_way_through_busy_rooms_is_not_told_yet() {
    let mut bench = Bench::new();
    let crowd = bench.crowd(ROOM, 200);
    let (_, other) = bench.crowd(OTHER, 1).remove(0);
    bench.deliver(ROOM, 1, "a");
    bench.machine.reached(at(1));
    bench.machine.sweep(Stamp::now());
    assert_eq!(bench.machine.turn(64), Turn::More);
    assert_eq!(*bench.machine.told(), through(0));
    // What comes behind the mark keeps the room busy, but nobody waits for it.
    bench.deliver(ROOM, 2, "b");
    bench.machine.reached(at(2));
    while *bench.machine.told() == through(0) {
        assert!(crowd.iter().any(|(_, outbound)| outbound.waiting_bytes() == 0), "all have it by now");
        assert_eq!(bench.machine.turn(16), Turn::More);
    }
    assert!(crowd.iter().all(|(_, outbound)| outbound.waiting_bytes() >= 1));
    assert_eq!(*bench.machine.told(), through(1));
    bench.settle();
    bench.machine.sweep(Stamp::now());
    assert_eq!(*bench.machine.told(), through(2));
    assert_eq!(other.waiting_bytes(), 0);
}

#[test]
fn a_cursor_goes_to_those_who_were_given_what_it_covers() {
    let mut bench = Bench::new();
    let (_, inside) = bench.crowd(ROOM, 1).remove(0);
    let (_, outside) = bench.session("other");
    bench.deliver(ROOM, 1, "a");
    bench.machine.reached(at(1));
    bench.deliver(ROOM, 2, "b");
    assert_eq!(cursor_round(&mut bench), Some(1));
    assert_eq!((heard(&inside), heard(&outside)), ("ab#".into(), String::new()));
    assert_eq!(cursor_round(&mut bench), None);
    bench.machine.reached(at(2));
    assert_eq!(cursor_round(&mut bench), Some(2), "it is still owed for the second");
    assert_eq!(heard(&inside), "#");
    bench.machine.reached(at(9));
    assert_eq!(cursor_round(&mut bench), Some(9));
    assert_eq!(heard(&inside), "", "it was given nothing since");
}

#[test]
fn what_is_pushed_to_a_session_that_resumes_waits_and_what_it_was_told_meanwhile_is_dropped() {
    let mut bench = Bench::new();
    let (key, outbound) = bench.session("minji");
    bench.machine.hold(key);
    bench.machine.join(key, ROOM);
    for (seq, text) in [(1, "a"), (2, "b"), (3, "c")] {
        bench.deliver(ROOM, seq, text);
    }
    bench.settle();
    let minji = UserId::parse("minji").unwrap();
    bench.machine.deliver_user(&minji, &Frame::one(None, Bytes::from_static(b"m")));
    bench.machine.reached(at(3));
    assert_eq!(cursor_round(&mut bench), Some(3));
    assert_eq!(heard(&outbound), "", "no cursor either: it was not told what it missed");
    bench.machine.release(key, Some(through(2)));
    assert_eq!(heard(&outbound), "cm");
    bench.deliver(ROOM, 4, "d");
    bench.settle();
    assert_eq!(heard(&outbound), "d");
}

#[test]
fn what_it_was_told_is_dropped_also_when_it_comes_after_the_release() {
    let mut bench = Bench::new();
    let (key, outbound) = bench.session("minji");
    bench.machine.hold(key);
    bench.machine.join(key, ROOM);
    bench.machine.release(key, Some(through(2)));
    for (seq, text) in [(1, "a"), (2, "b"), (3, "c")] {
        bench.deliver(ROOM, seq, text);
        bench.machine.reached(at(seq));
        bench.settle();
        bench.machine.sweep(Stamp::now());
        bench.settle();
    }
    assert_eq!(heard(&outbound), "c");
}

#[test]
fn a_session_that_has_its_fill_while_it_resumes_is_closed() {
    let mut bench = Bench::new();
    let (key, outbound) = bench.session("minji");
    bench.machine.hold(key);
    bench.machine.join(key, ROOM);
    for seq in 1..=60 {
        bench.deliver(ROOM, seq, "abc");
        bench.settle();
    }
    assert_eq!(outbound.closing(), Some(Close::SLOW_READER));
    bench.machine.release(key, None);
}

/// How many pieces wait in a queue, and what they say.
fn pieces(outbound: &Outbound) -> (usize, String) {
    let mut count = 0;
    let _ = outbound.write_batch(|slices| {
        count = slices.len();
        Err::<usize, _>(())
    });
    (count, heard(outbound))
}

#[test]
fn frames_that_wait_together_go_in_one_piece_but_to_those_who_were_told_some_of_them() {
    let mut bench = Bench::new();
    let (_, outbound) = bench.crowd(ROOM, 1).remove(0);
    let (key, resumed) = bench.session("minji");
    bench.machine.hold(key);
    bench.machine.join(key, ROOM);
    bench.machine.release(key, Some(through(1)));
    ["a", "b", "c"].into_iter().zip(1..).for_each(|(text, seq)| bench.deliver(ROOM, seq, text));
    bench.settle();
    assert_eq!(pieces(&outbound), (1, "abc".to_owned()));
    assert_eq!(pieces(&resumed), (2, "bc".to_owned()));
}
