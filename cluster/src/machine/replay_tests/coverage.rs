//! That nothing which can be asked of a shard is left out of the properties. A new command does not compile
//! before it has a row here, and its row fails the test before somebody generates it.

use std::collections::BTreeSet;

use madang_storage::row::Effect;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::commands::commands;
use crate::command::{AdminOp, Op, PeopleOp, PresenceOp, RoomOp, SafetyOp, SweepOp, TalkOp, UserOp};

/// How many sequences are looked through: the rarest command is about one in two thousand.
const SEQUENCES: usize = 400;

macro_rules! kinds {
    ($($name:literal: $pattern:pat,)*) => {
        /// Everything that can be asked.
        const KINDS: &[&str] = &[$($name),*];

        fn kind(op: &Op) -> &'static str {
            match op { $($pattern => $name,)* }
        }
    };
}

kinds! {
    "create": Op::Room { op: RoomOp::Create { .. }, .. },
    "send": Op::Room { op: RoomOp::Send { .. }, .. },
    "edit": Op::Room { op: RoomOp::Talk(TalkOp::Edit { .. }), .. },
    "delete a message": Op::Room { op: RoomOp::Talk(TalkOp::Delete { .. }), .. },
    "react": Op::Room { op: RoomOp::Talk(TalkOp::React { .. }), .. },
    "pin": Op::Room { op: RoomOp::Talk(TalkOp::Pin { .. }), .. },
    "join": Op::Room { op: RoomOp::Join, .. },
    "join by link": Op::Room { op: RoomOp::JoinByLink(_), .. },
    "leave": Op::Room { op: RoomOp::Leave, .. },
    "decline": Op::Room { op: RoomOp::Decline, .. },
    "invite": Op::Room { op: RoomOp::Invite(_), .. },
    "kick": Op::Room { op: RoomOp::Kick(_), .. },
    "set role": Op::Room { op: RoomOp::SetRole(..), .. },
    "mark read": Op::Room { op: RoomOp::MarkRead(_), .. },
    "mark read privately": Op::Room { op: RoomOp::MarkReadPrivately(_), .. },
    "mark received": Op::Room { op: RoomOp::MarkReceived(_), .. },
    "change": Op::Room { op: RoomOp::Admin(AdminOp::Change { .. }), .. },
    "ban": Op::Room { op: RoomOp::Admin(AdminOp::Ban { .. }), .. },
    "unban": Op::Room { op: RoomOp::Admin(AdminOp::Unban(_)), .. },
    "mute": Op::Room { op: RoomOp::Admin(AdminOp::Mute { .. }), .. },
    "make a link": Op::Room { op: RoomOp::Admin(AdminOp::MakeLink { .. }), .. },
    "revoke a link": Op::Room { op: RoomOp::Admin(AdminOp::RevokeLink(_)), .. },
    "archive": Op::Room { op: RoomOp::Admin(AdminOp::Archive), .. },
    "unarchive": Op::Room { op: RoomOp::Admin(AdminOp::Unarchive), .. },
    "delete a room": Op::Room { op: RoomOp::Admin(AdminOp::Delete), .. },
    "sign up": Op::User { op: UserOp::SignUp { .. }, .. },
    "open a session": Op::User { op: UserOp::OpenSession { .. }, .. },
    "close a session": Op::User { op: UserOp::CloseSession(_), .. },
    "see a session": Op::User { op: UserOp::SeeSession(_), .. },
    "set the password": Op::User { op: UserOp::SetPassword { .. }, .. },
    "set the profile": Op::User { op: UserOp::SetProfile { .. }, .. },
    "set a room": Op::User { op: UserOp::SetRoom { .. }, .. },
    "request a contact": Op::User { op: UserOp::People(PeopleOp::Request(_)), .. },
    "accept a contact": Op::User { op: UserOp::People(PeopleOp::Accept(_)), .. },
    "decline a contact": Op::User { op: UserOp::People(PeopleOp::Decline(_)), .. },
    "remove a contact": Op::User { op: UserOp::People(PeopleOp::Remove(_)), .. },
    "block": Op::User { op: UserOp::People(PeopleOp::Block(_)), .. },
    "unblock": Op::User { op: UserOp::People(PeopleOp::Unblock(_)), .. },
    "set the privacy": Op::User { op: UserOp::People(PeopleOp::Show { .. }), .. },
    "show presence": Op::User { op: UserOp::Presence(PresenceOp::Show { .. }), .. },
    "go": Op::User { op: UserOp::Presence(PresenceOp::Gone { .. }), .. },
    "report": Op::Safety { op: SafetyOp::Report { .. }, .. },
    "move a report": Op::Safety { op: SafetyOp::Move { .. }, .. },
    "appoint": Op::Safety { op: SafetyOp::Appoint { .. }, .. },
    "suspend": Op::Safety { op: SafetyOp::Suspend { .. }, .. },
    "restore": Op::Safety { op: SafetyOp::Restore(_), .. },
    "hear of a suspension": Op::Effect(Effect::Suspended { .. }),
    "hear of a place": Op::Effect(Effect::UserRoom { .. }),
    "hear of a contact": Op::Effect(Effect::Contact { .. }),
    "hear of a block": Op::Effect(Effect::PairBlock { .. }),
    "hear of a declined invitation": Op::Effect(Effect::Declined { .. }),
    "hear of a mention": Op::Effect(Effect::Mention { .. }),
    "forget effects": Op::OutboxDone(_),
    "sweep members": Op::Sweep(SweepOp::Members { .. }),
    "sweep rows": Op::Sweep(SweepOp::Rows { .. }),
    "end a sweep": Op::Sweep(SweepOp::Done { .. }),
    "what is META's": Op::Meta(_),
}

#[test]
fn every_command_there_is_takes_part_in_the_properties() {
    let mut runner = TestRunner::deterministic();
    let mut missing: BTreeSet<&str> = KINDS.iter().copied().collect();
    for _ in 0..SEQUENCES {
        for command in commands().new_tree(&mut runner).unwrap().current() {
            missing.remove(kind(&command.op));
        }
    }
    assert!(missing.is_empty(), "never generated: {missing:?}");
}
