//! Words and links that nothing that is said may have.

use aho_corasick::{AhoCorasick, MatchKind};

use crate::config::{LinkRule, Safety};

/// The rules of the settings, ready to be held against texts.
pub(super) struct Rules {
    words: Option<AhoCorasick>,
    links: LinkRule,
    hosts: Vec<String>,
}

impl Rules {
    pub(super) fn new(settings: &Safety) -> Self {
        let words: Vec<String> = settings.words.iter().map(|word| word.trim().to_lowercase()).collect();
        let words: Vec<&String> = words.iter().filter(|word| !word.is_empty()).collect();
        let automaton = if words.is_empty() {
            None
        } else {
            // Only a list of gigabytes could not be built; no list is refused for its words.
            AhoCorasick::builder().match_kind(MatchKind::Standard).build(&words).ok()
        };
        let hosts = settings.link_hosts.iter().map(|host| host.trim().to_lowercase()).collect();
        Self { words: automaton, links: settings.links, hosts }
    }

    /// Why a text is refused, if it is.
    pub(super) fn check(&self, text: &str) -> Result<(), &'static str> {
        if self.words.is_none() && self.links == LinkRule::Allow {
            return Ok(());
        }
        let folded = text.to_lowercase();
        if let Some(words) = &self.words
            && words
                .find_overlapping_iter(&folded)
                .any(|found| stands_alone(&folded, found.start(), found.end()))
        {
            return Err("there is a word in it that is not allowed here");
        }
        let allowed = |host: &str| match self.links {
            LinkRule::Allow => true,
            LinkRule::Listed => self.hosts.iter().any(|known| is_below(host, known)),
            LinkRule::Refuse => false,
        };
        match links(&folded).find(|host| !allowed(host)) {
            Some(_) => Err("there is a link in it that is not allowed here"),
            None => Ok(()),
        }
    }
}

/// Whether what was found is a word of its own, as far as its edges are Latin letters or digits: other scripts
/// write words without a gap.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let is_latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let (before, found, after) = (text.get(..start), text.get(start..end), text.get(end..));
    let (Some(before), Some(found), Some(after)) = (before, found, after) else { return false };
    let glued = |edge: Option<char>, neighbour: Option<char>| is_latin(edge) && is_latin(neighbour);
    !glued(found.chars().next(), before.chars().next_back())
        && !glued(found.chars().next_back(), after.chars().next())
}

/// Hosts of the links in a text: behind `://`, or of what begins with `www.`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let with_scheme = text.match_indices("://").filter_map(|(at, mark)| text.get(at + mark.len()..));
    let with_www = text
        .split(|c: char| c.is_whitespace() || matches!(c, '(' | '<' | '"' | '\''))
        .filter(|word| word.starts_with("www."));
    with_scheme.chain(with_www).map(host)
}

/// The host at the beginning of what is left of an address, without user and port.
fn host(rest: &str) -> &str {
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '\\' | '"' | '<' | '>'));
    let authority = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    host.split(':').next().unwrap_or(host).trim_end_matches(['.', ',', ')', '!'])
}

/// Whether a host is the known one, or below it.
fn is_below(host: &str, known: &str) -> bool {
    host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules(words: &[&str], links: LinkRule, hosts: &[&str]) -> Rules {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Rules::new(&Safety { words: owned(words), links, link_hosts: owned(hosts), ..Safety::default() })
    }

    #[test]
    fn a_word_is_found_in_any_case_but_not_inside_another() {
        let rules = rules(&["Casino", "바보", "c++"], LinkRule::Allow, &[]);
        for bad in ["CASINO!", "a casino.", "너는바보야", "x casino", "learn C++ now"] {
            assert!(rules.check(bad).is_err(), "{bad}");
        }
        for good in ["casinos", "occasinos", "바 보", "", "c+ +"] {
            assert!(rules.check(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn links_are_told_by_their_hosts_and_nothing_hides_one() {
        let listed = rules(&[], LinkRule::Listed, &["example.org"]);
        for good in ["https://example.org/a?b", "see http://a.b.EXAMPLE.org:80.", "no link", "a://"] {
            let expected = good != "a://";
            assert_eq!(listed.check(good).is_ok(), expected, "{good}");
        }
        for bad in [
            "https://evil.org",
            "https://notexample.org",
            "https://example.org@evil.org/",
            "https://example.org.evil.org",
            "(www.evil.org)",
            "https://example.org and ftp://evil.org",
            "http://evil.org\\@example.org",
        ] {
            assert!(listed.check(bad).is_err(), "{bad}");
        }
        assert!(rules(&[], LinkRule::Refuse, &[]).check("http://example.org").is_err());
        assert!(rules(&[], LinkRule::Allow, &[]).check("http://example.org").is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused_but_never_more(text in ".{0,200}") {
            let _ = rules(&["a", "한", "://"], LinkRule::Listed, &["b.c"]).check(&text);
        }
    }
}
