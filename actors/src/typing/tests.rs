use std::sync::Arc;
use std::sync::atomic::Ordering;

use madang_cluster::Leader;
use madang_cluster::command::Refusal;
use madang_storage::id::{RoomId, SessionId};
use madang_storage::row::MemberState;

use super::Typing;
use crate::error::ActorError;
use crate::fake::{FakeCluster, until, user};
use crate::yard::{Listener, Yard, options, run};

const ROOM: RoomId = RoomId([1; 16]);
const PHONE: SessionId = SessionId([1; 16]);
const LAPTOP: SessionId = SessionId([2; 16]);

/// A listener of jun's in a room that jun is in.
fn listen(yard: &Yard, cluster: &FakeCluster, session: SessionId) -> Listener {
    let jun = user("jun");
    let list = [(ROOM, Some(MemberState::Joined))];
    cluster.lists.lock().insert(jun.clone(), list.into_iter().collect());
    let listener = yard.listener(&jun, session);
    listener.join(ROOM);
    listener
}

async fn types(yard: &Yard, typing: Typing) -> Result<Result<(), Refusal>, ActorError> {
    let answer = yard.actors.rooms().typing(ROOM, user("jun"), PHONE, typing).await;
    answer.unwrap().map(|outcome| outcome.map(drop))
}

#[test]
fn all_listeners_but_the_device_itself_are_told_at_once() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        let (mut phone, mut laptop) = (listen(&yard, &cluster, PHONE), listen(&yard, &cluster, LAPTOP));
        types(&yard, Typing::On).await.unwrap().unwrap();
        types(&yard, Typing::Off).await.unwrap().unwrap();
        until("the laptop hears", || laptop.heard() == "jun types: On\njun types: Off\n").await;
        assert_eq!(phone.heard(), "");
        yard.actors.stop().await;
    });
}

#[test]
fn too_large_a_room_and_too_fast_a_typist_are_refused() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        let _phone = listen(&yard, &cluster, PHONE);
        cluster.joined.store(101, Ordering::Relaxed);
        assert_eq!(types(&yard, Typing::On).await.unwrap(), Err(Refusal::SwitchedOff));
        cluster.lists.lock().clear();
        assert_eq!(types(&yard, Typing::On).await.unwrap(), Err(Refusal::NotMember));
        for _ in 0..3 {
            drop(types(&yard, Typing::On).await.unwrap());
        }
        let refused = types(&yard, Typing::On).await.unwrap_err();
        assert!(matches!(refused, ActorError::RateLimited { .. }), "{refused:?}");
        yard.actors.stop().await;
    });
}

#[test]
fn it_is_told_on_all_nodes_whichever_leads() {
    run(async {
        let (one, two): (Arc<FakeCluster>, _) = (FakeCluster::new(1), FakeCluster::of_node(2, 1));
        two.leader.send_replace(Leader::Node(1));
        one.link(&two);
        let (first, second) =
            (Yard::start(one.clone(), options()).await, Yard::start(two.clone(), options()).await);
        let (mut here, mut there) = (listen(&first, &one, LAPTOP), listen(&second, &two, LAPTOP));
        types(&second, Typing::On).await.unwrap().unwrap();
        types(&first, Typing::Off).await.unwrap().unwrap();
        let both = "jun types: On\njun types: Off\n";
        until("both hear", || here.heard() == both && there.heard() == both).await;
        one.unlink(&two);
        assert!(types(&second, Typing::On).await.is_err(), "nobody waits for a leader with this");
        first.actors.stop().await;
        second.actors.stop().await;
    });
}
