//! The shapes of the three verdicts: a check in a disc, a question mark in a diamond, a cross in an octagon; and two
//! more for outcomes: a pause in a square, an exclamation mark in a diamond.

use maud::{Markup, html};

use super::{class, tone};
use crate::verdict::Verdict;
use crate::words::action::Tone;

/// Definitions that the drawings of the page refer to; drawn nowhere itself.
pub(super) fn definitions() -> Markup {
    html! {
        svg width="0" height="0" aria-hidden="true" focusable="false" class="defs" {
            defs {
                pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    line class="hatch" x1="0" y1="0" x2="0" y2="7" {}
                }
            }
        }
    }
}

/// The icon beside a word that says the same; hidden from screen readers.
pub(super) fn icon(verdict: Verdict) -> Markup {
    drawn(class(verdict), shape(verdict), &glyph(verdict))
}

/// The icon beside the word of an outcome, an effect or a step's state.
pub(super) fn sign(of: Tone) -> Markup {
    const PAUSE: &str = "M7.7 6.6V13.4M12.3 6.6V13.4";
    const MIND: &str = "M10 5.4V11.2M10 14.2V14.3";
    const SQUARE: &str = "M4 1.5H16A2.5 2.5 0 0 1 18.5 4V16A2.5 2.5 0 0 1 16 18.5H4A2.5 2.5 0 0 1 1.5 16V4A2.5 2.5 0 0 1 4 1.5Z";
    let lines = |lines| html! { path.glyph d=(lines) {} };
    match of {
        Tone::Good => icon(Verdict::Pass),
        Tone::Bad => icon(Verdict::Fail),
        Tone::Calm => drawn(tone(of), SQUARE, &lines(PAUSE)),
        Tone::Doubt => drawn(tone(of), shape(Verdict::Unknown), &lines(MIND)),
    }
}

fn drawn(class: &str, shape: &str, glyph: &Markup) -> Markup {
    html! {
        svg.icon.(class) viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false" {
            path.shape d=(shape) {}
            (glyph)
        }
    }
}

/// The sign alone, in a box of 20 × 20.
pub(super) fn glyph(verdict: Verdict) -> Markup {
    let lines = match verdict {
        Verdict::Pass => "M5.9 10.3 8.8 13.2 14.2 7.2",
        Verdict::Unknown => "M7.7 8A2.3 2.3 0 1 1 10.9 10.1Q10 10.6 10 11.6M10 14.3V14.4",
        Verdict::Fail => "M6.8 6.8 13.2 13.2M13.2 6.8 6.8 13.2",
    };
    html! { path.glyph d=(lines) {} }
}

const fn shape(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "M10 1A9 9 0 1 1 10 19A9 9 0 1 1 10 1Z",
        Verdict::Unknown => "M10 .4 19.6 10 10 19.6.4 10Z",
        Verdict::Fail => "M6.3 1H13.7L19 6.3V13.7L13.7 19H6.3L1 13.7V6.3Z",
    }
}
