//! `HAS-007`: work does not pile up in front of either side.

use day2_core::Item;

use super::memory::Memory;
use super::steady::READ_AGAIN;
use super::{Says, Scene, population, worse_of};

pub(crate) fn short(scene: &Scene<'_>, memory: &mut Memory) -> Item {
    let (mut wrong, mut unread): (Says, Says) = (Vec::new(), Vec::new());
    let (mut examined, mut expected, mut told) = (0, 0, Vec::new());
    for (side, facts) in scene.sides() {
        let (Some(queue), Some(seen)) = (&side.queue, &facts.queue) else {
            continue;
        };
        expected += 1;
        let name = side.platform.name.to_string();
        let newest = seen.as_ref().map(|points| {
            points
                .iter()
                .filter(|(at, value)| *at <= scene.now && value.is_finite())
                .max_by_key(|(at, _)| *at)
        });
        let unread_now = !matches!(newest, Ok(Some(_)));
        let blind = memory.blind(&format!("queue/{name}"), unread_now, &scene.pair.detection);
        let depth = match newest {
            Ok(Some((_, depth))) if !blind => depth,
            Ok(Some(_)) => {
                unread.push((name, READ_AGAIN.to_owned()));
                continue;
            }
            // No datapoint is no empty queue: the dimensions may name another metric.
            Ok(None) => {
                unread.push((
                    name,
                    "CloudWatch has no datapoint: see namespace, metric and dimensions".to_owned(),
                ));
                continue;
            }
            Err(why) => {
                unread.push((name, why.to_string()));
                continue;
            }
        };
        examined += 1;
        let says = format!("{depth:.0} wait, at most {:.0} may", queue.max_depth);
        if memory.told(
            &format!("queue/{name}"),
            *depth > queue.max_depth,
            &scene.pair.detection,
        ) {
            wrong.push((name.clone(), says.clone()));
        }
        told.push(format!("{name}: {says}"));
    }
    let seen = if told.is_empty() {
        "no queue could be read".to_owned()
    } else {
        told.join("; ")
    };
    Item::judge(
        "HAS-007",
        "queues are short",
        worse_of(&wrong, &unread),
        population(examined, expected),
        seen,
    )
    .threshold(
        format!(
            "queue.max_depth, in {} looks",
            scene.pair.detection.agreeing_looks
        ),
        "queue.max_depth, detection.agreeing_looks",
    )
    .remedy("see HAS-005 and HAS-006: work waits for nodes, or for whoever takes it up")
    .subjects(wrong)
    .subjects(unread)
}
