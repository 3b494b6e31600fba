//! How the cluster stands, in the words of `madang status` and its like. Pure: from what nodes say to text.

use std::collections::BTreeSet;
use std::fmt::Write;

use madang_cluster::{GroupView, Overview};

use super::tables::nodes;
use crate::api::room::RoomKind;

/// The name of META's group in an overview.
const META: &str = "meta";

/// The whole text.
pub(super) fn status(overview: &Overview) -> String {
    let Overview { cluster, node, version, replication, .. } = overview;
    let mut text = format!(
        "cluster {cluster}, as node {node} sees it (META version {version}, {replication} replicas wanted)\n\n"
    );
    text.push_str(&nodes(overview));
    text.push('\n');
    let lines = [("shards", shards(overview)), ("moving", moving(overview)), ("lag", lag(overview))];
    for (name, value) in lines {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:7} {value}");
    }
    text.push('\n');
    text.push_str(&ailments(overview));
    text
}

/// What a group is called.
pub(super) fn group_name(group: &GroupView) -> String {
    if group.group == META { "META".to_owned() } else { format!("shard {}", group.group) }
}

fn shards(overview: &Overview) -> String {
    let shards: Vec<&GroupView> = overview.groups.iter().filter(|group| group.group != META).collect();
    let count = |is: fn(&GroupView) -> bool| shards.iter().filter(|group| is(group)).count();
    let led = count(|group| group.leader.is_some());
    let settled = count(|group| group.leader.is_some() && group.settled);
    let all = shards.len();
    let part = |n: usize| if n == all { "all".to_owned() } else { n.to_string() };
    format!("{all}; with a leader: {}; where they should be: {}", part(led), part(settled))
}

/// The groups whose voters are about to change.
fn moving(overview: &Overview) -> String {
    let moves: Vec<String> = overview.groups.iter().filter(|group| is_moving(group)).map(a_move).collect();
    if moves.is_empty() { "nothing".to_owned() } else { moves.join("\n        ") }
}

fn is_moving(group: &GroupView) -> bool {
    group.leader.is_some() && !group.settled
}

fn a_move(group: &GroupView) -> String {
    let placed: BTreeSet<u64> = group.placed.iter().copied().collect();
    let mut text = format!("{} from nodes {}", group_name(group), list(&group.voters));
    if group.group != META {
        let _ = write!(text, " to {}", list(&placed));
    }
    let coming = group.learners.iter().map(|node| match group.behind.get(node) {
        Some(behind) => format!("node {node} is {behind} entries behind"),
        None => format!("node {node} has not answered yet"),
    });
    let coming: Vec<String> = coming.collect();
    if !coming.is_empty() {
        let _ = write!(text, " ({})", coming.join(", "));
    }
    text
}

/// The replica that lacks most.
fn lag(overview: &Overview) -> String {
    let all = overview
        .groups
        .iter()
        .flat_map(|group| group.behind.iter().map(move |(node, behind)| (*behind, group_name(group), *node)));
    match all.max_by_key(|(behind, ..)| *behind) {
        Some((behind, group, node)) if behind > 0 => {
            format!("at most {behind} entries ({group} on node {node})")
        }
        _ => "none".to_owned(),
    }
}

fn ailments(overview: &Overview) -> String {
    let ailments = overview.ailments();
    if ailments.is_empty() {
        return "All is well.\n".to_owned();
    }
    let mut text = "Not well:\n".to_owned();
    for ailment in ailments {
        let _ = writeln!(text, "  - {ailment}");
    }
    text
}

/// What kind of room it is.
pub(super) fn room_kind(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Direct => "direct",
        RoomKind::Group => "group",
        RoomKind::Open => "open",
    }
}

/// How long something lasts, in its two largest units.
pub(super) fn time(lasts_ms: u64) -> String {
    let s = lasts_ms / 1_000;
    match (s / 3_600, s / 60, s) {
        (0, 0, s) => format!("{s} s"),
        (0, min, s) => format!("{min} min {} s", s % 60),
        (h, min, _) => format!("{h} h {} min", min % 60),
    }
}

/// Numbers in a row.
pub(super) fn list<'a>(nodes: impl IntoIterator<Item = &'a u64>) -> String {
    let nodes: Vec<String> = nodes.into_iter().map(u64::to_string).collect();
    if nodes.is_empty() { "none".to_owned() } else { nodes.join(",") }
}
