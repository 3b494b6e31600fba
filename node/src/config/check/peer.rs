//! Whether the settings of the port for other nodes fit together.

use crate::config::address::host_and_port;
use crate::config::section::Peer;

/// Everything that is wrong, each as a sentence that says what to do.
pub(super) fn errors(peer: &Peer) -> Vec<String> {
    let mut wrong: Vec<String> = peer.seeds.iter().filter_map(|seed| seed_error(seed)).collect();
    wrong.extend(advertise_error("peer.advertise", &peer.advertise));
    wrong.extend(secret_error(peer));
    wrong.extend(tls_error(peer));
    if needs_advertise(peer) {
        wrong.push(format!(
            "peer.listen {} means every address of this machine, which other nodes cannot use: set \
             peer.advertise to the host:port at which they reach this one",
            peer.listen
        ));
    }
    wrong
}

/// The address that others are told, if there is one.
pub(super) fn advertise_error(key: &str, address: &str) -> Option<String> {
    if address.is_empty() {
        return None;
    }
    let reason = host_and_port(address).err()?;
    Some(format!("{key}: `{address}` {reason}"))
}

fn seed_error(seed: &str) -> Option<String> {
    let reason = host_and_port(seed).err()?;
    Some(format!("peer.seeds: `{seed}` {reason}"))
}

/// Who can reach the port may take part in the cluster, so beyond this machine a secret is needed.
fn secret_error(peer: &Peer) -> Option<String> {
    let in_file = !peer.secret_file.as_os_str().is_empty();
    if peer.secret.is_set() && in_file {
        return Some("peer.secret and peer.secret_file are both set: keep one of them".to_owned());
    }
    let open = !peer.listen.ip().is_loopback() && !peer.secret.is_set() && !in_file;
    open.then(|| {
        format!(
            "peer.listen {} can be reached from other machines: it needs peer.secret or peer.secret_file, the \
             same on every node (`openssl rand -hex 32` makes one)",
            peer.listen
        )
    })
}

fn tls_error(peer: &Peer) -> Option<String> {
    let files = [
        ("peer.tls_certificate", &peer.tls_certificate),
        ("peer.tls_key", &peer.tls_key),
        ("peer.tls_ca", &peer.tls_ca),
    ];
    let (missing, given): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|(_, file)| file.as_os_str().is_empty());
    let names =
        |files: Vec<(&'static str, _)>| files.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" and ");
    (!missing.is_empty() && !given.is_empty()).then(|| {
        format!(
            "TLS between nodes needs all three files or none: set {}, missing {}",
            names(given),
            names(missing)
        )
    })
}

/// With seeds the node finds itself among them when it starts.
fn needs_advertise(peer: &Peer) -> bool {
    peer.listen.ip().is_unspecified() && peer.advertise.is_empty() && peer.seeds.is_empty()
}
