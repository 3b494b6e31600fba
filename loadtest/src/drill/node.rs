//! One node of a drill: a place, a folder, and sometimes a process. Whatever happens to the drill, the process
//! ends with it.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rcgen::{CertificateParams, KeyPair};

/// Proves to nodes that they, or who asks about the cluster, belong to it.
pub(super) const SECRET: &str = "a secret of one drill";
/// Makes a process end together with the thread that started it, also when that one is killed.
const SETPRIV: &str = "/usr/bin/setpriv";
/// Below the ports that the system gives to clients: a node that is down must find its port free again.
const HTTP_PORT: u16 = 7300;
const PEER_PORT: u16 = 7400;

/// No limits by person or address, since all users come from this machine; cheap passwords, since nobody
/// measures them.
const SETTINGS: [(&str, &str); 7] = [
    ("MADANG_LIMITS__SENDS_PER_SECOND", "1000000"),
    ("MADANG_LIMITS__SENDS_BURST", "1000000"),
    ("MADANG_LIMITS__SIGN_UPS_PER_MINUTE", "0"),
    ("MADANG_LIMITS__LOGINS_PER_MINUTE", "0"),
    ("MADANG_LIMITS__REQUESTS_PER_MINUTE", "0"),
    ("MADANG_AUTH__ARGON2_MEMORY_KIB", "64"),
    ("MADANG_PEER__SECRET", SECRET),
];

/// What a node speaks TLS with: files in PEM.
#[derive(Debug)]
struct Papers {
    certificate: PathBuf,
    key: PathBuf,
}

/// One node.
#[derive(Debug)]
pub(super) struct LocalNode {
    pub(super) http: SocketAddrV4,
    pub(super) peer: SocketAddrV4,
    home: PathBuf,
    log: PathBuf,
    papers: Option<Papers>,
    child: Option<Child>,
}

impl LocalNode {
    /// A node that lives at this address and keeps its data in `home`. Not started.
    pub(super) fn new(address: Ipv4Addr, home: &Path, name: &str) -> Self {
        Self {
            http: SocketAddrV4::new(address, HTTP_PORT),
            peer: SocketAddrV4::new(address, PEER_PORT),
            home: home.join(name),
            log: home.join(format!("{name}.log")),
            papers: None,
            child: None,
        }
    }

    /// From its next start on it speaks TLS with clients. The certificate that they have to trust.
    pub(super) fn secure(&mut self) -> anyhow::Result<&Path> {
        std::fs::create_dir_all(&self.home)?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new([self.http.ip().to_string()])?.self_signed(&key)?;
        let papers = Papers { certificate: self.home.join("cert.pem"), key: self.home.join("key.pem") };
        std::fs::write(&papers.certificate, certificate.pem())?;
        std::fs::write(&papers.key, key.serialize_pem())?;
        Ok(&self.papers.insert(papers).certificate)
    }

    /// Whether nobody else uses its place.
    pub(super) fn is_free(&self) -> bool {
        TcpListener::bind(self.http).is_ok() && TcpListener::bind(self.peer).is_ok()
    }

    /// Where clients find it.
    pub(super) fn url(&self) -> String {
        let scheme = if self.papers.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.http)
    }

    /// Its process id, while it runs.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Where it keeps its data.
    pub(super) fn data_folder(&self) -> PathBuf {
        self.home.join("data")
    }

    /// Starts `madang serve` there, and does not wait.
    pub(super) fn start(&mut self, madang: &Path, seeds: &[String]) -> anyhow::Result<()> {
        std::fs::create_dir_all(&self.home)?;
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut words = vec![madang.to_string_lossy().into_owned()];
        if Path::new(SETPRIV).exists() {
            // It replaces itself by the node, so that the child's process id is the node's.
            words.splice(0..0, [SETPRIV, "--pdeathsig", "KILL"].map(str::to_owned));
        }
        let (program, before) = words.split_first().context("no program")?;
        let mut command = Command::new(program);
        command.args(before).arg("serve").arg("--data-dir").arg(self.data_folder());
        command.args(["--http-listen", &self.http.to_string(), "--peer-listen", &self.peer.to_string()]);
        if !seeds.is_empty() {
            command.args(["--seeds", &seeds.join(",")]);
        }
        // Its folder, so that no madang.toml of somebody else is found.
        command.current_dir(&self.home).envs(SETTINGS).env_remove("MADANG_READY_FILE");
        if let Some(Papers { certificate, key }) = &self.papers {
            command.env("MADANG_HTTP__TLS_CERTIFICATE", certificate).env("MADANG_HTTP__TLS_KEY", key);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {}", madang.display()))?;
        self.child = Some(child);
        Ok(())
    }

    /// `kill -9`. Answers the moment before.
    pub(super) fn kill(&mut self) -> anyhow::Result<Instant> {
        let Some(mut child) = self.child.take() else { bail!("{} does not run", self.http) };
        let at = Instant::now();
        child.kill()?;
        child.wait()?;
        Ok(at)
    }

    /// SIGTERM: it hands over what it leads, sends its clients away and ends.
    pub(super) fn ask_to_stop(&self) -> anyhow::Result<()> {
        let Some(pid) = self.pid() else { bail!("{} does not run", self.http) };
        let sent = Command::new("kill").args(["-s", "TERM", &pid.to_string()]).status()?;
        if !sent.success() {
            bail!("SIGTERM to {pid}: {sent}");
        }
        Ok(())
    }

    /// Waits until the process has ended.
    pub(super) async fn ended(&mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.end_if_any()? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                bail!("{} has not ended within {limit:?}; its log:\n{}", self.http, self.last_words());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// An error if it should run and does not.
    pub(super) fn check_runs(&mut self) -> anyhow::Result<()> {
        match self.end_if_any()? {
            Some(status) => bail!("{} ended with {status}; its log:\n{}", self.http, self.last_words()),
            None => Ok(()),
        }
    }

    fn end_if_any(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        let Some(child) = &mut self.child else { return Ok(None) };
        let status = child.try_wait()?;
        if status.is_some() {
            self.child = None;
        }
        Ok(status)
    }

    fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for LocalNode {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
