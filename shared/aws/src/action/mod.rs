//! What an action function provides. Everything else (event, settings, deadline, journal, lock, approval, leases,
//! publication) is the runner's.

mod app;
mod approval;
mod case;
mod execute;
mod handing;
mod respond;
mod self_check;
mod steps;
mod suppress;
#[cfg(test)]
mod tests;

use aws_config::SdkConfig;
use day2_core::Item;
use day2_core::action::{Effect, Lease, Occasion, Plan, Standing, Step};
use day2_core::arn::Arn;
use day2_core::chart::Chart;
use day2_core::settings::{Mistakes, Safety, Settings, Validate};
use day2_core::target::Target;
use deserr::Deserr;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::check::Moment;
use crate::error::OpsError;

pub use app::{ActionApp, handle_action};

/// Why and with what in mind the world is read.
#[derive(Debug, Clone, Copy)]
pub struct Inquiry<'a> {
    /// Why the function runs.
    pub occasion: &'a Occasion,
    /// Key of the occasion; changes that must happen once per occasion carry it.
    pub key: &'a str,
    /// What the journal knows of this function and target.
    pub standing: &'a Standing,
    /// The change to take back, for [`Occasion::Revert`].
    pub lease: Option<&'a Lease>,
}

/// What a function makes of the facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment<C> {
    /// The judged lines.
    pub items: Vec<Item>,
    /// Figures for the page.
    pub charts: Vec<Chart>,
    /// What would be changed.
    pub plan: Plan<C>,
    /// The finding in one sentence without a full stop, for the subject: at most 60 characters are shown there.
    pub says: String,
    /// Only for a change to be taken back: what stays as it is, and why. The lease then ends as `left`.
    pub left: Option<String>,
}

/// What came of one step.
#[derive(Debug)]
pub enum Applied {
    /// The change was made now; in words what was answered.
    Done(String),
    /// A part of it was made now: in words what was, and what stays as it is and why. A lease that is taken back so
    /// ends as `left`, and the report says FAIL.
    Partly {
        /// What was made.
        says: String,
        /// What was not, and why.
        left: String,
    },
    /// It was found made.
    AlreadyDone(String),
    /// What must still be true was not; nothing was changed, and why.
    Refused(String),
    /// It failed. The error says whether trying again may help; whether the change happened is said in words.
    Failed {
        /// Why.
        error: OpsError,
        /// What is known of the change: `nothing was changed`, or `whether it was made is not known`.
        says: String,
    },
}

/// A function that changes something.
#[expect(
    async_fn_in_trait,
    reason = "only the current-thread runtime of our own runner awaits these futures, so they need not be Send"
)]
pub trait Action {
    /// Name of function, crate, folder and event samples, for example `provisioning-latency`.
    const NAME: &'static str;
    /// Prefix of its item codes, for example `PRV`. Numbers from 900 are the runner's.
    const CODE: &'static str;
    /// Its one task beside `revert` and `self-check`, for example `respond`.
    const TASK: &'static str;

    /// Whether it undoes containments: then a call by hand names one (`containment`), and the target is the one in its id.
    const RELEASES: bool = false;

    /// The function's own part of the settings.
    type Settings: Deserr<Mistakes> + Validate;
    /// The function's clients for one target.
    type Ctx;
    /// What was read.
    type Facts;
    /// One change as data; it is remembered in the journal before it is made.
    type Change: Serialize + DeserializeOwned + Clone + std::fmt::Debug;

    /// The safety belts of the settings.
    fn safety(settings: &Self::Settings) -> &Safety;

    /// Every alarm that the settings bind to a target, with the target's name. An alarm that is not here is not
    /// ours, whatever its name or its dimensions say (`cases.md` E19).
    fn alarms(settings: &Self::Settings) -> Vec<(&str, &Arn)>;

    /// Builds the clients from a configuration that already has the target's region and role. Called once per target
    /// and sandbox; makes no call.
    async fn connect(aws: &SdkConfig) -> Self::Ctx;

    /// Reads the world. No opinions: what could not be read stays in the facts as the reason why.
    ///
    /// # Errors
    ///
    /// Only when nothing at all can be said.
    async fn gather(
        ctx: &Self::Ctx,
        settings: &Settings<Self::Settings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        at: Moment,
    ) -> Result<Self::Facts, OpsError>;

    /// Judges and plans. Pure. Guards of its own stand in the plan's refusals; the runner adds the standing ones
    /// (freshness, cool-down, circuit breaker, number of steps).
    ///
    /// A plan must be computed from what the open leases of `inquiry.standing` say was there before, not only from
    /// what is there now: two alarms, or two deliveries of one, must never add up (`cases.md` D11, D12).
    fn plan(
        facts: &Self::Facts,
        settings: &Settings<Self::Settings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        at: Moment,
    ) -> Assessment<Self::Change>;

    /// Carries one step out. Idempotent, and checks its precondition against a fresh read: never lowers, never goes
    /// beyond what was planned.
    async fn apply(
        ctx: &Self::Ctx,
        settings: &Settings<Self::Settings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        step: &Step<Self::Change>,
        at: Moment,
    ) -> Applied;

    /// Looks whether the changes had their effect, until `at.deadline` at most. `done` are the steps that were
    /// carried out.
    async fn verify(
        ctx: &Self::Ctx,
        settings: &Settings<Self::Settings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        done: &[Step<Self::Change>],
        at: Moment,
    ) -> Effect;

    /// Plans how to take `inquiry.lease` back. Pure. Looks for drift: what is no longer as this function set it is
    /// left alone, and said in [`Assessment::left`].
    fn revert(
        facts: &Self::Facts,
        settings: &Settings<Self::Settings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        change: &Self::Change,
        at: Moment,
    ) -> Assessment<Self::Change>;

    /// Parts that the settings leave out on purpose, in the words of the settings; the report repeats them.
    fn not_checked(settings: &Settings<Self::Settings>, target: &Target) -> Vec<String> {
        let _ = (settings, target);
        Vec::new()
    }

    /// Proves that the function could work for `target`: that every kind of read and change it needs is permitted.
    async fn self_check(
        ctx: &Self::Ctx,
        settings: &Settings<Self::Settings>,
        target: &Target,
        at: Moment,
    ) -> Vec<Item>;
}
