//! Every row of the decision, by script.

use std::collections::{BTreeMap, BTreeSet};

use super::{Decision, Myself, Probe, decide};

fn list(seeds: &str) -> Vec<String> {
    seeds.split(',').filter(|seed| !seed.is_empty()).map(str::to_owned).collect()
}

fn me(advertise: &str, seeds: &str) -> Myself {
    Myself { advertise: advertise.to_owned(), loopback: false, single: false, seeds: list(seeds) }
}

fn fresh(advertise: &str, seeds: &str) -> Probe {
    Probe::Fresh { advertise: advertise.to_owned(), seeds: list(seeds) }
}

fn member(cluster: u8) -> Probe {
    Probe::Member { cluster_id: [cluster; 16] }
}

fn away() -> Probe {
    Probe::Unreachable { why: "connection refused".to_owned() }
}

fn refused() -> Probe {
    Probe::Refused { why: "another secret".to_owned() }
}

fn run(me: &Myself, probes: &[(&str, Probe)]) -> Decision {
    let probes: BTreeMap<String, Probe> =
        probes.iter().map(|(seed, probe)| ((*seed).to_owned(), probe.clone())).collect();
    decide(me, &probes)
}

#[track_caller]
fn waits(decision: Decision, words: &[&str]) {
    let Decision::Wait { why } = decision else { panic!("does not wait: {decision:?}") };
    assert!(words.iter().all(|word| why.contains(word)), "{why}");
}

#[track_caller]
fn refuses(decision: Decision, words: &[&str]) {
    let Decision::Refuse { why } = decision else { panic!("does not refuse: {decision:?}") };
    assert!(words.iter().all(|word| why.contains(word)), "{why}");
}

fn joins(through: &str, cluster: u8) -> Decision {
    Decision::Join { through: through.to_owned(), cluster_id: [cluster; 16] }
}

#[test]
fn without_seeds_a_node_on_loopback_or_one_asked_to_be_single_forms_alone() {
    let node = me("a:1", "");
    assert_eq!(run(&Myself { loopback: true, ..node.clone() }, &[]), Decision::FormAlone);
    assert_eq!(run(&Myself { single: true, ..node.clone() }, &[]), Decision::FormAlone);
    refuses(run(&node, &[]), &["a:1", "--seeds", "--single"]);
}

#[test]
fn a_list_of_only_myself_is_a_cluster_of_one() {
    assert_eq!(run(&me("a:1", "a:1,A:1, a:1"), &[]), Decision::FormAlone);
}

#[test]
fn a_single_node_with_other_seeds_is_a_contradiction() {
    let node = Myself { single: true, ..me("a:1", "a:1,b:1") };
    refuses(run(&node, &[("b:1", member(1))]), &["single", "b:1"]);
}

#[test]
fn a_seed_in_a_cluster_is_joined_whatever_the_others_say() {
    let node = me("c:1", "a:1,b:1,c:1");
    assert_eq!(run(&node, &[("a:1", away()), ("b:1", member(1))]), joins("b:1", 1));
    assert_eq!(run(&node, &[("a:1", refused()), ("b:1", member(1))]), joins("b:1", 1));
    assert_eq!(run(&node, &[("a:1", fresh("a:1", "x:1")), ("b:1", member(1))]), joins("b:1", 1));
    assert_eq!(run(&node, &[("b:1", member(1)), ("a:1", member(1))]), joins("a:1", 1));
    assert_eq!(run(&me("d:1", "a:1"), &[("a:1", member(1))]), joins("a:1", 1));
}

#[test]
fn two_clusters_in_one_list_are_refused() {
    let node = me("c:1", "a:1,b:1,c:1");
    refuses(run(&node, &[("a:1", member(1)), ("b:1", member(2))]), &["a:1", "b:1", "two different"]);
}

#[test]
fn a_refusal_is_passed_on() {
    let node = me("c:1", "a:1,b:1,c:1");
    refuses(run(&node, &[("a:1", refused()), ("b:1", away())]), &["a:1", "another secret"]);
}

#[test]
fn a_node_outside_the_list_waits_for_the_others_to_form() {
    let node = me("d:1", "a:1,b:1");
    let both = [("a:1", fresh("a:1", "a:1,b:1")), ("b:1", fresh("b:1", "a:1,b:1"))];
    waits(run(&node, &both), &["a:1 and b:1", "d:1"]);
}

#[test]
fn nobody_forms_while_a_seed_is_missing() {
    let node = me("a:1", "a:1,b:1,c:1");
    let here = ("b:1", fresh("b:1", "a:1,b:1,c:1"));
    waits(run(&node, &[here.clone(), ("c:1", away())]), &["c:1 (connection refused)", "start every node"]);
    waits(run(&node, &[here]), &["c:1 (not asked yet)"]);
    waits(run(&node, &[]), &["b:1", "c:1"]);
}

#[test]
fn a_seed_by_another_name_is_waited_for() {
    let node = me("a:1", "a:1,b:1");
    waits(run(&node, &[("b:1", fresh("10.0.0.2:1", "a:1,b:1"))]), &["b:1", "10.0.0.2:1"]);
    // The seed is this node itself, under another name.
    waits(run(&node, &[("b:1", fresh("a:1", "a:1,b:1"))]), &["b:1", "a:1"]);
}

#[test]
fn nobody_forms_while_lists_differ() {
    let node = me("a:1", "a:1,b:1");
    waits(
        run(&node, &[("b:1", fresh("b:1", "a:1,b:1,c:1"))]),
        &["a:1, b:1 and c:1", "a:1 and b:1", "same list"],
    );
}

#[test]
fn the_smallest_address_forms_and_the_others_wait_for_it() {
    let probe = |seed: &'static str| (seed, fresh(seed, "c:1,b:1,a:1"));
    assert_eq!(run(&me("a:1", "a:1,b:1,c:1"), &[probe("b:1"), probe("c:1")]), Decision::FormAsFirst);
    waits(run(&me("b:1", "a:1,b:1,c:1"), &[probe("a:1"), probe("c:1")]), &["a:1 to form"]);
    waits(run(&me("c:1", "a:1,b:1,c:1"), &[probe("a:1"), probe("b:1")]), &["a:1 to form"]);
}

#[test]
fn order_repeats_and_case_do_not_matter() {
    let node = me("A:1", "b:1,a:1,B:1,a:1 ");
    let probes = [("b:1", fresh("B:1", "a:1,b:1,b:1")), ("B:1", fresh("B:1", "a:1,b:1,b:1"))];
    assert_eq!(run(&node, &probes), Decision::FormAsFirst);
}

#[test]
fn of_any_nodes_that_see_each_other_exactly_one_forms() {
    for count in 2..6_u8 {
        let names: Vec<String> = (0..count).map(|n| format!("n{n}:1")).collect();
        let seeds = names.join(",");
        let forming = names.iter().filter(|name| {
            let probes: Vec<(&str, Probe)> = names
                .iter()
                .filter(|other| other != name)
                .map(|other| (other.as_str(), fresh(other, &seeds)))
                .collect();
            run(&me(name, &seeds), &probes) == Decision::FormAsFirst
        });
        assert_eq!(forming.collect::<BTreeSet<_>>(), [&names[0]].into());
    }
}
