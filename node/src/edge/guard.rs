//! Looks at each frame's header before its body arrives (RFC 6455 §5).
//!
//! The codec behind it checks a frame's length only once the whole frame is there, so a header that
//! declares 2^40 bytes would let it collect without end. The guard also bounds a message over all its
//! fragments. It keeps no body bytes.

use madang_actors::outbound::Close;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7f;
const CONTROL_BYTES_MAX: u32 = 125;
const LENGTH_IN_2_BYTES: u8 = 126;
const LENGTH_IN_8_BYTES: u8 = 127;
const MASK_BYTES: usize = 4;
/// Two bytes, eight of length, four of mask.
const HEADER_BYTES_MAX: usize = 14;

/// A prefix of the bytes at hand that may pass: never more than one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    /// How many bytes.
    pub(super) bytes: usize,
    /// What they end, if they complete a frame.
    pub(super) ends: Option<Ended>,
}

/// The kind of frame that is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Data,
    PingPong,
    Close,
}

/// Follows one connection's inbound frames. Small: every connection has one.
#[derive(Debug)]
pub(super) struct Guard {
    message_bytes_max: u32,
    /// Bytes of the message so far; Some in the middle of a fragmented one.
    fragments: Option<u32>,
    header: [u8; HEADER_BYTES_MAX],
    header_bytes: u8,
    /// Some while a frame's body arrives.
    body: Option<Body>,
}

#[derive(Debug, Clone, Copy)]
struct Body {
    left: u32,
    kind: Ended,
}

impl Guard {
    pub(super) fn new(message_bytes_max: usize) -> Self {
        Self {
            message_bytes_max: u32::try_from(message_bytes_max).unwrap_or(u32::MAX),
            fragments: None,
            header: [0; HEADER_BYTES_MAX],
            header_bytes: 0,
            body: None,
        }
    }

    /// How much of `bytes` may pass: up to the end of the frame they begin or go on with. `Err` is the
    /// reason to close; nothing may pass after it.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Result<Pass, Close> {
        let mut taken = 0;
        let body = loop {
            if let Some(body) = self.body {
                break body;
            }
            if let Some(body) = self.complete_header()? {
                break body;
            }
            let Some(byte) = bytes.get(taken) else { return Ok(Pass { bytes: taken, ends: None }) };
            if let Some(place) = self.header.get_mut(usize::from(self.header_bytes)) {
                *place = *byte;
            }
            self.header_bytes += 1;
            taken += 1;
        };
        let here = u32::try_from(bytes.len() - taken).unwrap_or(u32::MAX);
        let passing = here.min(body.left);
        let left = body.left - passing;
        taken += usize::try_from(passing).unwrap_or_default();
        self.body = (left > 0).then_some(Body { left, ..body });
        Ok(Pass { bytes: taken, ends: (left == 0).then_some(body.kind) })
    }

    /// The body that follows, once the header is complete. What is wrong is said as early as possible.
    fn complete_header(&mut self) -> Result<Option<Body>, Close> {
        let header = self.header.get(..usize::from(self.header_bytes)).unwrap_or_default();
        let Some(&first) = header.first() else { return Ok(None) };
        let kind = self.check_first(first)?;
        let Some(&second) = header.get(1) else { return Ok(None) };
        if second & MASKED == 0 {
            return Err(Close::BROKEN);
        }
        let length_bytes = match second & LENGTH {
            LENGTH_IN_2_BYTES => 2,
            LENGTH_IN_8_BYTES => 8,
            _ => 0,
        };
        let Some(length) = header.get(2..2 + length_bytes) else { return Ok(None) };
        let declared = match length_bytes {
            0 => u64::from(second & LENGTH),
            _ => length.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        };
        let bytes = self.check_length(kind, declared)?;
        if header.len() < 2 + length_bytes + MASK_BYTES {
            return Ok(None);
        }
        if kind == Ended::Data {
            let message = self.fragments.unwrap_or_default().saturating_add(bytes);
            self.fragments = (first & FIN == 0).then_some(message);
        }
        self.header_bytes = 0;
        Ok(Some(Body { left: bytes, kind }))
    }

    fn check_first(&self, first: u8) -> Result<Ended, Close> {
        if first & RESERVED != 0 {
            return Err(Close::BROKEN);
        }
        let final_fragment = first & FIN != 0;
        match (first & OPCODE, self.fragments.is_some()) {
            (0x0, true) | (0x1, false) => Ok(Ended::Data),
            (0x2, false) => Err(Close::BINARY),
            (0x8, _) if final_fragment => Ok(Ended::Close),
            (0x9 | 0xa, _) if final_fragment => Ok(Ended::PingPong),
            _ => Err(Close::BROKEN),
        }
    }

    /// The body's length, if it may be that long.
    fn check_length(&self, kind: Ended, declared: u64) -> Result<u32, Close> {
        let (before, most, close) = match kind {
            Ended::Data => (self.fragments.unwrap_or_default(), self.message_bytes_max, Close::TOO_LARGE),
            Ended::PingPong | Ended::Close => (0, CONTROL_BYTES_MAX, Close::BROKEN),
        };
        let whole = declared.saturating_add(u64::from(before));
        u32::try_from(declared).ok().filter(|_| whole <= u64::from(most)).ok_or(close)
    }
}

#[cfg(test)]
mod tests;
