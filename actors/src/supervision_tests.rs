//! Actors that fail, fall asleep or are too slow, in a whole node over a cluster in memory: what was
//! acknowledged stays, and listeners hear everything once and in order.

use std::sync::atomic::Ordering;

use madang_cluster::command::Reply;
use madang_cluster::event::{SessionEnd, ShardEvent};
use madang_cluster::{ClusterError, Page};
use madang_storage::id::{RoomId, SessionId};
use madang_storage::row::MemberState;

use crate::error::ActorError;
use crate::fake::{FakeCluster, page_of, send, text_of, until, user};
use crate::options::ActorOptions;
use crate::outbound::Close;
use crate::yard::{FIRST_SHARD, Yard, options, run};

const ROOM: RoomId = RoomId([1; 16]);
const SESSION: SessionId = SessionId([9; 16]);

/// The lines of all events of a room.
fn lines(cluster: &FakeCluster) -> Vec<String> {
    cluster.texts(ROOM).iter().enumerate().map(|(index, text)| format!("{} {text}\n", index + 1)).collect()
}

/// Pipelines sends, lets something fail in their midst, and returns the texts that were acknowledged.
async fn sends_around(yard: &Yard, fail: impl Fn()) -> Vec<String> {
    let minji = user("minji");
    let mut answers = Vec::new();
    for number in 0..60 {
        if number == 20 {
            fail();
        }
        let text = format!("m{number}");
        answers.push((text.clone(), yard.actors.rooms().submit(ROOM, minji.clone(), send(&text))));
        if number % 10 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let mut acked = Vec::new();
    for (text, answer) in answers {
        match answer.await.expect("every command is answered") {
            Ok(outcome) => {
                outcome.unwrap();
                acked.push(text);
            }
            Err(ActorError::Restarted) => {}
            Err(error) => panic!("{error}"),
        }
    }
    acked
}

fn assert_acked_are_logged_in_order(cluster: &FakeCluster, acked: &[String]) {
    let logged = cluster.texts(ROOM);
    let kept: Vec<_> = logged.iter().filter(|text| acked.contains(text)).collect();
    assert_eq!(kept, acked.iter().collect::<Vec<_>>());
}

#[test]
fn an_owner_that_fails_is_replaced_and_nothing_acknowledged_is_lost() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        let mut listener = yard.listener(&user("jun"), SESSION);
        listener.join(ROOM);
        let acked = sends_around(&yard, || yard.actors.rooms().fail_room(ROOM)).await;
        assert_acked_are_logged_in_order(&cluster, &acked);
        assert!(acked.len() >= 20, "what was sent before the failure is acknowledged");
        yard.insist(ROOM, &user("minji"), &send("after")).await;
        listener.hears(&lines(&cluster)).await;
        yard.actors.stop().await;
    });
}

#[test]
fn a_router_that_fails_is_replaced_and_nothing_acknowledged_is_lost() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        let mut listener = yard.listener(&user("jun"), SESSION);
        listener.join(ROOM);
        let acked = sends_around(&yard, || yard.actors.rooms().fail_shard(FIRST_SHARD)).await;
        assert_acked_are_logged_in_order(&cluster, &acked);
        yard.insist(ROOM, &user("minji"), &send("after")).await;
        listener.hears(&lines(&cluster)).await;
        yard.actors.stop().await;
    });
}

#[test]
fn an_audience_that_fails_is_replaced_and_listeners_hear_what_it_missed() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        let mut listener = yard.listener(&user("jun"), SESSION);
        listener.join(ROOM);
        yard.insist(ROOM, &user("minji"), &send("before")).await;
        listener.hears(&lines(&cluster)).await;
        yard.audiences.fail(FIRST_SHARD);
        let acked = sends_around(&yard, || yard.audiences.fail(FIRST_SHARD)).await;
        assert_eq!(acked.len(), 60, "rooms do not depend on who listens");
        // Interest that changes while nobody is there to hear of it is not forgotten.
        let mut late = yard.listener(&user("late"), SessionId([8; 16]));
        late.join(RoomId([2; 16]));
        listener.hears(&lines(&cluster)).await;
        cluster.log(RoomId([2; 16]), &user("minji"), "other");
        late.hears(&["1 other\n".to_owned()]).await;
        yard.actors.stop().await;
    });
}

#[test]
fn a_command_that_the_cluster_has_is_answered_though_its_router_failed() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        cluster.hold();
        let answer = yard.actors.rooms().submit(ROOM, user("minji"), send("held"));
        until("the cluster has it", || cluster.texts(ROOM).len() == 1).await;
        yard.actors.rooms().fail_shard(FIRST_SHARD);
        tokio::task::yield_now().await;
        cluster.let_go();
        let reply = answer.await.unwrap().unwrap().unwrap();
        assert!(matches!(reply, Reply::Sent { seq: 1, .. }), "{reply:?}");
        yard.actors.stop().await;
    });
}

#[test]
fn owners_that_fall_asleep_under_load_lose_nothing_and_keep_the_order() {
    run(async {
        let (yard, cluster) = Yard::fake(ActorOptions { rooms_active_max: 2, ..options() }).await;
        let rooms: Vec<_> = (1..=20).map(|number| RoomId([number; 16])).collect();
        let mut answers = Vec::new();
        for number in 0..50 {
            for room in &rooms {
                let text = format!("m{number}");
                answers.push(yard.actors.rooms().submit(*room, user("minji"), send(&text)));
            }
            tokio::task::yield_now().await;
        }
        for answer in answers {
            answer.await.unwrap().unwrap().unwrap();
        }
        let expected: Vec<_> = (0..50).map(|number| format!("m{number}")).collect();
        for room in rooms {
            assert_eq!(cluster.texts(room), expected);
        }
        yard.actors.stop().await;
    });
}

#[test]
fn a_feed_that_skips_is_healed_from_the_log() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        let mut listener = yard.listener(&user("jun"), SESSION);
        listener.join(ROOM);
        let minji = user("minji");
        cluster.log(ROOM, &minji, "first");
        listener.hears(&lines(&cluster)).await;
        // A hole in the middle.
        cluster.silent.store(true, Ordering::Relaxed);
        for number in 0..300 {
            cluster.log(ROOM, &minji, &format!("silent {number}"));
        }
        cluster.silent.store(false, Ordering::Relaxed);
        cluster.log(ROOM, &minji, "loud");
        listener.hears(&lines(&cluster)).await;
        let metrics = yard.actors.meter().read();
        assert!(metrics.heal_reads >= 1, "{metrics:?}");
        // More at once than the feed keeps, and nothing after it.
        for number in 0..1_000 {
            cluster.log(ROOM, &minji, &format!("burst {number}"));
        }
        listener.hears(&lines(&cluster)).await;
        let metrics = yard.actors.meter().read();
        assert!(metrics.feed_skips >= 1, "{metrics:?}");
        yard.actors.stop().await;
    });
}

#[test]
fn who_reads_after_an_answer_finds_what_was_answered() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        for number in 0..250 {
            let text = format!("m{number}");
            yard.insist(ROOM, &user("minji"), &send(&text)).await;
            let page = yard.history(ROOM, Page::Newest, 5).await.unwrap();
            assert_eq!(page.events.last().map(|event| text_of(event)), Some(text));
        }
        let newest = yard.history(ROOM, Page::Newest, 200).await.unwrap();
        let older = yard.history(ROOM, Page::Before(51), 200).await.unwrap();
        let texts: Vec<_> = older.events.iter().chain(&newest.events).map(|event| text_of(event)).collect();
        assert_eq!(texts, cluster.texts(ROOM));
        assert!(newest.more && !older.more);
        let read = cluster.pages_read.load(Ordering::Relaxed);
        for _ in 0..50 {
            yard.history(ROOM, Page::Newest, 50).await.unwrap();
        }
        assert_eq!(cluster.pages_read.load(Ordering::Relaxed), read, "a hot tail needs no disk");
        let metrics = yard.actors.meter().read();
        assert!(metrics.tail_bytes > 0 && metrics.rooms_active > 0, "{metrics:?}");
        let nothing = yard.history(RoomId([7; 16]), Page::Newest, 5).await.unwrap();
        assert_eq!(nothing, page_of(&[], Page::Newest, 5));
        yard.actors.stop().await;
    });
}

#[test]
fn a_reader_does_not_wait_longer_than_a_command_may() {
    run(async {
        let (yard, cluster) = Yard::fake(ActorOptions { answer_timeout_ms: 10, ..options() }).await;
        cluster.log(ROOM, &user("minji"), "one");
        cluster.disk_hangs.store(true, Ordering::Relaxed);
        let page = yard.history(ROOM, Page::Before(1), 50).await;
        cluster.disk_hangs.store(false, Ordering::Relaxed);
        let timeout = matches!(page, Err(ActorError::Cluster(ClusterError::Timeout { after_ms: 10 })));
        assert!(timeout, "{page:?}");
        yard.actors.stop().await;
    });
}

#[test]
fn commands_beyond_the_shards_places_are_refused_at_once() {
    run(async {
        let (yard, cluster) = Yard::fake(ActorOptions { shard_commands_max: 1, ..options() }).await;
        cluster.hold();
        let first = yard.actors.rooms().submit(ROOM, user("minji"), send("one"));
        let second = yard.actors.rooms().submit(ROOM, user("minji"), send("two")).await.unwrap();
        assert!(matches!(second, Err(ActorError::Overloaded { limit: 1, .. })), "{second:?}");
        until("the cluster has it", || cluster.texts(ROOM).len() == 1).await;
        cluster.let_go();
        first.await.unwrap().unwrap().unwrap();
        yard.insist(ROOM, &user("minji"), &send("three")).await;
        yard.actors.stop().await;
    });
}

#[test]
fn news_about_people_reach_their_sessions() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        let (jun, minji) = (user("jun"), user("minji"));
        let mut listener = yard.listener(&jun, SESSION);
        yard.actors.presence().opened(&jun, SESSION);
        cluster.log(ROOM, &minji, "unheard");
        let moved = |state| {
            cluster.lists.lock().entry(jun.clone()).or_default().insert(ROOM, state);
            ShardEvent::UserRoom { user: jun.clone(), room: ROOM, state, pos: 1 }
        };
        cluster.publish(FIRST_SHARD, moved(Some(MemberState::Joined)));
        until("the room is shown", || listener.heard().contains("added jun\n")).await;
        cluster.log(ROOM, &minji, "heard");
        until("the room is heard", || listener.heard().contains("2 heard\n")).await;
        let (user, room) = (jun.clone(), ROOM);
        cluster.publish(FIRST_SHARD, ShardEvent::Read { user, room, read_seq: 2, unread: 0, mentions: 0 });
        until("reading is heard", || listener.heard().contains("read 2 0\n")).await;
        cluster.publish(FIRST_SHARD, moved(None));
        until("the room is gone", || listener.heard().contains("removed\n")).await;
        cluster.log(ROOM, &minji, "unheard");
        let user = jun.clone();
        cluster.publish(
            FIRST_SHARD,
            ShardEvent::SessionEnded { user, session: SESSION, why: SessionEnd::Revoked },
        );
        until("the session is closed", || listener.outbound.closing() == Some(Close::REVOKED)).await;
        assert!(!listener.heard().contains("unheard"));
        yard.actors.stop().await;
    });
}

#[test]
fn news_about_people_that_is_no_longer_true_is_passed_over() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        let (jun, minji, other) = (user("jun"), user("minji"), RoomId([2; 16]));
        let mut listener = yard.listener(&jun, SESSION);
        yard.actors.presence().opened(&jun, SESSION);
        // By the time the first news is passed on jun has been put out again, and that news was lost.
        let (joined, last) = (Some(MemberState::Joined), RoomId([3; 16]));
        cluster.lists.lock().insert(jun.clone(), [(ROOM, None), (other, joined)].into_iter().collect());
        for (room, state) in [(ROOM, joined), (other, joined), (last, None)] {
            cluster.publish(FIRST_SHARD, ShardEvent::UserRoom { user: jun.clone(), room, state, pos: 1 });
        }
        until("all news is passed on", || listener.heard().contains("removed\n")).await;
        cluster.log(ROOM, &minji, "unheard");
        cluster.log(other, &minji, "heard");
        until("the other room is heard", || listener.heard().ends_with("1 heard\n")).await;
        assert!(!listener.heard().contains("unheard"));
        yard.actors.stop().await;
    });
}

#[test]
fn news_about_people_that_were_skipped_are_looked_up() {
    run(async {
        let (yard, cluster) = Yard::fake(options()).await;
        let (jun, minji) = (user("jun"), user("minji"));
        let mut stays = yard.listener(&jun, SESSION);
        let ended = yard.listener(&jun, SessionId([8; 16]));
        for session in [SESSION, SessionId([8; 16])] {
            yard.actors.presence().opened(&jun, session);
        }
        let left = RoomId([2; 16]);
        stays.join(left);
        // While nobody listens, jun joins one room, leaves another, and one of the sessions ends.
        let list = [(ROOM, Some(MemberState::Joined)), (left, None)];
        cluster.lists.lock().insert(jun.clone(), list.into_iter().collect());
        cluster.ended.lock().push(SessionId([8; 16]));
        yard.audiences.fail(FIRST_SHARD);
        until("the session is closed", || ended.outbound.closing() == Some(Close::REVOKED)).await;
        let told = |heard: &str| heard.contains("added jun\n") && heard.contains("removed\n");
        until("both changes are told", || told(stays.heard())).await;
        cluster.log(left, &minji, "unheard");
        cluster.log(ROOM, &minji, "heard");
        until("the new room is heard", || stays.heard().ends_with("1 heard\n")).await;
        assert!(!stays.heard().contains("unheard"));
        yard.actors.stop().await;
    });
}
