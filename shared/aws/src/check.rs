//! What a check function provides. Everything else (event, settings, deadline, journal, publication) is the
//! runner's, in [`crate::app`].

use aws_config::SdkConfig;
use day2_core::chart::Chart;
use day2_core::compare::{Earlier, Notes};
use day2_core::emf::Figure;
use day2_core::settings::{Mistakes, Settings, Validate};
use day2_core::target::Target;
use day2_core::{Item, Observed};
use deserr::Deserr;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::SetOnce;

use crate::error::OpsError;

/// When a run happens, and until when it must be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time to judge by; fixed for the whole run, so that all items speak of one moment.
    pub now: Timestamp,
    /// When the runner gives up on [`Check::look`]. Publishing has its own time after that.
    pub deadline: Timestamp,
}

impl Moment {
    /// Time between [`Self::now`] and [`Self::deadline`], never negative.
    #[must_use]
    pub fn budget(&self) -> std::time::Duration {
        let left = self.deadline.duration_since(self.now).max(SignedDuration::ZERO);
        left.unsigned_abs()
    }
}

/// What a look gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// The judged lines, in the report's order.
    pub items: Vec<Item>,
    /// Figures for the page.
    pub charts: Vec<Chart>,
    /// What the next run of the same task and target is told. `None` keeps what is noted.
    pub notes: Option<Notes>,
    /// Codes of the lines that are left out because the whole list was read and holds nothing of their kind: what the run
    /// before complained of under them is resolved.
    pub absent: Vec<String>,
    /// What becomes a metric beside the verdicts.
    pub figures: Vec<Figure>,
}

impl Look {
    /// A look that tells the next one nothing.
    #[must_use]
    pub const fn of(items: Vec<Item>, charts: Vec<Chart>) -> Self {
        Self {
            items,
            charts,
            notes: None,
            absent: Vec::new(),
            figures: Vec::new(),
        }
    }
}

/// What the run before of the same task and target noted. The journal is asked for it while a check that
/// [`Check::LOOKS_EARLY`] already looks, so it is to be waited for where it is needed and not first.
#[derive(Debug, Default)]
pub struct Before(SetOnce<Observed<Option<Earlier>>>);

impl Before {
    /// What was noted: `None` when there was no run before, and why when the journal did not say, which is not the same.
    pub async fn known(&self) -> &Observed<Option<Earlier>> {
        self.0.wait().await
    }

    /// Tells it to whoever waits. What was told stays.
    pub(crate) fn tell(&self, earlier: Observed<Option<Earlier>>) {
        if self.0.set(earlier).is_err() {
            tracing::debug!("the run before was told twice");
        }
    }
}

/// A function that looks and reports, and changes nothing.
#[expect(
    async_fn_in_trait,
    reason = "only the current-thread runtime of our own runner awaits these futures, so they need not be Send"
)]
pub trait Check {
    /// Name of function, crate, folder and event samples, for example `scale-window`.
    const NAME: &'static str;
    /// Prefix of its item codes, for example `SCW`. Numbers from 900 are the runner's.
    const CODE: &'static str;
    /// Every task, for example `prescale`.
    const TASKS: &'static [&'static str];
    /// The task of an event that names none.
    const DEFAULT_TASK: &'static str;
    /// Whether a look may begin while the run is still being claimed, and be dropped when another delivery has it. Only one that
    /// leaves no trace (no write, no call of another function, no message) and measures nothing that our own calls would disturb.
    /// A second delivery then costs the first reads, and every other one is an exchange shorter.
    const LOOKS_EARLY: bool = false;
    /// The tasks that something waits for: their mail says go or no-go
    /// ([`Decision`](day2_core::report::Decision)).
    const DECIDES: &'static [&'static str] = &[];

    /// The function's own part of the settings.
    type Settings: Deserr<Mistakes> + Validate;
    /// The function's clients for one target.
    type Ctx;

    /// Builds the clients from a configuration that already has the target's region and role. Called once per target
    /// and sandbox; makes no call.
    async fn connect(aws: &SdkConfig) -> Self::Ctx;

    /// Looks at `target` and judges. What cannot be read is an `Unknown` item; the order of items is the report's.
    ///
    /// `before` is the run before of the same task and target, for a check that compares with what it noted.
    ///
    /// # Errors
    ///
    /// Only when nothing at all can be said; what was noted stays noted. A transient error makes the invocation fail,
    /// so that it is tried again; any other becomes a published report with one `Unknown` item.
    async fn look(
        ctx: &Self::Ctx,
        settings: &Settings<Self::Settings>,
        target: &Target,
        task: &str,
        at: Moment,
        before: &Before,
    ) -> Result<Look, OpsError>;

    /// Parts that the settings leave out on purpose, in the words of the settings; the report repeats them.
    fn not_checked(settings: &Settings<Self::Settings>, target: &Target) -> Vec<String> {
        let _ = (settings, target);
        Vec::new()
    }

    /// Proves that the function could work for `target`: that every kind of read it needs is permitted and answers.
    async fn self_check(
        ctx: &Self::Ctx,
        settings: &Settings<Self::Settings>,
        target: &Target,
        at: Moment,
    ) -> Vec<Item>;
}
