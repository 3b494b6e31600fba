//! Limits against each other: combinations that a node could not keep its word with.

mod peer;

use super::address::host_and_port;
use madang_storage::id::UserId;

use super::section::{Config, Http};
use crate::safety::Gate;

/// What a command needs beside the text of its message.
const COMMAND_BYTES: usize = 1024;
/// A page of history ends here.
const HISTORY_PAGE_BYTES: usize = 256 * 1024;

/// All contradictions in `config`, each as a sentence that names the settings.
///
/// # Errors
/// The sentences, if there are any.
pub fn check(config: &Config) -> Result<(), Vec<String>> {
    let Config { safety, http, limits, auth, raft, rooms, storage, log, peer, .. } = config;
    let page = HISTORY_PAGE_BYTES + limits.text_bytes_max;
    let rules = [
        (
            limits.frame_bytes_max >= limits.text_bytes_max.saturating_add(COMMAND_BYTES),
            "limits.frame_bytes_max must be at least limits.text_bytes_max + 1024: a message has to fit \
             into a frame",
        ),
        (
            limits.outbound_bytes_max >= page,
            "limits.outbound_bytes_max must be at least 262144 + limits.text_bytes_max: a page of history \
             has to fit",
        ),
        (
            limits.sends_burst >= limits.sends_per_second,
            "limits.sends_burst must not be below limits.sends_per_second",
        ),
        (
            auth.argon2_memory_kib >= auth.argon2_parallelism.saturating_mul(8),
            "auth.argon2_memory_kib must be at least 8 times auth.argon2_parallelism (RFC 9106)",
        ),
        (
            raft.election_min_ms >= raft.heartbeat_ms.saturating_mul(2),
            "raft.election_min_ms must be at least twice raft.heartbeat_ms: one late heartbeat is no reason \
             for an election",
        ),
        (
            raft.election_max_ms > raft.election_min_ms,
            "raft.election_max_ms must be above raft.election_min_ms",
        ),
        (
            storage.log_tail_bytes >= limits.frame_bytes_max.saturating_mul(16),
            "storage.log_tail_bytes must be at least 16 times limits.frame_bytes_max",
        ),
        (
            rooms.hot_tail_bytes_max >= limits.text_bytes_max,
            "rooms.hot_tail_bytes_max must be at least limits.text_bytes_max",
        ),
    ];
    let mut wrong: Vec<String> =
        rules.into_iter().filter(|(holds, _)| !holds).map(|(_, rule)| rule.to_owned()).collect();
    wrong.extend(http_advertise_error(&http.advertise));
    wrong.extend(http_tls_error(http));
    wrong.extend(peer::errors(peer));
    wrong.extend(http.allowed_origins.iter().filter_map(|origin| origin_error(origin)));
    for name in &safety.admins {
        if let Err(error) = UserId::parse(name) {
            wrong.push(format!("safety.admins: `{name}` is no user id: {error}"));
        }
    }
    if let Err(error) = Gate::new(safety) {
        wrong.push(error.to_string());
    }
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&log.filter) {
        wrong.push(format!("log.filter is not a filter: {error}"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// The address that clients are told, if there is one.
fn http_advertise_error(address: &str) -> Option<String> {
    let Some((scheme, authority)) = address.split_once("://") else {
        return peer::advertise_error("http.advertise", address);
    };
    let is_host = host_and_port(authority).is_ok() || host_and_port(&format!("{authority}:1")).is_ok();
    (!matches!(scheme, "http" | "https") || !is_host).then(|| {
        format!(
            "http.advertise: `{address}` is neither host:port nor an origin, such as \"https://chat-1.example.org\""
        )
    })
}

/// Half of what TLS needs is none of it.
fn http_tls_error(http: &Http) -> Option<String> {
    let (set, missing) = match (http.has_tls(), !http.tls_key.as_os_str().is_empty()) {
        (true, false) => ("http.tls_certificate", "http.tls_key"),
        (false, true) => ("http.tls_key", "http.tls_certificate"),
        _ => return None,
    };
    Some(format!("TLS with clients needs both files or none: set {set}, missing {missing}"))
}

fn origin_error(origin: &str) -> Option<String> {
    let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let host = rest.unwrap_or_default();
    let plain = !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ', '*']);
    (!plain).then(|| {
        format!(
            "http.allowed_origins: `{origin}` is not an origin; write scheme and host, and the port if it is \
             not the usual one, such as \"https://chat.example.org\""
        )
    })
}
