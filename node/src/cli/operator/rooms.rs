//! `madang rooms`: which rooms are asked for most, and which of them are hot; once or again and again.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use super::contact::{Contact, ContactError, ContactFlags};
use super::{tables, wait};
use crate::api::http::{RoomsReport, SHOWN, SHOWN_MAX};
use crate::cli::Ending;

/// How often it looks again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Goes to the upper left corner and clears from there to the end of the screen.
const CLEAR: &str = "\x1b[H\x1b[2J";

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Only those that are hot
    #[arg(long)]
    hot: bool,

    /// How many, the hottest first
    #[arg(long, value_name = "ROOMS", default_value_t = SHOWN, value_parser = many)]
    limit: usize,

    /// Show it again every second, until Ctrl-C
    #[arg(long)]
    watch: bool,

    /// One JSON object a look, for programs
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    contact: ContactFlags,
}

fn many(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(limit) if (1..=SHOWN_MAX).contains(&limit) => Ok(limit),
        _ => Err(format!("a number from 1 to {SHOWN_MAX}")),
    }
}

/// Which rooms are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that are asked for most.
    Busy,
    /// Of these only those that are hot.
    Hot,
}

/// How a look is shown.
#[derive(Clone, Copy)]
enum Show {
    Json,
    Text,
    /// Each look in place of the last one.
    Screen,
}

pub(in crate::cli) fn run(args: Args) -> anyhow::Result<Ending> {
    let Args { hot, limit, watch, json, contact } = args;
    let mut contact = contact.open()?;
    let which = if hot { Which::Hot } else { Which::Busy };
    let show = match (json, watch && std::io::stdout().is_terminal()) {
        (true, _) => Show::Json,
        (false, true) => Show::Screen,
        (false, false) => Show::Text,
    };
    wait(async {
        if !watch {
            print(&shown(contact.rooms(limit).await?.into(), which, show)?)?;
            return Ok(Ending::Done);
        }
        loop {
            look(&mut contact, limit, which, show).await?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    })
}

/// One of several looks: that nobody answers just now is part of what is watched.
async fn look(contact: &mut Contact, limit: usize, which: Which, show: Show) -> anyhow::Result<()> {
    match (contact.rooms(limit).await, show) {
        (Ok(rooms), show) => print(&shown(rooms.into(), which, show)?),
        (Err(ContactError::Nobody { .. } | ContactError::NotNow { .. }), Show::Json) => Ok(()),
        (Err(error @ (ContactError::Nobody { .. } | ContactError::NotNow { .. })), Show::Text) => {
            print(&format!("{error}\n\n"))
        }
        (Err(error @ (ContactError::Nobody { .. } | ContactError::NotNow { .. })), Show::Screen) => {
            print(&format!("{CLEAR}{error}\n"))
        }
        (Err(error), _) => Err(error.into()),
    }
}

fn shown(report: RoomsReport, which: Which, show: Show) -> anyhow::Result<String> {
    let report = chosen(report, which);
    Ok(match show {
        Show::Json => format!("{}\n", serde_json::to_string(&report)?),
        Show::Text => text(&report, which),
        Show::Screen => format!("{CLEAR}{}", text(&report, which)),
    })
}

/// Hot rooms are told first, so none is missing that `limit` has a place for.
pub(super) fn chosen(mut report: RoomsReport, which: Which) -> RoomsReport {
    if which == Which::Hot {
        report.rooms.retain(|room| room.hot_for_ms.is_some());
    }
    report
}

/// A table, or that there is nothing to show; and who did not say.
pub(super) fn text(report: &RoomsReport, which: Which) -> String {
    let mut text = match (report.rooms.is_empty(), which) {
        (false, _) => tables::rooms(report),
        (true, Which::Hot) => {
            "No room is hot. `madang rooms` shows those that are asked for most.\n".to_owned()
        }
        (true, Which::Busy) => "No room is asked for as often as once a second.\n".to_owned(),
    };
    for node in &report.silent {
        text.push_str(&format!("node {node} did not answer: what is asked of rooms there is missing\n"));
    }
    text
}

fn print(text: &str) -> anyhow::Result<()> {
    crate::cli::print(text)?;
    Ok(std::io::stdout().flush()?)
}
