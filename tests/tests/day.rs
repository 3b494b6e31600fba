//! Promise: what devices are pushed is enough. A day of four people and five devices on three nodes, one of
//! which dies at noon; in the evening every device shows what a fresh one reads from any node.

mod day {
    pub mod morning;
    pub mod talk;
    pub mod yard;
}

use day::{morning, talk, yard::Yard};

#[tokio::test(flavor = "multi_thread")]
async fn every_device_ends_the_day_with_what_a_fresh_one_reads_from_any_node() {
    let mut yard = Yard::open().await;

    morning::people_meet(&mut yard).await;
    let book = morning::a_room_is_made(&yard).await;
    morning::everything_is_said(&yard, &book).await;
    yard.is_level("in the morning").await;

    let said = talk::things_are_said_differently(&yard, &book).await;
    talk::things_are_marked(&yard, &book, &said).await;
    yard.is_level("after the talk").await;
    talk::people_are_called_and_read(&yard, &book, &said).await;
    talk::people_are_seen(&yard, &book).await;
    yard.is_level("before noon").await;
}
