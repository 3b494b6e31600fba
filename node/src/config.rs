//! Every setting of a node: what it means, its unit, its default and its limits.
//!
//! Three layers, later ones win: the TOML file, the environment (`MADANG_HTTP__LISTEN`), flags
//! (`--http-listen`). The tables in [`section`] are the single source: defaults, range checks,
//! `madang config print` and `docs/madang.toml` all come from them. Read [`section`] first, then
//! [`load`], [`check`] and [`print`].

pub(crate) mod address;
mod check;
mod live;
mod load;
mod print;
mod secret;
mod section;
mod setting;
mod unknown;

pub use check::check;
pub use live::{Live, LiveSource};
pub use load::{ConfigError, Flag, Layers, Loaded, Origin};
pub use print::{defaults_toml, loaded_toml};
pub use secret::SecretText;
pub use section::{
    Auth, Config, Drain, HookDown, Http, Limits, LinkRule, Log, LogFormat, Node, Peer, Raft, Rooms, Safety,
    Session, Storage,
};
pub use setting::{Applies, Section, Setting, Shape};
pub use unknown::{UnknownKey, unknown_flag};

#[cfg(test)]
mod tests;
