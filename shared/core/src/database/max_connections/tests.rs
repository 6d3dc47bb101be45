use super::*;

const POSTGRES: &str = "aurora-postgresql";

fn range(min: f64, max: f64) -> AcuRange {
    AcuRange {
        min: Acu::exactly(min).unwrap(),
        max: Acu::exactly(max).unwrap(),
    }
}

fn parameter(value: &str, source: &str) -> Parameter {
    Parameter {
        name: "max_connections".into(),
        value: (!value.is_empty()).then(|| value.into()),
        source: source.into(),
        apply_type: Some("static".into()),
    }
}

fn connections(engine: &str, size: Size<'_>, set: Option<&Parameter>) -> Result<u32, String> {
    effective(engine, size, set).map(|maximum| maximum.connections)
}

#[test]
fn a_serverless_postgres_follows_its_maximum_and_a_small_minimum_caps_it_w10() {
    for (min, max, expected) in [
        (1.0, 1.0, 189),
        (0.5, 1.0, 189),
        (1.0, 4.0, 823),
        (1.0, 8.0, 1669),
        (0.5, 8.0, 1669),
        (1.0, 16.0, 3360),
        (1.0, 32.0, 5000),
        (1.0, 256.0, 5000),
        (0.5, 16.0, 2000),
        (0.0, 256.0, 2000),
        (0.0, 4.0, 823),
    ] {
        let maximum = effective(POSTGRES, Size::Serverless(range(min, max)), None).unwrap();
        assert_eq!(maximum.connections, expected, "{min} to {max}");
        assert_eq!(maximum.certainty, Certainty::Exact, "{min} to {max}");
    }
}

#[test]
fn between_two_documented_capacities_it_is_an_estimate() {
    let maximum = effective(POSTGRES, Size::Serverless(range(1.0, 12.5)), None).unwrap();
    assert_eq!(
        (maximum.connections, maximum.certainty),
        (2620, Certainty::Estimate)
    );
}

#[test]
fn a_number_in_the_parameter_group_wins_within_the_cap() {
    let set = parameter("3000", "user");
    let of = |min| effective(POSTGRES, Size::Serverless(range(min, 4.0)), Some(&set)).unwrap();
    assert_eq!((of(1.0).connections, of(1.0).certainty), (3000, Certainty::Exact));
    assert_eq!(of(0.5).connections, 2000);
    assert!(of(0.5).source.contains("0.5 ACU"), "{}", of(0.5).source);
    let class = effective("mysql", Size::Class("db.custom.strange"), Some(&set)).unwrap();
    assert_eq!((class.connections, class.certainty), (3000, Certainty::Exact));
    let mysql = effective("aurora-mysql", Size::Serverless(range(0.5, 4.0)), Some(&set)).unwrap();
    assert_eq!(mysql.connections, 3000, "the cap is PostgreSQL's");
}

#[test]
fn a_formula_in_the_parameter_group_wins_over_the_default() {
    let set = parameter("LEAST({DBInstanceClassMemory/19062784},5000)", "user");
    let half = effective(POSTGRES, Size::Serverless(range(1.0, 16.0)), Some(&set)).unwrap();
    assert_eq!((half.connections, half.certainty), (1680, Certainty::Estimate));
    let class = effective("postgres", Size::Class("db.m6g.large"), Some(&set)).unwrap();
    assert_eq!((class.connections, class.certainty), (450, Certainty::AtMost));
}

#[test]
fn provisioned_classes_follow_the_default_of_their_engine() {
    for (engine, class, expected) in [
        ("postgres", "db.m6g.large", 901),
        (POSTGRES, "db.r7g.large", 1802),
        (POSTGRES, "db.r7g.4xlarge", 5000),
        ("mysql", "db.m6g.large", 682),
        ("mariadb", "db.m6g.large", 341),
        ("aurora-mysql", "db.r4.large", 1000),
        ("aurora-mysql", "db.r4.16xlarge", 6000),
    ] {
        let maximum = effective(engine, Size::Class(class), None).unwrap();
        assert_eq!(
            (maximum.connections, maximum.certainty),
            (expected, Certainty::AtMost),
            "{engine} {class}"
        );
    }
    let shown = parameter("{DBInstanceClassMemory/12582880}", "engine-default");
    assert_eq!(
        connections("mariadb", Size::Class("db.m6g.large"), Some(&shown)),
        Ok(682),
        "the default that the group shows is nearer than ours"
    );
}

#[test]
fn what_cannot_be_known_is_said_and_never_guessed() {
    let strange = parameter("{AllocatedStorage/1024}", "user");
    for (engine, size, set, says) in [
        (
            "aurora-mysql",
            Size::Serverless(range(1.0, 16.0)),
            None,
            "no rule for Serverless v2",
        ),
        ("oracle-ee", Size::Class("db.m6g.large"), None, "engine oracle-ee"),
        (
            POSTGRES,
            Size::Class("db.x2iedn.xlarge"),
            None,
            "memory of class db.x2iedn.xlarge",
        ),
        (
            POSTGRES,
            Size::Class("db.r7g.large"),
            Some(&strange),
            "AllocatedStorage",
        ),
        (
            "aurora-mysql",
            Size::Serverless(range(1.0, 16.0)),
            Some(&strange),
            "no rule for the formula",
        ),
    ] {
        let why = effective(engine, size, set).unwrap_err();
        assert!(why.contains(says), "{why}");
    }
}

#[test]
fn the_own_group_of_an_instance_decides_before_the_group_of_its_cluster() {
    let (set, other) = (parameter("100", "user"), parameter("200", "user"));
    let (shown, silent) = (
        parameter("LEAST(1,2)", "engine-default"),
        parameter("", "engine-default"),
    );
    assert_eq!(deciding(Some(&set), Some(&other)), Some(&set));
    assert_eq!(deciding(Some(&shown), Some(&other)), Some(&other));
    assert_eq!(deciding(Some(&silent), Some(&shown)), Some(&shown));
    assert_eq!(deciding(Some(&shown), Some(&silent)), Some(&shown));
    assert_eq!(deciding(None, None), None);
}
