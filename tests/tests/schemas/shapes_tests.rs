//! What takes something away within a version is found by its place, and what only adds is not.

use serde_json::{Value, json};

use super::shapes::{Side, breaks, kept_in, printed, read, write, wrong};
use super::{all, root};

#[test]
fn within_a_version_nothing_is_taken_away() {
    let wrong = wrong(&root(), &all(&root()));
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn readers_keep_each_field_type_and_word_and_what_is_always_there() {
    let broken = |before, after| breaks(Side::Readers, &read(before), &read(after)).len();
    for (before, after) in [
        ("a  string  optional", ""),
        ("a  string  required", "a  string  optional"),
        ("a  string  required", "a  integer  required"),
        ("a  string  required", "a  null  string  required"),
        ("a  integer  required", "a  number  required"),
        (r#"a  string  each  "b"  "c""#, r#"a  string  each  "b"  "d""#),
        (r#"a  string  each  "b""#, "a  string  each"),
    ] {
        assert_eq!(broken(before, after), 1, "{before} -> {after}");
    }
    for (before, after) in [
        ("a  string  optional", "a  string  required\nb  any  required"),
        ("a  null  string  each", "a  string  each"),
        (r#"a  string  each  "b""#, r#"a  string  each  "b"  "c""#),
    ] {
        assert_eq!(broken(before, after), 0, "{before} -> {after}");
    }
}

#[test]
fn writers_keep_each_field_type_and_word_and_are_not_asked_for_more() {
    let broken = |before, after| breaks(Side::Writers, &read(before), &read(after)).len();
    for (before, after) in [
        ("a  string  optional", ""),
        ("a  string  optional", "a  string  required"),
        ("a  string  optional", "a  integer  optional"),
        ("a  null  string  optional", "a  string  optional"),
        ("a  number  optional", "a  integer  optional"),
        ("a  object  each", "a  object  each\na.b  string  required"),
        ("a  object  each", "a  object  each\nb  string  required"),
        (r#"a  string  each  "b"  "c""#, r#"a  string  each  "b"  "d""#),
        ("a  string  each", r#"a  string  each  "b""#),
    ] {
        assert_eq!(broken(before, after), 1, "{before} -> {after}");
    }
    for (before, after) in [
        (
            "a  string  required",
            "a  null  string  optional\nb  any  optional",
        ),
        ("a  integer  each", "a  number  each"),
        (
            "a  any  each",
            "a  any  each\nb  object  optional\nb.c  any  required",
        ),
        (r#"a  string  each  "b""#, r#"a  string  each  "b"  "c""#),
        (r#"a  string  each  "b""#, "a  string  each"),
    ] {
        assert_eq!(broken(before, after), 0, "{before} -> {after}");
    }
}

#[test]
fn the_shapes_have_every_place() {
    let all = all(&root());
    for (name, line) in [
        ("report", r#"status  string  required  "FAIL"  "PASS"  "UNKNOWN""#),
        (
            "report",
            r#"decision  null  string  optional  "go"  "go_not_proven"  "no_go""#,
        ),
        ("report", "charts[]{kind=bars}.bars[][1]  number  each"),
        ("plan", "steps[].change  any  required"),
        (
            "plan",
            r#"steps[].undo{kind=lease}.kind  string  required  "lease""#,
        ),
        ("call", "{task=revert}.lease  string  required"),
        (
            "settings.lease-sweeper",
            "function.owners.*.timeout_seconds  integer  required",
        ),
        (
            "settings.lease-sweeper",
            r#"deployment.mail  null  string  optional  "always"  "daily"  "on_change""#,
        ),
    ] {
        let shape = printed(&all[&format!("{name}.schema.json")]);
        assert!(shape.lines().any(|known| known == line), "{line}\n{shape}");
    }
}

#[test]
fn the_command_keeps_what_is_new_and_refuses_what_takes_something_away() {
    let (report, plan) = ("report.schema.json", "plan.schema.json");
    let sweeper = "settings.lease-sweeper.schema.json";
    let text = json!({ "type": "string" });
    let folder = tempfile::tempdir().unwrap();
    let (folder, mut before) = (folder.path(), all(&root()));
    before.retain(|file, _| [report, plan, sweeper].contains(&file.as_str()));
    let absent = wrong(folder, &before);
    assert_eq!(absent.len(), 3);
    assert!(
        absent.iter().all(|one| one.contains("run `make schemas`")),
        "{absent:#?}"
    );
    assert!(write(folder, &before).is_empty() && wrong(folder, &before).is_empty());

    let changed = |file: &str, place: &str, value: &Value| {
        let mut after = before.clone();
        *after.get_mut(file).unwrap().pointer_mut(place).unwrap() = value.clone();
        after
    };
    let skip = ("/$defs/Skip/properties", json!({ "resource": text }));
    let item = json!(["code", "title", "verdict", "population"]);
    let examined = "/$defs/Population/properties/examined/type";
    let mail = "/properties/deployment/properties/mail/enum";
    let mut asked = before[sweeper]["properties"]["deployment"]["required"].clone();
    asked.as_array_mut().unwrap().push(json!("mail"));
    for (file, place, value, at) in [
        (plan, skip.0, &skip.1, "skips[].why"),
        (report, "/$defs/Item/required", &item, "items[].seen"),
        (report, examined, &json!("string"), "items[].population.examined"),
        (
            sweeper,
            "/properties/deployment/required",
            &asked,
            "deployment.mail",
        ),
        (
            sweeper,
            mail,
            &json!(["always", "daily", null]),
            "deployment.mail",
        ),
    ] {
        let after = changed(file, place, value);
        let why = write(folder, &after);
        assert!(why.len() == 1 && why[0].contains(&format!("`{at}`")), "{why:#?}");
        assert_eq!(wrong(folder, &after), why);
        assert!(wrong(folder, &before).is_empty(), "something was written");
    }

    let holiday = "/properties/calendar/properties/holidays/items/properties";
    let more = json!({ "date": text, "name": text, "country": text });
    let after = changed(sweeper, holiday, &more);
    let behind = wrong(folder, &after).join("\n");
    let line = "calendar.holidays[].country  string  optional";
    assert!(
        behind.contains("run `make schemas`") && behind.ends_with(line),
        "{behind}"
    );
    assert!(write(folder, &after).is_empty() && wrong(folder, &after).is_empty());

    let mut after = changed(plan, skip.0, &skip.1);
    after.get_mut(plan).unwrap()["$id"] = json!("urn:day2:plan:2");
    after.remove(sweeper);
    assert!(write(folder, &after).is_empty());
    let first = std::fs::read_to_string(folder.join(kept_in(plan, &before[plan])));
    assert_eq!(first.unwrap(), printed(&before[plan]));
    let wrong = wrong(folder, &after);
    assert!(
        wrong.len() == 1 && wrong[0].contains("lease-sweeper.1.txt is of no schema"),
        "{wrong:#?}"
    );
}
