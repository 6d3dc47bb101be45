//! The reports as a site in a folder, as `aws s3 sync` copies them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::Value;

/// Name of the page that leads to the others.
pub const INDEX: &str = "index.html";

/// Every link of the index leads to a page that is there, and the newest page of each task is linked.
///
/// # Errors
///
/// With the link or the page, or the report of it that cannot be read.
pub fn leads_to_the_newest(index: &Path, pages: &[PathBuf]) -> Result<()> {
    let folder = index.parent().context("the index lies nowhere")?;
    let text = std::fs::read_to_string(index).context("the index cannot be read")?;
    let linked: BTreeSet<PathBuf> = text
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|link| !link.starts_with('#'))
        .map(|link| folder.join(link))
        .collect();
    for link in &linked {
        ensure!(
            link.is_file(),
            "the index links to {}, which is not there",
            link.display()
        );
    }
    // reports/<function>/<target>/<task>/<yyyy>/<mm>/<dd>/<second>-<id>.html
    let mut newest: BTreeMap<&Path, (Timestamp, &PathBuf)> = BTreeMap::new();
    for page in pages {
        let task = page.ancestors().nth(4).context("a page lies nowhere")?;
        let run = (started_at(page)?, page);
        newest
            .entry(task)
            .and_modify(|known| *known = run.max(*known))
            .or_insert(run);
    }
    for (_, page) in newest.into_values() {
        ensure!(
            linked.contains(page),
            "the index does not link to {}",
            page.display()
        );
    }
    Ok(())
}

/// When the run of a page began. Its name tells only the second, in which an approval may follow its plan.
fn started_at(page: &Path) -> Result<Timestamp> {
    let report = page.with_extension("json");
    let text = std::fs::read(&report).with_context(|| format!("{} cannot be read", report.display()))?;
    let report: Value =
        serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", report.display()))?;
    let at = report
        .get("started_at")
        .and_then(Value::as_str)
        .with_context(|| format!("the report of {} has no started_at", page.display()))?;
    Ok(at.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: &str = "reports/connection-exhaustion/prod-a/respond/2026/11/23";

    /// A plan and its approval in the same second, of which the later one has the name that sorts first.
    fn site(linked: &str) -> Result<tempfile::TempDir> {
        let folder = tempfile::tempdir()?;
        let day = folder.path().join(DAY);
        std::fs::create_dir_all(&day)?;
        for (name, at) in [
            ("010235Z-f5e0", "2026-11-23T01:02:35.05Z"),
            ("010235Z-6ae2", "2026-11-23T01:02:35.690046153Z"),
        ] {
            std::fs::write(day.join(name).with_extension("html"), "")?;
            let report = serde_json::json!({ "started_at": at }).to_string();
            std::fs::write(day.join(name).with_extension("json"), report)?;
        }
        let link = format!("<a href=\"#top\"></a><a href=\"{DAY}/{linked}.html\"></a>");
        std::fs::write(folder.path().join(INDEX), link)?;
        Ok(folder)
    }

    fn says(linked: &str) -> Result<String> {
        let folder = site(linked)?;
        let day = folder.path().join(DAY);
        let pages = ["010235Z-f5e0.html", "010235Z-6ae2.html"].map(|name| day.join(name));
        let checked = leads_to_the_newest(&folder.path().join(INDEX), &pages);
        Ok(checked.err().map_or_else(String::new, |why| why.to_string()))
    }

    #[test]
    fn the_newest_page_is_the_one_whose_run_began_last_even_within_a_second() -> Result<()> {
        assert_eq!(says("010235Z-6ae2")?, "");
        assert!(says("010235Z-f5e0")?.contains("does not link to"));
        Ok(())
    }

    #[test]
    fn a_link_to_a_page_that_is_not_there_is_found() -> Result<()> {
        assert!(says("010235Z-0000")?.contains("which is not there"));
        Ok(())
    }
}
