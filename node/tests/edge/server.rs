//! An edge whose sessions do as they are told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpResponse, web};
use madang_node::edge::{
    Close, Closed, EdgeConfig, EdgeHandle, EdgeServer, Label, Pushed, SessionFactory, SessionHandler,
    SessionLink,
};

/// Limit of everything a test waits for.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct TestServer {
    pub(crate) handle: EdgeHandle,
    pub(crate) closed: Arc<Mutex<Vec<Closed>>>,
}

impl TestServer {
    /// One worker, so that what hurts it hurts everybody.
    pub(crate) fn start(change: impl FnOnce(&mut EdgeConfig)) -> Self {
        let closed = Arc::new(Mutex::new(Vec::new()));
        let log = closed.clone();
        let factory: SessionFactory =
            Arc::new(move || Box::new(Obedient { link: None, closed: log.clone() }));
        Self { handle: start(change, factory), closed }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.handle.addrs()[0]
    }

    pub(crate) async fn until_closed(&self, expected: &[Closed]) {
        until("the handlers hear of the end", || *self.closed.lock().unwrap() == expected).await;
    }

    pub(crate) async fn until_connections(&self, count: usize) {
        until("the number of connections", || self.handle.connections() == count).await;
    }
}

pub(crate) fn start(change: impl FnOnce(&mut EdgeConfig), factory: SessionFactory) -> EdgeHandle {
    let mut config = EdgeConfig { workers: 1, ..EdgeConfig::default() };
    change(&mut config);
    let app = || App::new().route("/hello", web::get().to(async || HttpResponse::Ok().body("hello")));
    EdgeServer::start(config, app, factory).unwrap()
}

pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let looks = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(LIMIT, looks).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

/// Echoes, but for a few orders.
struct Obedient {
    link: Option<SessionLink>,
    closed: Arc<Mutex<Vec<Closed>>>,
}

impl SessionHandler for Obedient {
    fn on_open(&mut self, link: SessionLink) {
        self.link = Some(link);
    }

    fn on_text(&mut self, text: &str) {
        let link = self.link.as_ref().unwrap();
        let (order, rest) = text.split_once(' ').unwrap_or((text, ""));
        let sent = match order {
            "panic" => panic!("as ordered"),
            "panic-later" => {
                link.spawn(async { panic!("as ordered") });
                return;
            }
            "close" => {
                link.close(Close::REVOKED);
                return;
            }
            "label" => {
                link.label(Label(rest.parse().unwrap()));
                link.text(rest)
            }
            "writes" => link.text(&writes_of_this_thread()),
            // Frames "0", "1" … each filled up with spaces to 1 KiB.
            "burst" => (0..rest.parse::<usize>().unwrap())
                .fold(Pushed::Queued, |_, n| link.text(&format!("{n:<1024}"))),
            _ => link.text(text),
        };
        assert!(order == "burst" || sent == Pushed::Queued);
    }

    fn on_closed(&mut self, why: Closed) {
        self.closed.lock().unwrap().push(why);
    }
}

fn writes_of_this_thread() -> String {
    let io = std::fs::read_to_string("/proc/thread-self/io").unwrap();
    io.lines().find_map(|line| line.strip_prefix("syscw: ")).unwrap().to_owned()
}
