//! What is broken fails under its own code and by its name; nobody else does.

use super::*;
use crate::facts::KeyRefusal;

/// Breaks the well world in one way: exactly this code fails, with exactly these subjects, each with a fix.
pub(super) fn breaks(label: &str, expected: (&str, &[&str]), change: impl FnOnce(&mut Facts)) {
    let mut facts = well();
    change(&mut facts);
    let items = items(&facts);
    let (code, names) = expected;
    assert_eq!(
        complaints(&items),
        BTreeMap::from([((code, Verdict::Fail), names.to_vec())]),
        "{label}"
    );
    let item = items.iter().find(|item| item.code == code).unwrap();
    assert!(item.remedy.is_some(), "{label}: no remedy");
    for subject in &item.subjects {
        assert!(
            subject.says.contains("fix: "),
            "{label}: {} has no fix",
            subject.says
        );
    }
}

#[test]
fn a_function_that_ends_in_an_error_or_is_gone_fails_by_its_name() {
    breaks("error", ("DOC-001", &["scale-window"]), |facts| {
        facts.answers[1].1 = Ok(Answer::Failed("settings are not usable".to_owned()));
    });
    breaks("gone", ("DOC-001", &["ha-status"]), |facts| {
        facts.answers[0].1 = Err(why(Cause::NotFound));
    });
}

#[test]
fn a_line_of_a_self_check_that_fails_is_named_with_function_code_and_target() {
    breaks("line", ("DOC-002", &["scale-window SCW-802 prod-a"]), |facts| {
        facts.answers[1].1 = Ok(Answer::Proof(vec![
            line("SCW-801", None, Verdict::Pass),
            line("SCW-802", Some("prod-a"), Verdict::Fail),
        ]));
    });
    breaks("of itself", ("DOC-002", &["ha-status HAS-911"]), |facts| {
        facts.answers[0].1 = Ok(Answer::Proof(vec![line("HAS-911", None, Verdict::Fail)]));
    });
}

#[test]
fn a_function_that_is_not_what_was_deployed_fails_by_its_name() {
    type Change = fn(&mut Configuration);
    let changes: [(&str, Change); 5] = [
        ("another package", |seen| {
            seen.code_sha256 = Some("other".to_owned());
        }),
        ("other settings", |seen| seen.settings_sha256 = None),
        ("the role arn:aws:iam::123456789012:role/admin", |seen| {
            seen.role_arn = Some("arn:aws:iam::123456789012:role/admin".to_owned());
        }),
        ("its state is Failed: InvalidSubnet", |seen| {
            seen.state = Some("Failed: InvalidSubnet".to_owned());
        }),
        ("its last update is Failed: InvalidImage", |seen| {
            seen.last_update = Some("Failed: InvalidImage".to_owned());
        }),
    ];
    for (words, change) in changes {
        breaks(words, ("DOC-003", &["ha-status"]), |facts| {
            change(facts.configurations[1].1.as_mut().unwrap());
        });
    }
    // A function that was not called for weeks sleeps, and the doctor's own document cannot hold its own hash.
    let mut facts = well();
    facts.configurations[1].1.as_mut().unwrap().state = Some("Inactive".to_owned());
    facts.configurations[0].1.as_mut().unwrap().settings_sha256 = Some("anything".to_owned());
    let items = items_of(&facts, |own| {
        own["functions"]["doctor"]
            .as_object_mut()
            .unwrap()
            .remove("settings_sha256");
    });
    assert_eq!(complaints(&items), BTreeMap::new());
}

#[test]
fn a_right_too_few_and_a_right_too_many_fail_by_function_and_action_o05() {
    let decided = |facts: &mut Facts, number: usize, decision: &str| {
        facts.rights[2].decisions.as_mut().unwrap()[number].decision = decision.to_owned();
    };
    for word in ["implicitDeny", "explicitDeny"] {
        breaks(word, ("DOC-011", &["scale-window dynamodb:Query"]), |facts| {
            decided(facts, 0, word);
        });
    }
    breaks("too many", ("DOC-012", &["scale-window iam:PassRole"]), |facts| {
        decided(facts, 1, "allowed");
    });
    // Denied is denied, in whichever way.
    let mut facts = well();
    decided(&mut facts, 1, "explicitDeny");
    assert_eq!(complaints(&items(&facts)), BTreeMap::new());
}

#[test]
fn a_right_that_aws_uses_on_behalf_of_a_function_fails_by_function_and_action_and_its_neighbours_pass() {
    let action = |action: &str, decision: &str| Decision {
        action: action.to_owned(),
        decision: decision.to_owned(),
        missing: Vec::new(),
    };
    let key = |function: &str, encrypt: &str| Simulation {
        function: function.to_owned(),
        resource: "arn:aws:kms:us-east-1:123456789012:key/k-1".to_owned(),
        needed: vec!["kms:Decrypt".to_owned(), "kms:GenerateDataKey".to_owned()],
        never: Vec::new(),
        decisions: Ok(vec![
            action("kms:Decrypt", "allowed"),
            action("kms:GenerateDataKey", encrypt),
        ]),
    };
    let mut facts = well();
    facts
        .rights
        .extend([key("ha-status", "allowed"), key("scale-window", "allowed")]);
    assert_eq!(complaints(&items(&facts)), BTreeMap::new());
    for word in ["implicitDeny", "explicitDeny"] {
        breaks(
            word,
            ("DOC-011", &["scale-window kms:GenerateDataKey"]),
            |facts| {
                facts
                    .rights
                    .extend([key("ha-status", "allowed"), key("scale-window", word)]);
            },
        );
    }
}

#[test]
fn a_cluster_that_knows_no_access_entries_fails_and_one_that_nobody_enters_so_is_not_judged() {
    let config_map = |facts: &mut Facts| {
        facts.clusters[0].1.as_mut().unwrap().mode = Some("CONFIG_MAP".to_owned());
    };
    breaks("CONFIG_MAP", ("DOC-021", &["prod-a/prod-a"]), config_map);
    let mut facts = well();
    config_map(&mut facts);
    let says = &items(&facts)[5].subjects[0].says;
    assert!(
        says.contains("fix: aws eks update-cluster-config --region us-east-1 --name prod-a "),
        "{says}"
    );
    facts.entries.clear();
    let items = items_of(&facts, |own| {
        for function in own["functions"].as_object_mut().unwrap().values_mut() {
            function["clusters"] = json!([]);
        }
    });
    assert_eq!(complaints(&items), BTreeMap::new());
    assert!(
        items
            .iter()
            .all(|item| item.code != "DOC-021" && item.code != "DOC-022")
    );
}

#[test]
fn a_cluster_elsewhere_that_is_called_as_our_own_is_not_judged() {
    for (member, value) in [
        ("region", "eu-west-1"),
        ("account_id", "222222222222"),
        ("role_arn", "arn:aws:iam::123456789012:role/reader"),
    ] {
        for seen in [
            Ok(Cluster {
                status: "ACTIVE".to_owned(),
                mode: Some("CONFIG_MAP".to_owned()),
            }),
            Ok(Cluster {
                status: "ACTIVE".to_owned(),
                mode: None,
            }),
        ] {
            let mut facts = well();
            facts.clusters.push(("far/prod-a".to_owned(), seen));
            let items = items_of(&facts, |own| {
                let mut far = own["platforms"][0].clone();
                far["name"] = json!("far");
                far[member] = json!(value);
                own["platforms"].as_array_mut().unwrap().push(far);
            });
            assert_eq!(complaints(&items), BTreeMap::new(), "{member}");
            let line = items.iter().find(|item| item.code == "DOC-021").unwrap();
            assert_eq!(line.population().examined, 1, "{member}");
        }
    }
}

#[test]
fn an_access_entry_that_is_missing_or_has_other_groups_fails_by_function_and_cluster() {
    breaks("missing", ("DOC-022", &["ha-status prod-a"]), |facts| {
        facts.entries[1].groups = Err(why(Cause::NotFound));
    });
    breaks("other groups", ("DOC-022", &["ha-status prod-a"]), |facts| {
        facts.entries[1].groups = Ok(vec!["day2:scale-window".to_owned()]);
    });
}

#[test]
fn a_topic_that_reaches_nobody_fails_and_an_address_is_shown_shortened() {
    breaks("nobody", ("DOC-031", &["day2-operations"]), |facts| {
        facts.topics[1].1 = Ok(Vec::new());
    });
    breaks("gone", ("DOC-031", &["day2-reports"]), |facts| {
        facts.topics[0].1 = Err(why(Cause::NotFound));
    });
    let pending = |facts: &mut Facts| facts.topics[0].1.as_mut().unwrap()[0].pending = true;
    breaks("pending", ("DOC-031", &["day2-reports"]), pending);
    let mut facts = well();
    pending(&mut facts);
    let says = &items(&facts)[7].subjects[0].says;
    assert!(
        says.contains("email s…@example.com") && !says.contains("sre@"),
        "{says}"
    );
}

#[test]
fn a_canary_that_is_lost_fails_and_one_that_never_flew_has_no_line() {
    breaks("lost", ("DOC-032", &["canary"]), |facts| {
        facts.canary = Some(Ok(Flight::Lost(20)));
    });
    let mut facts = well();
    facts.canary = None;
    let items = items(&facts);
    assert_eq!(complaints(&items), BTreeMap::new());
    assert!(items.iter().all(|item| item.code != "DOC-032"));
}

#[test]
fn a_key_that_refuses_the_canary_fails_in_the_words_of_sns_with_its_fix_o07() {
    const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:day2-canary";
    for (refusal, cause, code, fix) in [
        (
            KeyRefusal::AccessDenied,
            Cause::Denied,
            "KMSAccessDenied",
            "fix: run terraform apply",
        ),
        (
            KeyRefusal::Disabled,
            Cause::Other,
            "KMSDisabled",
            "fix: aws kms enable-key",
        ),
        (
            KeyRefusal::InvalidState,
            Cause::Other,
            "KMSInvalidState",
            "fix: see aws kms describe-key",
        ),
        (
            KeyRefusal::NotFound,
            Cause::NotFound,
            "KMSNotFound",
            "fix: run terraform apply",
        ),
        (
            KeyRefusal::OptInRequired,
            Cause::Other,
            "KMSOptInRequired",
            "fix: see in the console",
        ),
    ] {
        let why = Unreadable::new("sns:Publish", TOPIC, cause, format!("{code}: no"));
        let flight = Flight::Refused(refusal, why);
        breaks(code, ("DOC-032", &["canary"]), |facts| {
            facts.canary = Some(Ok(flight.clone()));
        });
        let mut facts = well();
        facts.canary = Some(Ok(flight));
        let items = items(&facts);
        let line = items.iter().find(|item| item.code == "DOC-032").unwrap();
        assert!(
            line.seen.contains(code) && line.subjects[0].says.contains(fix),
            "{line:?}"
        );
    }
}

#[test]
fn a_schedule_that_somebody_changed_fails_with_all_that_is_different() {
    type Change = fn(&mut Schedule);
    let changes: [(&str, Change); 10] = [
        ("it is DISABLED", |seen| seen.state = "DISABLED".to_owned()),
        ("its zone is UTC, not America/New_York", |seen| {
            seen.zone = "UTC".to_owned();
        }),
        ("it fires at rate(1 day)", |seen| {
            seen.expression = "rate(1 day)".to_owned();
        }),
        (
            "it calls arn:aws:lambda:us-east-1:123456789012:function:other",
            |seen| {
                seen.target_arn = "arn:aws:lambda:us-east-1:123456789012:function:other".to_owned();
            },
        ),
        ("its input is {", |seen| {
            seen.input = Some(r#"{"target":"prod-b","task":"prescale"}"#.to_owned());
        }),
        // The same JSON, as `jsonencode` alone would write it.
        (
            "its input has <aws.scheduler.scheduled-time> in other characters",
            |seen| {
                seen.input = Some(INPUT.replace('<', "\\u003c").replace('>', "\\u003e"));
            },
        ),
        ("it gives the function no input", |seen| seen.input = None),
        ("its role is arn:aws:iam::123456789012:role/admin", |seen| {
            seen.role_arn = "arn:aws:iam::123456789012:role/admin".to_owned();
        }),
        ("it fires only from 2030-01-01T00:00:00Z", |seen| {
            seen.starts = Some("2030-01-01T00:00:00Z".to_owned());
        }),
        ("it fires only until 2026-01-01T00:00:00Z", |seen| {
            seen.ends = Some("2026-01-01T00:00:00Z".to_owned());
        }),
    ];
    for (words, change) in changes {
        breaks(words, ("DOC-041", &["scale-window/prescale-prod-a"]), |facts| {
            change(facts.schedules[0].1.as_mut().unwrap());
        });
        let mut facts = well();
        change(facts.schedules[0].1.as_mut().unwrap());
        let items = items(&facts);
        let says = &items.iter().find(|item| item.code == "DOC-041").unwrap().subjects[0].says;
        assert!(says.starts_with(words), "{says}");
    }
    breaks("gone", ("DOC-041", &["scale-window/prescale-prod-a"]), |facts| {
        facts.schedules[0].1 = Err(why(Cause::NotFound));
    });
}

#[test]
fn an_input_that_is_written_otherwise_is_the_same_input() {
    let mut facts = well();
    let written = r#"{ "task": "prescale", "target": "prod-a",
        "scheduled_at": "<aws.scheduler.scheduled-time>" }"#;
    facts.schedules[0].1.as_mut().unwrap().input = Some(written.to_owned());
    assert_eq!(complaints(&items(&facts)), BTreeMap::new());
}

#[test]
fn an_input_that_the_settings_do_not_name_is_not_judged() {
    let unnamed = |own: &mut Value| own["functions"]["scale-window"]["inputs"] = json!({});
    let mut facts = well();
    for input in [None, Some("{}".to_owned())] {
        facts.schedules[0].1.as_mut().unwrap().input = input;
        assert_eq!(complaints(&items_of(&facts, unnamed)), BTreeMap::new());
    }
    facts.schedules[0].1.as_mut().unwrap().expression = "rate(1 day)".to_owned();
    let found = items_of(&facts, unnamed);
    assert_eq!(
        complaints(&found),
        BTreeMap::from([(("DOC-041", Verdict::Fail), vec!["scale-window/prescale-prod-a"])])
    );
}

#[test]
fn a_role_of_schedules_that_may_not_call_its_function_fails_by_its_name_o03() {
    breaks(
        "schedules",
        ("DOC-011", &["scale-window-scheduler lambda:InvokeFunction"]),
        |facts| {
            let mut of_schedules = simulation("scale-window-scheduler");
            of_schedules.needed = vec!["lambda:InvokeFunction".to_owned()];
            of_schedules.never = Vec::new();
            of_schedules.decisions = Ok(vec![Decision {
                action: "lambda:InvokeFunction".to_owned(),
                decision: "explicitDeny".to_owned(),
                missing: Vec::new(),
            }]);
            facts.rights.push(of_schedules);
        },
    );
}

#[test]
fn what_is_allowed_under_several_values_of_a_condition_is_told_once() {
    breaks("too many", ("DOC-012", &["scale-window iam:PassRole"]), |facts| {
        facts.rights[2].decisions.as_mut().unwrap()[1].decision = "allowed".to_owned();
        let again = facts.rights[2].clone();
        facts.rights.push(again);
    });
}

#[test]
fn what_is_asked_with_several_values_of_a_condition_counts_once_by_its_worst_answer() {
    let judged = |answers: [(&str, Option<&str>); 3]| {
        let mut facts = well();
        let one = facts.rights.pop().unwrap();
        for (decision, missing) in answers {
            let mut again = one.clone();
            let decided = &mut again.decisions.as_mut().unwrap()[1];
            decided.decision = decision.to_owned();
            decided.missing = missing.map(str::to_owned).into_iter().collect();
            facts.rights.push(again);
        }
        let items = items(&facts);
        let line = items.iter().find(|item| item.code == "DOC-012").unwrap();
        (line.verdict(), line.seen.clone(), line.subjects.len())
    };
    let (refused, open) = (("implicitDeny", None), ("implicitDeny", Some("aws:Other")));
    let allowed = ("allowed", None);
    let seen = |says: &str| format!("{says} things that no role may do looked at");
    for (answers, verdict, says, named) in [
        ([refused, refused, refused], Verdict::Pass, "3 of 3", 0),
        ([refused, open, refused], Verdict::Unknown, "2 of 3", 1),
        ([open, allowed, refused], Verdict::Fail, "3 of 3", 1),
        ([allowed, open, allowed], Verdict::Fail, "3 of 3", 1),
    ] {
        let found = judged(answers);
        assert_eq!((found.0, found.2), (verdict, named), "{answers:?}: {found:?}");
        assert!(found.1.starts_with(&seen(says)), "{answers:?}: {found:?}");
    }
}

#[test]
fn schedules_that_are_switched_off_on_purpose_must_be_off() {
    let off = |own: &mut Value| own["schedules_enabled"] = json!(false);
    let mut facts = well();
    let found = items_of(&facts, off);
    assert_eq!(
        complaints(&found),
        BTreeMap::from([(("DOC-041", Verdict::Fail), vec!["scale-window/prescale-prod-a"])])
    );
    facts.schedules[0].1.as_mut().unwrap().state = "DISABLED".to_owned();
    assert_eq!(complaints(&items_of(&facts, off)), BTreeMap::new());
}

#[test]
fn what_the_settings_name_and_is_not_there_fails_by_target_and_name() {
    breaks("cluster", ("DOC-051", &["prod-a/prod-a"]), |facts| {
        facts.clusters[0].1.as_mut().unwrap().status = "FAILED".to_owned();
    });
    breaks("group", ("DOC-052", &["prod-a/workspace"]), |facts| {
        facts.groups[0].1 = Err(why(Cause::NotFound));
    });
    breaks("database", ("DOC-053", &["prod-a/prod-a"]), |facts| {
        facts.databases[0].1 = Err(why(Cause::NotFound));
    });
    breaks("alarm", ("DOC-054", &["prod-a-connections"]), |facts| {
        facts.calling_alarms[0].1 = Err(why(Cause::NotFound));
    });
}

#[test]
fn alarms_about_no_single_function_are_looked_at_too_o02() {
    let others = ["day2-failures", "day2-undelivered-day2-reports", "day2-watchdog"];
    let settings = super::settings(|own| own["alarms"] = serde_json::json!(others)).function;
    let names: Vec<&str> = settings.health_alarms().map(String::as_str).collect();
    assert_eq!(names[3..], others);
    assert!(
        names[..3].iter().all(|name| name.ends_with("-errors")),
        "{names:?}"
    );
}

#[test]
fn an_alarm_about_a_function_that_tells_nobody_fails_o02() {
    type Change = fn(&mut Facts);
    let changes: [(&str, Change); 3] = [
        ("gone", |facts| {
            facts.health_alarms[0].1 = Err(why(Cause::NotFound));
        }),
        ("off", |facts| {
            facts.health_alarms[0].1.as_mut().unwrap().enabled = false;
        }),
        ("elsewhere", |facts| {
            facts.health_alarms[0].1.as_mut().unwrap().on_alarm = vec![REPORTS.to_owned()];
        }),
    ];
    for (label, change) in changes {
        breaks(label, ("DOC-055", &["day2-doctor-errors"]), change);
    }
}
