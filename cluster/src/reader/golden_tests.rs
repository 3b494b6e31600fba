//! Reads go between nodes: their bytes stay.

use std::fmt::Debug;

use madang_storage::id::{Cid, RoomId, UserId};
use madang_storage::row::SentRow;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::people::PeopleQuery;
use super::query::{Found, Query};
use super::rooms::{RoomsFound, RoomsQuery};

fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, golden: &str) {
    let bytes = rmp_serde::to_vec(value).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, golden, "{value:?}");
    assert_eq!(&rmp_serde::from_slice::<T>(&bytes).unwrap(), value);
}

#[test]
fn questions_between_nodes() {
    let room = RoomId([1; 16]);
    let (id, user) = (format!("c410{}", "01".repeat(16)), UserId::parse("minji").unwrap());
    check(&Query::Room(room), &format!("81a131{id}"));
    let sent = RoomsQuery::Sent(room, user.clone(), Cid::parse("c").unwrap());
    check(&Query::Rooms(sent), &format!("81a2343081a13693{id}a56d696e6a69a163"));
    check(&Query::Rooms(RoomsQuery::Activity(vec![room])), &format!("81a2343081a13791{id}"));
    let among = RoomsQuery::MembersAmong(room, vec![user.clone()]);
    check(&Query::Rooms(among), &format!("81a2343081a13892{id}91a56d696e6a69"));
    let all = PeopleQuery::AllNames { prefix: "m".to_owned(), after: None, limit: 5 };
    check(&Query::People(all), "81a2363081a13793a16dc005");
    check(&Query::GoneBefore(user), "81a23133a56d696e6a69");
}

#[test]
fn what_they_are_answered() {
    let room = RoomId([1; 16]);
    let id = format!("c410{}", "01".repeat(16));
    let sent = SentRow { seq: 1, at_ms: 2, hash: Some(3) };
    check(&Found::Rooms(RoomsFound::Sent(Some(sent))), "81a2343081a13693010203");
    check(&Found::Rooms(RoomsFound::Activity(vec![(room, 2)])), &format!("81a2343081a1379192{id}02"));
    check(&Found::GoneBefore(5), "81a2313305");
}
