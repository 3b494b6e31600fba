//! Arbitrary commands of arbitrary people.

use madang_storage::id::{Cid, Emoji, RoomId, UserId};
use madang_storage::row::{
    Content, EditedTo, Effect, Everybody, Extra, Forward, InThread, Mentions, Role, RoomKind, Switch,
};
use proptest::prelude::*;

use crate::command::{Command, MetaOp, Op, RoomOp, TalkOp};

/// Seqs that commands name: mostly of events there are.
pub(super) const SEQS: std::ops::Range<u64> = 0..40;

pub(super) fn user() -> impl Strategy<Value = UserId> {
    prop_oneof!["aa", "bb", "cc", "dd"].prop_map(|name| UserId::parse(&name).unwrap())
}

pub(super) fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Member), Just(Role::Moderator), Just(Role::Admin), Just(Role::Owner)]
}

fn cid() -> impl Strategy<Value = Cid> {
    (0..12_u8).prop_map(|n| Cid::parse(&n.to_string()).unwrap())
}

/// A text that no other command has, unless by a rare chance.
fn text() -> impl Strategy<Value = String> {
    any::<u32>().prop_map(|n| format!("words{n:08x}"))
}

pub(super) fn switch() -> impl Strategy<Value = Switch> {
    prop_oneof![3 => Just(Switch::On), 2 => Just(Switch::Off)]
}

fn mentions() -> impl Strategy<Value = Mentions> {
    let everybody = prop_oneof![3 => Just(Everybody::No), 1 => Just(Everybody::Yes)];
    (prop::collection::btree_set(user(), 0..3), everybody)
        .prop_map(|(users, everybody)| Mentions { users: users.into_iter().collect(), everybody })
}

fn extra() -> impl Strategy<Value = Extra> {
    let opaque = text().prop_map(|data| Content::Opaque { scheme: "x".into(), data });
    let content = prop_oneof![5 => Just(Content::Text), 1 => Just(Content::System), 1 => opaque];
    let from = (user(), SEQS).prop_map(|(user, seq)| Forward { room: RoomId([2; 16]), seq, user, at_ms: 1 });
    let thread = SEQS.prop_map(|root| InThread { root, number: 0 });
    let parts = (
        content,
        prop::option::weighted(0.2, SEQS),
        prop::option::weighted(0.3, thread),
        mentions(),
        prop::option::weighted(0.1, from),
    );
    parts.prop_map(|(content, reply, thread, mentions, forward)| Extra {
        content,
        reply,
        thread,
        mentions,
        forward,
    })
}

fn talk() -> impl Strategy<Value = TalkOp> {
    let emoji = prop_oneof!["👍", "🎉"].prop_map(|text| Emoji::parse(&text).unwrap());
    let to = (text(), prop::option::weighted(0.1, text()), mentions())
        .prop_map(|(text, data, mentions)| Box::new(EditedTo { text, data, mentions }));
    prop_oneof![
        3 => (SEQS, prop::option::of(cid()), to).prop_map(|(target, cid, to)| TalkOp::Edit { target, cid, to }),
        2 => SEQS.prop_map(|target| TalkOp::Delete { target }),
        3 => (SEQS, emoji, switch()).prop_map(|(target, emoji, to)| TalkOp::React { target, emoji, to }),
        2 => (SEQS, switch()).prop_map(|(target, to)| TalkOp::Pin { target, to }),
    ]
}

fn create() -> impl Strategy<Value = RoomOp> {
    let kind = prop_oneof![Just(RoomKind::Direct), Just(RoomKind::Group), Just(RoomKind::Open)];
    (kind, prop::collection::vec(user(), 0..3)).prop_map(|(kind, members)| RoomOp::Create {
        kind,
        title: "t".into(),
        topic: String::new(),
        members,
        sort_title: String::new(),
    })
}

fn send() -> impl Strategy<Value = RoomOp> {
    (cid(), text(), prop::option::weighted(0.2, cid()), prop::option::of(extra())).prop_map(
        |(cid, text, after, extra)| RoomOp::Send { cid, text, after, extra: extra.and_then(Extra::boxed) },
    )
}

fn room_op() -> impl Strategy<Value = RoomOp> {
    prop_oneof![
        1 => create(),
        8 => send().boxed(),
        8 => talk().prop_map(RoomOp::Talk).boxed(),
        3 => Just(RoomOp::Join),
        1 => Just(RoomOp::Leave),
        2 => user().prop_map(RoomOp::Invite),
        1 => user().prop_map(RoomOp::Kick),
        2 => (user(), role()).prop_map(|(user, role)| RoomOp::SetRole(user, role)),
        2 => SEQS.prop_map(RoomOp::MarkRead),
        1 => SEQS.prop_map(RoomOp::MarkReadPrivately),
        1 => SEQS.prop_map(RoomOp::MarkReceived),
        1 => Just(RoomOp::Decline),
        4 => super::keeping::op().boxed(),
    ]
}

pub(super) fn room() -> impl Strategy<Value = RoomId> {
    prop_oneof![3 => Just(RoomId([1; 16])), 1 => Just(RoomId([2; 16]))]
}

fn mention() -> impl Strategy<Value = Op> {
    (user(), room(), SEQS, switch(), SEQS).prop_map(|(user, room, seq, state, room_seq)| {
        Op::Effect(Effect::Mention { user, room, seq, state, room_seq })
    })
}

/// Some commands, after the first room has begun and has people in it.
pub(crate) fn commands() -> impl Strategy<Value = Vec<Command>> {
    let op = prop_oneof![
        // Boxed: as one type these would be larger than a test's stack.
        16 => (room(), user(), room_op().boxed()).prop_map(|(room, user, op)| Op::Room { room, user, op }),
        1 => mention(),
        4 => super::people::op().boxed(),
        1 => super::keeping::sweep().prop_map(Op::Sweep).boxed(),
        1 => prop::collection::vec(0..40_u64, 0..8).prop_map(Op::OutboxDone),
        1 => Just(Op::Meta(MetaOp::Remove { node: 1 })),
    ];
    let command = (0..1_000_u64, op).prop_map(|(at_ms, op)| Command { at_ms, op });
    let kind = prop_oneof![Just(RoomKind::Group), Just(RoomKind::Open)];
    (kind, prop::collection::vec(command, 1..120)).prop_map(|(kind, commands)| {
        let room = RoomId([1; 16]);
        let people = ["aa", "bb", "cc"].map(|name| UserId::parse(name).unwrap());
        let begin = RoomOp::Create {
            kind,
            title: "t".into(),
            topic: String::new(),
            members: people.to_vec(),
            sort_title: String::new(),
        };
        let joins = people.iter().map(|user| (user.clone(), RoomOp::Join));
        let first = std::iter::once((people[0].clone(), begin)).chain(joins);
        let first = first.map(|(user, op)| Command { at_ms: 1, op: Op::Room { room, user, op } });
        first.chain(commands).collect()
    })
}
