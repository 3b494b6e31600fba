//! `madang serve`: settings and logging first, then the node.

use std::path::PathBuf;

use super::settings::SettingFlags;
use crate::config::{Live, LiveSource};
use crate::serve::{Serve, serve};
use crate::telemetry::{LogHandle, start_logging};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    settings: SettingFlags,

    /// Write {"http": URL, "peer": HOST:PORT, "node": ID, "pid": PID} to this file once clients can come
    #[arg(long, value_name = "FILE", env = "MADANG_READY_FILE")]
    ready_file: Option<PathBuf>,
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let layers = args.settings.layers()?;
    let loaded = layers.clone().load()?;
    let log = start_logging(&loaded.config.log)?;
    let settings = loaded.summary();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), settings, "madang starts");
    let (source, live) = LiveSource::new(layers, &loaded);
    let reread = live.clone();
    let on_hangup = Box::new(move || reload(&source, &reread, &log));
    serve(Serve { config: live, settings, ready_file: args.ready_file, on_hangup })
}

/// SIGHUP: takes over what can change under a running node. A file that is wrong changes nothing.
fn reload(source: &LiveSource, live: &Live, log: &LogHandle) {
    let waiting = match source.reload() {
        Ok(waiting) => waiting,
        Err(error) => {
            tracing::error!(%error, "the settings are wrong; the old ones stay in force");
            return;
        }
    };
    if let Err(error) = log.set_filter(&live.get().log.filter) {
        tracing::error!(%error, "the log filter could not be changed");
        return;
    }
    tracing::info!(need_a_restart = waiting.join(", "), "settings read again");
}
