//! `doctor` in the deployed world: all is well; a key refuses the canary; thirteen different things are broken, and it names exactly
//! these, each with its fix; mended, they are resolved. One platform for all claims.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use day2_platform::aws::api::Api;
use day2_platform::aws::recorder::Mark;
use day2_platform::aws::{ACCOUNT, REGION};
use day2_platform::demo::Stage;
use day2_platform::deploy::mailbox::{Mail, Mailbox};
use day2_platform::deploy::reports::{Named, Report};
use day2_platform::deploy::{Deployment, Function, Progress};
use day2_platform::platform::Platform;
use day2_platform::wait::wait_until;
use day2_platform::world::plan::{PAIR, SECOND, TARGET};
use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};

use crate::{elsewhere, pair};

/// The deployment is its target.
const OWN: &str = "day2";
const IAM: &str = "2010-05-08";
const SNS: &str = "2010-03-31";
const SCHEDULE: &str = "/schedules/prescale-prod-a?groupName=day2-scale-window";
const OTHER_SCHEDULE: &str = "/schedules/postscale-prod-a?groupName=day2-scale-window";
const CONFIGURATION: &str = "/2015-03-31/functions/day2-evidence-audit/configuration";
const ALARM: &str = "day2-watchdog-errors";
/// The rule by which findings reach `threat-containment`, and what lets it call the function.
const RULE: &str = "day2-threat-containment-0";
const CALLERS: &str = "/2015-03-31/functions/day2-threat-containment/policy";
const PERMISSION: &str = "EventRule0";
/// What lets the function into the cluster (infra/kubernetes/scale-window.yaml).
const BINDING: &str = "day2:scale-window";
const SOON: Duration = Duration::from_mins(1);

/// What it must name while all of them are broken. Settings that cannot be read show twice: the function says so itself, and they
/// are not those that were deployed.
const NAMED: [(&str, &str); 14] = [
    ("DOC-001", "evidence-audit"),
    ("DOC-002", "scale-window SCW-802 prod-a"),
    ("DOC-003", "evidence-audit"),
    ("DOC-011", "scale-window servicequotas:GetServiceQuota"),
    ("DOC-011", "scale-window sqs:SendMessage"),
    ("DOC-011", "scale-window-scheduler lambda:InvokeFunction"),
    ("DOC-012", "watchdog iam:PassRole"),
    ("DOC-032", "canary"),
    ("DOC-033", "day2-operations"),
    ("DOC-041", "scale-window/prescale-prod-a"),
    ("DOC-041", "scale-window/postscale-prod-a"),
    ("DOC-042", RULE),
    (
        "DOC-043",
        "threat-containment arn:aws:events:us-east-1:123456789012:rule/day2-threat-containment-0",
    ),
    ("DOC-055", ALARM),
];

fn all_named() -> Named {
    let mut all = Named::new();
    for (code, name) in NAMED {
        all.entry(code.to_owned()).or_default().insert(name.to_owned());
    }
    all
}

#[tokio::test]
async fn thirteen_broken_things_are_named_with_fixes_and_resolved_when_mended_o03_o05_o06_o07() -> Result<()>
{
    let folder = tempfile::tempdir()?;
    let platform = Platform::start(folder.path()).await?;
    let world = platform.seed().await?;
    let second = platform.second_cluster(SECOND).await?;
    pair::serve(&second).await?;
    let deployment = platform.deploy_pair(&world, &second, Progress::silent()).await?;
    ensure!(
        deployment.names().len() == day2_platform::deploy::functions()?.len(),
        "not all functions are deployed: {:?}",
        deployment.names()
    );
    // Who reads the reports is subscribed by the stage; somebody must hear the alarms, too.
    let operations = Mailbox::called(
        "platform-operations",
        &platform.emulator,
        deployment.output("operations_topic_arn")?,
    )
    .await?;
    let mut stage = Stage::new(&platform, world, &deployment).await?;
    let doctor = deployment.function("doctor")?;

    let (mail, well) = examine(&mut stage, &doctor).await?;
    ensure!(
        well.status == "PASS",
        "failed: {:#?}, unknown: {:#?}",
        details(&well, "FAIL"),
        details(&well, "UNKNOWN")
    );
    the_two_of_databases_and_pairs_report(&mut stage, &deployment).await?;
    ensure!(well.items.len() >= 18, "only {} items", well.items.len());
    ensure!(
        mail.subject.starts_with("[day2] PASS doctor examine day2"),
        "{}",
        mail.subject
    );

    a_key_that_refuses_the_canary_is_named(&platform, &mut stage, &doctor).await?;

    let breaks = Breaks::new(&platform, &deployment).await?;
    breaks.all_at_once().await?;
    let (mail, broken) = examine(&mut stage, &doctor).await?;
    ensure!(
        broken.named("FAIL") == all_named() && broken.named("UNKNOWN").is_empty(),
        "failed: {:#?}, unknown: {:#?}",
        details(&broken, "FAIL"),
        details(&broken, "UNKNOWN")
    );
    for says in details(&broken, "FAIL") {
        ensure!(says.contains("fix: "), "no fix: {says}");
        ensure!(
            !says.starts_with("DOC-002") || says.contains("(list nodes, "),
            "no verb: {says}"
        );
        ensure!(
            !says.starts_with("DOC-032") || says.contains("lost between"),
            "the key still refuses it: {says}"
        );
    }
    // A mail is wrapped at words.
    let words: Vec<&str> = mail.body.split_whitespace().collect();
    let told = words.join(" ");
    for (code, name) in NAMED {
        ensure!(
            told.contains(code) && told.contains(name),
            "the mail does not name {code} {name}:\n{}",
            mail.body
        );
    }

    breaks.all_mended().await?;
    let (_, mended) = examine(&mut stage, &doctor).await?;
    ensure!(
        mended.status == "PASS",
        "failed: {:#?}, unknown: {:#?}",
        details(&mended, "FAIL"),
        details(&mended, "UNKNOWN")
    );
    ensure!(
        mended.resolved() == all_named(),
        "resolved are {:?}",
        mended.resolved()
    );

    ensure!(
        operations.is_empty().await?,
        "the canary reached the topic of alarms"
    );
    ensure!(
        stage.mailbox.is_empty().await?,
        "the canary reached the topic of reports"
    );
    only_looked(&platform, &doctor)?;
    elsewhere::every_function_works_there(&platform, &deployment).await
}

/// The topic of the canary gets a key of its own: while that of the deployment is disabled, no mail would come. It keeps it, so that
/// what comes next shows that a key that is enabled again refuses nothing.
async fn a_key_that_refuses_the_canary_is_named(
    platform: &Platform,
    stage: &mut Stage<'_>,
    doctor: &Function,
) -> Result<()> {
    let api = platform.emulator.api();
    let made = api.json("kms", "TrentService.CreateKey", &json!({})).await?;
    let key = &made["KeyMetadata"]["Arn"];
    let topic = format!("arn:aws:sns:{REGION}:{ACCOUNT}:day2-canary");
    let encrypted = [
        ("TopicArn", topic.as_str()),
        ("AttributeName", "KmsMasterKeyId"),
        ("AttributeValue", key.as_str().context("the key has no ARN")?),
    ];
    api.query("sns", SNS, "SetTopicAttributes", &encrypted).await?;
    let key = json!({"KeyId": key});
    api.json("kms", "TrentService.DisableKey", &key).await?;
    let (mail, refused) = examine(stage, doctor).await?;
    let canary = Named::from([("DOC-032".to_owned(), BTreeSet::from(["canary".to_owned()]))]);
    ensure!(
        refused.named("FAIL") == canary && refused.named("UNKNOWN").is_empty(),
        "failed: {:#?}, unknown: {:#?}",
        details(&refused, "FAIL"),
        details(&refused, "UNKNOWN")
    );
    let told = details(&refused, "FAIL");
    ensure!(
        told.iter().all(|says| says.contains("fix: aws kms enable-key")) && mail.body.contains("KMSDisabled"),
        "{told:#?}\n{}",
        mail.body
    );
    api.json("kms", "TrentService.EnableKey", &key).await.map(drop)
}

/// What only this deployment has of the pair, and what looks at the backups of the seeded database.
async fn the_two_of_databases_and_pairs_report(stage: &mut Stage<'_>, deployment: &Deployment) -> Result<()> {
    for (function, schedule, begins) in [
        ("ha-status", format!("probe-{PAIR}"), "[day2] PASS ha-status"),
        (
            "backup-verification",
            format!("daily-{TARGET}"),
            "[day2] PASS backup-verification",
        ),
    ] {
        let mail = stage.fire_of(&deployment.function(function)?, &schedule).await?;
        ensure!(
            mail.subject.starts_with(begins),
            "{}\n{}",
            mail.subject,
            mail.body
        );
    }
    Ok(())
}

async fn examine(stage: &mut Stage<'_>, doctor: &Function) -> Result<(Mail, Report)> {
    let mail = stage.fire_of(doctor, &format!("examine-{OWN}")).await?;
    let report = stage.bucket.latest("doctor", OWN, "examine").await?;
    Ok((mail, report))
}

fn details(report: &Report, verdict: &str) -> Vec<String> {
    let items = report.items.iter().filter(|item| item.verdict == verdict);
    items
        .flat_map(|item| {
            let none = item
                .subjects
                .is_empty()
                .then(|| format!("{} {}", item.code, item.seen));
            let some = item.subjects.iter();
            some.map(|one| format!("{} {}: {}", item.code, one.name, one.says))
                .chain(none)
        })
        .collect()
}

/// No call was refused, and none changed anything but journal, report, mail and canary.
fn only_looked(platform: &Platform, doctor: &Function) -> Result<()> {
    const WRITES: [&str; 5] = [
        "dynamodb:TransactWriteItems",
        "dynamodb:UpdateItem",
        "s3:PutObject",
        "sns:Publish",
        "sqs:DeleteMessage",
    ];
    let calls = platform
        .emulator
        .recorder()
        .by_role(&doctor.role_name, Mark::default())?;
    let refused: Vec<_> = calls
        .iter()
        .filter(|call| matches!(call.status, 401 | 403))
        .collect();
    ensure!(refused.is_empty(), "refused: {refused:#?}");
    let used: BTreeSet<String> = calls.iter().map(day2_platform::aws::Call::action).collect();
    for needed in [
        "iam:SimulatePrincipalPolicy",
        "scheduler:GetSchedule",
        "events:DescribeRule",
        "events:ListTargetsByRule",
        "lambda:GetPolicy",
        "eks:DescribeAccessEntry",
        "sqs:ReceiveMessage",
        "sns:GetTopicAttributes",
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
    ] {
        ensure!(used.contains(needed), "{needed} is not among {used:?}");
    }
    let reads = [
        "Describe", "Get", "List", "Query", "Simulate", "Receive", "Invoke",
    ];
    let other: Vec<&String> = used
        .iter()
        .filter(|action| {
            let operation = action.split(':').next_back().unwrap_or_default();
            !WRITES.contains(&action.as_str()) && !reads.iter().any(|read| operation.starts_with(read))
        })
        .collect();
    ensure!(other.is_empty(), "beyond looking: {other:?}");
    Ok(())
}

/// Thirteen things that somebody may do to a deployment beside Terraform, with what was there before.
struct Breaks {
    api: Api,
    cloudwatch: aws_sdk_cloudwatch::Client,
    schedule: Value,
    other_schedule: Value,
    variables: Value,
    canary: String,
    /// The topic of alarms, and its policy.
    operations: (String, String),
    scale_window: String,
    /// The role of its schedules.
    scheduler: String,
    watchdog: String,
    bindings: kube::api::Api<ClusterRoleBinding>,
    binding: ClusterRoleBinding,
}

impl Breaks {
    async fn new(platform: &Platform, deployment: &Deployment) -> Result<Self> {
        let api = platform.emulator.api();
        let schedule = api.rest("scheduler", "GET", SCHEDULE, &Value::Null).await?;
        let other_schedule = api.rest("scheduler", "GET", OTHER_SCHEDULE, &Value::Null).await?;
        let configuration = api.rest("lambda", "GET", CONFIGURATION, &Value::Null).await?;
        let topic = format!("arn:aws:sns:{REGION}:{ACCOUNT}:day2-canary");
        let listed = api
            .query("sns", SNS, "ListSubscriptionsByTopic", &[("TopicArn", &topic)])
            .await?;
        let canary = listed
            .split_once("<SubscriptionArn>")
            .and_then(|(_, rest)| rest.split_once("</SubscriptionArn>"))
            .context("the canary has no subscription")?
            .0
            .to_owned();
        let operations = deployment.output("operations_topic_arn")?.to_owned();
        let policy = policy_of(&api, &operations).await?;
        let bindings: kube::api::Api<ClusterRoleBinding> =
            kube::api::Api::all(platform.cluster.admin_client()?);
        let found = bindings.get(BINDING).await.context("read the binding")?;
        // As it was applied: what the API server added, it adds again.
        let binding = ClusterRoleBinding {
            metadata: ObjectMeta {
                name: found.metadata.name,
                labels: found.metadata.labels,
                ..ObjectMeta::default()
            },
            role_ref: found.role_ref,
            subjects: found.subjects,
        };
        Ok(Self {
            cloudwatch: aws_sdk_cloudwatch::Client::new(&platform.emulator.sdk_config()),
            schedule,
            other_schedule,
            variables: configuration["Environment"]["Variables"].clone(),
            canary,
            operations: (operations, policy),
            scheduler: format!("{}-scheduler", deployment.function("scale-window")?.role_name),
            scale_window: deployment.function("scale-window")?.role_name,
            watchdog: deployment.function("watchdog")?.role_name,
            bindings,
            binding,
            api,
        })
    }

    async fn all_at_once(&self) -> Result<()> {
        // 1. The schedule fires by another clock.
        self.schedule_in("UTC").await?;
        // 2. A right is taken away, and 3. one is given that nobody needs.
        let too_few = ("Deny", "servicequotas:GetServiceQuota");
        self.attach(&self.scale_window, "test-too-few", too_few).await?;
        self.attach(&self.watchdog, "test-too-many", ("Allow", "iam:PassRole"))
            .await?;
        // 4. The canary's queue is unsubscribed.
        let unsubscribe = [("SubscriptionArn", self.canary.as_str())];
        self.api.query("sns", SNS, "Unsubscribe", &unsubscribe).await?;
        // 5. An alarm about a function is silenced.
        let silence = self.cloudwatch.disable_alarm_actions().alarm_names(ALARM);
        silence.send().await.context("silence the alarm")?;
        // 6. The topic of alarms lets CloudWatch in no more.
        let mut closed: Value = serde_json::from_str(&self.operations.1)?;
        let statements = closed["Statement"].as_array_mut();
        let statements = statements.context("the policy of the topic has no statements")?;
        statements.retain(|one| one["Principal"]["Service"] != "cloudwatch.amazonaws.com");
        self.policy(&closed.to_string()).await?;
        // 7. Lambda may no longer keep the events of a function that failed: a right that its code does not use.
        let unheard = ("Deny", "sqs:SendMessage");
        self.attach(&self.scale_window, "test-unheard", unheard).await?;
        // 8. A cluster lets a function in and grants it nothing.
        self.bindings
            .delete(BINDING, &DeleteParams::default())
            .await
            .context("delete the binding")?;
        // 9. The rule that brings findings is switched off, and 10. it may not call the function any more.
        self.rule("DisableRule").await?;
        let permission = format!("{CALLERS}/{PERMISSION}");
        self.api
            .rest("lambda", "DELETE", &permission, &Value::Null)
            .await?;
        // 11. Another schedule asks for another task, and 12. no schedule of the function may call it.
        let mut other = self.other_schedule.clone();
        other["Target"]["Input"] = json!(r#"{"task": "scaledown", "target": "prod-a"}"#);
        self.update_other(&other).await?;
        let uncalled = ("Deny", "lambda:InvokeFunction");
        self.attach(&self.scheduler, "test-uncalled", uncalled).await?;
        // 13. A function gets settings that it cannot read.
        self.settings(&json!({"DAY2_SETTINGS": "{}"})).await
    }

    async fn all_mended(&self) -> Result<()> {
        self.bindings
            .create(&PostParams::default(), &self.binding)
            .await
            .context("make the binding again")?;
        let zone = self.schedule["ScheduleExpressionTimezone"].as_str();
        self.schedule_in(zone.context("the schedule has no zone")?)
            .await?;
        self.update_other(&self.other_schedule).await?;
        for (role, name) in [
            (&self.scheduler, "test-uncalled"),
            (&self.scale_window, "test-too-few"),
            (&self.scale_window, "test-unheard"),
            (&self.watchdog, "test-too-many"),
        ] {
            let policy = [("RoleName", role.as_str()), ("PolicyName", name)];
            self.api.query("iam", IAM, "DeleteRolePolicy", &policy).await?;
        }
        let topic = format!("arn:aws:sns:{REGION}:{ACCOUNT}:day2-canary");
        let queue = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:day2-canary");
        let subscribe = [
            ("TopicArn", topic.as_str()),
            ("Protocol", "sqs"),
            ("Endpoint", queue.as_str()),
            ("Attributes.entry.1.key", "RawMessageDelivery"),
            ("Attributes.entry.1.value", "true"),
        ];
        self.api.query("sns", SNS, "Subscribe", &subscribe).await?;
        let loud = self.cloudwatch.enable_alarm_actions().alarm_names(ALARM);
        loud.send().await.context("let the alarm speak")?;
        self.policy(&self.operations.1).await?;
        self.rule("EnableRule").await?;
        let permission = json!({
            "StatementId": PERMISSION, "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com",
            "SourceArn": format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{RULE}"),
        });
        self.api.rest("lambda", "POST", CALLERS, &permission).await?;
        self.settings(&self.variables).await
    }

    async fn schedule_in(&self, zone: &str) -> Result<()> {
        let mut schedule = self.schedule.clone();
        schedule["ScheduleExpressionTimezone"] = json!(zone);
        self.api
            .rest("scheduler", "PUT", "/schedules/prescale-prod-a", &schedule)
            .await
            .map(drop)
    }

    async fn update_other(&self, schedule: &Value) -> Result<()> {
        self.api
            .rest("scheduler", "PUT", "/schedules/postscale-prod-a", schedule)
            .await
            .map(drop)
    }

    async fn rule(&self, operation: &str) -> Result<()> {
        let target = format!("AWSEvents.{operation}");
        self.api
            .json("events", &target, &json!({"Name": RULE}))
            .await
            .map(drop)
    }

    async fn attach(&self, role: &str, name: &str, (effect, action): (&str, &str)) -> Result<()> {
        let statement = json!({"Effect": effect, "Action": action, "Resource": "*"});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let document = [
            ("RoleName", role),
            ("PolicyName", name),
            ("PolicyDocument", policy.as_str()),
        ];
        self.api
            .query("iam", IAM, "PutRolePolicy", &document)
            .await
            .map(drop)
    }

    async fn policy(&self, policy: &str) -> Result<()> {
        let attribute = [
            ("TopicArn", self.operations.0.as_str()),
            ("AttributeName", "Policy"),
            ("AttributeValue", policy),
        ];
        self.api
            .query("sns", SNS, "SetTopicAttributes", &attribute)
            .await
            .map(drop)
    }

    async fn settings(&self, variables: &Value) -> Result<()> {
        let change = json!({"Environment": {"Variables": variables}});
        self.api.rest("lambda", "PUT", CONFIGURATION, &change).await?;
        // A function that is being updated is not known yet.
        wait_until(SOON, "the function is updated", async || {
            let seen = self
                .api
                .rest("lambda", "GET", CONFIGURATION, &Value::Null)
                .await?;
            let done = seen["State"] == "Active" && seen["LastUpdateStatus"] == "Successful";
            ensure!(done, "it is {} and {}", seen["State"], seen["LastUpdateStatus"]);
            Ok(())
        })
        .await
    }
}

/// The policy of a topic, out of the XML of the answer.
async fn policy_of(api: &Api, topic: &str) -> Result<String> {
    let attributes = api
        .query("sns", SNS, "GetTopicAttributes", &[("TopicArn", topic)])
        .await?;
    let (_, rest) = attributes
        .split_once("<key>Policy</key><value>")
        .with_context(|| format!("{topic} has no policy: {attributes}"))?;
    let (policy, _) = rest.split_once("</value>").context("its policy has no end")?;
    let plain = [
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    let policy = plain.iter().fold(policy.to_owned(), |text, (escaped, meant)| {
        text.replace(escaped, meant)
    });
    Ok(policy)
}
