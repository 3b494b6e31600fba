//! `madang status` and its like against a running node, and without one.

use serde_json::Value;

use crate::program::{Serving, run};

#[test]
fn a_well_node_is_shown_and_ends_the_command_with_0() {
    let node = Serving::start(&[]);
    let status = run(&["status", "--node", node.peer(), "--exit-when-healthy"]);
    assert_eq!(status.code, Some(0), "{}", status.err);
    assert!(
        status.out.contains("All is well.") && status.out.contains("with a leader: all"),
        "{}",
        status.out
    );

    let json = run(&["status", "--node", node.peer(), "--json"]);
    let report: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(
        (json.code, &report["healthy"], &report["node"]),
        (Some(0), &true.into(), &node.about["node"])
    );

    let ring = run(&["ring", "--node", node.peer()]);
    assert_eq!((ring.code, ring.out.lines().count()), (Some(0), 4), "{}", ring.out);
    let ring = run(&["ring", "--node", node.peer(), "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&ring.out).unwrap()[0]["group"], "meta");
}

#[test]
fn where_nobody_listens_the_command_says_so_and_ends_with_1() {
    let status = run(&["status", "--node", "127.0.0.1:1"]);
    assert_eq!((status.code, status.out.as_str()), (Some(1), ""));
    assert!(status.err.contains("no node answers: 127.0.0.1:1"), "{}", status.err);
}

#[test]
fn a_wrong_secret_is_named_and_never_shown() {
    let node = Serving::start(&["--set", "peer.secret=the-right-one"]);
    let wrong = run(&["status", "--node", node.peer(), "--set", "peer.secret=the-wrong-one"]);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.err.contains("secrets differ") && !wrong.err.contains("-one"), "{}", wrong.err);
    let right = run(&["status", "--node", node.peer(), "--set", "peer.secret=the-right-one"]);
    assert_eq!(right.code, Some(0), "{}", right.err);

    let shown = run(&["config", "print", "--set", "peer.secret=the-right-one"]);
    assert!(shown.out.contains("# secret is set, not shown # the flag --set"), "{}", shown.out);
    assert!(!shown.out.contains("-one"));
}

#[test]
fn wrong_arguments_and_settings_end_with_2() {
    for (line, said) in [
        (&["status", "--node", "here"][..], "has no port"),
        (&["status", "--peer-listen", "0.0.0.0:7400"], "needs peer.secret or peer.secret_file"),
        (&["status", "--peer-listen", "127.0.0.1:0"], "say --node HOST:PORT"),
        (&["remove"], "<NODE>"),
        (&["rooms", "--limit", "101"], "a number from 1 to 100"),
        (&["drain", "first"], "invalid value"),
        (&["dev", "--restart-after", "3"], "3s or 500ms"),
        (&["dev", "--http-port", "7400"], "too close"),
    ] {
        let ended = run(line);
        assert!(ended.err.contains(said), "{line:?}: {}", ended.err);
        assert_eq!(ended.code, Some(2), "{line:?}");
    }
}

#[test]
fn the_last_node_can_neither_leave_nor_be_removed_and_nobody_is_asked_who_is_not_there() {
    let node = Serving::start(&[]);
    let id = node.about["node"].to_string();
    let leave = run(&["leave", "--node", node.peer()]);
    assert_eq!(leave.code, Some(1));
    assert!(leave.err.contains("refused: "), "{}", leave.err);
    let remove = run(&["remove", &id, "--node", node.peer(), "--yes"]);
    assert!(remove.code == Some(1) && remove.err.contains("refused: "), "{}", remove.err);
    let remove = run(&["remove", &id, "--node", node.peer()]);
    assert!(remove.code == Some(1) && remove.err.contains("say `--yes`"), "{}", remove.err);
    let remove = run(&["remove", "77", "--node", node.peer(), "--yes"]);
    assert!(remove.code == Some(1) && remove.err.contains("has no node 77"), "{}", remove.err);
}

#[test]
fn a_node_at_rest_has_no_hot_rooms() {
    let node = Serving::start(&[]);
    let hot = run(&["rooms", "--hot", "--node", node.peer()]);
    assert_eq!((hot.code, hot.out.lines().count()), (Some(0), 1), "{}", hot.err);
    assert!(hot.out.starts_with("No room is hot."), "{}", hot.out);
    let json = run(&["rooms", "--limit", "3", "--json", "--node", node.peer()]);
    let report: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((json.code, report), (Some(0), serde_json::json!({ "rooms": [], "silent": [] })));
}

#[test]
fn what_can_be_tuned_is_shown_and_changed_while_the_node_runs() {
    let node = Serving::start(&[]);
    let tune = |arguments: &[&str]| run(&[&["tune", "--node", node.peer()], arguments].concat());
    let shown = tune(&[]);
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    assert!(shown.out.contains("shed.heads") && shown.out.contains("1000000"), "{}", shown.out);
    let changed = tune(&["shed.heads=300000", "joins.per_s=7"]);
    assert_eq!(
        (changed.code, changed.out.as_str()),
        (Some(0), "shed.heads: 1000000 -> 300000\njoins.per_s: 200 -> 7\n")
    );
    let json: Value = serde_json::from_str(&tune(&["--json"]).out).unwrap();
    let value = |name: &str| {
        json["tunables"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(
        (value("shed.heads"), value("joins.per_s"), value("shed.typing")),
        (300_000.into(), 7.into(), 2_000.into())
    );
    assert!(tune(&["joins.per_s=7"]).out.starts_with("Nothing changes"));
    for (wrong, said) in [
        ("shed.heads", "NAME=VALUE"),
        ("shed.heads=many", "`many` is no whole number"),
        ("shed.head=1", "there is no `shed.head` to tune; there are moves_at_once, "),
        ("heat.cool_percent=91", "`heat.cool_percent` is a number from 0 to 90"),
    ] {
        let ended = tune(&[wrong]);
        assert!(ended.code == Some(2) && ended.err.contains(said), "{wrong}: {}", ended.err);
    }
}
