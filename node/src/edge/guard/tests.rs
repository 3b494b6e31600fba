use super::*;
use proptest::prelude::*;

const FULL: usize = 1000;

/// A client's frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len() as u64);
    bytes.extend_from_slice(payload);
    bytes
}

fn header(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(0x80 | u8::try_from(length).unwrap()),
        126..=65535 => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend([1, 2, 3, 4]);
    bytes
}

/// Passes `bytes` in pieces; what ended, and the close if one came.
fn run(bytes: &[u8], piece: usize) -> (Vec<Ended>, Option<Close>) {
    let mut guard = Guard::new(FULL);
    let mut ended = Vec::new();
    for mut rest in bytes.chunks(piece) {
        while !rest.is_empty() {
            match guard.pass(rest) {
                Ok(pass) => {
                    ended.extend(pass.ends);
                    rest = &rest[pass.bytes..];
                }
                Err(close) => return (ended, Some(close)),
            }
        }
    }
    (ended, None)
}

fn check(bytes: &[u8], ended: &[Ended], close: Option<Close>) {
    for piece in [1, 2, 3, 7, bytes.len()] {
        assert_eq!(run(bytes, piece), (ended.to_vec(), close), "in pieces of {piece}: {bytes:?}");
    }
}

#[test]
fn frames_pass_one_by_one() {
    let bytes = [frame(0x81, b"text"), frame(0x89, b""), frame(0x8a, b"x"), frame(0x88, &[3, 232])].concat();
    check(&bytes, &[Ended::Data, Ended::PingPong, Ended::PingPong, Ended::Close], None);
    check(&frame(0x81, &[0; FULL]), &[Ended::Data], None);
}

#[test]
fn a_ping_may_stand_between_fragments() {
    let bytes = [frame(0x01, b"a"), frame(0x89, b"p"), frame(0x00, b"b"), frame(0x80, b"c")].concat();
    check(&bytes, &[Ended::Data, Ended::PingPong, Ended::Data, Ended::Data], None);
}

#[test]
fn a_declared_length_is_refused_before_its_body() {
    check(&header(0x81, 1 << 40), &[], Some(Close::TOO_LARGE));
    check(&header(0x81, u64::MAX), &[], Some(Close::TOO_LARGE));
    check(&header(0x81, FULL as u64 + 1), &[], Some(Close::TOO_LARGE));
}

#[test]
fn the_limit_counts_over_all_fragments_and_starts_anew_with_each_message() {
    let half = vec![0; FULL / 2];
    let message = [frame(0x01, &half), frame(0x80, &half)].concat();
    check(&[message.clone(), message.clone()].concat(), &[Ended::Data; 4], None);
    let over = [frame(0x01, &half), frame(0x00, &half), header(0x80, 1)].concat();
    check(&over, &[Ended::Data; 2], Some(Close::TOO_LARGE));
    let overflow = [frame(0x01, b"x"), header(0x00, u64::MAX)].concat();
    check(&overflow, &[Ended::Data], Some(Close::TOO_LARGE));
}

#[test]
fn what_the_protocol_forbids_is_broken() {
    for bytes in [
        vec![0x81, 0x04],  // not masked
        vec![0xc1, 0x80],  // a reserved bit
        vec![0x83, 0x80],  // an unknown opcode
        vec![0x8b, 0x80],  // an unknown control opcode
        vec![0x80, 0x80],  // a continuation of nothing
        vec![0x09, 0x80],  // a fragmented ping
        header(0x89, 126), // a long ping
        vec![0x08, 0x80],  // a fragmented close
    ] {
        check(&bytes, &[], Some(Close::BROKEN));
    }
    check(&[frame(0x01, b"a"), vec![0x81]].concat(), &[Ended::Data], Some(Close::BROKEN));
}

#[test]
fn binary_is_refused_at_its_first_byte() {
    check(&[0x82], &[], Some(Close::BINARY));
    check(&[0x02], &[], Some(Close::BINARY));
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_give_one_answer(
        bytes in proptest::collection::vec(any::<u8>(), 1..200),
        piece in 1_usize..50,
    ) {
        prop_assert_eq!(run(&bytes, piece), run(&bytes, bytes.len()));
    }
}
