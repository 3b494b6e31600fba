//! `madang remove`: a node that is dead for good is given up.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::bail;
use madang_cluster::{NodeView, Overview};

use super::contact::ContactFlags;
use super::wait;
use crate::cli::{Ending, print};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The node's id
    #[arg(value_name = "NODE")]
    id: u64,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    contact: ContactFlags,
}

pub(in crate::cli) fn run(args: Args) -> anyhow::Result<Ending> {
    let mut contact = args.contact.open()?;
    let overview = wait(async { Ok(contact.overview().await?) })?;
    let Some(node) = overview.nodes.iter().find(|node| node.node == args.id) else {
        bail!("the cluster has no node {}; `madang status` shows those it has", args.id);
    };
    if !args.yes {
        if !std::io::stdin().is_terminal() {
            bail!("nobody to ask: say `--yes` to remove node {} without being asked", args.id);
        }
        print(&question(node, &overview))?;
        if !is_yes()? {
            print("Nothing was done.\n")?;
            return Ok(Ending::NotWell);
        }
    }
    wait(async { Ok(contact.remove(args.id).await?) })?;
    print(&format!(
        "node {} is removed. Its shards get new replicas on the other nodes: `madang status --watch` shows them.\n",
        args.id
    ))?;
    Ok(Ending::Done)
}

/// What it means, and what to do instead.
fn question(node: &NodeView, overview: &Overview) -> String {
    let NodeView { node: id, state, reachable, votes, .. } = node;
    let (nodes, wanted) = (overview.nodes.len().saturating_sub(1), usize::from(overview.replication));
    let mut text = format!(
        "Removing node {id} ({state}) gives it up: its {votes} replicas are made anew on the other nodes from \
         what they hold,\nand its data folder can never join again; a machine at its address joins as a new \
         node, with an empty folder.\n"
    );
    if *reachable {
        text.push_str(&format!(
            "The node is alive. `madang leave {id}` moves everything away first, and is the better way.\n"
        ));
    }
    if nodes < wanted {
        text.push_str(&format!(
            "{nodes} nodes stay; with fewer than {wanted} each shard has fewer replicas until another node joins.\n"
        ));
    }
    text.push_str(&format!("Remove node {id}? [y/N] "));
    text
}

fn is_yes() -> anyhow::Result<bool> {
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::operator::example;

    #[test]
    fn the_question_says_what_will_happen() {
        let mut overview = example::three_nodes();
        let text = question(&overview.nodes[2], &overview);
        for part in ["its 3 replicas are made anew", "`madang leave 3`", "2 nodes stay; with fewer than 3"] {
            assert!(text.contains(part), "{text}");
        }
        overview.nodes[2].reachable = false;
        assert!(!question(&overview.nodes[2], &overview).contains("leave"));
    }
}
