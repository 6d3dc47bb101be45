//! Where a report lies: its keys in the bucket, the console's address of it, and links between pages.
//!
//! These are the only live links of a report; every other address in it is neutralised by [`crate::hostile`].

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::arn::Partition;
use crate::report::Report;

/// Host of the regional console. Source: AWS General Reference, "AWS Management Console endpoints and quotas", for
/// `aws`; the other two have the same form under the domain of their partition.
fn console_host(partition: Partition, region: &str) -> String {
    format!("{}.{}", encode(region, Keep::Segment), partition.console_host())
}

/// Key of the page that leads to all others. In the folder of the reports, so that a copy of that folder is a site.
pub const INDEX: &str = "reports/index.html";

/// Where the two stored forms of a report lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Partition of the bucket.
    pub partition: Partition,
    /// Region of the bucket.
    pub region: String,
    /// Name of the bucket.
    pub bucket: String,
    /// Key of the HTML page.
    pub page: String,
    /// Key of the JSON document.
    pub json: String,
}

impl Place {
    /// The place of `report` in `bucket`:
    /// `reports/<function>/<target>/<task>/<yyyy>/<mm>/<dd>/<HHMMSSZ>-<id>.{html,json}`, with the scheduled time in
    /// UTC, or the time of the start where there is none. A second delivery of the same scheduled run finds the
    /// same place (`cases.md` T03). Names are cut to letters, digits, `.`, `_` and `-`, so that they cannot leave
    /// the folder (E14).
    #[must_use]
    pub fn of(report: &Report, partition: Partition, region: &str, bucket: &str) -> Self {
        let run = &report.run;
        let at = run.scheduled_at.unwrap_or(run.started_at).to_zoned(TimeZone::UTC);
        let stem = format!(
            "reports/{}/{}/{}/{}-{}",
            segment(&run.function),
            segment(&run.target),
            segment(&run.task),
            at.strftime("%Y/%m/%d/%H%M%SZ"),
            segment(&report.id),
        );
        Self {
            partition,
            region: region.to_owned(),
            bucket: bucket.to_owned(),
            page: format!("{stem}.html"),
            json: format!("{stem}.json"),
        }
    }

    /// The page in the console; it asks for a login and then offers to open the object.
    #[must_use]
    pub fn console_url(&self) -> String {
        format!(
            "https://{}/s3/object/{}?region={}&prefix={}",
            console_host(self.partition, &self.region),
            encode(&self.bucket, Keep::Segment),
            encode(&self.region, Keep::Segment),
            encode(&self.page, Keep::Path),
        )
    }

    /// `s3://bucket/key` of the HTML page.
    #[must_use]
    pub fn page_uri(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.page)
    }

    /// `s3://bucket/key` of the JSON document.
    #[must_use]
    pub fn json_uri(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.json)
    }
}

/// What a renderer must know besides the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendering {
    /// Where the report lies, or is about to.
    pub place: Place,
    /// Why it does not lie there, if storing failed; the mail says so instead of naming a place that is empty.
    pub not_stored: Option<String>,
    /// Name of the deployed Lambda function, for the line that runs it again by hand.
    pub lambda: String,
    /// Region of that function.
    pub lambda_region: String,
}

/// Address of the object `to` as seen from the page `from`, both keys of one bucket.
///
/// Always relative, also for keys that look like an address with a scheme, and percent-encoded.
#[must_use]
pub fn relative(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').collect();
    let to: Vec<&str> = to.split('/').collect();
    // The last segment of each is the object itself, never a shared folder.
    let folders = from.len().min(to.len()).saturating_sub(1);
    let shared = from
        .iter()
        .zip(&to)
        .take(folders)
        .take_while(|(a, b)| a == b)
        .count();
    let up = from.len().saturating_sub(shared + 1);
    let mut parts = vec!["..".to_owned(); up];
    if up == 0 && to.get(shared).is_some_and(|first| first.is_empty()) {
        parts.push(".".to_owned()); // "/x" and "//host" would leave the folder
    }
    parts.extend(to.iter().skip(shared).map(|part| encode(part, Keep::Segment)));
    parts.join("/")
}

/// One folder or file name of a key.
fn segment(name: &str) -> String {
    let clean: String = name
        .chars()
        .take(100)
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
                c
            } else {
                '_'
            }
        })
        .collect();
    if clean.chars().all(|c| c == '.') {
        "_".to_owned()
    } else {
        clean
    }
}

/// What [`encode`] leaves besides unreserved characters.
#[derive(Clone, Copy, PartialEq)]
enum Keep {
    Segment,
    Path,
}

/// Percent-encoding of everything but the unreserved characters of RFC 3986 section 2.3.
fn encode(text: &str, keep: Keep) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (keep == Keep::Path && byte == b'/') {
            out.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn place(partition: Partition, region: &str) -> Place {
        Place::of(&sample::failing(), partition, region, "day2-reports")
    }

    #[test]
    fn the_console_link_has_the_host_of_each_partition_w27() {
        let key = "reports/scale-window/prod-a/postscale/2026/03/06/120000Z-";
        for (partition, region, host) in [
            (Partition::Aws, "us-east-1", "us-east-1.console.aws.amazon.com"),
            (
                Partition::AwsUsGov,
                "us-gov-west-1",
                "us-gov-west-1.console.amazonaws-us-gov.com",
            ),
            (Partition::AwsCn, "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ] {
            let url = place(partition, region).console_url();
            let start = format!("https://{host}/s3/object/day2-reports?region={region}&prefix={key}");
            assert!(url.starts_with(&start), "{url}");
        }
    }

    #[test]
    fn a_second_delivery_of_a_scheduled_run_has_the_same_place_t03() {
        let first = sample::failing();
        let mut second = sample::failing();
        second.run.started_at = "2026-03-06T12:01:40Z".parse().unwrap();
        second.run.request_id = "another-request".to_owned();
        assert_eq!(first.run.report_id(), second.run.report_id());
        let place = |report: &Report| Place::of(report, Partition::Aws, "us-east-1", "b");
        assert_eq!(place(&first), place(&second));
    }

    #[test]
    fn a_hostile_name_cannot_leave_the_folder_of_reports_e14() {
        let mut report = sample::failing();
        report.run.target = "../../etc/passwd\u{202e}\n".to_owned();
        report.run.task = "..".to_owned();
        let page = Place::of(&report, Partition::Aws, "r", "b").page;
        assert!(
            page.starts_with("reports/scale-window/.._.._etc_passwd__/_/2026/03/06/120000Z-"),
            "{page}"
        );
    }

    #[test]
    fn links_between_pages_are_relative_and_encoded() {
        for (from, to, link) in [
            ("a/b/x.html", "a/b/y.html", "y.html"),
            ("a/b/06/x.html", "a/b/05/y.html", "../05/y.html"),
            ("a/b/06/x.html", "a/c/y.html", "../../c/y.html"),
            ("x.html", "a/y.html", "a/y.html"),
            ("a/x.html", "y.html", "../y.html"),
            ("a/x.html", "a/x.html", "x.html"),
            ("a/x.html", "javascript:alert(1)", "../javascript%3Aalert%281%29"),
            ("x.html", "https://evil.example/", "https%3A//evil.example/"),
            ("x.html", "//evil.example/y", ".///evil.example/y"),
            ("a/x.html", "a/ä \"<.html", "%C3%A4%20%22%3C.html"),
        ] {
            assert_eq!(relative(from, to), link, "{from} -> {to}");
        }
    }
}
