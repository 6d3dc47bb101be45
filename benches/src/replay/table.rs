//! As much of DynamoDB as a journal and an idempotency table need: items, conditions, updates, one transaction.
//!
//! Source: Amazon DynamoDB developer guide, "Condition and filter expressions, operators, and functions" and "Using update
//! expressions in DynamoDB". What is not played is an error, never a success.

mod expression;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::http1::{Answer, Request};
use expression::{Names, holds, updated};

/// Attributes of an item.
type Item = Map<String, Value>;
/// Table, partition key, sort key.
type Key = (String, String, String);

/// All tables; one that is named exists.
#[derive(Debug, Default)]
pub(super) struct Tables(BTreeMap<Key, Item>);

/// An error as the service words it.
type Failed = (&'static str, Value);

const FAILED: &str = "ConditionalCheckFailedException";

impl Tables {
    /// Answers one request of the JSON protocol; `operation` is the end of `X-Amz-Target`.
    pub(super) fn answer(&mut self, operation: &str, request: &Request) -> Answer {
        let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
            return refused(&("SerializationException", json!({"message": "no JSON"})));
        };
        let done = match operation {
            "GetItem" => Ok(self.get(&body)),
            "PutItem" | "UpdateItem" | "DeleteItem" => self.write(operation, &body),
            "Query" => self.query(&body),
            "TransactWriteItems" => self.transact(&body),
            _ => Err(("UnknownOperationException", json!({"message": operation}))),
        };
        match done {
            Ok(answer) => Answer::new(200, "application/x-amz-json-1.0", answer.to_string()),
            Err(failed) => refused(&failed),
        }
    }

    fn get(&self, body: &Value) -> Value {
        match self.0.get(&key(body, &body["Key"])) {
            Some(item) => json!({"Item": item}),
            None => json!({}),
        }
    }

    /// One conditional write, checked and made.
    fn write(&mut self, operation: &str, body: &Value) -> Result<Value, Failed> {
        self.check(body, target(operation, body))?;
        let key = key(body, target(operation, body));
        let after = self.after(operation, body)?;
        let attributes = match body["ReturnValues"].as_str() {
            Some("ALL_NEW") => json!({"Attributes": after}),
            Some("UPDATED_NEW") => json!({"Attributes": changed(self.0.get(&key), after.as_ref())}),
            _ => json!({}),
        };
        match after {
            Some(item) => self.0.insert(key, item),
            None => self.0.remove(&key),
        };
        Ok(attributes)
    }

    /// Whether the condition of a write holds.
    fn check(&self, body: &Value, keys: &Value) -> Result<(), Failed> {
        let Some(condition) = body["ConditionExpression"].as_str() else {
            return Ok(());
        };
        let there = self.0.get(&key(body, keys));
        let holds = holds(condition, there.unwrap_or(&Map::new()), Names::of(body));
        if holds.map_err(|why| ("ValidationException", json!({"message": why})))? {
            return Ok(());
        }
        let mut said = json!({"message": "The conditional request failed"});
        if body["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
            && let Some(item) = there
        {
            said["Item"] = json!(item);
        }
        Err((FAILED, said))
    }

    /// What a write leaves in place of the item.
    fn after(&self, operation: &str, body: &Value) -> Result<Option<Item>, Failed> {
        match operation {
            "PutItem" => Ok(body["Item"].as_object().cloned()),
            "DeleteItem" => Ok(None),
            _ => {
                let there = self.0.get(&key(body, &body["Key"])).cloned();
                let mut item = there.unwrap_or_else(|| body["Key"].as_object().cloned().unwrap_or_default());
                let expression = body["UpdateExpression"].as_str().unwrap_or_default();
                updated(expression, &mut item, Names::of(body))
                    .map_err(|why| ("ValidationException", json!({"message": why})))?;
                Ok(Some(item))
            }
        }
    }

    fn query(&self, body: &Value) -> Result<Value, Failed> {
        let condition = body["KeyConditionExpression"].as_str().unwrap_or_default();
        let table = body["TableName"].as_str().unwrap_or_default();
        let mut found = Vec::new();
        for ((of, _, _), item) in &self.0 {
            let fits = of == table
                && holds(condition, item, Names::of(body))
                    .map_err(|why| ("ValidationException", json!({"message": why})))?;
            if fits {
                found.push(item.clone());
            }
        }
        if body["ScanIndexForward"] == false {
            found.reverse();
        }
        if let Some(limit) = body["Limit"].as_u64() {
            found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Ok(json!({"Count": found.len(), "ScannedCount": found.len(), "Items": found}))
    }

    /// All or nothing.
    fn transact(&mut self, body: &Value) -> Result<Value, Failed> {
        let none = Vec::new();
        let items = body["TransactItems"].as_array().unwrap_or(&none);
        let parts: Vec<(&str, &Value)> = items
            .iter()
            .filter_map(|item| item.as_object()?.iter().next())
            .map(|(kind, body)| (if kind == "Put" { "PutItem" } else { "UpdateItem" }, body))
            .collect();
        let reasons: Vec<Value> = parts
            .iter()
            .map(
                |(operation, body)| match self.check(body, target(operation, body)) {
                    Ok(()) => json!({"Code": "None"}),
                    Err(_) => {
                        json!({"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"})
                    }
                },
            )
            .collect();
        if reasons.iter().any(|reason| reason["Code"] != "None") {
            let said = json!({"Message": "Transaction cancelled", "CancellationReasons": reasons});
            return Err(("TransactionCanceledException", said));
        }
        for (operation, body) in parts {
            self.write(operation, body)?;
        }
        Ok(json!({}))
    }
}

/// The attributes that a write changes. DynamoDB names also those that were set to what they were.
fn changed(before: Option<&Item>, after: Option<&Item>) -> Item {
    let is_new = |name: &str, value: &Value| before.and_then(|before| before.get(name)) != Some(value);
    let after = after.into_iter().flatten();
    after
        .filter(|(name, value)| is_new(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Where a write names its key: in the item itself, or apart.
fn target<'a>(operation: &str, body: &'a Value) -> &'a Value {
    if operation == "PutItem" {
        &body["Item"]
    } else {
        &body["Key"]
    }
}

/// The key within `attributes`: `pk` and `sk` of a journal, or the `id` of an idempotency table.
fn key(body: &Value, attributes: &Value) -> Key {
    let text = |name: &str| attributes[name]["S"].as_str().map(str::to_owned);
    let table = body["TableName"].as_str().unwrap_or_default().to_owned();
    let partition = text("pk").or_else(|| text("id")).unwrap_or_default();
    (table, partition, text("sk").unwrap_or_default())
}

fn refused((kind, said): &Failed) -> Answer {
    let mut body = said.clone();
    body["__type"] = json!(format!("com.amazonaws.dynamodb.v20120810#{kind}"));
    Answer::new(400, "application/x-amz-json-1.0", body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(tables: &mut Tables, operation: &str, body: &Value) -> (u16, Value) {
        let request = Request {
            method: "POST".into(),
            target: "/".into(),
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        };
        let answer = tables.answer(operation, &request);
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    #[test]
    fn a_condition_that_does_not_hold_changes_nothing_and_shows_the_item() {
        let mut tables = Tables::default();
        let put = json!({
            "TableName": "t", "Item": {"id": {"S": "a"}, "n": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(id)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        });
        assert_eq!(ask(&mut tables, "PutItem", &put).0, 200);
        let (status, said) = ask(&mut tables, "PutItem", &put);
        assert_eq!((status, &said["Item"]["n"]["N"]), (400, &json!("1")));
        assert!(said["__type"].as_str().unwrap().ends_with(FAILED));
    }

    #[test]
    fn an_update_that_asks_for_what_is_new_is_not_given_the_rest() {
        let mut tables = Tables::default();
        let item = json!({"pk": {"S": "a"}, "sk": {"S": "s"}, "body": {"S": "long"}, "noted": {"N": "1"}});
        ask(&mut tables, "PutItem", &json!({"TableName": "t", "Item": item}));
        let counted = json!({
            "TableName": "t", "Key": {"pk": {"S": "a"}, "sk": {"S": "s"}}, "UpdateExpression": "ADD noted :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}}, "ReturnValues": "UPDATED_NEW",
        });
        let (_, said) = ask(&mut tables, "UpdateItem", &counted);
        assert_eq!(said, json!({"Attributes": {"noted": {"N": "2"}}}));
    }

    #[test]
    fn a_transaction_of_which_one_part_fails_leaves_all_as_it_was() {
        let mut tables = Tables::default();
        let key = |pk: &str| json!({"pk": {"S": pk}, "sk": {"S": "s"}});
        let counted = json!({"Update": {
            "TableName": "t", "Key": key("b"), "UpdateExpression": "SET #ttl = :ttl ADD taken :one",
            "ConditionExpression": "attribute_not_exists(taken) OR :most > taken", "ExpressionAttributeNames": {"#ttl": "ttl"},
            "ExpressionAttributeValues": {":ttl": {"N": "9"}, ":one": {"N": "1"}, ":most": {"N": "1"}},
        }});
        let opened = |pk: &str| json!({"Put": {"TableName": "t", "Item": key(pk), "ConditionExpression": "attribute_not_exists(pk)"}});
        let first = json!({"TransactItems": [opened("a1"), counted]});
        let second = json!({"TransactItems": [opened("a2"), counted]});
        assert_eq!(ask(&mut tables, "TransactWriteItems", &first).0, 200);
        let (status, said) = ask(&mut tables, "TransactWriteItems", &second);
        assert_eq!(
            (status, &said["CancellationReasons"][1]["Code"]),
            (400, &json!("ConditionalCheckFailed"))
        );
        assert_eq!(
            ask(
                &mut tables,
                "GetItem",
                &json!({"TableName": "t", "Key": key("a2")})
            )
            .1,
            json!({})
        );
        let taken = ask(
            &mut tables,
            "GetItem",
            &json!({"TableName": "t", "Key": key("b")}),
        )
        .1;
        assert_eq!(taken["Item"]["taken"]["N"], "1");
    }
}
