//! Configuration that changes under a running node: SIGHUP reads the layers again.

use std::sync::Arc;

use tokio::sync::watch;

use super::load::{ConfigError, Layers, Loaded};
use super::section::Config;
use super::setting::Applies;

/// The configuration in force, for readers that follow reloads.
#[derive(Debug, Clone)]
pub struct Live(watch::Receiver<Arc<Config>>);

impl Live {
    /// A configuration that never changes, for tests and tools.
    pub fn fixed(config: Config) -> Self {
        Self(watch::channel(Arc::new(config)).1)
    }

    /// What is in force now.
    pub fn get(&self) -> Arc<Config> {
        self.0.borrow().clone()
    }

    /// Waits until the layers were read again without a mistake, whether or not anything changed by it. For ever if
    /// nobody will.
    pub async fn reloaded(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

/// The side that reads the layers again.
#[derive(Debug)]
pub struct LiveSource {
    layers: Layers,
    sender: watch::Sender<Arc<Config>>,
}

impl LiveSource {
    /// Starts with what was `loaded` from `layers`.
    pub fn new(layers: Layers, loaded: &Loaded) -> (Self, Live) {
        let (sender, receiver) = watch::channel(Arc::new(loaded.config.clone()));
        (Self { layers, sender }, Live(receiver))
    }

    /// Reads the layers again and takes over the settings that can change under a running node.
    ///
    /// Returns the keys that changed but need a restart.
    ///
    /// # Errors
    /// As [`Layers::load`]; the old configuration stays in force.
    pub fn reload(&self) -> Result<Vec<&'static str>, ConfigError> {
        let new = self.layers.clone().load()?.config;
        let old = self.sender.borrow().clone();
        let (merged, waiting) = merge(&old, &new);
        self.sender.send_replace(Arc::new(merged));
        Ok(waiting)
    }
}

/// `old` with the reloadable values of `new`, and the other keys in which they differ.
fn merge(old: &Config, new: &Config) -> (Config, Vec<&'static str>) {
    let mut merged = serde_json::to_value(old).unwrap_or_default();
    let wanted = serde_json::to_value(new).unwrap_or_default();
    let mut waiting = Vec::new();
    for setting in Config::settings() {
        let pointer = format!("/{}", setting.key.replace('.', "/"));
        let (Some(slot), Some(value)) = (merged.pointer_mut(&pointer), wanted.pointer(&pointer)) else {
            continue;
        };
        match setting.applies {
            Applies::Reload => *slot = value.clone(),
            Applies::Restart if slot != value => waiting.push(setting.key),
            Applies::Restart => {}
        }
    }
    (serde_json::from_value(merged).unwrap_or_else(|_| old.clone()), waiting)
}
