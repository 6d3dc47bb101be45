//! Stages that follow each other: how many reached each, how many were lost on the way, and why.
//!
//! Words are HTML, so that they wrap on a phone; only the bars are SVG, with widths in percent of the column.

use maud::{Markup, html};

use super::t;
use crate::chart::{Stage, Waterfall};

/// Height of a bar in CSS pixels.
const HEIGHT: u32 = 22;

pub(super) fn draw(waterfall: &Waterfall) -> Markup {
    let counts = || waterfall.stages.iter().filter_map(|stage| stage.count);
    let scale = counts().max().unwrap_or(0);
    // What the last stage that could be read kept: the loss of a stage is counted from there.
    let stages = waterfall.stages.iter().scan(None, |reached, stage| {
        let before = *reached;
        *reached = stage.count.or(before);
        Some((stage, before))
    });
    html! {
        figure.figure {
            figcaption { h3 { (t(&waterfall.title)) } p.source { (t(&waterfall.unit)) } }
            ol.stages {
                @for (stage, before) in stages { (row(stage, before, scale, &waterfall.unit)) }
            }
        }
    }
}

fn row(stage: &Stage, before: Option<u64>, scale: u64, unit: &str) -> Markup {
    let lost = stage
        .count
        .zip(before)
        .map_or(0, |(count, before)| before.saturating_sub(count));
    let title = match stage.count {
        Some(count) if lost > 0 => format!("{}: {count} {unit}, {lost} lost", stage.label),
        Some(count) => format!("{}: {count} {unit}", stage.label),
        None => format!("{}: could not be read", stage.label),
    };
    let explained = stage
        .losses
        .iter()
        .fold(0_u64, |sum, loss| sum.saturating_add(loss.count));
    let unexplained = lost.saturating_sub(explained);
    html! {
        li {
            span.label { (t(&stage.label)) }
            svg.bar width="100%" height=(HEIGHT) role="img" aria-label=(t(&title)) {
                title { (t(&title)) }
                @if let Some(count) = stage.count {
                    rect.track width="100%" height=(HEIGHT) rx="3" {}
                    @if lost > 0 {
                        rect.lost x=(percent(count, scale)) width=(percent(lost, scale)) height=(HEIGHT) rx="3" {}
                    }
                    rect.kept width=(percent(count, scale)) height=(HEIGHT) rx="3" {}
                } @else {
                    rect.gap width="100%" height=(HEIGHT) rx="3" {}
                }
            }
            span.value {
                @if let Some(count) = stage.count { (count) } @else { "?" }
                @if lost > 0 { span.minus { " −" (lost) } }
            }
            @if stage.count.is_none() || lost > 0 || !stage.losses.is_empty() {
                ul.losses {
                    @if stage.count.is_none() { li { "could not be read" } }
                    @for loss in &stage.losses { li { b { (loss.count) } " " (t(&loss.reason)) } }
                    @if unexplained > 0 { li { b { (unexplained) } " for no reason that could be found" } }
                }
            }
        }
    }
}

/// `part` of `whole` for an SVG length, with two decimals; a part that exists is never drawn as nothing.
fn percent(part: u64, whole: u64) -> String {
    let hundredths = (u128::from(part) * 10_000)
        .checked_div(u128::from(whole))
        .unwrap_or(0);
    let drawn = hundredths.max(if part > 0 { 50 } else { 0 });
    format!("{}.{:02}%", drawn / 100, drawn % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Loss;

    fn stage(label: &str, count: Option<u64>, losses: &[(u64, &str)]) -> Stage {
        let losses = losses.iter().map(|(count, reason)| Loss {
            count: *count,
            reason: (*reason).to_owned(),
        });
        Stage {
            label: label.to_owned(),
            count,
            losses: losses.collect(),
        }
    }

    fn drawn(stages: Vec<Stage>) -> String {
        draw(&Waterfall {
            title: "t".to_owned(),
            unit: "nodes".to_owned(),
            stages,
        })
        .into_string()
    }

    #[test]
    fn a_stage_that_could_not_be_read_is_a_gap_and_never_zero() {
        let svg = drawn(vec![
            stage("a", Some(10), &[]),
            stage("b", None, &[]),
            stage("c", Some(7), &[]),
        ]);
        assert!(
            svg.contains("b: could not be read") && svg.contains("class=\"gap\""),
            "{svg}"
        );
        assert!(!svg.contains("b: 0"), "{svg}");
        // The loss behind the gap is counted from the last stage that is known.
        assert!(svg.contains("c: 7 nodes, 3 lost"), "{svg}");
    }

    #[test]
    fn a_loss_without_a_reason_is_said_to_have_none() {
        let svg = drawn(vec![
            stage("a", Some(10), &[]),
            stage("b", Some(6), &[(3, "quota")]),
        ]);
        assert!(
            svg.contains("<b>3</b> quota") && svg.contains("<b>1</b> for no reason"),
            "{svg}"
        );
    }

    #[test]
    fn nothing_at_all_divides_by_nothing_w21() {
        assert!(drawn(vec![stage("a", Some(0), &[])]).contains("0.00%"));
        assert!(drawn(vec![]).contains("<ol"));
        assert_eq!(percent(u64::MAX, u64::MAX), "100.00%");
        assert_eq!(percent(1, 1_000_000), "0.50%");
    }
}
