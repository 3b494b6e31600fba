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
