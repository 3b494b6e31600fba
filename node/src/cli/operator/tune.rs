//! `madang tune`: shows what can be changed while the cluster runs, and changes it.

use madang_cluster::machine::meta::TuneError;

use super::contact::ContactFlags;
use super::{tables, wait};
use crate::api::http::{TunablesReport, change};
use crate::cli::{Ending, print};
use crate::config::ConfigError;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// What is to be what, such as `shed.typing=500`; nothing: all values are shown
    #[arg(value_name = "NAME=VALUE", value_parser = pair)]
    changes: Vec<(String, u64)>,

    /// One JSON object with all values, for programs
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    contact: ContactFlags,
}

fn pair(text: &str) -> Result<(String, u64), String> {
    let (name, value) = text.split_once('=').ok_or("say NAME=VALUE, such as shed.typing=500")?;
    let value = value.parse().map_err(|_| format!("`{value}` is no whole number"))?;
    Ok((name.to_owned(), value))
}

pub(in crate::cli) fn run(args: Args) -> anyhow::Result<Ending> {
    let Args { changes, json, contact } = args;
    let mut contact = contact.open()?;
    wait(async {
        let before = contact.overview().await?.tunables;
        let now = change(&before, changes.iter().map(|(name, value)| (name.as_str(), *value)));
        let now = now.map_err(|wrong: TuneError| ConfigError::Invalid(vec![wrong.to_string()]))?;
        if now != before {
            contact.tune(&now).await?;
        }
        let report = TunablesReport::new(&now);
        print(&if json {
            format!("{}\n", serde_json::to_string(&report)?)
        } else if changes.is_empty() {
            tables::tunables(&report)
        } else {
            tables::changed(&TunablesReport::new(&before), &report)
        })?;
        Ok(Ending::Done)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_name_and_a_whole_number() {
        assert_eq!(pair("shed.typing=500"), Ok(("shed.typing".to_owned(), 500)));
        assert!(pair("shed.typing").unwrap_err().contains("NAME=VALUE"));
        for wrong in ["a=", "a=-1", "a=1.5", "a=many"] {
            assert!(pair(wrong).unwrap_err().contains("is no whole number"), "{wrong}");
        }
    }
}
