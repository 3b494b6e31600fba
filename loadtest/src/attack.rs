//! What scenarios need of goose: a configuration, and rows for what is not HTTP.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use goose::config::GooseConfiguration;
use goose::goose::{GooseUser, Scenario, TransactionResult};
use goose::metrics::GooseMetrics;
use goose::{GooseAttack, client::GooseClientBuilder};

/// Whether goose prints its tables at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// It does.
    Printed,
    /// It does not.
    Hidden,
}

/// How goose is to run.
#[derive(Debug, Clone)]
pub struct AttackOptions {
    /// A node's address, of which goose only makes a heading.
    pub url: String,
    /// Number of goose users.
    pub users: usize,
    /// Users started per second.
    pub ramp: usize,
    /// Goose's own reports, by ending: `.md` or `.json`.
    pub goose_reports: Vec<PathBuf>,
    /// Goose's thresholds, for example `p95<50ms for WS send`.
    pub thresholds: Vec<String>,
    /// Goose's tables on standard output.
    pub tables: Tables,
}

/// One row to be recorded: method `WS`, and this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// What was done.
    pub operation: &'static str,
    /// How long it took.
    pub took: Duration,
    /// The error's code and text, if it failed.
    pub failure: Option<(u16, String)>,
}

impl Sample {
    /// Something that worked.
    pub fn good(operation: &'static str, took: Duration) -> Self {
        Self { operation, took, failure: None }
    }
}

/// Writes a row into goose's report.
pub async fn record(user: &mut GooseUser, sample: &Sample) -> TransactionResult {
    let (ok, code, text) = match &sample.failure {
        None => (true, 200, None),
        Some((code, text)) => (false, *code, Some(text.as_str())),
    };
    user.record_custom_request_duration("WS", sample.operation, sample.took, ok, Some(code), text).await
}

/// Lets this goose user end after the transaction that runs now. The attack ends when all have ended.
pub fn finish(user: &mut GooseUser) {
    user.config.iterations = Some(1);
}

/// Runs one scenario until all its users have finished.
pub async fn run(options: &AttackOptions, scenario: Scenario) -> anyhow::Result<GooseMetrics> {
    let attack = GooseAttack::initialize_with_config(configuration(options)?)?
        .set_client_builder_without_cookies(GooseClientBuilder::new().without_cookies())?
        .register_scenario(scenario);
    attack.execute().await.context("goose")
}

fn configuration(options: &AttackOptions) -> anyhow::Result<GooseConfiguration> {
    let mut configuration = GooseConfiguration::parse_args_default::<&str>(&[])?;
    configuration.host = Some(options.url.clone());
    configuration.users = Some(options.users);
    configuration.increase_rate = Some(options.ramp.max(1).to_string());
    // Everybody connects while users are still being added; those rows count too.
    configuration.no_reset_metrics = true;
    configuration.no_telnet = true;
    configuration.no_transaction_metrics = true;
    configuration.no_scenario_metrics = true;
    configuration.no_status_codes = true;
    configuration.quiet = 1;
    configuration.no_print_metrics = options.tables == Tables::Hidden;
    configuration.threshold = options.thresholds.clone();
    for report in &options.goose_reports {
        let ending = report.extension().and_then(|ending| ending.to_str());
        if !matches!(ending, Some("md" | "json")) {
            // Goose's HTML loads its charts from another site and is empty without it.
            bail!("goose's report {} must end in .md or .json", report.display());
        }
        configuration.report_file.push(report.display().to_string());
    }
    Ok(configuration)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(report: &str) -> AttackOptions {
        AttackOptions {
            url: "http://127.0.0.1:1".into(),
            users: 3,
            ramp: 0,
            goose_reports: vec![report.into()],
            thresholds: vec![],
            tables: Tables::Printed,
        }
    }

    #[test]
    fn reports_that_need_another_site_are_refused() {
        assert!(configuration(&options("a.html")).is_err());
        assert!(configuration(&options("a")).is_err());
        assert_eq!(configuration(&options("a.md")).unwrap().report_file, ["a.md"]);
    }

    #[test]
    fn a_ramp_of_zero_still_starts_users() {
        assert_eq!(configuration(&options("a.json")).unwrap().increase_rate.as_deref(), Some("1"));
    }
}
