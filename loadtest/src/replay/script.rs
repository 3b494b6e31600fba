//! A log as a script: who does what, in which order. Pure.
//!
//! Users are the same in all files; who is present is counted per file. Somebody who speaks without
//! having come joins first. A renamed nick goes, and the new nick comes as another user.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use serde::Serialize;

use crate::irc::{ChannelLog, Line, LogLine};

/// Unknown lines shown in the report.
const SAMPLES_MAX: usize = 5;

/// All nicks of a run, by number.
#[derive(Debug, Default)]
pub struct Cast {
    nicks: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Cast {
    /// The nicks in the order of their numbers.
    pub fn nicks(&self) -> &[String] {
        &self.nicks
    }

    /// The number of a nick, a new one if it is new.
    pub fn number(&mut self, nick: &str) -> usize {
        if let Some(number) = self.numbers.get(nick) {
            return *number;
        }
        let number = self.nicks.len();
        self.nicks.push(nick.to_owned());
        self.numbers.insert(nick.to_owned(), number);
        number
    }
}

/// What somebody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Joins the room.
    Join,
    /// Leaves the room.
    Leave,
    /// Sends a message.
    Say {
        /// Name of the send: the same in every run.
        cid: String,
        /// The text.
        text: String,
    },
}

/// One thing to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The line it comes from.
    pub line: usize,
    /// Number of the nick in the [`Cast`].
    pub nick: usize,
    /// What.
    pub deed: Deed,
}

/// How many lines of a file were what. Every line is counted exactly once, but for `implied_joins`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    /// Lines of the file.
    pub lines: usize,
    /// Messages that are sent.
    pub messages: usize,
    /// Actions that are sent as `/me …`.
    pub actions: usize,
    /// Joins of somebody who was not there.
    pub joins: usize,
    /// Joins of somebody who was there already: nothing to do.
    pub repeated_joins: usize,
    /// Leaves of somebody who was there.
    pub leaves: usize,
    /// Leaves of somebody who was not there: nothing to do.
    pub absent_leaves: usize,
    /// Renames.
    pub renames: usize,
    /// Messages without text, which the protocol does not allow.
    pub empty: usize,
    /// Blank lines.
    pub blank: usize,
    /// Lines of no known shape.
    pub unknown: usize,
    /// Some of them, with their numbers.
    pub unknown_samples: Vec<String>,
    /// Joins that no line tells: of somebody who speaks or is renamed to.
    pub implied_joins: usize,
}

/// A file as a script.
#[derive(Debug, Clone)]
pub struct Script {
    /// Name of the file.
    pub name: String,
    /// What is to be done, in order.
    pub steps: Vec<Step>,
    /// When each step is due at the log's own speed, counted from the first line.
    pub due: Vec<Duration>,
    /// What the lines were.
    pub census: Census,
}

impl Script {
    /// Writes the script of a log; new nicks are added to `cast`.
    pub fn write(log: &ChannelLog, cast: &mut Cast) -> Self {
        let mut author =
            Author { cast, present: HashSet::new(), steps: Vec::new(), census: Census::default() };
        let mut clock = Clock::default();
        let mut minutes = Vec::new();
        for line in &log.lines {
            let (stamp, what) = line.parse();
            let minute = clock.minute(stamp);
            author.add(line, what);
            minutes.resize(author.steps.len(), minute);
        }
        let Author { steps, census, .. } = author;
        Self { name: log.name.clone(), steps, due: spread(&minutes), census }
    }

    /// The nicks that do something in this file.
    pub fn nicks(&self) -> HashSet<usize> {
        self.steps.iter().map(|step| step.nick).collect()
    }
}

struct Author<'a> {
    cast: &'a mut Cast,
    present: HashSet<usize>,
    steps: Vec<Step>,
    census: Census,
}

impl Author<'_> {
    fn add(&mut self, line: &LogLine, what: Line<'_>) {
        self.census.lines += 1;
        match what {
            Line::Message { nick, text } => {
                self.census.messages += 1;
                self.say(line.number, nick, text.to_owned());
            }
            Line::Action { nick, text } => {
                self.census.actions += 1;
                self.say(
                    line.number,
                    nick,
                    if text.is_empty() { "/me".to_owned() } else { format!("/me {text}") },
                );
            }
            Line::Joined { nick } => {
                let counter = if self.join(line.number, nick) {
                    &mut self.census.joins
                } else {
                    &mut self.census.repeated_joins
                };
                *counter += 1;
            }
            Line::Left { nick } => {
                let counter = if self.leave(line.number, nick) {
                    &mut self.census.leaves
                } else {
                    &mut self.census.absent_leaves
                };
                *counter += 1;
            }
            Line::Renamed { from, to } => {
                self.census.renames += 1;
                self.leave(line.number, from);
                self.join_unsaid(line.number, to);
            }
            Line::Empty { .. } => self.census.empty += 1,
            Line::Blank => self.census.blank += 1,
            Line::Unknown => {
                self.census.unknown += 1;
                if self.census.unknown_samples.len() < SAMPLES_MAX {
                    self.census.unknown_samples.push(format!("{}: {}", line.number, line.text));
                }
            }
        }
    }

    fn say(&mut self, line: usize, nick: &str, text: String) {
        self.join_unsaid(line, nick);
        let nick = self.cast.number(nick);
        self.steps.push(Step { line, nick, deed: Deed::Say { cid: format!("line-{line}"), text } });
    }

    fn join_unsaid(&mut self, line: usize, nick: &str) {
        if self.join(line, nick) {
            self.census.implied_joins += 1;
        }
    }

    fn join(&mut self, line: usize, nick: &str) -> bool {
        let nick = self.cast.number(nick);
        let came = self.present.insert(nick);
        if came {
            self.steps.push(Step { line, nick, deed: Deed::Join });
        }
        came
    }

    fn leave(&mut self, line: usize, nick: &str) -> bool {
        let nick = self.cast.number(nick);
        let went = self.present.remove(&nick);
        if went {
            self.steps.push(Step { line, nick, deed: Deed::Leave });
        }
        went
    }
}

/// Counts minutes over midnight.
#[derive(Default)]
struct Clock {
    /// The newest stamp.
    of_day: Option<u64>,
    since_first: u64,
}

impl Clock {
    /// Minutes since the first stamp; lines without a stamp happen when the last one did.
    fn minute(&mut self, stamp: Option<u16>) -> u64 {
        const DAY: u64 = 24 * 60;
        if let Some(of_day) = stamp.map(u64::from) {
            let newest = *self.of_day.get_or_insert(of_day);
            let passed = (of_day + DAY - newest) % DAY;
            // More than half a day later is rather a little earlier: a clock that was set back.
            if passed <= DAY / 2 {
                self.of_day = Some(of_day);
                self.since_first += passed;
            }
        }
        self.since_first
    }
}

/// Lines know their minute only: what happens in one minute is spread evenly over it.
fn spread(minutes: &[u64]) -> Vec<Duration> {
    let mut sizes: BTreeMap<u64, u32> = BTreeMap::new();
    for minute in minutes {
        *sizes.entry(*minute).or_default() += 1;
    }
    let mut seen: HashMap<u64, u32> = HashMap::new();
    minutes
        .iter()
        .map(|minute| {
            let position = seen.entry(*minute).or_default();
            let size = sizes.get(minute).copied().unwrap_or(1).max(1);
            let within = Duration::from_secs(60) * *position / size;
            *position += 1;
            Duration::from_secs(minute * 60) + within
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> (Script, Cast) {
        let mut cast = Cast::default();
        let script = Script::write(&ChannelLog::from_bytes("test", text.as_bytes()), &mut cast);
        (script, cast)
    }

    fn told(text: &str) -> Vec<String> {
        let (script, cast) = script(text);
        let tell = |step: &Step| {
            let nick = &cast.nicks()[step.nick];
            match &step.deed {
                Deed::Join => format!("{} {nick} joins", step.line),
                Deed::Leave => format!("{} {nick} leaves", step.line),
                Deed::Say { cid, text } => format!("{} {nick} says {text} as {cid}", step.line),
            }
        };
        script.steps.iter().map(tell).collect()
    }

    #[test]
    fn somebody_who_speaks_without_having_come_joins_first() {
        assert_eq!(
            told("[10:00] <kim> hi\n[10:00] <kim> there\n"),
            ["1 kim joins", "1 kim says hi as line-1", "2 kim says there as line-2"]
        );
    }

    #[test]
    fn joins_and_leaves_are_played_once() {
        let log = "=== kim [h] has joined #y\n=== kim [h] has joined #y\n=== kim [h] has left #y\n=== kim [h] has left #y\n";
        assert_eq!(told(log), ["1 kim joins", "3 kim leaves"]);
        let census = script(log).0.census;
        assert_eq!((census.joins, census.repeated_joins, census.leaves, census.absent_leaves), (1, 1, 1, 1));
    }

    #[test]
    fn a_renamed_nick_goes_and_comes_as_another_user() {
        let log = "[10:00] <kim> hi\n=== kim is now known as min\n[10:01] <min> back\n";
        assert_eq!(
            told(log),
            [
                "1 kim joins",
                "1 kim says hi as line-1",
                "2 kim leaves",
                "2 min joins",
                "3 min says back as line-3"
            ]
        );
    }

    #[test]
    fn actions_are_sent_the_way_people_type_them() {
        assert_eq!(
            told("[10:00]  * kim waves\n[10:00]  * kim\n"),
            ["1 kim joins", "1 kim says /me waves as line-1", "2 kim says /me as line-2"]
        );
    }

    #[test]
    fn every_line_is_counted_exactly_once_and_unknown_ones_are_shown() {
        let log = "[10:00] <a> x\n[10:00]  * a y\n=== b [h] has joined #c\n=== b [h] has left #c\n=== b is now known as d\n[10:00] <a>\n\nwhat\n=== z [h] has left #c\n=== d [h] has joined #c\n";
        let census = script(log).0.census;
        let counted = census.messages
            + census.actions
            + census.joins
            + census.repeated_joins
            + census.leaves
            + census.absent_leaves
            + census.renames
            + census.empty
            + census.blank
            + census.unknown;
        assert_eq!((census.lines, counted), (10, 10), "{census:?}");
        assert_eq!(census.unknown_samples, ["8: what"]);
    }

    #[test]
    fn time_is_spread_over_the_minute_and_runs_on_over_midnight() {
        let (script, _) = script("[23:59] <a> x\n[23:59] <a> y\n[00:01] <a> z\n=== a is now known as b\n");
        let seconds: Vec<_> = script.due.iter().map(Duration::as_secs).collect();
        // join, x and y share a minute; z, leave and join share another one.
        assert_eq!(seconds, [0, 20, 40, 120, 140, 160]);
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_run_backwards() {
        let (script, _) = script("[10:05] <a> x\n[10:03] <a> y\n[10:06] <a> z\n");
        let minutes: Vec<_> = script.due.iter().map(|due| due.as_secs() / 60).collect();
        assert_eq!(minutes, [0, 0, 0, 1]);
    }
}
