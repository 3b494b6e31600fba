//! What the layer above does with what arrives.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::identity::Lane;

/// The layer above, as the links see it. Calls must return at once: what takes time belongs into the
/// returned futures, which run on the lane's runtime.
pub trait Door: Send + Sync + 'static {
    /// A peer's request. `service` is a small number that the layer above gives a meaning to.
    ///
    /// Order: for one peer and lane this is called in the order of sending; the returned futures run
    /// concurrently. A request may arrive shortly before [`linked`](Self::linked) tells of its sender.
    fn request(
        &self,
        from: u64,
        lane: Lane,
        service: u8,
        payload: Bytes,
    ) -> BoxFuture<'static, Result<Bytes, String>>;

    /// A message that is not answered, at most once. Order: as for requests, and among them.
    fn tell(&self, from: u64, lane: Lane, service: u8, payload: Bytes);

    /// A question from a program that proved the secret but is no peer: a node that wants to join, an
    /// operator's command line.
    fn ask(&self, question: Bytes) -> BoxFuture<'static, Bytes>;

    /// Both lanes to `node` are usable. Comes again, after [`unlinked`](Self::unlinked), when a lane was
    /// made anew.
    fn linked(&self, node: u64);

    /// A lane to `node` broke. What was under way failed already.
    fn unlinked(&self, node: u64);
}
