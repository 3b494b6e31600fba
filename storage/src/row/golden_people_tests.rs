//! The bytes of rows about people and of the desk, fixed as in `golden_tests.rs`.

use super::golden_tests::{check, user};
use super::*;
use crate::id::{ReportId, RoomId};

#[test]
fn rows_about_people_keep_their_bytes() {
    let mine = Side { version: 1, given: 2, cancelled: 3 };
    check(ContactRow { mine, theirs: Side::default(), at_ms: 4 }, "93930102039300000004");
    check(BlockRow { blocked: Blocked::Yes, version: 1, at_ms: 2 }, "93a1320102");
    check(PairRow { lesser: (Blocked::No, 1), greater: (Blocked::Yes, 2) }, "9292a1310192a13202");
    let (reading, findable) = (Reading::Private, Findable::No);
    let names = vec!["m".to_owned()];
    check(PeopleRow { contacts: 1, blocks: 2, reading, findable, names }, "950102a132a13291a16d");
}

#[test]
fn rows_of_the_desk_keep_their_bytes() {
    let (room, id) = (RoomId([1; 16]), format!("c410{}", "01".repeat(16)));
    let by = "a56d696e6a69";
    let report = ReportRow {
        by: user(),
        at_ms: 1,
        target: ReportTarget::Message { room, seq: 2, user: user() },
        reason: Reason::Other,
        note: "n".into(),
        context: vec![Quoted { seq: 2, at_ms: 3, user: user(), text: "x".into() }],
        state: ReportState::Taken,
        steps: vec![ReportStep { at_ms: 4, by: user(), state: ReportState::Taken, note: "s".into() }],
    };
    check(report, &format!("98{by}0181a13193{id}02{by}a136a16e91940203{by}a178a132919404{by}a132a173"));
    check(StaffRow { role: StaffRole::Admin, at_ms: 1, by: user() }, &format!("93a13201{by}"));
    let audit = |act| AuditRow { by: user(), act };
    let role = Some(StaffRole::Moderator);
    check(audit(Act::Appointed { user: user(), role }), &format!("92{by}81a13192{by}a131"));
    let (until, reason) = (Until(7), "r".to_owned());
    let suspended = Act::Suspended { user: user(), until, reason: reason.clone() };
    check(audit(suspended), &format!("92{by}81a13493{by}07a172"));
    check(audit(Act::Restored { user: user() }), &format!("92{by}81a13591{by}"));
    let row = SuspensionRow { by: user(), at_ms: 1, until, reason: reason.clone() };
    check(row, &format!("94{by}0107a172"));
    check(SuspendedRow { until, reason, version: 2 }, "9307a17202");
    let moved = Act::Report { report: ReportId([1; 16]), state: ReportState::Open, note: String::new() };
    check(audit(moved), &format!("92{by}81a13293{id}a131a0"));
    let in_room = |act, golden: &str| {
        let act = Act::Room { room, user: Some(user()), act };
        check(audit(act), &format!("92{by}81a13393{id}{by}{golden}"));
    };
    in_room(RoomAct::Kicked, "a131");
    in_room(RoomAct::Role(Role::Admin), "81a132a132");
    in_room(RoomAct::Banned { reason: "r".into() }, "81a13391a172");
    in_room(RoomAct::Unbanned, "a134");
    in_room(RoomAct::Muted, "a135");
    in_room(RoomAct::Unmuted, "a136");
    in_room(RoomAct::Archived, "a137");
    in_room(RoomAct::Unarchived, "a138");
    in_room(RoomAct::Deleted, "a139");
    in_room(RoomAct::MessageDeleted { seq: 7 }, "81a231309107");
    in_room(RoomAct::Configured { seq: 7 }, "81a231319107");
    in_room(RoomAct::LinkRevoked, "a23132");
}
