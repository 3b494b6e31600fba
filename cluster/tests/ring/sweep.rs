//! A large room that was deleted is swept to its end, whoever leads meanwhile.

use std::time::Instant;

use futures_util::{StreamExt, stream};
use madang_cluster::Cluster;
use madang_cluster::command::{AdminOp, Op, RoomOp};
use madang_storage::id::UserId;

use crate::support::*;

/// How many people enter the room at the same time.
const JOINS_AT_ONCE: usize = 256;
const MEMBERS: usize = 5_000;

fn member(number: usize) -> UserId {
    user(&format!("member{number}"))
}

async fn in_room(cluster: &Cluster, user: UserId, op: RoomOp) {
    let shard = cluster.slots().of_room(&ROOM);
    cluster.propose(shard, Op::Room { room: ROOM, user, op }).await.unwrap().unwrap();
}

/// How many people the room still has, as this node sees it.
async fn people_left(cluster: &Cluster) -> u64 {
    let shard = cluster.slots().of_room(&ROOM);
    let head = cluster.reader(shard).await.unwrap().room(&ROOM).await.unwrap().unwrap();
    head.joined + head.invited
}

/// Whether the user's own shard still lists the room.
async fn lists(cluster: &Cluster, user: &UserId) -> bool {
    let reader = cluster.reader(cluster.slots().of_user(user)).await.unwrap();
    let rooms = reader.user_rooms(user).await.unwrap();
    rooms.iter().any(|(room, row)| *room == ROOM && row.state.is_some())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_goes_on_where_the_leader_before_stopped() {
    let mut nodes = Vec::from(three().await);
    room_op(&nodes[0], room()).await.unwrap();
    let cluster = nodes[0].cluster.clone();
    let joins = (0..MEMBERS).map(|number| in_room(&cluster, member(number), RoomOp::Join));
    stream::iter(joins).buffer_unordered(JOINS_AT_ONCE).collect::<Vec<()>>().await;
    let all = people_left(&cluster).await;
    assert_eq!(all, MEMBERS as u64 + 1);

    let begun = Instant::now();
    room_op(&nodes[0], RoomOp::Admin(AdminOp::Delete)).await.unwrap();
    let shard = cluster.slots().of_room(&ROOM);
    until("the sweep begins", async || people_left(&cluster).await < all).await;
    let gone = nodes.remove(leader_of(&nodes, shard));
    gone.cluster.shutdown().await.unwrap();
    let left = people_left(&nodes[0].cluster).await;
    assert!((1..all).contains(&left), "the leader went in the middle: {left} of {all} are left");

    until("all are swept", async || people_left(&nodes[0].cluster).await == 0).await;
    for number in [0, 1, MEMBERS / 2, MEMBERS - 1] {
        let member = member(number);
        until("everybody's own list is without the room", async || !lists(&nodes[1].cluster, &member).await)
            .await;
    }
    println!("{MEMBERS} people were swept in {:?}, a change of leaders included", begun.elapsed());
}
