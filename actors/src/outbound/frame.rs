//! Server-to-client WebSocket frames (RFC 6455 §5.2), encoded once and then shared by every connection
//! that gets them: a server's frames are unmasked, so the bytes are the same for all.

use bytes::{BufMut, Bytes, BytesMut};

const FIN_TEXT: u8 = 0x81;
const FIN_CLOSE: u8 = 0x88;
const FIN_PONG: u8 = 0x8a;
const LENGTH_IN_2_BYTES: u8 = 126;
const LENGTH_IN_8_BYTES: u8 = 127;
/// A control frame's payload ends here (RFC 6455 §5.5); two of these bytes are the close code.
const CONTROL_BYTES_MAX: usize = 125;

/// The server's sign of life: a text frame that holds `{}`.
pub const PING: Bytes = Bytes::from_static(&[FIN_TEXT, 2, b'{', b'}']);

/// One text frame around `payload`, which must be UTF-8.
pub fn text(payload: &[u8]) -> Bytes {
    frame(FIN_TEXT, payload)
}

/// One text frame with the lines of several; `None`: one of them is no text frame.
pub fn joined<'a>(frames: impl Iterator<Item = &'a Bytes>) -> Option<Bytes> {
    let mut lines = Vec::new();
    for frame in frames {
        if !lines.is_empty() {
            lines.push(b'\n');
        }
        lines.extend_from_slice(payload(frame)?);
    }
    Some(text(&lines))
}

/// Several frames in one piece of memory, one behind the other.
pub(crate) fn in_one_piece<'a>(frames: impl Iterator<Item = &'a Bytes> + Clone) -> Bytes {
    let mut piece = BytesMut::with_capacity(frames.clone().map(Bytes::len).sum());
    frames.for_each(|frame| piece.extend_from_slice(frame));
    piece.freeze()
}

/// Where the frame ends that holds the last of the first `sent` bytes of `frames`, one or more in one piece. What is no
/// frame of ours is not taken apart.
pub(super) fn end_after(frames: &[u8], sent: usize) -> usize {
    let mut end = 0;
    while end < sent {
        match frames.get(end..).and_then(length) {
            Some(length) => end += length,
            None => return frames.len(),
        }
    }
    end.min(frames.len())
}

/// Bytes of the frame of ours that `frames` begins with, its header included.
fn length(frames: &[u8]) -> Option<usize> {
    let (&[first, short], rest) = frames.split_first_chunk::<2>()?;
    let header_and_payload = match short {
        LENGTH_IN_2_BYTES => 4 + usize::from(u16::from_be_bytes(*rest.first_chunk()?)),
        LENGTH_IN_8_BYTES => {
            usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?.checked_add(10)?
        }
        short => 2 + usize::from(short),
    };
    [FIN_TEXT, FIN_CLOSE, FIN_PONG].contains(&first).then_some(header_and_payload)
}

/// What is in a text frame of ours.
fn payload(frame: &[u8]) -> Option<&[u8]> {
    let (&[FIN_TEXT, length], _) = frame.split_first_chunk::<2>()? else { return None };
    let header = match length {
        LENGTH_IN_2_BYTES => 4,
        LENGTH_IN_8_BYTES => 10,
        _ => 2,
    };
    frame.get(header..)
}

/// The answer to a WebSocket ping, whose payload it returns.
pub fn pong(payload: &[u8]) -> Bytes {
    frame(FIN_PONG, payload)
}

/// A close frame. A reason that does not fit into a control frame is cut at a character's end.
pub fn close(code: u16, reason: &str) -> Bytes {
    let mut end = reason.len().min(CONTROL_BYTES_MAX - 2);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let mut payload = Vec::with_capacity(2 + end);
    payload.extend_from_slice(&code.to_be_bytes());
    payload.extend_from_slice(reason.get(..end).unwrap_or_default().as_bytes());
    frame(FIN_CLOSE, &payload)
}

fn frame(first: u8, payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(10 + payload.len());
    out.put_u8(first);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short), _) if short < LENGTH_IN_2_BYTES => out.put_u8(short),
        (_, Ok(middle)) => {
            out.put_u8(LENGTH_IN_2_BYTES);
            out.put_u16(middle);
        }
        _ => {
            out.put_u8(LENGTH_IN_8_BYTES);
            out.put_u64(payload.len() as u64);
        }
    }
    out.put_slice(payload);
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_states_its_length_in_the_shortest_form() {
        for (bytes, header) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 255, 255]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = text(&vec![b'x'; bytes]);
            assert_eq!(frame[..header.len()], header[..], "{bytes}");
            assert_eq!(frame.len(), header.len() + bytes);
        }
    }

    #[test]
    fn frames_of_any_length_are_joined_line_by_line() {
        let lines = ["a".to_owned(), "b".repeat(300), "c".repeat(70_000)];
        let frames: Vec<Bytes> = lines.iter().map(|line| text(line.as_bytes())).collect();
        assert_eq!(joined(frames.iter()), Some(text(lines.join("\n").as_bytes())));
        assert_eq!(joined([text(b"a"), close(3000, "")].iter()), None);
        assert_eq!(joined([Bytes::from_static(b"\x81")].iter()), None);
    }

    #[test]
    fn where_a_half_written_frame_ends_is_found_in_a_piece_of_several() {
        let frames = [text(b"a"), text(&[b'b'; 300]), text(&[b'c'; 70_000]), pong(b"d"), close(3000, "e")];
        let (piece, mut ends) = (in_one_piece(frames.iter()), vec![0]);
        frames.iter().for_each(|frame| ends.push(ends[ends.len() - 1] + frame.len()));
        assert_eq!(piece.len(), ends[5]);
        for sent in 1..=piece.len() {
            let end = ends.iter().copied().find(|end| *end >= sent).unwrap();
            assert_eq!(end_after(&piece, sent), end, "{sent}");
        }
        let other = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
        assert_eq!(end_after(other, 1), other.len());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_end_within_themselves(bytes: Vec<u8>, sent: usize) {
            let sent = sent.min(bytes.len());
            let end = end_after(&bytes, sent);
            proptest::prop_assert!((sent..=bytes.len()).contains(&end));
        }
    }

    #[test]
    fn the_ping_is_an_empty_object() {
        assert_eq!(PING, text(b"{}"));
    }

    #[test]
    fn a_close_frame_holds_code_and_reason_and_fits_into_a_control_frame() {
        assert_eq!(close(3002, "slow")[..], [0x88, 6, 0x0b, 0xba, b's', b'l', b'o', b'w']);
        let long = close(3000, &"마".repeat(60));
        assert_eq!(long.len(), 2 + 2 + 123);
        assert!(std::str::from_utf8(&long[4..]).is_ok());
    }
}
