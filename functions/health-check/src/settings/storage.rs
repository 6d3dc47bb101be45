//! Limits of the group `storage`.

use day2_core::settings::Mistakes;
use deserr::Deserr;

/// Limits of the group `storage`.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct StorageLimits {
    /// Longest time that a claim may be Pending, in minutes; 0 is none.
    #[deserr(default = 5)]
    pub pending_minutes: u32,
    /// Longest time that attaching or detaching a volume may take, in minutes; 0 is none. Kubernetes itself detaches by force after
    /// six (`maxWaitForUnmountDuration`).
    #[deserr(default = 6)]
    pub attach_minutes: u32,
}

impl Default for StorageLimits {
    fn default() -> Self {
        Self {
            pending_minutes: 5,
            attach_minutes: 6,
        }
    }
}
