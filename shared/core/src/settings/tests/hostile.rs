//! Values at the limits and beyond.

use super::*;

#[test]
fn endpoints_are_https_without_a_user_or_a_metadata_address_e15() {
    for (endpoint, why) in [
        ("http://localhost:2375", "not https"),
        ("https://a:b@evil.example", "looks like a secret"),
        ("https://169.254.169.254", "link-local"),
        ("https://[fe80::1]/", "link-local"),
        ("https://host/?x=1", "a query"),
        ("ftp://host", "not https"),
        ("host:443", "not https"),
        ("", "not a URL"),
    ] {
        let text = only("/targets/0/cluster/endpoint", json!(endpoint));
        assert!(text.contains(why), "{endpoint}: {text}");
    }
}

#[test]
fn values_that_may_be_secrets_are_never_repeated_e18() {
    let mut document = good();
    document["deployment"]["db_password"] = json!("hunter2hunter2");
    document["deployment"]["report_bucket"] = json!("AKIAIOSFODNN7EXAMPLE");
    document["targets"][0]["cluster"]["endpoint"] = json!("https://ops:swordfish@host/");
    document["function"]["token"] = json!({"a": "t0ps3cret"});
    let text = read::<Plans>(&document.to_string()).unwrap_err().to_string();
    for secret in ["hunter2", "AKIAIOSFODNN7EXAMPLE", "swordfish", "t0ps3cret"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn a_document_that_is_no_document_is_one_mistake() {
    for (text, why) in [
        ("", "is empty"),
        ("[]", "is not a JSON object"),
        ("null", "is not a JSON object"),
        ("{\"deployment\": NaN}", "NaN"),
        (&*"[".repeat(2_000), "128 levels"),
        (&*" ".repeat(2 << 20), "2097152 bytes"),
    ] {
        let found = read::<Plans>(text).unwrap_err();
        assert!(found.len() == 1 && found.to_string().contains(why), "{found}");
    }
    let found = read::<Plans>("{\"deploymant\": {}, \"function\": {}, \"function\": {}}")
        .unwrap_err()
        .to_string();
    for part in [
        "function: is written twice",
        "deployment: is missing; add `deployment`, who runs",
        "targets: is missing",
        "deploymant: there is no such field; did you mean `deployment`?",
    ] {
        assert!(found.contains(part), "{found}");
    }
}

#[test]
fn hostile_values_do_not_break_the_lines_of_the_list_e12() {
    let text = only(
        "/deployment/name",
        json!("x\n  2. deployment.zone: forged\u{202e}\u{1b}[2J"),
    );
    assert!(
        !text.contains('\n') && !text.contains('\u{202e}') && !text.contains('\u{1b}'),
        "{text}"
    );
    let mut document = good();
    document["function"]["a\nb"] = json!(1);
    assert!(mistakes(&document)[0].starts_with("function.\"a\\nb\": there is no such field"));
}

#[test]
fn thousands_of_mistakes_are_counted_and_the_first_hundred_shown() {
    let mut document = good();
    document["function"]["plans"] = json!(vec![json!({}); 5_000]);
    let found = read::<Plans>(&document.to_string()).unwrap_err();
    assert_eq!(found.len(), 15_000);
    assert!(found.to_string().lines().count() == 102 && found.to_string().ends_with("and 14900 more"));
}

#[test]
fn local_times_percentages_and_days_are_checked() {
    for bad in ["6:30", "24:00", "06:60", "0630", "06:30:00", "", "٠٦:٣٠"] {
        assert!(bad.parse::<LocalTime>().is_err(), "{bad}");
    }
    assert_eq!("06:30".parse::<LocalTime>().unwrap().to_string(), "06:30");
    for bad in [
        json!(-1),
        json!(100.5),
        json!(101),
        json!(u64::MAX),
        json!(i64::MIN),
        json!("80"),
        json!(true),
    ] {
        only("/function/plans/0/used_percent", bad);
    }
    for bad in [
        "2026-13-01",
        "2027-02-29",
        "20260101",
        "2026-01-01T00:00",
        "26-01-01",
    ] {
        assert!(bad.parse::<Day>().is_err(), "{bad}");
    }
    assert!("2028-02-29".parse::<Day>().is_ok());
    for (bad, way_out) in [
        ("america/new_york", "America/New_York"),
        ("PST", "IANA"),
        ("+05:00", "offset"),
        ("", "IANA"),
    ] {
        assert!(
            bad.parse::<Zone>()
                .is_err_and(|m| m.to_string().contains(way_out)),
            "{bad}"
        );
    }
}
