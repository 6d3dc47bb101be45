//! A place where calls are held, so that a test can act at exactly that moment.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::watch;

/// Holds the calls that come to it until it is opened; open, it lets every call pass. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    arrived: watch::Sender<usize>,
    open: watch::Sender<bool>,
}

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Inner {
            arrived: watch::Sender::new(0),
            open: watch::Sender::new(false),
        }))
    }
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns when the first call has come to the gate.
    ///
    /// # Errors
    ///
    /// When none comes within the time.
    pub async fn reached(&self, within: Duration) -> Result<()> {
        self.reached_by(1, within).await
    }

    /// Returns when so many calls have come to the gate, held or passed.
    ///
    /// # Errors
    ///
    /// When fewer come within the time.
    pub async fn reached_by(&self, calls: usize, within: Duration) -> Result<()> {
        let mut arrived = self.0.arrived.subscribe();
        let enough = arrived.wait_for(|number| *number >= calls);
        tokio::time::timeout(within, enough)
            .await
            .with_context(|| format!("fewer than {calls} calls came to the gate in {within:?}"))??;
        Ok(())
    }

    /// Opens it: what is held goes on, and nothing is held any more.
    pub fn release(&self) {
        self.0.open.send_replace(true);
    }

    /// A call comes and waits.
    pub(super) async fn pass(&self) {
        self.0.arrived.send_modify(|number| *number += 1);
        // The sender lives in `self`, so that waiting cannot fail.
        let _ = self.0.open.subscribe().wait_for(|open| *open).await;
    }
}
