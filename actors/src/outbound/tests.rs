use super::*;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

fn frame(bytes: &'static [u8]) -> Bytes {
    Bytes::from_static(bytes)
}

/// Takes up to `most` bytes, as a socket would, and returns them with the number of slices offered.
fn take(outbound: &Outbound, most: usize) -> (Vec<u8>, usize) {
    let mut seen = (Vec::new(), 0);
    outbound.write_batch(|slices| {
        seen.1 = slices.len();
        seen.0 = slices.iter().flat_map(|slice| slice.iter().copied()).take(most).collect();
        Ok::<_, Infallible>(seen.0.len())
    });
    seen
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn frames_leave_in_order_and_together() {
    let outbound = Outbound::new(100);
    for bytes in [b"one" as &[u8], b"two", b"three"] {
        assert_eq!(outbound.push(frame(bytes)), Pushed::Queued);
    }
    assert_eq!(take(&outbound, 100), (b"onetwothree".to_vec(), 3));
    assert_eq!(outbound.waiting_bytes(), 0);
    assert_eq!(take(&outbound, 100), (vec![], 0));
}

#[test]
fn a_short_write_goes_on_where_it_stopped() {
    let outbound = Outbound::new(100);
    let _ = outbound.push(frame(b"abc"));
    let _ = outbound.push(frame(b"def"));
    assert_eq!(take(&outbound, 4).0, b"abcd");
    assert_eq!(outbound.waiting_bytes(), 2);
    assert_eq!(take(&outbound, 1).0, b"e");
    assert_eq!(take(&outbound, 9).0, b"f");
}

#[test]
fn a_batch_is_bounded_in_frames_and_bytes() {
    let outbound = Outbound::new(usize::MAX);
    for _ in 0..BATCH_FRAMES_MAX + 1 {
        let _ = outbound.push(frame(b"x"));
    }
    assert_eq!(take(&outbound, usize::MAX).1, BATCH_FRAMES_MAX);
    assert_eq!(take(&outbound, usize::MAX).1, 1);
    for _ in 0..3 {
        let _ = outbound.push(Bytes::from(vec![0; BATCH_BYTES_MAX / 2]));
    }
    assert_eq!(take(&outbound, usize::MAX).1, 2);
}

#[test]
fn at_the_limit_a_connection_is_behind_and_is_closed_as_a_slow_reader() {
    let outbound = Outbound::new(4);
    assert_eq!(outbound.push(frame(b"abcdef")), Pushed::Queued, "one frame may overshoot");
    assert_eq!(outbound.push(frame(b"x")), Pushed::Behind);
    assert_eq!(outbound.push_or_close(frame(b"x")), Pushed::Behind);
    assert_eq!(outbound.closing(), Some(Close::SLOW_READER));
    assert_eq!(outbound.push(frame(b"x")), Pushed::Closed);
    assert_eq!(take(&outbound, 100).0, frame::close(3002, "slow_reader"));
}

#[test]
fn a_close_at_once_finishes_the_frame_that_is_half_written() {
    let outbound = Outbound::new(100);
    let _ = outbound.push(frame(b"abc"));
    let _ = outbound.push(frame(b"def"));
    assert_eq!(take(&outbound, 1).0, b"a");
    outbound.close_at_once(Close::INTERNAL);
    let close = frame::close(3003, "internal");
    assert_eq!(outbound.waiting_bytes(), 2 + close.len());
    assert_eq!(take(&outbound, 100).0, [b"bc", &close[..]].concat());
    assert_eq!(outbound.waiting_bytes(), 0);
}

#[test]
fn of_several_frames_in_one_piece_only_the_one_that_is_half_written_stays() {
    let outbound = Outbound::new(100);
    let frames = [b"a", b"b", b"c"].map(|text| frame::text(text));
    let _ = outbound.push(frame::in_one_piece(frames.iter()));
    let _ = outbound.push(frame(b"more"));
    take(&outbound, 4);
    outbound.close_at_once(Close::INTERNAL);
    let close = frame::close(3003, "internal");
    assert_eq!(outbound.waiting_bytes(), 2 + close.len());
    assert_eq!(take(&outbound, 100).0, [&frames[1][1..], &close[..]].concat());
    assert_eq!(outbound.waiting_bytes(), 0);
}

/// Takes so many bytes before it would have to wait.
struct Socket(Cell<usize>, RefCell<Vec<u8>>);

impl Direct for Socket {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> std::io::Result<usize> {
        let offered: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        let taken = offered.len().min(self.0.take());
        self.1.borrow_mut().extend_from_slice(&offered[..taken]);
        if taken == 0 { Err(std::io::ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }
}

#[test]
fn what_is_written_at_once_wakes_nobody_and_the_rest_is_the_drivers() {
    let (outbound, count) = (Outbound::new(100), Arc::new(Count::default()));
    let waker = Waker::from(count.clone());
    outbound.register(&Context::from_waker(&waker));
    let socket = Rc::new(Socket(Cell::new(100), RefCell::default()));
    let direct: Weak<Socket> = Rc::downgrade(&socket);
    outbound.write_to(direct);
    for bytes in [b"one" as &[u8], b"two"] {
        assert_eq!(outbound.put_or_close(frame(bytes)), Pushed::Queued);
    }
    outbound.write_now();
    assert_eq!((&socket.1.borrow()[..], outbound.waiting_bytes()), (b"onetwo" as &[u8], 0));
    assert_eq!(count.0.load(Ordering::Relaxed), 0);

    socket.0.set(2);
    let _ = outbound.put_or_close(frame(b"three"));
    outbound.write_now();
    assert_eq!((&socket.1.borrow()[6..], outbound.waiting_bytes()), (b"th" as &[u8], 3));
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
    assert_eq!(take(&outbound, 100).0, b"ree");
    drop(socket);
    let _ = outbound.put_or_close(frame(b"x"));
    outbound.write_now();
    assert_eq!(outbound.waiting_bytes(), 1, "nobody takes it any more");
}

#[test]
fn a_close_after_the_queue_lets_it_out_first_and_the_first_close_counts() {
    let outbound = Outbound::new(100);
    let _ = outbound.push(frame(b"abc"));
    outbound.close_after_queue(Close::DRAINING);
    outbound.close_at_once(Close::INTERNAL);
    assert_eq!(take(&outbound, 100).0, [b"abc", &frame::close(3000, "draining")[..]].concat());
}

#[test]
fn a_burst_wakes_the_driver_once() {
    let outbound = Outbound::new(100);
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    outbound.register(&Context::from_waker(&waker));
    for _ in 0..10 {
        let _ = outbound.push(frame(b"x"));
    }
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
    outbound.register(&Context::from_waker(&waker));
    outbound.close_at_once(Close::IDLE);
    assert_eq!(count.0.load(Ordering::Relaxed), 2);
}

#[test]
fn after_hanging_up_nothing_is_kept_or_taken() {
    let outbound = Outbound::new(100);
    let _ = outbound.push(frame(b"abc"));
    outbound.hang_up();
    assert_eq!(outbound.waiting_bytes(), 0);
    assert_eq!(outbound.push(frame(b"x")), Pushed::Closed);
    assert_eq!(outbound.closing(), None);
}

#[test]
fn an_idle_connection_keeps_less_than_two_hundred_bytes() {
    assert!(size_of::<Inner>() + 2 * size_of::<usize>() <= 200);
    let outbound = Outbound::new(100);
    let _ = outbound.push(frame(b"abc"));
    take(&outbound, 100);
    assert_eq!(outbound.0.queue.borrow().capacity(), 0);
}
