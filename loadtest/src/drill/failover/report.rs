//! The result of the drill, for machines and for people. The field names of the JSON are stable.

use std::fmt::Write;

use serde::Serialize;

use crate::drill::wrong::Wrong;
use crate::goal::Goal;
use crate::latency::LatencySummary;
use crate::report::{milliseconds, table};

/// One kill.
#[derive(Debug, Clone, Serialize)]
pub struct KillReport {
    /// Which node, from 1.
    pub node: usize,
    /// Rooms that it led.
    pub rooms_led: usize,
    /// Clients that are on another node and know what they missed.
    pub back: usize,
    /// Clients that had to read by themselves what they missed.
    pub resyncs: u64,
    /// From the kill to the connection.
    pub connected: LatencySummary,
    /// From the kill until it knew all that it missed.
    pub level: LatencySummary,
    /// From the kill to the first message that was sent after it.
    pub news: LatencySummary,
    /// From the kill to the first newly acknowledged send in each room that the node led.
    pub first_ack_led: LatencySummary,
    /// The same in the other rooms, whose senders had their socket there, too.
    pub first_ack_other: LatencySummary,
}

/// The drill's result.
#[derive(Debug, Clone, Serialize)]
pub struct FailoverReport {
    /// `failover`.
    pub drill: &'static str,
    /// Sockets, all on the node that is killed.
    pub sockets: usize,
    /// Rooms.
    pub rooms: usize,
    /// Messages per second of all together.
    pub rate: f64,
    /// Messages that were acknowledged.
    pub acked: u64,
    /// Messages that were given up.
    pub failed_sends: u64,
    /// Events told again behind a cursor, and dropped.
    pub repeats: u64,
    /// Clients that had to read by themselves what they missed, of all kills.
    pub resyncs: u64,
    /// All kills together.
    pub connected: LatencySummary,
    /// All kills together.
    pub level: LatencySummary,
    /// All kills together.
    pub news: LatencySummary,
    /// All kills together.
    pub first_ack_led: LatencySummary,
    /// All kills together.
    pub first_ack_other: LatencySummary,
    /// Each kill.
    pub kills: Vec<KillReport>,
    /// What must not happen.
    pub wrong: Wrong,
    /// What was wanted.
    pub goals: Vec<Goal>,
}

impl FailoverReport {
    /// For people.
    pub(in crate::drill) fn text(&self) -> String {
        let mut text = format!(
            "{} sockets in {} rooms on one node, {} messages/s, {} kills\n\n",
            self.sockets,
            self.rooms,
            self.rate,
            self.kills.len()
        );
        let mut rows = vec![["from the kill to", "count", "p50", "p99", "max"].map(str::to_owned).to_vec()];
        for (name, summary) in [
            ("connected", &self.connected),
            ("level", &self.level),
            ("first message sent after it", &self.news),
            ("first ack, rooms it led", &self.first_ack_led),
            ("first ack, other rooms", &self.first_ack_other),
        ] {
            let mut row = vec![name.to_owned(), summary.count.to_string()];
            row.extend([summary.p50_us, summary.p99_us, summary.max_us].map(milliseconds));
            rows.push(row);
        }
        text.push_str(&table(&rows));
        text.push('\n');
        for kill in &self.kills {
            let _ = writeln!(
                text,
                "node {} killed, it led {} rooms: {} back, {} resyncs, connected max {}, first ack led max {}",
                kill.node,
                kill.rooms_led,
                kill.back,
                kill.resyncs,
                milliseconds(kill.connected.max_us),
                milliseconds(kill.first_ack_led.max_us)
            );
        }
        let _ = writeln!(
            text,
            "\n{} acknowledged, {} given up, {} events told again behind a cursor",
            self.acked, self.failed_sends, self.repeats
        );
        text
    }
}
