//! The settings themselves, section by section.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::secret::SecretText;
use super::setting::{Section, Setting, Shape, number, section};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;
const HOUR_MS: u64 = 3_600_000;

/// All settings of a node.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The node itself.
    pub node: Node,
    /// How it sends its clients away.
    pub drain: Drain,
    /// How clients reach it.
    pub http: Http,
    /// The other nodes.
    pub peer: Peer,
    /// What a client may do at most.
    pub limits: Limits,
    /// Passwords and logging in.
    pub auth: Auth,
    /// WebSocket sessions.
    pub session: Session,
    /// Disk.
    pub storage: Storage,
    /// Consensus.
    pub raft: Raft,
    /// Rooms in memory.
    pub rooms: Rooms,
    /// Safety.
    pub safety: Safety,
    /// Who is online.
    pub presence: Presence,
    /// Who is typing.
    pub typing: Typing,
    /// What rooms get less of.
    pub shedding: Shedding,
    /// Logging.
    pub log: Log,
}

impl Config {
    /// The tables behind all sections, in printing order.
    pub const SECTIONS: &'static [Section] = &[
        Node::SECTION,
        Drain::SECTION,
        Http::SECTION,
        Peer::SECTION,
        Limits::SECTION,
        Auth::SECTION,
        Session::SECTION,
        Storage::SECTION,
        Raft::SECTION,
        Rooms::SECTION,
        Safety::SECTION,
        Presence::SECTION,
        Typing::SECTION,
        Shedding::SECTION,
        Log::SECTION,
    ];

    /// All settings.
    pub fn settings() -> impl Iterator<Item = &'static Setting> {
        Self::SECTIONS.iter().flat_map(|section| section.settings)
    }
}

section! {
    /// The node itself.
    Node = "node" {
        /// The folder with everything this node keeps. Made if it is missing. Never shared by two nodes.
        data_dir: PathBuf = PathBuf::from("./madang-data"), Shape::Text("path"), Restart;
        /// How long a node that is asked to stop waits, once its clients were sent away, for their goodbyes
        /// and for work under way.
        shutdown_grace_ms: u64 = 10_000, number("milliseconds", 0, HOUR_MS), Restart;
    }
}

section! {
    /// How a node that stops, or is drained, sends its clients away: to other nodes if there are any.
    Drain = "drain" {
        /// WebSocket connections that are sent away a second: what the other nodes, or this one when it is
        /// back, can take without a hitch.
        connections_per_second: u32 = 1_000, number("connections per second", 1, 1_000_000), Restart;
        /// How long it may take until all are told, handing over leadership included. If it is short for so
        /// many, they are sent away faster.
        limit_ms: u64 = 20_000, number("milliseconds", 0, HOUR_MS), Restart;
    }
}

section! {
    /// How clients reach the node: HTTP and WebSocket on one port, `/livez`, `/readyz` and `/metrics` among them.
    Http = "http" {
        /// Address and port. Port 0 takes any free one (see `--ready-file`).
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 7300)), Shape::Text("address:port"), Restart;
        /// Where clients reach this node: `host:port`, or with something in front of it an origin, such as
        /// "https://chat-1.example.org". Told to other nodes, and to clients that should go elsewhere. Empty:
        /// the address it listens on, unless that means all addresses of this machine, or is loopback while
        /// other machines may be part of the cluster; then clients are never sent here.
        advertise: String = String::new(), Shape::Text("host:port or origin"), Restart;
        /// This node's certificate for clients (PEM), those of its authorities behind it: from then on the port
        /// speaks TLS and nothing else, `https://` and `wss://`. With its key, or neither. What is in both files is
        /// read again on SIGHUP, without an effect on open connections.
        tls_certificate: PathBuf = PathBuf::new(), Shape::Text("path"), Restart;
        /// Its private key (PEM), without a passphrase.
        tls_key: PathBuf = PathBuf::new(), Shape::Text("path"), Restart;
        /// TLS handshakes under way at the same time. One more waits its turn, no longer than `request_ms`. Who begins
        /// while half of them are taken has an eighth of `request_ms`.
        tls_handshakes_max: usize = 1_024, number("handshakes", 1, 1_000_000), Restart;
        /// How long browsers shall remember that this host is reached by TLS only (the header
        /// Strict-Transport-Security), once there is a certificate. 0: they are not told.
        tls_hsts_seconds: u64 = 31_536_000, number("seconds", 0, 10 * 31_536_000), Restart;
        /// Threads that serve connections. 0: one per CPU core.
        workers: usize = 0, number("threads", 0, 256), Restart;
        /// Origins (such as "https://chat.example.org") whose pages may use this node from a browser,
        /// beside the node's own.
        allowed_origins: Vec<String> = Vec::new(), Shape::List("origins"), Restart;
        /// WebSocket connections at one time. Above it new ones are refused, to come back later.
        connections_max: usize = 19_000, number("connections", 1, 10_000_000), Restart;
        /// WebSocket handshakes that go on in a second, on average: when everybody comes back at once, those who
        /// stayed shall not wait behind them all. 0: as many as come.
        handshakes_per_second: u32 = 3_000, number("handshakes per second", 0, 1_000_000), Restart;
        /// WebSocket handshakes that go on at once, after a pause.
        handshakes_burst: u32 = 200, number("handshakes", 1, 1_000_000), Restart;
        /// How long a handshake may wait for its turn. One that would wait longer is refused, to come back at a
        /// time of its own.
        handshake_wait_ms: u64 = 5_000, number("milliseconds", 0, 8_000), Restart;
        /// How long an HTTP connection without a request is kept open.
        keep_alive_ms: u64 = 75_000, number("milliseconds", 0, HOUR_MS), Restart;
        /// How long a client may take for the TLS handshake, again to send the head of a request, and again for
        /// its body.
        request_ms: u64 = 10_000, number("milliseconds", 100, HOUR_MS), Restart;
        /// Kernel buffer for what is sent on one connection (SO_SNDBUF): what a client that stops reading
        /// can hold of the kernel's memory.
        send_buffer_bytes: usize = 64 * 1024, number("bytes", 4 * KIB, 16 * MIB), Restart;
    }
}

impl Http {
    /// Whether clients are spoken to by TLS.
    pub fn has_tls(&self) -> bool {
        !self.tls_certificate.as_os_str().is_empty()
    }

    /// What addresses of this node begin with.
    pub fn scheme(&self) -> &'static str {
        if self.has_tls() { "https" } else { "http" }
    }
}

section! {
    /// The other nodes of the cluster: how this node finds them, and how they reach it.
    Peer = "peer" {
        /// Address and port for other nodes, and for `madang status` and its like. Beyond loopback a secret
        /// is needed. Port 0 takes any free one.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 7400)), Shape::Text("address:port"), Restart;
        /// `host:port` at which other nodes reach this one. Empty: the address it listens on, or, if that
        /// means all addresses of this machine, the one of the seeds that is this machine.
        advertise: String = String::new(), Shape::Text("host:port"), Restart;
        /// `host:port` of the nodes that form the cluster, this one among them, or of nodes that are part of
        /// it. Needed only to find the cluster: a node that has joined knows the others.
        seeds: Vec<String> = Vec::new(), Shape::List("host:port"), Restart;
        /// A node without seeds forms a cluster of its own, also when it listens beyond loopback.
        single: bool = false, Shape::Flag, Restart;
        /// What every node of the cluster knows and nobody else. Better kept in a file, or in the environment.
        secret: SecretText = SecretText::default(), Shape::Secret, Restart;
        /// A file with the secret, instead of `secret`.
        secret_file: PathBuf = PathBuf::new(), Shape::Text("path"), Restart;
        /// This node's certificate (PEM), for mutual TLS between nodes. All three, or none.
        tls_certificate: PathBuf = PathBuf::new(), Shape::Text("path"), Restart;
        /// Its private key (PEM).
        tls_key: PathBuf = PathBuf::new(), Shape::Text("path"), Restart;
        /// The authority that signed the certificates of all nodes (PEM).
        tls_ca: PathBuf = PathBuf::new(), Shape::Text("path"), Restart;
        /// Failure zone: replicas of a shard go to different zones as long as there are enough.
        zone: String = String::new(), Shape::Text("name"), Restart;
        /// How much of the cluster this node should hold, compared with the others.
        weight: u16 = 100, number("percent", 1, 10_000), Restart;
        /// How often linked nodes give a sign of life; after three without one the link is made anew.
        heartbeat_ms: u64 = 250, number("milliseconds", 50, 60_000), Restart;
    }
}

section! {
    /// What a client may do at most. Beyond a limit it is told so; nothing is dropped silently.
    Limits = "limits" {
        /// The longest WebSocket frame and HTTP body a client may send.
        frame_bytes_max: usize = 64 * 1024, number("bytes", 2 * KIB, 16 * MIB), Restart;
        /// The longest text of one message.
        text_bytes_max: usize = 16 * 1024, number("bytes", 1, 8 * MIB), Restart;
        /// Commands of one connection that wait for their reply.
        commands_in_flight_max: usize = 256, number("commands", 1, 65_536), Restart;
        /// The most events in one page of `history`.
        history_page_max: u32 = 200, number("events", 1, 200), Restart;
        /// What may wait to be sent to one connection. A client further behind is closed as a slow reader.
        outbound_bytes_max: usize = 1024 * 1024, number("bytes", 64 * KIB, GIB), Restart;
        /// Sessions (logins) a user may have. One more ends the oldest.
        sessions_per_user_max: usize = 16, number("sessions", 1, 1000), Restart;
        /// Rooms a user may be in.
        rooms_per_user_max: usize = 2_000, number("rooms", 1, 100_000), Restart;
        /// Invitations that may wait for a user. One more is refused to whoever sends it.
        invitations_per_user_max: usize = 100, number("invitations", 1, 500), Restart;
        /// People that a room may be given places for by those who keep it.
        room_places_max: u64 = 1_000_000, number("people", 2, 10_000_000), Restart;
        /// Messages that one user may send to one room, on average.
        sends_per_second: u32 = 50, number("messages per second", 1, 1_000_000), Restart;
        /// Messages that one user may send to one room at once, after a pause.
        sends_burst: u32 = 500, number("messages", 1, 1_000_000), Restart;
        /// Messages that all members together may send to one room, on average. 0: no limit.
        room_sends_per_second: u32 = 1_000, number("messages per second", 0, 1_000_000), Restart;
        /// Commands of one user on one node, on average, beside those with a limit of their own; ten times as
        /// many at once, after a pause. 0: no limit.
        commands_per_second: u32 = 1_000, number("commands per second", 0, 1_000_000), Restart;
        /// Searches for people by one user on one node. 0: no limit.
        searches_per_minute: u32 = 60, number("searches per minute", 0, 1_000_000), Restart;
        /// Rooms, invitations and contact requests that one user may send into the world from one node. 0: no
        /// limit.
        requests_per_minute: u32 = 600, number("requests per minute", 0, 1_000_000), Restart;
        /// Reports of one user on one node. 0: no limit.
        reports_per_minute: u32 = 20, number("reports per minute", 0, 1_000_000), Restart;
        /// Users that may be created from one address (IPv6: one /64). 0: no limit.
        sign_ups_per_minute: u32 = 10, number("sign-ups per minute", 0, 1_000_000), Restart;
        /// Logins that may be tried from one address (IPv6: one /64). 0: no limit.
        logins_per_minute: u32 = 30, number("logins per minute", 0, 1_000_000), Restart;
        /// Addresses whose sign-ups and logins are counted one by one. While there are more, the new ones
        /// share one count.
        addresses_max: usize = 100_000, number("addresses", 1, 10_000_000), Restart;
        /// Whether sign-ups and logins from this machine itself (127.0.0.0/8, ::1) are never limited. A
        /// reverse proxy on the same machine, load tests and scripts come from there.
        loopback_exempt: bool = true, Shape::Flag, Restart;
    }
}

section! {
    /// Passwords and logging in. Passwords are hashed with argon2id (RFC 9106).
    Auth = "auth" {
        /// Memory of one hash.
        argon2_memory_kib: u32 = 19 * 1024, number("KiB", 8, 4 * 1024 * 1024), Restart;
        /// Passes over that memory.
        argon2_iterations: u32 = 2, number("passes", 1, 100), Restart;
        /// Lanes of one hash.
        argon2_parallelism: u32 = 1, number("lanes", 1, 64), Restart;
        /// Hashes computed at the same time; each takes a core and the memory above.
        hash_concurrency_max: usize = 2, number("hashes", 1, 256), Restart;
        /// How long a WebSocket connection may stay without a successful `connect`.
        auth_deadline_ms: u64 = 10_000, number("milliseconds", 100, HOUR_MS), Restart;
    }
}

section! {
    /// WebSocket sessions.
    Session = "session" {
        /// A quiet connection is pinged this often; one that says nothing for two and a half times as long
        /// is closed.
        ping_ms: u64 = 25_000, number("milliseconds", 100, HOUR_MS), Restart;
        /// How long after a device came or went it is written down when it was seen. One that went and is back by
        /// then costs nothing; what waits when a node dies is lost.
        seen_after_ms: u64 = 30_000, number("milliseconds", 0, HOUR_MS), Restart;
        /// Devices of which that is written down in a second.
        seen_per_second: u32 = 1_000, number("devices per second", 1, 1_000_000), Restart;
        /// Devices that may wait for it. Of one more it is not written down.
        seen_waiting_max: usize = 100_000, number("devices", 1, 10_000_000), Restart;
    }
}

section! {
    /// Disk.
    Storage = "storage" {
        /// Memory for blocks read from disk, shared by everything the node keeps.
        cache_bytes: usize = 128 * 1024 * 1024, number("bytes", MIB, 1024 * GIB), Restart;
        /// Memory for writes that are not yet in sorted files, for log and state together.
        write_buffer_bytes: usize = 64 * 1024 * 1024, number("bytes", MIB, 64 * GIB), Restart;
        /// Memory for the newest raft entries of all shards, which are read again while they are being
        /// agreed on.
        log_tail_bytes: usize = 64 * 1024 * 1024, number("bytes", MIB, 64 * GIB), Restart;
    }
}

section! {
    /// Consensus.
    Raft = "raft" {
        /// Shards, fixed when the data folder is first used. More shards cost more processor time for the
        /// same load.
        shards: u16 = 16, number("shards", 1, 1024), Restart;
        /// Nodes that hold each shard, as soon as there are so many. Fixed when the cluster is formed.
        replication: u8 = 3, number("nodes", 1, 7), Restart;
        /// Commands that are agreed on together, as one raft entry.
        batch_commands_max: usize = 512, number("commands", 1, 65_536), Restart;
        /// Entries of one shard under way at the same time.
        entries_in_flight: usize = 2, number("entries", 1, 64), Restart;
        /// How often a leader makes itself heard. Timers of all shards meet every 100 ms: a multiple of that.
        heartbeat_ms: u64 = 200, number("milliseconds", 100, 60_000), Restart;
        /// The shortest silence after which a follower asks for an election.
        election_min_ms: u64 = 500, number("milliseconds", 300, 600_000), Restart;
        /// The longest silence after which it does.
        election_max_ms: u64 = 900, number("milliseconds", 400, 600_000), Restart;
        /// State is flushed and the log cut off after this much log …
        checkpoint_bytes: u64 = 64 * 1024 * 1024, number("bytes", MIB, 64 * GIB), Restart;
        /// … or after this long, whichever comes first.
        checkpoint_ms: u64 = 60_000, number("milliseconds", 1_000, 24 * HOUR_MS), Restart;
    }
}

section! {
    /// Rooms in memory.
    Rooms = "rooms" {
        /// The newest events of an active room that are kept in memory.
        hot_tail_events: usize = 200, number("events", 1, 100_000), Restart;
        /// The same of a room that is hot: many read it by pages then, and are a while behind. At least
        /// `hot_tail_events`.
        busy_tail_events: usize = 4_000, number("events", 1, 100_000), Restart;
        /// What these may take for all rooms of the node together.
        hot_tail_bytes_max: usize = 64 * 1024 * 1024, number("bytes", MIB, 64 * GIB), Restart;
        /// Rooms that have an actor in memory at one time. One more sends the longest idle to sleep.
        active_max: usize = 10_000, number("rooms", 16, 10_000_000), Restart;
        /// A room that nobody uses for this long goes to sleep; nothing is lost.
        idle_hibernate_ms: u64 = 300_000, number("milliseconds", 1_000, 24 * HOUR_MS), Restart;
    }
}

section! {
    /// Who is online.
    Presence = "presence" {
        /// Whether there is presence at all. Off, it costs nothing: everybody looks offline. Should be the same on
        /// all nodes.
        enabled: bool = true, Shape::Flag, Restart;
        /// A user counts as online for this long after the last connection has gone, and a node's users for
        /// this long after the node could be reached last.
        grace_ms: u64 = 5_000, number("milliseconds", 0, HOUR_MS), Restart;
        /// A device on which nothing was done for so long counts as one that nobody looks at.
        idle_after_ms: u64 = 600_000, number("milliseconds", 60_000, 24 * HOUR_MS), Restart;
        /// Clients are told who came and went this long after the first of it, all together.
        notice_after_ms: u32 = 1_000, number("milliseconds", 1, 60_000), Restart;
        /// Members of larger rooms are not told who comes and goes. They ask.
        room_members_max: u64 = 200, number("members", 0, 100_000), Restart;
    }
}

section! {
    /// Who is typing.
    Typing = "typing" {
        /// Members of larger rooms are not told who types.
        room_members_max: u64 = 100, number("members", 0, 10_000), Restart;
    }
}

section! {
    /// What rooms get less of that cost a node too much. From when on is tuned while the cluster runs:
    /// `madang tune` shows `shed.…`.
    Shedding = "shedding" {
        /// Whether they do. If not, a room that is too busy slows all others of the node down; the limit below does not
        /// hold either.
        enabled: bool = true, Shape::Flag, Restart;
        /// Of one room, each worker thread makes so many writes a second at most, and with many listeners what comes
        /// meanwhile goes together, up to about a second later; where frames are gathered, a quarter of it. 0: as many as it
        /// takes.
        room_writes_per_second: u32 = 20_000, number("writes per second", 0, 10_000_000), Restart;
    }
}

section! {
    /// Safety: who works on reports, and what is looked at before a message is taken.
    Safety = "safety" {
        /// User ids of the first admins, for as long as they stand here: they appoint everybody else. Let them
        /// sign up before anybody else can take the names.
        admins: Vec<String> = Vec::new(), Shape::List("user ids"), Restart;
        /// Nothing that others would see may have one of these words, in whichever case: messages, names, titles,
        /// topics, states and reactions. What is written in Latin letters
        /// is found as a whole word, everything else wherever it stands.
        words: Vec<String> = Vec::new(), Shape::List("words"), Restart;
        /// Links in what others would see, media and pictures among them: all, only those to `link_hosts`, or
        /// none.
        links: LinkRule = LinkRule::Allow, Shape::Word(&["allow", "listed", "refuse"]), Restart;
        /// Hosts, with all that is below them, to which links may lead.
        link_hosts: Vec<String> = Vec::new(), Shape::List("hosts"), Restart;
        /// An address (http or https) that is asked about each message, name, title, topic and status before it
        /// is taken: see "Safety" in docs/protocol.md. Empty: nobody is asked.
        hook_url: String = String::new(), Shape::Text("address"), Restart;
        /// How long it may take to answer.
        hook_timeout_ms: u64 = 1_000, number("milliseconds", 10, 60_000), Restart;
        /// Questions under way at the same time. One more waits, no longer than an answer may take.
        hook_concurrency_max: usize = 64, number("questions", 1, 10_000), Restart;
        /// What becomes of a message when it does not answer: `open` takes it, `closed` refuses it as
        /// unavailable.
        hook_down: HookDown = HookDown::Open, Shape::Word(&["open", "closed"]), Restart;
    }
}

section! {
    /// Logging, to standard error.
    Log = "log" {
        /// What is logged: levels (error, warn, info, debug, trace), for everything or by module, separated
        /// by commas.
        filter: String = "info,ractor=warn,ractor_cluster=error,openraft=error,actix_server=warn".to_owned(), Shape::Text("filter"), Reload;
        /// `text` for people, `json` for machines.
        format: LogFormat = LogFormat::Text, Shape::Word(&["text", "json"]), Restart;
    }
}

/// Which links messages may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkRule {
    /// Any.
    Allow,
    /// Those to the hosts that are listed.
    Listed,
    /// None.
    Refuse,
}

/// What becomes of a message when the hook does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HookDown {
    /// It is taken.
    Open,
    /// It is refused for now.
    Closed,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
