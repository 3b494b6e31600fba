//! The command line: what can be asked of the program, and how it ends.
//!
//! Exit codes: 0 done, 1 failed or not well, 2 wrong arguments or settings, 130 stopped by a second signal.

mod config;
mod dev;
mod exit;
mod operator;
mod serve;
mod settings;

use std::ffi::OsString;
use std::io::Write;

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::ConfigError;
use operator::steps::Step;

const EXIT_DONE: i32 = 0;
const EXIT_FAILED: i32 = 1;
/// Wrong arguments or settings: the same code that clap uses.
const EXIT_USAGE: i32 = 2;

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// It did what was asked.
    Done,
    /// It did, and what it found is not well.
    NotWell,
}

/// A whole chat backend in one program.
#[derive(Debug, Parser)]
#[command(name = "madang", version, arg_required_else_help = true, propagate_version = true)]
#[command(after_help = "`madang serve` is all it takes: it listens on 127.0.0.1:7300 and keeps its data in \
                        ./madang-data. `madang dev` starts three nodes that are one cluster. `madang config \
                        print` shows every setting.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a node.
    Serve(serve::Args),
    /// Start three nodes on this machine that are one cluster, to try out and to break.
    Dev(dev::Args),
    /// Show how the cluster stands; ends with 0 if all is well, else with 1.
    Status(operator::status::Args),
    /// Show who holds which shard: leader, voters, learners, lag.
    Ring(operator::ring::Args),
    /// Show which rooms are asked for most, a second; `--hot`: those that are too much.
    Rooms(operator::rooms::Args),
    /// Have a node hand over what it leads and send its clients away: before a restart.
    Drain(operator::steps::Args),
    /// Have a drained node serve again.
    Undrain(operator::steps::Args),
    /// Have a node hand over everything it holds and leave the cluster for good.
    Leave(operator::steps::Args),
    /// Give up a node that is dead for good.
    Remove(operator::remove::Args),
    /// Show what can be changed while the cluster runs, or change it: `madang tune shed.typing=500`.
    Tune(operator::tune::Args),
    /// Print or check the settings.
    #[command(subcommand)]
    Config(config::Action),
    /// Print completions for a shell: `madang completions bash > /etc/bash_completion.d/madang`.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the version.
    Version,
}

/// Runs the program with the process's arguments, and ends the process.
pub fn main() -> ! {
    exit::at_once(run(std::env::args_os()))
}

fn run(arguments: impl IntoIterator<Item = OsString>) -> i32 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { EXIT_USAGE } else { EXIT_DONE };
        }
    };
    let ended = match cli.command {
        Command::Serve(args) => done(serve::run(args)),
        Command::Dev(args) => done(dev::run(args)),
        Command::Status(args) => operator::status::run(args),
        Command::Ring(args) => operator::ring::run(args),
        Command::Rooms(args) => operator::rooms::run(args),
        Command::Drain(args) => operator::steps::run(args, Step::Drain),
        Command::Undrain(args) => operator::steps::run(args, Step::Undrain),
        Command::Leave(args) => operator::steps::run(args, Step::Leave),
        Command::Remove(args) => operator::remove::run(args),
        Command::Tune(args) => operator::tune::run(args),
        Command::Config(action) => done(config::run(action)),
        Command::Completions { shell } => done(print(&completions(shell))),
        Command::Version => done(print(&format!("madang {}\n", env!("CARGO_PKG_VERSION")))),
    };
    match ended {
        Ok(Ending::Done) => EXIT_DONE,
        Ok(Ending::NotWell) => EXIT_FAILED,
        Err(error) => report(&error),
    }
}

fn done(ended: anyhow::Result<()>) -> anyhow::Result<Ending> {
    ended.map(|()| Ending::Done)
}

/// Says on standard error what went wrong, from the outside in.
fn report(error: &anyhow::Error) -> i32 {
    let mut err = std::io::stderr().lock();
    let lines = format!("{error:#}");
    for line in lines.lines() {
        let _ = writeln!(err, "madang: {line}");
    }
    if error.is::<ConfigError>() { EXIT_USAGE } else { EXIT_FAILED }
}

fn completions(shell: clap_complete::Shell) -> String {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "madang", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no failure.
fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_shell_gets_completions_of_every_command() {
        for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
            let text = completions(shell);
            for word in ["serve", "dev", "status", "leave", "config", "completions", "ready-file"] {
                assert!(text.contains(word), "{shell}: {word}");
            }
        }
    }

    #[test]
    fn wrong_arguments_are_not_taken() {
        for line in [
            "madang",
            "madang sing",
            "madang serve --sing",
            "madang config",
            "madang completions tsh",
            "madang remove",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
