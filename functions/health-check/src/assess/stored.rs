//! `HLT-173`: certificates in the Secrets that the settings name. Such a Secret is declared, so that one which is not there is
//! as wrong as one that ends.

use day2_kube::objects::Certificate;
use day2_probe::{Chain, chain_complaint};

use super::Scene;
use super::line::{Finding, Line};
use super::words::{count, number};
use crate::facts::inside::Inside;
use crate::facts::stored::{Stored, StoredCertificate};

pub(super) fn line(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    let stored = inside.stored.as_ref()?;
    let days = scene.plan.certificates.min_days;
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    for one in stored {
        let name = format!("{}/Secret/{}", one.namespace, one.name);
        let says = match &one.found {
            Err(why) => {
                unread.push((name, why.to_string()));
                continue;
            }
            Ok(Stored::Nothing) => Some("is declared, and not there".to_owned()),
            Ok(Stored::Unusable(why)) => Some(why.clone()),
            Ok(Stored::Chain(chain)) if is_cert_managers(one, chain, inside) => None,
            Ok(Stored::Chain(chain)) => chain_complaint(chain, days, scene.now),
        };
        wrong.extend(says.map(|says| Finding::inside(&one.namespace, name, says)));
    }
    Some(
        Line::new(
            "HLT-173",
            "certificates in declared Secrets are valid long enough",
            stored.len() - unread.len(),
        )
        .expected(number(stored.len()))
        .seen(format!("{} declared", count(stored.len(), "Secret")))
        .threshold(
            format!("{days} days left"),
            "certificates.min_days, certificates.secrets",
        )
        .remedy(
            "renew the certificate, write it into the Secret, and see that it is served; one that could not be read needs its Role: \
             `terraform output -json certificate_roles`",
        )
        .wrong(wrong)
        .unread(unread),
    )
}

/// Whether cert-manager speaks of this very certificate; then its own lines judge it, and it is not told twice.
fn is_cert_managers(one: &StoredCertificate, chain: &Chain, inside: &Inside) -> bool {
    let Some(Ok(Some(managed))) = &inside.certificates else {
        return false;
    };
    let fills =
        |certificate: &&Certificate| certificate.namespace == one.namespace && certificate.secret == one.name;
    managed
        .items()
        .iter()
        .find(fills)
        .is_some_and(|certificate| certificate.not_after == Some(chain.first_to_end().ends))
}
