//! What can happen.

use proptest::prelude::*;

use super::SANDBOXES;
use crate::fixture::{Fault, Knob};

/// One thing that happens. Numbers of events, plans and leases are taken modulo what there is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Move {
    /// An alarm went to ALARM so many seconds ago, and its event comes.
    Alarm { sandbox: usize, other: bool, ago: i64 },
    /// An event that came before comes again, whatever came of it.
    Again { sandbox: usize, event: usize },
    /// A person asks.
    ByHand { sandbox: usize },
    /// A person approves a plan that was mailed, used or not.
    Approve { sandbox: usize, plan: usize },
    /// A person takes a change back, over or not.
    Revert { sandbox: usize, lease: usize },
    /// The sweeper takes a change back that is due.
    Sweep { sandbox: usize },
    /// A handler goes on for some calls.
    Step { sandbox: usize, calls: usize },
    /// A handler goes on to its end.
    Finish { sandbox: usize },
    /// A sandbox dies.
    Kill { sandbox: usize },
    /// Time goes on.
    Wait { seconds: i64 },
    /// Something is out of order from now on.
    Break(Fault),
    /// Everything works again.
    Mend,
    /// What changes do from now on.
    Turn(Knob),
    /// Whether the alarm is true when it is looked at.
    Breaching(bool),
    /// The clock of a sandbox is off.
    Clock { sandbox: usize, minutes: i64 },
}

pub(super) fn any_move() -> impl Strategy<Value = Move> {
    let sandbox = || 0..SANDBOXES;
    prop_oneof![
        5 => (sandbox(), any::<bool>(), prop_oneof![Just(0), Just(0), Just(60), Just(600), Just(1_200)])
            .prop_map(|(sandbox, other, ago)| Move::Alarm { sandbox, other, ago }),
        4 => (sandbox(), 0_usize..20).prop_map(|(sandbox, event)| Move::Again { sandbox, event }),
        1 => sandbox().prop_map(|sandbox| Move::ByHand { sandbox }),
        3 => (sandbox(), 0_usize..3).prop_map(|(sandbox, plan)| Move::Approve { sandbox, plan }),
        2 => (sandbox(), 0_usize..4).prop_map(|(sandbox, lease)| Move::Revert { sandbox, lease }),
        1 => sandbox().prop_map(|sandbox| Move::Sweep { sandbox }),
        9 => (sandbox(), 1_usize..12).prop_map(|(sandbox, calls)| Move::Step { sandbox, calls }),
        4 => sandbox().prop_map(|sandbox| Move::Finish { sandbox }),
        2 => sandbox().prop_map(|sandbox| Move::Kill { sandbox }),
        4 => prop_oneof![Just(1), Just(20), Just(70), Just(360), Just(1_860), Just(3_660)]
            .prop_map(|seconds| Move::Wait { seconds }),
        2 => prop_oneof![Just(Fault::Journal), Just(Fault::Record), Just(Fault::Bucket), Just(Fault::Topic)]
            .prop_map(Move::Break),
        2 => Just(Move::Mend),
        2 => prop_oneof![
            Just(Knob::Works), Just(Knob::Dies), Just(Knob::DiesBefore), Just(Knob::Throttles), Just(Knob::Breaks)
        ]
        .prop_map(Move::Turn),
        1 => any::<bool>().prop_map(Move::Breaching),
        1 => (sandbox(), prop_oneof![Just(-5), Just(5), Just(0)])
            .prop_map(|(sandbox, minutes)| Move::Clock { sandbox, minutes }),
    ]
}
