//! What AWS, certificates and the endpoint tell.

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Broken, PAYMENTS, Trouble, World};
use crate::clock;
use crate::cluster::extensions;
use crate::world::plan::TARGET;
use crate::world::readings::Size;
use crate::world::workloads::{CLAIM, CONTROL_NAMESPACE};

/// Not one of those that the composite alarm is made of: exactly one alarm rings.
const ALARM: &str = "prod-a-db-deadlocks";
const FINDING: &str = "5f0c1d2e3b4a59687786950a1b2c3d4e";
const FINDING_TYPE: &str = "PrivilegeEscalation:Kubernetes/PrivilegedContainer";

impl World {
    pub(super) async fn finding_is_high(&self, trouble: Trouble) -> Result<Broken> {
        let finding = json!({
            "id": FINDING, "type": FINDING_TYPE, "severity": 8.0,
            "title": "A privileged container was launched in the cluster.",
            "resource": {"resourceType": "EKSCluster", "eksClusterDetails": {
                "name": TARGET, "arn": format!("arn:aws:eks:us-east-1:123456789012:cluster/{TARGET}"),
            }},
            "service": {"archived": false},
        });
        self.control.post_finding(&finding).await?;
        Ok(trouble.told(None, FINDING_TYPE.to_owned(), "privileged"))
    }

    pub(super) async fn finding_is_archived(&self) -> Result<()> {
        self.control.archive_finding(FINDING, true).await.map(drop)
    }

    pub(super) async fn alarm_rings(&self, trouble: Trouble) -> Result<Broken> {
        let reason = "Threshold Crossed: 4 deadlocks in 3 minutes";
        self.set_alarm(ALARM, "ALARM", reason).await?;
        Ok(trouble.told(None, ALARM.to_owned(), "Threshold Crossed"))
    }

    pub(super) async fn alarm_is_silent(&self) -> Result<()> {
        self.set_alarm(ALARM, "OK", "no deadlocks").await
    }

    pub(super) fn endpoint_fails(&self, trouble: Trouble) -> Broken {
        self.probe.fail_with(Some(500));
        trouble.told(None, self.probe.url(), "500")
    }

    /// Of the database's volume or of the claim's.
    pub(super) async fn volume_fills_up(&self, trouble: Trouble) -> Result<Broken> {
        let size = size_of(trouble);
        self.sender.readings.set_size(size, Some(size.nearly_full()));
        self.sender.retell_sizes(clock::now()).await?;
        Ok(match size {
            Size::Database => trouble.told(None, TARGET.to_owned(), "VolumeBytesUsed"),
            Size::Claim => trouble
                .told(Some(CONTROL_NAMESPACE), CLAIM.to_owned(), "93")
                .of_platform(),
        })
    }

    pub(super) async fn volume_has_room(&self, trouble: Trouble) -> Result<()> {
        self.sender.readings.set_size(size_of(trouble), None);
        self.sender.retell_sizes(clock::now()).await
    }

    pub(super) async fn certificate_is_bad(&self, trouble: Trouble) -> Result<Broken> {
        let (name, cause) = certificate_of(trouble);
        let status = match trouble {
            Trouble::CertificateExpiring => valid(-25, 5)?,
            _ => json!({
                "conditions": [
                    {"type": "Ready", "status": "False", "reason": "Expired", "message": "Certificate expired", "lastTransitionTime": clock::now()},
                    {"type": "Issuing", "status": "False", "reason": "Failed", "lastTransitionTime": clock::now(),
                     "message": "The certificate request has failed to complete: DNS problem: NXDOMAIN"},
                ],
                "notBefore": days_from_now(-91)?, "notAfter": days_from_now(-1)?, "renewalTime": days_from_now(-31)?,
            }),
        };
        let object = certificate(name);
        if !extensions::exists(&self.kube, "certificates", &object).await? {
            extensions::create(&self.kube, "certificates", object.clone()).await?;
        }
        extensions::place_status(&self.kube, "certificates", &object, status).await?;
        Ok(trouble.told(Some(PAYMENTS), name.to_owned(), cause))
    }

    /// It is renewed for 90 days.
    pub(super) async fn certificate_is_good(&self, trouble: Trouble) -> Result<()> {
        let (name, _) = certificate_of(trouble);
        let status = valid(0, 90)?;
        extensions::place_status(&self.kube, "certificates", &certificate(name), status)
            .await
            .context("renew the certificate")
    }
}

const fn size_of(trouble: Trouble) -> Size {
    match trouble {
        Trouble::VolumeNearlyFull => Size::Claim,
        _ => Size::Database,
    }
}

const fn certificate_of(trouble: Trouble) -> (&'static str, &'static str) {
    match trouble {
        Trouble::CertificateExpiring => ("gateway-tls", "notAfter"),
        _ => ("checkout-tls", "Expired"),
    }
}

fn certificate(name: &str) -> Value {
    json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": name, "namespace": PAYMENTS},
        "spec": {
            "secretName": name, "dnsNames": [format!("{name}.example.com")],
            "issuerRef": {"name": "letsencrypt", "kind": "ClusterIssuer"},
        },
    })
}

fn days_from_now(days: i64) -> Result<Timestamp> {
    let at = clock::now().checked_add(SignedDuration::from_hours(24 * days))?;
    Ok(Timestamp::from_second(at.as_second())?)
}

/// The status of a certificate that is ready, from and until so many days from now; renewed when a third is left.
fn valid(from: i64, until: i64) -> Result<Value> {
    let ready = json!({"type": "Ready", "status": "True", "reason": "Ready", "lastTransitionTime": days_from_now(from)?,
                       "message": "Certificate is up to date and has not expired"});
    Ok(json!({
        "conditions": [ready], "revision": 1, "notBefore": days_from_now(from)?, "notAfter": days_from_now(until)?,
        "renewalTime": days_from_now(until - 30)?,
    }))
}
