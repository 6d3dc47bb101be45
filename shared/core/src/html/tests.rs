use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::chart::{Bars, Loss, Stage, Waterfall};
use crate::item::{Item, Population};
use crate::report::PastRun;
use crate::sample;

fn page_of(report: &Report) -> String {
    page(report, &sample::rendering(report))
}

/// The elements of a page in order, by name, and every attribute with its value.
pub(super) fn elements(page: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let without_style = match (page.find("<style>"), page.find("</style>")) {
        (Some(start), Some(end)) => format!("{}{}", &page[..start], &page[end..]),
        _ => page.to_owned(),
    };
    let mut found = Vec::new();
    let mut rest = &*without_style;
    while let Some((_, tag)) = rest.split_once('<') {
        let end = tag.find([' ', '>']).unwrap();
        let name = tag[..end].to_owned();
        let mut attributes = BTreeMap::new();
        rest = tag[end..].trim_start();
        while !rest.starts_with('>') {
            let (key, value) = rest.split_at(rest.find(['=', ' ', '>']).unwrap());
            let Some(value) = value.strip_prefix("=\"") else {
                attributes.insert(key.to_owned(), String::new());
                rest = value.trim_start();
                continue;
            };
            let (value, after) = value.split_once('"').unwrap();
            attributes.insert(key.to_owned(), value.to_owned());
            rest = after.trim_start();
        }
        found.push((name, attributes));
    }
    found
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    let page = page_of(&sample::failing());
    assert!(page.contains(
        "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'"
    ));
    for (name, attributes) in elements(&page) {
        assert!(
            ![
                "script", "link", "iframe", "img", "object", "embed", "base", "form"
            ]
            .contains(&&*name),
            "{name}"
        );
        for (key, value) in attributes {
            assert!(
                !key.starts_with("on") && key != "src" && key != "style",
                "{key}={value}"
            );
            if key == "href" {
                assert!(!value.contains(':') && !value.starts_with('/'), "{value}");
            }
        }
    }
    assert!(!style::CSS.contains("http") && !style::CSS.contains("@import") && !style::CSS.contains('<'));
    assert_eq!(
        style::CSS.matches("url(").count(),
        style::CSS.matches("url(#hatch)").count()
    );
}

#[test]
fn every_opened_element_is_closed() {
    const VOID: [&str; 2] = ["meta", "!DOCTYPE"];
    let mut open = Vec::new();
    for (name, _) in elements(&page_of(&sample::failing())) {
        if let Some(closed) = name.strip_prefix('/') {
            if closed != "style" {
                assert_eq!(open.pop().as_deref(), Some(closed));
            }
        } else if !VOID.contains(&&*name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn every_id_is_used_once_and_every_reference_has_its_target() {
    let elements = elements(&page_of(&sample::failing()));
    let mut ids: Vec<&String> = elements
        .iter()
        .filter_map(|(_, attributes)| attributes.get("id"))
        .collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
    for (_, attributes) in &elements {
        for key in ["aria-labelledby", "href"] {
            let reference = attributes.get(key).map(|value| value.trim_start_matches('#'));
            if let Some(id) = reference.filter(|_| key != "href" || attributes[key].starts_with('#')) {
                assert!(ids.iter().any(|known| *known == id), "{id}");
            }
        }
    }
}

#[test]
fn what_failed_comes_first_then_what_nobody_saw_then_the_rest() {
    let page = page_of(&sample::failing());
    let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part} is missing"));
    let order = [
        "3 of 11 checks failed, 1 unknown.",
        "id=\"failed\"",
        "id=\"unknown\"",
        "id=\"changes\"",
        "id=\"figures\"",
        "id=\"all\"",
        "id=\"again\"",
    ];
    for pair in order.windows(2) {
        assert!(at(pair[0]) < at(pair[1]), "{pair:?}");
    }
}

#[test]
fn the_same_report_gives_the_same_page() {
    assert_eq!(page_of(&sample::failing()), page_of(&sample::failing()));
}

#[test]
fn earlier_pages_are_linked_by_relative_address() {
    let page = page_of(&sample::failing());
    assert!(page.contains("href=\"../05/120000Z-5a3f.html\""), "yesterday");
    assert!(
        page.contains("href=\"../../02/25/120000Z-5a3f.html\""),
        "last month"
    );
    assert!(page.contains("Thu 5 Mar: FAIL") && page.contains("Sat 28 Feb: no run on record"));
    assert!(page.contains("Fri 6 Mar: FAIL, this run"));
}

#[test]
fn a_day_of_many_runs_shows_its_worst() {
    let mut report = sample::failing();
    let run = |at: &str, status| PastRun {
        at: at.parse().unwrap(),
        status,
        outcome: None,
        plan_id: None,
        lease: None,
        silent: false,
        page: Some(format!("p/{at}")),
    };
    report.history = vec![
        run("2026-03-04T12:00:00Z", Verdict::Pass),
        run("2026-03-04T14:00:00Z", Verdict::Unknown),
        // 23:30 of the same day in New York, although the 5th in UTC (T01).
        run("2026-03-05T04:30:00Z", Verdict::Pass),
    ];
    let page = page_of(&report);
    assert!(page.contains("Wed 4 Mar: UNKNOWN, the worst of 3 runs"), "{page}");
    assert!(page.contains("Thu 5 Mar: no run on record"));
}

/// A report in which every string is `hostile`.
fn attacked(hostile: &str) -> Report {
    let mut report = sample::failing();
    let text = || hostile.to_owned();
    report.id = text();
    report.schema = text();
    report.run.function = text();
    report.run.task = text();
    report.run.target = text();
    report.run.account_id = text();
    report.run.region = text();
    report.run.trigger = text();
    report.run.zone = text();
    report.run.request_id = text();
    let population = Population {
        examined: 1,
        expected_at_least: 2,
    };
    let item = |verdict| {
        Item::judge(hostile, hostile, verdict, population, hostile)
            .subjects((0..10).map(|_| (text(), text())))
            .threshold(hostile, hostile)
            .remedy(hostile)
            .owner(hostile)
    };
    report.changes = crate::compare::compare(Some(&crate::compare::Snapshot::of(&report)), &report);
    report.items = vec![item(Verdict::Fail), item(Verdict::Unknown), item(Verdict::Pass)];
    for complaint in report.changes.still.iter_mut().chain(&mut report.changes.new) {
        complaint.code = text();
        complaint.title = text();
        complaint.subject = text();
    }
    for past in &mut report.history {
        past.page = Some(text());
    }
    let losses = vec![Loss {
        count: 1,
        reason: text(),
    }];
    let stages = vec![Stage {
        label: text(),
        count: None,
        losses,
    }];
    report.charts = vec![
        Chart::Waterfall(Waterfall {
            title: text(),
            unit: text(),
            stages,
        }),
        Chart::Bars(Bars {
            title: text(),
            unit: text(),
            bars: vec![(text(), 1.0)],
        }),
    ];
    report
}

/// What a page consists of when nobody attacks it: element names in order, and names of attributes.
fn skeleton(page: &str) -> Vec<(String, Vec<String>)> {
    let elements = elements(page).into_iter();
    elements
        .map(|(name, attributes)| (name, attributes.into_keys().collect()))
        .collect()
}

#[test]
fn no_text_can_add_an_element_an_attribute_or_a_live_link_e12() {
    let calm = attacked("calm");
    let rendering = sample::rendering(&calm);
    for hostile in [
        "</td><script>alert(1)</script>",
        "\" onmouseover=\"alert(1)",
        "' onfocus='alert(1)' autofocus='",
        "</title></style><svg onload=alert(1)>",
        "<!--",
        "]]>",
        "javascript:alert(1)",
        "//evil.example/x",
        "https://evil.example/\r\n\u{202e}\0\u{2028}",
        "&lt;script&gt;",
    ] {
        let page = page(&attacked(hostile), &rendering);
        assert_eq!(
            skeleton(&page),
            skeleton(&self::page(&calm, &rendering)),
            "{hostile}"
        );
        assert!(
            !page.contains("https://evil") && !page.contains("href=\"javascript:"),
            "{hostile}"
        );
        assert!(!page.contains("href=\"//"), "{hostile}");
        assert!(!page.chars().any(|c| c != '\n' && c.is_control()), "{hostile}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_at_all_leaves_the_page_its_shape_e12(hostile in "[<>&\"'a/=\\-! \u{0}-\u{20}]{1,12}") {
        prop_assume!(!hostile.trim().is_empty());
        let calm = attacked("calm");
        let rendering = sample::rendering(&calm);
        let page = page(&attacked(&hostile), &rendering);
        prop_assert_eq!(skeleton(&page), skeleton(&self::page(&calm, &rendering)));
    }
}

#[test]
fn ten_thousand_subjects_fold_and_end() {
    let mut report = sample::failing();
    let names = (0..10_000).map(|n| (format!("ns/pod-{n}"), "Pending".to_owned()));
    report.items = vec![report.items[0].clone().subjects(names)];
    let page = page_of(&report);
    assert!(page.contains("492 more") && page.contains("and 9501 more, in the JSON document"));
    assert!(page.len() < 400_000, "{}", page.len());
}

mod action;
mod changes;
