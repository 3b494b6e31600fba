//! Several nodes in one process, linked over loopback.

mod absence;
mod feed;
mod grow;
mod support;
mod sweep;
mod talk;
