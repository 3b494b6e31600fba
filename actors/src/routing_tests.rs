//! Commands between the actors of two nodes: forwarded in order, waiting while nobody leads, refused by
//! whoever does not lead.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use madang_cluster::command::Outcome;
use madang_cluster::{ClusterError, Leader, Page};
use madang_storage::id::RoomId;
use tokio::sync::oneshot;

use crate::error::ActorError;
use crate::fake::{FakeCluster, send, text_of, until, user};
use crate::options::{ActorOptions, SendRate};
use crate::yard::{Yard, options, run};

const ROOM: RoomId = RoomId([1; 16]);

type Answers = Vec<oneshot::Receiver<Result<Outcome, ActorError>>>;

/// Two nodes; the second leads all shards.
struct Pair {
    here: (Yard, Arc<FakeCluster>),
    there: (Yard, Arc<FakeCluster>),
}

impl Pair {
    async fn start(options: ActorOptions) -> Self {
        Self::start_with(options, Leader::Here).await
    }

    /// The second is told that this one leads.
    async fn start_with(options: ActorOptions, leader: Leader) -> Self {
        let (one, two) = (FakeCluster::new(1), FakeCluster::of_node(2, 1));
        one.link(&two);
        one.leader.send_replace(Leader::Node(2));
        two.leader.send_replace(leader);
        let here = (Yard::start(one.clone(), options.clone()).await, one);
        let there = (Yard::start(two.clone(), options).await, two);
        Self { here, there }
    }

    fn submit(&self, numbers: std::ops::Range<usize>) -> Answers {
        let text = |number| format!("m{number}");
        numbers
            .map(|number| self.here.0.actors.rooms().submit(ROOM, user("minji"), send(&text(number))))
            .collect()
    }

    async fn stop(self) {
        self.here.0.actors.stop().await;
        self.there.0.actors.stop().await;
    }
}

/// Waits until the node's router knows who leads, since it is not the node itself.
async fn knows(yard: &Yard, leads: Option<u64>) {
    let asked = async {
        loop {
            let answer = yard.actors.rooms().decide_here(ROOM, user("nobody"), send("never")).await.unwrap();
            match answer {
                Err(ActorError::Cluster(ClusterError::NotLeader { leader })) if leader == leads => return,
                Err(_) => tokio::task::yield_now().await,
                Ok(outcome) => panic!("decided here: {outcome:?}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), asked).await.expect("never known");
}

async fn all_decided(answers: Answers) {
    for answer in answers {
        answer.await.unwrap().unwrap().unwrap();
    }
}

fn texts(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("m{number}")).collect()
}

#[test]
fn commands_are_decided_in_order_on_the_node_that_leads() {
    run(async {
        let pair = Pair::start(options()).await;
        all_decided(pair.submit(0..200)).await;
        assert_eq!(pair.there.1.texts(ROOM), texts(0..200));
        assert!(pair.here.1.texts(ROOM).is_empty());
        pair.stop().await;
    });
}

#[test]
fn refusals_of_the_node_that_leads_are_those_of_its_owners() {
    run(async {
        let send_rate = Some(SendRate { per_second: 1, burst: 2 });
        let pair = Pair::start(ActorOptions { send_rate, ..options() }).await;
        let mut answers = pair.submit(0..3);
        let third = answers.pop().unwrap().await.unwrap();
        assert!(matches!(third, Err(ActorError::RateLimited { retry_after_ms: 1.. })), "{third:?}");
        all_decided(answers).await;
        pair.stop().await;
    });
}

#[test]
fn commands_wait_while_nobody_leads_and_go_on_in_order_on_the_next_leader() {
    run(async {
        let pair = Pair::start(options()).await;
        all_decided(pair.submit(0..1)).await;
        pair.here.1.leader.send_replace(Leader::Unknown);
        knows(&pair.here.0, None).await;
        let answers = pair.submit(1..100);
        tokio::task::yield_now().await;
        pair.here.1.leader.send_replace(Leader::Here);
        all_decided(answers).await;
        assert_eq!(pair.here.1.texts(ROOM), texts(1..100));
        pair.stop().await;
    });
}

#[test]
fn a_node_that_does_not_lead_yet_is_asked_again_until_it_does() {
    run(async {
        let pair = Pair::start_with(options(), Leader::Unknown).await;
        let answers = pair.submit(0..1);
        until("it was asked twice", || pair.here.1.requests.load(Ordering::Relaxed) >= 2).await;
        pair.there.1.leader.send_replace(Leader::Here);
        all_decided(answers).await;
        assert_eq!(pair.there.1.texts(ROOM), texts(0..1));
        pair.stop().await;
    });
}

#[test]
fn a_change_of_a_room_that_meets_a_change_of_leader_is_handed_over_again() {
    run(async {
        let limits = ActorOptions { leader_wait_ms: 100, ..options() };
        let cluster = FakeCluster::new(1);
        let yard = Yard::start(cluster.clone(), limits).await;
        let rooms = yard.actors.rooms();

        cluster.deposed.store(3, Ordering::Relaxed);
        rooms.decide(ROOM, &user("minji"), send("m0")).await.unwrap().unwrap();
        assert_eq!(cluster.texts(ROOM), texts(0..1));

        // Not for ever: whoever asks hears of it in the end.
        cluster.deposed.store(usize::MAX, Ordering::Relaxed);
        let answer = rooms.decide(ROOM, &user("minji"), send("m1")).await;
        assert!(matches!(answer, Err(ActorError::Cluster(ClusterError::NotLeader { .. }))), "{answer:?}");
        yard.actors.stop().await;
    });
}

#[test]
fn nobody_waits_for_a_leader_longer_than_the_limit_and_no_more_than_may() {
    run(async {
        let limits = ActorOptions { leader_wait_ms: 30, leader_queue_max: 2, ..options() };
        let pair = Pair::start(limits).await;
        pair.here.1.leader.send_replace(Leader::Unknown);
        knows(&pair.here.0, None).await;
        let mut answers = pair.submit(0..3);
        let third = answers.pop().unwrap().await.unwrap();
        assert!(matches!(third, Err(ActorError::Overloaded { limit: 2, .. })), "{third:?}");
        for answer in answers {
            let answer = answer.await.unwrap();
            let late = matches!(answer, Err(ActorError::Cluster(ClusterError::Unavailable { .. })));
            assert!(late, "{answer:?}");
        }
        pair.stop().await;
    });
}

#[test]
fn forwarded_commands_have_places_of_their_own() {
    run(async {
        let pair = Pair::start(ActorOptions { shard_forwarded_max: 1, ..options() }).await;
        pair.there.1.hold();
        let mut answers = pair.submit(0..2);
        let second = answers.pop().unwrap().await.unwrap();
        assert!(matches!(second, Err(ActorError::Overloaded { limit: 1, .. })), "{second:?}");
        until("the cluster has it", || pair.there.1.texts(ROOM).len() == 1).await;
        pair.there.1.let_go();
        all_decided(answers).await;
        pair.stop().await;
    });
}

#[test]
fn a_command_under_way_is_answered_once_though_the_leader_changed() {
    run(async {
        let pair = Pair::start(options()).await;
        pair.there.1.hold();
        let answers = pair.submit(0..1);
        until("the cluster has it", || pair.there.1.texts(ROOM).len() == 1).await;
        pair.here.1.leader.send_replace(Leader::Here);
        pair.there.1.leader.send_replace(Leader::Node(1));
        all_decided(pair.submit(1..2)).await;
        pair.there.1.let_go();
        all_decided(answers).await;
        assert_eq!(pair.there.1.texts(ROOM), texts(0..1));
        assert_eq!(pair.here.1.texts(ROOM), texts(1..2), "nothing was sent twice");
        pair.stop().await;
    });
}

#[test]
fn who_reads_on_a_node_that_does_not_lead_is_served_there() {
    run(async {
        let pair = Pair::start(options()).await;
        for number in 0..20 {
            // As replication brings it.
            pair.here.1.log(ROOM, &user("minji"), &format!("m{number}"));
            let page = pair.here.0.history(ROOM, Page::Newest, 5).await.unwrap();
            assert_eq!(page.events.last().map(|event| text_of(event)), Some(format!("m{number}")));
        }
        pair.stop().await;
    });
}
