//! `HLT-161`: pods that should be in the mesh are in it, by whichever label that is asked for.

use super::line::{Finding, Line};
use super::read::reduced;
use super::words::count;
use crate::facts::Facts;
use crate::reduce::mesh::Wish;

pub(super) fn lines(facts: &Facts) -> Option<Line> {
    const CODE: &str = "HLT-161";
    const TITLE: &str = "pods that should be in the mesh are in it";
    if let Err(why) = &facts.namespaces {
        return Some(Line::unreadable(CODE, TITLE, why));
    }
    let pods = match reduced(facts.inside.pods.as_ref(), CODE, TITLE)? {
        Ok(pods) => pods,
        Err(line) => return Some(line),
    };
    let mesh = &pods.sum.mesh;
    let wrong = mesh.missing.iter().map(|(workload, missing)| {
        let what = match missing.wish {
            Wish::Ambient => "not taken over by the ambient mesh",
            _ => "no proxy, neither as a container nor as a native sidecar",
        };
        let says = format!(
            "{}, one is {}: {what}",
            count(missing.pods, "pod"),
            missing.example
        );
        Finding::inside(&workload.namespace, workload.to_string(), says)
    });
    let versions: Vec<String> = mesh
        .versions
        .iter()
        .map(|(version, proxies)| format!("{version} ({proxies})"))
        .collect();
    let versions = if versions.is_empty() {
        String::new()
    } else {
        format!("; proxies {}", versions.join(", "))
    };
    Some(
        Line::new(CODE, TITLE, mesh.wished)
            .if_any()
            .seen(format!("{} should be in the mesh{versions}", count(mesh.wished, "pod")))
            .threshold("all", "labels of namespaces and pods")
            .remedy("a proxy comes with a new pod: restart the workload within its window, after a look at the injector's webhook")
            .wrong(wrong)
            .short_of(pods.shortfall.as_ref()),
    )
}
