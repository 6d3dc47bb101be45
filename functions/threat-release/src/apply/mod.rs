//! Carries one step out, and marks it in the journal. The changes look again right before they are made, and leave what is
//! no longer ours.

#[cfg(test)]
mod tests;
mod undo;

use day2_aws::{Applied, OpsError};
use day2_core::action::Step;
use day2_core::containment::{Containment, ContainmentState, MeasureState};
use day2_core::target::Target;
use day2_reads::times::Times;

use crate::change::{Change, Close};
use crate::gather::Clients;
use undo::Came;

/// How often a record is read again because another run wrote it in between.
const ROUNDS: u32 = 4;

const NOTHING: &str = "nothing was changed";

/// Carries one step out.
pub(crate) async fn apply(
    clients: &Clients,
    table: &str,
    target: &Target,
    step: &Step<Change>,
    times: &Times,
) -> Applied {
    match &step.change {
        Change::Close(close) => closed(clients, table, close, times).await,
        Change::Undo(wanted) => {
            let came = undo::undo(clients, target, wanted, times).await;
            let (state, says) = match &came {
                Came::Done(says) | Came::Found(says) => (MeasureState::Undone, says),
                Came::Theirs(says) => (MeasureState::Left, says),
                Came::Failed(..) => return came.applied(),
            };
            let marked = mark(clients, table, &wanted.containment, times, |containment| {
                containment.mark(&wanted.resource, state, says, times.now);
                Ok(())
            });
            match marked.await {
                Ok(()) => came.applied(),
                Err(error) => Applied::Failed {
                    error,
                    says: format!("{says}; and the journal could not be told, the next run will see it"),
                },
            }
        }
    }
}

/// Hands over what another containment needs, marks what was found undone and what is left, and closes the containment when
/// nothing of it is in force.
async fn closed(clients: &Clients, table: &str, close: &Close, times: &Times) -> Applied {
    let mut done_before = false;
    // First, so that a run that dies in between leaves nobody without it: handed over twice is handed over once.
    if let Err(error) = hand_over(clients, table, close, times).await {
        return match error {
            OpsError::Refused(why) => Applied::Refused(why),
            error => Applied::Failed {
                error,
                says: NOTHING.to_owned(),
            },
        };
    }
    let marked = mark(clients, table, &close.containment, times, |containment| {
        done_before = !containment.is_open();
        for found in &close.undone {
            containment.mark(&found.resource, MeasureState::Undone, &found.says, times.now);
        }
        for found in &close.left {
            containment.mark(&found.resource, MeasureState::Left, &found.says, times.now);
        }
        for kept in &close.kept {
            containment.mark(&kept.resource, MeasureState::Left, &kept.says(), times.now);
        }
        let open: Vec<&str> = containment
            .in_force()
            .map(|taken| taken.resource.as_str())
            .collect();
        if !open.is_empty() {
            return Err(format!(
                "{} of it are still in force: {}",
                open.len(),
                open.join(", ")
            ));
        }
        if containment.is_open() {
            containment.state = ContainmentState::Released;
            containment.released_at = Some(times.now);
        }
        Ok(())
    });
    match marked.await {
        Ok(()) if done_before => Applied::AlreadyDone("it was released already".to_owned()),
        Ok(()) => Applied::Done("it is released".to_owned()),
        Err(OpsError::Refused(why)) => Applied::Refused(why),
        Err(error) => Applied::Failed {
            error,
            says: NOTHING.to_owned(),
        },
    }
}

/// Gives the measures that another containment stands on into its record. One that was released in between needs nothing any
/// more, and the plan of this one is out of date.
async fn hand_over(clients: &Clients, table: &str, close: &Close, times: &Times) -> Result<(), OpsError> {
    if close.kept.is_empty() {
        return Ok(());
    }
    let journal = clients.journal(table);
    let from = journal.containment(&close.containment).await?;
    let from = from.ok_or_else(|| {
        OpsError::Refused(format!(
            "the journal has no containment {} any more",
            close.containment
        ))
    })?;
    for kept in &close.kept {
        let given = from.measure(&kept.resource).filter(|taken| taken.state.is_open());
        // An earlier run has marked it, which it does after it was handed over.
        let Some(given) = given else { continue };
        mark(clients, table, &kept.to, times, |other| {
            if !other.is_open() {
                return Err(format!(
                    "the containment {} was released meanwhile: ask for the release again",
                    kept.to
                ));
            }
            other.take_over(given, &close.containment, times.now);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

/// Writes a containment after `change`, on the version that was read. What `change` objects to is [`OpsError::Refused`].
async fn mark(
    clients: &Clients,
    table: &str,
    id: &str,
    times: &Times,
    mut change: impl FnMut(&mut Containment) -> Result<(), String>,
) -> Result<(), OpsError> {
    let journal = clients.journal(table);
    for _ in 0..ROUNDS {
        let mut containment = journal
            .containment(id)
            .await?
            .ok_or_else(|| OpsError::Refused(format!("the journal has no containment {id} any more")))?;
        let before = containment.clone();
        change(&mut containment).map_err(OpsError::Refused)?;
        if containment == before || journal.save_containment(&mut containment, times.now).await? {
            return Ok(());
        }
    }
    Err(OpsError::InProgress {
        what: format!("containment {id}"),
        until: times.deadline,
    })
}
