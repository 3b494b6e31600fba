//! Several nodes in one process, linked over loopback.

mod grow;
mod support;
mod talk;
