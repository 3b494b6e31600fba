//! Tables for people: nodes, groups, and rooms. Pure: from what nodes say to text.

use comfy_table::{CellAlignment, Table, presets};
use madang_cluster::{GroupView, NodeView, Overview};

use super::words::{group_name, list, room_kind, time};
use crate::api::http::{RoomReport, RoomsReport, TunableReport, TunablesReport};

/// What stands where there is nothing to say.
const NOTHING: &str = "-";

/// The nodes.
pub(super) fn nodes(overview: &Overview) -> String {
    let mut table =
        table(&["node", "state", "reached", "clients at", "nodes at", "zone", "leads", "votes"], &[0, 6, 7]);
    for node in &overview.nodes {
        table.add_row(node_row(node));
    }
    plain(&table)
}

fn node_row(node: &NodeView) -> Vec<String> {
    let NodeView { node, state, reachable, peer, http, zone, leads, votes, .. } = node;
    let reached = if *reachable { "yes" } else { "NO" };
    vec![
        node.to_string(),
        state.clone(),
        reached.to_owned(),
        or_nothing(http),
        or_nothing(peer),
        or_nothing(zone),
        leads.to_string(),
        votes.to_string(),
    ]
}

/// The groups: META, then the shards.
pub(super) fn groups(overview: &Overview) -> String {
    let header = ["group", "leader", "voters", "learners", "wanted", "behind", "settled"];
    let mut table = table(&header, &[1]);
    for group in &overview.groups {
        table.add_row(group_row(group));
    }
    plain(&table)
}

fn group_row(group: &GroupView) -> Vec<String> {
    let behind: Vec<String> = group
        .behind
        .iter()
        .filter(|(_, entries)| **entries > 0)
        .map(|(node, entries)| format!("{node}:{entries}"))
        .collect();
    let members = |nodes: String| if nodes == "none" { NOTHING.to_owned() } else { nodes };
    vec![
        group_name(group),
        group.leader.map_or_else(|| "NONE".to_owned(), |node| node.to_string()),
        members(list(&group.voters)),
        members(list(&group.learners)),
        members(list(&group.placed)),
        or_nothing(&behind.join(" ")),
        if group.settled { "yes" } else { "no" }.to_owned(),
    ]
}

/// The rooms that are asked for most.
pub(super) fn rooms(report: &RoomsReport) -> String {
    let header = [
        "room",
        "kind",
        "members",
        "leader",
        "sends/s",
        "fetches/s",
        "joins/s",
        "deliveries/s",
        "shed",
        "hot for",
    ];
    let mut table = table(&header, &[2, 3, 4, 5, 6, 7, 9]);
    for room in &report.rooms {
        table.add_row(room_row(room));
    }
    plain(&table)
}

fn room_row(report: &RoomReport) -> Vec<String> {
    let RoomReport { room, kind, members, leader, sends_per_s, fetches_per_s, joins_per_s, .. } = report;
    let number =
        |number: &Option<u64>| number.map_or_else(|| NOTHING.to_owned(), |number| number.to_string());
    vec![
        room.clone(),
        kind.map_or(NOTHING, room_kind).to_owned(),
        number(members),
        number(leader),
        sends_per_s.to_string(),
        fetches_per_s.to_string(),
        joins_per_s.to_string(),
        report.deliveries_per_s.to_string(),
        report.shed.unwrap_or(NOTHING).to_owned(),
        report.hot_for_ms.map_or_else(|| NOTHING.to_owned(), time),
    ]
}

/// All that can be tuned.
pub(super) fn tunables(report: &TunablesReport) -> String {
    let mut table = table(&["name", "value", "default", "from", "to", "what"], &[1, 2, 3, 4]);
    for TunableReport { name, value, default, min, max, what } in &report.tunables {
        let number = u64::to_string;
        table.add_row([
            (*name).to_owned(),
            number(value),
            number(default),
            number(min),
            number(max),
            (*what).to_owned(),
        ]);
    }
    plain(&table)
}

/// What is different now, a line each; or that nothing is.
pub(super) fn changed(before: &TunablesReport, now: &TunablesReport) -> String {
    let both = before.tunables.iter().zip(&now.tunables);
    let different = both.filter(|(before, now)| before.value != now.value);
    let lines = different.map(|(before, now)| format!("{}: {} -> {}\n", now.name, before.value, now.value));
    let text: String = lines.collect();
    if text.is_empty() { "Nothing changes: it is so already.\n".to_owned() } else { text }
}

fn table(header: &[&str], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.iter().copied());
    for column in numbers {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Without blanks at the ends of lines, which would be copied along.
fn plain(table: &Table) -> String {
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn or_nothing(text: &str) -> String {
    if text.is_empty() { NOTHING.to_owned() } else { text.to_owned() }
}
