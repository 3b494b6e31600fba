//! The command line of `compare`.

use std::path::PathBuf;

use clap::Args;

use super::Outcome;
use crate::compare::{compare, read_records};

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// The run before: a file written by `--report-json`, or a folder of them
    before: PathBuf,
    /// The run after
    after: PathBuf,
    /// By how many percent a figure may become worse
    #[arg(long, default_value_t = 10.0, value_name = "PERCENT", value_parser = tolerance)]
    tolerance: f64,
}

impl CompareArgs {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let (before, after) = (read_records(&self.before)?, read_records(&self.after)?);
        let compared = compare(&before, &after, self.tolerance);
        print!("{}", compared.text);
        Ok(if compared.worse == 0 { Outcome::Clean } else { Outcome::Faulty })
    }
}

fn tolerance(text: &str) -> Result<f64, String> {
    let percent: f64 = text.parse().map_err(|_| "a number of percent".to_owned())?;
    if percent.is_finite() && percent >= 0.0 { Ok(percent) } else { Err("0 or more".to_owned()) }
}
