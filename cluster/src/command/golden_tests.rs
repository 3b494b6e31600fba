//! The bytes of commands and answers, fixed: they are in raft logs and between nodes of different versions.

use madang_storage::id::{Cid, ReportId, SessionId};
use madang_storage::row::{
    Blocked, Findable, Quoted, Reading, Reason, ReportState, ReportTarget, Role, RoomKind, Side, StaffRole,
    SuspendedRow, Until,
};

use super::*;
use madang_storage::row::{Status, Visibility};

use crate::machine::meta::{HeatLimits, JoinLimits, NodeState, ShedLimits, Tunables};

fn user() -> UserId {
    UserId::parse("minji").unwrap()
}

fn check<T: Serialize + serde::de::DeserializeOwned + PartialEq + fmt::Debug>(value: T, golden: &str) {
    let bytes = rmp_serde::to_vec(&value).unwrap();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, golden, "{value:?}");
    assert_eq!(rmp_serde::from_slice::<T>(&bytes).unwrap(), value);
}

fn command(op: Op) -> Command {
    Command { at_ms: 1, op }
}

fn room(op: RoomOp) -> Command {
    command(Op::Room { room: RoomId([1; 16]), user: user(), op })
}

fn account(op: UserOp) -> Command {
    command(Op::User { user: user(), op })
}

/// What every room command begins with.
const ROOM_HEAD: &str = "920181a13193c41001010101010101010101010101010101a56d696e6a69";
/// What every account command begins with.
const USER_HEAD: &str = "920181a13292a56d696e6a69";

#[test]
fn room_commands_keep_their_bytes() {
    let check = |op, golden: &str| check(room(op), &format!("{ROOM_HEAD}{golden}"));
    let (title, topic, sort_title) = ("t".to_owned(), String::new(), "s".to_owned());
    check(
        RoomOp::Create { kind: RoomKind::Group, title, topic, members: vec![user()], sort_title },
        "81a13195a132a174a091a56d696e6a69a173",
    );
    let cid = Cid::parse("c").unwrap();
    check(
        RoomOp::Send { cid: cid.clone(), text: "x".into(), after: None, extra: None },
        "81a13293a163a178c0",
    );
    let (text, after) = ("x".into(), Some(cid.clone()));
    check(RoomOp::Send { cid, text, after, extra: None }, "81a13293a163a178a163");
    check(RoomOp::Join, "a133");
    check(RoomOp::Leave, "a134");
    check(RoomOp::Invite(user()), "81a135a56d696e6a69");
    check(RoomOp::Kick(user()), "81a136a56d696e6a69");
    check(RoomOp::SetRole(user(), Role::Owner), "81a13792a56d696e6a69a133");
    check(RoomOp::MarkRead(7), "81a13907");
    check(RoomOp::MarkReadPrivately(7), "81a2363007");
    check(RoomOp::MarkReceived(7), "81a2363107");
    check(RoomOp::Decline, "a23632");
}

#[test]
fn presence_commands_keep_their_bytes() {
    let check =
        |op, golden: &str| check(account(UserOp::Presence(op)), &format!("{USER_HEAD}81a23930{golden}"));
    let status = Status { text: "t".into(), emoji: "e".into(), expires_ms: Some(9) };
    let (visibility, status) = (Some(Visibility::Invisible), Some(StatusChange::Set(status)));
    check(PresenceOp::Show { visibility, status }, "81a13192a13281a13193a174a16509");
    check(PresenceOp::Show { visibility: None, status: Some(StatusChange::Clear) }, "81a13192c0a132");
    check(PresenceOp::Gone { last_active_ms: 7 }, "81a1329107");
}

#[test]
fn account_commands_keep_their_bytes() {
    let check = |op, golden: &str| check(account(op), &format!("{USER_HEAD}{golden}"));
    let names = vec!["m".to_owned()];
    let (display_name, password_hash) = ("M".to_owned(), "h".to_owned());
    check(
        UserOp::SignUp { display_name: display_name.clone(), password_hash, names: names.clone() },
        "81a13193a14da16891a16d",
    );
    let session = SessionId([2; 16]);
    let id = format!("c410{}", "02".repeat(16));
    let (device, checked) = ("d".into(), Some("h".into()));
    let open = UserOp::OpenSession { session, token_hash: [3; 32], device, sessions_max: 16, checked };
    check(open, &format!("81a13295{id}c420{}a16410a168", "03".repeat(32)));
    check(UserOp::CloseSession(session), &format!("81a133{id}"));
    let set = UserOp::SetPassword { old_hash: "o".into(), new_hash: "n".into(), keep: session };
    check(set, &format!("81a13493a16fa16e{id}"));
    check(UserOp::SetProfile { display_name, names }, "81a13592a14d91a16d");
    let people = |op, golden: &str| check(UserOp::People(op), &format!("81a23630{golden}"));
    people(PeopleOp::Request(user()), "81a131a56d696e6a69");
    people(PeopleOp::Accept(user()), "81a132a56d696e6a69");
    people(PeopleOp::Decline(user()), "81a133a56d696e6a69");
    people(PeopleOp::Remove(user()), "81a134a56d696e6a69");
    people(PeopleOp::Block(user()), "81a135a56d696e6a69");
    people(PeopleOp::Unblock(user()), "81a136a56d696e6a69");
    let (reading, findable) = (Some(Reading::Private), Some(Findable::No));
    people(PeopleOp::Show { reading, findable }, "81a13792a132a132");
    check(UserOp::SeeSession(session), &format!("81a23631{id}"));
}

#[test]
fn other_commands_and_answers_keep_their_bytes() {
    let room = RoomId([1; 16]);
    let effect = Effect::UserRoom { user: user(), room, state: None, room_seq: 2, by: None, at_ms: 3 };
    check(
        command(Op::Effect(effect)),
        "920181a13381a13196a56d696e6a69c41001010101010101010101010101010101c002c003",
    );
    check(command(Op::OutboxDone(vec![1, 2])), "920181a134920102");
    check(Reply::Done { outbox: vec![1] }, "81a131919101");
    check(Reply::Sent { seq: 1, at_ms: 2, dup: Repeat::Again }, "81a132930102a132");
    check(Reply::Read { read_seq: 1, unread: 2, mentions: 3 }, "81a13393010203");
    check(Reply::Joined { node: 4 }, "81a1349104");
    check(Refusal::NoRoom, "a131");
    check(Refusal::RoomFull { max: 100 }, "81a231319164");
    check(Refusal::OfStaff, "a23730");
    check(Refusal::Suspended { reason: "r".into(), retry_after_ms: Some(7) }, "81a2373192a17207");
}

#[test]
fn commands_to_the_desk_and_effects_on_people_keep_their_bytes() {
    let report = ReportId([5; 16]);
    let id = format!("c410{}", "05".repeat(16));
    let safety = |op, golden: &str| {
        let command = command(Op::Safety { by: user(), standing: Standing::Named, op });
        check(command, &format!("920181a2363093a56d696e6a69a132{golden}"));
    };
    let quoted = Quoted { seq: 1, at_ms: 2, user: user(), text: "x".into() };
    let (target, note) = (ReportTarget::User(user()), "n".to_owned());
    safety(
        SafetyOp::Report { report, target, reason: Reason::Hate, note: note.clone(), context: vec![quoted] },
        &format!("81a13195{id}81a132a56d696e6a69a133a16e91940102a56d696e6a69a178"),
    );
    let to = ReportState::Taken;
    safety(SafetyOp::Move { report, to, note }, &format!("81a13293{id}a132a16e"));
    let role = Some(StaffRole::Moderator);
    safety(SafetyOp::Appoint { user: user(), role }, "81a13392a56d696e6a69a131");
    let (until, reason) = (Until(7), "r".to_owned());
    safety(SafetyOp::Suspend { user: user(), until, reason: reason.clone() }, "81a13493a56d696e6a6907a172");
    safety(SafetyOp::Restore(user()), "81a135a56d696e6a69");

    let effect = |effect, golden: &str| check(command(Op::Effect(effect)), &format!("920181a133{golden}"));
    let now = SuspendedRow { until, reason, version: 2 };
    effect(Effect::Suspended { user: user(), now }, "81a2363392a56d696e6a699307a17202");
    let room = RoomId([1; 16]);
    let room_id = format!("c410{}", "01".repeat(16));
    let side = Side { version: 3, given: 2, cancelled: 1 };
    effect(Effect::Contact { from: user(), to: user(), side }, "81a2363093a56d696e6a69a56d696e6a6993030201");
    effect(
        Effect::PairBlock { room, by: user(), other: user(), blocked: Blocked::Yes, version: 4 },
        &format!("81a2363195{room_id}a56d696e6a69a56d696e6a69a13204"),
    );
    effect(
        Effect::Declined { room, user: user(), room_seq: 6 },
        &format!("81a2363293{room_id}a56d696e6a6906"),
    );
}

#[test]
fn commands_to_meta_keep_their_bytes() {
    let check = |op, golden: &str| check(command(Op::Meta(op)), &format!("920181a135{golden}"));
    let (peer, http, zone) = ("p:1".to_owned(), "h:2".to_owned(), "z".to_owned());
    let node = NewNode { incarnation: 9, peer, http, zone, weight: 100, protocol: 1 };
    let node_bytes = "9609a3703a31a3683a32a17a6401";
    let form = MetaOp::Form { cluster_id: [4; 16], shards: 16, replication: 3, node: node.clone() };
    check(form, &format!("81a13194c410{}1003{node_bytes}", "04".repeat(16)));
    check(MetaOp::Join { node: node.clone() }, &format!("81a13291{node_bytes}"));
    check(MetaOp::Meet { node: 2, now: node }, &format!("81a1339202{node_bytes}"));
    for (number, state) in (0x31..).zip([
        NodeState::Joining,
        NodeState::Up,
        NodeState::Draining,
        NodeState::Leaving,
        NodeState::Gone,
        NodeState::Away,
    ]) {
        check(MetaOp::SetState { node: 2, state }, &format!("81a1349202a1{number:x}"));
    }
    check(MetaOp::Remove { node: 2 }, "81a1359102");
    check(MetaOp::Place { group: 3, replicas: vec![1, 2], was: vec![1] }, "81a13693039201029101");
    let tunables = Tunables {
        moves_at_once: 2,
        move_bytes_per_second: 3,
        promote_lag_entries_max: 4,
        substitute_after_ms: 5,
        heat: HeatLimits {
            sends_per_s: 6,
            fetches_per_s: 7,
            joins_per_s: 8,
            hot_after_ms: 9,
            cool_percent: 10,
            cool_after_ms: 11,
        },
        shed: ShedLimits {
            typing: 12,
            presence: 13,
            receipts: 14,
            reactions: 15,
            coalesced: 16,
            heads: 17,
            step_up_ms: 18,
            cool_percent: 19,
            step_down_ms: 20,
            pages_per_s: 21,
        },
        joins: JoinLimits { per_s: 22, burst: 23 },
    };
    let bytes = "81a13791970203040596060708090a0b9a0c0d0e0f10111213141592 1617".replace(' ', "");
    check(MetaOp::Tune { tunables }, &bytes);
    check(MetaOp::RaiseMachineVersion { to: 2 }, "81a1389102");
}

#[test]
fn every_refusal_keeps_its_number() {
    let all = [
        Refusal::NoRoom,
        Refusal::NoUser,
        Refusal::NotMember,
        Refusal::Forbidden,
        Refusal::InviteOnly,
        Refusal::UserExists,
        Refusal::CidConflict,
        Refusal::OutOfOrder,
        Refusal::DirectRoom,
        Refusal::OwnerLeaves,
        Refusal::RoomFull { max: 1 },
        Refusal::RoomExists,
        Refusal::PasswordChanged,
        Refusal::AlreadyFormed,
        Refusal::WrongGroup,
        Refusal::Meta(MetaRefusal::NotFormed),
    ];
    check_numbers(&all);
}

#[test]
fn every_refusal_of_meta_keeps_its_number() {
    let (node, peer, group, last, now) = (1, String::new(), 1, 1, 1);
    check_numbers(&[
        MetaRefusal::NotFormed,
        MetaRefusal::NoNode { node },
        MetaRefusal::NodeGone { node },
        MetaRefusal::OtherData { node },
        MetaRefusal::AddressTaken { node, peer },
        MetaRefusal::ClusterFull { max: 1 },
        MetaRefusal::Transition { node, from: NodeState::Up, to: NodeState::Gone },
        MetaRefusal::LastNode { node },
        MetaRefusal::NoGroup { group, last },
        MetaRefusal::Moved { group },
        MetaRefusal::NoPlacement { group },
        MetaRefusal::OutOfBounds { what: String::new(), min: 1, max: 1 },
        MetaRefusal::VersionBackwards { now },
    ]);
}

#[test]
fn refusals_about_people_keep_their_numbers() {
    let all = [
        Refusal::Private,
        Refusal::ListFull { max: 1 },
        Refusal::NotAsked,
        Refusal::BlockedByYou,
        Refusal::Yourself,
        Refusal::NotStaff,
        Refusal::NoReport,
        Refusal::ReportTaken,
        Refusal::ReportNotTaken,
        Refusal::ReportClosed,
    ];
    for (number, refusal) in (60..).zip(&all) {
        let bytes = rmp_serde::to_vec(refusal).unwrap();
        assert!(String::from_utf8_lossy(&bytes).contains(&number.to_string()), "{refusal:?}");
    }
}

fn check_numbers<R: Serialize + fmt::Debug>(all: &[R]) {
    for (number, refusal) in (1..).zip(all) {
        let bytes = rmp_serde::to_vec(refusal).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains(&number.to_string()), "{refusal:?} is {text}");
    }
}
