//! The document itself: shared parts, the function's part, and the order in which they are read.

use deserr::{Deserr, IntoValue as _, ValueKind, ValuePointerRef};
use serde_json::Value as Json;

use super::checker::{Checker, Names, Validate};
use super::mistakes::{Mistake, Mistakes, unknown_field};
use super::node::Node;
use super::{Zone, mistakes, purpose};
use crate::arn::{Arn, Partition};
use crate::calendar::Calendar;
use crate::json;
use crate::names::{BucketName, DnsLabel, TableName};
use crate::target::Target;

/// Most bytes of a settings document. The inline limit of Lambda's environment is 4 kB; what is larger comes from
/// S3, where a fleet of 200 targets stays below a tenth of this.
const LARGEST: usize = 1 << 20;

/// Everything a function is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings<F> {
    /// Who runs it, and where its results go.
    pub deployment: Deployment,
    /// Working days.
    pub calendar: Calendar,
    /// The platforms to look at.
    pub targets: Vec<Target>,
    /// The function's own part.
    pub function: F,
}

impl<F> Settings<F> {
    /// The target of this name.
    #[must_use]
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.name.as_str() == name)
    }
}

/// Who runs the functions, and where their results go.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Deployment {
    /// Short name of the deployment, for example `day2-prod`.
    pub name: DnsLabel,
    /// Zone of schedules, working days and report times.
    pub zone: Zone,
    /// Partition of everything named here.
    pub partition: Partition,
    /// Topic that mails reports.
    pub topic_arn: Arn,
    /// Bucket that keeps reports.
    pub report_bucket: BucketName,
    /// Table that remembers runs.
    pub journal_table: TableName,
    /// When to mail.
    #[deserr(default)]
    pub mail: Mail,
    /// Days of history in a report, 1 to 90. Default 14: two weeks show a weekly rhythm twice.
    #[deserr(default = 14)]
    pub history_days: u32,
}

/// When a report is mailed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserr)]
#[deserr(error = Mistakes)]
pub enum Mail {
    /// After every run.
    #[default]
    #[deserr(rename = "always")]
    Always,
    /// When something is new or resolved, or the status differs from the run before.
    #[deserr(rename = "on_change")]
    OnChange,
    /// After the first run of each day, in the deployment's zone, and otherwise as `on_change`: for a check that runs more often than
    /// somebody wants to hear that all is well.
    #[deserr(rename = "daily")]
    Daily,
}

impl Validate for Deployment {
    fn validate(&self, at: &mut Checker<'_>) {
        at.topic("topic_arn", &self.topic_arn);
        at.same_partition("topic_arn", &self.topic_arn, self.partition);
        at.require(
            (1..=90).contains(&self.history_days),
            "history_days",
            self.history_days,
            "is not within 1 and 90",
            "write 1 to 90, or leave it out for 14",
        );
    }
}

impl Checker<'_> {
    /// Requires the ARN of an SNS topic.
    pub(crate) fn topic(&mut self, field: &str, arn: &Arn) {
        let fine = arn.service() == "sns" && arn.region().is_some() && arn.account_id().is_some();
        self.require(
            fine,
            field,
            arn,
            "is not the ARN of an SNS topic",
            "write arn:…:sns:REGION:ACCOUNT:NAME",
        );
    }

    fn same_partition(&mut self, field: &str, arn: &Arn, partition: Partition) {
        self.require(
            arn.partition() == partition,
            field,
            arn,
            format!("is not in partition {partition}"),
            "correct the ARN or deployment.partition",
        );
    }
}

/// Reads a settings document.
///
/// # Errors
///
/// [`Mistakes`]: every mistake in the shape, and every mistake between fields of the parts whose shape is right.
pub fn read<F: Deserr<Mistakes> + Validate>(text: &str) -> Result<Settings<F>, Mistakes> {
    let whole = |why: String, way_out: &str| {
        Mistakes::one(Mistake {
            path: String::new(),
            seen: None,
            why,
            way_out: way_out.to_owned(),
        })
    };
    let parsed = json::read(text.as_bytes(), LARGEST).map_err(|why| {
        whole(
            why,
            "write one JSON object with deployment, calendar, targets and function",
        )
    })?;
    let mut found = Mistakes::none();
    for path in parsed.duplicates {
        found.push(Mistake {
            path,
            seen: None,
            why: "is written twice".to_owned(),
            way_out: "keep one of the two".to_owned(),
        });
    }
    let names = Names::of_document(&parsed.value);
    let Json::Object(mut members) = parsed.value else {
        return Err(whole(
            "is not a JSON object".to_owned(),
            "write {\"deployment\": {…}, …}",
        ));
    };

    let mut reader = Reader { found, names };
    let deployment = members.remove("deployment");
    let deployment: Option<Deployment> = reader.part("deployment", deployment);
    // A calendar left out is the usual working week.
    let calendar = members.remove("calendar").filter(|calendar| !calendar.is_null());
    let calendar: Option<Calendar> = calendar.map_or_else(
        || Some(Calendar::default()),
        |value| reader.part("calendar", Some(value)),
    );
    let targets = reader.targets(members.remove("targets"), deployment.as_ref());
    let function: Option<F> = reader.part("function", members.remove("function"));
    for key in members.keys() {
        reader.found.push(unknown_field(
            "",
            key,
            &["deployment", "calendar", "targets", "function"],
        ));
    }

    match (deployment, calendar, targets, function) {
        (Some(deployment), Some(calendar), Some(targets), Some(function)) if reader.found.is_empty() => {
            Ok(Settings {
                deployment,
                calendar,
                targets,
                function,
            })
        }
        _ => Err(reader.found),
    }
}

struct Reader {
    found: Mistakes,
    names: Names,
}

impl Reader {
    fn missing(&mut self, field: &str) {
        let purpose = purpose::of(field).map_or_else(String::new, |what| format!(", {what}"));
        self.found.push(Mistake {
            path: field.to_owned(),
            seen: None,
            why: "is missing".to_owned(),
            way_out: format!("add `{field}`{purpose}"),
        });
    }

    /// Reads and validates one part of the document.
    fn part<T: Deserr<Mistakes> + Validate>(&mut self, field: &str, value: Option<Json>) -> Option<T> {
        let Some(value) = value.filter(|value| !value.is_null()) else {
            self.missing(field);
            return None;
        };
        self.at(value, ValuePointerRef::Origin.push_key(field))
    }

    fn at<T: Deserr<Mistakes> + Validate>(
        &mut self,
        value: Json,
        location: ValuePointerRef<'_>,
    ) -> Option<T> {
        match T::deserialize_from_value(Node(value).into_value(), location) {
            Ok(part) => {
                let mut checker = Checker::new(mistakes::path(location), &self.names);
                part.validate(&mut checker);
                self.found.extend(checker.finish());
                Some(part)
            }
            Err(mistakes) => {
                self.found.extend(mistakes);
                None
            }
        }
    }

    /// Reads each target by itself, so that a wrong one does not hide the mistakes of its neighbours.
    fn targets(&mut self, value: Option<Json>, deployment: Option<&Deployment>) -> Option<Vec<Target>> {
        let list = match value {
            Some(Json::Array(list)) if !list.is_empty() => list,
            Some(Json::Array(_)) => {
                self.found.push(Mistake {
                    path: "targets".to_owned(),
                    seen: Some("[]".to_owned()),
                    why: "leaves nothing to look at".to_owned(),
                    way_out: "add a target".to_owned(),
                });
                return None;
            }
            Some(other) if !other.is_null() => {
                let at = ValuePointerRef::Origin;
                let at = at.push_key("targets");
                self.found.extend(mistakes::unexpected(
                    at,
                    &[ValueKind::Sequence],
                    Node(other).into_value(),
                ));
                return None;
            }
            _ => {
                self.missing("targets");
                return None;
            }
        };
        let written = list.len();
        let root = ValuePointerRef::Origin;
        let base = root.push_key("targets");
        let mut targets: Vec<Target> = Vec::with_capacity(written);
        for (index, value) in list.into_iter().enumerate() {
            let Some(target) = self.at::<Target>(value, base.push_index(index)) else {
                continue;
            };
            let twin = targets.iter().any(|known| known.name == target.name);
            let partition = deployment.map(|deployment| deployment.partition);
            let mut checker = Checker::new(format!("targets[{index}]"), &self.names);
            checker.require(
                !twin,
                "name",
                &target.name,
                "is used by an earlier target too",
                "give each target its own name",
            );
            if let Some(partition) = partition {
                checker.require(
                    target.region.partition() == partition,
                    "region",
                    &target.region,
                    format!("is not in partition {partition}"),
                    format!(
                        "regions like it belong to {}: correct the region or deployment.partition",
                        target.region.partition()
                    ),
                );
            }
            self.found.extend(checker.finish());
            targets.push(target);
        }
        (targets.len() == written).then_some(targets)
    }
}
