//! Looks whether what was undone is undone. An answer without error is no effect.

use std::time::Duration;

use day2_core::action::{Effect, Step};
use day2_core::containment::{MeasureState, Taken};
use day2_core::target::Target;
use day2_reads::times::Times;

use crate::change::{Change, Undo};
use crate::gather::{Clients, now};
use crate::plan::{Judged, judge};

/// Between two looks. What is undone shows at once, or within the consistency of an API.
const BETWEEN: Duration = Duration::from_secs(3);

/// Looks until all is seen, or the time is up.
pub(crate) async fn verify(
    clients: &Clients,
    table: &str,
    target: &Target,
    done: &[Step<Change>],
    times: &Times,
) -> Effect {
    let mut words = Vec::new();
    let mut all = !done.is_empty();
    for step in done {
        let (seen, says) = loop {
            let (seen, says) = look(clients, table, target, &step.change, times).await;
            if seen || times.left() < BETWEEN * 2 {
                break (seen, says);
            }
            tokio::time::sleep(BETWEEN).await;
        };
        all &= seen;
        words.push(format!("{}: {says}", step.resource));
    }
    let says = if words.is_empty() {
        "no step was carried out".to_owned()
    } else {
        words.join("; ")
    };
    if all {
        Effect::Verified { says }
    } else {
        Effect::NotVerified { says }
    }
}

async fn look(
    clients: &Clients,
    table: &str,
    target: &Target,
    change: &Change,
    times: &Times,
) -> (bool, String) {
    match change {
        Change::Close(close) => match clients.journal(table).containment(&close.containment).await {
            Ok(Some(containment)) if !containment.is_open() => (true, "released".to_owned()),
            Ok(_) => (false, "it is not released".to_owned()),
            Err(error) => (false, error.to_unreadable("dynamodb:Query", table).to_string()),
        },
        Change::Undo(wanted) => {
            let cluster = clients.cluster(target, times).await;
            match now(clients, &cluster, &wanted.pod, &wanted.measure, times).await {
                Err(why) => (false, why.to_string()),
                Ok(seen) => match judge(&taken(wanted), &seen, &wanted.pod) {
                    Judged::Undone(says) => (true, says),
                    Judged::Left(says) => (false, says),
                    Judged::Undo { before, .. } => (false, format!("it is still {before}")),
                },
            }
        }
    }
}

/// The measure as the judgement wants it.
fn taken(wanted: &Undo) -> Taken {
    Taken {
        resource: wanted.resource.clone(),
        measure: wanted.measure.clone(),
        before: String::new(),
        after: String::new(),
        undo: String::new(),
        state: MeasureState::Active,
        says: String::new(),
        changed_at: None,
    }
}
