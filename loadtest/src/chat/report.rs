//! A chat's result. The field names of the JSON are stable.

use serde::Serialize;

use crate::latency::LatencySummary;

/// A chat's result.
#[derive(Debug, Clone, Serialize)]
pub struct ChatReport {
    /// `chat`.
    pub scenario: &'static str,
    /// Prefix of all users and titles.
    pub run_id: String,
    /// Users with a connection.
    pub users: usize,
    /// Rooms.
    pub rooms: usize,
    /// Members of a room.
    pub room_size: usize,
    /// Users who send.
    pub senders: usize,
    /// How much was sent, in words.
    pub load: String,
    /// Bytes of a text.
    pub text_bytes: usize,
    /// How long it counted.
    pub measured_ms: u64,
    /// Acknowledged while it counted.
    pub acked: u64,
    /// The same per second.
    pub acks_per_s: f64,
    /// Deliveries while it counted.
    pub heard: u64,
    /// The same per second.
    pub heard_per_s: f64,
    /// Sends refused or not answered.
    pub failed: u64,
    /// One of the failures.
    pub failure: Option<String>,
    /// From sending to the acknowledgement.
    pub send: LatencySummary,
    /// From when it should have been sent to the acknowledgement.
    pub intended: LatencySummary,
    /// From sending to each delivery.
    pub hear: LatencySummary,
    /// Logged but not delivered.
    pub missing: u64,
    /// Delivered more than once.
    pub doubled: u64,
    /// Delivered after a later one.
    pub out_of_order: u64,
    /// Delivered with a text nobody sent.
    pub changed: u64,
    /// Connections that were lost.
    pub disconnects: u64,
    /// CPU time of all servers.
    pub server_cpu_s_per_million_acks: Option<f64>,
    /// The same per delivery.
    pub server_cpu_s_per_million_heard: Option<f64>,
    /// CPU time of the load test.
    pub own_cpu_s_per_million_acks: Option<f64>,
    /// What nodes sent to each other to agree.
    pub link_raft_bytes_per_ack: Option<f64>,
    /// What else they sent to each other.
    pub link_bulk_bytes_per_ack: Option<f64>,
}

impl ChatReport {
    /// Everything that must not happen.
    pub fn faults(&self) -> u64 {
        self.missing + self.doubled + self.out_of_order + self.changed + self.disconnects
    }
}
