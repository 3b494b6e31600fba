//! `madang drain`, `undrain` and `leave`: a node steps back, comes back, or goes for good, in good order.

use std::time::Duration;

use madang_cluster::machine::meta::NodeState;
use madang_cluster::{NodeView, Overview};

use super::contact::{Contact, ContactError, ContactFlags};
use super::wait;
use crate::cli::{Ending, print};

/// How often it is looked what is left to do.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The node's id [default: the node that is asked]
    #[arg(value_name = "NODE")]
    id: Option<u64>,

    /// Return as soon as the cluster knows, without waiting until it is done
    #[arg(long)]
    no_wait: bool,

    #[command(flatten)]
    contact: ContactFlags,
}

/// What a node is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Step {
    /// Hand over what it leads, and send its clients away.
    Drain,
    /// Serve again.
    Undrain,
    /// Hand over everything it holds, and be removed.
    Leave,
}

/// How far it is.
#[derive(Debug, PartialEq, Eq)]
enum Progress {
    Left(String),
    Done(String),
}

pub(in crate::cli) fn run(args: Args, step: Step) -> anyhow::Result<Ending> {
    let mut contact = args.contact.open()?;
    wait(async {
        let overview = contact.overview().await?;
        let id = args.id.unwrap_or(overview.node);
        let state = match step {
            Step::Drain => NodeState::Draining,
            Step::Undrain => NodeState::Up,
            Step::Leave => NodeState::Leaving,
        };
        contact.set_state(id, state).await?;
        print(&format!("node {id} is {state}\n"))?;
        if let Some(node) = overview.nodes.iter().find(|node| node.node == id && step == Step::Leave) {
            contact.avoid(&node.peer);
        }
        if !args.no_wait {
            finish(&mut contact, step, id).await?;
        }
        Ok(Ending::Done)
    })
}

/// Says what is left whenever that changes, until nothing is.
async fn finish(contact: &mut Contact, step: Step, id: u64) -> anyhow::Result<()> {
    let mut said = String::new();
    loop {
        match contact.overview().await {
            Ok(overview) => match progress(step, id, &overview) {
                Progress::Done(how) => return print(&format!("{how}\n")),
                Progress::Left(what) if what != said => {
                    print(&format!("{what}\n"))?;
                    said = what;
                }
                Progress::Left(_) => {}
            },
            // Leaders are changing hands, or the node that was asked is the one that goes.
            Err(ContactError::NotNow { .. } | ContactError::Nobody { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn progress(step: Step, id: u64, overview: &Overview) -> Progress {
    let Some(node) = overview.nodes.iter().find(|node| node.node == id) else {
        return Progress::Done(format!("node {id} holds nothing and has left: its process can be stopped"));
    };
    match step {
        Step::Undrain => Progress::Done(format!("node {id} serves again")),
        Step::Drain if node.leads == 0 => Progress::Done(format!(
            "node {id} leads nothing: it can be restarted, then `madang undrain {id}`"
        )),
        Step::Drain => Progress::Left(format!("  it still leads {}", groups(node.leads))),
        Step::Leave => Progress::Left(left_to_move(node, overview)),
    }
}

fn left_to_move(node: &NodeView, overview: &Overview) -> String {
    // Every node holds META until it is gone.
    let shards = overview.groups.iter().filter(|group| group.group != "meta");
    let held = shards
        .filter(|group| group.voters.contains(&node.node) || group.learners.contains(&node.node))
        .count();
    match held {
        0 => "  it holds no shard any more".to_owned(),
        held => format!("  it still holds {}", groups(held)),
    }
}

fn groups(count: usize) -> String {
    if count == 1 { "1 group".to_owned() } else { format!("{count} groups") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::operator::example;

    #[test]
    fn a_drain_is_done_when_the_node_leads_nothing() {
        let mut overview = example::three_nodes();
        assert_eq!(progress(Step::Drain, 1, &overview), Progress::Left("  it still leads 2 groups".into()));
        overview.nodes[0].leads = 0;
        let Progress::Done(how) = progress(Step::Drain, 1, &overview) else { panic!("not done") };
        assert!(how.contains("madang undrain 1"), "{how}");
    }

    #[test]
    fn a_node_has_left_when_the_cluster_does_not_know_it_any_more() {
        let mut overview = example::three_nodes();
        assert_eq!(progress(Step::Leave, 3, &overview), Progress::Left("  it still holds 2 groups".into()));
        for group in &mut overview.groups[1..] {
            group.voters.remove(&3);
        }
        assert_eq!(
            progress(Step::Leave, 3, &overview),
            Progress::Left("  it holds no shard any more".into())
        );
        overview.nodes.retain(|node| node.node != 3);
        assert!(matches!(progress(Step::Leave, 3, &overview), Progress::Done(_)));
    }
}
