//! The text of a made-up message: who sent it, its number, and when, so that whoever hears it knows how
//! long it took. Pure.

use std::time::{Duration, Instant};

/// What a made-up text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload {
    /// Number of the user.
    pub user: usize,
    /// Number of the message among those of this user, from 0.
    pub number: u64,
    /// When it was sent, after the epoch that all users of a run share.
    pub sent: Duration,
}

impl Payload {
    /// Writes the text, filled up to `bytes`. What it is filled with follows from its number, so that a
    /// mixed-up text is noticed.
    pub fn text(&self, bytes: usize) -> String {
        let mut text = format!("{} {} {} ", self.user, self.number, self.sent.as_micros());
        let mut letters = self.filling();
        while text.len() < bytes {
            text.push(letters());
        }
        text
    }

    /// Reads a text; `None` when it is not one of ours or was changed.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ' ');
        let payload = Self {
            user: parts.next()?.parse().ok()?,
            number: parts.next()?.parse().ok()?,
            sent: Duration::from_micros(parts.next()?.parse().ok()?),
        };
        let mut letters = payload.filling();
        parts.next()?.chars().all(|c| c == letters()).then_some(payload)
    }

    /// How long it took from sending to `at`.
    pub fn took(&self, epoch: Instant, at: Instant) -> Duration {
        at.saturating_duration_since(epoch).saturating_sub(self.sent)
    }

    fn filling(&self) -> impl FnMut() -> char + use<> {
        const LETTERS: [char; 32] = [
            'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's',
            't', 'u', 'v', 'w', 'x', 'y', 'z', '.', ',', '!', '?', '-', '_',
        ];
        // Knuth's multiplier and increment for 64 bits (MMIX).
        let mut state = self.number ^ ((self.user as u64) << 32);
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let index = usize::try_from(state >> 59).unwrap_or(0);
            LETTERS.get(index).copied().unwrap_or('a')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: Payload = Payload { user: 7, number: 3, sent: Duration::from_micros(1234) };

    #[test]
    fn a_text_is_as_long_as_asked_and_reads_back() {
        let text = PAYLOAD.text(200);
        assert_eq!(text.len(), 200);
        assert_eq!(Payload::read(&text), Some(PAYLOAD));
        assert_eq!(Payload::read(&PAYLOAD.text(0)), Some(PAYLOAD));
    }

    #[test]
    fn a_changed_text_is_noticed() {
        let text = PAYLOAD.text(200);
        let (head, tail) = text.split_at(199);
        let other = if tail == "a" { "b" } else { "a" };
        assert_eq!(Payload::read(&format!("{head}{other}")), None);
        assert_eq!(Payload::read(&text.replacen("7 3", "7 4", 1)), None);
        assert_eq!(Payload::read("hello"), None);
    }
}
