//! What scenarios with many kinds of users have in common: parts that goose users play, a board on which everything is
//! timed second by second, and the record of a run, which is the same for all of them.
//!
//! `board` and `record` are pure.

mod aside;

mod board;

mod cast;

mod crowd;

mod fill;

mod neighbours;

mod priority;

mod reader;

mod record;

mod setting;

mod talk;

mod watch;

pub(crate) use board::Span;
pub(crate) use cast::{Part, Teller};
pub(crate) use crowd::{Crowd, Hall};
pub use neighbours::Beside;
pub(crate) use neighbours::{NORMAL_ACK, NORMAL_HEAR, noticed};
pub(crate) use reader::{Reader, Subscription};
pub use record::{Better, Chart, Figure, Knob, Line, Mark, Record};
pub(crate) use record::{figure, knob, shown, times};
pub use setting::Setting;
pub(crate) use setting::{Findings, Played};
pub(crate) use talk::Speaker;
