//! Whether the sessions that a pod's IAM role already has are denied, and of which roles.

use day2_core::arn::Arn;
use day2_core::containment::sessions::role_name;
use day2_core::settings::{Checker, Mistakes};
use deserr::Deserr;

/// Whether the sessions that a pod's IAM role already has are denied, and of which roles. Other pods may act as the same role:
/// theirs are denied too until they renew them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct SessionPolicy {
    /// Whether it is done. Default false: the report names the role and the line.
    #[deserr(default)]
    pub deny: bool,
    /// The roles that may be touched, by their whole ARNs: the function may write a policy into exactly these.
    #[deserr(default)]
    pub roles: Vec<Arn>,
    /// Service accounts whose role is left alone, as `namespace/name`, or `namespace/*` for all of a namespace. Those of denied
    /// namespaces are protected beside them.
    #[deserr(default)]
    pub protected_service_accounts: Vec<String>,
    /// Whether a role is touched although a protected service account acts as it too. Default false.
    #[deserr(default)]
    pub may_touch_protected: bool,
}

impl SessionPolicy {
    /// Whether the settings name this role.
    #[must_use]
    pub fn names(&self, role: &str) -> bool {
        self.roles.iter().any(|one| one.as_str() == role)
    }

    /// Whether the settings protect this service account by its name.
    #[must_use]
    pub fn protects(&self, namespace: &str, account: &str) -> bool {
        self.protected_service_accounts.iter().any(|one| {
            one.split_once('/')
                .is_some_and(|(of, name)| of == namespace && (name == "*" || name == account))
        })
    }

    pub(super) fn check(&self, at: &mut Checker<'_>) {
        at.require(
            !self.deny || !self.roles.is_empty(),
            "roles",
            "[]",
            "names no role, and deny is true",
            "name the roles whose older sessions may be denied, by their ARNs",
        );
        for role in &self.roles {
            at.require(
                role_name(role.as_str()).is_some(),
                "roles",
                role,
                "is no role that can be touched",
                "write arn:<partition>:iam::<account>:role/<path and name>, and no role of a service of AWS",
            );
        }
        for account in &self.protected_service_accounts {
            let fits = account.split_once('/').is_some_and(|(namespace, name)| {
                !namespace.is_empty() && !name.is_empty() && !namespace.contains('*') && !name.contains('/')
            });
            at.require(
                fits,
                "protected_service_accounts",
                account,
                "is no service account",
                "write namespace/name, or namespace/* for all of a namespace",
            );
        }
    }
}
