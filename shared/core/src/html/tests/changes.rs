//! What a page says of the changes since the run before.

use super::*;

/// Demands 15: a recovery tells how long it stood, on the page too.
#[test]
fn the_page_tells_how_long_what_is_resolved_was_reported_and_since_when_what_stands_is() {
    let remark = |report: &Report, said: &str| {
        let page = page_of(report);
        page.matches(&format!("<p class=\"source\">{said}</p>")).count()
    };
    let recovered = sample::recovered();
    assert_eq!(remark(&recovered, "reported for 71 h"), 3);
    assert_eq!(remark(&recovered, "reported for up to 95 h"), 1);
    let failing = sample::failing();
    assert_eq!(remark(&failing, "reported since Thu 5 Mar 07:00"), 1);
    assert_eq!(remark(&failing, "reported for 24 h"), 1);
    assert_eq!(
        page_of(&failing).matches("reported ").count(),
        2,
        "nothing is said of what is new"
    );
}
