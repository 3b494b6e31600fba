//! The flags that set settings, and the layers they make together with file and environment.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::config::{Config, ConfigError, Flag, Layers};

/// The file that is read when no other is named.
const DEFAULT_FILE: &str = "madang.toml";

/// Which settings are in force.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct SettingFlags {
    /// The settings' file (TOML) [default: madang.toml, if there is one here]
    #[arg(long, value_name = "FILE", env = "MADANG_CONFIG")]
    pub(super) config: Option<PathBuf>,

    /// The folder with everything the node keeps (node.data_dir)
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<String>,

    /// Address and port for clients (http.listen); port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    http_listen: Option<String>,

    /// Address and port for other nodes (peer.listen)
    #[arg(long, value_name = "ADDRESS:PORT")]
    peer_listen: Option<String>,

    /// `host:port` at which other nodes reach this one (peer.advertise)
    #[arg(long, value_name = "HOST:PORT")]
    peer_advertise: Option<String>,

    /// The nodes that form the cluster, or are part of it, separated by commas (peer.seeds)
    #[arg(long, value_name = "HOST:PORT,…")]
    seeds: Option<String>,

    /// Form a cluster of one node, also when listening beyond loopback (peer.single)
    #[arg(long)]
    single: bool,

    /// What is logged (log.filter), such as `info` or `debug,openraft=warn`
    #[arg(long, value_name = "FILTER")]
    log_filter: Option<String>,

    /// How log lines look (log.format): text or json
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,

    /// Any other setting, such as `--set limits.text_bytes_max=4096`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl SettingFlags {
    /// The layers of this process.
    pub(super) fn layers(self) -> anyhow::Result<Layers> {
        let here = Path::new(DEFAULT_FILE);
        let file = self.config.clone().or_else(|| here.is_file().then(|| here.to_owned()));
        Ok(Layers { file, environment: environment()?, flags: self.flags()? })
    }

    fn flags(self) -> anyhow::Result<Vec<Flag>> {
        let named = [
            ("node.data_dir", "--data-dir", self.data_dir),
            ("http.listen", "--http-listen", self.http_listen),
            ("peer.listen", "--peer-listen", self.peer_listen),
            ("peer.advertise", "--peer-advertise", self.peer_advertise),
            ("peer.seeds", "--seeds", self.seeds),
            ("peer.single", "--single", self.single.then(|| "true".to_owned())),
            ("log.filter", "--log-filter", self.log_filter),
            ("log.format", "--log-format", self.log_format),
        ];
        let named =
            named.into_iter().filter_map(|(key, flag, value)| value.map(|value| Flag { key, flag, value }));
        let mut flags: Vec<Flag> = named.collect();
        for pair in self.set {
            flags.push(any_setting(&pair)?);
        }
        Ok(flags)
    }
}

/// Reads `KEY=VALUE`.
fn any_setting(pair: &str) -> anyhow::Result<Flag> {
    let Some((key, value)) = pair.split_once('=') else {
        bail!(ConfigError::Invalid(vec![format!("--set {pair}: KEY=VALUE is wanted")]));
    };
    match Config::settings().find(|setting| setting.key == key) {
        Some(setting) => Ok(Flag { key: setting.key, flag: "--set", value: value.to_owned() }),
        None => bail!(ConfigError::UnknownKeys(vec![crate::config::unknown_flag(key, "--set")])),
    }
}

/// The variables that may be settings.
fn environment() -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with("MADANG_")) else { continue };
        match value.into_string() {
            Ok(value) => found.push((name.to_owned(), value)),
            Err(_) => bail!(ConfigError::Invalid(vec![format!("{name} is not UTF-8")])),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(pairs: &[&str]) -> anyhow::Result<Vec<Flag>> {
        let set = pairs.iter().map(|pair| (*pair).to_owned()).collect();
        SettingFlags { http_listen: Some("127.0.0.1:9".into()), set, ..SettingFlags::default() }.flags()
    }

    #[test]
    fn flags_are_settings() {
        let flags = flags(&["http.workers=3", "http.allowed_origins=https://a.example,https://b.example"]);
        let layers = Layers { flags: flags.unwrap(), ..Layers::default() };
        let config = layers.load().unwrap().config;
        assert_eq!((config.http.listen.port(), config.http.workers), (9, 3));
        assert_eq!(config.http.allowed_origins, ["https://a.example", "https://b.example"]);
    }

    #[test]
    fn an_unknown_key_after_set_is_refused_with_the_nearest() {
        let message = flags(&["http.worker=3"]).unwrap_err().to_string();
        assert!(
            message.contains("`http.worker` in the flag --set; did you mean `http.workers`?"),
            "{message}"
        );
        assert!(flags(&["http.workers"]).unwrap_err().to_string().contains("KEY=VALUE"));
    }
}
