//! Nick → user id. Two nicks never become one user, and the same nick is the same user in every run of
//! the same run id.
//!
//! An id is `run-name`. In the name an upper-case letter is `.` and the letter, any other character
//! outside the protocol's alphabet is `..` and two hex digits per byte. A name that gets too long is
//! `.0` and a hash instead, which no written-out name can be: a dot is never followed by one digit.

use std::collections::HashMap;

/// Longest user id of the protocol.
const ID_CHARS_MAX: usize = 32;

/// The user ids of all nicks of a run, in the order of the nicks.
pub fn user_ids(run: &str, nicks: &[String]) -> Vec<String> {
    let mut taken = HashMap::new();
    nicks
        .iter()
        .map(|nick| {
            // Only hashed names can meet; the next salt then parts them.
            let mut salt = 0;
            loop {
                let id = user_id(run, nick, salt);
                let owner = taken.entry(id.clone()).or_insert(nick);
                if *owner == nick {
                    return id;
                }
                salt += 1;
            }
        })
        .collect()
}

/// The user id of one nick; `salt` only matters for names that are too long to be written out.
pub fn user_id(run: &str, nick: &str, salt: u64) -> String {
    let written = format!("{run}-{}", write_out(nick));
    if written.len() <= ID_CHARS_MAX && !nick.is_empty() {
        return written;
    }
    format!("{run}-.0{:016x}", fnv1a(nick.as_bytes(), salt))
}

fn write_out(nick: &str) -> String {
    let mut name = String::new();
    for c in nick.chars() {
        match c {
            'a'..='z' | '0'..='9' | '_' | '-' => name.push(c),
            'A'..='Z' => {
                name.push('.');
                name.push(c.to_ascii_lowercase());
            }
            _ => {
                let mut buffer = [0; 4];
                for byte in c.encode_utf8(&mut buffer).bytes() {
                    name.push_str(&format!("..{byte:02x}"));
                }
            }
        }
    }
    name
}

/// FNV-1a, 64 bit: stable across versions of Rust, unlike the standard library's hasher.
fn fnv1a(bytes: &[u8], salt: u64) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ salt;
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn is_allowed(id: &str) -> bool {
        (2..=32).contains(&id.len())
            && id.starts_with(|c: char| c.is_ascii_alphanumeric())
            && id.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-'))
    }

    #[test]
    fn ids_stay_in_the_alphabet_and_simple_nicks_stay_readable() {
        assert_eq!(user_id("r1", "kim_2", 0), "r1-kim_2");
        assert_eq!(user_id("r1", "Kim", 0), "r1-.kim");
        assert_eq!(user_id("r1", "k|m", 0), "r1-k..7cm");
        assert_eq!(user_id("r1", "민지", 0), "r1-..eb..af..bc..ec..a7..80");
        for nick in ["", "a", "Kim", "[x]{}`^|\\", "민지", "ABCDEFGHIJKLMNOPQRST", "."] {
            let id = user_id("r12345678", nick, 0);
            assert!(is_allowed(&id), "{nick:?} became {id}");
        }
    }

    #[test]
    fn nicks_that_look_alike_or_are_long_never_become_one_user() {
        let long = "x".repeat(40);
        let nicks: Vec<String> =
            ["kim", "Kim", "KIM", ".kim", "..4bim", "k_m", "k|m", "k..7cm", ".0", &long, &format!("{long}y")]
                .map(str::to_owned)
                .into();
        let ids = user_ids("r1", &nicks);
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), nicks.len(), "{ids:?}");
        assert!(ids.iter().all(|id| is_allowed(id)), "{ids:?}");
        assert_eq!(ids, user_ids("r1", &nicks));
    }

    #[test]
    fn a_salt_parts_hashed_names() {
        let long = "x".repeat(40);
        assert_ne!(user_id("r1", &long, 0), user_id("r1", &long, 1));
    }
}
