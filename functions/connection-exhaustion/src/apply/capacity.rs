//! Sets the maximum of a cluster's capacity range, by read-modify-write (`rds:ModifyDBCluster`).

use std::time::Duration;

use aws_sdk_rds::Client;
use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rds::types::ServerlessV2ScalingConfiguration;
use day2_aws::error::Answer;
use day2_aws::{Applied, OpsError, aws};
use day2_core::Cause;
use day2_core::database::{Acu, AcuRange};
use day2_reads::db_clusters::{self, DbCluster};
use day2_reads::times::Times;

use crate::plan::status::{Standing, standing};

const ACTION: &str = "rds:ModifyDBCluster";

/// Pauses between the attempts: a backup or another change of a cluster ends within minutes, and Lambda delivers the event
/// again where that is too short.
pub(crate) const PAUSES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(15)];

/// What is wanted of the maximum. The minimum is written back as it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Raise it from `before` to `after`.
    Raise {
        /// The maximum that it was planned from.
        before: Acu,
        /// The maximum that is wanted.
        after: Acu,
    },
    /// Take a raise back.
    Restore {
        /// The maximum that the raise set.
        raised: Acu,
        /// The maximum before.
        before: Acu,
    },
}

/// What a fresh look makes of a wish.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Write this range.
    Write(AcuRange),
    /// It is as wanted.
    Done,
    /// Leave it, and why.
    Leave(String),
}

impl Wish {
    /// Decides by the range as it is now. Never lowers a bound, but to take back exactly what was raised.
    pub(crate) fn decide(self, now: AcuRange) -> Decision {
        match self {
            Self::Raise { after, .. } if now.max >= after => Decision::Done,
            Self::Raise { before, .. } if now.max != before => Decision::Leave(format!(
                "somebody changed the maximum to {} ACU since it was planned from {before}: whoever did decides, and a \
                 raise from there is a plan of its own",
                now.max
            )),
            Self::Raise { after, .. } => Decision::Write(AcuRange {
                min: now.min,
                max: after,
            }),
            Self::Restore { before, .. } if now.max == before => Decision::Done,
            Self::Restore { raised, .. } if now.max != raised => Decision::Leave(format!(
                "the maximum is {} ACU and no longer the {raised} that were set: somebody changed it, it stays",
                now.max
            )),
            Self::Restore { before, .. } if now.min > before => Decision::Leave(format!(
                "the minimum is {} ACU by now, above the old maximum of {before}: it stays",
                now.min
            )),
            Self::Restore { before, .. } => Decision::Write(AcuRange {
                min: now.min,
                max: before,
            }),
        }
    }
}

/// Fulfils a wish, with up to three attempts.
pub(crate) async fn set(
    client: &Client,
    id: &str,
    wish: Wish,
    times: &Times,
    pauses: [Duration; 2],
) -> Applied {
    let mut lost = false;
    let mut trouble = None;
    for pause in pauses.into_iter().map(Some).chain([None]) {
        let cluster = match db_clusters::describe(client, times, id).await {
            Ok(cluster) => cluster,
            Err(why) => return failed(OpsError::Read(why), lost),
        };
        let Some(range) = cluster.serverless else {
            return Applied::Refused("the cluster has no capacity range any more".to_owned());
        };
        match standing(&cluster.status) {
            Standing::Available => match wish.decide(range) {
                Decision::Done if lost => {
                    return Applied::Done(format!("the answer was lost; a second look shows {range}"));
                }
                Decision::Done => return Applied::AlreadyDone(format!("the range is {range} already")),
                Decision::Leave(why) => return Applied::Refused(why),
                Decision::Write(wanted) => match write(client, id, wanted, kept_pause(&cluster), times).await
                {
                    Ok(()) => return Applied::Done(format!("{range} became {wanted}")),
                    Err(Refusal::NotNow(error)) => trouble = Some(error),
                    Err(Refusal::Lost(error)) => {
                        lost = true;
                        trouble = Some(error);
                    }
                    Err(Refusal::Final(error)) => return failed(error, lost),
                },
            },
            Standing::Passing if wish.decide(range) == Decision::Done => {
                let words = format!("the range is {range}; the cluster is {}", cluster.status);
                return if lost {
                    Applied::Done(words)
                } else {
                    Applied::AlreadyDone(words)
                };
            }
            Standing::Passing => trouble = Some(busy(id, &cluster.status)),
            Standing::Other => return Applied::Refused(format!("the cluster is {}", cluster.status)),
        }
        match pause {
            // Not begun what cannot be finished: a look and a write need some seconds.
            Some(pause) if times.left() > pause + Duration::from_secs(5) => tokio::time::sleep(pause).await,
            _ => break,
        }
    }
    let error = trouble.unwrap_or_else(|| busy(id, "not ready"));
    failed(error, lost)
}

fn failed(error: OpsError, lost: bool) -> Applied {
    let says = if lost {
        "whether the range was changed is not known: the answer was lost, and a second look did not show it"
    } else {
        "nothing was changed"
    };
    Applied::Failed {
        error,
        says: says.to_owned(),
    }
}

/// A cluster that is being changed: the same call may succeed later (`cases.md` W06).
fn busy(id: &str, status: &str) -> OpsError {
    OpsError::Aws {
        action: ACTION,
        resource: id.to_owned(),
        cause: Cause::Other,
        transient: true,
        source: Box::new(Answer {
            code: None,
            message: format!("the cluster is {status}, and takes no change until that has ended"),
            status: None,
            request_id: None,
        }),
    }
}

/// The time until an idle instance pauses, to be written back as it was read: a range that is written without it could
/// reset it to its default of 300 s. It exists only with a minimum of 0 ACU, and the API refuses it with any other.
/// Source: *Aurora User Guide*, "Scaling to Zero ACUs with automatic pause and resume for Aurora Serverless v2".
fn kept_pause(cluster: &DbCluster) -> Option<i32> {
    let pauses = cluster
        .serverless
        .is_some_and(|range| range.min == Acu::default());
    cluster.auto_pause_seconds.filter(|_| pauses)
}

/// Why a write did not succeed.
enum Refusal {
    /// The cluster takes no change at the moment.
    NotNow(OpsError),
    /// Whether it was made is not known.
    Lost(OpsError),
    /// It was refused for good.
    Final(OpsError),
}

/// Writes both bounds. `ApplyImmediately` is left out on purpose: the range is changed at once without it, and with it
/// all other changes that wait for the maintenance window would be made too. Source: *Aurora User Guide*, "Setting the
/// Aurora Serverless v2 capacity range for a cluster"; API `ModifyDBCluster`.
async fn write(
    client: &Client,
    id: &str,
    range: AcuRange,
    auto_pause_seconds: Option<i32>,
    times: &Times,
) -> Result<(), Refusal> {
    let call = client
        .modify_db_cluster()
        .db_cluster_identifier(id)
        .serverless_v2_scaling_configuration(
            ServerlessV2ScalingConfiguration::builder()
                .min_capacity(range.min.number())
                .max_capacity(range.max.number())
                .set_seconds_until_auto_pause(auto_pause_seconds)
                .build(),
        )
        .send();
    let Ok(answer) = tokio::time::timeout(times.left(), call).await else {
        return Err(Refusal::Lost(busy(id, "not answering")));
    };
    let Err(error) = answer else { return Ok(()) };
    let code = error.code().unwrap_or_default();
    let not_now = code.starts_with("InvalidDBClusterState");
    // Only an answer of the service below 500 says for certain that nothing was done.
    let is_final = matches!(&error, SdkError::ServiceError(inner) if inner.raw().status().as_u16() < 500)
        || matches!(&error, SdkError::ConstructionFailure(_));
    let error = aws(ACTION, id)(error);
    Err(if not_now {
        Refusal::NotNow(transient(error))
    } else if is_final && !error.is_transient() {
        Refusal::Final(error)
    } else if is_final {
        Refusal::NotNow(error)
    } else {
        Refusal::Lost(error)
    })
}

fn transient(mut error: OpsError) -> OpsError {
    if let OpsError::Aws { transient, .. } = &mut error {
        *transient = true;
    }
    error
}

#[cfg(test)]
mod tests;
