//! `madang status`: whether the cluster is well, once or again and again.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use madang_cluster::Overview;

use super::contact::{Contact, ContactError, ContactFlags};
use super::{wait, words};
use crate::api::http::ClusterReport;
use crate::cli::Ending;

/// How often it looks again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Goes to the upper left corner and clears from there to the end of the screen.
const CLEAR: &str = "\x1b[H\x1b[2J";

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Show it again every second, until Ctrl-C
    #[arg(long)]
    watch: bool,

    /// Look again until all is well, then end with 0
    #[arg(long)]
    exit_when_healthy: bool,

    /// One JSON object a look, for programs
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    contact: ContactFlags,
}

/// How a look is shown.
#[derive(Clone, Copy)]
enum Show {
    Json,
    Text,
    /// Each look in place of the last one.
    Screen,
    /// Only the last look.
    AtTheEnd,
}

pub(in crate::cli) fn run(args: Args) -> anyhow::Result<Ending> {
    let Args { watch, exit_when_healthy, json, contact } = args;
    let mut contact = contact.open()?;
    let show = match (json, watch, std::io::stdout().is_terminal()) {
        (true, ..) => Show::Json,
        (false, true, true) => Show::Screen,
        (false, true, false) => Show::Text,
        (false, false, _) if exit_when_healthy => Show::AtTheEnd,
        (false, false, _) => Show::Text,
    };
    if !watch && !exit_when_healthy {
        return wait(once(&mut contact, show));
    }
    wait(async {
        loop {
            let healthy = look(&mut contact, show).await?;
            if healthy && exit_when_healthy {
                return Ok(Ending::Done);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    })
}

async fn once(contact: &mut Contact, show: Show) -> anyhow::Result<Ending> {
    let overview = contact.overview().await?;
    print(&shown(&overview, show)?)?;
    Ok(if overview.ailments().is_empty() { Ending::Done } else { Ending::NotWell })
}

/// One of several looks: that nobody answers just now is part of what is watched.
async fn look(contact: &mut Contact, show: Show) -> anyhow::Result<bool> {
    match contact.overview().await {
        Ok(overview) => {
            let healthy = overview.ailments().is_empty();
            if healthy || !matches!(show, Show::AtTheEnd) {
                print(&shown(&overview, show)?)?;
            }
            Ok(healthy)
        }
        Err(error @ (ContactError::Nobody { .. } | ContactError::NotNow { .. })) => {
            match show {
                Show::Screen => print(&format!("{CLEAR}{error}\n"))?,
                Show::Text => print(&format!("{error}\n\n"))?,
                Show::Json | Show::AtTheEnd => {}
            }
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn shown(overview: &Overview, show: Show) -> anyhow::Result<String> {
    Ok(match show {
        Show::Json => format!("{}\n", serde_json::to_string(&ClusterReport::new(overview.clone()))?),
        Show::Screen => format!("{CLEAR}{}", words::status(overview)),
        Show::Text | Show::AtTheEnd => words::status(overview),
    })
}

fn print(text: &str) -> anyhow::Result<()> {
    crate::cli::print(text)?;
    Ok(std::io::stdout().flush()?)
}
