//! A graph of a metric that nobody writes is empty, which looks like a quiet day.

use std::collections::BTreeSet;
use std::path::Path;

use super::trees::caught;
use super::{obeyed, quoted, shipped_code, text};

const DASHBOARD: &str = "infra/dashboard.tf";

/// The metrics of ours that are searched for are written by the code, and the figures that the code writes are shown.
fn graphs_show_what_is_written(root: &Path) -> Vec<String> {
    let dashboard = text(&root.join(DASHBOARD));
    let searched = dashboard
        .split_once("for metric in [")
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or("", |(list, _)| list);
    let searched: BTreeSet<&str> = quoted(searched).collect();
    if searched.is_empty() {
        return vec![format!(
            "{DASHBOARD} searches for no metric; keep the list `for metric in […]`"
        )];
    }
    let code: Vec<(String, String)> = ["shared", "functions"]
        .iter()
        .flat_map(|folder| shipped_code(root, folder))
        .collect();
    let written: BTreeSet<&str> = code.iter().flat_map(|(_, code)| quoted(code)).collect();
    let unwritten = searched
        .iter()
        .filter(|name| !written.contains(**name))
        .map(|name| format!("{DASHBOARD} shows {name}, which no code writes"));
    let unshown = code
        .iter()
        .flat_map(|(path, code)| figures(code).map(move |name| (path, name)))
        .filter(|(_, name)| !searched.contains(name))
        .map(|(path, name)| format!("{path} writes {name}, which {DASHBOARD} does not show"));
    unwritten.chain(unshown).collect()
}

/// Names of the figures in a file that makes some: texts like `LeasesInForce`.
fn figures(code: &str) -> impl Iterator<Item = &str> {
    let is_name = |text: &&str| {
        text.starts_with(|first: char| first.is_ascii_uppercase())
            && text.chars().all(|one| one.is_ascii_alphabetic())
            && text.chars().filter(char::is_ascii_uppercase).count() > 1
            // A word of the format.
            && *text != "CloudWatchMetrics"
    };
    let makes = code.contains("Figure {") && code.contains("Unit::");
    quoted(if makes { code } else { "" }).filter(is_name)
}

#[test]
fn the_dashboard_shows_what_is_written() {
    obeyed(graphs_show_what_is_written);
}

#[test]
fn a_graph_of_nothing_and_a_figure_that_nobody_sees_are_found() {
    let law = graphs_show_what_is_written;
    caught(law, "shows HeartbeatAgeSeconds, which no code writes", |tree| {
        tree.replace(
            "functions/watchdog/src/assess/ages.rs",
            "\"HeartbeatAgeSeconds\"",
            "\"HeartbeatAge\"",
        );
    });
    caught(law, "figures.rs writes LeasesOverdue, which", |tree| {
        tree.replace(
            DASHBOARD,
            "\"LeasesOverdue\", \"ForeignEvents\"",
            "\"ForeignEvents\"",
        );
    });
}
