//! Texts that fill a disk: compressed they are hardly smaller, and they cost the writer next to nothing. Pure.

use rand::distr::{Alphanumeric, SampleString};

/// What the texts are pieces of. Longer than what a compressor looks back.
const POOL_BYTES: usize = 1 << 20;
/// Between the beginnings of one piece and the next: a prime, so that all places come in turn.
const STRIDE: u64 = 393_241;

/// Makes texts of one length.
#[derive(Debug)]
pub(super) struct Filler {
    pool: String,
    text_bytes: usize,
}

impl Filler {
    /// For texts of so many bytes.
    pub(super) fn new(text_bytes: usize) -> Self {
        let pool = Alphanumeric.sample_string(&mut rand::rng(), POOL_BYTES + text_bytes);
        Self { pool, text_bytes }
    }

    /// The text of that number: always the same, and another one than that of any other number.
    pub(super) fn text(&self, number: u64) -> String {
        let mut text = format!("{number} ");
        let from = usize::try_from(number.wrapping_mul(STRIDE) % POOL_BYTES as u64).unwrap_or(0);
        let rest = self.text_bytes.saturating_sub(text.len());
        text.push_str(self.pool.get(from..from + rest).unwrap_or_default());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_its_length_and_is_that_of_its_number() {
        let filler = Filler::new(1000);
        let texts: Vec<String> = (0..5000).map(|number| filler.text(number)).collect();
        assert!(texts.iter().all(|text| text.len() == 1000));
        assert!(texts.iter().zip(0..).all(|(text, number)| *text == filler.text(number)));
        let distinct: std::collections::HashSet<&String> = texts.iter().collect();
        assert_eq!(distinct.len(), texts.len());
        assert_eq!(filler.text(u64::MAX).len(), 1000);
    }
}
