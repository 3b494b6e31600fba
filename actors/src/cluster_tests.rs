//! The same actors over the real cluster on a real store.

use std::sync::Arc;

use madang_cluster::command::{Reply, RoomOp};
use madang_cluster::{Cluster, ClusterOptions, Page};
use madang_storage::id::{Cid, RoomId, SessionId};
use madang_storage::row::RoomKind;
use madang_storage::{LogOptions, LogStore, StateOptions, StateStore};

use crate::fake::{text_of, user};
use crate::yard::{Yard, options, run};

const ROOM: RoomId = RoomId([1; 16]);

fn send(number: usize) -> RoomOp {
    let cid = Cid::parse(&format!("c{number}")).unwrap();
    RoomOp::Send { cid, text: format!("m{number}"), after: None, extra: None }
}

#[test]
fn sends_are_logged_once_in_order_and_heard_while_actors_fail() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let log = LogStore::open(&dir.path().join("log"), &LogOptions::default()).unwrap();
        let state = StateStore::open(&dir.path().join("state"), &StateOptions::default()).unwrap();
        let cluster = ClusterOptions { shards: 2, ..ClusterOptions::default() };
        let cluster = Cluster::start(cluster, log, state).await.unwrap();
        let yard = Yard::start(Arc::new(cluster.clone()), options()).await;
        let (minji, shard) = (user("minji"), cluster.slots().of_room(&ROOM));
        let mut jun = yard.listener(&user("jun"), SessionId([9; 16]));
        jun.join(ROOM);
        let (title, topic) = ("yard".to_owned(), String::new());
        let (kind, members, sort_title) = (RoomKind::Open, vec![], String::new());
        let create = RoomOp::Create { kind, title, topic, members, sort_title };
        yard.insist(ROOM, &minji, &create).await;
        let mut answers = Vec::new();
        for number in 0..200 {
            match number {
                50 => yard.audiences.fail(shard),
                100 => yard.actors.rooms().fail_room(ROOM),
                150 => yard.actors.rooms().fail_shard(shard),
                _ => {}
            }
            answers.push(yard.actors.rooms().submit(ROOM, minji.clone(), send(number)));
            tokio::task::yield_now().await;
        }
        // A client retries from the first unanswered one on, one after the other.
        let mut seqs = Vec::new();
        for (number, answer) in answers.into_iter().enumerate() {
            let answered = match answer.await.unwrap() {
                Ok(outcome) => outcome.unwrap(),
                Err(_) => yard.insist(ROOM, &minji, &send(number)).await,
            };
            let Reply::Sent { seq, .. } = answered else { panic!("{answered:?}") };
            seqs.push(seq);
        }
        seqs.sort_unstable();
        assert_eq!(seqs, (2..=201).collect::<Vec<_>>(), "each exactly once");
        let reader = cluster.reader_of_room(&ROOM).await.unwrap();
        let whole = reader.events(&ROOM, Page::Newest, 1_000, usize::MAX).await.unwrap();
        let lines: Vec<_> =
            whole.events.iter().map(|event| format!("{} {}\n", event.seq, text_of(event))).collect();
        jun.hears(&lines).await;
        for page in [Page::Newest, Page::Before(150), Page::After(170), Page::Around(100)] {
            let expected = reader.events(&ROOM, page, 50, 1 << 20).await.unwrap();
            assert_eq!(yard.history(ROOM, page, 50).await.unwrap(), expected);
        }
        yard.actors.stop().await;
        cluster.shutdown().await.unwrap();
    });
}
