//! The judged lines.

use day2_core::{Cause, Item, Unreadable, Verdict};

use super::world::{World, flat, hpa, rising};

fn line(world: &World, code: &str) -> Item {
    let items = world.plan().items;
    items
        .into_iter()
        .find(|item| item.code == code)
        .unwrap_or_else(|| panic!("no {code}"))
}

#[test]
fn each_instance_is_judged_by_itself_and_its_neighbour_is_not_blamed() {
    let room = line(&World::new(), "CNX-003");
    assert_eq!(room.verdict(), Verdict::Fail);
    let names: Vec<_> = room
        .subjects
        .iter()
        .map(|subject| subject.name.as_str())
        .collect();
    assert_eq!(names, ["prod-a-1"]);
    assert!(
        room.subjects[0].says.contains("780 of 823 connections (94.8 %)"),
        "{:?}",
        room.subjects
    );
}

#[test]
fn the_forecast_says_the_range_of_minutes() {
    let mut world = World::new();
    world.writer().connections = Ok(rising(4.0, 743.0));
    let full = line(&world, "CNX-004");
    assert_eq!(full.verdict(), Verdict::Fail);
    assert!(
        full.subjects[0]
            .says
            .contains("full in about 20 minutes (between 20 and 20)"),
        "{:?}",
        full.subjects
    );
    assert!(
        world.plan().says.contains("full in 20 min"),
        "{}",
        world.plan().says
    );
    world.writer().connections = Ok(rising(0.0, 743.0));
    assert_eq!(line(&world, "CNX-004").verdict(), Verdict::Pass);
}

#[test]
fn the_maximum_of_the_autoscalers_is_compared_with_the_database() {
    let mut world = World::new();
    world.facts.clients[0].autoscalers = Ok(vec![hpa("coder", "coderd", 76)]);
    let most = line(&world, "CNX-007");
    assert_eq!(most.verdict(), Verdict::Fail);
    // 76 x 20 + 20 x 10 = 1,720 of 823.
    assert!(
        most.seen
            .contains("1720 connections exceed the database (823) by 2.1x"),
        "{}",
        most.seen
    );
    assert_eq!(
        line(&world, "CNX-006").verdict(),
        Verdict::Pass,
        "the pods of now fit"
    );
    let proposal = world.why_not("pools of the clients");
    assert!(
        proposal.contains("coderd from 20 to 5") && proposal.contains("reports from 10 to 2"),
        "{proposal}"
    );
}

#[test]
fn an_unknown_deployment_is_unknown_and_named() {
    let mut world = World::new();
    world.facts.clients[1].deployment = Ok(None);
    for code in ["CNX-006", "CNX-007", "CNX-008"] {
        let item = line(&world, code);
        assert_eq!(item.verdict(), Verdict::Unknown, "{code}");
        assert!(
            item.seen.contains("there is no Deployment bi/reports"),
            "{code}: {}",
            item.seen
        );
    }
    assert_eq!(
        line(&world, "CNX-003").verdict(),
        Verdict::Fail,
        "its neighbours are judged"
    );
}

#[test]
fn a_cluster_that_cannot_be_read_leaves_the_database_judged_w28() {
    let mut world = World::new();
    let why = Unreadable::new("get deployments coder/coderd", "prod-a", Cause::Denied, "");
    for client in &mut world.facts.clients {
        client.deployment = Err(why.clone());
        client.pods = Err(why.clone());
        client.budgets = Err(why.clone());
        client.autoscalers = Err(why.clone());
    }
    assert_eq!(line(&world, "CNX-006").verdict(), Verdict::Unknown);
    assert_eq!(line(&world, "CNX-003").verdict(), Verdict::Fail);
    assert_eq!(
        world.plan().plan.steps.len(),
        1,
        "capacity does not need the clients"
    );
}

#[test]
fn a_database_without_instances_is_never_a_pass_w25() {
    let mut world = World::new();
    world.database().instances.clear();
    for code in ["CNX-003", "CNX-004", "CNX-005"] {
        assert_ne!(line(&world, code).verdict(), Verdict::Pass, "{code}");
    }
}

#[test]
fn a_pending_reboot_without_a_lease_proves_no_room() {
    let mut world = World::new();
    world.range(1.0, 32.0);
    world.writer().cluster_parameter_status = Some("pending-reboot".to_owned());
    let room = line(&world, "CNX-003");
    assert_eq!(room.verdict(), Verdict::Unknown, "{}", room.seen);
    assert!(
        room.subjects[0].says.contains("only after a pending reboot"),
        "{:?}",
        room.subjects
    );
    assert_eq!(line(&world, "CNX-005").verdict(), Verdict::Fail);
}

#[test]
fn nothing_of_a_log_or_a_secret_is_in_a_report() {
    let text = format!("{:?}", World::leaking().plan());
    for word in ["password", "postgres://", "token"] {
        assert!(!text.to_lowercase().contains(word), "{word}");
    }
}

#[test]
fn a_class_with_less_memory_than_it_is_sold_with_has_no_room_that_is_certain_w11() {
    // 1,802 by the nominal memory, 80 % of which are 1,441; the real maximum may be 12 % lower, and 80 % of it 1,268.
    for (connections, verdict) in [
        (1_200.0, Verdict::Pass),
        (1_300.0, Verdict::Unknown),
        (1_440.0, Verdict::Unknown),
        (1_450.0, Verdict::Fail),
    ] {
        let mut world = World::new();
        for one in &mut world.database().instances {
            one.described.as_mut().unwrap().class = Some("db.r7g.large".to_owned());
        }
        world.cluster().range = None;
        world.writer().connections = Ok(flat(connections));
        let room = line(&world, "CNX-003");
        assert_eq!(room.verdict(), verdict, "{connections}");
        if verdict != Verdict::Unknown {
            continue;
        }
        assert_eq!(room.subjects.len(), 1, "the neighbour has room");
        assert!(
            room.subjects[0].says.contains("of 1802 connections")
                && room.subjects[0].says.contains("up to 12 %"),
            "{:?}",
            room.subjects
        );
        assert!(
            world
                .refusal()
                .contains("whether an instance is near its maximum is not known: prod-a-1"),
            "what may be full is not told to have room"
        );
        // What the database itself says is certain.
        world.policy()["max_connections"] = serde_json::json!(1_802);
        assert_eq!(line(&world, "CNX-003").verdict(), Verdict::Pass);
    }
}
