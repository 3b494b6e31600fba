//! The binary `madang-loadtest`: see `madang-loadtest --help`.

use std::process::ExitCode;

use madang_loadtest::cli::{Cli, Outcome};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Cli::read().run().await {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Faulty) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("madang-loadtest: {error:#}");
            ExitCode::from(2)
        }
    }
}
