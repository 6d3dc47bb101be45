//! The style of the page. Colours of text reach a contrast of 4.5 : 1 on their ground in light and in dark
//! (WCAG 2.2, success criterion 1.4.3); the tests below compute it.

/// The style sheet, free of addresses and of anything dynamic.
pub(super) const CSS: &str = include_str!("style.css");

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::CSS;

    /// `--name: #rrggbb` of one colour scheme.
    fn colours(css: &str) -> BTreeMap<&str, [f64; 3]> {
        css.split(';')
            .filter_map(|declaration| declaration.rsplit_once("--")?.1.split_once(": #"))
            .filter(|(_, hex)| hex.len() == 6)
            .map(|(name, hex)| {
                let channel =
                    |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
                (name, [channel(0), channel(2), channel(4)])
            })
            .collect()
    }

    /// Contrast as WCAG 2.2 defines it.
    fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
        let luminance = |colour: [f64; 3]| {
            let linear = colour.map(|c| {
                if c <= 0.04045 {
                    c / 12.92
                } else {
                    ((c + 0.055) / 1.055).powf(2.4)
                }
            });
            0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_reaches_the_contrast_of_wcag_aa_in_light_and_dark() {
        let dark_from = CSS.find("@media (prefers-color-scheme: dark)").unwrap();
        let dark_to = CSS.find("* { box-sizing").unwrap();
        for scheme in [&CSS[..dark_from], &CSS[dark_from..dark_to]] {
            let colours = colours(scheme);
            let pairs = [
                ("ink", "ground"),
                ("ink", "card"),
                ("soft-ink", "ground"),
                ("soft-ink", "card"),
                ("ink", "code"),
                ("link", "card"),
                ("link", "ground"),
                ("fail", "card"),
                ("unknown", "card"),
                ("pass", "card"),
                ("fail", "fail-soft"),
                ("unknown", "unknown-soft"),
                ("pass", "pass-soft"),
                ("ink", "fail-soft"),
                ("ink", "unknown-soft"),
                ("ink", "pass-soft"),
                ("link", "code"),
                ("fail", "code"),
                ("unknown", "code"),
                ("pass", "code"),
                ("soft-ink", "code"),
                ("soft-ink", "fail-soft"),
                ("soft-ink", "unknown-soft"),
                ("soft-ink", "pass-soft"),
            ];
            for (text, ground) in pairs {
                let ratio = contrast(colours[text], colours[ground]);
                assert!(ratio >= 4.5, "{text} on {ground}: {ratio:.2}");
            }
            // Graphics need 3 : 1 (success criterion 1.4.11).
            assert!(contrast(colours["kept"], colours["track"]) >= 3.0);
        }
    }
}
