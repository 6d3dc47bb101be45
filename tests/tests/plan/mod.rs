//! The laws of a whole deployment: what the plan of every function and every optional part at once shows.
//!
//! A law is a function from the plan (`infra/tests/everything.tftest.hcl`, with the provider mocked) to its violations. Each is
//! applied to the plan and, to show that it can fail, to a plan in which one thing is broken.

mod doors;
mod partitions;
mod publishing;
mod rights;
mod roads;
mod simulated;
mod sizes;
mod stores;
mod watched;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value;

use crate::house::trees::Copy;
use crate::terraform::Terraform;

/// One law.
type Law = fn(&Value) -> Vec<String>;

/// The run of the ordinary partition; each of the others is named by [`partitions`].
const HERE: &str = "every_setting_at_once_is_accepted";

/// The plan of the ordinary partition.
fn rendered() -> &'static Value {
    planned(HERE)
}

/// The plan of one run; all of them are made once for all laws.
fn planned(run: &str) -> &'static Value {
    static PLANS: OnceLock<BTreeMap<String, Value>> = OnceLock::new();
    let plans = PLANS.get_or_init(|| {
        let tree = Copy::of_this_tree();
        let terraform = Terraform::init(&tree.root().join("infra"));
        let said = terraform.run(&["test", "-json", "-verbose", "-filter=tests/everything.tftest.hcl"]);
        let messages: Vec<Value> = said
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let errors: Vec<&Value> = messages
            .iter()
            .filter(|message| message["diagnostic"]["severity"] == "error")
            .map(|message| &message["diagnostic"])
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let plans = messages
            .into_iter()
            .filter(|message| message["type"] == "test_plan");
        plans
            .map(|mut message| {
                let mut plan = message["test_plan"].take();
                // Nine tenths of it, the same for every plan, and nothing that is planned.
                plan["provider_schemas"].take();
                (words(&message["@testrun"]).to_owned(), plan)
            })
            .collect()
    });
    let plan = plans.get(run);
    assert!(plan.is_some(), "no plan of {run} among {:?}", plans.keys());
    plan.unwrap()
}

/// A planned resource: its address, and what it will be.
type Resource<'a> = (&'a str, &'a Value);

/// The resources of one type.
fn all<'a>(plan: &'a Value, kind: &str) -> Vec<Resource<'a>> {
    let changes = plan["resource_changes"].as_array().into_iter().flatten();
    changes
        .filter(|change| change["type"] == kind)
        .map(|change| (words(&change["address"]), &change["change"]["after"]))
        .collect()
}

/// A text, empty when it is none.
fn words(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A text or a list of texts, as a list.
fn list(value: &Value) -> Vec<&str> {
    let many = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    value.as_str().into_iter().chain(many).collect()
}

/// The statements of a policy that is written as text; what is not known yet or no policy has none.
fn statements(policy: &Value) -> Vec<Value> {
    let policy: Value = serde_json::from_str(words(policy)).unwrap_or_default();
    policy["Statement"].as_array().cloned().unwrap_or_default()
}

/// The functions that are deployed, by their names without the deployment's.
fn functions(plan: &Value) -> BTreeSet<String> {
    all(plan, "aws_lambda_function")
        .into_iter()
        .filter_map(|(_, function)| words(&function["function_name"]).strip_prefix("day2-"))
        .map(str::to_owned)
        .collect()
}

/// The resources of one type that belong to the module of one function.
fn of<'a>(plan: &'a Value, function: &str, kind: &str) -> Vec<Resource<'a>> {
    let module = format!("module.{}[0].", function.replace('-', "_"));
    let mut found = all(plan, kind);
    found.retain(|(address, _)| address.starts_with(&module));
    found
}

/// What a function's role may do: the statements of all its policies.
fn role(plan: &Value, function: &str) -> Vec<Value> {
    let policies = of(plan, function, "aws_iam_role_policy");
    let own = policies
        .into_iter()
        .filter(|(address, _)| !address.contains(".scheduler["));
    own.flat_map(|(_, policy)| statements(&policy["policy"]))
        .collect()
}

#[track_caller]
fn obeyed(law: Law) {
    obeyed_in(HERE, law);
}

#[track_caller]
fn obeyed_in(run: &str, law: Law) {
    let violations = law(planned(run));
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// Breaks a copy of the plan and requires that `law` says so, with the words in `says`.
#[track_caller]
fn caught(law: Law, says: &str, fault: impl Fn(&mut Value)) {
    caught_in(HERE, law, says, fault);
}

#[track_caller]
fn caught_in(run: &str, law: Law, says: &str, fault: impl Fn(&mut Value)) {
    let mut plan = planned(run).clone();
    fault(&mut plan);
    let violations = law(&plan);
    assert!(
        violations.iter().any(|one| one.contains(says)),
        "nothing says {says:?}: {violations:#?}"
    );
}

/// What one resource will be, to be broken.
fn after<'a>(plan: &'a mut Value, address: &str) -> &'a mut Value {
    let changes = plan["resource_changes"].as_array_mut().unwrap();
    let one = changes.iter_mut().find(|change| change["address"] == address);
    assert!(one.is_some(), "no {address}");
    &mut one.unwrap()["change"]["after"]
}

/// Replaces a text in one policy, which must hold it.
fn rewrite(plan: &mut Value, address: &str, field: &str, from: &str, to: &str) {
    let policy = &mut after(plan, address)[field];
    let before = words(policy).to_owned();
    assert!(before.contains(from), "{address} does not hold {from}: {before}");
    *policy = Value::String(before.replacen(from, to, 1));
}

/// Takes the resources out whose addresses hold a text.
fn remove(plan: &mut Value, part: &str) {
    let changes = plan["resource_changes"].as_array_mut().unwrap();
    let before = changes.len();
    changes.retain(|change| !words(&change["address"]).contains(part));
    assert!(changes.len() < before, "nothing is called {part}");
}

/// Adds a resource.
fn add(plan: &mut Value, kind: &str, what: Value) {
    let mut change = serde_json::json!({ "address": format!("{kind}.broken"), "type": kind });
    change["change"]["after"] = what;
    plan["resource_changes"].as_array_mut().unwrap().push(change);
}
