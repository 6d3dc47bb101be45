//! Custom resources in the cluster: their definitions, and objects of them as JSON.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kube::Client;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams,
    PostParams,
};
use serde_json::{Value, json};

pub use crate::extensions::Extension;
use crate::extensions::name;
use crate::wait::wait_until;

/// The apiserver serves a new definition within a second or two.
const SERVED_LIMIT: Duration = Duration::from_mins(1);
const MANAGER: &str = "platform";

/// Installs the definitions and waits until their kinds are served. Again is no error. No controller of theirs runs:
/// statuses are what a test writes.
///
/// # Errors
///
/// When they cannot be had, or the apiserver refuses one.
pub async fn install(client: &Client, extensions: &[Extension]) -> Result<()> {
    let kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    let api = Api::<DynamicObject>::all_with(client.clone(), &ApiResource::from_gvk(&kind));
    let mut installed = Vec::new();
    for extension in extensions {
        for definition in extension.definitions().await? {
            let name = name(&definition).to_owned();
            let forced = PatchParams::apply(MANAGER).force();
            api.patch(&name, &forced, &Patch::Apply(&definition))
                .await
                .with_context(|| format!("cannot install the definition {name}"))?;
            installed.push(definition);
        }
    }
    wait_until(SERVED_LIMIT, "the new kinds are served", async || {
        for definition in &installed {
            let name = name(definition);
            let seen = api.get(name).await?;
            ensure!(established(&seen.data), "{name} is not established");
            // What answers requests for the kind learns of that condition a moment later.
            let objects = Api::<DynamicObject>::all_with(client.clone(), &kind_of(definition)?);
            let listed = objects.list(&ListParams::default().limit(1)).await;
            listed.with_context(|| format!("list the kind of {name}"))?;
        }
        Ok(())
    })
    .await
}

/// The kind that a definition defines, in the first version that is served.
fn kind_of(definition: &Value) -> Result<ApiResource> {
    let text = |pointer: &str| {
        let found = definition.pointer(pointer).and_then(Value::as_str);
        found.with_context(|| format!("a definition without {pointer}"))
    };
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    let mut served = versions.into_iter().flatten().filter(|one| one["served"] == true);
    let version = served.next().and_then(|one| one["name"].as_str());
    let version = version.context("a definition without a served version")?;
    let kind = GroupVersionKind::gvk(text("/spec/group")?, version, text("/spec/names/kind")?);
    Ok(ApiResource::from_gvk_with_plural(
        &kind,
        text("/spec/names/plural")?,
    ))
}

fn established(definition: &Value) -> bool {
    let conditions = definition.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|one| {
        one.get("type").and_then(Value::as_str) == Some("Established")
            && one.get("status").and_then(Value::as_str) == Some("True")
    })
}

/// Creates an object of any kind from JSON, and writes its `status`, if it has one, as its controller would.
///
/// # Errors
///
/// When the apiserver refuses it, for example because it does not fit its definition.
pub async fn create(client: &Client, plural: &str, object: Value) -> Result<()> {
    let api = api(client, plural, &object)?;
    let status = object.get("status").cloned();
    let object: DynamicObject = serde_json::from_value(object)?;
    let name = object.metadata.name.clone().context("an object without name")?;
    api.create(&PostParams::default(), &object)
        .await
        .with_context(|| format!("cannot create {plural} {name}"))?;
    let Some(status) = status else { return Ok(()) };
    set_status(&api, &name, status).await
}

/// Replaces the status of an object that is there; `object` names it (`apiVersion`, `kind`, `metadata`).
///
/// # Errors
///
/// When the apiserver refuses it.
pub async fn place_status(client: &Client, plural: &str, object: &Value, status: Value) -> Result<()> {
    let name = name(object).to_owned();
    set_status(&api(client, plural, object)?, &name, status).await
}

async fn set_status(api: &Api<DynamicObject>, name: &str, status: Value) -> Result<()> {
    let patch = json!({"status": status});
    // Kinds without the subresource (Velero's backups, for one) take their status as any other member.
    let sent = api
        .patch_status(name, &PatchParams::default(), &Patch::Merge(&patch))
        .await;
    match sent {
        Err(kube::Error::Api(error)) if error.code == 404 => {
            let plain = api
                .patch(name, &PatchParams::default(), &Patch::Merge(&patch))
                .await;
            plain.map(drop)
        }
        other => other.map(drop),
    }
    .with_context(|| format!("cannot write the status of {name}"))
}

/// Whether the object is there.
///
/// # Errors
///
/// When the apiserver cannot be asked.
pub async fn exists(client: &Client, plural: &str, object: &Value) -> Result<bool> {
    let seen = api(client, plural, object)?.get_opt(name(object)).await;
    Ok(seen
        .with_context(|| format!("get {plural} {}", name(object)))?
        .is_some())
}

/// Deletes an object; one that is gone already is no error.
///
/// # Errors
///
/// When the apiserver refuses it.
pub async fn delete(client: &Client, plural: &str, object: &Value) -> Result<()> {
    let name = name(object).to_owned();
    match api(client, plural, object)?
        .delete(&name, &DeleteParams::default())
        .await
    {
        Err(kube::Error::Api(error)) if error.code == 404 => Ok(()),
        other => other
            .map(drop)
            .with_context(|| format!("cannot delete {plural} {name}")),
    }
}

/// The place of the object's kind: its namespace if it names one, else the whole cluster.
fn api(client: &Client, plural: &str, object: &Value) -> Result<Api<DynamicObject>> {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str);
    let version = text("/apiVersion").context("an object without apiVersion")?;
    let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
    let kind = GroupVersionKind::gvk(group, version, text("/kind").context("an object without kind")?);
    let resource = ApiResource::from_gvk_with_plural(&kind, plural);
    Ok(match text("/metadata/namespace") {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    })
}
