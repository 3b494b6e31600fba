//! One node on a real store: a command's whole way, restarts, order, repeats, checkpoints.

use std::path::Path;

use madang_cluster::command::{AdminOp, Op, Refusal, Repeat, Reply, RoomOp, UserOp};
use madang_cluster::event::ShardEvent;
use madang_cluster::{Cluster, ClusterOptions, EventPage, Leader, Page};
use madang_storage::id::{Cid, RoomId, UserId};
use madang_storage::row::{EventBody, RoomKind};
use madang_storage::{LogOptions, LogStore, StateOptions, StateStore, StorageError};

const ROOM: RoomId = RoomId([5; 16]);

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

async fn start(dir: &Path) -> (Cluster, LogStore, StateStore) {
    let log = unlocked(|| LogStore::open(&dir.join("log"), &LogOptions::default())).await;
    let state = unlocked(|| StateStore::open(&dir.join("state"), &StateOptions::default())).await;
    let cluster = Cluster::start(ClusterOptions::default(), log.clone(), state.clone()).await.unwrap();
    led(&cluster).await;
    (cluster, log, state)
}

/// Waits until every shard can be written to.
async fn led(cluster: &Cluster) {
    for shard in cluster.slots().all() {
        let mut leader = cluster.leader(shard).unwrap();
        let led = leader.wait_for(|leader| *leader == Leader::Here);
        tokio::time::timeout(std::time::Duration::from_secs(10), led).await.expect("never led").unwrap();
    }
}

/// Opens a store as soon as the tasks of the cluster before have let go of it.
async fn unlocked<T>(open: impl Fn() -> Result<T, StorageError>) -> T {
    let limit = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        match open() {
            // Two at once also quarrel over RocksDB's own log files, before either asks for the lock.
            Err(StorageError::Locked { .. } | StorageError::Io { .. })
                if tokio::time::Instant::now() < limit =>
            {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            other => return other.unwrap(),
        }
    }
}

async fn room_op(cluster: &Cluster, who: &str, op: RoomOp) -> Result<Reply, Refusal> {
    let shard = cluster.slots().of_room(&ROOM);
    cluster.propose(shard, Op::Room { room: ROOM, user: user(who), op }).await.unwrap()
}

fn send(cid: &str, text: &str, after: Option<&str>) -> RoomOp {
    let after = after.map(|after| Cid::parse(after).unwrap());
    RoomOp::Send { cid: Cid::parse(cid).unwrap(), text: text.to_owned(), after, extra: None }
}

fn open_room() -> RoomOp {
    RoomOp::Create {
        kind: RoomKind::Open,
        title: "yard".into(),
        topic: String::new(),
        members: vec![],
        sort_title: String::new(),
    }
}

async fn log_of(cluster: &Cluster) -> EventPage {
    cluster
        .reader_of_room(&ROOM)
        .await
        .unwrap()
        .events(&ROOM, Page::Newest, 10_000, usize::MAX)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_logged_once_and_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (cluster, log, state) = start(dir.path()).await;
    room_op(&cluster, "minji", open_room()).await.unwrap();
    let first = room_op(&cluster, "minji", send("a", "hello", None)).await.unwrap();
    let Reply::Sent { seq: 2, at_ms, dup: Repeat::First } = first else { panic!("{first:?}") };
    let again = room_op(&cluster, "minji", send("a", "hello", None)).await.unwrap();
    assert_eq!(again, Reply::Sent { seq: 2, at_ms, dup: Repeat::Again });
    assert_eq!(room_op(&cluster, "minji", send("a", "other", None)).await, Err(Refusal::CidConflict));
    assert_eq!(room_op(&cluster, "minji", send("c", "x", Some("b"))).await, Err(Refusal::OutOfOrder));
    let (before, id) = (log_of(&cluster).await, cluster.cluster_id());
    cluster.shutdown().await.unwrap();
    drop((cluster, state));
    log.close();

    let (cluster, ..) = start(dir.path()).await;
    assert_eq!((log_of(&cluster).await, cluster.cluster_id()), (before, id));
    let again = room_op(&cluster, "minji", send("a", "hello", None)).await.unwrap();
    assert_eq!(again, Reply::Sent { seq: 2, at_ms, dup: Repeat::Again });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_without_a_checkpoint_replays_to_the_same_rows() {
    let dir = tempfile::tempdir().unwrap();
    let (cluster, log, state) = start(dir.path()).await;
    room_op(&cluster, "minji", open_room()).await.unwrap();
    cluster.checkpoint().await.unwrap();
    for i in 0..300 {
        room_op(&cluster, "minji", send(&format!("c{i}"), "text", None)).await.unwrap();
    }
    let before = log_of(&cluster).await;
    // Nothing is flushed or handed over: the copy is what a crash now would leave of the files.
    let copy = tempfile::tempdir().unwrap();
    copy_tree(dir.path(), copy.path());
    drop((cluster, log, state));

    let (cluster, ..) = start(copy.path()).await;
    assert_eq!(log_of(&cluster).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_sends_keep_their_order_and_share_entries() {
    let dir = tempfile::tempdir().unwrap();
    let (cluster, log, _state) = start(dir.path()).await;
    room_op(&cluster, "minji", open_room()).await.unwrap();
    let shard = cluster.slots().of_room(&ROOM);
    let entries_before = log.metrics().entries;
    let answers: Vec<_> = (0..1_000)
        .map(|i| {
            let op = send(&format!("c{i}"), &i.to_string(), None);
            cluster.submit(shard, Op::Room { room: ROOM, user: user("minji"), op }).unwrap()
        })
        .collect();
    for (i, answer) in answers.into_iter().enumerate() {
        let reply = cluster.answered(answer).await.unwrap().unwrap();
        assert!(matches!(reply, Reply::Sent { seq, .. } if seq == i as u64 + 2), "{i}: {reply:?}");
    }
    let texts: Vec<String> = log_of(&cluster)
        .await
        .events
        .iter()
        .filter_map(|event| match &event.row.body {
            EventBody::Message { text, .. } => Some(text.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(texts, (0..1_000).map(|i| i.to_string()).collect::<Vec<_>>());
    let entries = log.metrics().entries - entries_before;
    assert!(entries < 500, "1,000 commands took {entries} raft entries");
    let metrics = cluster.metrics();
    assert_eq!((metrics.groups, metrics.groups_led), (17, 17), "META and 16 shards");
    assert!(metrics.commands > 1_000 && metrics.entries < 500, "{metrics:?}");
    assert!(metrics.applied_entries > 17, "{metrics:?}");
    assert_eq!((metrics.overloads, metrics.failures, metrics.refusals), (0, 0, 0));
    room_op(&cluster, "minji", send("c0", "another text", None)).await.unwrap_err();
    assert_eq!(cluster.metrics().refusals, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_reaches_the_users_own_shard() {
    let dir = tempfile::tempdir().unwrap();
    let (cluster, ..) = start(dir.path()).await;
    let jun = user("jun");
    let home = cluster.slots().of_user(&jun);
    let mut feed = cluster.feed(home).unwrap();
    let sign_up = UserOp::SignUp { display_name: "Jun".into(), password_hash: "x".into(), names: vec![] };
    cluster.propose(home, Op::User { user: jun.clone(), op: sign_up }).await.unwrap().unwrap();
    room_op(&cluster, "minji", open_room()).await.unwrap();
    let Ok(Reply::Done { outbox }) = room_op(&cluster, "jun", RoomOp::Join).await else { panic!() };
    cluster.settle(cluster.slots().of_room(&ROOM), &outbox).await;
    let rooms = cluster.reader(home).await.unwrap().user_rooms(&jun).await.unwrap();
    assert_eq!(rooms.len(), 1);
    loop {
        let batch = feed.recv().await.unwrap();
        let is_mine = |event: &ShardEvent| matches!(event, ShardEvent::UserRoom { user, .. } if *user == jun);
        if batch.events.iter().any(is_mine) {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_has_every_event_of_a_room_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let (cluster, ..) = start(dir.path()).await;
    let mut feed = cluster.feed(cluster.slots().of_room(&ROOM)).unwrap();
    room_op(&cluster, "minji", open_room()).await.unwrap();
    for i in 0..50 {
        room_op(&cluster, "minji", send(&format!("c{i}"), "text", None)).await.unwrap();
    }
    let mut seqs = Vec::new();
    while seqs.len() < 51 {
        for event in feed.recv().await.unwrap().events.iter() {
            if let ShardEvent::Room(event) = event {
                seqs.push(event.seq);
            }
        }
    }
    assert_eq!(seqs, (1..=51).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_lets_the_log_go_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log = LogStore::open(&dir.path().join("log"), &LogOptions::default()).unwrap();
    let state = StateStore::open(&dir.path().join("state"), &StateOptions::default()).unwrap();
    let mut options = ClusterOptions { shards: 1, ..ClusterOptions::default() };
    (options.raft.log_entries_kept, options.raft.purge_entries_min) = (10, 1);
    let cluster = Cluster::start(options.clone(), log.clone(), state.clone()).await.unwrap();
    room_op(&cluster, "minji", open_room()).await.unwrap();
    for i in 0..200 {
        room_op(&cluster, "minji", send(&format!("c{i}"), "text", None)).await.unwrap();
    }
    cluster.checkpoint().await.unwrap();
    let group = madang_storage::GroupId(1);
    let purged = async {
        while log.bounds(group).unwrap().first < 150 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), purged).await.expect("the log was not purged");
    let before = log_of(&cluster).await;
    assert_eq!(before.events.len(), 201);
    cluster.shutdown().await.unwrap();
    drop((cluster, state));
    log.close();
    let (cluster, ..) = start(dir.path()).await;
    assert_eq!(log_of(&cluster).await, before);
    room_op(&cluster, "minji", send("more", "text", None)).await.unwrap();
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_tree(&entry.path(), &target);
        } else if entry.file_name() != "LOCK" {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_people_of_a_deleted_room_are_told_some_at_a_time_and_a_new_leader_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (cluster, log, state) = start(dir.path()).await;
    room_op(&cluster, "minji", open_room()).await.unwrap();
    let shard = cluster.slots().of_room(&ROOM);
    // Three steps' worth.
    let people: Vec<UserId> = (0..450).map(|i| user(&format!("user{i}"))).collect();
    let joins: Vec<_> = people
        .iter()
        .map(|who| Op::Room { room: ROOM, user: who.clone(), op: RoomOp::Join })
        .map(|op| cluster.submit(shard, op).unwrap())
        .collect();
    for join in joins {
        cluster.answered(join).await.unwrap().unwrap();
    }
    room_op(&cluster, "minji", RoomOp::Admin(AdminOp::Delete)).await.unwrap();
    cluster.shutdown().await.unwrap();
    drop((cluster, state));
    log.close();

    let (cluster, ..) = start(dir.path()).await;
    let gone = async {
        loop {
            let mut left = 0;
            for who in &people {
                let reader = cluster.reader(cluster.slots().of_user(who)).await.unwrap();
                let place = reader.user_room(who, &ROOM).await.unwrap();
                left += usize::from(place.is_none_or(|place| place.state.is_some()));
            }
            if left == 0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), gone).await.expect("all are told");
    let reader = cluster.reader_of_room(&ROOM).await.unwrap();
    assert_eq!(reader.members(&ROOM, "", None, 10).await.unwrap(), []);
    assert_eq!(reader.room(&ROOM).await.unwrap().unwrap().joined, 0);
    // The log stays a while: whoever lags behind reads to its end.
    assert_eq!(log_of(&cluster).await.events.last().unwrap().row.body, EventBody::RoomDeleted);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_rooms_whose_log_stays_a_while_keep_nobody_else_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let log = LogStore::open(&dir.path().join("log"), &LogOptions::default()).unwrap();
    let state = StateStore::open(&dir.path().join("state"), &StateOptions::default()).unwrap();
    let options = ClusterOptions { shards: 1, ..ClusterOptions::default() };
    let cluster = Cluster::start(options, log, state).await.unwrap();
    led(&cluster).await;
    let shard = cluster.slots().of_room(&ROOM);
    // More than the janitor reads at one time, and the last one is behind all of them.
    let rooms: Vec<RoomId> = (1..=70).map(|n| RoomId([n; 16])).collect();
    for room in rooms.iter().copied() {
        for op in [open_room(), RoomOp::Admin(AdminOp::Delete)] {
            cluster.propose(shard, Op::Room { room, user: user("minji"), op }).await.unwrap().unwrap();
        }
    }
    let (reader, minji) = (cluster.reader(shard).await.unwrap(), user("minji"));
    let gone = async {
        for room in &rooms {
            while reader.user_room(&minji, room).await.unwrap().is_none_or(|place| place.state.is_some()) {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), gone).await.expect("all are told");
}
