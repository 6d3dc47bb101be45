//! Independent bars, lying down, so that labels of any length fit on a phone.

use maud::{Markup, html};

use super::t;
use crate::chart::Bars;

/// Height of a bar in CSS pixels.
const HEIGHT: u32 = 14;

pub(super) fn draw(bars: &Bars) -> Markup {
    let values = bars.bars.iter().map(|(_, value)| *value);
    let scale = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
    html! {
        figure.figure {
            figcaption { h3 { (t(&bars.title)) } p.source { (t(&bars.unit)) } }
            ol.stages.bars {
                @for (label, value) in &bars.bars { (row(label, *value, scale, &bars.unit)) }
            }
        }
    }
}

fn row(label: &str, value: f64, scale: f64, unit: &str) -> Markup {
    let shown = shown(value);
    let title = if value.is_finite() {
        format!("{label}: {shown} {unit}")
    } else {
        format!("{label}: no value")
    };
    html! {
        li {
            span.label { (t(label)) }
            svg.bar width="100%" height=(HEIGHT) role="img" aria-label=(t(&title)) {
                title { (t(&title)) }
                @if value.is_finite() {
                    rect.track width="100%" height=(HEIGHT) rx="3" {}
                    @if value > 0.0 { rect.kept width=(percent(value, scale)) height=(HEIGHT) rx="3" {} }
                } @else {
                    rect.gap width="100%" height=(HEIGHT) rx="3" {}
                }
            }
            span.value { (shown) }
        }
    }
}

/// At most two decimals, none where they are zero; `?` for what is no number.
fn shown(value: f64) -> String {
    if value.is_finite() {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        "?".to_owned()
    }
}

fn percent(value: f64, scale: f64) -> String {
    format!("{:.2}%", (value / scale * 100.0).clamp(0.5, 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_no_number_is_a_gap_w21() {
        let bars = [
            ("a", f64::NAN),
            ("b", f64::INFINITY),
            ("c", 2.5),
            ("d", -1.0),
            ("e", 0.0),
        ];
        let bars = Bars {
            title: "t".to_owned(),
            unit: "s".to_owned(),
            bars: bars.map(|(label, value)| (label.to_owned(), value)).to_vec(),
        };
        let svg = draw(&bars).into_string();
        assert_eq!(svg.matches("class=\"gap\"").count(), 2, "{svg}");
        assert!(svg.contains("c: 2.5 s") && svg.contains("100.00%"), "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn numbers_are_shown_without_needless_decimals() {
        assert_eq!(
            [1.0, 100.0, 0.25, 1.0 / 3.0].map(shown),
            ["1", "100", "0.25", "0.33"]
        );
    }
}
