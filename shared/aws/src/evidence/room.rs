//! Memory and total size of a capture.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that one permit stands for. A semaphore counts to 2^32 in one go, and kilobytes are fine enough.
const PERMIT_BYTES: u64 = 1_024;

/// What all artefacts of a capture share.
#[derive(Debug)]
pub(super) struct Space {
    memory: Arc<Semaphore>,
    permits: u32,
    total_left: AtomicU64,
}

impl Space {
    pub(super) fn new(in_memory_bytes: u64, total_bytes: u64) -> Self {
        let permits = u32::try_from(in_memory_bytes / PERMIT_BYTES).unwrap_or(u32::MAX >> 3);
        let permits = permits.clamp(1, u32::MAX >> 3);
        Self {
            memory: Arc::new(Semaphore::new(usize::try_from(permits).unwrap_or(1))),
            permits,
            total_left: AtomicU64::new(total_bytes),
        }
    }
}

/// Leave to hold so many bytes of one artefact in memory; given back when it is dropped. What an artefact did not need of it
/// is given back to the others.
#[derive(Debug)]
pub struct Room {
    bytes: u64,
    unused: u64,
    space: Arc<Space>,
    _memory: OwnedSemaphorePermit,
}

impl Room {
    /// Most bytes of the artefact.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Says how many were captured.
    pub(super) fn used(mut self, bytes: usize) -> Self {
        let used = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.unused = self.bytes.saturating_sub(used);
        self
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.space.total_left.fetch_add(self.unused, Ordering::Relaxed);
    }
}

/// Waits for memory, then takes at most `wanted` bytes of what is left of the total; `None` when nothing is left.
pub(super) async fn reserve(space: &Arc<Space>, wanted: u64) -> Option<Room> {
    let wanted = wanted.min(u64::from(space.permits).saturating_mul(PERMIT_BYTES));
    let permits = u32::try_from(wanted.div_ceil(PERMIT_BYTES)).unwrap_or(space.permits);
    let memory = Arc::clone(&space.memory)
        .acquire_many_owned(permits.clamp(1, space.permits))
        .await
        .ok()?;
    let mut granted = 0;
    let left = space
        .total_left
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            granted = wanted.min(left);
            Some(left.saturating_sub(granted))
        });
    (left.is_ok() && granted > 0).then(|| Room {
        bytes: granted,
        unused: granted,
        space: Arc::clone(space),
        _memory: memory,
    })
}
