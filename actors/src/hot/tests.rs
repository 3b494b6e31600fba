//! A busy room shows up on the node's board and in the cluster's list, and cools.

use std::sync::Arc;
use std::time::Duration;

use madang_cluster::machine::meta::HeatLimits;
use madang_cluster::{Leader, Page};
use madang_storage::id::RoomId;
use madang_storage::row::RoomKind;

use super::merge::merge;
use super::wire::Warm;
use super::{Board, BoardSummary, Heat, HotRoom, HotRooms};
use crate::fake::{FakeCluster, send, user};
use crate::room::Reading;
use crate::yard::{Yard, options, run};

const ROOM: RoomId = RoomId([1; 16]);
/// Hot and cool again within seconds.
const QUICK: HeatLimits = HeatLimits {
    sends_per_s: 4,
    fetches_per_s: 0,
    joins_per_s: 0,
    hot_after_ms: 0,
    cool_percent: 50,
    cool_after_ms: 0,
};

fn room(number: u16) -> RoomId {
    let mut id = [0; 16];
    id[14..].copy_from_slice(&number.to_be_bytes());
    RoomId(id)
}

fn reading(sends_per_s: u32, hot_for_ms: Option<u64>) -> Reading {
    Reading { heat: Heat { sends_per_s, ..Heat::default() }, hot_for_ms }
}

/// Asks again and again until the list is as it should be.
async fn shows(what: &str, yard: &Yard, is: impl Fn(&HotRooms) -> bool) -> HotRooms {
    let looks = async {
        loop {
            let shown = yard.actors.heats().everywhere(10).await;
            if is(&shown) {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looks).await.unwrap_or_else(|_| panic!("never: {what}"))
}

#[test]
fn a_busy_room_is_shown_as_hot_and_then_forgotten() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        cluster.tuned.lock().heat = QUICK;
        for _ in 0..30 {
            yard.insist(ROOM, &user("minji"), &send("hello")).await;
        }
        yard.insist(room(7), &user("minji"), &send("hello")).await;
        let is_hot = |shown: &HotRooms| shown.rooms.iter().any(|room| room.hot_for_ms.is_some());
        let shown = shows("hot", &yard, is_hot).await;
        let [hot] = shown.rooms[..] else { panic!("quiet rooms have no place: {shown:?}") };
        assert!(hot.sends_per_s >= QUICK.sends_per_s, "{hot:?}");
        let (kind, members, leader) = (Some(RoomKind::Open), Some(2), Some(1));
        assert_eq!(
            hot,
            HotRoom { room: ROOM, kind, members, leader, fetches_per_s: 0, joins_per_s: 0, ..hot }
        );
        assert_eq!(yard.actors.meter().read().heat.hot, 1);
        shows("cool", &yard, |shown| shown.rooms.is_empty()).await;
        assert_eq!(yard.actors.meter().read().heat, BoardSummary::default());
        yard.actors.stop().await;
    });
}

#[test]
fn what_several_nodes_measure_is_added_up_and_a_node_that_cannot_answer_is_named() {
    run(async {
        let clusters = [FakeCluster::of_node(1, 1), FakeCluster::of_node(2, 1), FakeCluster::of_node(3, 1)];
        let [one, two, mute] = &clusters;
        for (a, b) in [(one, two), (one, mute)] {
            a.link(b);
        }
        two.leader.send_replace(Leader::Node(1));
        two.log(ROOM, &user("minji"), "hello");
        let (here, there) = (
            Yard::start(Arc::clone(one) as _, options()).await,
            Yard::start(Arc::clone(two) as _, options()).await,
        );
        for _ in 0..30 {
            here.insist(ROOM, &user("minji"), &send("hello")).await;
            there.history(ROOM, Page::Newest, 10).await.unwrap();
        }
        let both =
            |shown: &HotRooms| shown.rooms.iter().any(|room| room.sends_per_s > 0 && room.fetches_per_s > 0);
        let shown = shows("both", &here, both).await;
        assert_eq!((shown.silent, shown.rooms[0].leader, shown.rooms.len()), (vec![3], Some(1), 1));
        let shown = shows("both", &there, both).await;
        assert_eq!((shown.silent, shown.rooms[0].leader), (vec![], Some(1)));
        here.actors.stop().await;
        there.actors.stop().await;
    });
}

#[test]
fn a_room_whose_owner_has_gone_has_no_place() {
    run(async {
        let (yard, _) = Yard::fake(options()).await;
        for _ in 0..30 {
            yard.insist(ROOM, &user("minji"), &send("hello")).await;
        }
        shows("warm", &yard, |shown| !shown.rooms.is_empty()).await;
        yard.actors.rooms().fail_room(ROOM);
        // The next look of the one that failed never comes, so nobody else would clear the place.
        shows("gone", &yard, |shown| shown.rooms.is_empty()).await;
        yard.actors.stop().await;
    });
}

#[test]
fn a_full_board_gives_places_to_warmer_rooms_only() {
    let board = Board::default();
    for number in 0..256 {
        board.tell(room(number), reading(10 + u32::from(number), None));
    }
    board.tell(room(1_000), reading(9, None));
    board.tell(room(1_001), reading(10, None));
    let has = |number| board.all().iter().any(|(known, _)| *known == room(number));
    assert!(!has(1_000) && !has(1_001) && has(0));
    board.tell(room(1_002), reading(11, None));
    assert!(has(1_002) && !has(0));
    board.tell(room(1_003), reading(1, Some(5)));
    assert!(has(1_003), "a hot room comes before all others");
    board.tell(room(255), reading(1, None));
    assert_eq!(board.all().len(), 256, "who has a place keeps it while it is told");
    let summary = board.summary();
    assert_eq!((summary.hot, summary.most.sends_per_s), (1, 264));
}

#[test]
fn hot_rooms_come_first_then_by_how_near_they_are() {
    let limits = HeatLimits { sends_per_s: 50, joins_per_s: 10, ..HeatLimits::default() };
    let warm = |number, sends_per_s, joins_per_s, hot_for_ms| {
        Warm::asked(room(number), Heat { sends_per_s, joins_per_s, ..Heat::default() }, hot_for_ms)
    };
    let told = [warm(1, 40, 0, None), warm(2, 0, 9, None), warm(3, 1, 0, Some(4)), warm(1, 2, 0, None)];
    let rooms = merge(told, 3, &limits);
    assert_eq!(rooms, [warm(3, 1, 0, Some(4)), warm(2, 0, 9, None), warm(1, 42, 0, None)]);
    assert_eq!(merge(told, 1, &limits), rooms[..1]);
}
