//! How the knobs of a scenario were set, as the command line tells it: what a record says about them cannot differ
//! from what there is.

use clap::{ArgAction, ArgMatches, Args, Command};

use super::CommonArgs;
use crate::client::Nodes;
use crate::kit::{Knob, knob};

/// Of what is run, not how: it differs between runs that are to be compared.
const NOT_KNOBS: [&str; 4] = ["server_pid", "ca", "help", "version"];

/// All knobs of the scenario that was chosen, in their order.
pub(super) fn knobs(cli: &Command, matches: &ArgMatches) -> Vec<Knob> {
    let Some((name, matches)) = matches.subcommand() else { return Vec::new() };
    let Some(scenario) = cli.find_subcommand(name) else { return Vec::new() };
    let common = CommonArgs::augment_args(Command::new("common"));
    let is_common = |id: &str| common.get_arguments().any(|arg| arg.get_id() == id);
    let own = scenario.get_arguments().filter(|arg| {
        let id = arg.get_id().as_str();
        !is_common(id) && !NOT_KNOBS.contains(&id)
    });
    // How many there are matters, not where.
    let nodes = matches.try_get_one::<Nodes>("url").ok().flatten().map(|nodes| knob("nodes", nodes.len()));
    let own = own.filter_map(|arg| {
        let id = arg.get_id().as_str();
        let value = match arg.get_action() {
            ArgAction::SetTrue => matches.get_flag(id).to_string(),
            _ => {
                let words: Vec<_> = matches.get_raw(id)?.map(|word| word.to_string_lossy()).collect();
                words.join(",")
            }
        };
        Some(knob(arg.get_long().unwrap_or(id), value))
    });
    nodes.into_iter().chain(own).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn set(words: &[&str]) -> Vec<(String, String)> {
        let command = Cli::command();
        let matches = command.clone().get_matches_from(["madang-loadtest"].iter().chain(words));
        knobs(&command, &matches).into_iter().map(|knob| (knob.name, knob.value)).collect()
    }

    #[test]
    fn knobs_are_told_as_they_were_set_or_by_default_and_addresses_are_none() {
        let told = set(&["chat", "--users", "7", "--closed-loop", "--url", "http://a", "--server-pid", "3"]);
        let has = |name: &str, value: &str| told.contains(&(name.to_owned(), value.to_owned()));
        assert!(
            has("nodes", "1") && has("users", "7") && has("room-size", "10") && has("closed-loop", "true"),
            "{told:?}"
        );
        let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
        assert!(
            names.iter().all(|name| !["url", "server-pid", "senders", "report-json"].contains(name)),
            "{names:?}"
        );
    }
}
