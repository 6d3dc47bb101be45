//! Components that a cluster may have.

use day2_core::settings::Mistakes;
use deserr::Deserr;

/// A component that a cluster may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserr)]
#[deserr(error = Mistakes, rename_all = lowercase)]
pub enum Component {
    /// Karpenter, or EKS Auto Mode, which serves the same kinds.
    Karpenter,
    /// Istio: at least one namespace asks for its proxies.
    Istio,
    /// KEDA.
    Keda,
    /// cert-manager.
    #[deserr(rename = "cert_manager")]
    CertManager,
}

impl Component {
    /// The word in the settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Karpenter => "karpenter",
            Self::Istio => "istio",
            Self::Keda => "keda",
            Self::CertManager => "cert_manager",
        }
    }
}
