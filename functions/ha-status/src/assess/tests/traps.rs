//! Trap 18, the state of the last apply taken for that of the clusters: what the runbook's commands print, computed from the world in
//! which somebody last applied, and what a look at the present one says.

use day2_core::Cause;
use serde_json::{Value, json};

use super::world::*;
use crate::facts::{Facts, SideFacts};

/// Outputs as they are kept in the state file: of the world at the time of the apply, and of no other.
struct Applied(Value);

impl Applied {
    fn in_this(change: impl Fn(&mut Facts)) -> Self {
        let mut facts = good();
        change(&mut facts);
        let ready = |side: &SideFacts| side.readyz.as_ref().is_ok_and(|seen| seen.ready);
        let nodes = |side: &SideFacts| side.nodes.as_ref().map_or(0, Vec::len);
        let (primary, secondary) = (ready(&facts.primary), ready(&facts.secondary));
        let status = match (primary, secondary) {
            (true, true) => "ACTIVE",
            (false, true) => "BLOCKED_PRIMARY_UNAVAILABLE",
            (true, false) => "BLOCKED_SECONDARY_UNAVAILABLE",
            (false, false) => "BLOCKED_BOTH_UNAVAILABLE",
        };
        Self(json!({
            "ha_status": status,
            "ha_active": status == "ACTIVE",
            "cloudspaces": {"primary": {"ready": primary}, "secondary": {"ready": secondary}},
            "total_effective_nodes": nodes(&facts.primary) + nodes(&facts.secondary),
        }))
    }

    /// `terragrunt output <name>`: the syntax of Terraform's language, which for text and numbers looks like JSON.
    fn output(&self, name: &str) -> String {
        fn written(value: &Value) -> String {
            match value {
                Value::Object(members) => {
                    let members: Vec<String> = members
                        .iter()
                        .map(|(name, value)| format!("  \"{name}\" = {}", written(value)))
                        .collect();
                    format!("{{\n{}\n}}", members.join("\n"))
                }
                other => other.to_string(),
            }
        }
        written(&self.0[name])
    }

    /// `terragrunt output -json <name>`.
    fn output_json(&self, name: &str) -> String {
        self.0[name].to_string()
    }
}

fn no_rights(facts: &mut Facts) {
    facts.secondary.readyz = failed(Cause::Denied);
    facts.secondary.nodes = failed(Cause::Denied);
    facts.secondary.demand = failed(Cause::Denied);
}

/// A change of the world.
type Change = fn(&mut Facts);

#[test]
fn what_was_true_when_somebody_applied_is_not_what_is_true_now_trap_18() {
    let well: Change = |_| {};
    let first_is_gone: Change = |facts| silent(&mut facts.primary);
    let second_is_gone: Change = |facts| silent(&mut facts.secondary);
    let both_are_gone: Change = |facts| {
        silent(&mut facts.primary);
        silent(&mut facts.secondary);
    };
    // When it was applied, now, what the command prints, what we say.
    let table: [(Change, Change, &str, &str); 6] = [
        (well, well, "ACTIVE", "ACTIVE"),
        (well, first_is_gone, "ACTIVE", "BLOCKED_PRIMARY_UNAVAILABLE"),
        (well, second_is_gone, "ACTIVE", "BLOCKED_SECONDARY_UNAVAILABLE"),
        (well, both_are_gone, "ACTIVE", "BLOCKED_BOTH_UNAVAILABLE"),
        (well, no_rights, "ACTIVE", "UNKNOWN"),
        (second_is_gone, well, "BLOCKED_SECONDARY_UNAVAILABLE", "ACTIVE"),
    ];
    for (then, now, printed, ours) in table {
        let applied = Applied::in_this(then);
        assert_eq!(applied.output("ha_status"), format!("\"{printed}\""));
        assert_eq!(
            applied.output("ha_active"),
            (printed == "ACTIVE").to_string(),
            "{printed}"
        );
        let mut watch = Watch::new(|_| {});
        watch.looks(3, then);
        watch.looks(3, now);
        assert_eq!(watch.state(), ours, "applied when {printed}");
    }
}

/// The runbook expects "total 20" of the last apply; nodes that were lost since are in no state file.
#[test]
fn nodes_that_were_lost_since_the_apply_are_told_trap_18() {
    let applied = Applied::in_this(|_| {});
    assert_eq!(applied.output("total_effective_nodes"), "6");
    let mut watch = Watch::healthy(3);
    watch.looks(3, |facts| {
        facts.secondary.nodes = Ok(vec![node(true), node(false), node(false)]);
    });
    let complaints = watch.complaints();
    assert!(
        complaints
            .iter()
            .any(|(code, _, names)| code == "HAS-003" && names.contains(&"west".to_owned())),
        "{complaints:?}"
    );
}

/// `terragrunt output cloudspaces | jq .primary`, after maintenance: without `-json` jq has nothing that it can read.
#[test]
fn an_output_without_json_is_nothing_for_jq_trap_18() {
    let applied = Applied::in_this(|_| {});
    let piped = applied.output("cloudspaces");
    assert!(serde_json::from_str::<Value>(&piped).is_err(), "{piped}");
    let asked: Value = serde_json::from_str(&applied.output_json("cloudspaces")).unwrap();
    assert_eq!(asked["primary"]["ready"], true);
}
