use day2_core::{Cause, Item, Unreadable, Verdict};
use serde_json::json;

use super::world::{ago, complaint, complaints, item, judge, settings, settings_with, world};
use crate::Task;
use crate::facts::{Facts, Launching};
use day2_reads::images::Image;
use day2_reads::instance_types::InstanceType;
use day2_reads::launch_templates::TemplateVersion;
use day2_reads::scaling_groups::{LaunchChoice, LaunchSource, Template};

fn template() -> Template {
    Template {
        id: Some("lt-1".into()),
        name: "prod-a-workspace".into(),
        version: "$Latest".into(),
    }
}

fn choice() -> LaunchChoice {
    LaunchChoice {
        source: LaunchSource::Template(template()),
        image: None,
        instance_types: Vec::new(),
        by_attributes: false,
    }
}

fn image(id: &str, architecture: &str) -> Image {
    Image {
        id: id.into(),
        state: "available".into(),
        architecture: architecture.into(),
        deprecated_at: None,
        allowed: None,
    }
}

/// The world of two nodes, whose group launches the image `ami-1` of its template on `m7g.xlarge`.
fn ready() -> Facts {
    let mut facts = world(2);
    facts.groups[0].group.as_mut().unwrap().launches_from = vec![choice()];
    let kind = |name: &str, architecture: &str| InstanceType {
        name: name.into(),
        architectures: vec![architecture.into()],
    };
    facts.launching = Some(Launching {
        templates: vec![(
            template(),
            Ok(TemplateVersion {
                number: 7,
                image: Some(Ok("ami-1".into())),
                instance_type: Some("m7g.xlarge".into()),
            }),
        )],
        images: vec![
            ("ami-1".into(), Ok(image("ami-1", "arm64"))),
            ("ami-2".into(), Ok(image("ami-2", "x86_64"))),
        ],
        instance_types: Ok(vec![kind("m7g.xlarge", "arm64"), kind("m7i.xlarge", "x86_64")]),
    });
    facts
}

fn launching(facts: &mut Facts) -> &mut Launching {
    facts.launching.as_mut().unwrap()
}

fn version(facts: &mut Facts) -> &mut TemplateVersion {
    launching(facts).templates[0].1.as_mut().unwrap()
}

fn prescale(facts: &Facts) -> Vec<Item> {
    judge(facts, &settings(), Task::Prescale)
}

fn refused(cause: Cause) -> Unreadable {
    Unreadable::new("ec2:DescribeImages", "ami-1", cause, "")
}

/// What is said of the only subject of a line.
fn says(facts: &Facts, code: &str) -> String {
    let line = item(&prescale(facts), code);
    assert_eq!(line.subjects.len(), 1, "{line:#?}");
    line.subjects[0].says.clone()
}

#[test]
fn a_group_with_template_image_and_fitting_type_passes_and_says_what_it_launches() {
    let items = prescale(&ready());
    assert_eq!(complaints(&items), []);
    assert_eq!(
        item(&items, "SCW-018").seen,
        "workspace prod-a-workspace version 7 ($Latest)"
    );
    assert_eq!(item(&items, "SCW-019").seen, "1 of 1 image can be launched");
}

#[test]
fn a_deregistered_image_is_named_by_exactly_its_line() {
    let mut facts = ready();
    launching(&mut facts).images[0].1 = Err(refused(Cause::NotFound));
    assert_eq!(
        complaints(&prescale(&facts)),
        [complaint("SCW-019", &["workspace"])]
    );
    assert_eq!(
        says(&facts, "SCW-019"),
        "image ami-1 does not exist, or is not shared with this account any more"
    );
}

#[test]
fn an_image_that_could_not_be_read_is_unknown_and_not_gone_w28() {
    let mut facts = ready();
    launching(&mut facts).images[0].1 = Err(refused(Cause::Denied));
    let items = prescale(&facts);
    assert_eq!(complaints(&items), [complaint("SCW-019", &["workspace"])]);
    assert_eq!(item(&items, "SCW-019").verdict(), Verdict::Unknown);
}

#[test]
fn an_image_that_is_not_available_or_not_allowed_fails_and_a_deprecated_one_is_told_only() {
    let of =
        |facts: &mut Facts, change: fn(&mut Image)| change(launching(facts).images[0].1.as_mut().unwrap());
    for (change, told) in [
        (
            (|image| image.state = "disabled".into()) as fn(&mut Image),
            "image ami-1 is disabled",
        ),
        (
            |image| image.allowed = Some(false),
            "image ami-1 is not among the Allowed AMIs of the account",
        ),
    ] {
        let mut facts = ready();
        of(&mut facts, change);
        assert_eq!(item(&prescale(&facts), "SCW-019").verdict(), Verdict::Fail);
        assert_eq!(says(&facts, "SCW-019"), told);
    }
    let mut facts = ready();
    of(&mut facts, |image| image.deprecated_at = Some(ago(24 * 60)));
    let line = item(&prescale(&facts), "SCW-019");
    assert_eq!(line.verdict(), Verdict::Pass);
    let told = "deprecated, which stops no launch: ami-1 since 2026-11-19";
    assert!(line.seen.ends_with(told), "{}", line.seen);
    of(&mut facts, |image| image.deprecated_at = Some(ago(-60)));
    assert!(!item(&prescale(&facts), "SCW-019").seen.contains("deprecated"));
}

#[test]
fn an_image_of_another_architecture_and_a_type_that_the_region_lacks_fail() {
    let mut facts = ready();
    version(&mut facts).image = Some(Ok("ami-2".into()));
    assert_eq!(
        says(&facts, "SCW-019"),
        "image ami-2 is x86_64, m7g.xlarge is arm64"
    );
    let mut facts = ready();
    version(&mut facts).instance_type = Some("m99.xlarge".into());
    assert_eq!(
        says(&facts, "SCW-019"),
        "image ami-1 is for m99.xlarge, which this region does not have"
    );
}

#[test]
fn what_a_policy_overrides_is_judged_instead_of_what_the_template_says() {
    let mut facts = ready();
    let group = facts.groups[0].group.as_mut().unwrap();
    group.launches_from[0].instance_types = vec!["m7g.xlarge".into(), "m7i.xlarge".into()];
    assert_eq!(
        says(&facts, "SCW-019"),
        "image ami-1 is arm64, m7i.xlarge is x86_64"
    );
    let group = facts.groups[0].group.as_mut().unwrap();
    group.launches_from = vec![
        LaunchChoice {
            instance_types: vec!["m7g.xlarge".into()],
            ..choice()
        },
        LaunchChoice {
            image: Some("ami-2".into()),
            instance_types: vec!["m7i.xlarge".into()],
            ..choice()
        },
    ];
    let items = prescale(&facts);
    assert_eq!(complaints(&items), []);
    assert_eq!(item(&items, "SCW-019").seen, "2 of 2 images can be launched");
    // Attributes choose types that fit; the template's own is not used then.
    let group = facts.groups[0].group.as_mut().unwrap();
    group.launches_from = vec![LaunchChoice {
        by_attributes: true,
        ..choice()
    }];
    version(&mut facts).instance_type = Some("m99.xlarge".into());
    assert_eq!(complaints(&prescale(&facts)), []);
}

#[test]
fn types_that_could_not_be_read_are_unknown_and_what_is_wrong_besides_still_fails() {
    let mut facts = ready();
    launching(&mut facts).instance_types = Err(refused(Cause::Throttled));
    assert_eq!(item(&prescale(&facts), "SCW-019").verdict(), Verdict::Unknown);
    launching(&mut facts).images[0].1.as_mut().unwrap().state = "failed".into();
    assert_eq!(item(&prescale(&facts), "SCW-019").verdict(), Verdict::Fail);
}

#[test]
fn a_template_that_is_gone_fails_and_its_image_is_one_that_nobody_saw() {
    let mut facts = ready();
    launching(&mut facts).templates[0].1 = Err(refused(Cause::NotFound));
    let items = prescale(&facts);
    assert_eq!(item(&items, "SCW-018").verdict(), Verdict::Fail);
    assert_eq!(item(&items, "SCW-019").verdict(), Verdict::Unknown);
    assert_eq!(
        says(&facts, "SCW-018"),
        "launch template prod-a-workspace version $Latest does not exist"
    );
    launching(&mut facts).templates[0].1 = Err(refused(Cause::Denied));
    assert_eq!(item(&prescale(&facts), "SCW-018").verdict(), Verdict::Unknown);
}

#[test]
fn a_template_without_an_image_fails_and_one_whose_parameter_is_closed_is_unknown() {
    let mut facts = ready();
    version(&mut facts).image = None;
    assert_eq!(
        complaints(&prescale(&facts)),
        [complaint("SCW-019", &["workspace"])]
    );
    assert_eq!(says(&facts, "SCW-019"), "its launch template names no image");
    version(&mut facts).image = Some(Err(refused(Cause::Denied)));
    assert_eq!(item(&prescale(&facts), "SCW-019").verdict(), Verdict::Unknown);
}

#[test]
fn what_eks_manages_is_said_to_be_its_own() {
    let mut facts = ready();
    let tag = ("eks:nodegroup-name".to_owned(), "workspace-mng".to_owned());
    facts.groups[0].group.as_mut().unwrap().tags.push(tag);
    launching(&mut facts).images[0].1 = Err(refused(Cause::NotFound));
    let told = says(&facts, "SCW-019");
    assert!(
        told.contains("EKS makes this template for its managed node group workspace-mng"),
        "{told}"
    );
}

#[test]
fn a_launch_configuration_and_a_group_that_names_nothing_are_unknown_w25() {
    for source in [Some(LaunchSource::Configuration("lc-1".into())), None] {
        let mut facts = ready();
        let group = facts.groups[0].group.as_mut().unwrap();
        group.launches_from = source
            .map(|source| LaunchChoice { source, ..choice() })
            .into_iter()
            .collect();
        let items = prescale(&facts);
        for code in ["SCW-018", "SCW-019"] {
            assert_eq!(item(&items, code).verdict(), Verdict::Unknown, "{code}");
        }
    }
}

#[test]
fn templates_that_are_left_out_in_writing_are_not_judged() {
    let mut facts = ready();
    facts.launching = None;
    let settings = settings_with(&json!({
        "not_checked": ["probes", "nat", "schedule", "quotas", "templates"]
    }));
    let items = judge(&facts, &settings, Task::Prescale);
    assert!(
        items
            .iter()
            .all(|item| item.code != "SCW-018" && item.code != "SCW-019")
    );
}
