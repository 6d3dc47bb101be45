//! What one look at a side proves. A look that failed for reasons of ours proves nothing about the side.

use day2_core::{Cause, Unreadable};

use crate::facts::SideFacts;
use crate::settings::Side;

/// What one look at a side proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// It serves.
    Good,
    /// It does not, as seen from here.
    Bad(String),
    /// We could not look: a permission, a throttled call, an API of AWS that fails itself, a mistake in the settings.
    Blind(String),
}

/// Judges one look.
pub(crate) fn probe(side: &Side, facts: &SideFacts) -> Evidence {
    let cluster = match &facts.cluster {
        Ok(cluster) => cluster,
        Err(why) => return of_failure(why),
    };
    // UPDATING serves; PENDING is a cluster of EKS on Outposts. Source: Amazon EKS API Reference, `Cluster`, `status`.
    if matches!(
        cluster.status.as_str(),
        "CREATING" | "DELETING" | "FAILED" | "PENDING"
    ) {
        return Evidence::Bad(format!("EKS says that the cluster is {}", cluster.status));
    }
    match &facts.readyz {
        Err(why) => return of_failure(why),
        Ok(readyz) if !readyz.ready => {
            let failed = readyz.failed.join(", ");
            return Evidence::Bad(format!("the API server is not ready: {failed}"));
        }
        Ok(_) => {}
    }
    let nodes = match &facts.nodes {
        Ok(nodes) => nodes,
        Err(why) => return of_failure(why),
    };
    let ready = nodes.iter().filter(|node| node.readiness.is_ready()).count();
    if u64::try_from(ready).unwrap_or(u64::MAX) < u64::from(side.min_serving_nodes) {
        return Evidence::Bad(format!(
            "{ready} nodes are Ready, at least {} are needed to serve",
            side.min_serving_nodes
        ));
    }
    Evidence::Good
}

/// No answer speaks against the side once it is repeated; a refusal speaks against us, and the failure of a service against that.
fn of_failure(why: &Unreadable) -> Evidence {
    match why.cause {
        _ if why.operation == "settings" => Evidence::Blind(why.to_string()),
        // Both sides of a pair may be asked for at the same API of EKS, and serve while it fails.
        Cause::Denied | Cause::Throttled | Cause::Partial | Cause::Malformed | Cause::Failing => {
            Evidence::Blind(why.to_string())
        }
        Cause::TimedOut | Cause::NotFound | Cause::Other => Evidence::Bad(why.to_string()),
    }
}
