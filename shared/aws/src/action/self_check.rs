//! `{"task":"self-check"}` of an action: could it work? Publishes nothing, records nothing, changes nothing.

use day2_core::target::Target;
use serde_json::{Value, json};

use super::{Action, ActionApp};
use crate::app::Invocation;
use crate::app::self_check::prove;
use crate::error::OpsError;

impl<A: Action> ActionApp<A> {
    pub(super) async fn self_check(&self, invocation: &Invocation) -> Result<Value, OpsError> {
        let look = async |target: &Target, at| {
            let ctx = self.ctx(target).await;
            A::self_check(&ctx, &self.settings, target, at).await
        };
        let mut proof = prove(&self.edge, (A::NAME, A::CODE), &self.settings, invocation, look).await;
        proof.insert("mode".to_owned(), json!(self.mode()));
        Ok(json!({ "self_check": proof }))
    }
}
