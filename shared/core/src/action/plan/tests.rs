use super::*;

fn step(resource: &str, before: &str, after: &str) -> Step<u8> {
    Step {
        change: 1,
        resource: resource.to_owned(),
        title: format!("change {resource}"),
        before: before.to_owned(),
        after: after.to_owned(),
        precondition: "it is still so".to_owned(),
        undo: Undo::ByHand {
            words: "by hand".to_owned(),
        },
        blast_radius: "1 group".to_owned(),
        disruptive: false,
        takes_seconds: 5,
    }
}

fn plan(steps: Vec<Step<u8>>) -> Plan<u8> {
    Plan {
        steps,
        ..Plan::default()
    }
}

#[test]
fn the_id_is_of_what_changes_and_not_of_what_was_read() {
    let one = plan(vec![step("a", "1", "2")]);
    let mut other = one.clone();
    other.steps[0].blast_radius = "2 groups".to_owned();
    other.steps[0].title = "in other words".to_owned();
    other.steps[0].change = 9;
    other.skips.push(Skip {
        resource: "b".to_owned(),
        why: "no".to_owned(),
    });
    assert_eq!(one.id("f", "t"), other.id("f", "t"));
    assert_eq!(one.id("f", "t").as_str().len(), 64);
}

#[test]
fn the_id_differs_with_function_target_resource_values_undo_and_order() {
    let base = plan(vec![step("a", "1", "2"), step("b", "1", "2")]);
    let id = base.id("f", "t");
    let mut undone = base.clone();
    undone.steps[0].undo = Undo::Lease {
        minutes: 5,
        words: "by hand".to_owned(),
    };
    let others = [
        base.id("g", "t"),
        base.id("f", "u"),
        plan(vec![step("a", "1", "3"), step("b", "1", "2")]).id("f", "t"),
        plan(vec![step("a", "0", "2"), step("b", "1", "2")]).id("f", "t"),
        plan(vec![step("c", "1", "2"), step("b", "1", "2")]).id("f", "t"),
        plan(vec![step("b", "1", "2"), step("a", "1", "2")]).id("f", "t"),
        undone.id("f", "t"),
    ];
    for other in others {
        assert_ne!(id, other);
    }
}

#[test]
fn the_canonical_json_has_sorted_keys_and_no_white_space() {
    let text = plan(vec![step("a", "1", "2")]).canonical("f", "t");
    assert_eq!(
        text,
        r#"{"function":"f","steps":[{"after":"2","before":"1","resource":"a","undo":{"kind":"by_hand","words":"by hand"}}],"target":"t"}"#
    );
}

#[test]
fn what_changed_since_the_approval_is_said_in_words() {
    let approved = plan(vec![step("a", "1", "2"), step("b", "1", "2")]);
    assert!(approved.differences(&approved).is_empty());
    let now = plan(vec![step("a", "3", "4"), step("c", "1", "2")]);
    let found = now.differences(&approved).join("\n");
    for words in [
        "a: approved 1 -> 2, now 3 -> 4",
        "c: was not part",
        "b: 1 -> 2 was approved and is no longer",
    ] {
        assert!(found.contains(words), "{found}");
    }
    let turned = plan(vec![step("b", "1", "2"), step("a", "1", "2")]);
    assert!(turned.differences(&approved)[0].contains("the order was a, b and is b, a"));
}

#[test]
fn a_plan_id_is_read_only_from_64_hexadecimal_digits() {
    let id = plan(vec![step("a", "1", "2")]).id("f", "t");
    assert_eq!(PlanId::parse(id.as_str()), Some(id));
    for no in ["", "abc", &"g".repeat(64), &"A".repeat(64)] {
        assert_eq!(PlanId::parse(no), None);
    }
}

#[test]
fn another_way_back_than_the_approved_one_is_a_difference() {
    let approved = plan(vec![step("a", "1", "2")]);
    let mut now = approved.clone();
    now.steps[0].undo = Undo::Nothing {
        words: "it stays".to_owned(),
    };
    assert_eq!(
        now.differences(&approved),
        ["a: approved with the undo \"by hand\", now \"it stays\""]
    );
}

#[test]
fn a_plan_of_nothing_says_why_and_of_what() {
    let nothing = Plan::<u8>::nothing("the group", "it is at its maximum");
    assert!(nothing.steps.is_empty() && nothing.refusals.is_empty());
    let skips: Vec<(&str, &str)> = nothing
        .skips
        .iter()
        .map(|skip| (skip.resource.as_str(), skip.why.as_str()))
        .collect();
    assert_eq!(skips, [("the group", "it is at its maximum")]);
}
