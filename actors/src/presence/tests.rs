use std::sync::Arc;
use std::sync::atomic::Ordering;

use madang_cluster::Leader;
use madang_cluster::command::{PresenceOp, StatusChange};
use madang_storage::id::{RoomId, SessionId, UserId};
use madang_storage::row::{self, Feature, MemberState, Status, Visibility};

use super::circle::Circle;
use super::shown::{Attention, State};
use crate::fake::{FakeCluster, until, user};
use crate::options::{ActorOptions, PresenceOptions, Switch};
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

/// What others see on this node.
fn state(yard: &Yard, user: &UserId) -> State {
    let presence = yard.actors.presence();
    presence.inner.as_ref().unwrap().core.announced(user).state
}

fn is_online(yard: &Yard, user: &UserId) -> bool {
    state(yard, user) == State::Online
}

/// Waits until all of these lines were heard, and checks that nothing else was.
async fn hears(listener: &mut Listener, what: &str, lines: &str) {
    until(what, || listener.heard().len() >= lines.len()).await;
    assert_eq!(listener.heard(), lines);
}

#[test]
fn a_room_hears_who_comes_with_the_first_device_and_goes_with_the_last() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        let minji = user("minji");
        let mut jun = watch(&yard, &cluster, &minji);
        let presence = yard.actors.presence();
        assert_eq!(presence.shown(&[minji.clone(), user("jun")]).await, [None, None]);
        presence.opened(&minji, PHONE);
        hears(&mut jun, "minji is here", "minji online\n").await;
        presence.opened(&minji, LAPTOP);
        let counted = || {
            let metrics = yard.actors.meter().read();
            (metrics.sessions, metrics.users_online)
        };
        assert_eq!(counted(), (2, 1), "two devices of one user");
        presence.closed(&minji, PHONE);
        assert!(is_online(&yard, &minji));
        presence.closed(&minji, LAPTOP);
        assert!(is_online(&yard, &minji), "for the grace period");
        hears(&mut jun, "minji has gone", "minji online\nminji offline\n").await;
        assert!(!is_online(&yard, &minji));
        assert_eq!(counted(), (0, 0));
        assert!(cluster.shows.lock()[&minji].last_active_ms > 0, "what is stored when somebody goes");
        presence.opened(&minji, PHONE);
        hears(&mut jun, "minji is back", "minji online\nminji offline\nminji online\n").await;
        yard.actors.stop().await;
    });
}

#[test]
fn who_puts_every_device_down_is_idle() {
    run(async {
        let mut options = options();
        options.presence.idle_after_ms = 200;
        let (yard, cluster) = Yard::fake(options).await;
        let minji = user("minji");
        let mut jun = watch(&yard, &cluster, &minji);
        let presence = yard.actors.presence();
        presence.opened(&minji, PHONE);
        presence.opened(&minji, LAPTOP);
        presence.attend(&minji, PHONE, Attention::Away);
        hears(&mut jun, "minji is here", "minji online\n").await;
        presence.attend(&minji, LAPTOP, Attention::Away);
        hears(&mut jun, "minji is idle", "minji online\nminji idle\n").await;
        let shown = presence.shown(std::slice::from_ref(&minji)).await.remove(0).unwrap();
        assert!(shown.last_active_ms.is_some());
        presence.attend(&minji, LAPTOP, Attention::Active);
        // The laptop is not used any more, but nobody says so.
        hears(&mut jun, "minji is idle again", "minji online\nminji idle\nminji online\nminji idle\n").await;
        presence.active(&minji, LAPTOP);
        until("minji does something", || jun.heard().ends_with("idle\nminji online\n")).await;
        yard.actors.stop().await;
    });
}

#[test]
fn a_status_is_told_and_who_is_invisible_is_offline_to_others_and_not_to_their_own_devices() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        let minji = user("minji");
        let mut jun = watch(&yard, &cluster, &minji);
        let mut own = yard.listener(&minji, PHONE);
        own.join(ROOM);
        yard.actors.presence().opened(&minji, PHONE);
        hears(&mut jun, "minji is here", "minji online\n").await;
        let status = Status { text: "lunch".into(), ..Status::default() };
        let op = PresenceOp::Show { visibility: None, status: Some(StatusChange::Set(status)) };
        cluster.show(minji.clone(), op);
        hears(&mut jun, "minji eats", "minji online\nminji online (lunch)\n").await;
        let show = |visibility| PresenceOp::Show { visibility: Some(visibility), status: None };
        cluster.show(minji.clone(), show(Visibility::Invisible));
        until("minji hides", || jun.heard().ends_with("minji offline (lunch)\n")).await;
        assert_eq!(state(&yard, &minji), State::Offline);
        cluster.show(minji.clone(), show(Visibility::Visible));
        until("minji shows up", || jun.heard().ends_with("minji online (lunch)\n")).await;
        let about_oneself = "you are Visible\nyou are Invisible\nyou are Visible\n";
        until("minji's phone heard all", || own.heard() == about_oneself).await;
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
        until("minji is online", || is_online(&yard, &minji)).await;
        yard.actors.presence().closed(&minji, PHONE);
        until("minji was told of", || !is_online(&yard, &minji)).await;
        cluster.joined.store(200, Ordering::Relaxed);
        yard.actors.presence().opened(&haneul, PHONE);
        until("haneul is here", || jun.heard().contains("haneul online")).await;
        assert!(!jun.heard().contains("minji online"), "{}", jun.heard());
        yard.actors.stop().await;
    });
}

#[test]
fn contacts_are_told_wherever_they_are_and_who_is_blocked_is_not_told_even_in_a_room() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        let (minji, haneul) = (user("minji"), user("haneul"));
        let mut jun = watch(&yard, &cluster, &minji);
        let mut contact = yard.listener(&haneul, SessionId([8; 16]));
        yard.actors.presence().opened(&haneul, SessionId([8; 16]));
        let circle = Circle { contacts: vec![haneul.clone()], blocked: vec![user("jun")] };
        cluster.circles.lock().insert(minji.clone(), circle);
        yard.actors.presence().opened(&minji, PHONE);
        hears(&mut contact, "the contact hears", "minji online\n").await;
        let circle = Circle { contacts: vec![haneul.clone()], blocked: Vec::new() };
        cluster.circles.lock().insert(minji.clone(), circle);
        cluster.features.lock().set(Feature::Presence, row::Switch::Off);
        yard.actors.presence().attend(&minji, PHONE, Attention::Away);
        // Once the contact has heard it, it was decided who else hears it.
        hears(&mut contact, "the contact hears", "minji online\nminji idle\n").await;
        cluster.features.lock().set(Feature::Presence, row::Switch::On);
        yard.actors.presence().attend(&minji, PHONE, Attention::Active);
        hears(&mut jun, "jun hears what is told in rooms with presence", "minji online\n").await;
        yard.actors.stop().await;
    });
}

#[test]
fn switched_off_it_tells_nobody_anything_and_still_knows_who_is_connected() {
    run(async {
        let presence = PresenceOptions { switch: Switch::Off, ..PresenceOptions::default() };
        let (yard, cluster) = Yard::fake(ActorOptions { presence, ..options() }).await;
        let minji = user("minji");
        watch(&yard, &cluster, &minji);
        let presence = yard.actors.presence();
        presence.opened(&minji, PHONE);
        presence.attend(&minji, PHONE, Attention::Away);
        presence.active(&minji, PHONE);
        assert_eq!(yard.actors.meter().read().users_online, 1);
        assert_eq!(presence.shown(std::slice::from_ref(&minji)).await, [None]);
        presence.closed(&minji, PHONE);
        assert_eq!(yard.actors.meter().read().users_online, 0);
        yard.actors.stop().await;
    });
}

type Node = (Yard, Arc<FakeCluster>);

/// Two nodes that are linked, with jun listening on the second in a room that minji is in. Homes are on the
/// first.
async fn two_nodes() -> (Node, Node, Listener) {
    let (one, two) = (FakeCluster::new(1), FakeCluster::of_node(2, 1));
    two.leader.send_replace(Leader::Node(1));
    one.link(&two);
    let (first, second) =
        (Yard::start(one.clone(), options()).await, Yard::start(two.clone(), options()).await);
    let jun = watch(&second, &two, &user("minji"));
    ((first, one), (second, two), jun)
}

/// Homes move from one node to the other.
fn hand_over(from: &FakeCluster, (to, id): (&FakeCluster, u64)) {
    from.leader.send_replace(Leader::Node(id));
    to.leader.send_replace(Leader::Here);
}

#[test]
fn who_is_on_one_node_is_online_on_all_wherever_the_home_is() {
    run(async {
        let ((first, _), (second, _), mut jun) = two_nodes().await;
        let (minji, haneul) = (user("minji"), user("haneul"));
        first.actors.presence().opened(&minji, PHONE);
        second.actors.presence().opened(&haneul, PHONE);
        until("jun hears", || jun.heard() == "minji online\n").await;
        until("both know", || is_online(&second, &minji) && is_online(&first, &haneul)).await;
        assert_eq!(second.actors.meter().read().users_online, 1, "counted where the connection is");
        first.actors.presence().closed(&minji, PHONE);
        until("minji has gone", || jun.heard() == "minji online\nminji offline\n").await;
        second.actors.presence().attend(&haneul, PHONE, Attention::Away);
        until("haneul is idle", || state(&first, &haneul) == State::Idle).await;
        // Said on another node than the one that has the connection.
        first.actors.presence().attend(&haneul, PHONE, Attention::Active);
        until("haneul is back", || is_online(&first, &haneul) && is_online(&second, &haneul)).await;
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
        until("minji is here", || jun.heard() == "minji online\n").await;
        second.actors.presence().opened(&minji, LAPTOP);
        second.actors.presence().attend(&minji, LAPTOP, Attention::Away);
        first.actors.presence().closed(&minji, PHONE);
        until("the phone is gone", || state(&second, &minji) == State::Idle).await;
        // Longer than the grace period by the time that somebody else has come and gone.
        let haneul = user("haneul");
        first.actors.presence().opened(&haneul, PHONE);
        until("haneul is here", || is_online(&second, &haneul)).await;
        first.actors.presence().closed(&haneul, PHONE);
        until("haneul has gone", || !is_online(&second, &haneul)).await;
        assert_eq!((state(&first, &minji), state(&second, &minji)), (State::Idle, State::Idle));
        assert_eq!(jun.heard(), "minji online\nminji idle\n");
        first.actors.stop().await;
        second.actors.stop().await;
    });
}

#[test]
fn the_users_of_a_node_that_cannot_be_reached_go_offline_after_the_grace_period() {
    run(async {
        let ((first, one), (second, two), _) = two_nodes().await;
        let mut jun = watch(&first, &one, &user("minji"));
        let minji = user("minji");
        second.actors.presence().opened(&minji, PHONE);
        until("minji is here", || jun.heard() == "minji online\n").await;
        one.unlink(&two);
        assert!(is_online(&first, &minji), "for the grace period");
        until("minji has gone", || jun.heard() == "minji online\nminji offline\n").await;
        // The other node comes back, and minji was there all the time.
        one.link(&two);
        until("minji is back", || jun.heard() == "minji online\nminji offline\nminji online\n").await;
        first.actors.stop().await;
        second.actors.stop().await;
    });
}

#[test]
fn nobody_goes_offline_while_the_home_moves_and_those_who_left_meanwhile_do() {
    run(async {
        let ((first, one), (second, two), mut jun) = two_nodes().await;
        let (minji, haneul) = (user("minji"), user("haneul"));
        first.actors.presence().opened(&minji, PHONE);
        second.actors.presence().opened(&haneul, PHONE);
        until("both know", || is_online(&second, &minji) && is_online(&first, &haneul)).await;
        for (from, to) in [(&one, (&two, 2)), (&two, (&one, 1)), (&one, (&two, 2))] {
            hand_over(from, (to.0, to.1));
            // One more comes and goes, so that the new home is at work.
            let guest = user(&format!("guest{}", to.1));
            first.actors.presence().opened(&guest, LAPTOP);
            until("the guest is here", || is_online(&first, &guest) && is_online(&second, &guest)).await;
            first.actors.presence().closed(&guest, LAPTOP);
            until("the guest has gone", || !is_online(&first, &guest) && !is_online(&second, &guest)).await;
            assert!(is_online(&first, &minji) && is_online(&second, &minji), "home on {}", to.1);
            assert!(is_online(&first, &haneul) && is_online(&second, &haneul), "home on {}", to.1);
        }
        first.actors.presence().closed(&minji, PHONE);
        hand_over(&two, (&one, 1));
        until("minji has gone", || !is_online(&first, &minji) && !is_online(&second, &minji)).await;
        assert!(is_online(&first, &haneul) && is_online(&second, &haneul));
        until("jun heard it", || jun.heard() == "minji online\nminji offline\n").await;
        first.actors.stop().await;
        second.actors.stop().await;
    });
}

#[test]
fn the_users_of_a_home_that_died_go_offline_and_those_who_moved_within_the_grace_period_do_not() {
    run(async {
        let ((first, one), (second, two), mut jun) = two_nodes().await;
        let (minji, haneul) = (user("minji"), user("haneul"));
        first.actors.presence().opened(&minji, PHONE);
        first.actors.presence().opened(&haneul, PHONE);
        until("both are here", || is_online(&second, &minji) && is_online(&second, &haneul)).await;
        one.unlink(&two);
        two.leader.send_replace(Leader::Here);
        second.actors.presence().opened(&haneul, PHONE);
        until("minji has gone", || !is_online(&second, &minji)).await;
        assert!(is_online(&second, &haneul));
        until("jun heard it", || jun.heard() == "minji online\nminji offline\n").await;
        first.actors.stop().await;
        second.actors.stop().await;
    });
}

#[test]
fn a_home_on_a_node_that_has_just_started_learns_from_the_others_who_was_there() {
    run(async {
        let ((first, one), (second, two), mut jun) = two_nodes().await;
        let minji = user("minji");
        first.actors.presence().opened(&minji, PHONE);
        until("minji is here", || jun.heard() == "minji online\n").await;
        // The home dies, and so does minji's connection, before the third node has heard anything.
        one.unlink(&two);
        let three = FakeCluster::of_node(3, 1);
        three.link(&two);
        two.leader.send_replace(Leader::Node(3));
        let third = Yard::start(three.clone(), options()).await;
        until("the new home knows", || is_online(&third, &minji)).await;
        assert_eq!(jun.heard(), "minji online\n", "for the grace period");
        until("minji has gone", || !is_online(&third, &minji) && !is_online(&second, &minji)).await;
        until("jun heard it", || jun.heard() == "minji online\nminji offline\n").await;
        for node in [first, second, third] {
            node.actors.stop().await;
        }
    });
}

#[test]
fn a_node_that_is_linked_late_learns_who_is_online_elsewhere() {
    run(async {
        let (one, two) = (FakeCluster::new(1), FakeCluster::of_node(2, 1));
        two.leader.send_replace(Leader::Node(1));
        let (first, second) =
            (Yard::start(one.clone(), options()).await, Yard::start(two.clone(), options()).await);
        let users: Vec<_> = (0..2_500).map(|number| user(&format!("user{number}"))).collect();
        users.iter().for_each(|user| first.actors.presence().opened(user, PHONE));
        one.link(&two);
        until("all are known", || users.iter().all(|user| is_online(&second, user))).await;
        assert!(!is_online(&second, &user("jun")));
        first.actors.stop().await;
        second.actors.stop().await;
    });
}
