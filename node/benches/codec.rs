//! What it costs to read a client's command and to write its answer and its push.
//!
//! `cargo bench -p madang-node --bench codec`

#![allow(clippy::expect_used, reason = "a bench ends at the first thing that goes wrong")]

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use madang_cluster::event::RoomEvent;
use madang_node::api::message::Sent;
use madang_node::api::response::Reply;
use madang_node::api::{Incoming, Push, Response};
use madang_node::edge::frame;
use madang_node::operations::event_answer;
use madang_storage::id::{Cid, RoomId, UserId};
use madang_storage::row::{EventBody, EventRow};

const ROOM: RoomId = RoomId([1; 16]);
const TEXT_BYTES: usize = 200;

fn main() {
    let mut criterion = Criterion::default().configure_from_args().without_plots();
    let text = "x".repeat(TEXT_BYTES);
    let line = format!(r#"{{"id":7,"send":{{"room":"{ROOM}","cid":"c-000017","text":"{text}"}}}}"#);
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Bytes(line.len() as u64));
    group.bench_function("read a send", |b| b.iter(|| Incoming::parse(black_box(&line)).expect("a send")));
    let sent = Response::Send(Sent { seq: 5, at_ms: 9, dup: false });
    let reply = Reply { id: Some(7), outcome: Ok(&sent) };
    let written = reply.to_json().expect("a reply");
    group.throughput(Throughput::Bytes(written.len() as u64));
    group.bench_function("write an ack", |b| {
        b.iter(|| frame::text(black_box(&reply).to_json().expect("a reply").as_bytes()));
    });
    let event = event(text);
    let write = |event: &RoomEvent| {
        frame::text(Push::Event(event_answer(event)).to_json().expect("a push").as_bytes())
    };
    group.throughput(Throughput::Bytes(write(&event).len() as u64));
    group.bench_function("write an event", |b| b.iter(|| write(black_box(&event))));
    group.finish();
    criterion.final_summary();
}

fn event(text: String) -> RoomEvent {
    let body = EventBody::Message { cid: Cid::parse("c-000017").expect("a cid"), text, extra: None };
    let user = UserId::parse("minji").expect("a name");
    RoomEvent::new(ROOM, 5, EventRow { at_ms: 9, user, pos: 7, messages: 5, body })
}
