//! How a node is started: its folder, its addresses, its settings, and the host it runs on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::binary;

/// Makes a process end together with the thread that started it, also when that one is killed.
const SETPRIV: &str = "/usr/bin/setpriv";

/// How a node is started.
#[derive(Clone, Debug)]
pub struct Launch {
    pub(super) data_dir: PathBuf,
    pub(super) listen: String,
    pub(super) ready: PathBuf,
    pub(super) log: PathBuf,
    arguments: Vec<String>,
    settings: Vec<(String, String)>,
    namespace: Option<String>,
}

impl Launch {
    /// On `data_dir`, on any free port, with default settings.
    pub fn new(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            listen: "127.0.0.1:0".to_owned(),
            ready: beside(data_dir, "ready"),
            log: log_file(data_dir),
            arguments: Vec::new(),
            settings: Vec::new(),
            namespace: None,
        }
    }

    /// Serves clients at this address.
    #[must_use]
    pub fn at(mut self, listen: &str) -> Self {
        listen.clone_into(&mut self.listen);
        self
    }

    /// With these environment variables.
    #[must_use]
    pub fn with<'a>(mut self, settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.settings.extend(settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        self
    }

    /// With this flag and its value.
    #[must_use]
    pub fn flag(mut self, name: &str, value: &str) -> Self {
        self.arguments.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// In this network namespace; `None`: in the test's own.
    #[must_use]
    pub fn on_host(mut self, namespace: Option<&str>) -> Self {
        self.namespace = namespace.map(str::to_owned);
        self
    }

    /// Writes what it says to this file.
    #[must_use]
    pub fn logging_to(mut self, log: PathBuf) -> Self {
        self.log = log;
        self
    }

    /// Whether it has this environment variable.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.settings.iter().any(|(known, _)| known == name)
    }

    /// Those of its environment variables by which nodes, and who speaks to them as one, know each other.
    pub(crate) fn peer_settings(&self) -> impl Iterator<Item = (&str, &str)> {
        let peer = self.settings.iter().filter(|(name, _)| name.starts_with("MADANG_PEER__"));
        peer.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn spawn(&self) -> Child {
        fs::create_dir_all(&self.data_dir).expect("a data directory");
        // A file of a former run must not be taken for this one's.
        let _ = fs::remove_file(&self.ready);
        let log = fs::File::create(&self.log).expect("a log file");
        let errors = log.try_clone().expect("a log file twice");
        let mut words: Vec<String> = Vec::new();
        if let Some(namespace) = &self.namespace {
            // Not `ip netns exec`: it copies the mounts, and a disk could not be unmounted any more.
            words.extend(["nsenter".to_owned(), format!("--net=/run/netns/{namespace}")]);
        }
        if Path::new(SETPRIV).exists() {
            words.extend([SETPRIV, "--pdeathsig", "KILL"].map(str::to_owned));
        }
        words.push(binary().to_string_lossy().into_owned());
        // Each of these replaces itself by the next, so that the child's process id is the node's.
        let (program, before) = words.split_first().expect("at least the binary itself");
        Command::new(program)
            .args(before)
            .arg("serve")
            .arg("--data-dir")
            .arg(&self.data_dir)
            .args(["--http-listen", &self.listen, "--ready-file"])
            .arg(&self.ready)
            .args(&self.arguments)
            // Any free port for other nodes, unless the test chooses one.
            .env("MADANG_PEER__LISTEN", "127.0.0.1:0")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .expect("the binary starts")
    }
}

/// Where a node on this directory writes what it says, unless told otherwise.
pub(super) fn log_file(data_dir: &Path) -> PathBuf {
    beside(data_dir, "log")
}

/// Beside the data directory, not in it: a disk under test may be full or gone.
fn beside(data_dir: &Path, name: &str) -> PathBuf {
    let dir = data_dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    std::env::temp_dir().join(format!("madang-test-{}-{dir}.{name}", hash(data_dir)))
}

fn hash(path: &Path) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    std::process::id().hash(&mut hasher);
    hasher.finish()
}
