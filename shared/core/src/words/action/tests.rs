use super::*;
use crate::action::HeldBack;
use crate::sample_action;

fn record(report: Report) -> ActionRecord {
    report.action.unwrap()
}

#[test]
fn what_was_changed_and_not_looked_at_is_never_called_verified() {
    let mut applied = record(sample_action::applied());
    assert_eq!(outcome(&applied), "APPLIED, verified");
    assert_eq!(tone(&applied), Tone::Good);
    applied.effect = None;
    assert_eq!(outcome(&applied), "APPLIED, NOT verified");
    assert_eq!(
        (tone(&applied), effect_tone(&applied)),
        (Tone::Doubt, Tone::Doubt)
    );
    assert!(is_unverified(&applied));
}

#[test]
fn a_plan_is_not_called_a_deed() {
    for (report, heading_of, changed_of) in [
        (
            sample_action::planned(),
            "The plan",
            "it waits for approval; nothing was changed",
        ),
        (
            sample_action::refused(),
            "The plan",
            "nothing was changed by this run; mode approve",
        ),
        (
            sample_action::applied(),
            "What was changed",
            "1 applied, 1 already done",
        ),
        (sample_action::failed(), "What was changed", "1 applied, 1 failed"),
    ] {
        let record = record(report);
        assert_eq!((heading(&record), &*changed(&record)), (heading_of, changed_of));
    }
}

#[test]
fn a_pause_is_told_where_it_holds_alarms_back_d08() {
    let clock = Clock::of("America/New_York");
    let mut applied = record(sample_action::applied());
    assert_eq!(pause(&applied, &clock), None);
    applied.pauses_until = Some("2026-03-06T09:00:00Z".parse().unwrap());
    let told = pause(&applied, &clock).unwrap();
    assert!(
        told.contains("on no alarm of this target until Fri 6 Mar 2026 04:00 EST (09:00 UTC)"),
        "{told}"
    );
}

#[test]
fn what_was_held_back_before_is_told_with_its_number_and_time_d08() {
    let clock = Clock::of("America/New_York");
    let mut applied = record(sample_action::applied());
    assert_eq!(held_back(&applied, &clock), None);
    for (events, words) in [
        (49, "49 events of this alarm were"),
        (1, "1 event of this alarm was"),
    ] {
        applied.held_back = Some(HeldBack {
            events,
            since: "2026-03-06T11:30:00Z".parse().unwrap(),
            until: "2026-03-06T12:00:00Z".parse().unwrap(),
        });
        let told = held_back(&applied, &clock).unwrap();
        assert!(
            told.starts_with(words) && told.contains("to Fri 6 Mar 2026 07:00 EST (12:00 UTC)"),
            "{told}"
        );
    }
}

#[test]
fn a_deed_without_results_asks_to_look_before_acting() {
    let mut failed = record(sample_action::failed());
    failed.results.clear();
    assert!(
        changed(&failed).contains("look before you act"),
        "{}",
        changed(&failed)
    );
    assert!(
        steps(&failed)
            .iter()
            .all(|told| (told.state(), told.tone()) == (NO_RESULT, Tone::Doubt))
    );
}

#[test]
fn a_result_belongs_to_the_step_of_its_resource_and_none_is_lost() {
    let mut record = record(sample_action::applied());
    record.results.reverse();
    let mut stray = record.results[0].clone();
    stray.resource = "something else".to_owned();
    record.results.push(stray);
    let told = steps(&record);
    let resources: Vec<&str> = told.iter().map(Told::resource).collect();
    assert_eq!(
        resources,
        [
            "Auto Scaling group prod-a-workspace",
            "deployment coder/coderd-provisioner",
            "something else"
        ]
    );
    assert_eq!(told[0].state(), "applied");
    assert!(told[2].step.is_none());
}

#[test]
fn only_what_may_be_in_force_can_be_taken_back() {
    let mut record = record(sample_action::applied());
    let open = |record: &ActionRecord| {
        steps(record)
            .iter()
            .filter_map(|told| told.open_lease(record).map(str::to_owned))
            .collect::<Vec<_>>()
            .len()
    };
    assert_eq!(open(&record), 2);
    record.results[0].state = StepState::Refused;
    assert_eq!(open(&record), 1, "nothing was changed there");
    record.results[0].state = StepState::Failed;
    assert_eq!(open(&record), 2, "it may have been changed");
    record.results[0].lease = None;
    assert_eq!(open(&record), 1, "not temporary");
    record.outcome = Outcome::Reverted;
    assert_eq!(open(&record), 0, "taken back already");
}

#[test]
fn a_planned_lease_is_said_in_time_and_a_running_one_by_its_end() {
    let clock = Clock::of("America/New_York");
    let ends = |report| steps(&record(report))[0].ends(&clock).unwrap();
    assert_eq!(ends(sample_action::planned()), "2 h 30 min after it is made");
    assert_eq!(
        ends(sample_action::applied()),
        "Fri 6 Mar 2026 05:42 EST (10:42 UTC)"
    );
}
