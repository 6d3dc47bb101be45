//! What passed, in order.

use super::call::Call;

/// One call and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What was asked.
    pub call: Call,
    /// When it began, by a clock that counts the beginnings and the answers of all fronts of one script.
    pub began: u64,
    /// When the real server had answered, by the same clock.
    pub answered: Option<u64>,
    /// Whether it was passed on, so that it may have been done.
    pub forwarded: bool,
    /// The HTTP status that the real server answered with.
    pub done: Option<u16>,
    /// The HTTP status that the caller was sent; `None` when it got no whole head: hung, reset, held, or gone itself.
    pub status: Option<u16>,
    /// The fault that befell it; a delay is none.
    pub fault: Option<&'static str>,
}

impl Exchange {
    /// `service:operation`.
    #[must_use]
    pub fn action(&self) -> String {
        self.call.action()
    }

    /// Whether it changes something and the real server has accepted it, whatever the caller was told.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.call.changes() && self.is_done()
    }

    /// Whether the real server has accepted it.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done.is_some_and(|status| status < 400)
    }

    /// Whether it was answered before the other began, so that the other can have waited for it.
    #[must_use]
    pub fn is_before(&self, other: &Self) -> bool {
        self.answered.is_some_and(|answered| answered < other.began)
    }
}

/// A place in the record: what came before is not read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark(pub(super) usize);
