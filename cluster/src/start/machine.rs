//! What a node with an empty data directory should do: form a cluster, join one, or wait, and for whom.
//!
//! Called by `run.rs` with what the seeds answered, again and again until it is more than "wait". A node that
//! has data never comes here: it goes on with what it has.
//!
//! Invariant: of the nodes of one seed list only one forms a cluster, the one with the smallest address, and
//! only after every other has said that it is as fresh and names the same list. A list is a set: order and
//! repeats do not matter, letters' case neither.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

/// This node, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Myself {
    /// Where the others reach it, `host:port`.
    pub(crate) advertise: String,
    /// Whether it listens for other nodes on loopback only: then nobody else can be meant to join.
    pub(crate) loopback: bool,
    /// Whether the operator asked for a cluster of one.
    pub(crate) single: bool,
    /// The seeds as given; may name this node too.
    pub(crate) seeds: Vec<String>,
}

/// What came of asking a seed who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Probe {
    /// No answer.
    Unreachable {
        /// Why.
        why: String,
    },
    /// It has no data either.
    Fresh {
        /// Where it says that others reach it.
        advertise: String,
        /// Its seeds as given.
        seeds: Vec<String>,
    },
    /// It is part of a cluster.
    Member {
        /// Which one.
        cluster_id: [u8; 16],
    },
    /// It does not talk with this node: another secret, another protocol.
    Refused {
        /// Why, a sentence.
        why: String,
    },
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Form a cluster of one.
    FormAlone,
    /// Form the cluster that the others of the list will join.
    FormAsFirst,
    /// Ask to be taken in.
    Join {
        /// Through which seed, as given.
        through: String,
        /// Into which cluster.
        cluster_id: [u8; 16],
    },
    /// Ask again later.
    Wait {
        /// For whom, and what would end it.
        why: String,
    },
    /// Give up: only an operator can end this.
    Refuse {
        /// What is wrong and what to do.
        why: String,
    },
}

/// Decides. `probes`: by seed as given; a seed that was not asked yet counts as unreachable.
pub(crate) fn decide(me: &Myself, probes: &BTreeMap<String, Probe>) -> Decision {
    let (list, mine) = (addresses(&me.seeds), address(&me.advertise));
    let others: BTreeSet<&String> = list.iter().filter(|seed| **seed != mine).collect();
    if me.single && !others.is_empty() {
        let why = format!(
            "a single node was asked for, and a seed list that names {}: give one or the other",
            sentence(others)
        );
        return Decision::Refuse { why };
    }
    if others.is_empty() {
        return alone(me, !list.is_empty());
    }
    let answers: Answers<'_> = probes
        .iter()
        .map(|(seed, probe)| (address(seed), (seed.as_str(), probe)))
        .filter(|(seed, _)| others.contains(seed))
        .collect();
    join(&answers)
        .or_else(|| refused(&answers))
        .or_else(|| outside(&list, &mine))
        .or_else(|| absent(&others, &answers))
        .or_else(|| misnamed(&answers))
        .or_else(|| divided(&list, &answers))
        .unwrap_or_else(|| first(&list, &mine))
}

/// Answers by address, each with the seed as given.
type Answers<'p> = BTreeMap<String, (&'p str, &'p Probe)>;

/// There is nobody to ask.
fn alone(me: &Myself, listed: bool) -> Decision {
    if me.single || me.loopback || listed {
        return Decision::FormAlone;
    }
    let why = format!(
        "this node listens for others at {} and was given no seeds: name the nodes of the cluster with \
         --seeds, or say --single if it is to stay alone",
        me.advertise
    );
    Decision::Refuse { why }
}

/// A seed is part of a cluster.
fn join(answers: &Answers<'_>) -> Option<Decision> {
    let members = answers.values().filter_map(|(seed, probe)| match probe {
        Probe::Member { cluster_id } => Some((*seed, *cluster_id)),
        _ => None,
    });
    let members: Vec<(&str, [u8; 16])> = members.collect();
    let (through, cluster_id) = *members.first()?;
    if let Some((other, _)) = members.iter().find(|(_, other)| *other != cluster_id) {
        let why = format!(
            "{through} and {other} are part of two different clusters: name the nodes of one cluster only"
        );
        return Some(Decision::Refuse { why });
    }
    Some(Decision::Join { through: through.to_owned(), cluster_id })
}

/// A seed does not talk with this node.
fn refused(answers: &Answers<'_>) -> Option<Decision> {
    answers.values().find_map(|(seed, probe)| match probe {
        Probe::Refused { why } => Some(Decision::Refuse { why: format!("{seed} refuses this node: {why}") }),
        _ => None,
    })
}

/// The list does not name this node: it may join, but it has no say in forming.
fn outside(list: &BTreeSet<String>, mine: &str) -> Option<Decision> {
    (!list.contains(mine)).then(|| {
        wait(format!(
            "{} to form a cluster or to come back: none of them is part of one that can be reached, and this \
         node cannot help to form it, since the seed list does not name {mine}",
            sentence(list)
        ))
    })
}

/// Somebody of the list is missing: perhaps there is a cluster, and only they know.
fn absent(others: &BTreeSet<&String>, answers: &Answers<'_>) -> Option<Decision> {
    let missing: Vec<String> = others
        .iter()
        .filter_map(|seed| match answers.get(*seed) {
            None => Some(format!("{seed} (not asked yet)")),
            Some((_, Probe::Unreachable { why })) => Some(format!("{seed} ({why})")),
            Some(_) => None,
        })
        .collect();
    let why = || {
        let all = sentence(&missing);
        format!("{all}: start every node of the seed list, or check that the addresses can be reached")
    };
    (!missing.is_empty()).then(|| wait(why()))
}

/// A seed has another name for itself: two nodes could both take themselves for the smallest.
fn misnamed(answers: &Answers<'_>) -> Option<Decision> {
    answers.iter().find_map(|(at, (seed, probe))| match probe {
        Probe::Fresh { advertise, .. } if address(advertise) != *at => Some(wait(format!(
            "{seed} to be called by its name: it advertises {advertise}; name every node in the seed list \
             by the address it advertises"
        ))),
        _ => None,
    })
}

/// A seed names another list.
fn divided(list: &BTreeSet<String>, answers: &Answers<'_>) -> Option<Decision> {
    answers.values().find_map(|(seed, probe)| match probe {
        Probe::Fresh { seeds, .. } if addresses(seeds) != *list => Some(wait(format!(
            "{seed} to name the same seeds: it names {}, this node {}; give every node the same list",
            sentence(addresses(seeds)),
            sentence(list)
        ))),
        _ => None,
    })
}

/// All are here, fresh and agreed: the smallest address begins.
fn first(list: &BTreeSet<String>, mine: &str) -> Decision {
    match list.first() {
        Some(smallest) if smallest != mine => wait(format!(
            "{smallest} to form the cluster: all nodes of the seed list are here, and it has the smallest \
             address"
        )),
        _ => Decision::FormAsFirst,
    }
}

fn wait(what: String) -> Decision {
    Decision::Wait { why: format!("waiting for {what}") }
}

fn addresses(seeds: &[String]) -> BTreeSet<String> {
    seeds.iter().map(|seed| address(seed)).filter(|seed| !seed.is_empty()).collect()
}

fn address(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

/// "a, b and c"; "nobody".
fn sentence<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.as_ref().to_owned()).collect();
    match names.as_slice() {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
