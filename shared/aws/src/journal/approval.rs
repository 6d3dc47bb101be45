//! Plans that wait for a person, each to be used once and not for long.

use day2_core::action::{Approved, Plan, PlanId};
use jiff::Timestamp;
use serde_json::Value;

use super::pause::second;
use super::{Attributes, Journal, TTL, expires, number, read_text, text};
use crate::error::{OpsError, aws};

/// Days that a proposal is kept after its end.
const KEPT_DAYS: i64 = 90;

/// A plan that waits, or waited, for approval.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// What an approval names, and what led to it.
    pub approved: Approved,
    /// The plan as it was mailed.
    pub plan: Plan<Value>,
    /// Until when it can be approved.
    pub expires_at: Timestamp,
    /// Request id of the run that used it.
    pub used_by: Option<String>,
}

/// Whether an approval could be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// It could, now or by an earlier delivery of the same request.
    Yes,
    /// Another request has used it, it is over, or a newer proposal took its place.
    No,
}

impl Journal {
    /// Remembers a plan that is about to be mailed. The same changes proposed again take the place of the former
    /// proposal: its time begins anew, and it can be used once more.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer or refuses.
    pub async fn propose(&self, function: &str, target: &str, proposal: &Proposal) -> Result<(), OpsError> {
        let json = |value: serde_json::Result<String>| {
            value.map_err(|why| OpsError::Refused(format!("a plan cannot be remembered: {why}")))
        };
        let item = Attributes::from([
            ("pk".to_owned(), text(key(function, target))),
            ("sk".to_owned(), text(proposal.approved.plan.as_str())),
            (
                "approved".to_owned(),
                text(json(serde_json::to_string(&proposal.approved))?),
            ),
            (
                "plan".to_owned(),
                text(json(serde_json::to_string(&proposal.plan))?),
            ),
            (
                "proposed_at".to_owned(),
                text(proposal.approved.proposed_at.to_string()),
            ),
            ("expires_at".to_owned(), number(proposal.expires_at.as_second())),
            ("state".to_owned(), text("open")),
            (TTL.to_owned(), expires(proposal.expires_at, KEPT_DAYS)),
        ]);
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .send()
            .await
            .map(|_| ())
            .map_err(aws("dynamodb:PutItem", &self.table))
    }

    /// The proposal of this plan.
    ///
    /// # Errors
    ///
    /// [`OpsError`] when the journal does not answer, or its row cannot be read.
    pub async fn proposal(
        &self,
        function: &str,
        target: &str,
        plan: &PlanId,
    ) -> Result<Option<Proposal>, OpsError> {
        let Some(row) = self.row(&key(function, target), plan.as_str()).await? else {
            return Ok(None);
        };
        proposal(&row)
            .map(Some)
            .ok_or_else(|| self.malformed("a proposal cannot be read"))
    }

    /// Uses a proposal for `request_id`, once. One conditional write: of two who approve at the same time one gets
    /// it. Another delivery of the same request gets it again.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn use_proposal(
        &self,
        function: &str,
        target: &str,
        proposal: &Proposal,
        request_id: &str,
        now: Timestamp,
    ) -> Result<Used, OpsError> {
        let update = self
            .update(&key(function, target), proposal.approved.plan.as_str())
            .update_expression("SET #state = :used, used_by = :request, used_at = :now")
            .condition_expression(
                "proposed_at = :proposed AND ((#state = :open AND expires_at > :now) OR used_by = :request)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":used", text("used"))
            .expression_attribute_values(":open", text("open"))
            .expression_attribute_values(":proposed", text(proposal.approved.proposed_at.to_string()))
            .expression_attribute_values(":request", text(request_id))
            .expression_attribute_values(":now", number(now.as_second()));
        Ok(if self.met(update).await? {
            Used::Yes
        } else {
            Used::No
        })
    }
}

fn key(function: &str, target: &str) -> String {
    format!("approval#{function}#{target}")
}

fn proposal(row: &Attributes) -> Option<Proposal> {
    Some(Proposal {
        approved: serde_json::from_str(read_text(row, "approved")?).ok()?,
        plan: serde_json::from_str(read_text(row, "plan")?).ok()?,
        expires_at: second(row, "expires_at")?,
        used_by: read_text(row, "used_by").map(str::to_owned),
    })
}
