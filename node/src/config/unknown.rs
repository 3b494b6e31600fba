//! Unknown keys: where they stand and what was probably meant.

use std::fmt;

use super::load::{Origin, line_of};
use super::section::Config;

/// Below this likeness (0 to 1) a suggestion would only confuse.
const LIKENESS_MIN: f64 = 0.6;

/// A key that is no setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// The key as it was given.
    pub key: String,
    /// Where it was given.
    pub origin: Origin,
    /// The line in the file, from 1.
    pub line: Option<usize>,
    /// The setting with the most similar name.
    pub nearest: Option<&'static str>,
}

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown setting `{}` in {}", self.key, self.origin)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        match self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => write!(f, "; `madang config print` shows all settings"),
        }
    }
}

/// Says what is known about an unknown `key`.
pub(super) fn describe(key: &str, origin: &Origin) -> UnknownKey {
    let line = match origin {
        Origin::File(path) => line_of(path, key),
        Origin::Variable(_) | Origin::Flag(_) => None,
    };
    UnknownKey { key: key.to_owned(), origin: origin.clone(), line, nearest: nearest(key) }
}

/// The setting whose key, or whose name without its section, is most like `key`.
fn nearest(key: &str) -> Option<&'static str> {
    let name = key.rsplit('.').next().unwrap_or(key);
    Config::settings()
        .map(|setting| {
            let whole = strsim::jaro_winkler(key, setting.key);
            // A right name in the wrong section is a likely slip.
            let part = strsim::jaro_winkler(name, setting.name()) * 0.95;
            (whole.max(part), strsim::levenshtein(key, setting.key), setting.key)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
        .filter(|(likeness, ..)| *likeness >= LIKENESS_MIN)
        .map(|(_, _, key)| key)
}

/// The same for a key given with a flag.
pub fn unknown_flag(key: &str, flag: &'static str) -> UnknownKey {
    describe(key, &Origin::Flag(flag))
}
