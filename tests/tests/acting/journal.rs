//! The journal from outside: what stands in it, and moving it in time, because a test does not wait for what a lease
//! waits for.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use day2_platform::clock;
use jiff::Timestamp;
use serde_json::{Value, json};

type Row = HashMap<String, AttributeValue>;

/// Most items of one batch (Amazon DynamoDB API Reference, `BatchWriteItem`).
const AT_ONCE: usize = 25;

/// The table of a deployment.
pub(crate) struct Journal {
    client: Client,
    table: String,
}

/// A remembered change.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    pub(crate) id: String,
    /// `pending`, `active`, `reverted`, …
    pub(crate) state: String,
    row: Row,
}

impl Journal {
    pub(crate) const fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    async fn rows(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .client
                .scan()
                .table_name(&self.table)
                .set_exclusive_start_key(start)
                .send()
                .await?;
            rows.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(rows);
            }
        }
    }

    /// Forgets everything: claims, lock, cool-down, leases, runs.
    pub(crate) async fn forget(&self) -> Result<()> {
        for rows in self.rows().await?.chunks(AT_ONCE) {
            let mut requests = Vec::new();
            for row in rows {
                let delete = DeleteRequest::builder().set_key(Some(key(row)?)).build()?;
                requests.push(WriteRequest::builder().delete_request(delete).build());
            }
            let batch = self
                .client
                .batch_write_item()
                .request_items(&self.table, requests);
            let left = batch.send().await?.unprocessed_items.unwrap_or_default();
            ensure!(left.is_empty(), "{left:?} are still there");
        }
        Ok(())
    }

    /// A containment that nobody can read.
    pub(crate) async fn spoil(&self, pk: &str, sk: &str) -> Result<()> {
        let row = [("pk", pk), ("sk", sk), ("body", "{"), ("state", "open")]
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
        let put = self.client.put_item().table_name(&self.table);
        put.set_item(Some(row.into())).send().await?;
        Ok(())
    }

    /// Lets every claim and every lock end now, as if its time had passed.
    pub(crate) async fn let_claims_end(&self) -> Result<()> {
        let over = (clock::now().as_second() - 1).to_string();
        for row in self.rows().await? {
            if row.contains_key("lease_until") {
                self.client
                    .update_item()
                    .table_name(&self.table)
                    .set_key(Some(key(&row)?))
                    .update_expression("SET lease_until = :over")
                    .expression_attribute_values(":over", AttributeValue::N(over.clone()))
                    .send()
                    .await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn leases(&self) -> Result<Vec<Lease>> {
        let rows = self.rows().await?;
        let of = |row: &Row, name: &str| row.get(name)?.as_s().ok().cloned();
        let leases = rows
            .into_iter()
            .filter(|row| of(row, "pk").is_some_and(|pk| pk.starts_with("lease#")));
        leases
            .map(|row| {
                Ok(Lease {
                    id: of(&row, "sk").context("a lease has no id")?,
                    state: of(&row, "state").context("a lease has no state")?,
                    row,
                })
            })
            .collect()
    }

    /// Writes a change as one that was just made.
    pub(crate) async fn remember(&self, lease: &Lease) -> Result<()> {
        let mut row = lease.row.clone();
        let text = row.get("lease").and_then(|value| value.as_s().ok());
        let mut document: Value = serde_json::from_str(text.context("a lease is no text")?)?;
        // Auto Scaling tells the begin of an activity to the second.
        let now = Timestamp::from_second(clock::now().as_second())?;
        document["created_at"] = json!(now);
        row.insert("lease".to_owned(), AttributeValue::S(document.to_string()));
        row.insert("state".to_owned(), AttributeValue::S("active".to_owned()));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(row));
        put.send().await?;
        Ok(())
    }
}

fn key(row: &Row) -> Result<Row> {
    ["pk", "sk"]
        .into_iter()
        .map(|name| {
            Ok((
                name.to_owned(),
                row.get(name).context("a row without a key")?.clone(),
            ))
        })
        .collect()
}
