//! The Secrets that the settings name, each by its name: Secrets are never listed.

use day2_core::Observed;
use day2_kube::ClusterClient;
use day2_probe::chain_of_pem;
use day2_reads::times::Times;
use futures::future::join_all;

use crate::facts::stored::{Stored, StoredCertificate};
use crate::settings::certificates::SecretName;
use crate::settings::{Group, Plan};

/// Reads the declared Secrets; none where none is declared, or the group is left out.
pub(crate) async fn stored(
    client: &Observed<ClusterClient>,
    plan: &Plan,
    times: &Times,
) -> Option<Vec<StoredCertificate>> {
    let declared = &plan.certificates.secrets;
    if declared.is_empty() || !plan.looks_at(Group::Certificates) {
        return None;
    }
    Some(join_all(declared.iter().map(|secret| one(client, secret, times))).await)
}

async fn one(client: &Observed<ClusterClient>, secret: &SecretName, times: &Times) -> StoredCertificate {
    let found = match client {
        Ok(client) => client
            .get_tls_secret(&secret.namespace, &secret.name, times.deadline)
            .await
            .map(|found| match found {
                None => Stored::Nothing,
                Some(found) => held(found.certificate.as_deref()),
            }),
        Err(why) => Err(why.clone()),
    };
    StoredCertificate {
        namespace: secret.namespace.to_string(),
        name: secret.name.to_string(),
        found,
    }
}

fn held(certificate: Option<&str>) -> Stored {
    match certificate.map(chain_of_pem) {
        None => Stored::Unusable("has no text under tls.crt".to_owned()),
        Some(Err(why)) => Stored::Unusable(format!("tls.crt: {why}")),
        Some(Ok(chain)) => Stored::Chain(chain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_said_as_it_is() {
        for (value, says) in [
            (None, "has no text under tls.crt"),
            (Some(""), "tls.crt: it holds no certificate"),
            (
                Some("-----BEGIN CERTIFICATE-----\nAAAA"),
                "tls.crt: it is not PEM",
            ),
            (
                Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
                "tls.crt: the certificate cannot be read",
            ),
        ] {
            let Stored::Unusable(why) = held(value) else {
                panic!("{value:?} is taken for a certificate")
            };
            assert!(why.starts_with(says), "{why}");
        }
    }
}
