//! What really runs has the shapes of the schemas: documents that Terraform wrote, reports that functions stored.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use day2_platform::demo::Stage;
use day2_platform::deploy::{Deployment, site};
use serde_json::Value;

use super::validator::Validator;
use super::{all, root};

fn fits(schemas: &BTreeMap<String, Value>, file: &str, what: &str, document: &Value) -> Result<()> {
    let schema = schemas.get(file).with_context(|| format!("there is no {file}"))?;
    let errors = Validator::new(schema).errors(document);
    ensure!(errors.is_empty(), "{what} is not of {file}: {errors:#?}");
    Ok(())
}

/// The settings of every deployed function, and every report in the bucket; and the index leads to the newest of them.
pub(crate) async fn what_runs_has_its_shape(deployment: &Deployment, stage: &Stage<'_>) -> Result<()> {
    let schemas = all(&root());
    let settings = deployment.settings()?;
    ensure!(settings.len() >= 5, "only {} functions", settings.len());
    for (name, document) in &settings {
        let document = serde_json::from_str(document).with_context(|| format!("settings of {name}"))?;
        fits(&schemas, &format!("settings.{name}.schema.json"), name, &document)?;
    }

    let folder = tempfile::tempdir()?;
    let mut pages = stage.bucket.download(folder.path()).await?;
    let index = folder.path().join(site::INDEX);
    pages.retain(|page| *page != index);
    site::leads_to_the_newest(&index, &pages)?;
    for page in &pages {
        let json = page.with_extension("json");
        let report = serde_json::from_slice(&std::fs::read(&json)?)?;
        fits(
            &schemas,
            "report.schema.json",
            &json.display().to_string(),
            &report,
        )?;
    }
    ensure!(pages.len() >= 10, "only {} reports", pages.len());
    Ok(())
}
