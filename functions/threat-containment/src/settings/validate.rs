//! Mistakes that show only when fields are seen together.

use day2_core::action::Mode;
use day2_core::settings::{Checker, Validate};

use super::{Eradicate, ThreatContainmentSettings};

impl Validate for ThreatContainmentSettings {
    fn validate(&self, at: &mut Checker<'_>) {
        at.require(
            !self.targets.is_empty(),
            "targets",
            "{}",
            "names no cluster",
            "add one for each target whose pods may be contained",
        );
        at.field("targets", |at| {
            for (target, platform) in self.targets.iter() {
                at.target_named(target, target);
                at.field(target, |at| {
                    if let Some(detector) = &platform.detector_id {
                        let plain = !detector.is_empty()
                            && detector.len() <= 300
                            && detector.chars().all(|c| c.is_ascii_alphanumeric());
                        at.require(
                            plain,
                            "detector_id",
                            detector,
                            "is no detector id",
                            "write the id that `aws guardduty list-detectors` names, or leave it out",
                        );
                    }
                });
            }
        });
        self.evidence_is_named(at);
        self.ranges(at);
        empty_entries("denied_namespaces", &self.denied_namespaces, at);
        at.field("sessions", |at| self.sessions.check(at));
        at.field("accept", |at| {
            if let Some(types) = &self.accept.finding_types {
                at.require(
                    !types.is_empty(),
                    "finding_types",
                    "[]",
                    "accepts no finding",
                    "name the beginnings of finding types, or leave it out for the default",
                );
                empty_entries("finding_types", types, at);
            }
        });
    }
}

/// An empty entry would stand for everything, or for nothing.
fn empty_entries(field: &str, list: &[String], at: &mut Checker<'_>) {
    for entry in list {
        let bare = entry.trim_end_matches('*').trim();
        at.require(
            !bare.is_empty(),
            field,
            entry,
            "matches everything",
            "write the beginning of a name",
        );
    }
}

impl ThreatContainmentSettings {
    fn evidence_is_named(&self, at: &mut Checker<'_>) {
        at.require(
            self.evidence.is_some() || self.mode == Mode::Observe,
            "evidence",
            "null",
            format!("is missing, and mode {} captures evidence", self.mode),
            "apply infra/evidence and pass its outputs, or deploy in mode observe",
        );
        at.require(
            self.eradicate != Eradicate::Auto || self.mode == Mode::Auto,
            "eradicate",
            self.eradicate.word(),
            format!("goes further than mode {}", self.mode),
            "write approve, or deploy in mode auto",
        );
        if let Some(evidence) = &self.evidence {
            at.nested("evidence", evidence);
        }
    }

    fn ranges(&self, at: &mut Checker<'_>) {
        let mut within = |group: Option<&str>, field: &str, value: u32, least: u32, most: u32| {
            let check = |at: &mut Checker<'_>| at.within(field, value, least, most);
            match group {
                Some(group) => at.field(group, check),
                None => check(at),
            }
        };
        within(None, "approval_minutes", self.approval_minutes, 5, 1_440);
        within(None, "settle_seconds", self.settle_seconds, 0, 60);
        within(
            Some("accept"),
            "max_age_minutes",
            self.accept.max_age_minutes,
            5,
            1_440,
        );
        within(Some("breaker"), "max_per_hour", self.breaker.max_per_hour, 1, 100);
        within(Some("breaker"), "max_per_day", self.breaker.max_per_day, 1, 500);
        within(
            Some("node"),
            "max_cordoned_nodes",
            self.node.max_cordoned_nodes,
            1,
            50,
        );
        within(
            Some("capture"),
            "log_mebibytes",
            self.capture.log_mebibytes,
            1,
            64,
        );
        within(Some("capture"), "seconds", self.capture.seconds, 5, 600);
        let severity = self.accept.min_severity;
        at.field("accept", |at| {
            at.within("min_severity", severity, 1.0, 10.0);
        });
    }
}
