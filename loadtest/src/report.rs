//! What people read at the end, and what machines read. The field names of the JSON are stable.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;

use crate::chat::ChatReport;
use crate::latency::LatencySummary;
use crate::replay::ReplayReport;

/// Tells on standard error how far it is, until dropped.
#[derive(Debug)]
pub struct Progress {
    task: tokio::task::JoinHandle<()>,
}

impl Progress {
    /// Tells every five seconds how many of `all` are done.
    pub fn start(what: &'static str, all: usize, done: impl Fn() -> usize + Send + 'static) -> Self {
        let task = tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_secs(5));
            tick.tick().await;
            loop {
                tick.tick().await;
                eprintln!("{} of {all} {what}", done());
            }
        });
        Self { task }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Writes a report as JSON.
pub fn write_json(path: &Path, report: &impl Serialize) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(report)?;
    std::fs::write(path, json + "\n").with_context(|| format!("cannot write {}", path.display()))
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Where this runs, in words.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores, {}, {} {}", std::env::consts::ARCH, std::env::consts::OS, kernel.trim())
}

/// The replay's report for people.
pub fn replay_text(report: &ReplayReport) -> String {
    let header =
        ["file", "lines", "messages", "joins", "leaves", "skipped", "played", "found", "differences"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for file in &report.files {
        let lines = &file.lines;
        let skipped = lines.empty + lines.blank + lines.unknown + lines.repeated_joins + lines.absent_leaves;
        rows.push(vec![
            file.file.clone(),
            lines.lines.to_string(),
            (lines.messages + lines.actions).to_string(),
            (lines.joins + lines.implied_joins).to_string(),
            (lines.leaves + lines.renames).to_string(),
            skipped.to_string(),
            file.played.to_string(),
            file.found.to_string(),
            file.total().to_string(),
        ]);
    }
    let mut text = table(&rows);
    for file in &report.files {
        for (label, count) in [
            ("lost", file.differences.lost),
            ("doubled", file.differences.doubled),
            ("reordered", file.differences.reordered),
            ("changed", file.differences.changed),
            ("unexpected", file.differences.unexpected),
            ("breaks in the numbering", file.seq_breaks),
            ("elsewhere than acknowledged", file.misplaced),
            ("ways of reading that disagree", file.reads_unequal),
        ] {
            if count > 0 {
                let _ = writeln!(text, "{}: {count} {label}", file.file);
            }
        }
        for sample in &file.differences.samples {
            let _ = writeln!(text, "    {sample}");
        }
        if let Some(error) = &file.error {
            let _ = writeln!(text, "{}: stopped: {error}", file.file);
        }
    }
    let _ = writeln!(
        text,
        "\n{} steps by {} users in {:.1} s: {:.0}/s; {}",
        report.steps,
        report.users,
        report.play_ms as f64 / 1000.0,
        report.steps_per_s,
        latency_text("send→ack", &report.send)
    );
    let _ = writeln!(
        text,
        "{} reconnects, {} retries, {} repeated answers",
        report.reconnects, report.retries, report.dups
    );
    let _ = writeln!(text, "run {}: {} differences", report.run_id, report.differences);
    text
}

/// The chat's report for people.
pub fn chat_text(report: &ChatReport) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} users in {} rooms of {}, {} senders, {} for {:.1} s",
        report.users,
        report.rooms,
        report.room_size,
        report.senders,
        report.load,
        report.measured_ms as f64 / 1000.0
    );
    let _ = writeln!(
        text,
        "{} acknowledged: {:.0}/s; {} heard: {:.0}/s; {} refused or failed",
        report.acked, report.acks_per_s, report.heard, report.heard_per_s, report.failed
    );
    let mut rows = vec![["", "count", "mean", "p50", "p95", "p99", "max"].map(str::to_owned).to_vec()];
    for (name, summary) in
        [("send→ack", &report.send), ("intended→ack", &report.intended), ("send→hear", &report.hear)]
    {
        if summary.count > 0 {
            let times = [summary.mean_us, summary.p50_us, summary.p95_us, summary.p99_us, summary.max_us];
            let mut row = vec![name.to_owned(), summary.count.to_string()];
            row.extend(times.map(milliseconds));
            rows.push(row);
        }
    }
    text.push_str(&table(&rows));
    if let Some(cpu) = report.server_cpu_s_per_million_acks {
        let _ = writeln!(text, "server: {cpu:.1} CPU seconds per million acknowledged");
    }
    if let Some(cpu) = report.own_cpu_s_per_million_acks {
        let _ = writeln!(text, "load test itself: {cpu:.1} CPU seconds per million acknowledged");
    }
    let _ = writeln!(
        text,
        "deliveries: {} missing, {} doubled, {} out of order, {} with a changed text; {} connections lost",
        report.missing, report.doubled, report.out_of_order, report.changed, report.disconnects
    );
    text
}

fn latency_text(name: &str, summary: &LatencySummary) -> String {
    format!(
        "{name} p50 {} p99 {} max {}",
        milliseconds(summary.p50_us),
        milliseconds(summary.p99_us),
        milliseconds(summary.max_us)
    )
}

pub(crate) fn milliseconds(us: u64) -> String {
    format!("{:.2} ms", us as f64 / 1000.0)
}

/// Columns as wide as they need to be; the first is aligned to the left, numbers to the right.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [["a", "bb"], ["ccc", "1"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "a    bb\nccc   1\n");
    }
}
