//! A thread of their own for those who are measured: what the crowd beside them has to work through, as pages to be
//! parsed, must not be what makes them wait. They share the machine with it, as with the nodes, so the crowd steps back
//! too.

use std::sync::Arc;
use std::sync::mpsc;

use anyhow::Context;
use futures_util::future::BoxFuture;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::priority::{all_step_back_but, this_thread};

/// A thread with a runtime. Ends with the last clone.
#[derive(Debug, Clone)]
pub(crate) struct Aside(Arc<Thread>);

#[derive(Debug)]
struct Thread {
    runtime: Handle,
    /// Dropped, it ends the thread.
    _end: oneshot::Sender<()>,
}

impl Aside {
    /// Starts it, and lets all other threads of the process step back. Errors: the system has no threads left.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().context("no runtime")?;
        let (handle, (end, ended)) = (runtime.handle().clone(), oneshot::channel());
        let (named, name) = mpsc::sync_channel(1);
        std::thread::Builder::new()
            .name("measured".to_owned())
            .spawn(move || {
                let _ = named.send(this_thread());
                // An error says that the last one who was here has gone.
                let _ = runtime.block_on(ended);
            })
            .context("no thread for those who are measured")?;
        if let Err(error) = all_step_back_but(name.recv()?) {
            eprintln!("the crowd cannot step back, and slows down those who are measured: {error}");
        }
        Ok(Self(Arc::new(Thread { runtime: handle, _end: end })))
    }

    /// Lets it live on that thread. It ends there when this is dropped.
    pub(crate) fn live(
        self,
        life: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) -> BoxFuture<'static, anyhow::Result<()>> {
        Box::pin(async move {
            let mut lives = JoinSet::new();
            lives.spawn_on(life, &self.0.runtime);
            let lived = lives.join_next().await.context("nobody lived")?;
            lived.context("somebody who is measured fell")?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_is_aside_lives_on_another_thread_and_ends_with_whoever_waits() {
        let here = std::thread::current().id();
        let aside = Aside::start().unwrap();
        let life = async move {
            anyhow::ensure!(std::thread::current().id() != here, "not aside");
            Ok(())
        };
        aside.clone().live(life).await.unwrap();
        let (sender, receiver) = oneshot::channel::<()>();
        let forever = aside.clone().live(async move {
            let _kept = sender;
            std::future::pending().await
        });
        let waited = tokio::time::timeout(std::time::Duration::from_millis(20), forever).await;
        assert!(waited.is_err());
        assert!(receiver.await.is_err(), "its life has ended");
        let fell = aside.live(async { panic!("told to") }).await;
        assert!(fell.unwrap_err().to_string().contains("fell"));
    }
}
