//! Links between nodes: two of them in one process, over real sockets, and what comes between them.

mod asks;
mod exchange;
mod overload;
mod process;
mod proxy;
mod refusals;
mod silence;
mod strangers;
mod support;
mod tls;
