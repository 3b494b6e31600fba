//! `madang ring`: who holds which shard.

use super::contact::ContactFlags;
use super::{tables, wait};
use crate::cli::{Ending, print};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// One JSON array with an object a group, for programs
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    contact: ContactFlags,
}

pub(in crate::cli) fn run(args: Args) -> anyhow::Result<Ending> {
    let mut contact = args.contact.open()?;
    let overview = wait(async { Ok(contact.overview().await?) })?;
    if args.json {
        print(&format!("{}\n", serde_json::to_string(&overview.groups)?))?;
    } else {
        print(&tables::groups(&overview))?;
    }
    Ok(Ending::Done)
}
