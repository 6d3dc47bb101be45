//! What a larger deployment has: settings that do not fit into the environment, and targets behind roles of their own. Every
//! deployed function reads the one and takes the other, with the rights that it ships with.

use anyhow::{Context as _, Result, ensure};
use day2_platform::aws::Recorder;
use day2_platform::deploy::Deployment;
use day2_platform::platform::Platform;
use day2_platform::rights::granted;
use day2_platform::sandbox::{Event, Ground, Launch, Sandbox};
use day2_platform::world::plan::{SECOND, TARGET};
use serde_json::{Map, Value, json};

use crate::house::root;

/// The right to read settings that are an object.
const READ_SETTINGS: &str = "s3:GetObject";
/// The right to work with the role of a target. Who never looks at a target does not have it.
const TAKE_ROLE: &str = "sts:AssumeRole";

/// Starts every deployed function once more, with its settings as an object and each target behind a role, and has it prove
/// itself. Whom it asks are the deployed functions.
pub(crate) async fn every_function_works_there(platform: &Platform, deployment: &Deployment) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let emulator = &platform.emulator;
    let ground = Ground::make(emulator, "elsewhere").await?;
    let granted = granted::read(&root())?;
    for function in deployment.names().iter().copied() {
        let role = ground
            .role(emulator, (&platform.cluster, TARGET), function)
            .await?;
        let of_target = ground
            .role_of_target(emulator, &[TARGET, SECOND], function)
            .await?;
        let mut document = deployed(platform, deployment, function).await?;
        let name = document["deployment"]["name"].clone();
        document["deployment"] = ground.deployment();
        document["deployment"]["name"] = name;
        let mut documents = vec![with(&document, &|target| {
            target.insert("role_arn".to_owned(), json!(of_target));
        })];
        if function == "doctor" {
            // A role's calls are not its own, and nothing else of the world has an instance that belongs to no cluster.
            documents.push(with(&document, &|target| {
                target.insert("database".to_owned(), json!({"engine": "rds", "id": "ledger"}));
            }));
        }
        for (number, document) in documents.iter().enumerate() {
            let state = folder.path().join(format!("{function}-{number}"));
            let launch = Launch::new(function, state, &role.credentials, &emulator.endpoint())?;
            let launch = ground.settings_in_bucket(emulator, launch, document).await?;
            let mut sandbox = Sandbox::start(&launch).await?;
            // Only an examination has the doctor look at targets.
            let event = match function {
                "doctor" => json!({}),
                _ => json!({"task": "self-check"}),
            };
            let answer = sandbox.invoke(Event::new(event.to_string())).await?.answer()?;
            if function != "doctor" {
                proves_itself(&answer).with_context(|| format!("the self-check of {function}"))?;
            }
        }
        let takes_roles = granted[function].contains(TAKE_ROLE);
        for (right, expected) in [(READ_SETTINGS, true), (TAKE_ROLE, takes_roles)] {
            ensure!(
                made(&emulator.recorder(), &role.name, right)? == expected,
                "{function} and {right}: expected {expected}"
            );
        }
    }
    Ok(())
}

/// The settings that Terraform gave a function.
async fn deployed(platform: &Platform, deployment: &Deployment, function: &str) -> Result<Value> {
    let name = deployment.function(function)?.function_name;
    let path = format!("/2015-03-31/functions/{name}/configuration");
    let seen = platform
        .emulator
        .api()
        .rest("lambda", "GET", &path, &Value::Null)
        .await?;
    let settings = seen["Environment"]["Variables"]["DAY2_SETTINGS"]
        .as_str()
        .with_context(|| format!("{name} has no settings"))?;
    let text = match settings.strip_prefix("s3://") {
        None => settings.to_owned(),
        Some(place) => platform.emulator.api().get("s3", &format!("/{place}")).await?,
    };
    serde_json::from_str(&text).with_context(|| format!("the settings of {name}"))
}

/// The document with a change of everything in it that describes a target.
fn with(document: &Value, change: &dyn Fn(&mut Map<String, Value>)) -> Value {
    match document {
        Value::Object(members) => {
            let mut members: Map<String, Value> = members
                .iter()
                .map(|(name, inner)| (name.clone(), with(inner, change)))
                .collect();
            let known = |name: &&str| members.contains_key(*name);
            if ["name", "account_id", "region"].iter().all(known) {
                change(&mut members);
            }
            Value::Object(members)
        }
        Value::Array(list) => list.iter().map(|inner| with(inner, change)).collect(),
        other => other.clone(),
    }
}

/// Nothing fails, and settings, journal and clock are fine. What a target does not have yet may be unknown.
fn proves_itself(answer: &Value) -> Result<()> {
    let proof = &answer["self_check"];
    let own = proof["items"].as_array().context("no items")?;
    let targets = proof["targets"].as_array().context("no targets")?;
    let of_targets = targets
        .iter()
        .flat_map(|target| target["items"].as_array().into_iter().flatten());
    ensure!(own.len() >= 3, "only {} items", own.len());
    for item in own {
        ensure!(item["verdict"] == "PASS", "{item:#}");
    }
    for item in of_targets {
        ensure!(item["verdict"] != "FAIL", "{item:#}");
    }
    Ok(())
}

/// Whether a role made a call that needs this right, and was let through.
fn made(recorder: &Recorder, role: &str, right: &str) -> Result<bool> {
    let calls = recorder.calls()?;
    let mut own = calls.iter().filter(|call| call.role() == Some(role));
    Ok(own.any(|call| call.action() == right && call.succeeded()))
}
