//! Promise: what devices are pushed is enough. A day of four people and five devices on three nodes, one of
//! which dies at noon; in the evening every device shows what a fresh one reads from any node.

mod day {
    pub(crate) mod yard;

    pub(crate) mod morning;

    pub(crate) mod talk;

    pub(crate) mod noon;

    pub(crate) mod order;

    pub(crate) mod evening;

    pub(crate) mod night;
}

use day::yard::Yard;
use day::{evening, morning, night, noon, order, talk};

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

    noon::somebody_comes_late(&mut yard, &book).await;
    let lunch = noon::a_device_sleeps(&mut yard, &book, &said).await;
    yard.is_level("at noon").await;
    noon::a_node_dies(&mut yard, &book).await;
    yard.is_level("after noon").await;

    order::some_are_quiet(&yard, &book).await;
    order::a_fair_opens(&yard).await;
    order::a_room_is_handed_over(&yard, &book).await;
    order::rooms_close(&yard, &lunch).await;
    yard.is_level("in the afternoon").await;

    evening::somebody_reports(&yard, &book, &said).await;
    evening::words_are_taken_away(&yard, &book).await;
    evening::the_audit_log_has_it_all(&yard).await;
    evening::people_look_away(&yard, &book).await;
    night::devices_are_known(&mut yard).await;
    yard.is_level("at night").await;
    night::no_push_is_superfluous(&yard);
}
