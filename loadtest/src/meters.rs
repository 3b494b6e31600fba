//! What nodes count themselves, read from `/metrics`.

use std::ops::{Add, Sub};
use std::time::Duration;

use serde::Serialize;

use crate::client::http_builder;

/// How long a node may take to answer.
const ASK_WITHIN: Duration = Duration::from_secs(2);

/// Bytes that nodes sent to each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LinkBytes {
    /// To agree: raft's lane.
    pub raft: u64,
    /// Everything else: the bulk lane.
    pub bulk: u64,
}

impl LinkBytes {
    /// What the node at `url` has sent since it started; `None` when it does not say.
    pub async fn of(url: &str) -> Option<Self> {
        Self::read(&told_by(url).await?)
    }

    /// What several nodes have sent together; `None` when one of them does not say.
    pub async fn of_all(urls: impl IntoIterator<Item = &str>) -> Option<Self> {
        let mut all = Self::default();
        for url in urls {
            all = all + Self::of(url).await?;
        }
        Some(all)
    }

    /// Both together.
    pub fn total(&self) -> u64 {
        self.raft + self.bulk
    }

    /// Reads the text format of Prometheus.
    fn read(text: &str) -> Option<Self> {
        Some(Self {
            raft: value(text, "madang_link_raft_sent_bytes_total")?,
            bulk: value(text, "madang_link_bulk_sent_bytes_total")?,
        })
    }
}

/// What a counter has come to on all these nodes together; `None` when one of them does not say.
pub(crate) async fn counted(urls: impl IntoIterator<Item = &str>, name: &str) -> Option<u64> {
    let mut all = 0;
    for url in urls {
        all += value(&told_by(url).await?, name)?;
    }
    Some(all)
}

async fn told_by(url: &str) -> Option<String> {
    let http = http_builder().ok()?.timeout(ASK_WITHIN).build().ok()?;
    http.get(format!("{url}/metrics")).send().await.ok()?.text().await.ok()
}

fn value(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.trim().parse().ok()
}

impl Add for LinkBytes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { raft: self.raft + other.raft, bulk: self.bulk + other.bulk }
    }
}

impl Sub for LinkBytes {
    type Output = Self;

    /// What came since `before`; nothing if a node has begun to count anew.
    fn sub(self, before: Self) -> Self {
        Self { raft: self.raft.saturating_sub(before.raft), bulk: self.bulk.saturating_sub(before.bulk) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_found_among_others() {
        let text = "# TYPE madang_link_raft_sent_bytes counter\nmadang_link_raft_sent_bytes_total 12\n\
                    madang_link_bulk_sent_bytes_total 7\nmadang_sessions 3\n";
        assert_eq!(LinkBytes::read(text), Some(LinkBytes { raft: 12, bulk: 7 }));
        assert_eq!(LinkBytes::read("madang_sessions 3"), None);
    }

    #[test]
    fn what_came_since_is_never_less_than_nothing() {
        let (before, after) = (LinkBytes { raft: 5, bulk: 9 }, LinkBytes { raft: 8, bulk: 1 });
        assert_eq!((after - before, (after + before).total()), (LinkBytes { raft: 3, bulk: 0 }, 23));
    }
}
