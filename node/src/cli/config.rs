//! `madang config print` and `madang config check`.

use std::path::PathBuf;

use super::print;
use super::settings::SettingFlags;
use crate::config::{defaults_toml, loaded_toml};

/// What to do with the settings.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// Print every setting with its meaning, its value and where that comes from, as a complete file.
    Print {
        /// Print the defaults, whatever file, environment and flags say.
        #[arg(long)]
        defaults: bool,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Check the settings that `serve` would use, without starting anything.
    Check {
        /// The file to check [default: as `serve`].
        file: Option<PathBuf>,
        #[command(flatten)]
        settings: SettingFlags,
    },
}

pub(super) fn run(action: Action) -> anyhow::Result<()> {
    match action {
        Action::Print { defaults: true, .. } => print(&defaults_toml()),
        Action::Print { defaults: false, settings } => print(&loaded_toml(&settings.layers()?.load()?)),
        Action::Check { file, mut settings } => {
            settings.config = file.or(settings.config);
            let loaded = settings.layers()?.load()?;
            print(&format!("the settings are good ({})\n", loaded.summary()))
        }
    }
}
