//! The reports as a site in a folder, as `aws s3 sync` copies them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Name of the page that leads to the others.
pub const INDEX: &str = "index.html";

/// Every link of the index leads to a page that is there, and the newest page of each task is linked.
///
/// # Errors
///
/// With the link or the page.
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
    // reports/<function>/<target>/<task>/<yyyy>/<mm>/<dd>/<time>-<id>.html
    let mut newest: BTreeMap<&Path, &PathBuf> = BTreeMap::new();
    for page in pages {
        let task = page.ancestors().nth(4).context("a page lies nowhere")?;
        newest
            .entry(task)
            .and_modify(|known| *known = page.max(*known))
            .or_insert(page);
    }
    for page in newest.into_values() {
        ensure!(
            linked.contains(page),
            "the index does not link to {}",
            page.display()
        );
    }
    Ok(())
}
