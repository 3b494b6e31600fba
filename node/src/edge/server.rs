//! Binds, starts the workers, and stops in good order.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_codec::Framed;
use actix_http::body::MessageBody;
use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol, Request, Response, h1};
use actix_server::{GracefulShutdownSignal, Server, ServerBuilder, ServerHandle};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_factory, fn_service, map_config,
};
use actix_web::dev::AppConfig;
use madang_actors::outbound::Close;
use socket2::{Domain, Socket, Type};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::config::EdgeConfig;
use super::connection::Connection;
use super::connections::{Connections, Worker};
use super::drain::{Drain, Elsewhere, Pace, Turn};
use super::handler::{Goodbye, SessionFactory};
use super::tls::Tls;
use super::upgrade::Upgrader;

/// Connections that wait to be accepted: a whole node's clients may come back at once.
const BACKLOG: i32 = 4096;

/// The edge: HTTP and WebSocket on the same ports.
pub struct EdgeServer;

impl EdgeServer {
    /// Binds and starts the workers on threads of their own. `app` is called once per worker and
    /// listening address, on the worker's thread; `sessions` for each connection, likewise. Must be
    /// called inside a tokio runtime. Signals are the caller's.
    ///
    /// # Errors
    /// An address can't be bound.
    pub fn start<F, I, S, B>(config: EdgeConfig, app: F, sessions: SessionFactory) -> io::Result<EdgeHandle>
    where
        F: Fn() -> I + Send + Clone + 'static,
        I: IntoServiceFactory<S, Request>,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<actix_web::Error> + 'static,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>> + 'static,
        <S::Service as Service<Request>>::Future: 'static,
        S::Service: 'static,
        B: MessageBody + 'static,
    {
        let connections = Arc::new(Connections::new(config.connections_max, config.admission));
        let mut addrs = Vec::new();
        let mut builder = Server::build()
            .workers(config.workers.clamp(1, 512))
            .shutdown_timeout(config.http_drain_timeout.as_secs())
            .disable_signals();
        for addr in &config.listen {
            let listener = bind(*addr)?;
            addrs.push(listener.local_addr()?);
            let listening = Listening {
                config: config.clone(),
                connections: connections.clone(),
                app: app.clone(),
                sessions: sessions.clone(),
            };
            builder = listening.add_to(builder, listener)?;
        }
        let server = builder.run();
        let handle = server.handle();
        let running = Mutex::new(Some(tokio::spawn(server)));
        Ok(EdgeHandle { addrs, connections, server: handle, running })
    }
}

/// What the services behind one listening address are made of.
struct Listening<F> {
    config: EdgeConfig,
    connections: Arc<Connections>,
    app: F,
    sessions: SessionFactory,
}

impl<F> Listening<F> {
    fn add_to<I, S, B>(self, builder: ServerBuilder, listener: TcpListener) -> io::Result<ServerBuilder>
    where
        F: Fn() -> I + Send + Clone + 'static,
        I: IntoServiceFactory<S, Request>,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<actix_web::Error> + 'static,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>> + 'static,
        <S::Service as Service<Request>>::Future: 'static,
        S::Service: 'static,
        B: MessageBody + 'static,
    {
        let addr = listener.local_addr()?;
        let stopping = builder.graceful_shutdown_signal();
        let Self { config, connections, app, sessions } = self;
        builder.listen(format!("madang-{addr}"), listener, move || {
            let (stopping, handshakes_end) = (stopping.clone(), stopping.clone());
            let app = app().into_factory().map_err(|error| error.into().error_response());
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .keep_alive(config.keep_alive)
                .client_request_timeout(config.request_head_timeout)
                .client_disconnect_timeout(config.close_timeout)
                .local_addr(addr)
                .upgrade(upgrades(config.clone(), connections.clone(), sessions.clone()))
                .finish(map_config(app, |()| AppConfig::default()));
            let (tls, stopping) = (config.tls.clone(), handshakes_end.clone());
            fn_service(move |socket| enter(tls.clone(), socket, stopping.clone())).and_then(http)
        })
    }
}

/// What the HTTP service is given of a new connection.
async fn enter(
    tls: Option<Arc<Tls>>,
    socket: TcpStream,
    stopping: GracefulShutdownSignal,
) -> Result<(Connection, Protocol, Option<SocketAddr>), DispatchError> {
    let peer = socket.peer_addr().ok();
    // A frame behind an unacknowledged one would wait. Should it fail, the connection is broken anyway.
    let _ = socket.set_nodelay(true);
    let connection = match tls {
        Some(tls) => tokio::select! {
            accepted = tls.accept(socket) => accepted.map_err(DispatchError::Io)?,
            // A stranger who takes his time is no reason to stop later.
            () = stopping.notified() => return Err(DispatchError::DisconnectTimeout),
        },
        None => Connection::Plain(socket),
    };
    Ok((connection, Protocol::Http1, peer))
}

/// The upgrade service of each worker.
fn upgrades(
    config: EdgeConfig,
    connections: Arc<Connections>,
    factory: SessionFactory,
) -> impl ServiceFactory<
    (Request, Framed<Connection, h1::Codec>),
    Config = (),
    Response = (),
    Error = std::convert::Infallible,
    InitError = (),
> {
    fn_factory(move || {
        let worker = Worker::start(connections.clone());
        let upgrader = Rc::new(Upgrader { config: config.clone(), worker, factory: factory.clone() });
        async move {
            Ok(fn_service(move |(request, framed): (Request, Framed<Connection, h1::Codec>)| {
                upgrader.clone().upgrade(request, framed)
            }))
        }
    })
}

fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    // A node that is started again shall not wait for its old connections to time out.
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// A running edge.
pub struct EdgeHandle {
    addrs: Vec<SocketAddr>,
    connections: Arc<Connections>,
    server: ServerHandle,
    running: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

impl EdgeHandle {
    /// Where it listens, with the real ports.
    pub fn addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// Open WebSocket connections.
    pub fn connections(&self) -> usize {
        self.connections.open()
    }

    /// How many handshakes wait for their turn now, and how many clients were told to come again.
    pub fn put_off(&self) -> (usize, u64) {
        self.connections.put_off()
    }

    /// How many WebSocket connections there may be.
    pub fn connections_max(&self) -> usize {
        self.connections.open_max()
    }

    /// First step of a drain: upgrades are refused with 503; HTTP and open connections go on.
    pub fn refuse_connections(&self) {
        self.connections.refuse();
    }

    /// The drain is called off: upgrades are taken again.
    pub fn admit_connections(&self) {
        self.connections.admit();
    }

    /// Sends all WebSocket connections away (3000) at that pace, each behind its own last frame, and admits
    /// no more. Returns when all have been told; their part of the close handshake may be missing.
    pub async fn send_away(&self, pace: Pace, elsewhere: Elsewhere, goodbye: Arc<dyn Goodbye>) {
        self.connections.refuse();
        let mut drain = Drain::new(pace, elsewhere, Instant::now());
        let mut left = self.connections.count().await;
        while let Turn::SendAway { shares, respite, again_after } = drain.on_turn(&left, Instant::now()) {
            self.connections.send_away(&shares, &goodbye, respite);
            tokio::time::sleep(again_after).await;
            // Also those whose handshake was not over when the node began to refuse.
            left = self.connections.count().await;
        }
    }

    /// Accepts nothing more, closes all WebSocket connections (3000) after what waits for them, gives
    /// them up to `limit` for the close handshake, lets running HTTP requests finish, and stops the
    /// workers. A repeat waits for the first.
    ///
    /// # Errors
    /// The server ended with an error.
    pub async fn stop(&self, limit: Duration) -> io::Result<()> {
        let mut running = self.running.lock().await;
        let Some(server) = running.take() else { return Ok(()) };
        self.server.pause().await;
        self.connections.close_all(Close::DRAINING);
        if tokio::time::timeout(limit, self.connections.wait_until_empty()).await.is_err() {
            tracing::warn!(left = self.connections.open(), "connections are cut that did not close in time");
        }
        self.server.stop(true).await;
        server.await.map_err(io::Error::other)?
    }
}

impl fmt::Debug for EdgeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EdgeHandle")
            .field("addrs", &self.addrs)
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}
