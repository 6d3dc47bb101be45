//! Findings of `GuardDuty` and Security Hub, and what `GuardDuty` sees at all.

use day2_core::target::Target;
use day2_core::{Cause, Observed, Unreadable};
use day2_reads::coverage::Coverage;
use day2_reads::coverage_statistics::Counts;
use day2_reads::detectors::Detector;
use day2_reads::finding_ids::Wanted;
use day2_reads::findings::Finding;
use day2_reads::times::Times;
use day2_reads::{coverage, coverage_statistics, detectors, finding_ids, findings, security_findings};

use super::{AwsClients, undeclared};
use crate::facts::security::{Hub, Runtime, SecurityFacts};
use crate::settings::Group;
use crate::settings::security::SecurityPolicy;

pub(super) async fn read(
    clients: &AwsClients,
    target: &Target,
    policy: &SecurityPolicy,
    times: &Times,
) -> SecurityFacts {
    let guard_duty = async {
        let detectors = detectors::all(&clients.guardduty, times).await;
        let (findings, runtime) = match &detectors {
            Ok(all) if !all.is_empty() => {
                futures::join!(findings(clients, all, policy, times), async {
                    if policy.runtime_monitoring {
                        Some(Box::pin(runtime(clients, all, target, times)).await)
                    } else {
                        None
                    }
                })
            }
            Ok(_) => unseen(&absent(), policy),
            Err(why) => unseen(why, policy),
        };
        (detectors, findings, runtime)
    };
    let hub = async {
        if policy.security_hub {
            let client = &clients.securityhub;
            let open = security_findings::open(client, times).await;
            let any = match &open {
                Ok(found) if found.is_empty() => security_findings::any(client, times).await,
                Ok(_) => Ok(true),
                Err(why) => Err(why.clone()),
            };
            Some(Hub { open, any })
        } else {
            None
        }
    };
    let ((detectors, findings, runtime), hub) = futures::join!(guard_duty, hub);
    SecurityFacts {
        detectors,
        findings,
        runtime,
        hub,
    }
}

/// No detector means that nobody looked, and not that nothing was found.
fn absent() -> Unreadable {
    let detail = "GuardDuty is not switched on in this account and region";
    Unreadable::new("guardduty:ListDetectors", "detectors", Cause::NotFound, detail)
}

fn unseen(why: &Unreadable, policy: &SecurityPolicy) -> (Observed<Vec<Finding>>, Option<Runtime>) {
    let runtime = policy.runtime_monitoring.then(|| Runtime {
        cluster: Err(why.clone()),
        all: Err(why.clone()),
    });
    (Err(why.clone()), runtime)
}

async fn findings(
    clients: &AwsClients,
    detectors: &[Detector],
    policy: &SecurityPolicy,
    times: &Times,
) -> Observed<Vec<Finding>> {
    let wanted = Wanted {
        severity_at_least: policy.severity_at_least,
        updated_since: times.ago(policy.look_back_days.saturating_mul(24 * 60)),
    };
    let mut all = Vec::new();
    for detector in detectors {
        let ids = finding_ids::open(&clients.guardduty, times, &detector.id, wanted).await?;
        all.extend(findings::by_ids(&clients.guardduty, times, &detector.id, &ids).await?);
    }
    Ok(all)
}

async fn runtime(clients: &AwsClients, detectors: &[Detector], target: &Target, times: &Times) -> Runtime {
    let client = &clients.guardduty;
    let cluster = async {
        let declared = target
            .cluster
            .as_ref()
            .ok_or_else(|| undeclared("cluster", Group::Security))?;
        let mut all: Vec<Coverage> = Vec::new();
        for detector in detectors {
            all.extend(coverage::of_cluster(client, times, &detector.id, declared.name.as_str()).await?);
        }
        // An administrator's detector also knows clusters of that name in its members' accounts.
        all.retain(|one| one.account.is_empty() || one.account == target.account_id.as_str());
        Ok(all)
    };
    let counts = async {
        let mut sum = Counts::default();
        for detector in detectors {
            let one = coverage_statistics::of_clusters(client, times, &detector.id).await?;
            sum.healthy += one.healthy;
            sum.unhealthy += one.unhealthy;
        }
        Ok(sum)
    };
    let (cluster, all) = futures::join!(cluster, counts);
    Runtime { cluster, all }
}
