//! Under which texts a search finds a display name: composed (NFC), in lower case, from the beginning of
//! each of its first words.
//!
//! Done here and not in the replicated machine: tables of Unicode change from build to build, and every
//! replica must come to the same bytes.

use unicode_normalization::UnicodeNormalization;

/// From how many of its words a name is found.
const WORDS_MAX: usize = 4;

/// A text as it is compared: composed, in lower case, with single spaces and without what cannot be seen.
pub(super) fn fold(text: &str) -> String {
    let lower = text.nfc().flat_map(char::to_lowercase).nfc().filter(|c| !c.is_control() || *c == '\t');
    lower.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The texts under which a display name is found.
pub(super) fn of(display_name: &str) -> Vec<String> {
    let folded = fold(display_name);
    let starts = folded.match_indices(' ').map(|(at, _)| at + 1);
    let mut names: Vec<String> = std::iter::once(0)
        .chain(starts)
        .take(WORDS_MAX)
        .filter_map(|start| folded.get(start..))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_found_by_each_of_its_words_however_it_is_written() {
        assert_eq!(of("Kim  Minji"), ["kim minji", "minji"]);
        // The same syllables, once composed and once letter by letter.
        assert_eq!(fold("\u{1106}\u{1175}\u{11ab}\u{110c}\u{1175}"), fold("민지"));
        assert_eq!(fold("ÅNGSTRÖM"), "ångström");
        assert_eq!(of("a b c d e f").len(), WORDS_MAX);
        assert_eq!(of("\u{0}\u{7}"), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in ".{0,64}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
            prop_assert!(!once.contains('\0'));
        }
    }
}
