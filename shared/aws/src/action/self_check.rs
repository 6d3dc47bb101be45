//! `{"task":"self-check"}` of an action: could it work? Publishes nothing, records nothing, changes nothing.

use day2_core::{Item, Verdict};
use serde_json::{Value, json};

use super::{Action, ActionApp};
use crate::app::budget::unanswered;
use crate::app::self_check::own_items;
use crate::app::{Invocation, PUBLISH_RESERVE, Watch};
use crate::check::Moment;
use crate::error::OpsError;

impl<A: Action> ActionApp<A> {
    pub(super) async fn self_check(&self, invocation: &Invocation) -> Result<Value, OpsError> {
        let watch = Watch::start(invocation.now);
        let own = own_items(&self.edge, A::CODE, &self.settings, &watch).await;
        let end = invocation
            .deadline
            .checked_sub(PUBLISH_RESERVE)
            .unwrap_or(invocation.now);
        let mut verdicts: Vec<Verdict> = own.iter().map(Item::verdict).collect();
        let mut targets = Vec::with_capacity(self.settings.targets.len());
        for target in &self.settings.targets {
            let at = Moment {
                now: watch.now(),
                deadline: end,
            };
            let ctx = self.ctx(target).await;
            let looking = A::self_check(&ctx, &self.settings, target, at);
            let items = tokio::time::timeout(watch.until(end), looking)
                .await
                .unwrap_or_else(|_| {
                    let why = unanswered("self-check", target.name.as_str());
                    let code = format!("{}-901", A::CODE);
                    vec![Item::unreadable(&code, "The target was looked at", 1, &why)]
                });
            let status = Verdict::worst(items.iter().map(Item::verdict));
            verdicts.push(status);
            targets.push(json!({ "target": target.name.as_str(), "status": status, "items": items }));
        }
        let status = Verdict::worst(verdicts);
        tracing::info!(function = A::NAME, status = status.word(), "self-check done");
        Ok(json!({
            "self_check": {
                "function": A::NAME, "status": status, "mode": self.mode(), "items": own, "targets": targets,
            }
        }))
    }
}
