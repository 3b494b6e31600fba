//! Reads logs of IRC channels: lines, and whole files. Pure but for reading the file.

mod line;

mod log;

pub use line::{Line, Stamp, parse_line};
pub use log::{ChannelLog, LogLine};
