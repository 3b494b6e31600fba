//! One line of a log.
//!
//! The shapes are those of the irclogs of Ubuntu's channels over the years:
//! `[hh:mm] <nick> text`, `[hh:mm]  * nick action`, `=== nick [host] has joined #channel`,
//! `=== nick [host]  has left #channel ["why"]`, `=== nick is now known as other`, and in old logs an
//! action as `=== nick waves`.

/// Minutes since midnight, as far as the line tells.
pub type Stamp = Option<u16>;

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// Somebody said something; the text is not empty.
    Message {
        /// Who.
        nick: &'a str,
        /// What, with its spaces.
        text: &'a str,
    },
    /// Somebody did something (`/me`).
    Action {
        /// Who.
        nick: &'a str,
        /// What; may be empty.
        text: &'a str,
    },
    /// Somebody came.
    Joined {
        /// Who.
        nick: &'a str,
    },
    /// Somebody went.
    Left {
        /// Who.
        nick: &'a str,
    },
    /// Somebody took another name.
    Renamed {
        /// The name until now.
        from: &'a str,
        /// The name from now on.
        to: &'a str,
    },
    /// A message without text.
    Empty {
        /// Who.
        nick: &'a str,
    },
    /// Nothing but white space.
    Blank,
    /// None of these.
    Unknown,
}

/// Reads one line, without its line end.
pub fn parse_line(line: &str) -> (Stamp, Line<'_>) {
    if line.trim().is_empty() {
        return (None, Line::Blank);
    }
    if let Some(notice) = line.strip_prefix("=== ") {
        return (None, parse_notice(notice));
    }
    match split_stamp(line) {
        Some((minute, rest)) => (Some(minute), parse_speech(rest)),
        None => (None, Line::Unknown),
    }
}

/// `[hh:mm] rest`.
fn split_stamp(line: &str) -> Option<(u16, &str)> {
    let (stamp, rest) = line.strip_prefix('[')?.split_once("] ")?;
    let (hours, minutes) = stamp.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some((hours * 60 + minutes, rest))
}

fn parse_speech(rest: &str) -> Line<'_> {
    if let Some(action) = rest.strip_prefix(" * ") {
        let (nick, text) = action.split_once(' ').unwrap_or((action, ""));
        return if is_nick(nick) { Line::Action { nick, text } } else { Line::Unknown };
    }
    let Some((nick, text)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) else {
        return Line::Unknown;
    };
    let text = text.strip_prefix(' ').unwrap_or(text);
    match (is_nick(nick), text.is_empty()) {
        (false, _) => Line::Unknown,
        (true, true) => Line::Empty { nick },
        (true, false) => Line::Message { nick, text },
    }
}

fn parse_notice(notice: &str) -> Line<'_> {
    let Some((nick, rest)) = notice.split_once(' ') else { return Line::Unknown };
    if !is_nick(nick) {
        return Line::Unknown;
    }
    let told = skip_host(rest);
    if let Some(to) = told.strip_prefix("is now known as ") {
        let to = to.trim_end();
        if is_nick(to) {
            return Line::Renamed { from: nick, to };
        }
    }
    if is_move(told, "has joined") {
        return Line::Joined { nick };
    }
    if is_move(told, "has left") || is_move(told, "has quit") {
        return Line::Left { nick };
    }
    if rest.trim().is_empty() { Line::Unknown } else { Line::Action { nick, text: rest } }
}

/// The rest behind `[host]`, if there is one, and behind spaces.
fn skip_host(rest: &str) -> &str {
    let rest = rest.trim_start();
    match rest.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((_, behind)) => behind.trim_start(),
        None => rest,
    }
}

/// Whether it says `verb` of a channel, and not something like "has left the building".
fn is_move(told: &str, verb: &str) -> bool {
    told.strip_prefix(verb).is_some_and(|rest| rest.trim_start().is_empty() || rest.starts_with(" #"))
}

fn is_nick(nick: &str) -> bool {
    !nick.is_empty() && nick.chars().all(|c| c.is_alphanumeric() || "[]\\`_^{|}-~.\u{fffd}".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_shape_is_read() {
        let rows = [
            ("[09:05] <kim> hello", (Some(545), Line::Message { nick: "kim", text: "hello" })),
            ("[09:05] <kim>  two spaces ", (Some(545), Line::Message { nick: "kim", text: " two spaces " })),
            ("[00:00] <a|b> <c> d> e", (Some(0), Line::Message { nick: "a|b", text: "<c> d> e" })),
            ("[23:59] <kim> ", (Some(1439), Line::Empty { nick: "kim" })),
            ("[23:59] <kim>", (Some(1439), Line::Empty { nick: "kim" })),
            ("[10:00]  * kim waves at all", (Some(600), Line::Action { nick: "kim", text: "waves at all" })),
            ("[10:00]  * kim", (Some(600), Line::Action { nick: "kim", text: "" })),
            ("=== kim [~k@host.example]  has joined #yard", (None, Line::Joined { nick: "kim" })),
            ("=== kim [k@host] has joined #yard", (None, Line::Joined { nick: "kim" })),
            ("=== kim [~k@host]  has left #yard [\"bye]\"]", (None, Line::Left { nick: "kim" })),
            ("=== kim has left", (None, Line::Left { nick: "kim" })),
            ("=== kim is now known as k1m_", (None, Line::Renamed { from: "kim", to: "k1m_" })),
            ("=== |kim| scrolls up", (None, Line::Action { nick: "|kim|", text: "scrolls up" })),
            (
                "=== kim has left the building",
                (None, Line::Action { nick: "kim", text: "has left the building" }),
            ),
            ("   ", (None, Line::Blank)),
            ("", (None, Line::Blank)),
        ];
        for (line, expected) in rows {
            assert_eq!(parse_line(line), expected, "{line:?}");
        }
    }

    #[test]
    fn what_is_no_known_shape_is_unknown() {
        let rows = [
            "hello",
            "[9:05] <kim> hello",
            "[24:00] <kim> hello",
            "[10:60] <kim> hello",
            "[10:00] kim hello",
            "[10:00] <> hello",
            "[10:00] <a b> hello",
            "===",
            "=== kim",
            "=== kim ",
            "=== topic: hello",
            "==== kim waves",
        ];
        for line in rows {
            assert_eq!(parse_line(line).1, Line::Unknown, "{line:?}");
        }
    }
}
