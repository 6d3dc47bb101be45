//! Mistakes in the parts of a plan that look at AWS and at endpoints.

use day2_core::settings::Checker;

use super::{Group, Plan, alarms, database, eks, security, volumes};

pub(super) fn validate(plan: &Plan, at: &mut Checker<'_>) {
    at.field("alarms", |at| alarms::validate(&plan.alarms, at));
    at.field("security", |at| security::validate(&plan.security, at));
    at.field("eks", |at| eks::validate(&plan.eks, at));
    at.field("database", |at| database::validate(&plan.database, at));
    at.field("volumes", |at| volumes::validate(&plan.volumes, at));
    day2_probe::validate(at, &plan.probes);
    // Without any, HLT-241 is UNKNOWN and says how to go on.
    at.require(
        plan.probes.is_empty() || plan.looks_at(Group::Endpoints),
        "not_checked",
        "endpoints",
        "is declared and left out at once",
        "keep one of the two",
    );
}

#[cfg(test)]
mod tests {
    use day2_core::settings::read;
    use serde_json::{Value, json};

    use crate::settings::HealthCheckSettings;

    fn mistakes(plan: &Value) -> Vec<String> {
        let document = json!({
            "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                           "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                           "report_bucket": "day2-reports", "journal_table": "day2-journal"},
            "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1"}],
            "function": {"targets": {"prod-a": plan}}
        });
        match read::<HealthCheckSettings>(&document.to_string()) {
            Ok(_) => Vec::new(),
            Err(found) => found.as_slice().iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn endpoints_are_not_declared_and_left_out_at_once() {
        let probe = json!([{"name": "shop", "url": "https://shop.example/healthz"}]);
        let none: [String; 0] = [];
        assert_eq!(mistakes(&json!({"probes": probe})), none);
        assert_eq!(mistakes(&json!({"not_checked": ["endpoints"]})), none);
        assert_eq!(mistakes(&json!({})), none);
        let both = mistakes(&json!({"probes": probe, "not_checked": ["endpoints"]}));
        assert!(
            both.len() == 1 && both[0].contains("left out at once"),
            "{both:?}"
        );
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let found = mistakes(&json!({
            "alarms": {"history_hours": 721, "expected_at_least": 0},
            "security": {"severity_at_least": 11, "look_back_days": 91},
            "eks": {"insight_max_age_hours": 1},
            "database": {"metric_minutes": 5, "min_datapoints": 6, "event_hours": 337},
            "volumes": {"claim_dimension": "", "expected_at_least": 0, "full_within_hours": 0},
            "probes": [{"name": "shop", "url": "shop.example", "max_latency_ms": 0}]
        }));
        for field in [
            "alarms.history_hours",
            "alarms.expected_at_least",
            "security.severity_at_least",
            "security.look_back_days",
            "eks.insight_max_age_hours",
            "database.min_datapoints",
            "database.event_hours",
            "volumes.claim_dimension",
            "volumes.expected_at_least",
            "volumes.full_within_hours",
            "probes[0].url",
            "probes[0].max_latency_ms",
        ] {
            assert!(
                found.iter().any(|mistake| mistake.contains(field)),
                "{field} is missing in {found:#?}"
            );
        }
        assert_eq!(found.len(), 12, "{found:#?}");
    }

    #[test]
    fn a_limit_of_an_unknown_name_is_refused() {
        for part in ["alarms", "security", "eks", "database", "volumes"] {
            let found = mistakes(&json!({"not_checked": ["endpoints"], part: {"colour": "blue"}}));
            assert!(
                found.len() == 1 && found[0].contains("colour"),
                "{part}: {found:?}"
            );
        }
    }
}
