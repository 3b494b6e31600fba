use std::sync::Arc;
use std::sync::atomic::Ordering;

use madang_storage::id::{RoomId, SessionId, UserId};
use madang_storage::row::MemberState;

use crate::fake::{FakeCluster, until, user};
use crate::yard::{Listener, Yard, options, run};

const ROOM: RoomId = RoomId([1; 16]);
const PHONE: SessionId = SessionId([1; 16]);
const LAPTOP: SessionId = SessionId([2; 16]);

/// Jun listens in a room that minji is in.
fn watch(yard: &Yard, cluster: &FakeCluster, minji: &UserId) -> Listener {
    cluster.log(ROOM, minji, "hello");
    let list = [(ROOM, Some(MemberState::Joined))];
    cluster.lists.lock().insert(minji.clone(), list.into_iter().collect());
    let jun = yard.listener(&user("jun"), SessionId([9; 16]));
    jun.join(ROOM);
    jun
}

#[test]
fn a_room_hears_who_comes_with_the_first_device_and_goes_with_the_last() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        let minji = user("minji");
        let mut jun = watch(&yard, &cluster, &minji);
        let presence = yard.actors.presence();
        assert_eq!(presence.online(&[minji.clone(), user("jun")]), [false, false]);
        presence.opened(&minji, PHONE);
        until("minji is here", || jun.heard() == "minji Yes\n").await;
        presence.opened(&minji, LAPTOP);
        let counted = || {
            let metrics = yard.actors.meter().read();
            (metrics.sessions, metrics.users_online)
        };
        assert_eq!(counted(), (2, 1), "two devices of one user");
        presence.closed(&minji, PHONE);
        assert_eq!(presence.online(&[user("jun"), minji.clone()]), [false, true]);
        presence.closed(&minji, LAPTOP);
        assert_eq!(presence.online(std::slice::from_ref(&minji)), [true], "for the grace period");
        until("minji has gone", || jun.heard() == "minji Yes\nminji No\n").await;
        assert_eq!(presence.online(std::slice::from_ref(&minji)), [false]);
        assert_eq!(counted(), (0, 0));
        presence.opened(&minji, PHONE);
        until("minji is back", || jun.heard() == "minji Yes\nminji No\nminji Yes\n").await;
        yard.actors.stop().await;
    });
}

#[test]
fn large_rooms_are_not_told() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        let (minji, haneul) = (user("minji"), user("haneul"));
        let mut jun = watch(&yard, &cluster, &minji);
        watch(&yard, &cluster, &haneul);
        cluster.joined.store(201, Ordering::Relaxed);
        yard.actors.presence().opened(&minji, PHONE);
        until("minji is online", || yard.actors.presence().online(std::slice::from_ref(&minji)) == [true])
            .await;
        yard.actors.presence().closed(&minji, PHONE);
        until("minji was told of", || yard.actors.presence().online(std::slice::from_ref(&minji)) == [false])
            .await;
        cluster.joined.store(200, Ordering::Relaxed);
        yard.actors.presence().opened(&haneul, PHONE);
        until("haneul is here", || jun.heard().contains("haneul Yes")).await;
        assert!(!jun.heard().contains("minji Yes"), "{}", jun.heard());
        yard.actors.stop().await;
    });
}

/// Two nodes that are linked, with jun listening on the second in a room that minji is in.
async fn two_nodes() -> ((Yard, Arc<FakeCluster>), (Yard, Arc<FakeCluster>), Listener) {
    let (one, two) = (FakeCluster::new(1), FakeCluster::of_node(2, 1));
    one.link(&two);
    let (first, second) =
        (Yard::start(one.clone(), options()).await, Yard::start(two.clone(), options()).await);
    let jun = watch(&second, &two, &user("minji"));
    ((first, one), (second, two), jun)
}

fn is_online(yard: &Yard, user: &UserId) -> bool {
    yard.actors.presence().online(std::slice::from_ref(user)) == [true]
}

#[test]
fn who_is_on_one_node_is_online_on_all_and_rooms_hear_of_it_there() {
    run(async {
        let ((first, _), (second, _), mut jun) = two_nodes().await;
        let minji = user("minji");
        first.actors.presence().opened(&minji, PHONE);
        until("minji is here", || jun.heard() == "minji Yes\n").await;
        assert!(is_online(&second, &minji));
        assert_eq!(second.actors.meter().read().users_online, 0, "counted where the connection is");
        first.actors.presence().closed(&minji, PHONE);
        until("minji has gone", || jun.heard() == "minji Yes\nminji No\n").await;
        assert!(!is_online(&second, &minji) && !is_online(&first, &minji));
        first.actors.stop().await;
        second.actors.stop().await;
    });
}

#[test]
fn who_is_on_two_nodes_and_leaves_one_stays_online() {
    run(async {
        let ((first, _), (second, _), mut jun) = two_nodes().await;
        let minji = user("minji");
        first.actors.presence().opened(&minji, PHONE);
        until("minji is here", || jun.heard() == "minji Yes\n").await;
        second.actors.presence().opened(&minji, LAPTOP);
        first.actors.presence().closed(&minji, PHONE);
        until("both know", || first.on_other_nodes(&minji) && !second.on_other_nodes(&minji)).await;
        // Longer than the grace period by the time that somebody else has come and gone.
        let haneul = user("haneul");
        first.actors.presence().opened(&haneul, PHONE);
        until("haneul is here", || is_online(&second, &haneul)).await;
        first.actors.presence().closed(&haneul, PHONE);
        until("haneul has gone", || !is_online(&second, &haneul)).await;
        assert!(is_online(&first, &minji) && is_online(&second, &minji));
        assert_eq!(jun.heard(), "minji Yes\n");
        first.actors.stop().await;
        second.actors.stop().await;
    });
}

#[test]
fn the_users_of_a_node_that_cannot_be_reached_go_offline_after_the_grace_period() {
    run(async {
        let ((first, one), (second, two), mut jun) = two_nodes().await;
        let minji = user("minji");
        first.actors.presence().opened(&minji, PHONE);
        until("minji is here", || jun.heard() == "minji Yes\n").await;
        one.unlink(&two);
        assert!(is_online(&second, &minji), "for the grace period");
        until("minji has gone", || jun.heard() == "minji Yes\nminji No\n").await;
        assert!(!is_online(&second, &minji));
        // The other node comes back, and minji was there all the time.
        one.link(&two);
        until("minji is back", || jun.heard() == "minji Yes\nminji No\nminji Yes\n").await;
        first.actors.stop().await;
        second.actors.stop().await;
    });
}

#[test]
fn who_moves_from_a_killed_node_within_the_grace_period_is_not_missed() {
    run(async {
        let ((first, one), (second, two), mut jun) = two_nodes().await;
        let minji = user("minji");
        first.actors.presence().opened(&minji, PHONE);
        until("minji is here", || jun.heard() == "minji Yes\n").await;
        one.unlink(&two);
        second.actors.presence().opened(&minji, PHONE);
        until("the lease is over", || !second.on_other_nodes(&minji)).await;
        second.actors.presence().closed(&minji, PHONE);
        until("minji has gone", || jun.heard() != "minji Yes\n").await;
        assert_eq!(jun.heard(), "minji Yes\nminji No\n");
        first.actors.stop().await;
        second.actors.stop().await;
    });
}

#[test]
fn a_node_that_is_linked_late_learns_who_is_online_elsewhere() {
    run(async {
        let (one, two) = (FakeCluster::new(1), FakeCluster::of_node(2, 1));
        let (first, second) =
            (Yard::start(one.clone(), options()).await, Yard::start(two.clone(), options()).await);
        let users: Vec<_> = (0..2_500).map(|number| user(&format!("user{number}"))).collect();
        users.iter().for_each(|user| first.actors.presence().opened(user, PHONE));
        one.link(&two);
        until("all are known", || second.actors.presence().online(&users).iter().all(|online| *online)).await;
        assert!(!is_online(&second, &user("jun")));
        first.actors.stop().await;
        second.actors.stop().await;
    });
}
