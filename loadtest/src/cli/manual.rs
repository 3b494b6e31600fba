//! The tables of knobs in `docs/loadtest.md`, made from the command line itself: a page that is written by hand would
//! tell of knobs that are not there any more.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Arg, ArgAction, Args, Command, CommandFactory};

use super::{Cli, CommonArgs, Outcome};

/// What stands behind this line is made by `make docs`.
const MARKER: &str = "<!-- what follows is written by `make docs` -->\n";

#[derive(Debug, Args)]
pub(super) struct ManualArgs {
    /// The page whose tables are to be written anew
    page: PathBuf,
}

impl ManualArgs {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let shown = self.page.display();
        let page = std::fs::read_to_string(&self.page).with_context(|| format!("cannot read {shown}"))?;
        let (head, _) = page.split_once(MARKER).with_context(|| format!("{shown} has no place for them"))?;
        let text = format!("{head}{MARKER}{}", tables());
        std::fs::write(&self.page, text).with_context(|| format!("cannot write {shown}"))?;
        Ok(Outcome::Clean)
    }
}

fn tables() -> String {
    let (cli, common) = (Cli::command(), CommonArgs::augment_args(Command::new("common")));
    let is_common = |arg: &Arg| common.get_arguments().any(|other| other.get_id() == arg.get_id());
    let mut text = String::from("\n## Scenarios\n");
    for scenario in seen(&cli).filter(|scenario| scenario.get_name() != "drill") {
        entry(&mut text, 3, scenario, |arg| !is_common(arg));
    }
    text.push_str("\n## What all scenarios have in common\n\n");
    table(&mut text, common.get_arguments().chain(cli.get_arguments()));
    text.push_str("\n## Drills\n");
    for drill in cli.find_subcommand("drill").into_iter().flat_map(seen) {
        entry(&mut text, 3, drill, |_| true);
    }
    text
}

fn seen(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
}

fn entry(text: &mut String, depth: usize, command: &Command, wanted: impl Fn(&&Arg) -> bool) {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let about = about.trim_end_matches('.');
    let end = if about.ends_with('?') { "" } else { "." };
    let _ = writeln!(text, "\n{} {}\n\n{about}{end}\n", "#".repeat(depth), command.get_name());
    table(text, command.get_arguments().filter(wanted));
}

fn table<'a>(text: &mut String, args: impl Iterator<Item = &'a Arg>) {
    text.push_str("| knob | default | what |\n|---|---|---|\n");
    for arg in args.filter(|arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version")) {
        let value = match (arg.get_action(), arg.get_value_names()) {
            (ArgAction::SetTrue, _) | (_, None) => String::new(),
            (_, Some(names)) => format!(" {}", names.join(" ")),
        };
        let name = arg.get_long().map_or_else(|| value.trim().to_owned(), |long| format!("--{long}{value}"));
        let defaults = arg.get_default_values().iter().map(|word| word.to_string_lossy());
        let default = match arg.get_action() {
            ArgAction::SetTrue => String::new(),
            _ => defaults.collect::<Vec<_>>().join(","),
        };
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default().replace('|', "\\|");
        let _ = writeln!(text, "| `{name}` | {default} | {help} |");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_tells_every_knob_as_it_is() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/loadtest.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (_, told) = page.split_once(MARKER).unwrap();
        assert_eq!(told, tables(), "`make docs` writes it anew");
    }

    #[test]
    fn all_scenarios_and_drills_have_their_tables() {
        let text = tables();
        for told in [
            "### hot-room\n",
            "### mixed-day\n",
            "### chat\n",
            "### storm\n",
            "`--joins-per-s R` | 3000 |",
            "--report-html FILE",
        ] {
            assert!(text.contains(told), "{told} in\n{text}");
        }
        assert!(!text.contains("### hold\n"), "what is hidden stays hidden");
    }
}
