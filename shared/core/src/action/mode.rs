//! How far a function may go.

use std::fmt;

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use crate::settings::Mistakes;

/// How far a function may go. Set per function at deployment; there is no default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Deserr)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[deserr(error = Mistakes, rename_all = lowercase)]
pub enum Mode {
    /// Plans and reports, and changes nothing.
    Observe,
    /// Mails the plan with the line that approves it.
    Approve,
    /// Carries the plan out.
    Auto,
}

impl Mode {
    /// The word in settings and events.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Approve => "approve",
            Self::Auto => "auto",
        }
    }

    /// The mode of this run: a call by hand may lower the deployed mode, never raise it.
    ///
    /// # Errors
    ///
    /// In words, when `asked` is no mode or a further one than was deployed.
    pub fn lowered_to(self, asked: Option<&str>) -> Result<Self, String> {
        let Some(asked) = asked else { return Ok(self) };
        let known = [Self::Observe, Self::Approve, Self::Auto];
        let mode = known
            .into_iter()
            .find(|mode| mode.word() == asked)
            .ok_or_else(|| {
                format!("`mode` {asked:?} is none; send observe, approve or auto, or leave it out for {self}")
            })?;
        if mode > self {
            return Err(format!(
                "`mode` {mode} goes further than {self}, which is deployed; a call by hand may only lower it: change \
                 the function's `mode` in Terraform, or leave it out"
            ));
        }
        Ok(mode)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::Mode;

    #[test]
    fn a_call_by_hand_lowers_the_mode_and_never_raises_it() {
        assert_eq!(Mode::Auto.lowered_to(Some("observe")), Ok(Mode::Observe));
        assert_eq!(Mode::Approve.lowered_to(Some("approve")), Ok(Mode::Approve));
        assert_eq!(Mode::Approve.lowered_to(None), Ok(Mode::Approve));
        let refused = Mode::Observe.lowered_to(Some("auto")).unwrap_err();
        assert!(refused.contains("may only lower it"), "{refused}");
        let unknown = Mode::Auto.lowered_to(Some("force")).unwrap_err();
        assert!(
            unknown.contains("send observe, approve or auto, or leave it out for auto"),
            "{unknown}"
        );
    }
}
