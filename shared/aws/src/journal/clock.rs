//! How far our clock is from AWS's. Leases, windows and signatures all depend on it; the SDK corrects its
//! signatures by itself, so only a look at the answer's date can tell.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::{DateTime, Format};
use jiff::Timestamp;

use super::{Journal, text};
use crate::error::{OpsError, aws};

/// Keeps the `Date` header of the last answer.
#[derive(Debug, Clone, Default)]
pub(super) struct DateHeader(Arc<Mutex<Option<String>>>);

impl DateHeader {
    /// The time by the clock of whoever answered last, if the answer had one.
    pub(super) fn time(&self) -> Option<Timestamp> {
        let date = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let date = DateTime::from_str(&date, Format::HttpDate).ok()?;
        Timestamp::from_second(date.secs()).ok()
    }
}

impl Intercept for DateHeader {
    fn name(&self) -> &'static str {
        "DateHeader"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date").map(str::to_owned);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date;
        Ok(())
    }
}

impl Journal {
    /// Asks the table for nothing in particular: proves that it can be read, and returns the time by its clock, if
    /// the answer has one.
    ///
    /// # Errors
    ///
    /// [`OpsError::Aws`] when the journal does not answer or refuses.
    pub async fn probe(&self) -> Result<Option<Timestamp>, OpsError> {
        let header = DateHeader::default();
        self.client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text("probe"))
            .limit(1)
            .customize()
            .interceptor(header.clone())
            .send()
            .await
            .map_err(aws("dynamodb:Query", &self.table))?;
        Ok(header.time())
    }
}
