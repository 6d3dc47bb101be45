//! What holds for every world.

use day2_core::action::guard::Guard;
use proptest::prelude::*;
use serde_json::json;

use super::world::{World, acu, flat};
use crate::apply::capacity::{Decision, Wish};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Never lowered, never beyond budget, step and engine, and the minimum is what was read (`cases.md` W08, W09).
    #[test]
    fn a_raise_stays_within_every_bound_w08_w09(
        min in 0_u32..64, more in 1_u32..256, connections in 1_u32..5_000, ceiling in 1_u32..=512, step in 1_u32..=512,
        limit in prop_oneof![Just(256_u32), Just(512)],
    ) {
        let (min, max) = (f64::from(min) / 2.0, f64::from(min + more) / 2.0);
        let mut world = World::new();
        world.range(min, max);
        world.cluster().engine_limit = Ok(Some(acu(f64::from(limit) / 2.0)));
        world.writer().connections = Ok(flat(f64::from(connections)));
        world.policy()["acu"] = json!({"may_raise": true, "max_ceiling": f64::from(ceiling) / 2.0,
            "max_step": f64::from(step) / 2.0});
        for step_planned in world.plan().plan.steps {
            let (before, after) = step_planned.change.raised().expect("only raises are possible here");
            prop_assert_eq!(before.max, acu(max));
            prop_assert_eq!(before.min, acu(min));
            prop_assert!(after > before.max);
            prop_assert!(after.halves() <= ceiling && after.halves() <= limit);
            prop_assert!(after.halves() - before.max.halves() <= step);
        }
    }

    /// However often it is asked, and whatever somebody did in between, a raise never lowers, and ends at the same range.
    #[test]
    fn a_wish_to_raise_never_lowers_and_ends_d12_w14(
        before in 1_u32..256, more in 1_u32..256, min in 0_u32..64, drifted in prop::option::of(1_u32..512),
    ) {
        use day2_core::database::{Acu, AcuRange};
        let wish = Wish::Raise { before: Acu::from_halves(before), after: Acu::from_halves(before + more) };
        let max = drifted.unwrap_or(before);
        let now = AcuRange { min: Acu::from_halves(min.min(max)), max: Acu::from_halves(max) };
        match wish.decide(now) {
            Decision::Write(next) => {
                prop_assert!(next.max > now.max && next.min == now.min && max == before);
                prop_assert_eq!(wish.decide(next), Decision::Done);
            }
            Decision::Done => prop_assert!(now.max.halves() >= before + more),
            Decision::Leave(_) => prop_assert!(max != before && max < before + more),
        }
    }

    /// At most one step, and none beside a refusal that is not about reading.
    #[test]
    fn at_most_one_remedy_is_planned(writer in 0_u32..6_000, reader in 0_u32..6_000, pods in 0_i64..60, age in 1_i64..400) {
        let mut world = World::leaking();
        world.writer().connections = Ok(flat(f64::from(writer)));
        world.database().instances[1].connections = Ok(flat(f64::from(reader)));
        world.facts.clients[0] = super::world::client("coder", "coderd", pods, age);
        let plan = world.plan().plan;
        prop_assert!(plan.steps.len() <= 1);
        prop_assert!(plan.refusals.iter().all(|refusal| refusal.guard == Guard::Unreadable));
    }
}
