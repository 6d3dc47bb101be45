//! Properties of the state machine.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::world::after;
use crate::assess::machine::{PairState, SideMemory, SideState, step_side};
use crate::assess::probe::Evidence;
use crate::settings::Detection;

fn evidence() -> impl Strategy<Value = Evidence> {
    prop_oneof![
        Just(Evidence::Good),
        Just(Evidence::Bad("no answer".to_owned())),
        Just(Evidence::Blind("denied".to_owned())),
    ]
}

fn walk(looks: &[(Evidence, i64)], detection: &Detection) -> Vec<(Timestamp, Evidence, SideMemory)> {
    let (mut now, mut memory) = (after(0), None);
    looks
        .iter()
        .map(|(evidence, minutes)| {
            now = now.checked_add(SignedDuration::from_mins(*minutes)).unwrap();
            let next = step_side(memory.as_ref(), evidence, detection, now);
            memory = Some(next.clone());
            (now, evidence.clone(), next)
        })
        .collect()
}

proptest! {
    /// Down only after enough failed looks over enough minutes, Up only after enough good ones; and `since` is never of the future.
    #[test]
    fn a_state_is_entered_only_when_enough_looks_agree(
        looks in prop::collection::vec((evidence(), 0_i64..12), 1..60),
        failed in 1_u32..5, minutes in 0_u32..20, good in 1_u32..4,
    ) {
        let detection = Detection { failed_probes: failed, failed_minutes: minutes, good_probes: good, ..Detection::default() };
        let walked = walk(&looks, &detection);
        for (index, (now, _, memory)) in walked.iter().enumerate() {
            prop_assert!(memory.since <= *now);
            let before = index.checked_sub(1).map(|last| walked[last].2.state);
            let run = |wanted: fn(&Evidence) -> bool, neutral: fn(&Evidence) -> bool| {
                walked[..=index].iter().rev().map(|(_, seen, _)| seen).take_while(|seen| wanted(seen) || neutral(seen)).filter(|seen| wanted(seen)).count()
            };
            if memory.state == SideState::Down && before != Some(SideState::Down) {
                let is_bad = |seen: &Evidence| matches!(seen, Evidence::Bad(_));
                let bad = run(is_bad, |seen| matches!(seen, Evidence::Blind(_)));
                prop_assert!(bad >= usize::try_from(failed).unwrap());
                prop_assert!(now.duration_since(memory.since).as_mins() >= i64::from(minutes));
            }
            if memory.state == SideState::Up && before.is_some_and(|before| before != SideState::Up) {
                let goods = run(|seen| matches!(seen, Evidence::Good), |_| false);
                prop_assert!(goods >= usize::try_from(good).unwrap());
            }
        }
    }

    /// Being unable to look never makes a side unavailable, and never makes it available.
    #[test]
    fn blindness_alone_proves_nothing(minutes in prop::collection::vec(0_i64..30, 1..40)) {
        let looks: Vec<_> = minutes.into_iter().map(|minutes| (Evidence::Blind("denied".to_owned()), minutes)).collect();
        for (_, _, memory) in walk(&looks, &Detection::default()) {
            prop_assert_eq!(memory.state, SideState::Doubtful);
        }
    }
}

#[test]
fn a_pair_is_active_only_when_both_sides_are_up() {
    use SideState::{Doubtful, Down, Up};
    for (primary, secondary, state) in [
        (Up, Up, PairState::Active),
        (Down, Up, PairState::BlockedPrimaryUnavailable),
        (Down, Doubtful, PairState::BlockedPrimaryUnavailable),
        (Up, Down, PairState::BlockedSecondaryUnavailable),
        (Doubtful, Down, PairState::BlockedSecondaryUnavailable),
        (Down, Down, PairState::BlockedBothUnavailable),
        (Doubtful, Up, PairState::Unknown),
        (Up, Doubtful, PairState::Unknown),
        (Doubtful, Doubtful, PairState::Unknown),
    ] {
        assert_eq!(
            PairState::of(primary, secondary),
            state,
            "{primary:?} {secondary:?}"
        );
    }
}
