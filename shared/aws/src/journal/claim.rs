//! Publication once per function, task, target and occasion: `claimed` by one delivery, then `published`.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use day2_core::report::Run;
use day2_core::{Cause, Unreadable};
use jiff::Timestamp;

use super::{
    Attributes, Journal, PUBLICATION_DAYS, TTL, expires, number, pk, read_number, read_text, seconds_up,
    sort_key, text,
};
use crate::error::{OpsError, aws};

pub(super) const CLAIMED: &str = "claimed";
pub(super) const PUBLISHED: &str = "published";

/// Whom a publication belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// This delivery; nobody else publishes it before the lease ends.
    Ours(Held),
    /// Another delivery, which is at work or has died; after `until` the publication can be taken over.
    InProgress {
        /// End of the other's lease.
        until: Timestamp,
    },
    /// Nobody: it is out.
    AlreadyDone {
        /// Id of the report that was published.
        report_id: String,
    },
}

/// A publication that is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub(super) pk: String,
    pub(super) sk: String,
    pub(super) owner: String,
    /// What an earlier delivery has mailed before it failed: the same is not to be mailed again. For a check it is the
    /// id of the report, for an action also its outcome.
    pub already_mailed: Option<String>,
    /// The report of an earlier delivery that acted and then failed to publish, as JSON: it is to be published, and
    /// nothing is to be done again (`cases.md` W18).
    pub acted: Option<String>,
}

impl Journal {
    /// Claims the publication of `run` for `owner` until `lease_until`. The owner is one attempt of one delivery; the
    /// same owner may ask again, because the SDK repeats a call whose answer was lost.
    ///
    /// An expired claim is taken over. Expiry is decided by the table's condition against `now`: with a clock that
    /// runs ahead, a claim could be taken over early and the same report id be mailed twice, which is the lesser
    /// harm; a margin would make Lambda's own retries find a dead claim alive, and the report would be lost.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn claim(
        &self,
        run: &Run,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Claim, OpsError> {
        let (pk, sk) = key(run);
        let answer = self
            .update(&pk, &sk)
            .update_expression("SET #state = :claimed, #owner = :owner, lease_until = :until, #ttl = :ttl")
            .condition_expression(
                "attribute_not_exists(pk) OR (#state = :claimed AND (lease_until <= :now OR #owner = :owner))",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":claimed", text(CLAIMED))
            .expression_attribute_values(":owner", text(owner))
            .expression_attribute_values(":until", number(seconds_up(lease_until)))
            .expression_attribute_values(":now", number(now.as_second()))
            .expression_attribute_values(":ttl", expires(now, PUBLICATION_DAYS))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match answer {
            Ok(done) => {
                let item = done.attributes();
                Ok(Claim::Ours(Held {
                    pk,
                    sk,
                    owner: owner.to_owned(),
                    already_mailed: item
                        .and_then(|item| read_text(item, "mailed_report"))
                        .map(str::to_owned),
                    acted: item
                        .and_then(|item| read_text(item, "acted_report"))
                        .map(str::to_owned),
                }))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(lost)) => self.other(lost.item(), &sk),
                _ => Err(aws("dynamodb:UpdateItem", &self.table)(error)),
            },
        }
    }

    fn other(&self, item: Option<&Attributes>, sk: &str) -> Result<Claim, OpsError> {
        let published = item.and_then(|item| read_text(item, "report_id"));
        if let (Some(PUBLISHED), Some(report_id)) =
            (item.and_then(|item| read_text(item, "state")), published)
        {
            return Ok(Claim::AlreadyDone {
                report_id: report_id.to_owned(),
            });
        }
        let until = item
            .and_then(|item| read_number(item, "lease_until"))
            .and_then(|at| Timestamp::from_second(at).ok());
        until.map(|until| Claim::InProgress { until }).ok_or_else(|| {
            let resource = format!("{} publication {sk}", self.table);
            let why = "the record has neither a lease nor a report";
            OpsError::Read(Unreadable::new(
                "dynamodb:UpdateItem",
                resource,
                Cause::Malformed,
                why,
            ))
        })
    }

    /// Notes under a claim what was done, as the report in JSON, before it is published: a delivery that takes the
    /// claim over publishes that and does nothing again.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer, or the claim is no longer ours.
    pub async fn note_acted(&self, held: &Held, report: &str) -> Result<(), OpsError> {
        let update = self
            .while_ours(held)
            .update_expression("SET acted_report = :report")
            .expression_attribute_values(":report", text(report));
        self.sent(update).await
    }

    /// Ends a claim without a report: the occasion needed none. Later deliveries find it done.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer, or the claim is no longer ours.
    pub async fn settle(&self, held: &Held, report_id: &str) -> Result<(), OpsError> {
        let update = self
            .while_ours(held)
            .update_expression("SET #state = :published, report_id = :report")
            .expression_attribute_values(":published", text(PUBLISHED))
            .expression_attribute_values(":report", text(report_id));
        self.sent(update).await
    }

    /// Gives a claim back, so that the next delivery need not wait for the end of the lease. With `mailed` it also
    /// learns that the report of this id has been mailed.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer, or the claim is no longer ours.
    pub async fn release(&self, held: &Held, mailed: Option<&str>) -> Result<(), OpsError> {
        let update = self
            .while_ours(held)
            .expression_attribute_values(":over", number(0));
        let update = match mailed {
            None => update.update_expression("SET lease_until = :over"),
            Some(report_id) => update
                .update_expression("SET lease_until = :over, mailed_report = :mailed")
                .expression_attribute_values(":mailed", text(report_id)),
        };
        self.sent(update).await
    }

    /// An update of a claim that is refused when the claim is no longer ours.
    fn while_ours(&self, held: &Held) -> UpdateItemFluentBuilder {
        self.update(&held.pk, &held.sk)
            .condition_expression("#owner = :owner AND #state = :claimed")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":owner", text(&held.owner))
            .expression_attribute_values(":claimed", text(CLAIMED))
    }
}

/// Key of the publication of `run`. Without a scheduled time and without an occasion it is the request id, which
/// Lambda keeps when it delivers an event again.
fn key(run: &Run) -> (String, String) {
    let occasion = || {
        run.occasion
            .as_ref()
            .map(|occasion| format!("occasion#{occasion}"))
    };
    let sk = run
        .scheduled_at
        .map(sort_key)
        .or_else(occasion)
        .unwrap_or_else(|| format!("request#{}", run.request_id));
    (pk("publication", run), sk)
}

/// Key of the publication of `run`, for a record without a claim.
pub(super) fn key_of(run: &Run) -> (String, String) {
    key(run)
}
