use jiff::Timestamp;

use crate::assess::usable;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn empty_nan_single_and_future_datapoints_carry_no_verdict_w21() {
    let now = at("2026-11-20T11:30:00Z");
    let past = at("2026-11-20T11:20:00Z");
    let future = at("2026-11-20T11:40:00Z");
    assert!(usable(&[], now, 1).is_err());
    assert!(usable(&[(past, f64::NAN), (past, f64::NAN), (past, f64::NAN)], now, 3).is_err());
    assert!(usable(&[(past, 1.0)], now, 3).is_err());
    assert!(usable(&[(future, 1.0), (future, 1.0), (future, 1.0)], now, 3).is_err());
    assert_eq!(
        usable(&[(past, 1.0), (past, 2.0), (now, 3.0)], now, 3),
        Ok(vec![1.0, 2.0, 3.0])
    );
}

#[test]
fn a_minimum_of_zero_still_needs_one_datapoint() {
    assert!(usable(&[], at("2026-11-20T11:30:00Z"), 0).is_err());
}
