//! What `madang dev` says once all nodes are ready: where they are, and how to break one.

use std::fmt::Write;
use std::time::Duration;

use super::plan::Plan;

/// A node that runs.
pub(super) struct Shown {
    /// Its number here.
    pub(super) number: u16,
    /// Its id in the cluster, which is what `madang leave` and its like take.
    pub(super) id: Option<u64>,
    /// Its process.
    pub(super) pid: u32,
    /// Where clients reach it.
    pub(super) url: String,
}

/// The text.
pub(super) fn text(plan: &Plan, shown: &[Shown], restart_after: Option<Duration>) -> String {
    let mut text = format!("\nmadang dev is ready: {} that are one cluster.\n\n", nodes(shown.len()));
    for Shown { number, id, pid, url } in shown {
        let id = id.map_or_else(|| "?".to_owned(), |id| id.to_string());
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "  node {number}     {url}/   id {id}   pid {pid:<7}  {}",
            plan.data(*number).display()
        );
    }
    if let Some(Shown { url, .. }) = shown.first() {
        let _ = writeln!(text, "  cluster    {url}/cluster\n");
    }
    if let Some(Shown { number, pid, .. }) = shown.last() {
        let then = match restart_after {
            Some(after) => format!("it starts again after {} ms", after.as_millis()),
            None => "it stays down".to_owned(),
        };
        let _ = writeln!(text, "Kill one:   kill -9 {pid}   (node {number}; {then})");
    }
    let asked: Vec<String> = plan.numbers().take(2).map(|number| plan.peer(number)).collect();
    for (what, address) in ["Watch:   ", "From 2:  "].iter().zip(asked) {
        let _ = writeln!(text, "{what}   madang status --watch --node {address}");
    }
    text.push_str("Ctrl-C stops them all; what was acknowledged stays.\n\n");
    text
}

fn nodes(count: usize) -> String {
    if count == 1 { "1 node".to_owned() } else { format!("{count} nodes") }
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::plan;
    use super::*;

    #[test]
    fn the_banner_names_every_node_and_what_to_try() {
        let plan = plan("dev");
        let shown = [(1, 1, 41), (2, 3, 42), (3, 2, 43)].map(|(number, id, pid)| {
            let url = format!("http://{}", plan.http(number));
            Shown { number, id: Some(id), pid, url }
        });
        let text = text(&plan, &shown, Some(Duration::from_secs(3)));
        let expected = "
madang dev is ready: 3 nodes that are one cluster.

  node 1     http://127.0.0.1:7300/   id 1   pid 41       ./madang-dev/node-1
  node 2     http://127.0.0.1:7301/   id 3   pid 42       ./madang-dev/node-2
  node 3     http://127.0.0.1:7302/   id 2   pid 43       ./madang-dev/node-3
  cluster    http://127.0.0.1:7300/cluster

Kill one:   kill -9 43   (node 3; it starts again after 3000 ms)
Watch:      madang status --watch --node 127.0.0.1:7400
From 2:     madang status --watch --node 127.0.0.1:7401
Ctrl-C stops them all; what was acknowledged stays.

";
        assert_eq!(text, expected);
    }
}
