//! A line that judges says by what it judges, and one that fails says what to do.

use day2_core::Verdict;

use super::whole::{TASKS, broken, settings, well};
use super::world::judge;

/// What could not be read is told without a limit; whatever passes or fails has one. The well world passes everywhere and the
/// broken one fails everywhere (`denied.rs`), so that each line is seen both ways.
#[test]
fn every_line_that_passes_or_fails_names_its_limit_with_its_source_and_a_failure_its_way_out() {
    let settings = settings();
    for task in TASKS {
        for (facts, verdict) in [(well(task), Verdict::Pass), (broken(task), Verdict::Fail)] {
            for item in judge(&facts, &settings, task) {
                assert_eq!(item.verdict(), verdict, "{task:?}: {item:#?}");
                let limited = item
                    .threshold
                    .as_ref()
                    .is_some_and(|limit| !limit.limit.is_empty() && !limit.source.is_empty());
                assert!(limited, "{task:?}, no limit: {item:#?}");
                let remedy = item.remedy.as_deref().unwrap_or_default();
                assert_eq!(remedy.is_empty(), verdict == Verdict::Pass, "{task:?}: {item:#?}");
            }
        }
    }
}
