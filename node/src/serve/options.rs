//! From the configuration to the options of each part. What operators cannot set keeps the part's default.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use madang_actors::auth::PasswordOptions;
use madang_actors::hub::HubOptions;
use madang_actors::options::{ActorOptions, PresenceOptions, SendRate, Switch, TypingOptions};
use madang_actors::service::{SeenOptions, ServiceOptions};
use madang_cluster::link::{LinkClientOptions, LinkOptions, LinkTls, Secret};
use madang_cluster::{Breach, ClusterOptions, PeerOptions, RaftOptions};
use madang_storage::id::UserId;
use madang_storage::{LogOptions, MemoryLimits, SharedMemory, StateOptions, Sync};

use super::advertise;
use super::node::StartError;
use crate::api::account::ClientLimits;
use crate::config::{Config, SecretText};
use crate::edge::{Admission, EdgeConfig, Tls, TlsError, TlsOptions};
use crate::session::SessionOptions;

/// After a pause a room takes this many seconds' worth of messages at once.
const ROOM_BURST_SECONDS: u32 = 2;
/// A page of history ends here, however few events it holds.
const HISTORY_BYTES_MAX: usize = 256 * 1024;
/// What a raft entry and its envelope take beside the largest message.
const ENTRY_BYTES: usize = 1 << 20;
/// Password hashes that wait for their turn, for each that is at work: about two seconds' worth.
const HASHES_WAITING_EACH: usize = 32;

/// Where both stores take their memory.
pub(super) fn memory(config: &Config) -> SharedMemory {
    SharedMemory::new(MemoryLimits {
        cache_bytes: config.storage.cache_bytes,
        memtable_bytes: config.storage.write_buffer_bytes,
    })
}

/// Set to 1, the node acknowledges what it has not synced. Only for the test that must notice it, as are
/// the next two: no settings, so that nobody finds them in a list of settings and thinks them fast.
const WITHOUT_FSYNC: &str = "MADANG_TEST_WITHOUT_FSYNC";
/// Set to 1, the node acknowledges what no other node has.
const ACK_BEFORE_COMMIT: &str = "MADANG_TEST_ACK_BEFORE_COMMIT";
/// Set to 1, the node takes no send for a repeat.
const WITHOUT_DEDUP: &str = "MADANG_TEST_WITHOUT_DEDUP";

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|set| set == "1")
}

pub(super) fn log(config: &Config, memory: &SharedMemory) -> LogOptions {
    let sync = if is_set(WITHOUT_FSYNC) {
        tracing::error!("{WITHOUT_FSYNC} is set: acknowledged messages WILL be lost when the power fails");
        Sync::Never
    } else {
        Sync::Fdatasync
    };
    LogOptions {
        memory: memory.clone(),
        tail_bytes_max: config.storage.log_tail_bytes,
        sync,
        ..LogOptions::default()
    }
}

pub(super) fn state(memory: &SharedMemory) -> StateOptions {
    StateOptions { memory: memory.clone(), ..StateOptions::default() }
}

fn breach() -> Breach {
    if is_set(ACK_BEFORE_COMMIT) {
        tracing::error!("{ACK_BEFORE_COMMIT} is set: acknowledged messages WILL be lost when a node dies");
        Breach::AckBeforeCommit
    } else if is_set(WITHOUT_DEDUP) {
        tracing::error!("{WITHOUT_DEDUP} is set: messages WILL be doubled when a client tries again");
        Breach::WithoutDedup
    } else {
        Breach::None
    }
}

pub(super) fn cluster(config: &Config) -> Result<ClusterOptions, StartError> {
    let raft = &config.raft;
    Ok(ClusterOptions {
        peers: peers(config)?,
        shards: raft.shards,
        batch_commands_max: raft.batch_commands_max,
        entries_in_flight_max: raft.entries_in_flight,
        checkpoint_interval_ms: raft.checkpoint_ms,
        checkpoint_log_bytes: raft.checkpoint_bytes,
        raft: RaftOptions {
            heartbeat_ms: raft.heartbeat_ms,
            election_min_ms: raft.election_min_ms,
            election_max_ms: raft.election_max_ms,
            ..RaftOptions::default()
        },
        breach: breach(),
        ..ClusterOptions::default()
    })
}

fn peers(config: &Config) -> Result<PeerOptions, StartError> {
    let peer = &config.peer;
    Ok(PeerOptions {
        link: link(config)?,
        seeds: peer.seeds.clone(),
        single: peer.single,
        replication: config.raft.replication,
        // Told once it listens.
        http: String::new(),
        zone: peer.zone.clone(),
        weight: peer.weight,
    })
}

fn link(config: &Config) -> Result<LinkOptions, StartError> {
    let peer = &config.peer;
    let advertise = advertise::address(peer).map_err(|error| StartError::System {
        what: "peer.advertise".to_owned(),
        error: io::Error::other(error),
    })?;
    let usual = LinkOptions::default();
    // The largest message must get across, in an entry that holds a full batch beside it.
    let request_bytes_max = usual.request_bytes_max.max(config.limits.text_bytes_max + ENTRY_BYTES);
    Ok(LinkOptions {
        listen: peer.listen,
        advertise,
        secret: secret(config)?,
        tls: tls(config),
        heartbeat_ms: peer.heartbeat_ms,
        request_bytes_max,
        queue_bytes_max: usual.queue_bytes_max.max(2 * request_bytes_max),
        ..usual
    })
}

/// What a program beside the node needs to ask it.
pub(crate) fn link_client(config: &Config) -> Result<LinkClientOptions, StartError> {
    Ok(LinkClientOptions { secret: secret(config)?, tls: tls(config) })
}

fn tls(config: &Config) -> Option<LinkTls> {
    let peer = &config.peer;
    let files = LinkTls {
        certificate: peer.tls_certificate.clone(),
        key: peer.tls_key.clone(),
        ca: peer.tls_ca.clone(),
    };
    (!files.ca.as_os_str().is_empty()).then_some(files)
}

fn secret(config: &Config) -> Result<Option<Secret>, StartError> {
    Ok(secret_text(config)?.map(|secret| Secret::new(secret.reveal())))
}

/// The cluster's secret: from its file, else as it is set.
pub(crate) fn secret_text(config: &Config) -> Result<Option<SecretText>, StartError> {
    let file = &config.peer.secret_file;
    if file.as_os_str().is_empty() {
        let secret = &config.peer.secret;
        return Ok(secret.is_set().then(|| secret.clone()));
    }
    let wrong = |error| StartError::System { what: format!("peer.secret_file {}", file.display()), error };
    let secret = std::fs::read_to_string(file).map_err(wrong)?;
    match secret.trim() {
        "" => Err(wrong(io::Error::other("is empty: write the secret into it"))),
        secret => Ok(Some(secret.into())),
    }
}

pub(super) fn actors(config: &Config) -> ActorOptions {
    let (rooms, limits) = (&config.rooms, &config.limits);
    ActorOptions {
        rooms_active_max: rooms.active_max,
        room_idle_ms: rooms.idle_hibernate_ms,
        tail_events_max: rooms.hot_tail_events,
        busy_tail_events_max: rooms.busy_tail_events,
        tails_bytes_max: rooms.hot_tail_bytes_max,
        send_rate: Some(SendRate { per_second: limits.sends_per_second, burst: limits.sends_burst }),
        room_rate: (limits.room_sends_per_second > 0).then(|| SendRate {
            per_second: limits.room_sends_per_second,
            burst: limits.room_sends_per_second.saturating_mul(ROOM_BURST_SECONDS),
        }),
        presence: presence(config),
        typing: TypingOptions {
            room_members_max: config.typing.room_members_max,
            ..TypingOptions::default()
        },
        shedding: if config.shedding.enabled { Switch::On } else { Switch::Off },
        ..ActorOptions::default()
    }
}

fn presence(config: &Config) -> PresenceOptions {
    let presence = &config.presence;
    PresenceOptions {
        switch: if presence.enabled { Switch::On } else { Switch::Off },
        idle_after_ms: presence.idle_after_ms,
        grace_ms: presence.grace_ms,
        room_members_max: presence.room_members_max,
        ..PresenceOptions::default()
    }
}

pub(super) fn hubs(config: &Config) -> HubOptions {
    let ping_ms = config.session.ping_ms;
    let millis = |ms: u64| u32::try_from(ms).unwrap_or(u32::MAX);
    // Two and a half pings without a sign of life: docs/protocol.md, "WebSocket".
    HubOptions {
        ping_ms: millis(ping_ms),
        idle_ms: millis(ping_ms * 5 / 2),
        notice_after_ms: config.presence.notice_after_ms,
        room_writes_per_s: if config.shedding.enabled { config.shedding.room_writes_per_second } else { 0 },
        ..HubOptions::default()
    }
}

pub(super) fn passwords(config: &Config) -> PasswordOptions {
    let auth = &config.auth;
    PasswordOptions {
        memory_kib: auth.argon2_memory_kib,
        iterations: auth.argon2_iterations,
        parallelism: auth.argon2_parallelism,
        concurrency_max: auth.hash_concurrency_max,
        waiting_max: auth.hash_concurrency_max.saturating_mul(HASHES_WAITING_EACH),
    }
}

pub(super) fn service(config: &Config) -> ServiceOptions {
    let limits = &config.limits;
    ServiceOptions {
        text_bytes_max: limits.text_bytes_max,
        history_page_max: usize::try_from(limits.history_page_max).unwrap_or(usize::MAX),
        history_bytes_max: HISTORY_BYTES_MAX,
        sessions_max: u16::try_from(limits.sessions_per_user_max).unwrap_or(u16::MAX),
        rooms_per_user_max: limits.rooms_per_user_max,
        invitations_per_user_max: limits.invitations_per_user_max,
        admins: config.safety.admins.iter().filter_map(|name| UserId::parse(name).ok()).collect(),
        room_places_max: limits.room_places_max,
        seen: SeenOptions {
            after_ms: config.session.seen_after_ms,
            per_second: config.session.seen_per_second,
            waiting_max: config.session.seen_waiting_max,
        },
    }
}

pub(super) fn sessions(config: &Config, node: u64) -> SessionOptions {
    SessionOptions {
        auth_deadline: Duration::from_millis(config.auth.auth_deadline_ms),
        node: node.to_string(),
        ping_ms: config.session.ping_ms,
        limits: ClientLimits {
            frame_bytes_max: config.limits.frame_bytes_max,
            text_bytes_max: config.limits.text_bytes_max,
            commands_in_flight_max: config.limits.commands_in_flight_max,
            history_page_max: config.limits.history_page_max,
        },
        page_backlog_bytes_max: config.limits.outbound_bytes_max / 2,
    }
}

/// TLS with clients, if it is wanted. Reads the files.
pub(super) fn client_tls(config: &Config) -> Result<Option<Arc<Tls>>, TlsError> {
    let http = &config.http;
    let options = || TlsOptions {
        certificate: http.tls_certificate.clone(),
        key: http.tls_key.clone(),
        handshakes_max: http.tls_handshakes_max,
        handshake_timeout: Duration::from_millis(http.request_ms),
    };
    http.has_tls().then(|| Tls::load(options())).transpose()
}

pub(super) fn edge(config: &Config) -> EdgeConfig {
    let http = &config.http;
    let workers = match http.workers {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        workers => workers,
    };
    EdgeConfig {
        listen: vec![http.listen],
        workers,
        connections_max: http.connections_max,
        admission: Admission {
            per_second: http.handshakes_per_second,
            burst: http.handshakes_burst,
            wait_max: Duration::from_millis(http.handshake_wait_ms),
        },
        frame_bytes_max: config.limits.frame_bytes_max,
        outbound_bytes_max: config.limits.outbound_bytes_max,
        send_buffer_bytes: http.send_buffer_bytes,
        allowed_origins: http.allowed_origins.clone(),
        request_head_timeout: Duration::from_millis(http.request_ms),
        keep_alive: Duration::from_millis(http.keep_alive_ms),
        http_drain_timeout: Duration::from_millis(config.node.shutdown_grace_ms),
        ..EdgeConfig::default()
    }
}
