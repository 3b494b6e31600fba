//! Which nodes there are, where they listen and how each is started.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Args;
use crate::config::ConfigError;

/// The nodes of one `madang dev`.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    data_dir: PathBuf,
    nodes: u16,
    http_port: u16,
    peer_port: u16,
    config: Option<PathBuf>,
    set: Vec<String>,
}

impl Plan {
    /// Errors: the ports of one kind run into those of the other.
    pub(super) fn new(args: Args) -> Result<Self, ConfigError> {
        let Args { nodes, data_dir, http_port, peer_port, config, set, .. } = args;
        if http_port.abs_diff(peer_port) < nodes {
            let why = format!(
                "--http-port {http_port} and --peer-port {peer_port} are too close: {nodes} nodes take {nodes} \
                 ports from each"
            );
            return Err(ConfigError::Invalid(vec![why]));
        }
        Ok(Self { data_dir, nodes, http_port, peer_port, config, set })
    }

    /// The numbers of the nodes: 1, 2, 3 …
    pub(super) fn numbers(&self) -> std::ops::RangeInclusive<u16> {
        1..=self.nodes
    }

    /// Where everything is.
    pub(super) fn folder(&self) -> &Path {
        &self.data_dir
    }

    /// Where a node serves clients.
    pub(super) fn http(&self, number: u16) -> String {
        at(self.http_port, number)
    }

    /// Where other nodes reach a node.
    pub(super) fn peer(&self, number: u16) -> String {
        at(self.peer_port, number)
    }

    /// A node's folder.
    pub(super) fn data(&self, number: u16) -> PathBuf {
        self.data_dir.join(format!("node-{number}"))
    }

    /// The file that a node writes when it is ready.
    pub(super) fn ready_file(&self, number: u16) -> PathBuf {
        self.data_dir.join(format!("node-{number}.ready"))
    }

    /// The file for a node's log.
    pub(super) fn log_file(&self, number: u16) -> PathBuf {
        self.data_dir.join(format!("node-{number}.log"))
    }

    /// The arguments that start a node.
    pub(super) fn arguments(&self, number: u16) -> Vec<OsString> {
        let seeds: Vec<String> = self.numbers().map(|each| self.peer(each)).collect();
        let mut words: Vec<OsString> = vec!["serve".into()];
        let mut flag = |name: &str, value: OsString| words.extend([name.into(), value]);
        if let Some(file) = &self.config {
            flag("--config", file.into());
        }
        flag("--data-dir", self.data(number).into());
        flag("--http-listen", self.http(number).into());
        flag("--peer-listen", self.peer(number).into());
        flag("--seeds", seeds.join(",").into());
        for pair in &self.set {
            flag("--set", pair.into());
        }
        words
    }

    /// The same as a person would type it.
    pub(super) fn command_line(&self, number: u16) -> String {
        let words = self.arguments(number).into_iter().map(|word| quoted(&word.to_string_lossy()));
        std::iter::once("madang".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
    }
}

fn at(base: u16, number: u16) -> String {
    format!("127.0.0.1:{}", base.saturating_add(number.saturating_sub(1)))
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:,=@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Reads `3s` or `500ms`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time such as 3s or 500ms");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u32 = digits.parse().map_err(|_| wrong())?;
    match text.get(digits.len()..) {
        Some("ms") => Ok(Duration::from_millis(number.into())),
        Some("s") => Ok(Duration::from_secs(number.into())),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    pub(in super::super) fn plan(line: &str) -> Plan {
        try_plan(line).unwrap()
    }

    fn try_plan(line: &str) -> Result<Plan, ConfigError> {
        Plan::new(Line::try_parse_from(line.split(' ')).unwrap().args)
    }

    #[test]
    fn every_node_knows_all_seeds_and_has_its_own_ports_and_folder() {
        let plan = plan("dev --data-dir yard --set raft.shards=4");
        assert_eq!(
            plan.command_line(2),
            "madang serve --data-dir yard/node-2 --http-listen 127.0.0.1:7301 --peer-listen 127.0.0.1:7401 \
             --seeds 127.0.0.1:7400,127.0.0.1:7401,127.0.0.1:7402 --set raft.shards=4"
        );
    }

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted("a folder"), "'a folder'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn ports_that_run_into_each_other_are_refused() {
        let message = try_plan("dev --http-port 7400 --peer-port 7402").unwrap_err().to_string();
        assert!(message.contains("too close"), "{message}");
        try_plan("dev --nodes 2 --http-port 7400 --peer-port 7402").unwrap();
        assert!(Line::try_parse_from(["dev", "--nodes", "10"]).is_err());
        assert!(Line::try_parse_from(["dev", "--http-port", "65535"]).is_err());
    }

    #[test]
    fn times_have_a_unit() {
        assert_eq!(duration("3s"), Ok(Duration::from_secs(3)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        for wrong in ["3", "s", "3m", "-1s", "3 s", ""] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
